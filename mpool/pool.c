// SPDX-License-Identifier: GPL-2.0
/*
 * A pool: its table of size classes, and what is done to all of them.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mpool.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "class.h"
#include "compat/export.h"
#include "debug.h"
#include "events.h"
#include "pool.h"
#include "quarantine.h"
#include "reclaim.h"
#include "recall.h"
#include "reserve.h"
#include "settings.h"
#include "starve.h"
#include "use.h"
#include "work.h"

static void pool_lookup_tables(struct mpool *pool)
{
	unsigned int slot, index = 0;

	memset(pool->small, MPOOL_NO_CLASS, sizeof(pool->small));
	memset(pool->paged, MPOOL_NO_CLASS, sizeof(pool->paged));
	for (slot = 0; slot < MPOOL_SMALL_SLOTS; slot++) {
		while (index < pool->nr_classes &&
		       pool->sizes[index] < (slot + 1) << MPOOL_SMALL_SHIFT)
			index++;
		if (index == pool->nr_classes)
			return;
		pool->small[slot] = index;
	}
	for (slot = 0; slot < MPOOL_PAGE_SLOTS; slot++) {
		while (index < pool->nr_classes &&
		       pool->sizes[index] < (slot + 1) << PAGE_SHIFT)
			index++;
		if (index == pool->nr_classes)
			return;
		pool->paged[slot] = index;
	}
}

static struct mpool_class *class_new(struct mpool *pool, unsigned int index)
{
	struct mpool_class *cls = mpool_class_create(pool, index);
	int err;

	lockdep_assert_held(&pool->lock);
	if (IS_ERR(cls))
		return cls;
	mpool_stock_init(cls);
	err = mpool_reserve_set(cls, pool->settings.reserve);
	if (err) {
		mpool_class_destroy(cls);
		return ERR_PTR(err);
	}
	mpool_class_lease_max(cls);
	mpool_reclaim_add(cls);
	mpool_starve_join(pool, cls);
	return cls;
}

/**
 * mpool_pool_class() - the size class at an index, made if need be
 * @pool: the pool
 * @index: below nr_classes
 *
 * Context: process, may sleep.
 * Return: the class, the pool's; ERR_PTR(-ENOMEM), ERR_PTR(-ENOSPC) when its
 * reserve is above the pool's limit, ERR_PTR(-EINTR) when a fatal signal came
 * before that was had.
 */
struct mpool_class *mpool_pool_class(struct mpool *pool, unsigned int index)
{
	struct mpool_class *cls = mpool_pool_peek(pool, index);

	if (cls)
		return cls;
	mutex_lock(&pool->lock);
	cls = mpool_pool_peek(pool, index) ?: class_new(pool, index);
	mutex_unlock(&pool->lock);
	return cls;
}

/* A class with its initial buffers, for those who may not sleep later. */
static struct mpool_class *class_ready(struct mpool *pool, unsigned int index)
{
	struct mpool_class *cls = mpool_pool_peek(pool, index);
	int err;

	if (cls)
		return cls;
	cls = mpool_pool_class(pool, index);
	if (IS_ERR(cls))
		return cls;
	err = mpool_class_fill(cls, GFP_KERNEL, READ_ONCE(cls->initial));
	return err ? ERR_PTR(err) : cls;
}

/**
 * mpool_class_get() - look a size class up once, to allocate from it often
 * @pool: the pool
 * @size: bytes, 1 to the pool's largest class
 *
 * Makes the class, and its initial buffers, if the class is not there yet.  One
 * that is may have no free buffers: they were given back, or there was no memory
 * for them, of which the call that made it has told.
 *
 * Context: process, may sleep; where GFP_KERNEL may be used, and never what the
 * system has to free memory with.
 * Return: the class, valid as long as the caller's reference on the pool;
 * ERR_PTR(-EINVAL) for a size that no class holds, ERR_PTR(-ENOMEM),
 * ERR_PTR(-ENOSPC) when its reserve is above the pool's limit, ERR_PTR(-EINTR)
 * when a fatal signal came before all of them were made.
 */
struct mpool_class *mpool_class_get(struct mpool *pool, size_t size)
{
	unsigned int index = mpool_pool_index(pool, size);

	might_sleep();
	if (index == MPOOL_NO_CLASS)
		return ERR_PTR(-EINVAL);
	return class_ready(pool, index);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_get, MPOOL_NS);

/**
 * mpool_class_size() - bytes of a class's buffers
 * @cls: the class
 *
 * Context: any.
 * Return: bytes, at least those that mpool_class_get() was asked for.
 */
size_t mpool_class_size(const struct mpool_class *cls)
{
	return cls->size;
}
EXPORT_SYMBOL_NS_GPL(mpool_class_size, MPOOL_NS);

/**
 * mpool_pool_want() - have a class made in the background
 * @pool: the pool
 * @index: below nr_classes
 *
 * Context: any but NMI.
 */
void mpool_pool_want(struct mpool *pool, unsigned int index)
{
	set_bit(index, pool->wanted);
	queue_work(mpool_wq, &pool->make_work);
}

static void pool_make_fn(struct work_struct *work)
{
	struct mpool *pool = container_of(work, struct mpool, make_work);
	unsigned int index;

	for_each_set_bit(index, pool->wanted, MPOOL_CLASSES_MAX) {
		clear_bit(index, pool->wanted);
		class_ready(pool, index);
	}
}

/* Not sooner than configure.c asked for meanwhile. */
static void pool_next_cleanup(struct mpool *pool)
{
	unsigned int ms = READ_ONCE(pool->settings.cleanup_interval_ms);

	if (ms)
		queue_delayed_work(mpool_wq, &pool->cleanup,
				   msecs_to_jiffies(ms));
}

static void pool_cleanup_fn(struct work_struct *work)
{
	struct mpool *pool = container_of(to_delayed_work(work), struct mpool,
					  cleanup);
	unsigned int i;

	/* It was turned off while this one was on its way. */
	if (!READ_ONCE(pool->settings.cleanup_interval_ms))
		return;
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			mpool_reclaim_age(cls);
	}
	/* What the magazines' hits may have hidden. */
	mpool_watermark_check(pool);
	pool_next_cleanup(pool);
}

static int pool_eager(struct mpool *pool)
{
	struct mpool_class *cls;
	unsigned int i;

	if (!(pool->settings.flags & MPOOL_POOL_EAGER))
		return 0;
	for (i = 0; i < pool->nr_classes; i++) {
		cls = class_ready(pool, i);
		if (IS_ERR(cls))
			return PTR_ERR(cls);
	}
	return 0;
}

/**
 * mpool_pool_tier_limits() - let the tiers have so many bytes from now on
 * @pool: the pool; nobody's yet, or its lock held
 * @set: settings
 *
 * Context: process.
 */
void mpool_pool_tier_limits(struct mpool *pool,
			    const struct mpool_pool_config *set)
{
	unsigned int t;

	for (t = 0; t < MPOOL_NR_TIERS; t++)
		WRITE_ONCE(pool->tier_max[t],
			   set->tier_max_bytes[t] ?: LONG_MAX);
}

static int pool_configure(struct mpool *pool, const struct mpool_config *cfg)
{
	struct mpool_pool_config *set = &pool->settings;
	struct mpool_settings_bad bad;
	int nr;

	nr = mpool_settings_check(cfg, set, pool->sizes, &bad);
	if (nr < 0)
		return nr;
	pool->nr_classes = nr;
	pool->tag_limit = (unsigned long)nr << MPOOL_TAG_CLASS_SHIFT;
	pool->max_size = pool->sizes[nr - 1];
	pool->max_bytes = set->max_bytes;
	mpool_pool_tier_limits(pool, set);
	pool->marks.low = set->low_percent;
	pool->marks.high = set->high_percent;
	pool->uid = make_kuid(current_user_ns(), set->uid);
	pool->gid = make_kgid(current_user_ns(), set->gid);
	if (cfg) {
		pool->ctor = cfg->ctor;
		pool->reset = cfg->reset;
		pool->arg = cfg->arg;
	}
	pool_lookup_tables(pool);
	return 0;
}

/**
 * mpool_pool_new() - make a pool, known to nobody yet
 * @name: its name, valid
 * @cfg: its configuration, or NULL
 *
 * Context: process, may sleep.
 * Return: the pool with one reference, or ERR_PTR(-EINVAL), ERR_PTR(-ENOMEM),
 * ERR_PTR(-ENOSPC) when max_bytes is too little for the reserves, ERR_PTR(-EINTR)
 * when a fatal signal came first, with nothing left of it.
 */
struct mpool *mpool_pool_new(const char *name, const struct mpool_config *cfg)
{
	struct mpool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	int err;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	strscpy(pool->name, name, sizeof(pool->name));
	pool->cookie = get_random_long() & ~0UL << MPOOL_TAG_COOKIE_SHIFT;
	refcount_set(&pool->ref, 1);
	INIT_LIST_HEAD(&pool->list);
	mutex_init(&pool->lock);
	seqcount_mutex_init(&pool->access, &pool->lock);
	mutex_init(&pool->clients_lock);
	mutex_init(&pool->starve_lock);
	INIT_LIST_HEAD(&pool->clients);
	INIT_LIST_HEAD(&pool->shares);
	INIT_LIST_HEAD(&pool->payers);
	mutex_init(&pool->events_lock);
	INIT_LIST_HEAD(&pool->subscribers);
	INIT_WORK(&pool->events_work, mpool_events_fn);
	init_waitqueue_head(&pool->room);
	mpool_turn_init(&pool->turn);
	mutex_init(&pool->keepers_lock);
	INIT_LIST_HEAD(&pool->keepers);
	INIT_WORK(&pool->make_work, pool_make_fn);
	INIT_DELAYED_WORK(&pool->cleanup, pool_cleanup_fn);
	mpool_use_init(pool);
	err = pool_configure(pool, cfg);
	if (!err)
		err = mpool_debug_begin(pool);
	if (!err)
		err = pool_eager(pool);
	if (err) {
		mpool_pool_end(pool);
		return ERR_PTR(err);
	}
	pool_next_cleanup(pool);
	return pool;
}

/**
 * mpool_pool_end() - end a pool that nobody knows any more
 * @pool: the pool, without references
 *
 * Context: process, may sleep.
 */
void mpool_pool_end(struct mpool *pool)
{
	bool all = true;
	unsigned int i;

	cancel_work_sync(&pool->make_work);
	cancel_delayed_work_sync(&pool->cleanup);
	mpool_use_exit(pool);
	cancel_work_sync(&pool->events_work);
	for (i = 0; i < pool->nr_classes; i++) {
		if (!pool->classes[i])
			continue;
		mpool_reclaim_del(pool->classes[i]);
		mpool_stock_stop(pool->classes[i]);
	}
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = pool->classes[i];

		if (!cls)
			continue;
		mpool_stock_exit(cls);
		all &= mpool_class_destroy(cls);
	}
	/* A class that had to stay still leads to its pool. */
	if (!all)
		return;
	mpool_debug_end(pool);
	kfree_rcu(pool, rcu);
}

/**
 * mpool_pool_idle() - is no buffer of a pool out
 * @pool: a pool that nobody allocates from now
 *
 * Context: process.
 * Return: true when neither kernel nor clients hold a buffer.
 */
bool mpool_pool_idle(struct mpool *pool)
{
	struct mpool_class_stats st;

	mpool_pool_stats(pool, &st);
	return !st.allocated && !st.leased;
}

/**
 * mpool_pool_pinned() - does a pin reach a buffer that no client has any more
 * @pool: the pool
 *
 * Context: process, may sleep.
 * Return: true while there is one; what was unpinned since is found so.
 */
bool mpool_pool_pinned(struct mpool *pool)
{
	struct mpool_class_stats st;

	mpool_quarantine_look(pool);
	mpool_pool_stats(pool, &st);
	return st.quarantined;
}

/**
 * mpool_pool_stats() - sums over all classes
 * @pool: the pool
 * @total: where to
 *
 * Context: process.
 */
void mpool_pool_stats(struct mpool *pool, struct mpool_class_stats *total)
{
	struct mpool_class_stats st;
	unsigned int i;

	memset(total, 0, sizeof(*total));
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (!cls)
			continue;
		mpool_class_stats(cls, &st);
		mpool_stats_add(total, &st);
	}
	total->bad_frees += atomic64_read(&pool->bad_frees);
}

/**
 * mpool_get_stats() - statistics of a pool, summed over its classes
 * @pool: the pool
 * @total: where to; size is 0
 *
 * Context: process.
 */
void mpool_get_stats(struct mpool *pool, struct mpool_class_stats *total)
{
	mpool_pool_stats(pool, total);
}
EXPORT_SYMBOL_NS_GPL(mpool_get_stats, MPOOL_NS);

/**
 * mpool_class_get_stats() - statistics of the class that serves a size
 * @pool: the pool
 * @size: bytes, 1 to the pool's largest class
 * @stats: where to
 *
 * Context: process.
 * Return: 0; -EINVAL for a size that no class holds; -ENOENT while the class
 * is not in being.
 */
int mpool_class_get_stats(struct mpool *pool, size_t size,
			  struct mpool_class_stats *stats)
{
	unsigned int index = mpool_pool_index(pool, size);
	struct mpool_class *cls;

	if (index == MPOOL_NO_CLASS)
		return -EINVAL;
	cls = mpool_pool_peek(pool, index);
	if (!cls)
		return -ENOENT;
	mpool_class_stats(cls, stats);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(mpool_class_get_stats, MPOOL_NS);

/**
 * mpool_trim() - give idle buffers back to the system
 * @pool: the pool
 * @max_age_ms: those idle for longer; 0: every idle one, also in magazines
 *
 * A reserve stays.
 *
 * Context: process, may sleep.
 * Return: bytes given back.
 */
size_t mpool_trim(struct mpool *pool, unsigned int max_age_ms)
{
	unsigned long age = msecs_to_jiffies(max_age_ms);
	unsigned int i, nr;
	size_t bytes = 0;

	might_sleep();
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (!cls)
			continue;
		if (cls->paged) {
			mpool_recall(cls, UINT_MAX, max_age_ms);
			mpool_stock_settle(cls);
		}
		nr = mpool_reclaim_class(cls, age, UINT_MAX, true);
		/* The one that the cleaner had in its hands meanwhile. */
		if (cls->paged) {
			mpool_stock_await(cls);
			nr += mpool_stock_shrink(cls, age, 1);
		}
		if (nr)
			mpool_class_tidy(cls);
		bytes += nr * mpool_class_cost(cls);
	}
	return bytes;
}
EXPORT_SYMBOL_NS_GPL(mpool_trim, MPOOL_NS);
