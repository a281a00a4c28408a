/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports of misuse.
 */
#ifndef _MPOOL_REPORT_H
#define _MPOOL_REPORT_H

#include <linux/types.h>

struct mpool;
struct mpool_class;

/**
 * struct mpool_damage - bytes that were written where nobody may
 * @what: how that is called
 * @when: how it came to light
 * @at: the first of them
 * @end: behind the last byte that was looked at
 * @value: what they should be
 * @caller: who called mpool then; 0: nobody
 */
struct mpool_damage {
	const char *what;
	const char *when;
	const u8 *at;
	const u8 *end;
	u8 value;
	unsigned long caller;
};

void mpool_report_bad_free(struct mpool *pool, struct mpool_class *cls,
			   const void *buf, unsigned long caller);
void mpool_report_damage(struct mpool_class *cls, const void *buf,
			 const struct mpool_damage *damage);

#endif /* _MPOOL_REPORT_H */
