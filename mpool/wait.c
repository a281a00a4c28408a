// SPDX-License-Identifier: GPL-2.0
/*
 * The slow side of a class.
 *
 * While somebody must see every free buffer (a waiter, a short reserve, a
 * drain), the class is slow: allocations and frees go through its lock, so
 * that a buffer given back meets whoever is first in the queue, or who comes
 * before him while a reserve is short.  The queue is served by hand-over: a
 * waiter that is woken has its buffer, nobody can take it in between, and no
 * wake-up can be lost:
 *
 *  - a free that reads slow as 0 ends before the grace period that the first
 *    waiter waits for, and is found by its drain;
 *  - one that reads 1 takes the lock, after the waiter queued under it.
 *
 * A waiter whom only the pool's limit of bytes keeps waiting can be helped by
 * a free of any class.  While there is one, the pool is starved: all classes
 * are slow, and each buffer that comes back lets those who wait look.  The
 * same two cases hold, with the grace period of mpool_starve_begin().
 */
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "class.h"
#include "magazine.h"
#include "pool.h"
#include "use.h"
#include "wait.h"
#include "waiter.h"

/**
 * mpool_wait_init() - prepare a class's slow side
 * @cls: the class
 */
void mpool_wait_init(struct mpool_class *cls)
{
	raw_spin_lock_init(&cls->lock);
	INIT_LIST_HEAD(&cls->waiters);
	INIT_LIST_HEAD(&cls->reserve_waiters);
	mutex_init(&cls->drain_mutex);
	/* Buffers too large for magazines live in the depot alone. */
	cls->slow_users = !cls->cpu_cap;
	cls->slow = cls->slow_users;
}

/**
 * mpool_slow_begin() - have allocations and frees go through the class's lock
 * @cls: the class, its lock held
 */
void mpool_slow_begin(struct mpool_class *cls)
{
	lockdep_assert_held(&cls->lock);
	cls->slow_users++;
	WRITE_ONCE(cls->slow, 1);
	WRITE_ONCE(cls->cpu, &mpool_cpu_closed);
}

/**
 * mpool_slow_end() - one reason less for it
 * @cls: the class, its lock held
 */
void mpool_slow_end(struct mpool_class *cls)
{
	lockdep_assert_held(&cls->lock);
	if (--cls->slow_users)
		return;
	/* The magazines as we left them; pairs with mpool_cpu_enter(). */
	smp_store_release(&cls->cpu, cls->cpus);
	/* The same for who asks @slow. */
	smp_store_release(&cls->slow, 0);
}

/* Out of the queue; the caller has the lock. */
static void wait_unlink(struct mpool_class *cls, struct mpool_waiter *w)
{
	if (list_empty(&w->node))
		return;
	list_del_init(&w->node);
	if (w->how->reserve)
		list_del_init(&w->reserve_node);
}

static void hand_over(struct mpool_class *cls, struct mpool_waiter *w, void *buf)
{
	wait_unlink(cls, w);
	WRITE_ONCE(w->buf, buf);
	/* The caller has the lock: @w is gone once its task can take it. */
	wake_up_process(w->task);
}

static void reserve_add(struct mpool_class *cls, void *buf)
{
	lockdep_assert_held(&cls->lock);
	*mpool_buf_next(cls, buf) = cls->reserve;
	cls->reserve = buf;
	/* A short reserve keeps the class slow, so that frees come by here. */
	WRITE_ONCE(cls->nr_reserve, cls->nr_reserve + 1);
	if (cls->nr_reserve == cls->reserve_target)
		mpool_slow_end(cls);
}

static bool reserve_short(const struct mpool_class *cls)
{
	return cls->nr_reserve < cls->reserve_target;
}

/*
 * Who is to have the next buffer.  While the reserve is short only those who may
 * have of it: others give theirs back when they like, and would have all of it in
 * the end, one by one, as it is used and comes back.
 */
static struct mpool_waiter *next_waiter(struct mpool_class *cls)
{
	lockdep_assert_held(&cls->lock);
	if (reserve_short(cls))
		return list_first_entry_or_null(&cls->reserve_waiters,
						struct mpool_waiter, reserve_node);
	return list_first_entry_or_null(&cls->waiters, struct mpool_waiter, node);
}

/* Hands what the depots hold to those who wait, and to the reserve before leases. */
static void serve(struct mpool_class *cls)
{
	struct mpool_waiter *w;
	void *buf;

	while (!list_empty(&cls->waiters)) {
		w = next_waiter(cls);
		if (w)
			buf = mpool_depot_get(cls, 0);
		/* Nobody's allocation, and counted as none. */
		else if (!mpool_depot_take_old(cls, 0, 1, &buf))
			buf = NULL;
		if (!buf)
			return;
		if (w)
			hand_over(cls, w, buf);
		else
			reserve_add(cls, buf);
	}
}

/**
 * mpool_drain_begin() - bring every free buffer into the depots, and keep it so
 * @cls: the class
 *
 * Until mpool_drain_end() no magazine is used.
 *
 * Context: process, may sleep; takes drain_mutex.
 */
void mpool_drain_begin(struct mpool_class *cls)
{
	unsigned long flags;
	int cpu;

	mutex_lock(&cls->drain_mutex);
	raw_spin_lock_irqsave(&cls->lock, flags);
	mpool_slow_begin(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	synchronize_rcu_expedited();
	for_each_possible_cpu(cpu)
		mpool_magazine_flush_cpu(cls, cpu);
	raw_spin_lock_irqsave(&cls->lock, flags);
	serve(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
}

/**
 * mpool_drain_end() - let the magazines work again
 * @cls: the class
 */
void mpool_drain_end(struct mpool_class *cls)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->lock, flags);
	mpool_slow_end(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	mutex_unlock(&cls->drain_mutex);
}

/**
 * mpool_drain_dead_cpu() - take the buffers of a CPU that is gone
 * @cls: the class
 * @cpu: offline, so nobody is or comes inside its magazine
 *
 * Context: process, may sleep.
 */
void mpool_drain_dead_cpu(struct mpool_class *cls, int cpu)
{
	unsigned long flags;

	mutex_lock(&cls->drain_mutex);
	mpool_magazine_flush_cpu(cls, cpu);
	raw_spin_lock_irqsave(&cls->lock, flags);
	serve(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	mutex_unlock(&cls->drain_mutex);
}

static void *reserve_take(struct mpool_class *cls)
{
	void *buf = cls->reserve;

	lockdep_assert_held(&cls->lock);
	if (!buf)
		return NULL;
	cls->reserve = *mpool_buf_next(cls, buf);
	if (cls->nr_reserve == cls->reserve_target)
		mpool_slow_begin(cls);
	WRITE_ONCE(cls->nr_reserve, cls->nr_reserve - 1);
	return buf;
}

/**
 * mpool_reserve_empty() - give the reserve back, at a class's end
 * @cls: a class that nobody else uses any more
 *
 * Context: process, may sleep.
 */
void mpool_reserve_empty(struct mpool_class *cls)
{
	void *buf;

	while ((buf = cls->reserve)) {
		cls->reserve = *mpool_buf_next(cls, buf);
		WRITE_ONCE(cls->nr_reserve, cls->nr_reserve - 1);
		mpool_class_give_back(cls, 1, &buf);
		cond_resched();
	}
}

/**
 * mpool_reserve_get() - take from the reserve, for who may sleep
 * @cls: the class
 *
 * Return: a buffer, or NULL when the reserve is empty.
 */
void *mpool_reserve_get(struct mpool_class *cls)
{
	void *buf;
	unsigned long flags;

	if (!READ_ONCE(cls->nr_reserve))
		return NULL;
	raw_spin_lock_irqsave(&cls->lock, flags);
	buf = reserve_take(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	if (buf) {
		atomic64_inc(&cls->handed);
		mpool_use_changed(cls);
	}
	return buf;
}

/**
 * mpool_has_waiters() - is there a queue
 * @cls: the class
 *
 * Return: a snapshot, for who would jump the queue.
 */
bool mpool_has_waiters(struct mpool_class *cls)
{
	return !list_empty_careful(&cls->waiters);
}

/**
 * mpool_slow_get() - allocate from the depots of a slow class
 * @cls: the class
 * @gfp: of the allocation; see mpool_depot_get()
 *
 * Context: any but NMI.
 * Return: a buffer, or NULL when there is none or others wait for it.
 */
void *mpool_slow_get(struct mpool_class *cls, gfp_t gfp)
{
	void *buf = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->lock, flags);
	if (list_empty(&cls->waiters))
		buf = mpool_depot_get(cls, gfp);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	return buf;
}

/* Nothing need be seen before the look: see the callers. */
static void kick_first(struct mpool_class *cls)
{
	unsigned long flags;
	struct mpool_waiter *w;

	if (!mpool_has_waiters(cls))
		return;
	raw_spin_lock_irqsave(&cls->lock, flags);
	w = list_first_entry_or_null(&cls->waiters, struct mpool_waiter, node);
	if (w) {
		WRITE_ONCE(w->retry, true);
		wake_up_process(w->task);
	}
	raw_spin_unlock_irqrestore(&cls->lock, flags);
}

/* What came back in one class may be room for another. */
static void kick_all(struct mpool *pool)
{
	unsigned int i;

	/* As in mpool_wait_kick(). */
	smp_mb();
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			kick_first(cls);
	}
}

/**
 * mpool_wait_kick() - memory under the limit may be had: let the first look
 * @cls: the class
 *
 * When the pool is starved, the first of each class.
 *
 * Context: any but NMI.
 */
void mpool_wait_kick(struct mpool_class *cls)
{
	/*
	 * What the caller made to be had before the look at the queue; a
	 * waiter is in the queue before it looks (mpool_wait()), and has
	 * raised starved before it looks at other classes.
	 */
	smp_mb();
	/* Behind the barrier, as are the looks at the queues. */
	if (waitqueue_active(&cls->pool->room))
		wake_up_interruptible_poll(&cls->pool->room,
					   EPOLLOUT | EPOLLWRNORM);
	if (unlikely(atomic_read(&cls->pool->starved)))
		kick_all(cls->pool);
	else
		kick_first(cls);
}

/**
 * mpool_wait_grown() - room may be free again that was set aside in vain
 * @cls: the class
 * @err: what came of growing it; only -ENOMEM is of interest
 *
 * Room below the limits is set aside before memory is asked for, which may take
 * long; who is refused meanwhile waits for it.  Not for who grows a class while
 * he waits in its queue: that would be a reason for him to look again, or for
 * two of them to wake each other, for as long as there is no memory.
 *
 * Context: any but NMI.
 */
void mpool_wait_grown(struct mpool_class *cls, int err)
{
	if (err == -ENOMEM)
		mpool_wait_kick(cls);
}

/**
 * mpool_slow_put() - give a buffer to whoever needs it most
 * @cls: the class
 * @buf: MPOOL_FREE, nobody's
 * @freed: a user's free, to be counted; not one just made or moved
 *
 * Who waits comes first, then the reserve, then the depot; but a lease waits for
 * the reserve to be full.
 *
 * Context: any but NMI.
 */
void mpool_slow_put(struct mpool_class *cls, void *buf, bool freed)
{
	bool starved = false;
	unsigned long flags;
	struct mpool_waiter *w;

	/* What comes to this side is the kernel's from here on. */
	if (cls->paged)
		mpool_desc(buf)->owner = MPOOL_OWNER_KERNEL;
	mpool_buf_hide(cls, buf);
	raw_spin_lock_irqsave(&cls->lock, flags);
	w = next_waiter(cls);
	if (w) {
		atomic64_inc(&cls->handed);
		hand_over(cls, w, buf);
	} else if (reserve_short(cls)) {
		reserve_add(cls, buf);
	} else if (freed) {
		mpool_depot_free(cls, buf);
		freed = false;
		/* Before the lock goes: see mpool_starve_begin(). */
		starved = atomic_read(&cls->pool->starved);
	} else {
		mpool_depot_put(cls, buf);
	}
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	if (freed) {
		atomic64_inc(&cls->taken);
		mpool_use_changed(cls);
	}
	if (unlikely(starved))
		kick_all(cls->pool);
}

/**
 * mpool_waiter_join() - queue for a buffer of a class
 * @cls: the class
 * @w: the waiter
 *
 * Return: true when this waiter has to drain for all.
 */
bool mpool_waiter_join(struct mpool_class *cls, struct mpool_waiter *w)
{
	unsigned long flags;
	bool first;

	raw_spin_lock_irqsave(&cls->lock, flags);
	first = list_empty(&cls->waiters);
	list_add_tail(&w->node, &cls->waiters);
	if (w->how->reserve)
		list_add_tail(&w->reserve_node, &cls->reserve_waiters);
	mpool_slow_begin(cls);
	serve(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	return first;
}

/**
 * mpool_waiter_leave() - leave the queue
 * @cls: the class
 * @w: joined
 *
 * Return: the buffer that was handed over meanwhile, or NULL.
 */
void *mpool_waiter_leave(struct mpool_class *cls, struct mpool_waiter *w)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->lock, flags);
	wait_unlink(cls, w);
	mpool_slow_end(cls);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	/* What this one did not need may serve the next. */
	mpool_wait_kick(cls);
	return w->buf;
}

/**
 * mpool_waiter_pass() - to others what is no help to a waiter
 * @cls: the class
 *
 * Of a reserve, for those behind one who may have nothing of it, and found none.
 * As a rule there are none: who may have of it comes here when it is empty.
 */
void mpool_waiter_pass(struct mpool_class *cls)
{
	struct mpool_waiter *w;
	bool served = false;
	unsigned long flags;

	if (!READ_ONCE(cls->nr_reserve) ||
	    list_empty_careful(&cls->reserve_waiters))
		return;
	raw_spin_lock_irqsave(&cls->lock, flags);
	while (cls->reserve && !list_empty(&cls->reserve_waiters)) {
		w = list_first_entry(&cls->reserve_waiters, struct mpool_waiter,
				     reserve_node);
		atomic64_inc(&cls->handed);
		hand_over(cls, w, reserve_take(cls));
		served = true;
	}
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	if (served)
		mpool_use_changed(cls);
}
