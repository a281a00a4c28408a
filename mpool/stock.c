// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of pages between owners.
 *
 * A buffer that a client gives back is dirty: a worker zeroes it off every
 * path that somebody waits on.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "ahead.h"
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
	void *end = desc->addr + desc->cls->size, *p;

	mpool_buf_show(desc->cls, desc->addr);
	if (mpool_debugs(desc->cls))
		mpool_debug_leave(desc->cls, desc->addr);
	for (p = desc->addr; p < end; p += PAGE_SIZE) {
		clear_page(p);
		cond_resched();
	}
	desc->owner = MPOOL_OWNER_CLEAN;
}

/* @all: the stock's count of this kind */
static struct mpool_desc *pile_pop(struct mpool_pile *pile, unsigned int *all)
{
	struct mpool_desc *desc;

	desc = list_first_entry_or_null(&pile->list, struct mpool_desc, node);
	if (desc) {
		list_del_init(&desc->node);
		WRITE_ONCE(pile->nr, pile->nr - 1);
		WRITE_ONCE(*all, *all - 1);
	}
	return desc;
}

static struct mpool_desc *pile_pop_tail(struct mpool_pile *pile,
					unsigned int *all)
{
	/* Popping takes the first one. */
	if (!list_empty(&pile->list))
		list_rotate_to_front(pile->list.prev, &pile->list);
	return pile_pop(pile, all);
}

static void pile_push(struct mpool_pile *pile, unsigned int *all,
		      struct mpool_desc *desc)
{
	desc->stamp = jiffies;
	list_move(&desc->node, &pile->list);
	WRITE_ONCE(pile->nr, pile->nr + 1);
	WRITE_ONCE(*all, *all + 1);
}

static struct mpool_desc *stock_take(struct mpool_stock *stock,
				     struct mpool_pile *pile, unsigned int *all)
{
	struct mpool_desc *desc;
	unsigned long flags;

	/* Mostly there is nothing, and no need for the lock. */
	if (!READ_ONCE(pile->nr))
		return NULL;
	spin_lock_irqsave(&stock->lock, flags);
	desc = pile_pop(pile, all);
	spin_unlock_irqrestore(&stock->lock, flags);
	return desc;
}

/**
 * mpool_stock_take_clean() - take a zeroed buffer
 * @cls: a class of pages
 * @payer: who is charged for it, with a shelf; NULL: nobody
 *
 * Context: any but interrupts.
 * Return: a buffer, MPOOL_FREE and the caller's, or NULL.
 */
struct mpool_desc *mpool_stock_take_clean(struct mpool_class *cls,
					  struct mpool_payer *payer)
{
	struct mpool_stock *stock = &cls->stock;

	return stock_take(stock, &mpool_shelf(cls, payer)->clean,
			  &stock->nr_clean);
}

/**
 * mpool_stock_take_dirty() - take a buffer that a client gave back
 * @cls: a class of pages
 * @payer: who is charged for it, with a shelf; NULL: nobody
 *
 * Context: any but interrupts.
 * Return: a buffer, MPOOL_FREE and the caller's to zero, or NULL.
 */
struct mpool_desc *mpool_stock_take_dirty(struct mpool_class *cls,
					  struct mpool_payer *payer)
{
	struct mpool_stock *stock = &cls->stock;

	return stock_take(stock, &mpool_shelf(cls, payer)->dirty,
			  &stock->nr_dirty);
}

/*
 * Puts a zeroed buffer on its shelf.  A payer that has gone meanwhile, while a
 * worker had the buffer, wants none: false, and it is still the caller's.
 */
static bool put_clean(struct mpool_class *cls, struct mpool_shelf *shelf,
		      struct mpool_desc *desc, bool was_busy)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;
	bool wanted;

	spin_lock_irqsave(&stock->lock, flags);
	WRITE_ONCE(stock->busy, stock->busy - was_busy);
	WRITE_ONCE(stock->passes, stock->passes + was_busy);
	wanted = !shelf->ended;
	if (wanted)
		pile_push(&shelf->clean, &stock->nr_clean, desc);
	spin_unlock_irqrestore(&stock->lock, flags);
	/* The pass before the look for who waits, as wake_up_var() says. */
	smp_mb();
	if (was_busy)
		wake_up_var(&stock->passes);
	return wanted;
}

static void add_clean(struct mpool_class *cls, struct mpool_shelf *shelf,
		      struct mpool_desc *desc, bool was_busy)
{
	void *buf = desc->addr;

	if (put_clean(cls, shelf, desc, was_busy))
		mpool_wait_kick(cls);
	else
		mpool_class_give_back(cls, 1, &buf);
}

/**
 * mpool_stock_add_clean() - put a zeroed buffer where leases look first
 * @cls: a class of pages
 * @payer: who is charged for it, with a shelf; NULL: nobody
 * @desc: a zeroed buffer, MPOOL_FREE, nobody's
 *
 * Context: process.
 */
void mpool_stock_add_clean(struct mpool_class *cls, struct mpool_payer *payer,
			   struct mpool_desc *desc)
{
	add_clean(cls, mpool_shelf(cls, payer), desc, false);
}

/**
 * mpool_stock_push_dirty() - have a buffer zeroed, and leased again
 * @cls: a class of pages, its stock's lock held
 * @shelf: of who is charged for it
 * @desc: a buffer that nothing reaches, nobody's; on no list, or on another one
 *	of the stock's
 */
void mpool_stock_push_dirty(struct mpool_class *cls, struct mpool_shelf *shelf,
			    struct mpool_desc *desc)
{
	struct mpool_stock *stock = &cls->stock;

	lockdep_assert_held(&stock->lock);
	mpool_desc_set(desc, cls->tag, MPOOL_FREE);
	pile_push(&shelf->dirty, &stock->nr_dirty, desc);
	if (!stock->ended)
		queue_work(mpool_wq, &stock->clean_work);
}

/**
 * mpool_stock_add_dirty() - put a buffer where it waits to be zeroed
 * @cls: a class of pages
 * @payer: who is charged for it, and has a client; NULL: nobody
 * @user: whose locked memory it is and, while it is pinned, stays; or NULL
 * @desc: a buffer that no page-table entry reaches, nobody's
 *
 * Context: process.
 * Return: true, or false when something still reaches its pages, and it went
 * to quarantine instead.
 */
bool mpool_stock_add_dirty(struct mpool_class *cls, struct mpool_payer *payer,
			   struct user_struct *user, struct mpool_desc *desc)
{
	struct mpool_shelf *shelf = mpool_shelf(cls, payer);
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;

	if (mpool_pages_pinned(desc)) {
		mpool_quarantine_add(cls, shelf, user, desc);
		return false;
	}
	spin_lock_irqsave(&stock->lock, flags);
	mpool_stock_push_dirty(cls, shelf, desc);
	spin_unlock_irqrestore(&stock->lock, flags);
	return true;
}

static unsigned int add_all(struct mpool_class *cls, struct mpool_payer *payer,
			    struct user_struct *user, unsigned int nr,
			    struct mpool_desc **descs)
{
	unsigned int i, pinned = 0;

	for (i = 0; i < nr; i++)
		pinned += !mpool_stock_add_dirty(cls, payer, user, descs[i]);
	return pinned;
}

/**
 * mpool_stock_return() - leases ended
 * @cls: a class of pages
 * @payer: who is charged for them, and has a client; NULL: nobody
 * @user: whose locked memory they are, or NULL
 * @nr: how many
 * @descs: the buffers, MPOOL_LEASED; no page-table entry reaches them
 *
 * Context: process.
 * Return: how many went to quarantine, and stay the user's locked memory.
 */
unsigned int mpool_stock_return(struct mpool_class *cls,
				struct mpool_payer *payer,
				struct user_struct *user, unsigned int nr,
				struct mpool_desc **descs)
{
	unsigned int pinned = add_all(cls, payer, user, nr, descs);

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
 * @payer: who is charged for them, and has a client; NULL: nobody
 * @user: whose locked memory they are, or NULL
 * @nr: how many
 * @descs: the buffers; no page-table entry reaches them
 *
 * Context: process.
 * Return: as mpool_stock_return().
 */
unsigned int mpool_stock_return_cached(struct mpool_class *cls,
				       struct mpool_payer *payer,
				       struct user_struct *user,
				       unsigned int nr,
				       struct mpool_desc **descs)
{
	unsigned int pinned = add_all(cls, payer, user, nr, descs);

	atomic_sub(nr, &cls->stock.cached);
	mpool_use_changed(cls);
	mpool_wait_kick(cls);
	return pinned;
}

static struct mpool_shelf *some_dirty(struct mpool_stock *stock)
{
	struct mpool_shelf *shelf;

	lockdep_assert_held(&stock->lock);
	if (stock->nr_dirty)
		list_for_each_entry(shelf, &stock->shelves, node)
			if (shelf->dirty.nr)
				return shelf;
	return NULL;
}

static void stock_clean_fn(struct work_struct *work)
{
	struct mpool_stock *stock = container_of(work, struct mpool_stock,
						 clean_work);
	struct mpool_class *cls = container_of(stock, struct mpool_class,
					       stock);
	struct mpool_shelf *shelf;
	struct mpool_desc *desc;
	unsigned long flags;

	for (;;) {
		desc = NULL;
		spin_lock_irqsave(&stock->lock, flags);
		shelf = some_dirty(stock);
		if (shelf) {
			/* First come first: clean has the last on top. */
			desc = pile_pop_tail(&shelf->dirty, &stock->nr_dirty);
			WRITE_ONCE(stock->busy, stock->busy + 1);
			/* The clients have a reference, or no shelf. */
			mpool_payer_hold(shelf->payer);
		}
		spin_unlock_irqrestore(&stock->lock, flags);
		if (!desc)
			return;
		mpool_desc_clean(desc);
		atomic64_inc(&stock->zeroed);
		add_clean(cls, shelf, desc, true);
		mpool_payer_put(shelf->payer);
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
	struct mpool_desc *desc = mpool_stock_take_clean(cls, NULL);

	if (!desc && sleep) {
		desc = mpool_stock_take_dirty(cls, NULL);
		if (desc)
			mpool_desc_clean(desc);
	}
	if (desc)
		desc->owner = MPOOL_OWNER_KERNEL;
	return desc;
}

static struct mpool_pile *pile_of(struct mpool_shelf *shelf, bool dirty)
{
	return dirty ? &shelf->dirty : &shelf->clean;
}

/* The pile with the least recently used buffer of a kind, if that is old. */
static struct mpool_shelf *oldest(struct mpool_stock *stock, bool dirty,
				  unsigned long age,
				  const struct mpool_shelf *but)
{
	struct mpool_shelf *shelf, *found = NULL;
	unsigned long stamp = jiffies - age;
	struct mpool_desc *desc;

	lockdep_assert_held(&stock->lock);
	list_for_each_entry(shelf, &stock->shelves, node) {
		if (shelf == but || !pile_of(shelf, dirty)->nr)
			continue;
		desc = list_last_entry(&pile_of(shelf, dirty)->list,
				       struct mpool_desc, node);
		if ((age || found) && time_after(desc->stamp, stamp))
			continue;
		stamp = desc->stamp;
		found = shelf;
	}
	return found;
}

static struct mpool_desc *stock_pop_old(struct mpool_stock *stock, bool dirty,
					unsigned long age,
					const struct mpool_shelf *but)
{
	unsigned int *all = dirty ? &stock->nr_dirty : &stock->nr_clean;
	struct mpool_shelf *shelf;

	if (!*all)
		return NULL;
	shelf = oldest(stock, dirty, age, but);
	if (!shelf)
		return NULL;
	/* It is for the system: who was charged for it is no more. */
	atomic_dec(&shelf->backed);
	return pile_pop_tail(pile_of(shelf, dirty), all);
}

static struct mpool_desc *stock_pop_idle(struct mpool_stock *stock,
					 unsigned long age,
					 const struct mpool_shelf *but)
{
	struct mpool_desc *desc;
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	desc = stock_pop_old(stock, true, age, but) ?:
	       stock_pop_old(stock, false, age, but);
	spin_unlock_irqrestore(&stock->lock, flags);
	return desc;
}

/**
 * mpool_stock_take_others() - take an idle buffer that others are charged for
 * @cls: a class of pages
 * @payer: whose buffers are not meant; NULL: nobody's are not
 *
 * Context: any but NMI.
 * Return: a buffer, MPOOL_FREE, the caller's to give back to the system or to
 * have replaced, with its owner's bytes in it; or NULL.
 */
struct mpool_desc *mpool_stock_take_others(struct mpool_class *cls,
					   struct mpool_payer *payer)
{
	struct mpool_stock *stock = &cls->stock;

	if (!READ_ONCE(stock->nr_clean) && !READ_ONCE(stock->nr_dirty))
		return NULL;
	return stock_pop_idle(stock, 0, mpool_shelf(cls, payer));
}

/**
 * mpool_stock_replace() - have a payer's idle buffer replaced for the kernel
 * @cls: a class of pages
 * @gfp: how to allocate
 *
 * Context: process, as @gfp says.
 * Return: a buffer, MPOOL_FREE, that nobody is charged for, or NULL.
 */
void *mpool_stock_replace(struct mpool_class *cls, gfp_t gfp)
{
	struct mpool_desc *desc = mpool_stock_take_others(cls, NULL);

	return desc ? mpool_class_replace(cls, gfp, desc->addr) : NULL;
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
		struct mpool_desc *desc = stock_pop_idle(stock, age, NULL);
		void *buf;

		if (!desc)
			break;
		buf = desc->addr;
		mpool_class_give_back(cls, 1, &buf);
		done++;
	}
	return done;
}

/**
 * mpool_stock_await() - wait until the cleaner has put down what it is at
 * @cls: a class of pages
 *
 * That one buffer is all that a stock hides: what is dirty can be had as it is.
 * Who takes that first, then waits, then looks again has found all that there
 * was.  No more is waited for: clients can dirty buffers faster than a worker
 * zeroes them.
 *
 * Context: process, sleeps while one buffer is zeroed, or until a fatal signal.
 */
void mpool_stock_await(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned int passes;
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&stock->lock, flags);
	busy = stock->busy;
	passes = stock->passes;
	spin_unlock_irqrestore(&stock->lock, flags);
	if (busy)
		wait_var_event_killable(&stock->passes,
					READ_ONCE(stock->passes) != passes);
}

/**
 * mpool_stock_settle() - wait until no worker has a buffer in its hands
 * @cls: a class of pages; at a limit, one that grows is soon done
 *
 * Context: process, sleeps.
 */
void mpool_stock_settle(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;

	/* What is called back is dirty then. */
	flush_work(&stock->recall_work);
	flush_work(&stock->grow_work);
	mpool_stock_await(cls);
}

/**
 * mpool_stock_init() - prepare an empty stock
 * @cls: the class
 */
void mpool_stock_init(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;

	spin_lock_init(&stock->lock);
	INIT_LIST_HEAD(&stock->shelves);
	INIT_LIST_HEAD(&stock->orphans);
	mpool_shelf_init(&stock->own, NULL);
	list_add(&stock->own.node, &stock->shelves);
	INIT_WORK(&stock->clean_work, stock_clean_fn);
	INIT_DELAYED_WORK(&stock->pin_work, mpool_quarantine_fn);
	INIT_WORK(&stock->recall_work, mpool_recall_fn);
	INIT_WORK(&stock->grow_work, mpool_ahead_fn);
	mpool_turn_init(&stock->turn);
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
	/* Some at a time, as in reclaim.c: there may be millions. */
	while (mpool_stock_shrink(cls, 0, 32))
		cond_resched();
	mpool_quarantine_exit(cls);
}
