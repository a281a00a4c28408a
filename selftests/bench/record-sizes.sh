#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# record-sizes.sh: prints what kmalloc() is asked for on a stock 6.1, as lines
# "{ BYTES, TIMES }," for selftests/modules/bench/sizes.inc. What the machine
# does meanwhile is in guest-sizes.sh.

. "$(dirname "$0")/../vm/lib.sh"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/bench"
cp "$TOP/selftests/bench/guest-sizes.sh" "$tree/tests/bench/"
VARIANT=bare bash "$VM_DIR/script.sh" stock-6.1 record-sizes "$tree" \
	/tests/bench/guest-sizes.sh
