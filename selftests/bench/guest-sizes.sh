#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in the machine: does what a small server does (files, pipes, processes,
# file systems, TCP over the loopback) and counts what kmalloc() is asked for.

event=/sys/kernel/tracing/events/kmem/kmalloc
mkdir /tmp/www
dd if=/dev/urandom of=/tmp/www/big bs=64k count=64 2>/dev/null
head -c 3000 /dev/urandom >/tmp/www/small

echo hist:keys=bytes_req:size=8192 >"$event/trigger" || exit 1

ifconfig lo 127.0.0.1 up
httpd -p 127.0.0.1:8080 -h /tmp/www
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	wget -q -O /dev/null http://127.0.0.1:8080/small
	wget -q -O /dev/null http://127.0.0.1:8080/big
	ping -c 1 -q 127.0.0.1 >/dev/null
	tar -c -C / bin lib etc | gzip -1 | gzip -d >"/tmp/tar.$i"
	find / -xdev -type f -exec ls -l {} + >/dev/null
	mkdir "/tmp/mnt.$i"
	mount -t tmpfs tmp "/tmp/mnt.$i"
	cp /tmp/tar.$i "/tmp/mnt.$i/"
	sort "/proc/self/maps" "/proc/mounts" | uniq | wc >/dev/null
	umount "/tmp/mnt.$i"
	rm "/tmp/tar.$i"
	ps >/dev/null
done

sed -n 's/^{ bytes_req: *\([0-9]*\) } hitcount: *\([0-9]*\).*/\1 \2/p' \
	"$event/hist" | sort -n | sed 's/\(.*\) \(.*\)/\t{ \1, \2 },/'
