// SPDX-License-Identifier: GPL-2.0
/*
 * A pool in which somebody waits at the limit of bytes.
 *
 * What would help is a buffer of any class, given back to the system.  So all
 * classes are slow while there is such a waiter, and each free lets those who
 * wait look again (mpool_wait_kick()).
 */
#include "class.h"
#include "pool.h"
#include "starve.h"
#include "wait.h"

/**
 * mpool_starve_join() - let a class that was just made be found
 * @pool: the pool, its lock held
 * @cls: the class, complete
 *
 * Context: process, may sleep.
 */
void mpool_starve_join(struct mpool *pool, struct mpool_class *cls)
{
	unsigned long flags;

	mutex_lock(&pool->starve_lock);
	if (atomic_read(&pool->starved)) {
		raw_spin_lock_irqsave(&cls->lock, flags);
		mpool_slow_begin(cls);
		raw_spin_unlock_irqrestore(&cls->lock, flags);
	}
	/* Whoever sees the class sees it complete. */
	smp_store_release(&pool->classes[cls->index], cls);
	mutex_unlock(&pool->starve_lock);
}

/**
 * mpool_starve_begin() - somebody waits for bytes that any class may give back
 * @pool: the pool
 *
 * A free in another class that has not seen starved ended before the grace
 * period, which it was in from its put to its look; so what it put back is
 * found when the caller looks again, which it does after this.
 *
 * Context: process, may sleep.
 */
void mpool_starve_begin(struct mpool *pool)
{
	unsigned long flags;
	unsigned int i;

	mutex_lock(&pool->starve_lock);
	if (atomic_inc_return(&pool->starved) == 1) {
		for (i = 0; i < pool->nr_classes; i++) {
			struct mpool_class *cls = mpool_pool_peek(pool, i);

			if (!cls)
				continue;
			raw_spin_lock_irqsave(&cls->lock, flags);
			mpool_slow_begin(cls);
			raw_spin_unlock_irqrestore(&cls->lock, flags);
		}
		synchronize_rcu_expedited();
	}
	mutex_unlock(&pool->starve_lock);
}

/**
 * mpool_starve_end() - one who waits for bytes less
 * @pool: the pool
 *
 * Context: process, may sleep.
 */
void mpool_starve_end(struct mpool *pool)
{
	unsigned long flags;
	unsigned int i;

	mutex_lock(&pool->starve_lock);
	if (atomic_dec_and_test(&pool->starved)) {
		for (i = 0; i < pool->nr_classes; i++) {
			struct mpool_class *cls = mpool_pool_peek(pool, i);

			if (!cls)
				continue;
			raw_spin_lock_irqsave(&cls->lock, flags);
			mpool_slow_end(cls);
			raw_spin_unlock_irqrestore(&cls->lock, flags);
		}
	}
	mutex_unlock(&pool->starve_lock);
}
