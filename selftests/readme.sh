#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The examples in README.md are the files that are compiled, word for word.

cd "$(dirname "$0")/.." || exit 1
status=0
for file in tools/examples/lease.c selftests/modules/example.c; do
	# one of the blocks of C code in README.md has to be this file
	if awk -v file="$file" '
		BEGIN {
			while ((getline line <file) > 0)
				want = want line "\n"
		}
		/^```/ {
			if (inside && block == want)
				found = 1
			inside = !inside && $0 == "```c"
			block = ""
			next
		}
		inside { block = block $0 "\n" }
		END { exit !(want != "" && found) }' README.md; then
		echo "$file stands in README.md"
	else
		echo "$file does not stand in README.md as it is" >&2
		status=1
	fi
done
exit $status
