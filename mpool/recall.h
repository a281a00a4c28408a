/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking those who keep buffers that they do not use to give them back.
 */
#ifndef _MPOOL_RECALL_H
#define _MPOOL_RECALL_H

#include <linux/list.h>
#include <linux/types.h>

struct mpool;
struct mpool_class;
struct mpool_payer;
struct mpool_share;
struct user_struct;
struct work_struct;

/**
 * struct mpool_keeper - somebody who keeps buffers of a pool
 * @node: among the pool's; its keepers_lock
 * @user: whose locked memory they are, or NULL; constant
 * @share: of the pool, that they count in; constant
 * @payer: who is charged for them, or NULL; constant
 * @shed: gives back up to @nr of a class (of all with NULL) that were not
 *	used since @until, seconds of CLOCK_BOOTTIME; returns how many.  May
 *	sleep; the keeper stays while it runs.
 */
struct mpool_keeper {
	struct list_head node;
	const struct user_struct *user;
	const struct mpool_share *share;
	const struct mpool_payer *payer;
	unsigned int (*shed)(struct mpool_keeper *keeper,
			     struct mpool_class *cls, unsigned int nr,
			     u32 until);
};

void mpool_keeper_add(struct mpool *pool, struct mpool_keeper *keeper);
void mpool_keeper_del(struct mpool *pool, struct mpool_keeper *keeper);
unsigned int mpool_recall(struct mpool_class *cls, unsigned int nr,
			  unsigned int age_ms);
void mpool_recall_user(struct mpool *pool, const struct user_struct *user);
void mpool_recall_share(struct mpool *pool, const struct mpool_share *share);
void mpool_recall_payer(struct mpool *pool, const struct mpool_payer *payer);
void mpool_recall_later(struct mpool_class *cls);
void mpool_recall_fn(struct work_struct *work);

#endif /* _MPOOL_RECALL_H */
