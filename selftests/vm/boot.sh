#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot.sh BED INITRD DIR: boots the bed's kernel; DIR/console gets the console,
# DIR/results what the machine says on its second serial port. Succeeds only if
# the last word there is END, which is written when everything else is done. With
# AGAIN instead it is booted again: the kernel's own start-up put its lock checker
# to sleep, before mpool was there.
#
# SMP, MEM (MiB), NUMA (nodes, that share CPUs and memory), MEMLESS=1 (the last of
# them has CPUs only), APPEND, VM_TIMEOUT (s),
# MPOOL_ACCEL=kvm|tcg, INTERACTIVE=1 (console on the terminal), ICOUNT=1 (count
# instructions). User-mode Linux knows SMP, MEM, APPEND, VM_TIMEOUT, INTERACTIVE.

. "$(dirname "$0")/lib.sh"

bed=$1 initrd=$2 dir=$3
kernel=$(bash "$VM_DIR/kernel.sh" "$bed")
smp=${SMP:-2}
mem=${MEM:-1024}
# More than twice what the kselftests have taken on the debug kernel, emulated on a
# busy host (1,928 s): one that stands still is found sooner, by watch.sh.
timeout=${VM_TIMEOUT:-4800}

# Who stood still when watch.sh asked, in few words.
where() {
	sed -n 's/\r$//; s/.*RIP: 0010:\([^+/ ]*\).*/CPU in \1/p
		s/.*task:\([^ ]*\) *state:D.*/\1 waits/p' "$dir/console" |
		sort -u | head -n 6 | paste -s -d ,
}

last_word() {
	tail -n 1 "$dir/results" 2>/dev/null | tr -d '\r'
}

# The verdict, after a machine that ended with the given status.
verdict() {
	local status=$1 why
	if [ "$(last_word)" = END ]; then
		exit 0
	fi
	if [ "$(last_word)" = AGAIN ]; then
		why="its lock checker was off at each start"
	elif [ -e "$dir/stopped" ]; then
		why="$(cat "$dir/stopped"): $(where)"
	elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		why="no end within $timeout s"
	elif grep -q 'Kernel panic' "$dir/console"; then
		why=$(grep -m 1 'Kernel panic' "$dir/console" | sed 's/^\[[^]]*\] *//' | tr -d '\r')
	else
		why="it stopped early $(head -n 1 "$dir/qemu" 2>/dev/null)"
	fi
	say "the machine of $bed did not come to its end: $why"
	echo "$why" >"$dir/why"
	exit 1
}

if [ -e "$kernel/linux" ]; then
	# Several CPUs are possible with seccomp only. The two serial ports of the
	# others are here the console and a serial line, on descriptors. Only
	# SIGKILL stops it and everything that it has started.
	uml=("$kernel/linux" "mem=${mem}M" "ncpus=$smp" seccomp=on "initrd=$initrd"
		rdinit=/init "uml_dir=$dir/" con=null "con0=fd:0,fd:1" ssl=null)
	read -r -a more <<<"${APPEND:-}"
	if [ "${INTERACTIVE:-0}" = 1 ]; then
		exec "${uml[@]}" quiet "${more[@]}"
	fi
	status=0
	rm -f "$dir/console" "$dir/results"
	# Its memory is a file in TMPDIR: in huge pages, where the host has them, as
	# a kernel maps its own. Nobody else sees the mount, and it ends with this.
	mkdir -p "$dir/mem"
	wrap=(env)
	if unshare -m true 2>/dev/null; then
		# shellcheck disable=SC2016 # the inner shell's
		wrap=(unshare -m sh -c 'mount -t tmpfs -o huge=always mpool "$0" &&
			export TMPDIR="$0"; exec "$@"' "$dir/mem")
	fi
	timeout -s KILL "$timeout" "${wrap[@]}" "${uml[@]}" "ssl1=null,fd:9" "${more[@]}" \
		</dev/null >"$dir/console" 2>&1 9>"$dir/results" || status=$?
	verdict $status
fi

cpu=max
append="console=ttyS0 rdinit=/init panic=-1 log_buf_len=4M mitigations=off"
# watch.sh asks by NMI; the answer tells of all tasks and of each CPU
append+=" unknown_nmi_panic=1 panic_print=0x41"
case $bed in
debug-* | kcsan-*)
	# KASAN finds what SLUB's own checks and unmapping of free pages would
	# find; those two triple the time to boot and to start a process here.
	append+=" slub_debug=- debug_pagealloc=off"
	append+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30 null_blk.nr_devices=0" ;;
esac
if [ "${ICOUNT:-0}" = 1 ]; then
	accel=(-accel "tcg,thread=single" -icount "shift=1,sleep=off")
	smp=1
	append+=" init_on_alloc=0"
elif [ "$(bash "$VM_DIR/accel.sh")" = kvm ]; then
	accel=(-accel kvm)
	cpu=host
else
	accel=(-accel "tcg,thread=multi")
	# An emulated CPU that the host has not let run for a while finds no timer
	# interrupts where the kernel waits for ten, and "IO-APIC + timer doesn't
	# work!". Kernels know by themselves that under KVM it says nothing.
	append+=" no_timer_check"
	# 6.12's use of cmpxchg16b crashes at random under QEMU 7.2's TCG
	[ "$bed" != stock-6.12 ] || cpu=max,-cx16
fi

numa=()
nodes=${NUMA:-1}
if [ "$nodes" -gt 1 ] && [ "$smp" -ge "$nodes" ]; then
	full=$((nodes - ${MEMLESS:-0}))
	mem=$((mem / full * full))
	for ((n = 0; n < nodes; n++)); do
		memdev=
		if [ "$n" -lt "$full" ]; then
			numa+=(-object "memory-backend-ram,id=m$n,size=$((mem / full))M")
			memdev=memdev=m$n,
		fi
		numa+=(-numa "node,nodeid=$n,${memdev}cpus=$((smp * n / nodes))-$((smp * (n + 1) / nodes - 1))")
	done
	# In a ring: some are nearer than others.
	for ((n = 0; n < nodes; n++)); do
		for ((m = n + 1; m < nodes; m++)); do
			hops=$((m - n <= nodes / 2 ? m - n : nodes - m + n))
			numa+=(-numa "dist,src=$n,dst=$m,val=$((10 + 10 * hops))")
		done
	done
fi

if [ "${INTERACTIVE:-0}" = 1 ]; then
	console=(-serial mon:stdio)
	append+=" quiet"
	timeout=0
else
	console=(-serial "file:$dir/console" -monitor "pipe:$dir/monitor")
fi

run=(qemu-system-x86_64 "${accel[@]}" -cpu "$cpu" -smp "$smp,sockets=$smp"
	-m "$mem" "${numa[@]}" -display none -vga none -no-reboot -nic none
	-kernel "$kernel/bzImage" -initrd "$initrd"
	-append "$append ${APPEND:-}" "${console[@]}" -serial "file:$dir/results")
if [ "${INTERACTIVE:-0}" = 1 ]; then
	exec "${run[@]}"
fi

for start in 1 2 3; do
	status=0
	rm -f "$dir"/{console,results,stopped} "$dir"/monitor.{in,out}
	mkfifo "$dir"/monitor.{in,out}
	bash "$VM_DIR/watch.sh" "$dir" "$timeout" </dev/null >/dev/null 2>&1 &
	watch=$!
	# what watch.sh needs, and more; in the foreground it ends with this script's group
	timeout --foreground -k 5 $((timeout + 120)) "${run[@]}" </dev/null >"$dir/qemu" 2>&1 ||
		status=$?
	kill "$watch" 2>/dev/null || true
	wait "$watch" || true
	rm -f "$dir"/monitor.{in,out}
	[ "$(last_word)" = AGAIN ] || break
	say "start $start of $bed put its own lock checker to sleep:" \
		"$(sed -n 's/\r$//; s/^asleep //p' "$dir/results")"
	cp "$dir/console" "$dir/console.$start"
done
verdict "$status"
