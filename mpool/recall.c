// SPDX-License-Identifier: GPL-2.0
/*
 * Calling kept buffers back.
 *
 * Clients keep buffers that they released, still mapped, to lease them again
 * without a fault.  They are free for everybody else as soon as somebody wants
 * them.  To take one means to take mappings away, which sleeps and waits for
 * page locks: a lease and a worker do it themselves, whoever allocates under
 * constraints has a worker do it.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/timekeeping.h>

#include "class.h"
#include "pool.h"
#include "recall.h"
#include "work.h"

/**
 * mpool_keeper_add() - somebody may keep buffers from now on
 * @pool: the pool
 * @keeper: his, filled in
 *
 * Context: process, may sleep.
 */
void mpool_keeper_add(struct mpool *pool, struct mpool_keeper *keeper)
{
	mutex_lock(&pool->keepers_lock);
	list_add(&keeper->node, &pool->keepers);
	mutex_unlock(&pool->keepers_lock);
}

/**
 * mpool_keeper_del() - nobody asks him any more
 * @pool: the pool
 * @keeper: added before
 *
 * Context: process, may sleep; waits for who is asking.
 */
void mpool_keeper_del(struct mpool *pool, struct mpool_keeper *keeper)
{
	mutex_lock(&pool->keepers_lock);
	list_del(&keeper->node);
	mutex_unlock(&pool->keepers_lock);
}

/**
 * mpool_recall() - have kept buffers given back
 * @cls: a class of pages
 * @nr: how many at most
 * @age_ms: those not used for as long, to the second; 0: all
 *
 * They go the way of every released buffer: what is pinned to quarantine, the
 * others to the dirty stock.
 *
 * Context: process, sleeps; takes page locks of leased memory, so not for
 * who may be asked to free memory himself.
 * Return: how many left their keepers.
 */
unsigned int mpool_recall(struct mpool_class *cls, unsigned int nr,
			  unsigned int age_ms)
{
	u32 now = ktime_get_boottime_seconds(), until = U32_MAX;
	struct mpool *pool = cls->pool;
	struct mpool_keeper *keeper;
	unsigned int done = 0;

	if (!atomic_read(&cls->stock.cached))
		return 0;
	if (age_ms)
		until = now - min(now, (u32)DIV_ROUND_UP(age_ms, MSEC_PER_SEC));
	mutex_lock(&pool->keepers_lock);
	list_for_each_entry(keeper, &pool->keepers, node) {
		done += keeper->shed(keeper, cls, nr - done, until);
		if (done == nr)
			break;
	}
	mutex_unlock(&pool->keepers_lock);
	return done;
}

/**
 * mpool_recall_user() - have all of a user's kept buffers of a pool given back
 * @pool: the pool
 * @user: whose locked memory is at its limit
 *
 * Context: as for mpool_recall().
 */
void mpool_recall_user(struct mpool *pool, const struct user_struct *user)
{
	struct mpool_keeper *keeper;

	mutex_lock(&pool->keepers_lock);
	list_for_each_entry(keeper, &pool->keepers, node)
		if (keeper->user == user)
			keeper->shed(keeper, NULL, UINT_MAX, U32_MAX);
	mutex_unlock(&pool->keepers_lock);
}

/**
 * mpool_recall_share() - have all that counts in a share given back, if kept
 * @pool: the pool
 * @share: that is at its limit, or one of whose clients is at his
 *
 * Context: as for mpool_recall().
 */
void mpool_recall_share(struct mpool *pool, const struct mpool_share *share)
{
	struct mpool_keeper *keeper;

	mutex_lock(&pool->keepers_lock);
	list_for_each_entry(keeper, &pool->keepers, node)
		if (keeper->share == share)
			keeper->shed(keeper, NULL, UINT_MAX, U32_MAX);
	mutex_unlock(&pool->keepers_lock);
}

/**
 * mpool_recall_payer() - have all that a payer's clients keep given back
 * @pool: the pool
 * @payer: whose cgroup is at its limit
 *
 * Context: as for mpool_recall().
 */
void mpool_recall_payer(struct mpool *pool, const struct mpool_payer *payer)
{
	struct mpool_keeper *keeper;

	mutex_lock(&pool->keepers_lock);
	list_for_each_entry(keeper, &pool->keepers, node)
		if (keeper->payer == payer)
			keeper->shed(keeper, NULL, UINT_MAX, U32_MAX);
	mutex_unlock(&pool->keepers_lock);
}

/**
 * mpool_recall_later() - have a worker call all of a class back
 * @cls: the class
 *
 * Context: any but NMI.
 */
void mpool_recall_later(struct mpool_class *cls)
{
	/*
	 * The caller's place in the queue of waiters before the look; a keeper
	 * counts what he keeps, then looks at the queue (keep.c).
	 */
	smp_mb();
	if (atomic_read(&cls->stock.cached))
		queue_work(mpool_wq, &cls->stock.recall_work);
}

/**
 * mpool_recall_fn() - does it
 * @work: recall_work of a class's stock
 */
void mpool_recall_fn(struct work_struct *work)
{
	mpool_recall(container_of(work, struct mpool_class, stock.recall_work),
		     UINT_MAX, 0);
}
