#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: events and fields are those below, with nothing more and in this order, as
# perf, bpftrace and trace-cmd read them.  selftests/tracing.sh compares the same
# list with Documentation/tracing.rst.

events=/sys/kernel/tracing/events/mpool
n=0

# EVENT FIELD; FIELD; ...
list() {
	cat <<-EOF
	mpool_alloc char pool[32]; u32 size; u32 asked; const void * buf; unsigned long caller; unsigned long gfp; int node
	mpool_exhaust char pool[32]; u32 size; u32 max; unsigned long bytes; unsigned long max_bytes; unsigned long gfp; int err; bool waits
	mpool_free char pool[32]; u32 size; int node; const void * buf; unsigned long caller
	mpool_grow char pool[32]; u32 size; u32 nr; u32 backed; u32 max; unsigned long gfp; int node
	mpool_leak char pool[32]; char comm[16]; u64 nr; u64 age_ms; unsigned long caller; u32 size; pid_t pid; bool leased
	mpool_lease char pool[32]; u32 size; int node; u64 client; u64 handle; const void * buf
	mpool_miss char pool[32]; u32 size; int err; u64 ns; unsigned long gfp
	mpool_release char pool[32]; u32 size; int node; u64 client; u64 handle; const void * buf
	mpool_shrink char pool[32]; u32 size; u32 nr; u32 backed
	mpool_wait char pool[32]; u32 size; int err; u64 ns
	mpool_wait_begin char pool[32]; u32 size
	EOF
}

# case_of NAME WANTED FOUND
case_of() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n $1"
	else
		echo "not ok $n $1"
		echo "# wanted $2"
		echo "# found  $3"
	fi
}

# fields EVENT: what its record has beside what all events have
fields() {
	sed -n 's/^	field:\([^;]*\);.*/\1/p' "$events/$1/format" |
		grep -v ' common_' | awk '{ printf "%s%s", sep, $0; sep = "; " }'
}

if [ "$1" = list ]; then
	list
	exit
fi
echo "TAP version 13"
if [ ! -d $events ]; then
	echo "1..0 # SKIP this kernel has no tracefs"
	exit 4
fi
echo "1..$(($(list | wc -l) + 1))"
case_of "events" "$(list | cut -d ' ' -f 1 | tr '\n' ' ')" \
	"$(cd $events && for event in */; do printf '%s ' "${event%/}"; done)"
list >/tmp/.tracepoints
while read -r event wanted; do
	case_of "fields of $event" "$wanted" "$(fields "$event")"
done </tmp/.tracepoints
