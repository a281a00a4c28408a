/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How large a class's reserve is; wait.c takes from it and fills it again.
 */
#ifndef _MPOOL_RESERVE_H
#define _MPOOL_RESERVE_H

#include <linux/types.h>

struct mpool_class;
struct mpool_limits;

/**
 * struct mpool_chain - free buffers of one owner, linked by mpool_buf_next()
 * @first: or NULL
 * @last: where the last one's link is, while there is a first
 * @nr: how many
 */
struct mpool_chain {
	void *first;
	void **last;
	unsigned int nr;
};

/**
 * struct mpool_aside - buffers for a larger reserve, in nobody else's reach
 * @made: made for it
 * @idle: that were idle on the kernel's side, or are in the place of some that
 *	clients had idle
 * @clean: that were lease stock
 */
struct mpool_aside {
	struct mpool_chain made;
	struct mpool_chain idle;
	struct mpool_chain clean;
};

int mpool_reserve_gather(struct mpool_class *cls, unsigned int target,
			 const struct mpool_limits *trial,
			 struct mpool_aside *aside);
void mpool_reserve_commit(struct mpool_class *cls, unsigned int target,
			  struct mpool_aside *aside);
void mpool_reserve_undo(struct mpool_class *cls, struct mpool_aside *aside);
int mpool_reserve_set(struct mpool_class *cls, unsigned int target);

#endif /* _MPOOL_RESERVE_H */
