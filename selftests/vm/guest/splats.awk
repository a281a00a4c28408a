# SPDX-License-Identifier: GPL-2.0
# Reads kernel log lines, prints those that report a fault of the kernel; the
# ones before a KUnit result with the name of that case.
# -v patterns=FILE: one regular expression a line, matched after the time stamp.
#
# Not a fault: what mpool itself reports (lines that begin with "mpool"), the
# traces of fault injection, of the out-of-memory killer and of a cache that could
# not be made (that is an errno), and what a test announces by writing to /dev/kmsg
#	mpool-test: expect REGEX
#	mpool-test: expected
# around it; a report that was announced and did not come is a fault.
#
# Nor is a data race that none of mpool's functions had a part in: 6.1 has some of
# its own under KCSAN_STRICT.  What an interrupt hit had none, nor had who called the
# kernel's timers, asked it for pages or whether he is capable, which have nothing of
# their callers to read or write (a shrinker that is called there is nearer to the
# access); nor has a race of tracing with itself, whose tracepoint may well be one of
# mpool's; nor one of the workqueues with themselves: a worker reads the flags of the
# work that is next, unmarked, when somebody queues it who finds it pending.

function report(text)
{
	held[++nheld] = text
}

function flush(prefix,	i)
{
	for (i = 1; i <= nheld; i++)
		print prefix held[i]
	nheld = 0
}

BEGIN {
	while ((getline line < patterns) > 0)
		if (line != "")
			pattern[n++] = line
}

{
	sub(/^(<[0-9]+>)?\[[^]]*\] ?(\[[^]]*\] ?)?/, "")
	sub(/^mpool[a-z_]*: mpool-test: /, "mpool-test: ")
}

/^ *(not )?ok [0-9]+ / {
	name = $0
	sub(/^ *(not )?ok [0-9]+ (- )?/, "", name)
	flush("during " name ": ")
	next
}

/^mpool-test: expect / {
	awaited = substr($0, 20)
	came = 0
	next
}

/^mpool-test: expected/ {
	if (awaited != "" && !came)
		report("announced, but did not come: " awaited)
	awaited = ""
	next
}

/^mpool/ {
	next
}

awaited != "" {
	if ($0 ~ awaited)
		came = 1
	next
}

/FAULT_INJECTION: forcing a failure|invoked oom-killer|^kmem_cache_create.* failed with error/ {
	excused = 1
}

/Call Trace/ && excused {
	excused = 0
	next
}

/^BUG: KCSAN: / {
	race = $0
	tracing = race ~ /in (trace_clock|ring_buffer|rb)_[a-z_.0-9]+ \/ (trace_clock|ring_buffer|rb)_[a-z_.0-9]+$/
	queueing = race ~ /in (mod_delayed_work_on|queue_(delayed_)?work_on) \/ worker_thread$/
	ours = hit = 0
	next
}

race != "" && /^(read|write|race at unknown origin)/ {
	hit = 0
}

race != "" && /_interrupt\+|sysvec_|softirqs/ {
	hit = 1
}

race != "" && /^ (__alloc_pages|capable|ktime_get|schedule_hrtimeout_range(_clock)?)\+/ {
	hit = 1
}

race != "" && !hit && /\[mpool/ {
	ours = 1
}

race != "" && /^Reported by Kernel Concurrency Sanitizer/ {
	if (ours && !tracing && !queueing)
		report(race)
	race = ""
	next
}

{
	for (i = 0; i < n; i++) {
		if ($0 ~ pattern[i]) {
			report($0)
			next
		}
	}
}

END {
	if (race != "")
		report(race)
	if (awaited != "" && !came)
		report("announced, but did not come: " awaited)
	flush("")
}
