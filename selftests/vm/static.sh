#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# static.sh [CHECK...]: static checks of what git tracks (and of the C files that
# are built); every line that a checker says is a finding, and none is wanted. A
# checker that finds nothing in a file with a known fault does not work.

. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- gcc clang checkpatch kernel-doc coccinelle shellcheck
sections=(base debug lint)
case " $* " in
*" clang "* | *" coccinelle "*)
	sections+=(static) ;;
esac
bash "$VM_DIR/packages.sh" "${sections[@]}"
source=$(bash "$VM_DIR/kernel-source.sh" 6.1)
cd "$TOP"

# files PATTERN...: what is looked at
files() {
	if [ -n "$sample" ]; then
		echo "$sample"
	else
		git ls-files "$@"
	fi
}

# sample_of CHECK: a file with a fault that it knows; none for a compiler, whose
# failure is seen
sample_of() {
	# shellcheck disable=SC2016 # as it stands
	case $1 in
	checkpatch)	printf 'int *x = (int*) 0 ;\n' ;;
	kernel-doc)	printf '/**\n * f() - nothing\n */\nvoid f(int x)\n{\n}\n' ;;
	coccinelle)	printf 'void f(void *p)\n{\n\tif (p)\n\t\tkfree(p);\n}\n' ;;
	shellcheck)	printf '#!/bin/sh\nrm $1\n' ;;
	esac
}

# built BED MAKE-ARGUMENTS: what the compiler and sparse say
built() {
	local src
	if src=$(MPOOL_MAKE=$2 bash "$VM_DIR/module.sh" "$1" all 2>/dev/null); then
		grep -E '(warning|error|WARNING|ERROR)[: ]' "$src/.log" |
			grep -v 'Skipping BTF generation\|Symbol info of vmlinux is missing\|Module.symvers is missing\|WARNING: modpost: \(.* undefined!\|suppressed\)' |
			sed "s#$src/##" | sort -u || true
	else
		tail -n 20 "$BUILD/$1/all/.log"
	fi
}

check_gcc() {
	# C=2: sparse looks at everything; the debug kernel has the suites as well
	built debug-6.1 "W=1 C=2"
}

check_clang() {
	built clang-6.1 "W=1 CC=clang KBUILD_MODPOST_WARN=1"
}

check_checkpatch() {
	# A module for several kernels has to ask for the version in compat/, and
	# LINUX_VERSION_CODE >= KERNEL_VERSION() looks like two constants.
	files '*.c' '*.h' |
		xargs -r perl "$source/scripts/checkpatch.pl" --root="$source" --no-summary \
			--strict --terse --show-types \
			--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON -f 2>/dev/null || true
}

check_kernel-doc() {
	# 6.1's own does not know -Wall yet
	local newer
	newer=$(bash "$VM_DIR/kernel.sh" stock-6.12)
	files 'include/*.h' 'mpool/*.[ch]' |
		xargs -r perl "$newer"/root/usr/lib/linux-kbuild-*/scripts/kernel-doc \
			-none -Wall 2>&1 || true
}

check_coccinelle() {
	local cocci
	find "$source/scripts/coccinelle" -name '*.cocci' | sort | while read -r cocci; do
		grep -q '^virtual report' "$cocci" || continue
		# shellcheck disable=SC2046
		spatch -D report --very-quiet --no-show-diff --include-headers \
			--cocci-file "$cocci" $(files 'mpool/*.[ch]' 'kunit/*.[ch]' \
				'selftests/modules/*.c') 2>/dev/null |
			sed "s#^#$(basename "$cocci"): #" || true
	done
}

check_shellcheck() {
	files | while read -r f; do
		case $(head -n 1 "$f" 2>/dev/null | tr -d '\0') in
		'#!/bin/bash'*)	shellcheck -x -P SCRIPTDIR -f gcc "$f" || true ;;
		'#!/bin/sh'*)	shellcheck -s sh -e SC1091 -f gcc "$f" || true ;;
		esac
	done
}

mkdir -p "$BUILD/static"
bad=0
for c in "$@"; do
	declare -F "check_$c" >/dev/null || die "no check $c"
	sample=$BUILD/static/$c.c
	sample_of "$c" >"$sample"
	if [ -s "$sample" ] && [ -z "$("check_$c")" ]; then
		die "$c finds nothing in ${sample#"$TOP/"}, which has a fault"
	fi
	sample=
	"check_$c" >"$BUILD/static/$c"
	n=$(grep -c . "$BUILD/static/$c" || true)
	if [ "$n" -gt 0 ]; then
		head -n 40 "$BUILD/static/$c"
		[ "$n" -le 40 ] || echo "... all are in build/static/$c"
	fi
	printf '%-12s %s findings\n' "$c:" "$n"
	bad=$((bad + n))
done
[ "$bad" -eq 0 ]
