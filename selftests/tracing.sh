#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Documentation/tracing.rst names the events and fields that there are, and no
# others: those that modules/tracepoints.sh finds in a running kernel.

cd "$(dirname "$0")/.." || exit 1
doc=Documentation/tracing.rst

# "EVENT FIELD" of each row of the table of events, by what stands outside brackets
documented() {
	awk '
	function tell(	i, nr, part) {
		if (event == "")
			return
		if (text == "the same")
			text = before
		before = text
		gsub(/\([^)]*\)/, "", text)
		sub(/;.*/, "", text)
		gsub(/ and /, ",", text)
		nr = split(text, part, ",")
		for (i = 1; i <= nr; i++) {
			sub(/^ */, "", part[i])
			sub(/ .*/, "", part[i])
			if (part[i] != "" && part[i] != "-")
				print event, part[i]
		}
		# these all have
		print event, "pool"
		print event, "size"
		event = ""
	}
	/^   \* - mpool_/ { tell(); event = $3; item = 0; text = ""; next }
	/^   \* - / || /^[^ ]/ { tell(); next }
	/^     - / || /^     -$/ { item++; sub(/^     - */, "") }
	item == 2 && NF { sub(/^ */, ""); text = text (text == "" ? "" : " ") $0 }
	END { tell() }' $doc | sort
}

# The same of the list.
real() {
	sh selftests/modules/tracepoints.sh list | awk '{
		nr = split(substr($0, index($0, " ") + 1), field, "; ")
		for (i = 1; i <= nr; i++) {
			sub(/\[.*/, "", field[i])
			sub(/.* /, "", field[i])
			print $1, field[i]
		}
	}' | sort
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
documented >"$tmp/documented"
real >"$tmp/real"
if ! diff "$tmp/documented" "$tmp/real"; then
	echo "$doc (<) and selftests/modules/tracepoints.sh (>) differ" >&2
	exit 1
fi
echo "tracing: $(wc -l <"$tmp/real") fields as documented"
