#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel-uml.sh SOURCE TMP FINAL: user-mode Linux from the tree SOURCE with the
# patches and the fragment of that name in configs/, built in TMP, to be used after
# TMP was renamed to FINAL.

. "$(dirname "$0")/lib.sh"

source=$1 tmp=$2 final=$3
out=$tmp/kdir
log=$CACHE/log/kernel-uml
fragment=$VM_DIR/configs/uml.config

export KBUILD_BUILD_TIMESTAMP=@1 KBUILD_BUILD_USER=mpool KBUILD_BUILD_HOST=mpool
export ARCH=um
unset MAKEFLAGS MFLAGS MAKELEVEL KDIR M W C

# The tree is other kernels', too. Hard links: patch(1) writes new files.
cp -al "$source" "$tmp/source"
for patch in "$VM_DIR"/configs/uml-*.patch; do
	logged "$log.patch" "patching" patch -d "$tmp/source" -p1 --input="$patch"
done

mkdir -p "$out"
logged "$log.config" "configuring" make -C "$tmp/source" O="$out" defconfig
cat "$fragment" >>"$out/.config"
logged "$log.config" "configuring" make -C "$out" olddefconfig
bash "$VM_DIR/config-check.sh" "$out/.config" "$fragment"

say "building user-mode Linux (6 to 9 minutes on 2 CPUs, once)"
logged "$log.build" "building the kernel" nice make -C "$out" -j"$(nproc)" linux modules
cp "$out/linux" "$tmp/linux"
make -s -C "$out" kernelrelease >"$tmp/release"
echo um >"$tmp/arch"

# What names the directory that will have been renamed; what a module does not need.
ln -sfn "$final/source" "$out/source"
sed -i "s#$tmp#$final#g" "$out/Makefile"
find "$out" \( -path "$out/scripts" -o -path "$out/tools" \) -prune -o \
	\( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) -type f -exec rm {} +
rm -f "$out"/{linux,vmlinux*,.tmp_vmlinux*}
