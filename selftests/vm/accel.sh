#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# accel.sh: prints kvm or tcg. A /dev/kvm that is there may still boot no kernel,
# so it has to boot one within seconds; the answer is remembered.

. "$(dirname "$0")/lib.sh"

if [ -n "${MPOOL_ACCEL:-}" ]; then
	echo "$MPOOL_ACCEL"
	exit 0
fi
if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
	echo tcg
	exit 0
fi

answer=$CACHE/accel-$(uname -r)
if [ ! -s "$answer" ]; then
	tmp=$(mktemp -d "$CACHE/.accel.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	mkdir "$tmp/tree"
	echo 'MODE=script SCRIPT=/bin/true' >"$tmp/run"
	bash "$VM_DIR/initramfs.sh" stock-6.1 "$tmp/initrd" "$tmp/tree" "$tmp/run"
	if MPOOL_ACCEL=kvm VM_TIMEOUT=10 \
		bash "$VM_DIR/boot.sh" stock-6.1 "$tmp/initrd" "$tmp" >/dev/null 2>&1; then
		echo kvm >"$tmp/answer"
	else
		echo tcg >"$tmp/answer"
	fi
	mv "$tmp/answer" "$answer"
fi
cat "$answer"
