#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# config-check.sh CONFIG FRAGMENT...: is everything that the fragments ask for
# in CONFIG? Kconfig drops silently what it cannot have. Later fragments win.

. "$(dirname "$0")/lib.sh"

config=$1
shift
cat "$@" | awk -v config="$config" '
	BEGIN {
		while ((getline line < config) > 0) {
			i = index(line, "=")
			if (line ~ /^CONFIG_/ && i)
				have[substr(line, 1, i - 1)] = substr(line, i + 1)
		}
	}
	/^CONFIG_/ {
		i = index($0, "=")
		want[substr($0, 1, i - 1)] = substr($0, i + 1)
	}
	END {
		for (s in want) {
			w = want[s]
			h = s in have ? have[s] : "n"
			if (w == h)
				continue
			printf "%s=%s was asked for, the kernel has %s\n", s, w, h
			bad = 1
		}
		exit bad
	}' >&2 || die "the configuration is not what the fragments ask for"
