// SPDX-License-Identifier: GPL-2.0
/*
 * What a size class, its tier and its pool may have.
 *
 * Who makes buffers counts them first, below each limit, so that none is ever
 * passed, however many grow at once.  He goes by the limits in force, or by a
 * trial: those that a change of settings asks for, before it is known to succeed.
 * All count in one place.  So what a trial made is in the way of the others, who
 * keep to the limits in force, and never the other way round.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>

#include "class.h"
#include "limits.h"
#include "pool.h"

static unsigned int max_of(const struct mpool_class *cls,
			   const struct mpool_limits *trial)
{
	return trial ? trial->max : READ_ONCE(cls->max);
}

static unsigned long tier_max_of(const struct mpool_class *cls,
				 const struct mpool_limits *trial)
{
	return trial ? trial->tier_bytes :
		       READ_ONCE(cls->pool->tier_max[cls->tier]);
}

static unsigned long pool_max_of(const struct mpool_class *cls,
				 const struct mpool_limits *trial)
{
	return trial ? trial->bytes : READ_ONCE(cls->pool->max_bytes);
}

static bool take_slots(struct mpool_class *cls,
		       const struct mpool_limits *trial, unsigned int *nr)
{
	int old = atomic_read(&cls->backed);
	unsigned int max, room;

	do {
		max = max_of(cls, trial);
		room = max > old ? max - old : 0;
		*nr = min(*nr, room);
		if (!*nr)
			return false;
	} while (!atomic_try_cmpxchg(&cls->backed, &old, old + *nr));
	return true;
}

typedef unsigned long (*bytes_max_t)(const struct mpool_class *cls,
				     const struct mpool_limits *trial);

/* Room for up to @nr buffers below one limit of bytes. */
static bool take_bytes(struct mpool_class *cls,
		       const struct mpool_limits *trial, atomic_long_t *bytes,
		       bytes_max_t max_of, unsigned int *nr)
{
	unsigned long cost = mpool_class_cost(cls);
	long old = atomic_long_read(bytes);
	unsigned long max, room;

	do {
		max = max_of(cls, trial);
		room = max > old ? (max - old) / cost : 0;
		*nr = min_t(unsigned long, *nr, room);
		if (!*nr)
			return false;
	} while (!atomic_long_try_cmpxchg(bytes, &old, old + *nr * cost));
	return true;
}

/* The tier's, then the pool's. */
static bool take_all_bytes(struct mpool_class *cls,
			   const struct mpool_limits *trial, unsigned int *nr)
{
	atomic_long_t *tier = &cls->pool->tier_bytes[cls->tier];
	unsigned int most = *nr;

	if (!take_bytes(cls, trial, tier, tier_max_of, &most))
		return false;
	*nr = most;
	if (!take_bytes(cls, trial, &cls->pool->bytes, pool_max_of, nr))
		*nr = 0;
	atomic_long_sub((most - *nr) * mpool_class_cost(cls), tier);
	return *nr;
}

/**
 * mpool_limits_take() - count buffers that are to be made
 * @cls: the class
 * @trial: what to go by; NULL: the limits in force
 * @nr: how many
 *
 * Context: any.
 * Return: how many may be made, as many as all limits allow up to @nr.
 */
unsigned int mpool_limits_take(struct mpool_class *cls,
			       const struct mpool_limits *trial,
			       unsigned int nr)
{
	unsigned int slots = nr;

	if (!take_slots(cls, trial, &slots))
		return 0;
	nr = slots;
	if (!take_all_bytes(cls, trial, &nr))
		nr = 0;
	atomic_sub(slots - nr, &cls->backed);
	return nr;
}

/**
 * mpool_limits_put() - buffers are gone, or were not made
 * @cls: the class
 * @nr: how many
 *
 * Context: any.
 */
void mpool_limits_put(struct mpool_class *cls, unsigned int nr)
{
	atomic_long_sub(nr * mpool_class_cost(cls), &cls->pool->bytes);
	atomic_long_sub(nr * mpool_class_cost(cls),
			&cls->pool->tier_bytes[cls->tier]);
	atomic_sub(nr, &cls->backed);
}

/**
 * mpool_limits_full() - does a class back as much as it may
 * @cls: the class
 * @trial: what to go by; NULL: the limit in force
 *
 * Context: any.
 * Return: a snapshot.
 */
bool mpool_limits_full(const struct mpool_class *cls,
		       const struct mpool_limits *trial)
{
	return atomic_read(&cls->backed) >= (int)max_of(cls, trial);
}

/**
 * mpool_limits_tier_lacks() - what a tier lacks for another buffer
 * @cls: the buffer's class
 * @trial: what to go by; NULL: the limit in force
 *
 * Context: any.
 * Return: bytes, 0 or less when there is room; a snapshot.
 */
long mpool_limits_tier_lacks(const struct mpool_class *cls,
			     const struct mpool_limits *trial)
{
	long bytes = atomic_long_read(&cls->pool->tier_bytes[cls->tier]);

	return bytes + (long)mpool_class_cost(cls) -
	       (long)tier_max_of(cls, trial);
}

/**
 * mpool_limits_lacks() - what a pool or a tier lacks for another buffer
 * @cls: the buffer's class; its own limit does not count
 * @trial: what to go by; NULL: the limits in force
 *
 * Context: any.
 * Return: bytes, 0 or less when there is room; a snapshot.
 */
long mpool_limits_lacks(const struct mpool_class *cls,
			const struct mpool_limits *trial)
{
	long bytes = atomic_long_read(&cls->pool->bytes) +
		     (long)mpool_class_cost(cls) -
		     (long)pool_max_of(cls, trial);

	return max(bytes, mpool_limits_tier_lacks(cls, trial));
}
