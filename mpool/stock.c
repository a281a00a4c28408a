// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of pages between owners.
 *
 * A buffer that a client gives back is dirty: a worker zeroes it off every
 * path that somebody waits on.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "class.h"
#include "debug.h"
#include "pages.h"
#include "quarantine.h"
#include "recall.h"
#include "stock.h"
#include "use.h"
#include "work.h"

/**
 * mpool_desc_clean() - zero a buffer, whoever wrote it
 * @desc: the buffer, the caller's alone
 *
 * Context: process, may sleep.
 */
void mpool_desc_clean(struct mpool_desc *desc)
{
	void *end = desc->addr + desc->cls->size;
	void *p;

	mpool_buf_show(desc->cls, desc->addr);
	if (mpool_debugs(desc->cls))
		mpool_debug_leave(desc->cls, desc->addr);
	for (p = desc->addr; p < end; p += PAGE_SIZE) {
		clear_page(p);
		cond_resched();
	}
	desc->owner = MPOOL_OWNER_CLEAN;
}

static struct mpool_desc *stock_pop(struct mpool_stock *stock,
				    struct list_head *list, unsigned int *nr)
{
	struct mpool_desc *desc;

	lockdep_assert_held(&stock->lock);
	desc = list_first_entry_or_null(list, struct mpool_desc, node);
	if (desc) {
		list_del_init(&desc->node);
		WRITE_ONCE(*nr, *nr - 1);
	}
	return desc;
}

static struct mpool_desc *stock_pop_tail(struct mpool_stock *stock,
					 struct list_head *list,
					 unsigned int *nr)
{
	lockdep_assert_held(&stock->lock);
	/* Popping takes the first one. */
	if (!list_empty(list))
		list_rotate_to_front(list->prev, list);
	return stock_pop(stock, list, nr);
}

static struct mpool_desc *stock_take(struct mpool_stock *stock,
				     struct list_head *list, unsigned int *nr)
{
	struct mpool_desc *desc;
	unsigned long flags;

	/* Mostly there is nothing, and no need for the lock. */
	if (!READ_ONCE(*nr))
		return NULL;
	spin_lock_irqsave(&stock->lock, flags);
	desc = stock_pop(stock, list, nr);
	spin_unlock_irqrestore(&stock->lock, flags);
	return desc;
}

/**
 * mpool_stock_take_clean() - take a zeroed buffer
 * @cls: a class of pages
 *
 * Context: any but interrupts.
 * Return: a buffer, MPOOL_FREE and the caller's, or NULL.
 */
struct mpool_desc *mpool_stock_take_clean(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;

	return stock_take(stock, &stock->clean, &stock->nr_clean);
}

/**
 * mpool_stock_take_dirty() - take a buffer that a client gave back
 * @cls: a class of pages
 *
 * Context: any but interrupts.
 * Return: a buffer, MPOOL_FREE and the caller's to zero, or NULL.
 */
struct mpool_desc *mpool_stock_take_dirty(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;

	return stock_take(stock, &stock->dirty, &stock->nr_dirty);
}

static void stock_push_clean(struct mpool_stock *stock, struct mpool_desc *desc)
{
	lockdep_assert_held(&stock->lock);
	list_add(&desc->node, &stock->clean);
	WRITE_ONCE(stock->nr_clean, stock->nr_clean + 1);
}

/**
 * mpool_stock_add_clean() - put a zeroed buffer where leases look first
 * @cls: a class of pages
 * @desc: a zeroed buffer, MPOOL_FREE, nobody's
 *
 * Context: process.
 */
void mpool_stock_add_clean(struct mpool_class *cls, struct mpool_desc *desc)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	desc->stamp = jiffies;
	stock_push_clean(stock, desc);
	spin_unlock_irqrestore(&stock->lock, flags);
	mpool_wait_kick(cls);
}

/**
 * mpool_stock_push_dirty() - have a buffer zeroed, and leased again
 * @cls: a class of pages, its stock's lock held
 * @desc: a buffer that nothing reaches, nobody's; on no list, or on another one
 *	of the stock's
 */
void mpool_stock_push_dirty(struct mpool_class *cls, struct mpool_desc *desc)
{
	struct mpool_stock *stock = &cls->stock;

	lockdep_assert_held(&stock->lock);
	mpool_desc_set(desc, cls->tag, MPOOL_FREE);
	desc->stamp = jiffies;
	list_move(&desc->node, &stock->dirty);
	WRITE_ONCE(stock->nr_dirty, stock->nr_dirty + 1);
	if (!stock->ended)
		queue_work(mpool_wq, &stock->clean_work);
}

/**
 * mpool_stock_add_dirty() - put a buffer where it waits to be zeroed
 * @cls: a class of pages
 * @user: whose locked memory it is and, while it is pinned, stays; or NULL
 * @desc: a buffer that no page-table entry reaches, nobody's
 *
 * Context: process.
 * Return: true, or false when something still reaches its pages, and it went
 * to quarantine instead.
 */
bool mpool_stock_add_dirty(struct mpool_class *cls, struct user_struct *user,
			   struct mpool_desc *desc)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;

	if (mpool_pages_pinned(desc)) {
		mpool_quarantine_add(cls, user, desc);
		return false;
	}
	spin_lock_irqsave(&stock->lock, flags);
	mpool_stock_push_dirty(cls, desc);
	spin_unlock_irqrestore(&stock->lock, flags);
	return true;
}

static unsigned int add_all(struct mpool_class *cls, struct user_struct *user,
			    unsigned int nr, struct mpool_desc **descs)
{
	unsigned int i, pinned = 0;

	for (i = 0; i < nr; i++)
		pinned += !mpool_stock_add_dirty(cls, user, descs[i]);
	return pinned;
}

/**
 * mpool_stock_return() - leases ended
 * @cls: a class of pages
 * @user: whose locked memory they are, or NULL
 * @nr: how many
 * @descs: the buffers, MPOOL_LEASED; no page-table entry reaches them
 *
 * Context: process.
 * Return: how many went to quarantine, and stay the user's locked memory.
 */
unsigned int mpool_stock_return(struct mpool_class *cls,
				struct user_struct *user, unsigned int nr,
				struct mpool_desc **descs)
{
	unsigned int pinned = add_all(cls, user, nr, descs);

	atomic_sub(nr, &cls->stock.leased);
	atomic64_add(nr, &cls->stock.releases);
	mpool_use_changed(cls);
	mpool_wait_kick(cls);
	return pinned;
}

/**
 * mpool_stock_keep() - leases ended, but the client keeps the buffers
 * @cls: a class of pages
 * @nr: how many
 *
 * Context: any.
 */
void mpool_stock_keep(struct mpool_class *cls, unsigned int nr)
{
	atomic_add(nr, &cls->stock.cached);
	atomic_sub(nr, &cls->stock.leased);
	atomic64_add(nr, &cls->stock.releases);
	mpool_use_changed(cls);
}

/**
 * mpool_stock_unkeep() - kept buffers are leased again
 * @cls: a class of pages
 * @nr: how many
 *
 * Context: any.
 */
void mpool_stock_unkeep(struct mpool_class *cls, unsigned int nr)
{
	atomic_add(nr, &cls->stock.leased);
	atomic_sub(nr, &cls->stock.cached);
	atomic64_add(nr, &cls->stock.leases);
	mpool_use_changed(cls);
}

/**
 * mpool_stock_return_cached() - buffers left a client that kept them
 * @cls: a class of pages
 * @user: whose locked memory they are, or NULL
 * @nr: how many
 * @descs: the buffers; no page-table entry reaches them
 *
 * Context: process.
 * Return: as mpool_stock_return().
 */
unsigned int mpool_stock_return_cached(struct mpool_class *cls,
				       struct user_struct *user,
				       unsigned int nr,
				       struct mpool_desc **descs)
{
	unsigned int pinned = add_all(cls, user, nr, descs);

	atomic_sub(nr, &cls->stock.cached);
	/* Some may be in quarantine. */
	mpool_use_changed(cls);
	mpool_wait_kick(cls);
	return pinned;
}

static void stock_clean_fn(struct work_struct *work)
{
	struct mpool_stock *stock = container_of(work, struct mpool_stock,
						 clean_work);
	struct mpool_class *cls = container_of(stock, struct mpool_class,
					       stock);
	struct mpool_desc *desc;
	unsigned long flags;

	for (;;) {
		spin_lock_irqsave(&stock->lock, flags);
		/* The first to come first, so that clean has the last on top. */
		desc = stock_pop_tail(stock, &stock->dirty, &stock->nr_dirty);
		if (desc)
			stock->busy++;
		spin_unlock_irqrestore(&stock->lock, flags);
		if (!desc)
			return;
		mpool_desc_clean(desc);
		spin_lock_irqsave(&stock->lock, flags);
		stock->busy--;
		stock_push_clean(stock, desc);
		spin_unlock_irqrestore(&stock->lock, flags);
		atomic64_inc(&stock->zeroed);
		mpool_wait_kick(cls);
	}
}

/**
 * mpool_stock_steal() - take a buffer of the lease stock for the kernel
 * @cls: a class of pages
 * @sleep: the caller may sleep, and so zero a dirty one
 *
 * Context: any but NMI without @sleep, process with it.
 * Return: a buffer that holds no client's byte, MPOOL_FREE, or NULL.
 */
struct mpool_desc *mpool_stock_steal(struct mpool_class *cls, bool sleep)
{
	struct mpool_desc *desc = mpool_stock_take_clean(cls);

	if (!desc && sleep) {
		desc = mpool_stock_take_dirty(cls);
		if (desc)
			mpool_desc_clean(desc);
	}
	if (desc)
		desc->owner = MPOOL_OWNER_KERNEL;
	return desc;
}

static struct mpool_desc *stock_pop_old(struct mpool_stock *stock,
					struct list_head *list,
					unsigned int *nr, unsigned long age)
{
	struct mpool_desc *desc;

	lockdep_assert_held(&stock->lock);
	if (list_empty(list))
		return NULL;
	desc = list_last_entry(list, struct mpool_desc, node);
	if (age && time_before(jiffies, desc->stamp + age))
		return NULL;
	return stock_pop_tail(stock, list, nr);
}

static struct mpool_desc *stock_pop_idle(struct mpool_stock *stock,
					 unsigned long age)
{
	struct mpool_desc *desc;
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	desc = stock_pop_old(stock, &stock->dirty, &stock->nr_dirty, age) ?:
	       stock_pop_old(stock, &stock->clean, &stock->nr_clean, age);
	spin_unlock_irqrestore(&stock->lock, flags);
	return desc;
}

/**
 * mpool_stock_shrink() - give idle lease stock back to the system
 * @cls: the class
 * @age: jiffies that a buffer must have been idle, 0 for any
 * @most: how many at most
 *
 * Dirty ones first: they need not be zeroed then.  Of each kind the least
 * recently used first.
 *
 * Context: any with interrupts on.
 * Return: how many were given back.
 */
unsigned int mpool_stock_shrink(struct mpool_class *cls, unsigned long age,
				unsigned int most)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned int done = 0;

	while (done < most) {
		struct mpool_desc *desc = stock_pop_idle(stock, age);
		void *buf;

		if (!desc)
			break;
		buf = desc->addr;
		mpool_class_give_back(cls, 1, &buf);
		done++;
	}
	return done;
}

static void stock_grow_fn(struct work_struct *work)
{
	struct mpool_stock *stock = container_of(work, struct mpool_stock,
						 grow_work);
	struct mpool_class *cls = container_of(stock, struct mpool_class,
					       stock);
	void *buf;

	/* A system that has no memory to spare is not asked twice. */
	while (atomic_read(&cls->backed) < (int)READ_ONCE(stock->grow_to) &&
	       !READ_ONCE(stock->ended)) {
		if (mpool_class_grow(cls, GFP_KERNEL | __GFP_ZERO |
				     __GFP_NOWARN | __GFP_NORETRY, 1, &buf) < 0)
			break;
		mpool_stock_add_clean(cls, mpool_desc(buf));
		cond_resched();
	}
}

/**
 * mpool_stock_grow() - have zeroed buffers made in the background
 * @cls: a class of pages
 * @target: how many it shall back in the end, limits permitting
 *
 * Context: process.
 */
void mpool_stock_grow(struct mpool_class *cls, unsigned int target)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;

	if (atomic_read(&cls->backed) >= (int)target)
		return;
	spin_lock_irqsave(&stock->lock, flags);
	WRITE_ONCE(stock->grow_to, target);
	if (!stock->ended)
		queue_work(mpool_wq, &stock->grow_work);
	spin_unlock_irqrestore(&stock->lock, flags);
}

/**
 * mpool_stock_settle() - wait until no worker has a buffer in its hands
 * @cls: a class of pages; at a limit, one that grows is soon done
 *
 * Afterwards what there was can be found, as clean.
 *
 * Context: process, sleeps.
 */
void mpool_stock_settle(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;
	bool cleaning;

	/* What it calls back is dirty then. */
	if (work_busy(&stock->recall_work))
		flush_work(&stock->recall_work);
	spin_lock_irqsave(&stock->lock, flags);
	cleaning = stock->busy || stock->nr_dirty;
	spin_unlock_irqrestore(&stock->lock, flags);
	if (cleaning)
		flush_work(&stock->clean_work);
	if (work_busy(&stock->grow_work))
		flush_work(&stock->grow_work);
}

/**
 * mpool_stock_init() - prepare an empty stock
 * @cls: the class
 */
void mpool_stock_init(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;

	spin_lock_init(&stock->lock);
	INIT_LIST_HEAD(&stock->clean);
	INIT_LIST_HEAD(&stock->dirty);
	INIT_LIST_HEAD(&stock->quarantine);
	INIT_WORK(&stock->clean_work, stock_clean_fn);
	INIT_DELAYED_WORK(&stock->pin_work, mpool_quarantine_fn);
	INIT_WORK(&stock->recall_work, mpool_recall_fn);
	INIT_WORK(&stock->grow_work, stock_grow_fn);
	init_waitqueue_head(&stock->turn);
}

/**
 * mpool_stock_stop() - no work of a stock runs from here on
 * @cls: a class of a pool that nobody uses any more
 *
 * Works may wake those who wait in other classes: all are stopped before one
 * class goes.
 *
 * Context: process, may sleep.
 */
void mpool_stock_stop(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;

	spin_lock_irq(&stock->lock);
	WRITE_ONCE(stock->ended, true);
	spin_unlock_irq(&stock->lock);
	cancel_work_sync(&stock->recall_work);
	cancel_work_sync(&stock->grow_work);
	cancel_work_sync(&stock->clean_work);
	cancel_delayed_work_sync(&stock->pin_work);
}

/**
 * mpool_stock_exit() - end a stock
 * @cls: a class whose stock was stopped
 *
 * Context: process, may sleep.
 */
void mpool_stock_exit(struct mpool_class *cls)
{
	mpool_stock_shrink(cls, 0, UINT_MAX);
	mpool_quarantine_exit(cls);
}
