/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A payer's part of a class's lease stock.
 */
#ifndef _MPOOL_SHELF_H
#define _MPOOL_SHELF_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>

struct mpool_class;
struct mpool_payer;

/**
 * struct mpool_pile - idle buffers of one kind
 * @list: the buffers; last come first
 * @nr: how many; READ_ONCE for a glance
 */
struct mpool_pile {
	struct list_head list;
	unsigned int nr;
};

/**
 * struct mpool_shelf - what one payer has idle of one class
 * @payer: who is charged for the buffers; NULL: nobody; constant
 * @node: among the stock's shelves
 * @clean: zeroed, nobody's; last come, first taken
 * @dirty: written by a client that gave them back; last come first
 * @quarantine: still reached by a pin; oldest first
 * @nr_quarantined: how many
 * @grow_to: how many a worker shall have made, 0: none
 * @backed: how many the payer is charged for, in use or idle; atomic; not
 *	counted for nobody
 * @ended: its payer has no client any more
 *
 * Protected by the stock's lock, but for @backed.
 */
struct mpool_shelf {
	struct mpool_payer *payer;
	struct list_head node;
	struct mpool_pile clean;
	struct mpool_pile dirty;
	struct list_head quarantine;
	unsigned int nr_quarantined;
	unsigned int grow_to;
	atomic_t backed;
	bool ended;
};

int mpool_shelf_open(struct mpool_class *cls, struct mpool_payer *payer);
void mpool_shelf_close(struct mpool_class *cls, struct mpool_shelf *shelf);
void mpool_shelf_clear(struct mpool_class *cls, struct mpool_shelf *shelf);
void mpool_shelf_init(struct mpool_shelf *shelf, struct mpool_payer *payer);

#endif /* _MPOOL_SHELF_H */
