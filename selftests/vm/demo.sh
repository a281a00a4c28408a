#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# demo.sh [KERNEL] [INPUT]: the demonstration on a stock kernel.

. "$(dirname "$0")/lib.sh"

bed=stock-${1:-6.1}
input=${2:-}
[ -z "$input" ] || [ -r "$input" ] || die "cannot read $input"
[ -e "$TOP/selftests/demo/run.sh" ] || die "selftests/demo/run.sh is missing"
bash "$VM_DIR/packages.sh" base

out=$BUILD/demo
mkdir -p "$out"
logged "$out/.log" "building the demonstration's programs" env -u MAKEFLAGS -u MAKELEVEL \
	make -C "$TOP/selftests/demo" OUT="$out" CC=gcc

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/demo"
find "$out" -maxdepth 1 -type f -perm -100 ! -name '.*' -exec cp {} "$tree/tests/demo/" \;
cp "$TOP/selftests/demo/run.sh" "$tree/tests/demo/"
[ -z "$input" ] || cp "$input" "$tree/input"
VM_TIMEOUT=${VM_TIMEOUT:-300} \
	bash "$VM_DIR/script.sh" "$bed" demo "$tree" /tests/demo/run.sh
