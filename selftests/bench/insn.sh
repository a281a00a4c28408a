#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside the test VM, under QEMU's -icount shift=1: counts instructions.
# Prints a table, and fails when a pair on mpool's hit path costs more than
# half of kmem_cache's.

modules=${MODULES:-/modules}

[ -d /sys/module/mpool ] || insmod "$modules/mpool.ko" || exit 1
insmod "$modules/mpool_bench.ko" insn_ns=2 || exit 1

dmesg | sed -n 's/.*mpool_bench: \(.* .* .* .* .* .*\)/\1/p' | awk '
BEGIN {
	printf "%-6s %8s  %-12s %9s %9s %9s  %s\n", "shape", "size",
	       "subject", "median", "min", "max", "of kmem_cache"
}
{
	key[NR] = $1 " " $2
	line[NR] = sprintf("%-6s %8d  %-12s %9.1f %9.1f %9.1f", $1, $2, $3,
			   $4 / 10, $5 / 10, $6 / 10)
	median[NR] = $4
	if ($3 == "kmem_cache")
		base[key[NR]] = $4
	if ($1 == "pair" && $3 == "mpool_class")
		pair[$2] = $4
}
END {
	for (i = 1; i <= NR; i++)
		printf "%s  %.2f\n", line[i], median[i] / base[key[i]]
	if (!NR) {
		print "no figures: the benchmark did not run"
		exit 1
	}
	for (size in pair)
		if (pair[size] * 2 > base["pair " size]) {
			printf "pair of %d bytes: above half of kmem_cache\n", size
			bad = 1
		}
	print "instructions an object; pair at most half of kmem_cache:",
	      bad ? "NO" : "yes"
	exit bad
}'
