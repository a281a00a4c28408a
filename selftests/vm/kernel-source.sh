#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel-source.sh VERSION: prints where Debian's patched source of that kernel is
# unpacked; fetches it when the cache does not have it.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

version=$1
final=$CACHE/src/linux-source-$version
lock "source-$version"
if [ ! -d "$final" ]; then
	bash "$VM_DIR/packages.sh" base debug
	case $version in
	6.1)	suite=bookworm ;;
	*)	suite=sid ;;
	esac
	say "fetching the source of $version"
	apt_setup "$suite"
	mkdir -p "$CACHE/src"
	tmp=$(mktemp -d "$CACHE/src/.$version.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	apt_unpack "$tmp/deb" "linux-source-$version"
	tar -C "$tmp" -xf "$tmp/deb/usr/src/linux-source-$version.tar.xz"
	mv "$tmp/linux-source-$version" "$final"
fi
echo "$final"
