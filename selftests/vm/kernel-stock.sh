#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel-stock.sh VERSION TMP FINAL: Debian's own kernel of the cloud flavour and
# its headers, unpacked in TMP, to be used after TMP was renamed to FINAL.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"

version=$1 tmp=$2 final=$3
case $version in
6.1)	suite=bookworm meta= ;;
6.12)	suite=bookworm meta=6.12- ;;
7.2)	suite=sid meta= ;;
*)	die "no recipe for a stock kernel $version" ;;
esac

apt_setup "$suite"
image=$(apt_depends "linux-image-${meta}cloud-amd64" 'linux-image-.*' || true)
headers=$(apt_depends "linux-headers-${meta}cloud-amd64" 'linux-headers-.*' || true)
if [ -z "$image" ] || [ -z "$headers" ]; then
	die "$suite has no cloud kernel"
fi
release=${image#linux-image-}
case $release in
"$version".*) ;;
*)	die "$suite now has $release instead of $version" ;;
esac

# From 7.2 on the image is spread over several packages.
mapfile -t packages < <(
	{
		apt-cache depends "$image"
		apt-cache depends "$headers"
		printf 'Depends: %s\n' "$image" "$headers"
	} | awk '$1 ~ /Depends:/ { print $2 }' | sort -u |
		grep -E '^linux-(image|binary|modules|headers|kbuild)-' | grep -v unsigned)

root=$tmp/root
if [ "$suite" = sid ]; then
	# Its headers bring build tools that need that distribution's libc.
	say "debootstrap of $suite for the build tools of $release"
	logged "$CACHE/log/debootstrap" debootstrap debootstrap --variant=minbase \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		--include=gcc,make,libc6-dev,libelf1t64,libssl3t64,zlib1g,zstd,pahole \
		"$suite" "$root" "$(apt_mirror debian)"
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
	: >"$tmp/chroot"
fi
apt_unpack "$root" "${packages[@]}"

for f in "$root/boot/vmlinuz-$release" "$root/usr/lib/modules/$release/vmlinuz" \
	"$root/lib/modules/$release/vmlinuz"; do
	[ ! -r "$f" ] || cp "$f" "$tmp/bzImage"
done
[ -r "$tmp/bzImage" ] || die "no vmlinuz in $image"

kdir=usr/src/linux-headers-$release
[ -d "$root/$kdir" ] || die "no $kdir in $headers"
if [ "$suite" != sid ]; then
	sed -i "s#/usr/src/linux-headers#$final/root/usr/src/linux-headers#g" \
		"$root/$kdir/Makefile"
	# without pahole no BTF can be made for a module
	find "$root/$kdir/" -name auto.conf -exec \
		sed -i '/CONFIG_DEBUG_INFO_BTF/d' {} +
fi
ln -s "root/$kdir" "$tmp/kdir"
echo "$release" >"$tmp/release"
