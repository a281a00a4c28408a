#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# initramfs.sh BED OUT TREE RUNFILE: an initial file system for one run.
# TREE is a directory that is laid over the basis: modules/*.ko, tests/...

. "$(dirname "$0")/lib.sh"

bed=$1 out=$2 tree=$3 runfile=$4
kernel=$(bash "$VM_DIR/kernel.sh" "$bed")
release=$(cat "$kernel/release")
busybox=$(command -v busybox) || die "install busybox-static"

root=$(mktemp -d "$(dirname "$out")/.root.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,etc,lib,proc,root,run,sys,tests,tmp} \
	"$root/lib/modules/$release"/{extra,kernel}
cp "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
ln -s bin "$root/sbin"
mkdir "$root/usr" && ln -s ../bin "$root/usr/bin"

for f in init run-kunit run-tests run-shell run-script; do
	install -m 755 "$VM_DIR/guest/$f" "$root/bin/$f"
done
ln -s bin/init "$root/init"
cp "$VM_DIR/guest/lib" "$root/lib/guest"
cp "$VM_DIR/guest/splats.awk" "$root/etc/"
grep -v -e '^#' -e '^$' "$VM_DIR/splats" >"$root/etc/splats"
cp "$runfile" "$root/etc/run"
cat >"$root/etc/passwd" <<-EOF
	root:x:0:0:root:/root:/bin/sh
	nobody:x:65534:65534:nobody:/:/bin/sh
EOF
cat >"$root/etc/group" <<-EOF
	root:x:0:
	mpool:x:990:
	nogroup:x:65534:
EOF

cp -a "$tree/." "$root/"
if [ -d "$root/modules" ]; then
	mv "$root/modules"/*.ko "$root/lib/modules/$release/extra/" 2>/dev/null || true
	rmdir "$root/modules"
fi
ln -s "lib/modules/$release/extra" "$root/modules"

# Block devices to read from into a lease, where the kernel has them apart, and what
# they need.  By name: an unpacked kernel has no list of what depends on what, and
# depmod makes that of these below.  Newer distributions' modules are compressed.
for m in configfs null_blk brd; do
	[ -d "$kernel/root/lib/modules/$release/kernel" ] || continue
	while read -r path; do
		plain=$root/lib/modules/$release/kernel/$(basename "${path%.xz}")
		case $path in
		*.xz)	xz -dc "$path" >"$plain" ;;
		*)	cp "$path" "$plain" ;;
		esac
	done < <(find "$kernel/root/lib/modules/$release/kernel" -name "$m.ko*")
done
touch "$root/lib/modules/$release"/modules.{order,builtin,builtin.modinfo}
depmod -b "$root" "$release"

(cd "$root" && find . -mindepth 1 | LC_ALL=C sort |
	cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$out"
