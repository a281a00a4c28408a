# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced: another suite's packages, downloaded and unpacked, never installed.
# Everything apt writes stays below the cache.

# apt_mirror NAME: where this machine gets Debian's archive of that name from,
# or where MPOOL_MIRROR= says
apt_mirror() {
	local uri again
	if [ -n "${MPOOL_MIRROR:-}" ]; then
		echo "$MPOOL_MIRROR/$1"
		return
	fi
	for again in yes no; do
		# shellcheck disable=SC2016
		uri=$(APT_CONFIG='' apt-get indextargets --format '$(REPO_URI)' \
			'Created-By: Packages' | grep -m 1 "/$1/*$" || true)
		if [ -n "$uri" ] || [ "$again" = no ]; then
			break
		fi
		# A machine whose lists were never read knows no targets.
		APT_CONFIG='' logged "$CACHE/log/apt-update" "apt-get update" \
			apt-get -q update
	done
	[ -n "$uri" ] || die "apt knows no archive $1: set MPOOL_MIRROR=URL, below which it is"
	echo "${uri%/}"
}

# apt_setup SUITE
apt_setup() {
	local suite=$1 dir=$CACHE/apt/$1
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg main security

	[ -r "$keys" ] || die "$keys is missing: install debian-archive-keyring"
	main=$(apt_mirror debian)
	security=$(apt_mirror debian-security)
	mkdir -p "$dir"/{lists/partial,archives/partial}
	: >"$dir/status"
	{
		echo "deb [signed-by=$keys] $main $suite main"
		if [ "$suite" != sid ]; then
			echo "deb [signed-by=$keys] $security $suite-security main"
		fi
	} >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOF
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir";
		Dir::Cache::archives "$dir/archives";
		Dir::Cache::pkgcache "$dir/pkgcache.bin";
		Dir::Cache::srcpkgcache "$dir/srcpkgcache.bin";
	EOF
	export APT_CONFIG=$dir/apt.conf
	logged "$CACHE/log/apt-$suite" "reading the package lists of $suite" apt-get -q update
}

# apt_names REGEX: packages of that suite, oldest version first
apt_names() {
	apt-cache --no-generate pkgnames | grep -xE "$1" | sort -V
}

# apt_depends PACKAGE REGEX: the direct dependency of that name
apt_depends() {
	apt-cache depends "$1" | awk '$1 == "Depends:" { print $2 }' | grep -xE "$2" | head -n 1
}

# apt_unpack DIR PACKAGE...
apt_unpack() {
	local root=$1 tmp
	shift
	tmp=$(mktemp -d "$CACHE/apt/.debs.XXXXXX")
	(cd "$tmp" && logged "$CACHE/log/apt-download" "downloading $*" apt-get -q download "$@")
	mkdir -p "$root"
	local deb
	for deb in "$tmp"/*.deb; do
		dpkg -x "$deb" "$root"
	done
	rm -rf "$tmp"
}
