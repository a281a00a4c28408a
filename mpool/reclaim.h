/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving memory back: under pressure, with age, and from CPUs that are gone.
 */
#ifndef _MPOOL_RECLAIM_H
#define _MPOOL_RECLAIM_H

#include <linux/types.h>

struct mpool_class;
struct mpool_limits;

int mpool_reclaim_init(void);
void mpool_reclaim_exit(void);
void mpool_reclaim_add(struct mpool_class *cls);
void mpool_reclaim_del(struct mpool_class *cls);
unsigned int mpool_reclaim_class(struct mpool_class *cls, unsigned long age,
				 unsigned int most, bool drain);
bool mpool_reclaim_squeeze_for(struct mpool_class *cls,
			       const struct mpool_limits *trial);
bool mpool_reclaim_squeeze(struct mpool_class *cls);
void mpool_reclaim_age(struct mpool_class *cls);

#endif /* _MPOOL_RECLAIM_H */
