#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# torture.sh SECONDS: runs selftests/modules/torture.sh that long on each of BEDS,
# with more processors than there are, on several nodes.

. "$(dirname "$0")/lib.sh"

seconds=${1:-600}
read -r -a beds <<<"${BEDS:-debug-6.1 kcsan-6.1}"
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "SECONDS=$seconds is no number of seconds"

bash "$VM_DIR/packages.sh" base debug tools
mkdir -p "$BUILD"
RESULTS=$(mktemp "$BUILD/results.XXXXXX")
trap 'rm -f "$RESULTS"' EXIT
export RESULTS SMP=${SMP:-4} NUMA=${NUMA:-2}
export TORTURE_SECONDS=$seconds
# Waiting for a slow machine is not what is tested; three starts of the module.
export TEST_TIMEOUT=$((seconds * 2 + 300)) VM_TIMEOUT=$((seconds * 2 + 600))

for bed in "${beds[@]}"; do
	say "== torture for $seconds s on $bed, $SMP CPUs, $NUMA nodes"
	before=$(wc -l <"$RESULTS")
	bash "$VM_DIR/run.sh" "$bed" modules/torture.sh >/dev/null || true
	if [ "$before" -eq "$(wc -l <"$RESULTS")" ]; then
		printf 'fail\t%s\tmodules/torture.sh\tbuild\t%s\n' "$bed" \
			"it could not be built or started" >>"$RESULTS"
	fi
done
bash "$VM_DIR/report.sh" "$RESULTS"
