#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# report.sh CASES: what failed and what was skipped and why, a table of the beds,
# and the sum on the last line. Fails if a case failed or if there is none.

. "$(dirname "$0")/lib.sh"

awk -F '\t' '
	$1 == "fail" || $1 == "skip" {
		printf "%s  %s  %s: %s%s\n", toupper($1), $2, $3, $4, $5 == "" ? "" : ": " $5
	}
	$1 == "more" {
		printf "      %s\n", $5
	}
	$1 != "more" {
		if (!($2 in seen)) {
			seen[$2] = 1
			order[++beds] = $2
		}
		n[$2, $1]++
		sum[$1]++
	}
	END {
		printf "\n%-20s %8s %8s %8s\n", "bed", "passed", "failed", "skipped"
		for (i = 1; i <= beds; i++)
			printf "%-20s %8d %8d %8d\n", order[i], n[order[i], "pass"],
				n[order[i], "fail"], n[order[i], "skip"]
		printf "%d passed, %d failed, %d skipped\n", sum["pass"], sum["fail"], sum["skip"]
		exit sum["fail"] > 0 || sum["pass"] == 0
	}' "$1"
