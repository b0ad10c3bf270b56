#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# PID 1 of the lab's guest: load what the kernel left out, then become the ticker.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t devtmpfs dev /dev
read -r cmdline < /proc/cmdline
for module in /modules/base/*.ko; do
    $bb insmod "$module"
done
case "$cmdline" in
*tick.disk=*)
    for module in /modules/disk/*.ko; do
        $bb insmod "$module"
    done
    ;;
esac
exec /tick
