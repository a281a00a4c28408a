#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host.sh [BED]: tests libmpool, mpoolctl and the examples in a VM.

# shellcheck source-path=SCRIPTDIR/../vm
. "$(dirname "$0")/../vm/lib.sh"

bed=${1:-stock-6.1}
bash "$VM_DIR/packages.sh" base tools
harness=$(bash "$VM_DIR/kernel-source.sh" 6.1)/tools/testing/selftests
out=$BUILD/test-tools
logged "$BUILD/test-tools.log" "building libmpool, mpoolctl and their tests" \
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	make -C "$TOP/selftests/tools" OUT="$out" KSELFTEST="$harness"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -a "$out/tree/." "$tree/"
bash "$VM_DIR/script.sh" "$bed" tools "$tree" /tests/tools/all.sh
