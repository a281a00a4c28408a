#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# script.sh BED NAME TREE SCRIPT: boots the bed with TREE over the initial file
# system and mpool.ko in /modules, runs SCRIPT there, prints its output and ends
# with its exit status; a machine that stops early or a fault in the kernel log
# is a failure, too. TREE is removed. VARIANT is what module.sh builds (plain).

. "$(dirname "$0")/lib.sh"

bed=$1 name=$2 tree=$3 script=$4
mkdir -p "$BUILD/run"
dir=$(mktemp -d "$BUILD/run/$name.XXXXXX")
modules=$(bash "$VM_DIR/module.sh" "$bed" "${VARIANT:-plain}")
mkdir -p "$tree/modules"
find "$modules" -name '*.ko' -exec cp {} "$tree/modules/" \;
printf '%s=%q\n' MODE "${GUEST_MODE:-script}" SCRIPT "$script" >"$dir/run"
bash "$VM_DIR/initramfs.sh" "$bed" "$dir/initrd" "$tree" "$dir/run"
rm -rf "$tree"

if [ "${INTERACTIVE:-0}" = 1 ]; then
	bash "$VM_DIR/boot.sh" "$bed" "$dir/initrd" "$dir"
	rm -rf "$dir"
	exit 0
fi

# What the script says is shown as it comes.
: >"$dir/results"
bash "$VM_DIR/boot.sh" "$bed" "$dir/initrd" "$dir" &
vm=$!
tail -n +1 -F --pid=$vm -s 0.2 "$dir/results" 2>/dev/null |
	sed -un 's/\r$//; s/^| //p'
ended=0
wait $vm || ended=$?
rm -f "$dir/initrd"

if grep -q '^fault' "$dir/results"; then
	sed -n 's/^fault /kernel log of /p' "$dir/results" >&2
	ended=1
fi
status=$(sed -n 's/^status //p' "$dir/results" | tail -n 1 | tr -d '\r')
if [ "$ended" -ne 0 ] || [ "${status:-1}" -ne 0 ]; then
	say "logs: ${dir#"$TOP/"}/console, results"
	exit "$([ "$ended" -ne 0 ] && echo 1 || echo "${status:-1}")"
fi
rm -rf "$dir"
