#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vm.sh [BED]: a shell in a VM with mpool loaded; with commands on stdin, runs
# these instead and ends with their exit status.

. "$(dirname "$0")/lib.sh"

bed=${1:-stock-6.1}
bash "$VM_DIR/packages.sh" base
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/uapi"
if [ -d "$BUILD/uapi" ]; then
	find "$BUILD/uapi" -maxdepth 1 -type f -perm -100 ! -name '.*' \
		-exec cp {} "$tree/tests/uapi/" \;
fi
export GUEST_MODE=shell
if [ -t 0 ]; then
	say "leave the machine with exit, or stop it with Ctrl-A X"
	INTERACTIVE=1 bash "$VM_DIR/script.sh" "$bed" vm "$tree" ""
else
	cat >"$tree/commands"
	bash "$VM_DIR/script.sh" "$bed" vm "$tree" ""
fi
