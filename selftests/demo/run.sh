#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration, inside the VM, as root, from the directory of its programs.
#
# Four producers, each a user of its own without rights, lease buffers from the
# pool "demo", fill them with records of /input and hand them to one consumer,
# another such user, which maps their windows and writes the records in order to
# a file. One producer is killed half-way. Ends with 0 if what came out is what went in, and
# no lease is left of the one that was killed, nor of anybody.
#
# DEMO_CORRUPT=1: the consumer flips a bit, so the end must be another.

input=/input
group=mpool
shares=4
victim=1
work=/tmp/demo
debugfs=/sys/kernel/debug/mpool
bad=0

say() {
	printf '%s\n' "$*"
}

give_up() {
	say "demo: $*"
	exit 1
}

# check TEXT CONDITION...: says whether it holds
check() {
	what=$1
	shift
	if "$@"; then
		say "  ok: $what"
	else
		say "  NOT OK: $what"
		bad=1
	fi
}

# leases_of PID: leases of files that it opened
leases_of() {
	awk -v pid="$1" '$5 == pid' $debugfs/demo/leases
}

# show_leases_of PID: them, and the pool's clients, as debugfs has them
show_leases_of() {
	head -n 1 $debugfs/demo/leases
	leases_of "$1" >$work/leases
	[ -s $work/leases ] || say "(none)"
	cat $work/leases
	say "in the pool: $(stat_of leased) leased, $(stat_of clients) clients"
}

count_leases_of() {
	leases_of "$1" | wc -l
}

stat_of() {
	awk -v key="$1" '$1 == key { print $2 }' $debugfs/demo/stats
}

# add_user NAME UID: one without rights, in the group mpool
add_user() {
	grep -q "^$1:" /etc/passwd || echo "$1:x:$2:$gid::/:/bin/sh" >>/etc/passwd
}

prepare() {
	[ -s $input ] || give_up "there is no $input, or nothing in it"
	rm -rf $work
	mkdir -p $work
	chmod 755 $work
	mkfifo $work/events $work/go
	# What an administrator does by useradd.
	gid=$(awk -F : -v g=$group '$1 == g { print $3 }' /etc/group)
	add_user consumer 6000
	i=0
	while [ $i -lt $shares ]; do
		add_user producer$i $((6001 + i))
		i=$((i + 1))
	done
	chown consumer $work $work/events $work/go

	grep -q '^mpool ' /proc/modules || insmod /modules/mpool.ko ||
		give_up "mpool.ko cannot be loaded"
	# ... and by udev.
	chgrp $group /dev/mpool
	chmod 0660 /dev/mpool
	[ ! -d $debugfs/demo ] || mpoolctl destroy demo || exit 1
	mpoolctl create demo mode=0660 uid=0 gid="$gid" min_size=4K \
		max_size=64K initial_medium=8 max_medium=200 || exit 1
	# As much as the leases may lock; the usual 8 MiB would just do.
	# shellcheck disable=SC3045 # busybox has it
	ulimit -l 65536
}

# as_user NAME COMMAND...: what it makes is its group's, too: the socket
as_user() {
	name=$1
	shift
	# shellcheck disable=SC2016 # for the user's shell
	exec su -s /bin/sh "$name" -c 'umask 007; exec "$0" "$@"' "$@"
}

start() {
	here=$(pwd)
	as_user consumer "$here/consumer" $work/socket $work/output $shares $victim \
		<$work/go >$work/events &
	consumer=$!
	producers=
	i=0
	while [ $i -lt $shares ]; do
		as_user producer$i "$here/producer" demo $work/socket $input \
			$i $shares &
		producers="$producers $!"
		i=$((i + 1))
	done
	exec 8>$work/go 9<$work/events
}

# accident PID TAKEN LEFT: kill -9, and what it changes
accident() {
	say "producer $victim, pid $1, has had $2 records consumed;" \
		"$3 that it handed over were not yet. What it holds:"
	show_leases_of "$1"
	held=$(count_leases_of "$1")
	check "it holds $held leases, $3 or more" [ "$held" -ge "$3" ]
	kill -9 "$1"
	wait "$1"
	check "it died of SIGKILL" [ $? -eq 137 ]
	check "the consumer has its open file: still $held leases" \
		[ "$(count_leases_of "$1")" -eq "$held" ]
	killed=$1
	echo go >&8
}

# Does what the consumer's events ask for, until it ends.
watch() {
	killed='' closed='' records=0
	while read -r event a b c <&9; do
		case $event in
		half)
			accident "$a" "$b" "$c" ;;
		died)
			say "pid $a is dead, $b of its records wait in its window;" \
				"pid $c takes over the rest of its share" ;;
		closed)
			say "the last of them is consumed, the window is unmapped" \
				"and the file closed. What is left of pid $a:"
			show_leases_of "$a"
			check "every lease of pid $a is back" \
				[ "$(count_leases_of "$a")" -eq 0 ]
			closed=$a ;;
		done)
			records=$a
			say "consumer: $a records, $b bytes" ;;
		esac
	done
}

prepare
say "input: $(wc -c <$input) bytes; $shares producers and a consumer," \
	"each a user of its own"
start
watch

wait "$consumer"
check "the consumer ended well" [ $? -eq 0 ]
for pid in $producers; do
	[ "$pid" != "$killed" ] || continue
	wait "$pid"
	check "producer pid $pid ended well" [ $? -eq 0 ]
done
if [ -n "$killed" ]; then
	check "the dead one's window was closed" [ "$closed" = "$killed" ]
else
	say "nobody was killed: the input is too small for that"
fi
check "no lease is left in the pool" [ "$(stat_of leased)" -eq 0 ]
check "as many leases ended as were given, $records or more" \
	[ "$(stat_of leases)" -eq "$(stat_of releases)" -a \
	"$(stat_of leases)" -ge "$records" ]
check "no client is left" [ "$(stat_of clients)" -eq 0 ]

say
say "$debugfs/summary:"
cat $debugfs/summary
say
say "$debugfs/demo/classes:"
cat $debugfs/demo/classes
say

want=$(sha256sum <$input | cut -d ' ' -f 1)
got=$(sha256sum <$work/output | cut -d ' ' -f 1)
[ $bad -eq 0 ] || say "demo: something above is NOT OK"
if [ "$got" = "$want" ]; then
	say "SHA-256 equal: input $want output $got"
else
	say "SHA-256 DIFFERENT: input $want output $got"
	bad=1
fi
exit $bad
