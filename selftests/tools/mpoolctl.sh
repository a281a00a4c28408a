#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mpoolctl against the module, as root; TAP.

cd "$(dirname "$0")" || exit 1
nr=0
failed=0
out=/tmp/mpoolctl.out
err=/tmp/mpoolctl.err

# result NAME STATUS
result() {
	nr=$((nr + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $nr $1"
	else
		echo "not ok $nr $1"
		sed 's/^/# /' $out $err
		failed=1
	fi
}

# nobody_runs NAME STATUS REGEX WORDS: mpoolctl of somebody without rights
nobody_runs() {
	su -s /bin/sh nobody -c "exec mpoolctl $4" >$out 2>$err
	[ $? -eq "$2" ] && {
		[ -z "$3" ] || cat $out $err | grep -Eq -- "$3"
	}
	result "$1" $?
}

# runs NAME STATUS REGEX ARGUMENT...: mpoolctl ends with STATUS, and something
# like REGEX is said
runs() {
	name=$1 want=$2 regex=$3
	shift 3
	mpoolctl "$@" >$out 2>$err
	got=$?
	[ $got -eq "$want" ] && {
		[ -z "$regex" ] || cat $out $err | grep -Eq -- "$regex"
	}
	result "$name" $?
}

echo 1..67
mpoolctl destroy ctl 2>/dev/null

runs "no command" 2 'usage: mpoolctl COMMAND'
runs "help" 0 'create +NAME' help
runs "help of a command" 0 'growth_percent' help create
runs "unknown command" 2 'frob: not a command' frob
runs "unknown option" 2 'list has no option --yes' list --yes
runs "no JSON of destroy" 2 'destroy has no option --json' destroy x --json
runs "too few arguments" 2 'too few arguments; usage: mpoolctl destroy NAME' destroy
runs "too many arguments" 2 'too many arguments' list all
runs "info" 0 'FAULT-AROUND' info
runs "info as JSON" 0 '"abi": *1' info --json

runs "create" 0 '' create ctl mode=0660 gid=mpool max_size=128K initial_medium=0 max_medium=7
runs "create again" 1 'there is a pool "ctl" already' create ctl
runs "create with a bad name" 1 '"a/b" cannot be the name' create a/b
runs "create with a name of debugfs" 1 '"abandoned" cannot be the name' create abandoned
runs "unknown setting" 2 'colour=red: not a setting' create x colour=red
runs "setting without number" 2 'min_size=big: not a number' create x min_size=big
runs "setting out of range" 2 'max_size=5M: out of range, which is 16 to 4194304' create x max_size=5M
runs "mode out of range" 2 'mode=01777: out of range, which is 01 to 0777' create x mode=01777
runs "a number that overflows" 2 'max_bytes=99999999999G: not a number' create x max_bytes=99999999999G
runs "settings against each other" 1 'do not go together' create x min_size=8K max_size=4K
runs "unknown group" 2 'gid=nogroups: there is no such group' create x gid=nogroups

runs "list" 0 '^ctl +0 +990 +0660' list
runs "list as JSON" 0 '"name": *"ctl"' list --json
runs "stats of all" 0 '^ctl ' stats
runs "stats of one" 0 '^quarantined +0' stats ctl
runs "stats as JSON" 0 '"zeroed_sync": *0' stats ctl --json
runs "stats of none" 1 'there is no pool "nosuch": "mpoolctl list"' stats nosuch
runs "classes" 0 'backed' classes ctl
runs "trim" 0 '^0 bytes given back' trim ctl
runs "trim with a bad age" 2 'old: not an age' trim ctl old
runs "no classes as JSON" 0 '"classes": \[\]' classes ctl --json
runs "leases" 0 'HANDLE' leases ctl

runs "config" 0 '^max_medium +7' config ctl
runs "config as JSON" 0 '"mode": *432' config ctl --json
runs "config of none" 1 'there is no pool "nosuch"' config nosuch
runs "config changes" 0 '' config ctl max_medium=9 mode=0600 gid=0 max_age_ms=0
runs "what it changed" 0 '^max_medium +9' config ctl
runs "what else it changed" 0 '^max_age_ms +0' config ctl
runs "config adapts" 0 '' config ctl adaptive low_percent=20 high_percent=80 max_bytes_medium=1M
runs "it does" 0 '^adaptive +1' config ctl
runs "a tier has a limit" 0 '^max_bytes_medium +1048576' config ctl
runs "watermarks that cross" 1 'would not go together' config ctl low_percent=80
runs "config stops adapting" 0 '' config ctl adaptive=0 reserve=2
runs "it is off" 0 '^adaptive +0' config ctl
runs "config of what stays" 2 'max_size=1M: cannot be changed' config ctl max_size=1M
runs "config out of range" 2 'growth_percent=5: out of range, which is 100 to 1000' config ctl growth_percent=5
runs "config against itself" 1 'would not go together' config ctl initial_medium=10
runs "which changed nothing" 0 '^initial_medium +0' config ctl

# a file that is open in this shell's child for a while
./hold ctl >/tmp/hold 2>&1 &
holder=$!
n=0
while ! grep -q ready /tmp/hold && [ $n -lt 50 ]; do
	n=$((n + 1))
	sleep 0.1
done
runs "leases names the holder" 0 "^0x[0-9a-f]+ +[0-9]+ +[0-9]+ +$holder +$holder +[0-9]+ hold" leases ctl
runs "clients names it, too" 0 "^ *[0-9]+ +$holder +0 +1 +1 +4096 +0 +- +hold" clients ctl
runs "clients of none" 1 'there is no pool "nosuch"' clients nosuch
# shellcheck disable=SC2046 # its cells
set -- $(mpoolctl leases ctl | grep ' hold')
handle=$1 client=$6
mpoolctl watch ctl 1000 >/tmp/watch 2>$err &
watcher=$!
n=0
while ! grep -q leak /tmp/watch && [ $n -lt 100 ]; do
	n=$((n + 1))
	sleep 0.1
done
kill $watcher
wait $watcher 2>/dev/null
grep -Eq "^[0-9.]+ leak count=1 size=64 client=$client oldest=$handle\$" /tmp/watch
result "watch" $?
runs "watch with a bad age" 2 '0: not an age' watch ctl 0
runs "watch of none" 1 'there is no pool "nosuch"' watch nosuch
runs "revoke of no client" 2 'no1: not a client' revoke ctl no1
runs "revoke of no handle" 2 '0: not a handle' revoke ctl "$client" 0
runs "revoke of nobody's" 1 'has no client of that number' revoke ctl 99999
runs "revoke of another handle" 1 'never had that handle' revoke ctl "$client" 0xffffffff00000000
runs "revoke" 0 '^1 leases taken back' revoke ctl "$client" "$handle"
runs "revoke again" 1 'was taken back before' revoke ctl "$client" "$handle"
runs "revoke all" 0 '^0 leases taken back' revoke ctl "$client"
runs "destroy a pool in use" 1 '"ctl" is in use: "mpoolctl leases ctl" names' destroy ctl
kill $holder
wait $holder 2>/dev/null
runs "destroy" 0 '' destroy ctl
nobody_runs "no rights" 1 'may not be opened: run as root, or become a member' list

chmod 666 /dev/mpool
parameters=/sys/module/mpool/parameters
nobody_runs "create without rights" 1 'run as root, or as a member of the group' 'create ctl'
id -g nobody >$parameters/create_gid
echo 1 >$parameters/create_max_pools
nobody_runs "create as a member" 0 '' 'create ctl'
nobody_runs "create beyond what members may" 1 'no room for "ctl2" in what the pools' 'create ctl2'
chmod 600 /dev/mpool
echo -1 >$parameters/create_gid
echo 16 >$parameters/create_max_pools
mpoolctl destroy ctl
exit $failed
