#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel.sh BED: makes the bed's kernel unless the cache has it, prints where it is.
#
# BED is stock-6.1, stock-6.12, stock-7.2, debug-6.1, kcsan-6.1, gcov-6.1 or
# native-7.2 (user-mode Linux). The directory has
#   bzImage or linux  release  kdir/ (to build modules in)
#   chroot (when kdir needs one)  arch (what ARCH= kdir needs, if any)
# UPDATE=1 looks for a newer version of a kernel that is there.

. "$(dirname "$0")/lib.sh"

bed=${1:?bed}
version=${bed#*-}
recipe=() fragments=()
case $bed in
stock-6.1 | stock-6.12)
	recipe=("$VM_DIR/apt.sh" "$VM_DIR/kernel-stock.sh")
	sections=(base) ;;
stock-7.2)
	recipe=("$VM_DIR/apt.sh" "$VM_DIR/kernel-stock.sh")
	sections=(base sid) ;;
debug-6.1)
	fragments=(machine debug kasan)
	sections=(base debug) ;;
kcsan-6.1)
	fragments=(machine debug kcsan)
	sections=(base debug) ;;
native-7.2)
	recipe=("$VM_DIR/kernel-uml.sh" "$VM_DIR"/configs/uml-*.patch
		"$VM_DIR/configs/uml.config")
	sections=(base debug) ;;
gcov-6.1)
	fragments=(machine debug gcov)
	sections=(base debug) ;;
clang-6.1)
	recipe=("$VM_DIR/kernel-clang.sh" "$VM_DIR/configs/machine.config")
	sections=(base debug static) ;;
*)
	die "unknown bed $bed" ;;
esac
if [ ${#fragments[@]} -gt 0 ]; then
	recipe=("$VM_DIR/kernel-debug.sh")
	for f in "${fragments[@]}"; do
		recipe+=("$VM_DIR/configs/$f.config")
	done
fi

final=$CACHE/kernels/$bed-$(hash_of "${recipe[@]}")
if [ -e "$final/release" ] && [ "${UPDATE:-0}" != 1 ]; then
	echo "$final"
	exit 0
fi

bash "$VM_DIR/packages.sh" "${sections[@]}"
lock "$bed"
if [ -e "$final/release" ] && [ "${UPDATE:-0}" != 1 ]; then
	echo "$final"
	exit 0
fi

mkdir -p "$CACHE/kernels"
tmp=$(mktemp -d "$CACHE/kernels/.$bed.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
if [ ${#fragments[@]} -gt 0 ]; then
	source=$(bash "$VM_DIR/kernel-source.sh" "$version")
	bash "$VM_DIR/kernel-debug.sh" "$source" "$tmp" "${fragments[@]}"
elif [ "$bed" = native-7.2 ]; then
	source=$(bash "$VM_DIR/kernel-source.sh" "$version")
	bash "$VM_DIR/kernel-uml.sh" "$source" "$tmp" "$final"
elif [ "$bed" = clang-6.1 ]; then
	source=$(bash "$VM_DIR/kernel-source.sh" "$version")
	bash "$VM_DIR/kernel-clang.sh" "$source" "$tmp"
else
	bash "$VM_DIR/kernel-stock.sh" "$version" "$tmp" "$final"
fi
chmod 755 "$tmp"
rm -rf "$final"
mv "$tmp" "$final"
trap - EXIT
say "kernel of $bed: $(cat "$final/release")"
echo "$final"
