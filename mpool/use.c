// SPDX-License-Identifier: GPL-2.0
/*
 * How much of a pool is in use.
 *
 * Nothing is counted for this on a hit.  What is in use follows from what the
 * statistics count anyway; it is looked at where buffers pass a depot, the
 * backing or a client, when somebody wants to know: a pool with a watermark,
 * or one that adapts.  So a crossing by a kernel user may be noticed late by
 * what the CPUs' magazines hold, or with the next cleanup.
 */
#include <linux/cpumask.h>
#include <linux/mpool.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>

#include "class.h"
#include "events.h"
#include "pool.h"
#include "use.h"
#include "work.h"

/*
 * No less than what is in use, and had from two words: with what lies in
 * magazines and stock, and what was made and is on its way there.
 */
static unsigned int use_at_most(const struct mpool_class *cls)
{
	return max(atomic_read(&cls->out), 0);
}

/**
 * mpool_use_now() - how many buffers kernel users and clients have
 * @cls: the class
 *
 * Those in quarantine count.
 *
 * Context: any.
 * Return: a snapshot; exact while the class is quiet.
 */
unsigned int mpool_use_now(const struct mpool_class *cls)
{
	s64 use = atomic_read(&cls->stock.leased) +
		  READ_ONCE(cls->stock.nr_quarantined);
	int cpu, node;

	for_each_possible_cpu(cpu) {
		const struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);

		/* Read at different moments, as everywhere in statistics. */
		use += data_race(c->allocs + c->sized - c->frees);
	}
	for_each_node(node) {
		const struct mpool_depot *depot = cls->depots[node];

		/* Likewise. */
		use += data_race(depot->allocs - depot->frees);
	}
	use += atomic64_read(&cls->misses) + atomic64_read(&cls->handed) -
	       atomic64_read(&cls->moved) - atomic64_read(&cls->taken);
	return clamp_t(s64, use, 0, use_at_most(cls));
}

/* use * 100 >= share * of, and the same with >, without a division */
static bool reaches(u64 use, u64 of, unsigned int share)
{
	return use * 100 >= of * share;
}

static bool exceeds(u64 use, u64 of, unsigned int share)
{
	return use * 100 > of * share;
}

/*
 * Does a share in use satisfy @test in any class, or for the pool's bytes?
 * The CPUs' counters, which others are writing, are read only where it could
 * not be told without.
 */
static bool any_class(struct mpool *pool, unsigned int share,
		      bool (*test)(u64 use, u64 of, unsigned int share))
{
	unsigned long max_bytes = READ_ONCE(pool->max_bytes);
	u64 most = 0, bytes = 0;
	unsigned int i, use;

	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);
		unsigned int max;

		if (!cls)
			continue;
		max = READ_ONCE(cls->max);
		use = use_at_most(cls);
		most += (u64)use * mpool_class_cost(cls);
		if (test(use, max, share) &&
		    test(mpool_use_now(cls), max, share))
			return true;
	}
	if (!test(most, max_bytes, share))
		return false;
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			bytes += (u64)mpool_use_now(cls) *
				 mpool_class_cost(cls);
	}
	return test(bytes, max_bytes, share);
}

/**
 * mpool_watermark_check() - has use crossed a watermark
 * @pool: the pool
 *
 * One state, above or below: reaching the high watermark makes it above,
 * coming down to the low one below again, and each change is an event.  So
 * what happens between the two raises none.  Where only one is set, the other
 * lies just beside it, and is silent.
 *
 * Each look is under the lock: the last one sees all changes that were made
 * before it, so that the state is right when the pool is quiet.
 *
 * Context: any but NMI.
 */
void mpool_watermark_check(struct mpool *pool)
{
	struct mpool_marks *marks = &pool->marks;
	bool crossed = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&marks->lock, flags);
	if (!marks->low && !marks->high)
		goto unlock;
	if (!marks->above)
		crossed = marks->high ? any_class(pool, marks->high, reaches) :
			  any_class(pool, marks->low, exceeds);
	else
		crossed = !(marks->low ? any_class(pool, marks->low, exceeds) :
			    any_class(pool, marks->high, reaches));
	if (!crossed)
		goto unlock;
	marks->above = !marks->above;
	if (marks->above && marks->high)
		marks->raised |= MPOOL_EVENT_HIGH;
	else if (!marks->above && marks->low)
		marks->raised |= MPOOL_EVENT_LOW;
	else
		crossed = false;
unlock:
	raw_spin_unlock_irqrestore(&marks->lock, flags);
	if (crossed)
		queue_work(mpool_wq, &marks->work);
}

/* Crossings that came before this ran are one event each way. */
static void marks_fn(struct work_struct *work)
{
	struct mpool_marks *marks = container_of(work, struct mpool_marks,
						 work);
	struct mpool *pool = container_of(marks, struct mpool, marks);
	unsigned int raised, low, high;
	bool above;

	raw_spin_lock_irq(&marks->lock);
	raised = marks->raised;
	marks->raised = 0;
	low = marks->low;
	high = marks->high;
	above = marks->above;
	raw_spin_unlock_irq(&marks->lock);
	/* What holds now is said last. */
	if (above && raised & MPOOL_EVENT_LOW)
		mpool_events_raise(pool, MPOOL_EVENT_LOW, 0, low, 1);
	if (raised & MPOOL_EVENT_HIGH)
		mpool_events_raise(pool, MPOOL_EVENT_HIGH, 0, high, 1);
	if (!above && raised & MPOOL_EVENT_LOW)
		mpool_events_raise(pool, MPOOL_EVENT_LOW, 0, low, 1);
}

static void note_peak(struct mpool_class *cls, unsigned int more)
{
	int old = atomic_read(&cls->recent), use;

	if (old >= (int)(use_at_most(cls) + more))
		return;
	use = mpool_use_now(cls) + more;
	while (use > old && !atomic_try_cmpxchg(&cls->recent, &old, use))
		;
}

/**
 * mpool_use_look() - use of a class rose or fell, and somebody wants to know
 * @cls: the class
 * @more: how many may be in use before it is called again
 *
 * Context: any but NMI.
 */
void mpool_use_look(struct mpool_class *cls, unsigned int more)
{
	unsigned int watch = READ_ONCE(cls->watch);

	if (watch & MPOOL_WATCH_PEAK)
		note_peak(cls, more);
	if (watch & MPOOL_WATCH_MARKS)
		mpool_watermark_check(cls->pool);
}

/**
 * mpool_use_flags() - what there is to watch for
 * @set: a pool's settings
 *
 * Return: MPOOL_WATCH_*.
 */
unsigned int mpool_use_flags(const struct mpool_pool_config *set)
{
	unsigned int watch = 0;

	if (set->flags & MPOOL_POOL_ADAPTIVE)
		watch |= MPOOL_WATCH_PEAK;
	if (set->low_percent || set->high_percent)
		watch |= MPOOL_WATCH_MARKS;
	return watch;
}

/**
 * mpool_use_watch() - watch for what settings say, from now on
 * @pool: the pool, its lock held
 * @set: the settings
 *
 * A watermark that is exceeded already raises its event.
 *
 * Context: process.
 */
void mpool_use_watch(struct mpool *pool, const struct mpool_pool_config *set)
{
	struct mpool_marks *marks = &pool->marks;
	unsigned int i;

	raw_spin_lock_irq(&marks->lock);
	marks->low = set->low_percent;
	marks->high = set->high_percent;
	if (!marks->low && !marks->high)
		marks->above = false;
	raw_spin_unlock_irq(&marks->lock);
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			WRITE_ONCE(cls->watch, mpool_use_flags(set));
	}
	mpool_watermark_check(pool);
}

/**
 * mpool_use_init() - prepare what a pool needs for it
 * @pool: a pool that nobody knows yet
 */
void mpool_use_init(struct mpool *pool)
{
	raw_spin_lock_init(&pool->marks.lock);
	INIT_WORK(&pool->marks.work, marks_fn);
}

/**
 * mpool_use_exit() - no event comes after this
 * @pool: a pool that nobody knows any more
 *
 * Context: process, may sleep.
 */
void mpool_use_exit(struct mpool *pool)
{
	raw_spin_lock_irq(&pool->marks.lock);
	pool->marks.low = 0;
	pool->marks.high = 0;
	raw_spin_unlock_irq(&pool->marks.lock);
	cancel_work_sync(&pool->marks.work);
}
