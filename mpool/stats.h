/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a class's counters.
 */
#ifndef _MPOOL_STATS_H
#define _MPOOL_STATS_H

struct mpool_class;
struct mpool_class_stats;

void mpool_class_stats(struct mpool_class *cls, struct mpool_class_stats *st);
void mpool_stats_add(struct mpool_class_stats *sum,
		     const struct mpool_class_stats *st);

#endif /* _MPOOL_STATS_H */
