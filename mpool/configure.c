// SPDX-License-Identifier: GPL-2.0
/*
 * Changing a pool's settings while it is in use.
 *
 * A change is checked whole, then made under the pool's lock.  Those who read
 * settings meanwhile read one at a time, and may see some of a call's before
 * the others; what may not be seen in halves (access.c) is not.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mpool.h>

#include "access.h"
#include "class.h"
#include "compat/export.h"
#include "configure.h"
#include "pool.h"
#include "reclaim.h"
#include "reserve.h"
#include "settings.h"
#include "use.h"
#include "work.h"

/* What is idle above a class's limit goes; what is in use goes later. */
static void class_apply(struct mpool_class *cls,
			const struct mpool_pool_config *set)
{
	unsigned int max = set->max[cls->tier], backed;

	WRITE_ONCE(cls->initial, min(set->initial[cls->tier], max));
	WRITE_ONCE(cls->max, max);
	backed = atomic_read(&cls->backed);
	if (backed > max)
		mpool_reclaim_class(cls, 0, backed - max, true);
}

/* Bytes above a limit that a class counts against, if any. */
static long bytes_over(const struct mpool_class *cls)
{
	const struct mpool *pool = cls->pool;
	long tier = atomic_long_read(&pool->tier_bytes[cls->tier]) -
		    (long)pool->tier_max[cls->tier];
	long all = atomic_long_read(&pool->bytes) - (long)pool->max_bytes;

	return max(tier, all);
}

/* The same for the limits of bytes, the largest buffers first. */
static void pool_apply_bytes(struct mpool *pool)
{
	int i;

	for (i = pool->nr_classes - 1; i >= 0; i--) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);
		long over = cls ? bytes_over(cls) : 0;

		if (over > 0)
			mpool_reclaim_class(cls, 0,
					    DIV_ROUND_UP(over, mpool_class_cost(cls)),
					    true);
	}
}

/* A worker that runs now looks at the interval before it comes again. */
static void pool_apply_interval(struct mpool *pool)
{
	unsigned int ms = pool->settings.cleanup_interval_ms;

	if (ms)
		mod_delayed_work(mpool_wq, &pool->cleanup,
				 msecs_to_jiffies(ms));
	else
		cancel_delayed_work(&pool->cleanup);
}

static void pool_store(struct mpool *pool, const struct mpool_pool_config *set)
{
	struct mpool_pool_config *now = &pool->settings;
	unsigned int t;

	for (t = 0; t < MPOOL_NR_TIERS; t++) {
		WRITE_ONCE(now->initial[t], set->initial[t]);
		WRITE_ONCE(now->max[t], set->max[t]);
		WRITE_ONCE(now->tier_max_bytes[t], set->tier_max_bytes[t]);
	}
	WRITE_ONCE(now->flags, set->flags);
	WRITE_ONCE(now->client_max, set->client_max);
	WRITE_ONCE(now->client_max_bytes, set->client_max_bytes);
	WRITE_ONCE(now->user_max, set->user_max);
	WRITE_ONCE(now->user_max_bytes, set->user_max_bytes);
	WRITE_ONCE(now->low_percent, set->low_percent);
	WRITE_ONCE(now->high_percent, set->high_percent);
	WRITE_ONCE(now->growth_percent, set->growth_percent);
	WRITE_ONCE(now->shrink_percent, set->shrink_percent);
	WRITE_ONCE(now->cleanup_interval_ms, set->cleanup_interval_ms);
	WRITE_ONCE(now->max_age_ms, set->max_age_ms);
	WRITE_ONCE(now->reserve, set->reserve);
	WRITE_ONCE(now->max_bytes, set->max_bytes);
	WRITE_ONCE(pool->max_bytes, set->max_bytes);
}

/* All classes, and what is left above a limit given back. */
static void pool_apply_limits(struct mpool *pool,
			      const struct mpool_pool_config *set)
{
	struct mpool_class *cls;
	unsigned int i;

	WRITE_ONCE(pool->max_bytes, set->max_bytes);
	mpool_pool_tier_limits(pool, set);
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			class_apply(cls, set);
	}
	pool_apply_bytes(pool);
	/* There may be room now for who waits, in each class. */
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			mpool_wait_kick(cls);
	}
}

static void pool_apply(struct mpool *pool, const struct mpool_pool_config *set,
		       const struct mpool_access *access)
{
	bool interval = set->cleanup_interval_ms !=
			pool->settings.cleanup_interval_ms;

	pool_store(pool, set);
	mpool_access_set(pool, access);
	if (interval)
		pool_apply_interval(pool);
	pool_apply_limits(pool, set);
	mpool_use_watch(pool, set);
}

/* The first @nr classes' reserves; on failure those before are as they were. */
static int reserves_set(struct mpool *pool, unsigned int nr,
			unsigned int target)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			err = mpool_reserve_set(cls, target);
	}
	/* Less than there was before can always be had. */
	if (err)
		reserves_set(pool, i - 1, pool->settings.reserve);
	return err;
}

/*
 * The one change that can fail for want of memory comes first, with whatever
 * limits it may go by before or after.
 */
static int pool_apply_reserve(struct mpool *pool,
			      const struct mpool_pool_config *set)
{
	struct mpool_pool_config wide = pool->settings;
	unsigned int t;
	int err;

	if (set->reserve == pool->settings.reserve)
		return 0;
	for (t = 0; t < MPOOL_NR_TIERS; t++) {
		wide.max[t] = max(wide.max[t], set->max[t]);
		/* 0 is no limit, and less one is more than any. */
		wide.tier_max_bytes[t] = max(wide.tier_max_bytes[t] - 1,
					     set->tier_max_bytes[t] - 1) + 1;
	}
	wide.max_bytes = max(wide.max_bytes, set->max_bytes);
	pool_apply_limits(pool, &wide);
	err = reserves_set(pool, pool->nr_classes, set->reserve);
	if (err)
		pool_apply_limits(pool, &pool->settings);
	return err;
}

static int configure(struct mpool *pool, const struct mpool_pool_config *change,
		     u64 mask, bool trusted)
{
	struct mpool_settings_bad bad;
	struct mpool_pool_config set;
	struct mpool_access access;
	int err;

	lockdep_assert_held(&pool->lock);
	err = mpool_settings_change(&pool->settings, change, mask, &set);
	if (!err)
		err = mpool_settings_fit(&set,
					 mpool_settings_tiers(pool->sizes,
							      pool->nr_classes),
					 &bad);
	if (!err)
		err = mpool_access_change(pool, change, mask, trusted, &access);
	if (err)
		return err;
	/* How much memory an owner may take is not for him to say. */
	if (!trusted && set.max_bytes > pool->settings.max_bytes)
		return -EPERM;
	err = pool_apply_reserve(pool, &set);
	if (err)
		return err;
	access.mode = set.mode;
	pool_apply(pool, &set, &access);
	return 0;
}

/**
 * mpool_pool_configure() - change settings for somebody
 * @pool: the pool
 * @change: new values
 * @mask: which of them, MPOOL_CONFIG_*
 * @trusted: the caller may do all; else what the pool's owner may
 *
 * Context: process, may sleep.
 * Return: as mpool_configure(); -EPERM.
 */
int mpool_pool_configure(struct mpool *pool,
			 const struct mpool_pool_config *change, u64 mask,
			 bool trusted)
{
	int err;

	mutex_lock(&pool->lock);
	err = configure(pool, change, mask, trusted);
	mutex_unlock(&pool->lock);
	return err;
}

/**
 * mpool_configure() - change settings of a pool in use
 * @pool: the pool
 * @set: new values of those in @mask, as for mpool_create(): 0 in a field is
 *	its default, MPOOL_NONE none; the others are not looked at
 * @mask: which of them, MPOOL_CONFIG_*
 *
 * Takes effect at once: the next allocation, miss and cleanup go by the new
 * values, and a higher limit wakes who waits.  Under a lower limit idle
 * buffers above it go at once, others when they come back and are trimmed.  A
 * lower max takes initial along, unless that is in @mask.  A larger reserve is
 * set aside before the call returns.  Magazines keep the size that the class
 * was made with.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL; -ENOSPC or -ENOMEM when a reserve that is raised cannot be
 * had.  After an error nothing is changed.
 */
int mpool_configure(struct mpool *pool, const struct mpool_pool_config *set,
		    u64 mask)
{
	might_sleep();
	return mpool_pool_configure(pool, set, mask, true);
}
EXPORT_SYMBOL_NS_GPL(mpool_configure, MPOOL_NS);

/**
 * mpool_get_config() - the settings in force
 * @pool: the pool
 * @set: where to, in the form that mpool_configure() takes: MPOOL_NONE where
 *	there is none; uid and gid are those of the caller's user namespace
 *
 * Context: process, may sleep.
 */
void mpool_get_config(struct mpool *pool, struct mpool_pool_config *set)
{
	mutex_lock(&pool->lock);
	*set = pool->settings;
	set->uid = from_kuid_munged(current_user_ns(), pool->uid);
	set->gid = from_kgid_munged(current_user_ns(), pool->gid);
	mutex_unlock(&pool->lock);
	mpool_settings_given(set);
}
EXPORT_SYMBOL_NS_GPL(mpool_get_config, MPOOL_NS);

/**
 * mpool_resize() - change how many buffers the classes of a tier may back
 * @pool: the pool
 * @tier: which classes
 * @max: new limit, at least the reserve and 1, at most 2^24 - 1
 *
 * mpool_configure() of that one setting.
 *
 * Context: process, may sleep.
 * Return: 0 or -EINVAL.
 */
int mpool_resize(struct mpool *pool, enum mpool_tier tier, unsigned int max)
{
	struct mpool_pool_config set = {};

	/* There, 0 would be the default. */
	if (tier >= MPOOL_NR_TIERS || !max)
		return -EINVAL;
	set.max[tier] = max;
	return mpool_configure(pool, &set, MPOOL_CONFIG_MAX_SMALL << tier);
}
EXPORT_SYMBOL_NS_GPL(mpool_resize, MPOOL_NS);
