#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel-clang.sh SOURCE TMP: a tree to build modules in with clang. It is
# configured for clang and prepared, there is no kernel in it.

. "$(dirname "$0")/lib.sh"

source=$1 tmp=$2
out=$tmp/kdir
log=$CACHE/log/kernel-clang
unset MAKEFLAGS MFLAGS MAKELEVEL KDIR M W C

mkdir -p "$out"
logged "$log" "configuring" make -C "$source" O="$out" CC=clang tinyconfig
cat "$VM_DIR/configs/machine.config" >>"$out/.config"
logged "$log" "configuring" make -C "$out" CC=clang olddefconfig
logged "$log" "preparing a tree for clang" make -C "$out" CC=clang -j"$(nproc)" modules_prepare
make -s -C "$out" kernelrelease >"$tmp/release"
