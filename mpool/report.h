/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports of misuse.
 */
#ifndef _MPOOL_REPORT_H
#define _MPOOL_REPORT_H

#include <linux/types.h>

struct mpool;
struct mpool_class;

void mpool_report_bad_free(struct mpool *pool, struct mpool_class *cls,
			   const void *buf, unsigned long caller);

#endif /* _MPOOL_REPORT_H */
