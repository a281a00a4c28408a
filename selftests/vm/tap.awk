# SPDX-License-Identifier: GPL-2.0
# Reads what a VM said (see guest/lib), prints one line for each test case:
#	result <TAB> bed <TAB> test <TAB> case <TAB> remark
# where result is pass, fail or skip. A case is a result line of TAP or KTAP that
# has no result lines of its own below it. Whatever was begun and not ended, was
# planned and not run, or was to be run and not begun, is a failure.
# -v bed=NAME -v tests="NAMES..." -v why="why the machine stopped early"

function out(result, name, remark)
{
	gsub(/\t/, " ", remark)
	printf "%s\t%s\t%s\t%s\t%s\n", result, bed, test, name, remark
	if (result == "fail")
		failures++
	results++
}

# The results below depth d belong to one that is complete now, or never will be.
function close_below(d,		i)
{
	for (i = d + 1; i <= deepest; i++) {
		if ((i in plan) && plan[i] != seen[i])
			out("fail", "plan", "planned " plan[i] ", got " seen[i] + 0 (subtest[i] ? " in " subtest[i] : ""))
		delete plan[i]
		delete seen[i]
		delete subtest[i]
	}
	deepest = d
}

function begin(name,	i)
{
	test = name
	begun[name]++
	failures = results = faults = 0
	last = reason = remark = ""
	for (i in plan)
		delete plan[i]
	for (i in seen)
		delete seen[i]
	for (i in subtest)
		delete subtest[i]
	for (i in suites)
		delete suites[i]
	deepest = -1
}

function result_line(d, ok, name,	skip, i, parent)
{
	parent = 0
	for (i = d + 1; i <= deepest; i++)
		if (seen[i] > 0)
			parent = 1
	i = failures
	close_below(d)
	seen[d]++
	skip = ""
	if (match(name, /(^| )# *[Ss][Kk][Ii][Pp]/)) {
		skip = substr(name, RSTART + RLENGTH)
		sub(/^ +/, "", skip)
		name = substr(name, 1, RSTART - 1)
		if (skip == "")
			skip = "no reason given"
	} else if (match(name, / # /)) {
		name = substr(name, 1, RSTART - 1)
	}
	sub(/ +$/, "", name)
	if (name == "")
		name = "#" seen[d]
	delete suites[name]
	if (parent) {
		# already counted by its parts
		if (!ok && failures == group[d])
			out("fail", name, "its cases passed")
	} else if (skip != "") {
		out("skip", name, skip)
	} else {
		out(ok ? "pass" : "fail", name, ok ? "" : remark)
	}
	group[d] = failures
	remark = ""
}

{
	sub(/\r$/, "")
}

/^kernel / {
	release = $2
	next
}

/^begin / {
	begin($2)
	group[0] = group[4] = group[8] = 0
	next
}

/^suite / {
	suites[$2] = 1
	if ($2 in done)
		delete suites[$2]
	next
}

/^fault / {
	text = $0
	sub(/^fault [^ ]+ /, "", text)
	if (!faults++)
		out("fail", "kernel log", text)
	else
		out("more", "kernel log", text)
	next
}

/^end / {
	close_below(-1)
	for (s in suites)
		if (!(s in done))
			out("fail", s, "the suite did not finish")
	status = $NF
	if (results == 0 && status == 4)
		out("skip", "all", last)
	else if (results == 0 && reason != "")
		out("skip", "all", reason)
	else if (results == 0 && test != "unload")
		out("fail", "all", "no results, exit status " status (last != "" ? ": " last : ""))
	else if (status != 0 && status != 4 && failures == 0)
		out("fail", "exit", "exit status " status (last != "" ? ": " last : ""))
	else if (results == 0)
		out("pass", test, "")
	test = ""
	for (s in done)
		delete done[s]
	next
}

/^\| / {
	line = substr($0, 3)
	sub(/^\[ *[0-9]+\.[0-9]+\] ?(\[ *[TC][0-9]+\] ?)?/, "", line)
	if (line ~ /[^ ]/)
		last = line
	match(line, /^ */)
	d = RLENGTH
	text = substr(line, d + 1)
	if (text ~ /^1\.\.0+( |$)/) {
		reason = text
		sub(/^1\.\.0+ *(# *)?([Ss][Kk][Ii][Pp] *)?/, "", reason)
		if (reason == "")
			reason = "no reason given"
	} else if (text ~ /^1\.\.[0-9]+/) {
		# it comes before the results or after them
		if (d < deepest)
			close_below(d)
		plan[d] = substr(text, 4) + 0
		if (d > deepest)
			deepest = d
	} else if (text ~ /^# Subtest: /) {
		pending = substr(text, 12)
		subtest[d] = pending
		if (d > deepest)
			deepest = d
	} else if (text ~ /^(not )?ok [0-9]+/) {
		ok = text !~ /^not/
		name = text
		sub(/^(not )?ok [0-9]+ ?(- ?)?/, "", name)
		if (d == 0) {
			s = name
			sub(/ +#.*/, "", s)
			done[s] = 1
		}
		if (d > deepest)
			deepest = d
		result_line(d, ok, name)
	} else if (text ~ /EXPECTATION FAILED|ASSERTION FAILED|^# .*(unreferenced object|comm "|Expected|terminated|timed out|failed)/) {
		if (remark == "")
			remark = text
		else if (length(remark) < 200)
			remark = remark " / " text
	} else if (remark ~ /(EXPECTATION|ASSERTION) FAILED/ && length(remark) < 300 && text ~ /Expected|but|==/) {
		remark = remark " / " text
	}
	next
}

/^status / && $2 != 0 {
	broken = "what runs the tests ended with " $0
	if (why == "")
		why = broken
	next
}

/^END$/ {
	ended = 1
}

END {
	if (test != "") {
		close_below(-1)
		out("fail", "all", "it did not finish: " (why != "" ? why : "the machine stopped"))
	}
	n = split(tests, list, " ")
	for (i = 1; i <= n; i++) {
		# twice where it is there twice
		if (begun[list[i]]-- <= 0) {
			test = list[i]
			out("fail", "all", "it was not run: " (why != "" ? why : "the machine stopped"))
		}
	}
	if (ended && broken != "") {
		test = "machine"
		out("fail", "status", broken)
	}
	if (!ended) {
		test = "machine"
		out("fail", "end", why != "" ? why : "no end")
	}
}
