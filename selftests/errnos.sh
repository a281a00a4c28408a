#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Is there a test for each errno that is documented, and is each errno documented
# that the list of them names? Prints what is missing, fails if something is.

cd "$(dirname "$0")/.." || exit 1
list=selftests/uapi/errnos
documented=$(mktemp)
tested=$(mktemp)
trap 'rm -f "$documented" "$tested"' EXIT

# Sections are calls, or lists of calls; "STATS: ..." in a cause is for that one
# alone. What comes behind the kernel functions is none of an ioctl's.
awk '
	/^===+$/ {
		section = before == "All ioctls" ? "all" : before
		if (section == "Kernel functions")
			exit
	}
	{ before = $0 }
	function tell(errnos, cause,	n, list, m, calls, i, j) {
		gsub(/,/, " ", errnos)
		n = split(errnos, list, " ")
		m = split(section, calls, ", ")
		for (i = 1; i <= n; i++)
			for (j = 1; j <= m; j++)
				if (m == 1 || cause !~ /^[A-Z_]+: / || index(cause, calls[j] ":") == 1)
					print calls[j], list[i]
	}
	held != "" { tell(held, substr($0, index($0, "- ") + 2)); held = "" }
	/^   \* - E[A-Z0-9]/ { held = substr($0, 8) }
	/^E[A-Z0-9]+: / || /\.  E[A-Z0-9]+: / {
		text = $0
		while (match(text, /E[A-Z0-9]+: /)) {
			print section, substr(text, RSTART, RLENGTH - 2)
			text = substr(text, RSTART + RLENGTH)
		}
	}' Documentation/errors.rst | sort -u >"$documented"
grep -v '^#' $list | awk '{ print $1, $2 }' | sort -u >"$tested"

# body FILE TEST: the test, and the file's functions that it names
body() {
	awk -v test="$2" '
		NR == FNR && $0 ~ "^TEST_F.*\\([a-z0-9_]+, " test "[,)]" { on = 1 }
		NR == FNR && on { print; text = text $0 }
		NR == FNR && on && /^}/ { on = 0 }
		NR == FNR { next }
		/^[a-z].*\(/ && !/;$/ {
			name = $0
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
			helper = index(text, name "(") || index(text, name ",")
		}
		helper { print }
		/^}/ { helper = 0 }' "$1" "$1"
}

bad=0
if ! cmp -s "$documented" "$tested"; then
	comm -23 "$documented" "$tested" | sed 's/^/no test for /'
	comm -13 "$documented" "$tested" | sed 's/^/not documented: /'
	bad=1
fi
while read -r call errno file test; do
	case $call in
	'#'*)	continue ;;
	esac
	[ "$file" != - ] || continue
	if ! grep -qE "^TEST_F.*\([a-z]+, ${test}[,)]" "selftests/$file"; then
		echo "$call $errno: there is no test $test in $file"
		bad=1
	elif ! body "selftests/$file" "$test" | grep -q "$errno"; then
		echo "$call $errno: $test in $file does not name it"
		bad=1
	fi
done <$list
exit $bad
