// SPDX-License-Identifier: GPL-2.0
/*
 * How many buffers a class sets aside, from its beginning or while it is used.
 *
 * A larger reserve is gathered first, where nobody else reaches it, and may go by
 * limits that are not in force yet.  Only when all of it is there does it become
 * the reserve; else everything goes back to where it was.  So of a call that
 * fails nobody has a buffer that the limits in force had no room for.
 */
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>

#include "class.h"
#include "limits.h"
#include "pool.h"
#include "recall.h"
#include "reclaim.h"
#include "reserve.h"

static void chain_add(struct mpool_class *cls, struct mpool_chain *chain,
		      void *buf)
{
	void **next = mpool_buf_next(cls, buf);

	/* It is the kernel's from here on, as in mpool_slow_put(). */
	if (cls->paged)
		mpool_desc(buf)->owner = MPOOL_OWNER_KERNEL;
	mpool_buf_hide(cls, buf);
	*next = chain->first;
	if (!chain->first)
		chain->last = next;
	chain->first = buf;
	chain->nr++;
}

static void *chain_take(struct mpool_class *cls, struct mpool_chain *chain)
{
	void *buf = chain->first;

	if (buf) {
		chain->first = *mpool_buf_next(cls, buf);
		chain->nr--;
	}
	return buf;
}

/* Idle ones of the kernel's side; nobody's allocation, and counted as none. */
static void *take_idle(struct mpool_class *cls)
{
	unsigned long flags;
	void *buf = NULL;

	raw_spin_lock_irqsave(&cls->lock, flags);
	mpool_depot_take_old(cls, 0, 1, &buf);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	return buf;
}

static void *take_stock(struct mpool_class *cls)
{
	struct mpool_desc *desc;

	if (!cls->paged)
		return NULL;
	desc = mpool_stock_steal(cls, true);
	return desc ? desc->addr : NULL;
}

static int take_new(struct mpool_class *cls, const struct mpool_limits *trial,
		    struct mpool_aside *aside)
{
	void *buf;
	int got = mpool_class_grow_within(cls, trial, GFP_KERNEL, 1, &buf);

	if (got == -ENOSPC && mpool_reclaim_squeeze_for(cls, trial))
		got = mpool_class_grow_within(cls, trial, GFP_KERNEL, 1, &buf);
	mpool_wait_grown(cls, got);
	if (got > 0) {
		chain_add(cls, &aside->made, buf);
		return 0;
	}
	return got;
}

/*
 * At a limit, what is idle for somebody who is charged for it.  When nothing
 * comes in its place, that is free, unless it was taken already.
 */
static int take_charged(struct mpool_class *cls,
			const struct mpool_limits *trial,
			struct mpool_aside *aside)
{
	struct mpool_desc *desc = NULL;
	void *buf;

	if (cls->paged)
		desc = mpool_stock_take_others(cls, NULL);
	if (!desc)
		return -ENOSPC;
	buf = mpool_class_replace(cls, GFP_KERNEL, desc->addr);
	if (!buf)
		return take_new(cls, trial, aside);
	chain_add(cls, &aside->idle, buf);
	return 0;
}

/* -ENOENT: nothing lies about */
static int take_ready(struct mpool_class *cls, struct mpool_aside *aside)
{
	struct mpool_chain *chain = &aside->idle;
	void *buf = take_idle(cls);

	if (!buf) {
		chain = &aside->clean;
		buf = take_stock(cls);
	}
	if (!buf)
		return -ENOENT;
	/*
	 * Who waits comes first, also before a larger reserve, with what there was;
	 * not with what is made, since there may be room for it in a trial alone.
	 */
	if (mpool_has_waiters(cls))
		mpool_slow_put(cls, buf, false);
	else
		chain_add(cls, chain, buf);
	return 0;
}

static int take_one(struct mpool_class *cls, const struct mpool_limits *trial,
		    struct mpool_aside *aside)
{
	int err = take_ready(cls, aside);

	if (err)
		err = take_new(cls, trial, aside);
	if (err == -ENOSPC)
		err = take_charged(cls, trial, aside);
	return err;
}

static void call_back(struct mpool_class *cls)
{
	mpool_recall(cls, UINT_MAX, 0);
}

/* The class, and those whose memory is of help to it. */
static void visit_paged(struct mpool_class *cls,
			const struct mpool_limits *trial,
			void (*fn)(struct mpool_class *cls))
{
	struct mpool *pool = cls->pool;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *other = mpool_pool_peek(pool, i);

		if (!other || !other->paged)
			continue;
		/* Elsewhere nothing helps at the class's limit, or at the tier's. */
		if (other != cls &&
		    (mpool_limits_full(cls, trial) ||
		     (other->tier != cls->tier &&
		      mpool_limits_tier_lacks(cls, trial) > 0)))
			continue;
		fn(other);
	}
}

/*
 * Also what clients keep, then what the cleaners have in their hands.  Only for
 * who changes settings: a class is made by allocations, which may not ask for
 * what is kept.
 */
static int take_hidden(struct mpool_class *cls,
		       const struct mpool_limits *trial,
		       struct mpool_aside *aside)
{
	int err = take_one(cls, trial, aside);

	if (err != -ENOSPC || !trial)
		return err;
	visit_paged(cls, trial, call_back);
	err = take_one(cls, trial, aside);
	if (err != -ENOSPC)
		return err;
	visit_paged(cls, trial, mpool_stock_await);
	return take_one(cls, trial, aside);
}

static unsigned int aside_nr(const struct mpool_aside *aside)
{
	return aside->made.nr + aside->idle.nr + aside->clean.nr;
}

static void class_slow(struct mpool_class *cls, bool begin)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->lock, flags);
	if (begin)
		mpool_slow_begin(cls);
	else
		mpool_slow_end(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
}

/**
 * mpool_reserve_gather() - get what a larger reserve lacks
 * @cls: the class, new or in use; its pool's lock is held
 * @target: how many there shall be
 * @trial: limits to go by; NULL: those in force
 * @aside: where to, empty; after an error mpool_reserve_undo() is due
 *
 * From what is idle, then made.  The reserve itself stays as it is, and what is
 * gathered is nobody's to take.  It is counted as backed, so that others, who go
 * by the limits in force, have that much less room meanwhile.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC at a limit, -ENOMEM, -EINTR: a fatal signal.
 */
int mpool_reserve_gather(struct mpool_class *cls, unsigned int target,
			 const struct mpool_limits *trial,
			 struct mpool_aside *aside)
{
	int err = 0;

	/* What is idle is in the depots after this, and comes there. */
	class_slow(cls, true);
	if (atomic_read(&cls->backed)) {
		mpool_drain_begin(cls);
		mpool_drain_end(cls);
	}
	while (!err && READ_ONCE(cls->nr_reserve) + aside_nr(aside) < target) {
		err = fatal_signal_pending(current) ?
		      -EINTR : take_hidden(cls, trial, aside);
		cond_resched();
	}
	class_slow(cls, false);
	return err;
}

/* One that is more than there should be. */
static void *reserve_surplus(struct mpool_class *cls)
{
	unsigned long flags;
	void *buf = NULL;

	raw_spin_lock_irqsave(&cls->lock, flags);
	if (cls->nr_reserve > cls->reserve_target) {
		buf = cls->reserve;
		cls->reserve = *mpool_buf_next(cls, buf);
		WRITE_ONCE(cls->nr_reserve, cls->nr_reserve - 1);
	}
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	return buf;
}

/*
 * What is too much is idle then.  What lacks comes with frees, for which the
 * class is slow meanwhile.  @more is hidden, and part of the reserve afterwards.
 * Who waits is to be told by the caller.
 */
static void retarget(struct mpool_class *cls, unsigned int target,
		     struct mpool_chain *more)
{
	bool was_short, is_short;
	unsigned long flags;
	void *buf;

	raw_spin_lock_irqsave(&cls->lock, flags);
	was_short = cls->nr_reserve < cls->reserve_target;
	WRITE_ONCE(cls->reserve_target, target);
	if (more->first) {
		*more->last = cls->reserve;
		cls->reserve = more->first;
		WRITE_ONCE(cls->nr_reserve, cls->nr_reserve + more->nr);
	}
	is_short = cls->nr_reserve < target;
	if (is_short && !was_short)
		mpool_slow_begin(cls);
	else if (was_short && !is_short)
		mpool_slow_end(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	while ((buf = reserve_surplus(cls))) {
		mpool_slow_put(cls, buf, false);
		cond_resched();
	}
}

static void chain_join(struct mpool_chain *to, struct mpool_chain *chain)
{
	if (!chain->first)
		return;
	*chain->last = to->first;
	if (!to->first)
		to->last = chain->last;
	to->first = chain->first;
	to->nr += chain->nr;
	*chain = (struct mpool_chain){};
}

/**
 * mpool_reserve_commit() - change how many buffers are set aside
 * @cls: the class; its pool's lock is held
 * @target: how many there shall be
 * @aside: what was gathered for it, empty afterwards; or NULL
 *
 * Cannot fail.  What was taken from the reserve since comes with frees; what is
 * too much is idle then.
 *
 * Context: process, may sleep.
 */
void mpool_reserve_commit(struct mpool_class *cls, unsigned int target,
			  struct mpool_aside *aside)
{
	struct mpool_chain all = {};

	if (aside) {
		chain_join(&all, &aside->made);
		chain_join(&all, &aside->idle);
		chain_join(&all, &aside->clean);
	}
	retarget(cls, target, &all);
}

/**
 * mpool_reserve_undo() - put back what was gathered
 * @cls: the class
 * @aside: what was gathered, empty afterwards
 *
 * What was made goes back to the system; the limits in force may have no room
 * for it.  Who was refused for it looks again.
 *
 * Context: process, may sleep.
 */
void mpool_reserve_undo(struct mpool_class *cls, struct mpool_aside *aside)
{
	void *buf;

	while ((buf = chain_take(cls, &aside->made))) {
		mpool_class_give_back(cls, 1, &buf);
		cond_resched();
	}
	while ((buf = chain_take(cls, &aside->idle))) {
		mpool_slow_put(cls, buf, false);
		cond_resched();
	}
	/* It may be room for who waits in another class. */
	mpool_wait_kick(cls);
	while ((buf = chain_take(cls, &aside->clean))) {
		struct mpool_desc *desc = mpool_desc(buf);

		mpool_buf_show(cls, buf);
		desc->owner = MPOOL_OWNER_CLEAN;
		mpool_stock_add_clean(cls, NULL, desc);
		cond_resched();
	}
}

/**
 * mpool_reserve_set() - change how many buffers are set aside, within the limits
 * @cls: the class, new or in use; its pool's lock is held
 * @target: how many there shall be
 *
 * More are taken from what is idle, and then made; fewer leave the rest idle.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC at a limit, -ENOMEM, -EINTR: a fatal signal; then the
 * reserve is as it was.
 */
int mpool_reserve_set(struct mpool_class *cls, unsigned int target)
{
	struct mpool_aside aside = {};
	int err = 0;

	if (target > cls->reserve_target)
		err = mpool_reserve_gather(cls, target, NULL, &aside);
	if (err)
		mpool_reserve_undo(cls, &aside);
	else
		mpool_reserve_commit(cls, target, &aside);
	return err;
}
