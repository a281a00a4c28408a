#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loading and unloading: parameters good and bad, files that are open, and both
# over and over. $MODULES says where mpool.ko is. Leaves it as it was: loaded.
#
# Tests are called by their names in a list, and steps by must().
# shellcheck disable=SC2317,SC2119,SC2120

MODULES=${MODULES:-/modules}
DEBUG=/sys/kernel/debug/mpool
nr=0 bad=0

# verdict STATUS NAME
verdict() {
	nr=$((nr + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $nr load.$2"
	else
		echo "not ok $nr load.$2"
		bad=1
	fi
}

# must WHAT COMMAND...: a step that has to succeed
must() {
	what=$1
	shift
	"$@" >/tmp/.load 2>&1 && return 0
	echo "# failed: $what: $(head -n 3 /tmp/.load)"
	failed=1
}

# must_not WHAT COMMAND...: one that has to fail
must_not() {
	what=$1
	shift
	"$@" >/tmp/.load 2>&1 || return 0
	echo "# failed: it did not fail: $what"
	failed=1
}

loaded() {
	grep -q '^mpool ' /proc/modules
}

pools() {
	find "$DEBUG" -mindepth 1 -maxdepth 1 -type d -exec basename {} \; |
		sort | tr '\n' ' '
}

setting() {
	sed -n "s/^$2  *//p" "$DEBUG/$1/config"
}

# nothing_left: of a module that is not loaded
nothing_left() {
	must_not "the module is loaded" loaded
	must_not "$DEBUG is there" test -e "$DEBUG"
	must_not "/dev/mpool is there" test -e /dev/mpool
	must_not "a cache is there" grep -q mpool /proc/slabinfo
}

unload() {
	rmmod mpool
}

# load PARAMETER...
load() {
	insmod "$MODULES/mpool.ko" "$@"
}

plain() {
	must "insmod" load
	must "one pool, named default" [ "$(pools)" = "default " ]
	must "/dev/mpool is there" test -c /dev/mpool
	must "its mode is 0600" [ "$(stat -c %a /dev/mpool)" = 600 ]
	must "rmmod" unload
	nothing_left
}

with_pools() {
	must "insmod" load "pools=a:max_size=1M:mode=0640:uid=5:max_large=7,b" \
		default_pool=0
	must "a and b, and no default" [ "$(pools)" = "a b " ]
	must "max_size" [ "$(setting a max_size)" = 1048576 ]
	must "mode" [ "$(setting a mode)" = 0640 ]
	must "uid" [ "$(setting a uid)" = 5 ]
	must "max" [ "$(setting a max)" = "1000 500 7" ]
	must "b has the defaults" [ "$(setting b max_size)" = 65536 ]
	must "rmmod" unload
	nothing_left
}

eager_pool() {
	must "insmod" load pools=e:min_size=4K:max_size=8K:initial_medium=3:eager
	must "default and e" [ "$(pools)" = "default e " ]
	must "6 buffers are there" \
		grep -Eq '^backed +6$' "$DEBUG/e/stats"
	must "rmmod" unload
	nothing_left
}

no_pool_at_all() {
	must "insmod" load default_pool=0
	must "no pool" [ -z "$(pools)" ]
	must "rmmod" unload
	nothing_left
}

complaints() {
	dmesg | grep -c 'mpool: pools='
}

# said PARAMETER WHAT: the load fails, and the log says WHAT
said() {
	dmesg -C
	must_not "insmod with $1" load "$1"
	must "\"$2\" about $1" sh -c "dmesg | grep -q \"$2\""
	nothing_left
	! loaded || unload
}

# A name twice is not "File exists": modprobe takes that for a module that is loaded.
busy_names() {
	for p in pools=a,a pools=default; do
		refused=$(load "$p" 2>&1 || true)
		must "$p is busy: $refused" [ "${refused%busy}" != "$refused" ]
		nothing_left
		! loaded || unload
	done
}

# Which value it was, and what it might have been.
what_is_allowed() {
	said pools=a:max_size=8M "a: max_size is 8388608, allowed is 64 to 4194304"
	said pools=a:max_small=0 "a: max_small is 0, allowed is 1 to 16777215"
	said pools=a:max_small=4G "a: max_small is 4294967296, allowed is 1 to"
	said pools=a,b:mode=01000 "b: mode is 01000, allowed is 01 to 0777"
	said pools=a:growth_percent=50 "growth_percent is 50, allowed is 100 to 1000"
	said pools=a:cleanup_interval_ms=5 "cleanup_interval_ms is 5, allowed is 10 to"
	said pools=a:initial_large=101 "initial_large is 101, allowed is 1 to 100"
	said pools=a:min_size=8K:max_size=4K "max_size is 4096, allowed is 8192 to"
	said pools=a:reserve=501 "a: reserve is 501, allowed is 0 to 500"
	said pools=a:node=77 "a: node is 77, allowed is 0 to"
	said pools=a:uid=4294967295 "a: uid is 4294967295, allowed is 0 to"
	said pools=a:max_bytes=0 "a: max_bytes is 0, allowed is 1 to"
	said pools=a:max_age_ms=old "of max_age_ms is not a number"
	said pools=a/b "cannot be the name of a pool"
}

# In a tier without classes no reserve is needed.
reserve_of_used_tiers() {
	must "insmod" load pools=a:max_size=2K:reserve=200
	must "reserve" [ "$(setting a reserve)" = 200 ]
	must "rmmod" unload
	nothing_left
}

# Each leaves nothing, and says what it cannot use.
bad_parameters() {
	for p in pools=a:max_size=1X pools=a:max_size= pools=a:nonsense=1 \
		pools=a:lazy pools=a:max_size=8M pools=a:min_size=1 \
		pools=a:mode=rw pools=a:mode=01000 pools=.a pools=a/b 'pools=,' \
		pools=a,a pools=default pools=a:max_small=0 pools=a,b:x \
		pools=a:node=77 pools=a:max_bytes=0 pools=a:uid=4294967295; do
		before=$(complaints)
		must_not "insmod with $p" load "$p"
		must "a message about $p" [ "$(complaints)" -gt "$before" ]
		nothing_left
		! loaded || unload
	done
	must_not "insmod with default_pool=maybe" load default_pool=maybe
	nothing_left
}

open_file() {
	must "insmod" load
	exec 8</dev/mpool
	must_not "rmmod while a file is open" unload
	must "the module is still loaded" loaded
	must "a second file can be opened" sh -c ': </dev/mpool'
	exec 8<&-
	must "rmmod after close" unload
	nothing_left
}

# A view's code is the module's.
open_view() {
	must "insmod" load
	exec 8<"$DEBUG/summary"
	must_not "rmmod while a view is open" unload
	must "the view reads" sh -c 'cat <&8'
	exec 8<&-
	must "rmmod after close" unload
	nothing_left
}

twice() {
	must "insmod" load
	must_not "insmod again" load
	must "the first one works" sh -c ': </dev/mpool'
	must "rmmod" unload
	nothing_left
}

churn() {
	while :; do
		# For reading: opened for both, it would be made as a file.
		(exec 7</dev/mpool) 2>/dev/null
		cat "$DEBUG"/*/* "$DEBUG/summary" >/dev/null 2>&1
	done
}

# Files come and go meanwhile: unloading may find it busy, never fail else.
cycles_under_churn() {
	churn &
	pid=$!
	done=0
	while [ "$done" -lt 20 ] && [ "$failed" -eq 0 ]; do
		must "insmod $done" load pools=a,b
		tries=0
		until rmmod mpool 2>/tmp/.load; do
			tries=$((tries + 1))
			[ "$tries" -lt 500 ] || break
		done
		must "rmmod $done, tried $tries times" [ "$tries" -lt 500 ]
		done=$((done + 1))
	done
	kill "$pid"
	wait "$pid" 2>/dev/null
	nothing_left
}

tests="plain with_pools eager_pool no_pool_at_all bad_parameters busy_names \
	what_is_allowed reserve_of_used_tiers open_file open_view twice \
	cycles_under_churn"

# shellcheck disable=SC2086
set -- $tests
echo "TAP version 13"
echo "1..$#"
! loaded || unload
for test in "$@"; do
	failed=0
	$test
	verdict $failed "$test"
done
load
exit $bad
