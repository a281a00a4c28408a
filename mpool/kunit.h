/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The KUnit suites, when they are linked into the module.  Linux 6.1 would run
 * those of kunit_test_suites() before the module's own init; so the module
 * starts them itself, when everything that they use is there.
 */
#ifndef _MPOOL_KUNIT_H
#define _MPOOL_KUNIT_H

#ifdef MPOOL_KUNIT
void mpool_kunit_start(void);
void mpool_kunit_stop(void);
#else
static inline void mpool_kunit_start(void) { }
static inline void mpool_kunit_stop(void) { }
#endif

#endif /* _MPOOL_KUNIT_H */
