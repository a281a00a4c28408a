// SPDX-License-Identifier: GPL-2.0
/*
 * What leaves the depots by age: least recently used first, for who gives
 * memory back or does not profit from what the cache still has of it.
 */
#include <linux/jiffies.h>
#include <linux/topology.h>

#include "class.h"
#include "depot.h"
#include "node.h"
#include "supply.h"

/* The magazine used least recently, if it has been idle for @age. */
static struct mpool_mag *depot_oldest(struct mpool_depot *depot,
				      unsigned long age)
{
	struct mpool_mag *mag = depot->partial, *last;

	lockdep_assert_held(&depot->lock);
	if (depot->nr_full) {
		last = list_last_entry(&depot->full, struct mpool_mag, node);
		if (!mag->nr || !time_before(mag->stamp, last->stamp))
			mag = last;
	}
	if (!mag->nr || (age && time_before(jiffies, mag->stamp + age)))
		return NULL;
	return mag;
}

/* Up to @nr buffers of one magazine; the rest of it is where it was. */
static unsigned int depot_take_one(struct mpool_class *cls,
				   struct mpool_depot *depot, unsigned long age,
				   unsigned int nr, void **bufs)
{
	struct mpool_mag *mag;
	unsigned long flags;
	unsigned int n = 0;

	raw_spin_lock_irqsave(&depot->lock, flags);
	mag = depot_oldest(depot, age);
	while (mag && n < nr && mag->nr)
		bufs[n++] = mag->bufs[--mag->nr];
	if (mag && !mag->nr && mag != depot->partial) {
		list_del(&mag->node);
		depot->nr_full--;
		mpool_supply_put(cls, mag);
	}
	WRITE_ONCE(depot->nr, depot->nr - n);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return n;
}

/**
 * mpool_depot_take_cold() - take free buffers, the nearest first
 * @cls: the class, its lock held
 * @nr: most buffers
 * @bufs: where to
 *
 * Of a node's those used least recently, for who does not profit from what
 * the cache still has of them.
 *
 * Return: how many were taken; they are MPOOL_FREE and the caller's.
 */
unsigned int mpool_depot_take_cold(struct mpool_class *cls, unsigned int nr,
				   void **bufs)
{
	int near = mpool_depot_near(cls, numa_mem_id()), node;
	unsigned int n = 0, got;

	lockdep_assert_held(&cls->lock);
	mpool_for_each_near(node, near) {
		do {
			got = depot_take_one(cls, cls->depots[node], 0, nr - n,
					     bufs + n);
			n += got;
		} while (got);
	}
	mpool_depot_took(cls, n, false);
	return n;
}

/* The depot whose oldest magazine is the oldest of all, and old enough. */
static struct mpool_depot *depot_next_old(struct mpool_class *cls,
					  unsigned long age)
{
	struct mpool_depot *depot, *best = NULL;
	unsigned long flags, oldest = 0;
	struct mpool_mag *mag;
	int node;

	for_each_node(node) {
		depot = cls->depots[node];
		if (!READ_ONCE(depot->nr))
			continue;
		raw_spin_lock_irqsave(&depot->lock, flags);
		mag = depot_oldest(depot, age);
		if (mag && (!best || time_before(mag->stamp, oldest))) {
			best = depot;
			oldest = mag->stamp;
		}
		raw_spin_unlock_irqrestore(&depot->lock, flags);
	}
	return best;
}

/**
 * mpool_depot_take_old() - take idle buffers, least recently used first
 * @cls: the class, its lock held
 * @age: jiffies that a buffer must have been idle, 0 for any
 * @nr: most buffers
 * @bufs: where to
 *
 * Return: how many were taken; they are MPOOL_FREE and the caller's.
 */
unsigned int mpool_depot_take_old(struct mpool_class *cls, unsigned long age,
				  unsigned int nr, void **bufs)
{
	struct mpool_depot *depot;
	unsigned int n = 0;

	lockdep_assert_held(&cls->lock);
	while (n < nr) {
		depot = depot_next_old(cls, age);
		if (!depot)
			break;
		/* None, when somebody was faster: then look again. */
		n += depot_take_one(cls, depot, age, nr - n, bufs + n);
	}
	mpool_depot_took(cls, n, false);
	return n;
}
