# SPDX-License-Identifier: GPL-2.0
# attack.awk LIST CASES: which of the attacks in LIST (selftests/attack/list) were
# survived, by the cases that tap.awk printed. With -v whole=1 every test that an
# attack names has to have been there. With -v full=1 as well all of them have to
# have been on a debug kernel, and those of a concurrent one under KCSAN, too.

# matches SELECTOR BED TEST CASE
function matches(selector, bed, test, name,	i, t, c)
{
	if (selector ~ /^@/)
		return bed ~ ("-" substr(selector, 2) "$") || bed == substr(selector, 2)
	if (bed ~ /-signals$/)
		return 0
	i = index(selector, ":")
	t = i ? substr(selector, 1, i - 1) : selector
	c = i ? substr(selector, i + 1) : ""
	if (t ~ /\/$/ ? index(test, t) != 1 : test != t)
		return 0
	# a test that did not run at all is a case of its own
	return index(name, c) == 1 || name == "all" || name == "kernel log"
}

FNR == 1 {
	file++
}

file == 1 && /^[0-9]/ {
	i = index($0, ": ")
	number[++n] = substr($0, 1, 2)
	concurrent[n] = substr($0, 3, 1) == "c"
	title[n] = substr($0, 4 + concurrent[n], i - 4 - concurrent[n])
	selectors[n] = substr($0, i + 2)
	next
}

file == 2 {
	split($0, f, "\t")
	if (f[1] !~ /^(pass|fail|skip)$/)
		next
	for (a = 1; a <= n; a++) {
		m = split(selectors[a], list, " ")
		for (s = 1; s <= m; s++) {
			if (!matches(list[s], f[2], f[3], f[4]))
				continue
			if (f[1] != "skip")
				met[a, s] = 1
			# what a kind of kernel cannot do was tried on it
			ran[a, s, substr(f[2], 1, index(f[2], "-") - 1)] = 1
			count[a, f[1]]++
			if (f[1] == "pass" && !((a, f[2]) in seen)) {
				seen[a, f[2]] = 1
				beds[a] = beds[a] " " f[2]
			}
			break
		}
	}
}

# Which of the tests that attack @a names met no case, at all or on a kind of kernel
# that it should have been survived on.
function lacks(a,	m, list, s, what)
{
	m = split(selectors[a], list, " ")
	for (s = 1; s <= m; s++) {
		if (whole && !((a, s) in met))
			what = what " " list[s]
		if (!full || list[s] == "@static")
			continue
		if (!((a, s, "debug") in ran))
			what = what " " list[s] " (debug)"
		if (concurrent[a] && !((a, s, "kcsan") in ran))
			what = what " " list[s] " (kcsan)"
	}
	return what
}

END {
	for (a = 1; a <= n; a++) {
		missing = lacks(a)
		if (count[a, "fail"])
			verdict = "FAILED"
		else if (!count[a, "pass"])
			verdict = "not tried"
		else if (missing)
			verdict = "in part"
		else
			verdict = "survived"
		survived += verdict == "survived"
		failed += verdict == "FAILED" || missing != ""
		printf "attack %s %-50s %-9s %4d cases%s%s\n", number[a], title[a], verdict,
			count[a, "pass"] + count[a, "fail"], beds[a] == "" ? "" : " on" beds[a],
			missing ? "; not" missing : ""
	}
	printf "%d of %d attacks survived\n", survived, n
	exit failed > 0
}
