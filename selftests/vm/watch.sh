#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# watch.sh DIR SECONDS: beside the emulator of boot.sh, which has its monitor on
# the pipes DIR/monitor.in and .out: ends the machine after so many seconds, or when
# it has not said a word for longer than the test that runs there may take. Its
# kernel is asked first what it is doing; the console has the answer, DIR/stopped
# the reason.

. "$(dirname "$0")/lib.sh"

dir=$1 timeout=$2
# What a test's clock does not count: it is stopped, the log is read, on a busy host.
grace=240

monitor() {
	printf '%s\n' "$1" >"$dir/monitor.in"
}

# What the monitor says has to be read, or it stops.
cat "$dir/monitor.out" >"$dir/monitor" &
reader=$!
trap 'kill $reader' EXIT

last=0 heard=$SECONDS
while sleep 2; do
	size=$(stat -c %s "$dir/results" 2>/dev/null || echo 0)
	if [ "$size" -ne "$last" ]; then
		last=$size heard=$SECONDS
		limit=$(tr -d '\r' <"$dir/results" | awk '$1 == "limit" { s = $2 } END { print s }')
	fi
	allowed=$((${limit:-$timeout} + grace))
	if [ "$SECONDS" -ge "$timeout" ]; then
		why="no end within $timeout s"
	elif [ $((SECONDS - heard)) -ge "$allowed" ]; then
		why="it was silent for $allowed s"
	else
		continue
	fi
	echo "$why" >"$dir/stopped"
	# where emulated CPUs are, should their kernel not answer
	monitor "info registers -a"
	sleep 2
	# boot.sh's parameters make a panic of it that tells of CPUs and tasks
	monitor nmi
	sleep 60
	monitor quit
	exit
done
