#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# torture.sh SECONDS: runs selftests/modules/torture.sh that long on each of BEDS,
# with more processors than there are, on several nodes.

. "$(dirname "$0")/lib.sh"

seconds=${1:-600}
read -r -a beds <<<"${BEDS:-debug-6.1 kcsan-6.1}"
# make torture SECONDS=n passes it on in the environment, where bash goes on counting
# from it: no clock of those called here is to begin so late.
export -n SECONDS
SECONDS=0
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "SECONDS=$seconds is no number of seconds"

bash "$VM_DIR/packages.sh" base debug tools
# One machine at a time: it has more processors than most of ours.
JOBS=${JOBS:-1}
. "$VM_DIR/lanes.sh"
export SMP=${SMP:-4} NUMA=${NUMA:-2} TORTURE_SECONDS=$seconds
# Waiting for a slow machine is not what is tested; four starts of the module, and a
# test has 1,500 s by its settings.
export TEST_TIMEOUT=$((seconds * 2 + 1500)) VM_TIMEOUT=$((seconds * 2 + 2100))

build_before plain "${beds[@]}"
for bed in "${beds[@]}"; do
	room
	run "$started" "$bed" modules/torture.sh &
done
all_done "$BUILD/torture.tsv"
bash "$VM_DIR/report.sh" "$BUILD/torture.tsv"
