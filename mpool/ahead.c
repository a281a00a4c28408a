// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers made ahead of their lease, zeroed, by a worker.
 */
#include <linux/sched.h>

#include "ahead.h"
#include "class.h"
#include "payer.h"
#include "work.h"

static unsigned int backed_of(struct mpool_class *cls,
			      const struct mpool_shelf *shelf)
{
	return atomic_read(shelf->payer ? &shelf->backed : &cls->backed);
}

/* A shelf that shall have more, its payer held; it has less than it shall. */
static struct mpool_shelf *some_to_grow(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;
	struct mpool_shelf *shelf, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	list_for_each_entry(shelf, &stock->shelves, node) {
		if (stock->ended || !shelf->grow_to)
			continue;
		if (backed_of(cls, shelf) < shelf->grow_to) {
			found = shelf;
			mpool_payer_hold(shelf->payer);
			break;
		}
		/* Once: what goes again is not to be made again. */
		shelf->grow_to = 0;
	}
	spin_unlock_irqrestore(&stock->lock, flags);
	return found;
}

/* A system, or a cgroup, that has no memory to spare is not asked twice. */
static void give_up(struct mpool_stock *stock, struct mpool_shelf *shelf)
{
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	shelf->grow_to = 0;
	spin_unlock_irqrestore(&stock->lock, flags);
}

/**
 * mpool_ahead_fn() - make what was asked for
 * @work: grow_work of a class's stock
 */
void mpool_ahead_fn(struct work_struct *work)
{
	struct mpool_stock *stock = container_of(work, struct mpool_stock,
						 grow_work);
	struct mpool_class *cls = container_of(stock, struct mpool_class,
					       stock);
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY;
	struct mpool_payer *payer;
	struct mpool_shelf *shelf;
	void *buf;
	int got;

	while ((shelf = some_to_grow(cls))) {
		payer = shelf->payer;
		/* What a cgroup uses is not given up for what it may use. */
		got = mpool_payer_grow(payer, cls, payer ? gfp &
				       ~__GFP_DIRECT_RECLAIM : gfp, 1, &buf);
		mpool_wait_grown(cls, got);
		if (got < 0)
			give_up(stock, shelf);
		else
			mpool_stock_add_clean(cls, payer, mpool_desc(buf));
		mpool_payer_put(payer);
		cond_resched();
	}
}

/**
 * mpool_ahead_grow() - have zeroed buffers made in the background
 * @cls: a class of pages
 * @payer: who is charged for them, with a shelf; NULL: nobody
 * @target: how many it shall have in the end, limits permitting; the whole
 *	class with NULL
 *
 * Context: process.
 */
void mpool_ahead_grow(struct mpool_class *cls, struct mpool_payer *payer,
		      unsigned int target)
{
	struct mpool_shelf *shelf = mpool_shelf(cls, payer);
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;

	if (backed_of(cls, shelf) >= target)
		return;
	spin_lock_irqsave(&stock->lock, flags);
	shelf->grow_to = target;
	if (!stock->ended)
		queue_work(mpool_wq, &stock->grow_work);
	spin_unlock_irqrestore(&stock->lock, flags);
}
