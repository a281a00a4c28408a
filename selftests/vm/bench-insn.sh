#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench-insn.sh [KERNEL]: counts instructions. The emulator's clock advances by
# 2 ns for each instruction, so time differences are counts.

. "$(dirname "$0")/lib.sh"

bed=stock-${1:-6.1}
[ -e "$TOP/selftests/bench/insn.sh" ] || die "selftests/bench/insn.sh is missing"
bash "$VM_DIR/packages.sh" base
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/bench"
cp "$TOP"/selftests/bench/*.sh "$tree/tests/bench/"
ICOUNT=1 MPOOL_ACCEL=tcg \
	bash "$VM_DIR/script.sh" "$bed" bench-insn "$tree" /tests/bench/insn.sh
