#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel-debug.sh SOURCE TMP FRAGMENT...: a kernel with the checkers that the
# fragments in configs/ ask for, built from the tree SOURCE in TMP.

. "$(dirname "$0")/lib.sh"

source=$1 tmp=$2
shift 2
out=$tmp/kdir
log=$CACHE/log/kernel-debug

fragments=()
for f in "$@"; do
	fragments+=("$VM_DIR/configs/$f.config")
done

# The same kernel from the same sources, whoever builds it.
export KBUILD_BUILD_TIMESTAMP=@1 KBUILD_BUILD_USER=mpool KBUILD_BUILD_HOST=mpool
unset MAKEFLAGS MFLAGS MAKELEVEL KDIR M W C

mkdir -p "$out"
logged "$log.config" "configuring" make -C "$source" O="$out" tinyconfig
cat "${fragments[@]}" >>"$out/.config"
logged "$log.config" "configuring" make -C "$out" olddefconfig
bash "$VM_DIR/config-check.sh" "$out/.config" "${fragments[@]}"

say "building a debug kernel (about 8 minutes on 2 CPUs, once)"
logged "$log.build" "building the kernel" \
	nice make -C "$out" -j"$(nproc)" bzImage modules
cp "$out/arch/x86/boot/bzImage" "$tmp/bzImage"
make -s -C "$out" kernelrelease >"$tmp/release"

# What building a module does not need.
find "$out" \( -path "$out/scripts" -o -path "$out/tools" \) -prune -o \
	\( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) -type f -exec rm {} +
