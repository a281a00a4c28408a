#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: what a debugged pool says of the mistakes of mpool_misuse.c.
#
# Cases are called by their names in a list.
# shellcheck disable=SC2317

modules=${MODULES:-/modules}
parameter=/sys/module/mpool/parameters/debug
log=/tmp/.misuse
n=0

# make FAULT SETTING...: one mistake, what is said of it goes to $log
make() {
	mistake=$1
	shift
	dmesg -c >/dev/null
	insmod "$modules/mpool_misuse.ko" "fault=$mistake" "$@"
	ended=$?
	dmesg | sed 's/^\[[^]]*\] *\(\[[^]]*\] *\)*//' >$log
	[ $ended -eq 0 ]
}

# said PATTERN...: all of them, each on a line of its own, in this order
said() {
	rest=1
	for pattern; do
		at=$(tail -n "+$rest" $log | grep -nE -m 1 "$pattern" | cut -d : -f 1)
		if [ -z "$at" ]; then
			echo "# not said: $pattern"
			sed 's/^/# /' $log
			return 1
		fi
		rest=$((rest + at))
	done
}

gone() {
	rmmod mpool_misuse
}

stack_of_take="^mpool:     misuse_takes\+.*\[mpool_misuse\]"
stack_of_give="^mpool:     misuse_gives\+.*\[mpool_misuse\]"
taken="^mpool:   allocated [0-9]+ us ago by pid [1-9][0-9]* \(insmod\), at"
given="^mpool:   freed [0-9]+ us ago by pid [1-9][0-9]* \(insmod\), at"

# stacks, or callers alone where the kernel keeps none
both_sites() {
	said "$taken" "$stack_of_take" "$given" "$stack_of_give"
}

write_after_free() {
	make write_after_free && gone &&
		said "^mpool: misuse: write after free .* of 256 bytes, 250 of them asked for, found when allocated" \
			"^mpool:   at offset 17: 55 6b 6b .*, where all should be 6b; 1 bytes differ" \
			"^mpool:   when allocated by misuse_takes\+" && both_sites
}

write_after_free_of_pages() {
	make write_after_free size=10000 && gone &&
		said "^mpool: misuse: write after free .* of 12288 bytes, 10000 of them" \
			"^mpool:   at offset 17: 55 6b" && both_sites
}

write_behind() {
	make write_behind && gone &&
		said "^mpool: misuse: write behind the buffer .* of 256 bytes, 250 of them asked for, found when freed" \
			"^mpool:   at offset 250: 55 cc .*, where all should be cc; 1 bytes differ" \
			"^mpool:   when freed by misuse_gives\+" "$taken" "$stack_of_take"
}

write_behind_pages() {
	make write_behind size=4095 && gone &&
		said "^mpool: misuse: write behind the buffer .* of 4096 bytes, 4095 of them" \
			"^mpool:   at offset 4095: 55, where all should be cc; 1 bytes"
}

write_before() {
	make write_before && gone &&
		said "^mpool: misuse: write before the buffer .* found when freed" \
			"^mpool:   at offset -1: 55, where all should be cc; 1 bytes" \
			"$taken" "$stack_of_take"
}

double_free() {
	make double_free && gone &&
		said "^mpool: misuse: double free .* refused, by misuse_gives\+" \
			"^mpool:   a buffer of 256 bytes of pool misuse, free, 250 of them asked for" &&
		both_sites
}

wrong_pool() {
	make wrong_pool && gone &&
		said "^mpool: misuse-other: free of another pool's buffer .* refused, by misuse_gives\+" \
			"^mpool:   a buffer of 256 bytes of pool misuse, allocated," \
			"$taken" "$stack_of_take"
}

what_is_kept() {
	make keep size=5000 &&
		said "^mpool: misuse: 1 of 8192 bytes unreturned, oldest [0-9]+ s, by misuse_takes\+.*, pid [1-9][0-9]* \(insmod\)" \
			"$stack_of_take" &&
		grep -qE "^kernel +8192 +1 +[0-9]+ +[1-9][0-9]* insmod" \
			/sys/kernel/debug/mpool/misuse/leaks &&
		grep -qE "^[[:space:]]misuse_takes\+" /sys/kernel/debug/mpool/misuse/leaks &&
		gone
}

nothing_else() {
	make none && gone && ! grep '^mpool' $log
}

# Without: a double free is one line, and nothing else is seen.
not_debugged() {
	make double_free debugged=0 && gone &&
		said "^mpool: misuse: double free .* refused, by misuse_gives\+" || return 1
	[ "$(grep -c '^mpool' $log)" -eq 1 ]
}

by_parameter() {
	echo Y >$parameter || return 1
	make write_behind debugged=0 && grep -q "^flags  *0x8$" /sys/kernel/debug/mpool/misuse/config
	status=$?
	echo N >$parameter
	gone && [ $status -eq 0 ] && said "^mpool: misuse: write behind the buffer"
}

tests="write_after_free write_after_free_of_pages write_behind write_behind_pages
write_before double_free wrong_pool what_is_kept nothing_else not_debugged by_parameter"

echo "TAP version 13"
# what was reported before does not count against the limit of reports
sleep 5
# shellcheck disable=SC2086
set -- $tests
echo "1..$#"
for name; do
	n=$((n + 1))
	if $name; then
		echo "ok $n $name"
	else
		echo "not ok $n $name"
	fi
	! grep -q '^mpool_misuse ' /proc/modules || rmmod mpool_misuse
done
