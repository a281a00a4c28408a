#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host.sh [KERNEL] [INPUT]: builds the demonstration and runs it in a VM on a
# stock kernel (6.1, 6.12, 7.2). DEMO_CORRUPT=1 shows that it can fail.

# shellcheck source-path=SCRIPTDIR/../vm
. "$(dirname "$0")/../vm/lib.sh"

demo=$TOP/selftests/demo
bed=stock-${1:-6.1}
input=${2:-}
[ -z "$input" ] || [ -f "$input" ] || die "$input is not a file"
[ -z "$input" ] || [ -r "$input" ] || die "cannot read $input"
[ -z "$input" ] || [ -s "$input" ] || die "$input is empty"
bash "$VM_DIR/packages.sh" base tools

out=$BUILD/demo
mkdir -p "$out"
logged "$out/.log" "building the demonstration's programs" \
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$demo" OUT="$out"
logged "$out/.log" "building mpoolctl" \
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$TOP/tools" ctl OUT="$out/tools"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/demo"
cp "$out"/{producer,consumer} "$demo/run.sh" "$tree/tests/demo/"
bash "$demo/with-libs.sh" "$out/tools/mpoolctl-bin/mpoolctl" "$tree"
if [ -n "$input" ]; then
	cp -- "$input" "$tree/input"
else
	bash "$demo/default-input.sh" "$tree/input"
fi
if [ "${DEMO_CORRUPT:-0}" = 1 ]; then
	sed -i '2i export DEMO_CORRUPT=1' "$tree/tests/demo/run.sh"
fi

# Unpacked, the input is there twice for a moment; then comes the output.
size=$(($(stat -c %s "$tree/input") >> 20))
[ "$size" -le 2048 ] || die "$input has $size MiB; a VM's memory takes 2048 at most"
if [ "$size" -gt 64 ]; then
	export MEM=${MEM:-$((1024 + size * 5))}
fi
VM_TIMEOUT=${VM_TIMEOUT:-$((240 + size * 2))} \
	bash "$VM_DIR/script.sh" "$bed" demo "$tree" /tests/demo/run.sh
