// SPDX-License-Identifier: Apache-2.0
/*
 * The lab's guest: it says on ttyS0, every interval, how long it has lived and
 * whether its memory and its disk still hold what it wrote. A live migration
 * that loses one write shows as bad= or dbad= above zero; one that loses the
 * guest shows as ticks that stop.
 *
 *   tick=12 up_ms=3456 passes=2 scans=1 bad=0 disk=96 dscans=3 dbad=0
 *
 * passes  how often the whole memory area was rewritten
 * scans   how often the whole memory area was read back and compared
 * bad     comparisons that failed, ever (never falls back to 0)
 * disk    blocks written to /dev/vda; dscans, dbad as above (absent: no disk)
 *
 * Kernel command line: tick.interval (ms), tick.dirty (MiB), tick.rate (MiB/s),
 * tick.scan (ms a full comparison should take), tick.disk (MiB; 0 = no disk),
 * tick.drate (KiB/s), tick.off (ticks after which it powers itself off; 0 = never).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/input.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define WORDS (PAGE / 8)
#define BATCH 16          /* steps between two looks at the clock */
#define INPUTS 6
#define BASE_BLOCKS 256u  /* first MiB of the base image: known text, never written */

/* So many steps a second, counted from `since`. */
struct pace {
    uint64_t rate, done;
    int64_t since;
};

/*
 * A ring of pages written in one fixed order (page = k * stride mod count), so
 * the generation every page must have follows from the number of writes alone.
 * The shadow table holds it a second time: a page whose write was lost differs
 * from the table, a table entry that was lost differs from the count.
 */
struct area {
    uint32_t count, stride, cursor;
    uint64_t writes, scans, bad;
    uint32_t *shadow;
    char *memory;         /* NULL: the area lies on the disk */
    struct pace write, check;
};

static int disk_fd = -1;
static char *disk_buffer;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static long option(const char *cmdline, const char *name, long otherwise)
{
    const char *at = strstr(cmdline, name);
    return at ? atol(at + strlen(name)) : otherwise;
}

static uint64_t seed_of(uint32_t page, uint32_t generation)
{
    return ((uint64_t)page << 32 | generation) * 0x9e3779b97f4a7c15ull;
}

/* Incompressible on purpose: zero pages and repeats would not be transferred. */
static uint64_t word(uint64_t seed, unsigned i)
{
    uint64_t z = seed + i * 0xd1342543de82ef95ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    return z ^ z >> 27;
}

static void fill(uint64_t *to, uint32_t page, uint32_t generation)
{
    uint64_t seed = seed_of(page, generation);
    for (unsigned i = 0; i < WORDS; i++)
        to[i] = word(seed, i);
}

static int same(const uint64_t *from, uint32_t page, uint32_t generation)
{
    uint64_t seed = seed_of(page, generation);
    for (unsigned i = 0; i < WORDS; i++)
        if (from[i] != word(seed, i))
            return 0;
    return 1;
}

static off_t disk_offset(uint32_t block)
{
    return (off_t)(BASE_BLOCKS + block) * PAGE;
}

/* rate: pages written a second; scan_ms: how long reading all of them may take */
static void area_init(struct area *a, uint32_t count, char *memory, uint64_t rate, long scan_ms)
{
    memset(a, 0, sizeof *a);
    a->count = count;
    a->memory = memory;
    a->write.rate = rate;
    a->check.rate = count * 1000ull / scan_ms + 1;
    a->write.since = a->check.since = now_us();
    a->stride = count > 8 ? count * 5 / 8 | 1 : 1;
    for (;; a->stride += 2) { /* coprime, or some pages would never be written */
        uint32_t x = count, y = a->stride % count;
        while (y) { uint32_t r = x % y; x = y; y = r; }
        if (x == 1)
            break;
    }
    a->shadow = calloc(count, sizeof *a->shadow);
    if (!a->shadow)
        exit(1);
}

static void area_write(struct area *a)
{
    uint32_t page = (uint64_t)(a->writes % a->count) * a->stride % a->count;
    uint32_t generation = a->writes / a->count + 1;
    if (a->memory) {
        fill((uint64_t *)(a->memory + (size_t)page * PAGE), page, generation);
    } else {
        fill((uint64_t *)disk_buffer, page, generation);
        if (pwrite(disk_fd, disk_buffer, PAGE, disk_offset(page)) != PAGE)
            a->bad++;
    }
    a->shadow[page] = generation;
    a->writes++;
}

static void area_check(struct area *a)
{
    uint32_t page = (uint64_t)a->cursor * a->stride % a->count;
    uint32_t expected = a->writes / a->count + (a->cursor < a->writes % a->count);
    const char *content = a->memory ? a->memory + (size_t)page * PAGE : disk_buffer;
    if (a->shadow[page] != expected)
        a->bad++;
    else if (!a->memory && expected &&
             pread(disk_fd, disk_buffer, PAGE, disk_offset(page)) != PAGE)
        a->bad++;
    else if (expected && !same((const uint64_t *)content, page, expected))
        a->bad++;
    if (++a->cursor == a->count) {
        a->cursor = 0;
        a->scans++;
    }
}

/* The base image's own blocks, one after the other: the backing file must have come too. */
static void base_check(struct area *a)
{
    static uint32_t next;
    uint32_t block = next++ % BASE_BLOCKS;
    char line[32];
    int size = snprintf(line, sizeof line, "nova-lite base %08u\n", block);
    if (pread(disk_fd, disk_buffer, PAGE, (off_t)block * PAGE) != PAGE) {
        a->bad++;
        return;
    }
    for (unsigned at = 0; at + size <= PAGE; at += size)
        if (memcmp(disk_buffer + at, line, size)) {
            a->bad++;
            return;
        }
}

/* How many steps are due now: at most a batch, and counted as done. A guest too slow for
 * its rate forgets what is more than a second old instead of chasing it. */
static int due(struct pace *p, int64_t now)
{
    int64_t rate = p->rate;
    if (!rate)
        return 0;
    int64_t behind = (now - p->since) * rate / 1000000 - (int64_t)p->done;
    if (behind > rate)
        p->since += (behind - rate) * 1000000 / rate;
    int64_t steps = behind > BATCH ? BATCH : behind < 0 ? 0 : behind;
    p->done += steps;
    return steps;
}

static int memory_work(struct area *mem, int64_t now)
{
    int work = 0, n;
    if (mem->writes < mem->count) { /* the first pass: as fast as it goes */
        for (; work < BATCH && mem->writes < mem->count; work++)
            area_write(mem);
        mem->write.since = now;
    } else {
        for (n = due(&mem->write, now); n > 0; n--, work++)
            area_write(mem);
    }
    for (n = due(&mem->check, now); n > 0; n--, work++)
        area_check(mem);
    return work;
}

static int disk_work(struct area *disk, int64_t now)
{
    int work = 0, n;
    for (n = due(&disk->write, now); n > 0; n--, work++)
        area_write(disk);
    for (n = due(&disk->check, now); n > 0; n--, work++) {
        area_check(disk);
        base_check(disk);
    }
    return work;
}

static void say(int console, uint64_t tick, const struct area *mem, const struct area *disk,
                int wants_disk)
{
    char line[200];
    int size = snprintf(line, sizeof line, "tick=%lu up_ms=%ld passes=%lu scans=%lu bad=%lu",
                        tick, (long)(now_us() / 1000),
                        mem->count ? mem->writes / mem->count : 0, mem->scans, mem->bad);
    if (wants_disk) /* one that is missing is bad */
        size += snprintf(line + size, sizeof line - size, " disk=%lu dscans=%lu dbad=%lu",
                         disk->writes, disk->scans, disk->count ? disk->bad : 1);
    line[size++] = '\n';
    if (write(console, line, size) != size) /* one write: lines never mix */
        exit(1);
}

static int open_console(void)
{
    struct termios t;
    int fd = open("/dev/ttyS0", O_WRONLY | O_NOCTTY);
    if (fd < 0)
        exit(1);
    if (!tcgetattr(fd, &t)) {
        cfmakeraw(&t);
        tcsetattr(fd, TCSANOW, &t);
    }
    return fd;
}

static uint32_t open_disk(long mib)
{
    uint64_t bytes = 0;
    disk_fd = open("/dev/vda", O_RDWR | O_DIRECT);
    if (disk_fd < 0 || ioctl(disk_fd, BLKGETSIZE64, &bytes) ||
        posix_memalign((void **)&disk_buffer, PAGE, PAGE)) {
        perror("tick: /dev/vda");
        return 0;
    }
    uint64_t room = bytes / PAGE > BASE_BLOCKS ? bytes / PAGE - BASE_BLOCKS : 0;
    uint64_t wanted = (uint64_t)mib * 256;
    return wanted < room ? wanted : room;
}

/* A power button pressed from outside: a clean stop need not wait for a time-out. Which
 * input device it is depends on what else there is. */
static void obey_power_button(void)
{
    static int fds[INPUTS];
    struct input_event e;
    for (int i = 0; i < INPUTS; i++) {
        char path[] = "/dev/input/event0";
        path[sizeof path - 2] += i;
        if (!fds[i])
            fds[i] = open(path, O_RDONLY | O_NONBLOCK);
        while (fds[i] > 0 && read(fds[i], &e, sizeof e) == sizeof e)
            if (e.type == EV_KEY && e.code == KEY_POWER && e.value == 1)
                reboot(LINUX_REBOOT_CMD_POWER_OFF);
    }
}

static void start_memory(struct area *mem, const char *cmdline, long scan_ms)
{
    long mib = option(cmdline, "tick.dirty=", 0);
    if (mib <= 0)
        return;
    char *memory = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
    if (memory == MAP_FAILED)
        exit(1);
    area_init(mem, mib * 256, memory, option(cmdline, "tick.rate=", 0) * 256, scan_ms);
}

int main(void)
{
    static char cmdline[4096];
    struct area mem = {0}, disk = {0};
    int fd = open("/proc/cmdline", O_RDONLY), console = open_console();
    if (fd < 0 || read(fd, cmdline, sizeof cmdline - 1) <= 0)
        return 1;
    long interval = option(cmdline, "tick.interval=", 100) * 1000;
    uint64_t off = option(cmdline, "tick.off=", 0);
    long scan_ms = option(cmdline, "tick.scan=", 2000), mib = option(cmdline, "tick.disk=", 0);
    start_memory(&mem, cmdline, scan_ms);
    uint32_t blocks = mib > 0 ? open_disk(mib) : 0;
    if (blocks)
        area_init(&disk, blocks, NULL, option(cmdline, "tick.drate=", 128) / 4, scan_ms);

    int64_t next = now_us();
    for (uint64_t tick = 0;;) {
        int64_t now = now_us();
        if (now >= next) {
            say(console, ++tick, &mem, &disk, mib > 0);
            obey_power_button();
            if (tick == off)
                reboot(LINUX_REBOOT_CMD_POWER_OFF);
            next = now >= next + interval ? now + interval : next + interval;
        }
        int work = mem.count ? memory_work(&mem, now) : 0;
        work += disk.count ? disk_work(&disk, now) : 0;
        int64_t rest = next - now_us();
        if (rest > 10000 && (mem.count || disk.count))
            rest = 10000;
        if (!work && rest > 0)
            usleep(rest);
    }
}
