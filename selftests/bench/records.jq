# SPDX-License-Identifier: GPL-2.0
# The lines that guest.sh prints, as records. --arg bed, --argjson init
[
	inputs | select(startswith("= ")) | ltrimstr("= ") | split(" ") |
	{
		bed: $bed, shape: .[0], size: .[1] | tonumber,
		batch: .[2] | tonumber, threads: .[3] | tonumber,
		subject: .[4], unit: .[5],
		median: .[6] | tonumber, min: .[7] | tonumber,
		max: .[8] | tonumber, runs: .[9] | tonumber,
		init_on_alloc: $init
	} + (.[10:] | map(split("=") | { (.[0]): .[1] | tonumber }) | add // {})
]
