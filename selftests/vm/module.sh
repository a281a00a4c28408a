#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# module.sh BED VARIANT: builds the modules for a bed, prints where they are.
# VARIANT is bare (mpool.ko alone), plain (with the test modules), kunit (the suites linked in) or all
# (both, everything anew, for static checks; the log is .log there). The sources are copied
# first, because kbuild writes beside them. PREBUILT=1: what is there is up to date.

. "$(dirname "$0")/lib.sh"

bed=$1 variant=$2
kernel=$(bash "$VM_DIR/kernel.sh" "$bed")
src=$BUILD/$bed/$variant
if [ "${PREBUILT:-0}" = 1 ] && [ "$variant" != all ] && [ -e "$src/mpool.ko" ]; then
	echo "$src"
	exit 0
fi
mkdir -p "$src"

# Two builds of one bed take turns.
exec {fd}>"$src/.lock"
flock "$fd"

rsync -a --delete --prune-empty-dirs \
	--exclude='*.o' --exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' \
	--exclude='*.gcno' --exclude='.*' --exclude='*.symvers' --exclude='modules.order' \
	--include='/Kbuild' --include='/mpool/***' --include='/include/***' \
	--include='/kunit/***' --include='/selftests/' \
	--include='/selftests/modules/***' --exclude='*' \
	"$TOP/" "$src/"

case $variant in
bare)	vars=() ;;
plain)	vars=(MPOOL_SELFTESTS=1) ;;
kunit)	vars=(MPOOL_KUNIT=1) ;;
all)	vars=(MPOOL_SELFTESTS=1)
	# only a KUnit kernel's headers have what the suites need
	if grep -q '^CONFIG_KUNIT=[ym]' "$kernel/kdir/.config"; then
		vars+=(MPOOL_KUNIT=1)
	fi
	find "$src" -name '*.o' -delete ;;
*)	die "unknown variant $variant" ;;
esac
case $bed in
gcov-*)	vars+=(MPOOL_GCOV=y) ;;
esac
read -r -a extra <<<"${MPOOL_MAKE:-}"
[ ! -e "$kernel/arch" ] || extra+=("ARCH=$(cat "$kernel/arch")")

unset MAKEFLAGS MFLAGS MAKELEVEL KDIR M
# A removed source must not stay in the module by its old object.
find "$src" -name '*.ko' -delete
if [ -e "$kernel/chroot" ]; then
	[ "$(id -u)" -eq 0 ] || die "run as root: building for $bed needs a chroot"
	build_in_chroot() {
		# shellcheck disable=SC2016
		unshare -m bash -euc '
			root=$1 src=$2
			shift 2
			mount -t proc proc "$root/proc"
			mount --bind "$src" "$root/mnt"
			exec chroot "$root" make -C "$@" M=/mnt modules
		' - "$kernel/root" "$src" "/usr/src/linux-headers-$(cat "$kernel/release")" "$@"
	}
	logged "$src/.log" "building mpool.ko for $bed" \
		build_in_chroot -j"$(nproc)" "${vars[@]}" "${extra[@]}"
else
	logged "$src/.log" "building mpool.ko for $bed" \
		make -C "$kernel/kdir" -j"$(nproc)" M="$src" "${vars[@]}" "${extra[@]}" modules
fi
grep -E 'warning:|WARNING' "$src/.log" >&2 || true
echo "$src"
