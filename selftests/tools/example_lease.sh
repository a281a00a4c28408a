#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The example of the README works; TAP.

cd "$(dirname "$0")" || exit 1
leased() {
	awk '$1 == "leased" { print $2 }' /sys/kernel/debug/mpool/default/stats
}

echo 1..2
out=$(./lease 2>&1)
echo "# $out"
if [ "$out" = "hello from a lease" ]; then
	echo "ok 1 it says what it wrote"
else
	echo "not ok 1 it says what it wrote"
fi
if [ "$(leased)" = 0 ]; then
	echo "ok 2 nothing is left"
else
	echo "not ok 2 nothing is left"
fi
[ "$out" = "hello from a lease" ] && [ "$(leased)" = 0 ]
