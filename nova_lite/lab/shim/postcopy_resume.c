// SPDX-License-Identifier: Apache-2.0
/*
 * Loaded into libvirtd 11.3.0-2~bpo12+1 (amd64) only. When a post-copy migration is
 * resumed, its destination calls this function without a place to put a file
 * descriptor and then writes to it. Give it one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#define DRIVER "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"
#define NAME "qemuProcessIncomingDefNew"

/* Only the fifth argument matters here; the others are handed on as they come. */
typedef void *(*incoming)(void *, void *, void *, void *, int *, void *, void *, void *);

void *qemuProcessIncomingDefNew(void *a, void *b, void *c, void *d, int *fd,
                                void *f, void *g, void *h)
{
    static incoming original;
    int unused = -1;

    if (!original)
        original = (incoming)dlsym(RTLD_NEXT, NAME);
    if (!original) {
        void *library = dlopen(DRIVER, RTLD_NOW | RTLD_NOLOAD);
        original = library ? (incoming)dlsym(library, NAME) : NULL;
    }
    return original ? original(a, b, c, d, fd ? fd : &unused, f, g, h) : NULL;
}
