// SPDX-License-Identifier: GPL-2.0
/*
 * A payer's part of a class's lease stock: from its first lease in the class
 * until its last client has gone.
 */
#include <linux/errno.h>
#include <linux/slab.h>

#include "class.h"
#include "payer.h"
#include "shelf.h"

/**
 * mpool_shelf_init() - make a shelf empty
 * @shelf: the shelf
 * @payer: whose it is; NULL: nobody's
 */
void mpool_shelf_init(struct mpool_shelf *shelf, struct mpool_payer *payer)
{
	shelf->payer = payer;
	INIT_LIST_HEAD(&shelf->node);
	INIT_LIST_HEAD(&shelf->clean.list);
	INIT_LIST_HEAD(&shelf->dirty.list);
	INIT_LIST_HEAD(&shelf->quarantine);
}

/**
 * mpool_shelf_open() - let a payer have buffers of a class
 * @cls: a class of pages
 * @payer: who, with a client; NULL has had a shelf from the beginning
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_shelf_open(struct mpool_class *cls, struct mpool_payer *payer)
{
	struct mpool_stock *stock = &cls->stock;
	struct mpool_shelf *shelf;
	unsigned long flags;

	if (likely(mpool_shelf(cls, payer)))
		return 0;
	shelf = kzalloc(sizeof(*shelf), GFP_KERNEL_ACCOUNT);
	if (!shelf)
		return -ENOMEM;
	mpool_shelf_init(shelf, payer);
	spin_lock_irqsave(&stock->lock, flags);
	if (!payer->shelves[cls->index]) {
		list_add_tail(&shelf->node, &stock->shelves);
		/* Whoever sees the shelf sees it complete. */
		smp_store_release(&payer->shelves[cls->index], shelf);
		shelf = NULL;
	}
	spin_unlock_irqrestore(&stock->lock, flags);
	/* Another client of the payer was faster. */
	kfree(shelf);
	return 0;
}

static void pile_empty(struct mpool_pile *pile, unsigned int *all,
		       struct list_head *to)
{
	list_splice_tail_init(&pile->list, to);
	WRITE_ONCE(*all, *all - pile->nr);
	WRITE_ONCE(pile->nr, 0);
}

static void take_idle(struct mpool_stock *stock, struct mpool_shelf *shelf,
		      struct list_head *idle)
{
	lockdep_assert_held(&stock->lock);
	pile_empty(&shelf->clean, &stock->nr_clean, idle);
	pile_empty(&shelf->dirty, &stock->nr_dirty, idle);
}

static void give_back(struct mpool_class *cls, struct mpool_shelf *shelf,
		      struct list_head *idle)
{
	struct mpool_desc *desc, *next;
	void *buf;

	list_for_each_entry_safe(desc, next, idle, node) {
		list_del_init(&desc->node);
		buf = desc->addr;
		atomic_dec(&shelf->backed);
		mpool_class_give_back(cls, 1, &buf);
		cond_resched();
	}
}

/**
 * mpool_shelf_clear() - give what lies on a shelf back to the system
 * @cls: a class of pages
 * @shelf: of a payer that has clients
 *
 * Context: process, sleeps.
 */
void mpool_shelf_clear(struct mpool_class *cls, struct mpool_shelf *shelf)
{
	struct mpool_stock *stock = &cls->stock;
	LIST_HEAD(idle);

	spin_lock_irq(&stock->lock);
	take_idle(stock, shelf, &idle);
	spin_unlock_irq(&stock->lock);
	/* Look again in any case: it may have put down its own just now. */
	mpool_stock_await(cls);
	spin_lock_irq(&stock->lock);
	take_idle(stock, shelf, &idle);
	spin_unlock_irq(&stock->lock);
	give_back(cls, shelf, &idle);
}

/**
 * mpool_shelf_close() - end a shelf
 * @cls: a class of pages
 * @shelf: of a payer whose last client has gone; stays until the last
 *	reference on the payer is put
 *
 * What is idle goes back to the system now, what a worker has in its hands
 * when that is done with it, and what is pinned with the last pin.
 *
 * Context: process, may sleep.
 */
void mpool_shelf_close(struct mpool_class *cls, struct mpool_shelf *shelf)
{
	struct mpool_stock *stock = &cls->stock;
	LIST_HEAD(idle);

	spin_lock_irq(&stock->lock);
	shelf->ended = true;
	list_del_init(&shelf->node);
	take_idle(stock, shelf, &idle);
	list_splice_tail_init(&shelf->quarantine, &stock->orphans);
	spin_unlock_irq(&stock->lock);
	give_back(cls, shelf, &idle);
}
