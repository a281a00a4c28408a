#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# observers.sh BED TREE: what modules/observers_alone.sh needs, into TREE: perf and
# bpftrace with their libraries (25 and 200 MB), and the document with what users are
# told to run. Why one of them is not there stands in TREE/etc/no-NAME then.

. "$(dirname "$0")/lib.sh"

bed=$1 tree=$2
kernel=$(bash "$VM_DIR/kernel.sh" "$bed")
cp "$TOP/Documentation/tracing.rst" "$tree/tests/modules/"
mkdir -p "$tree/etc"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# put NAME CONFIG: a program, for a kernel that was configured for it
put() {
	if ! grep -q "^$2=y" "$kernel/kdir/.config"; then
		echo "this kernel has no $2"
	elif ! bash "$VM_DIR/packages.sh" "$1" >"$log" 2>&1; then
		# apt's own word rather than where it is written
		grep -m 1 '^E: ' "$log" || tail -n 1 "$log"
	elif ! bash "$TOP/selftests/demo/with-libs.sh" "$(command -v "$1")" "$tree" \
		>"$log" 2>&1; then
		tail -n 1 "$log"
	fi >"$tree/etc/no-$1"
	[ -s "$tree/etc/no-$1" ] || rm "$tree/etc/no-$1"
}

# Two beds may want to install the same.
lock observers
put perf CONFIG_PERF_EVENTS
put bpftrace CONFIG_BPF_SYSCALL
