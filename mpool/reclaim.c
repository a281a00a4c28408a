// SPDX-License-Identifier: GPL-2.0
/*
 * Giving memory back.
 *
 * The shrinker takes from depots and lease stock alone: it may be called from
 * within anybody's allocation, and can neither wait for a grace period nor
 * for a mutex.  Ageing runs in a worker, and empties magazines first.
 */
#include <linux/cpuhotplug.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "class.h"
#include "compat/shrinker.h"
#include "pool.h"
#include "recall.h"
#include "reclaim.h"

/* All classes, the one shrunk last at the end. */
static LIST_HEAD(classes);
static DEFINE_MUTEX(classes_mutex);
static struct shrinker *shrinker;
static int hotplug_state;

static unsigned long class_idle(const struct mpool_class *cls)
{
	return mpool_depot_count(cls) + READ_ONCE(cls->stock.nr_clean) +
	       READ_ONCE(cls->stock.nr_dirty) +
	       atomic_read(&cls->stock.cached);
}

/**
 * mpool_reclaim_class() - give a class's idle buffers back to the system
 * @cls: the class
 * @age: jiffies that they must have been idle, 0 for any
 * @most: how many at most
 * @drain: those in magazines too; sleeps
 *
 * Context: any with interrupts on, process with @drain.
 * Return: how many were given back.
 */
unsigned int mpool_reclaim_class(struct mpool_class *cls, unsigned long age,
				 unsigned int most, bool drain)
{
	unsigned int done = 0;

	if (drain)
		mpool_drain_begin(cls);
	if (cls->paged)
		done = mpool_stock_shrink(cls, age, most);
	done += mpool_class_shrink(cls, age, most - done);
	if (drain)
		mpool_drain_end(cls);
	return done;
}

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	struct mpool_class *cls;
	unsigned long pages = 0;

	if (!mutex_trylock(&classes_mutex))
		return 0;
	list_for_each_entry(cls, &classes, reclaim)
		pages += DIV_ROUND_UP(class_idle(cls) * mpool_class_cost(cls),
				      PAGE_SIZE);
	mutex_unlock(&classes_mutex);
	return pages ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct mpool_class *cls, *next, *first = NULL;
	unsigned long freed = 0, want, cost;

	if (!mutex_trylock(&classes_mutex))
		return SHRINK_STOP;
	list_for_each_entry_safe(cls, next, &classes, reclaim) {
		/* Once around, since each goes to the end. */
		if (cls == first || freed >= sc->nr_to_scan)
			break;
		first = first ?: cls;
		cost = mpool_class_cost(cls);
		want = DIV_ROUND_UP((sc->nr_to_scan - freed) * PAGE_SIZE, cost);
		want = mpool_reclaim_class(cls, 0, min(want, 1UL << 16), false);
		freed += DIV_ROUND_UP(want * cost, PAGE_SIZE);
		/* Found in the stock by a later call. */
		if (freed < sc->nr_to_scan && cls->paged)
			mpool_recall_later(cls);
		list_move_tail(&cls->reclaim, &classes);
	}
	mutex_unlock(&classes_mutex);
	return freed ?: SHRINK_STOP;
}

static void squeeze(struct mpool_class *cls, bool drain)
{
	size_t need = mpool_class_cost(cls);
	struct mpool *pool = cls->pool;
	unsigned int i;

	for (i = 0; i < pool->nr_classes && !mpool_class_has_room(cls); i++) {
		struct mpool_class *other = mpool_pool_peek(pool, i);

		if (!other || other == cls)
			continue;
		/* Too late for this look; the worker wakes who waits. */
		if (drain && other->paged)
			mpool_recall_later(other);
		if (drain && !mpool_magazine_count(other))
			continue;
		mpool_reclaim_class(other, 0,
				    DIV_ROUND_UP(need, mpool_class_cost(other)),
				    drain);
	}
}

/**
 * mpool_reclaim_squeeze() - make room in a pool for a buffer of one class
 * @cls: the class that hit the pool's limit of bytes
 *
 * Takes idle buffers of the pool's other classes, no more than are needed;
 * those in magazines only when depots and stocks had none.
 *
 * Context: process, may sleep.
 * Return: whether there is room now.
 */
bool mpool_reclaim_squeeze(struct mpool_class *cls)
{
	/* At its own limit, others' memory is no help. */
	if (atomic_read(&cls->backed) >= (int)READ_ONCE(cls->max))
		return false;
	squeeze(cls, false);
	squeeze(cls, true);
	return mpool_class_has_room(cls);
}

/**
 * mpool_reclaim_age() - one cleanup of one class
 * @cls: the class
 *
 * When less than shrink_percent of the class is in use, buffers idle for
 * longer than max_age go, least recently used first, down to initial.
 *
 * Context: process, may sleep.
 */
void mpool_reclaim_age(struct mpool_class *cls)
{
	const struct mpool_pool_config *set = &cls->pool->settings;
	unsigned int backed = atomic_read(&cls->backed);
	unsigned int keep = max(READ_ONCE(cls->initial), READ_ONCE(cls->reserve_target));
	struct mpool_class_stats st;
	u64 used;

	if (backed <= keep)
		return;
	mpool_class_stats(cls, &st);
	used = st.allocated + st.leased + st.quarantined;
	if (used * 100 >= (u64)backed * READ_ONCE(set->shrink_percent))
		return;
	if (cls->paged)
		mpool_recall(cls, backed - keep, READ_ONCE(set->max_age_ms));
	mpool_reclaim_class(cls, msecs_to_jiffies(READ_ONCE(set->max_age_ms)),
			    backed - keep, true);
}

/**
 * mpool_reclaim_add() - a class is there
 * @cls: the class
 */
void mpool_reclaim_add(struct mpool_class *cls)
{
	mutex_lock(&classes_mutex);
	list_add(&cls->reclaim, &classes);
	mutex_unlock(&classes_mutex);
}

/**
 * mpool_reclaim_del() - a class goes
 * @cls: the class; not used by the shrinker or hotplug once this returned
 */
void mpool_reclaim_del(struct mpool_class *cls)
{
	mutex_lock(&classes_mutex);
	list_del_init(&cls->reclaim);
	mutex_unlock(&classes_mutex);
}

static int cpu_dead(unsigned int cpu)
{
	struct mpool_class *cls;

	mutex_lock(&classes_mutex);
	list_for_each_entry(cls, &classes, reclaim)
		mpool_drain_dead_cpu(cls, cpu);
	mutex_unlock(&classes_mutex);
	return 0;
}

/**
 * mpool_reclaim_init() - register with the kernel
 *
 * Return: 0 or a negative errno.
 */
int mpool_reclaim_init(void)
{
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						  "mpool:prepare", NULL,
						  cpu_dead);
	if (hotplug_state < 0)
		return hotplug_state;
	shrinker = mpool_shrinker_add("mpool", shrink_count, shrink_scan);
	if (shrinker)
		return 0;
	cpuhp_remove_state_nocalls(hotplug_state);
	return -ENOMEM;
}

/**
 * mpool_reclaim_exit() - undo mpool_reclaim_init()
 */
void mpool_reclaim_exit(void)
{
	mpool_shrinker_del(shrinker);
	cpuhp_remove_state_nocalls(hotplug_state);
}
