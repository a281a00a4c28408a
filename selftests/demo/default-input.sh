#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# default-input.sh FILE: makes FILE the input of a demonstration that was given
# none: a copy of the largest of this machine's logs, word lists, locales and of
# dpkg's status that is text and has 64 KiB to 32 MiB; without one, the licences
# one after the other. Says what it took.

set -euo pipefail

file=$1
taken=$(find /var/log /usr/share/dict /usr/share/i18n/locales /var/lib/dpkg/status \
	-type f -readable -size +63k -size -32769k -printf '%s %p\n' 2>/dev/null |
	sort -rn | cut -d ' ' -f 2- |
	while IFS= read -r f; do
		# No NUL in it: then it is not compressed, nor a journal.
		if grep -qIm 1 . "$f"; then
			printf '%s\n' "$f"
			break
		fi
	done || true)
if [ -n "$taken" ]; then
	cp -- "$taken" "$file"
else
	taken=/usr/share/common-licenses
	find "$taken" -type f -exec cat {} + >"$file"
fi
[ -s "$file" ] || {
	echo "no log, word list or licence to read here: give INPUT=file" >&2
	exit 1
}
echo "input: $taken"
