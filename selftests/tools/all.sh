#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the tests beside it in the VM, with mpool loaded; fails if one does.

cd "$(dirname "$0")" || exit 1
status=0
grep -q '^mpool ' /proc/modules || insmod /modules/mpool.ko || exit 1
for test in ./libmpool ./mpoolctl.sh ./example_lease.sh; do
	echo "# $test"
	$test || status=1
done
rmmod mpool || status=1
exit $status
