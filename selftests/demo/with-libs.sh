#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# with-libs.sh PROGRAM TREE: copies a dynamic program to TREE/bin, and the
# libraries that it needs to the places where it looks for them.

set -euo pipefail

program=$1 tree=$2
install -D -m 755 "$program" "$tree/bin/${program##*/}"
ldd "$program" | awk '
	$2 == "=>" && $3 ~ /^\// { print $3 }
	$1 ~ /^\// { print $1 }' |
	while read -r lib; do
		install -D -m 755 "$lib" "$tree$lib"
	done
