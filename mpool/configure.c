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
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mpool.h>
#include <linux/slab.h>

#include "access.h"
#include "class.h"
#include "compat/export.h"
#include "configure.h"
#include "limits.h"
#include "pool.h"
#include "recall.h"
#include "reclaim.h"
#include "reserve.h"
#include "settings.h"
#include "use.h"
#include "work.h"

/*
 * A class's new limit and reserve.  A lease of all is held against the one less
 * the other: what leaves more for it comes first.
 */
static void class_publish(struct mpool_class *cls,
			  const struct mpool_pool_config *set,
			  struct mpool_aside *aside)
{
	bool fewer = set->reserve < cls->reserve_target;
	unsigned int max = set->max[cls->tier];

	if (fewer)
		mpool_reserve_commit(cls, set->reserve, NULL);
	WRITE_ONCE(cls->initial, min(set->initial[cls->tier], max));
	WRITE_ONCE(cls->max, max);
	if (!fewer && aside)
		mpool_reserve_commit(cls, set->reserve, aside);
	mpool_class_lease_max(cls);
}

static unsigned int class_give_idle(struct mpool_class *cls, unsigned int nr,
				    bool drain)
{
	unsigned int done = mpool_reclaim_class(cls, 0, nr, drain);

	if (!cls->paged || done == nr)
		return done;
	/* The one that the cleaner had in its hands meanwhile. */
	mpool_stock_await(cls);
	return done + mpool_reclaim_class(cls, 0, nr - done, false);
}

/*
 * What clients keep, who lose their mappings.  Some of it may be pinned, and is
 * of no use; what they come to keep meanwhile stays, so that there is an end.
 */
static void class_give_kept(struct mpool_class *cls, unsigned int nr)
{
	unsigned int kept = atomic_read(&cls->stock.cached), got;

	do {
		got = kept ? mpool_recall(cls, min(nr, kept), 0) : 0;
		kept -= got;
		/* Also when others had called it back. */
		nr -= class_give_idle(cls, nr, false);
	} while (got && nr);
}

static void class_give_back(struct mpool_class *cls, unsigned int nr, bool kept)
{
	if (!kept)
		class_give_idle(cls, nr, true);
	else if (cls->paged)
		class_give_kept(cls, nr);
}

/* What is idle above a class's limit goes; what is in use goes later. */
static void class_enforce(struct mpool_class *cls, bool kept)
{
	unsigned int max = cls->max, backed = atomic_read(&cls->backed);

	if (backed > max)
		class_give_back(cls, backed - max, kept);
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
static void pool_enforce_bytes(struct mpool *pool, bool kept)
{
	int i;

	for (i = pool->nr_classes - 1; i >= 0; i--) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);
		long over = cls ? bytes_over(cls) : 0;

		if (over > 0)
			class_give_back(cls,
					DIV_ROUND_UP(over, mpool_class_cost(cls)),
					kept);
	}
}

static void pool_enforce(struct mpool *pool, bool kept)
{
	struct mpool_class *cls;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			class_enforce(cls, kept);
	}
	pool_enforce_bytes(pool, kept);
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

/*
 * All classes, and what is left above a limit given back.
 *
 * @asides: by class, what was gathered for larger reserves; NULL: they are not
 */
static void pool_apply_limits(struct mpool *pool,
			      const struct mpool_pool_config *set,
			      struct mpool_aside *asides)
{
	struct mpool_class *cls;
	unsigned int i;

	WRITE_ONCE(pool->max_bytes, set->max_bytes);
	mpool_pool_tier_limits(pool, set);
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			class_publish(cls, set, asides ? &asides[i] : NULL);
	}
	/* What clients keep is last. */
	pool_enforce(pool, false);
	pool_enforce(pool, true);
	/* There may be room now for who waits, in each class. */
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			mpool_wait_kick(cls);
	}
}

static void pool_apply(struct mpool *pool, const struct mpool_pool_config *set,
		       const struct mpool_access *access,
		       struct mpool_aside *asides)
{
	bool interval = set->cleanup_interval_ms !=
			pool->settings.cleanup_interval_ms;

	pool_store(pool, set);
	mpool_access_set(pool, access);
	if (interval)
		pool_apply_interval(pool);
	pool_apply_limits(pool, set, asides);
	mpool_use_watch(pool, set);
}

static int class_gather(struct mpool_class *cls,
			const struct mpool_pool_config *set,
			struct mpool_aside *aside)
{
	u64 tier_bytes = set->tier_max_bytes[cls->tier];
	const struct mpool_limits trial = {
		.max = set->max[cls->tier],
		.tier_bytes = tier_bytes ?: LONG_MAX,
		.bytes = set->max_bytes,
	};

	return mpool_reserve_gather(cls, set->reserve, &trial, aside);
}

/*
 * The one change that can fail for want of memory comes first.  What is made for
 * it keeps to the limits that are asked for, and everybody else to those that
 * are in force; nobody hears of it before all is there.
 *
 * Returns NULL when the reserves are not raised, or ERR_PTR().
 */
static struct mpool_aside *reserves_gather(struct mpool *pool,
					   const struct mpool_pool_config *set)
{
	struct mpool_aside *asides;
	unsigned int i;
	int err = 0;

	if (set->reserve <= pool->settings.reserve)
		return NULL;
	asides = kvcalloc(pool->nr_classes, sizeof(*asides), GFP_KERNEL);
	if (!asides)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < pool->nr_classes && !err; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			err = class_gather(cls, set, &asides[i]);
	}
	if (!err)
		return asides;
	while (i--) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			mpool_reserve_undo(cls, &asides[i]);
	}
	kvfree(asides);
	return ERR_PTR(err);
}

static int configure(struct mpool *pool, const struct mpool_pool_config *change,
		     u64 mask, bool trusted)
{
	struct mpool_settings_bad bad;
	struct mpool_pool_config set;
	struct mpool_access access;
	struct mpool_aside *asides;
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
	asides = reserves_gather(pool, &set);
	if (IS_ERR(asides))
		return PTR_ERR(asides);
	access.mode = set.mode;
	pool_apply(pool, &set, &access, asides);
	kvfree(asides);
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
 * set aside before the call returns, and before a higher limit is anybody's; it
 * keeps to the limits of this call, higher or lower.  Magazines keep the size
 * that the class was made with.
 *
 * Context: process, may sleep; takes page locks of leased memory, so not for who
 * may be asked to free memory himself.
 * Return: 0; -EINVAL; -ENOSPC or -ENOMEM when a reserve that is raised cannot be
 * had, -EINTR when a fatal signal came before.  After an error nothing is changed,
 * but that idle buffers of other classes may have gone to the system to make room,
 * and clients may have lost what they kept.
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
