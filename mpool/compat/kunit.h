/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running suites by hand: newer kernels want to be told that they shall run
 * now, by a third argument.  The function's type tells which it is.
 */
#ifndef _MPOOL_COMPAT_KUNIT_H
#define _MPOOL_COMPAT_KUNIT_H

#include <kunit/test.h>

typedef int mpool_suites_init2(struct kunit_suite * const *suites, int nr);
typedef int mpool_suites_init3(struct kunit_suite * const *suites, int nr,
			       bool run);

static inline void mpool_kunit_run(struct kunit_suite **suites, int nr)
{
	void *fn = __kunit_test_suites_init;

	if (__builtin_types_compatible_p(typeof(__kunit_test_suites_init),
					 mpool_suites_init2))
		((mpool_suites_init2 *)fn)(suites, nr);
	else
		((mpool_suites_init3 *)fn)(suites, nr, true);
}

#endif /* _MPOOL_COMPAT_KUNIT_H */
