# SPDX-License-Identifier: GPL-2.0
# Reads gcov's listings, several of one source after one another, prints how many
# of each source's lines ran in any of them, and those that did not of the sources
# in -v wanted="FILE ...". Only what lies below mpool/ counts. Fails when less than
# -v least=PERCENT of a source in -v must="FILE ..." ran, or nothing is known of it.

BEGIN {
	n = split(wanted, list, " ")
	for (i = 1; i <= n; i++)
		show[list[i]] = 1
}

{
	# count:line:source
	i = index($0, ":")
	count = substr($0, 1, i - 1)
	rest = substr($0, i + 1)
	j = index(rest, ":")
	line = substr(rest, 1, j - 1) + 0
	text = substr(rest, j + 1)
	gsub(/ /, "", count)
}

line == 0 {
	if (text ~ /^Source:/) {
		file = substr(text, 8)
		sub(build, "", file)
		sub(/^(kunit|plain)\//, "", file)
	}
	next
}

file !~ /^mpool\// || count == "-" {
	next
}

{
	known[file, line] = 1
	source[file, line] = text
	if (line > last[file])
		last[file] = line
	if (count !~ /^[#=]/)
		ran[file, line] = 1
}

END {
	sorted = "sort"
	for (file in last) {
		all = did = 0
		for (i = 1; i <= last[file]; i++) {
			if (!((file, i) in known))
				continue
			all++
			if ((file, i) in ran)
				did++
			else if (file in show)
				printf "%s:%d:%s\n", file, i, source[file, i]
		}
		printf "%-32s %6.1f %%  %4d of %4d\n", file, 100 * did / all, did, all | sorted
		share[file] = 100 * did / all
		total += all
		hit += did
	}
	close(sorted)
	if (!total)
		exit 1
	printf "%-32s %6.1f %%  %4d of %4d\n", "all", 100 * hit / total, hit, total
	n = split(must, list, " ")
	for (i = 1; i <= n; i++) {
		if (share[list[i]] >= least)
			continue
		printf "%s: %.1f %% of its lines ran, wanted are %s %%\n", list[i], share[list[i]], least
		short = 1
	}
	exit short
}
