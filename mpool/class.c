// SPDX-License-Identifier: GPL-2.0
/*
 * One size class: its memory.
 *
 * backed counts a buffer from before it is made until after it is gone
 * (limits.c).
 */
#include <linux/err.h>
#include <linux/mpool.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "class.h"
#include "debug.h"
#include "leak.h"
#include "limits.h"
#include "node.h"
#include "pool.h"
#include "record.h"
#include "supply.h"
#include "trace.h"
#include "use.h"

/* Buffers made or given back at a time, staged on the stack. */
#define BATCH	32

/*
 * A magazine holds at most this many buffers and bytes.  60 buffers share the
 * trip to the depot, a few pairs' cost; more would only hold memory back.  And
 * one of 60 is 512 bytes; the next size that kmalloc has would keep the slots of
 * many classes' magazines in the same few sets of a cache.  Two magazines of
 * 256 KiB are about what a core's second-level cache keeps.
 */
#define MAG_OBJECTS	60
#define MAG_BYTES	(256U << 10)
static_assert(sizeof(struct mpool_mag) + MAG_OBJECTS * sizeof(void *) <= 512);
/* Magazines of classes that no CPU keeps any of; just the depot's chunks. */
#define MAG_DEPOT	8

/*
 * All CPUs' magazines together hold at most a quarter of the limit.  Where that
 * is too little for all CPUs there may be, some at a time have a seat.  A CPU
 * that is not online yet takes no share from those that are.
 */
static void class_size_magazines(struct mpool_class *cls)
{
	unsigned int most = cls->max / 4, share, nr;

	/* A debugged class has none: every buffer comes by the slow side. */
	if (cls->records) {
		cls->mag_size = MAG_DEPOT;
		return;
	}
	share = max(most / (2 * num_online_cpus()), 1U);
	nr = min3(share, MAG_OBJECTS, max(MAG_BYTES / cls->size, 2U));
	cls->nr_seats = min(most / (2 * nr), num_possible_cpus());
	if (!cls->nr_seats)
		nr = 0;
	cls->cpu_cap = nr;
	cls->mag_size = nr ?: MAG_DEPOT;
}

/**
 * mpool_class_tier_has_room() - do the tier's bytes allow another buffer
 * @cls: the class
 *
 * Context: any.
 * Return: a snapshot.
 */
bool mpool_class_tier_has_room(const struct mpool_class *cls)
{
	return mpool_limits_tier_lacks(cls, NULL) <= 0;
}

/**
 * mpool_class_has_room() - do the pool's and the tier's bytes allow another
 * @cls: the class; its own limit does not count
 *
 * Context: any.
 * Return: a snapshot.
 */
bool mpool_class_has_room(const struct mpool_class *cls)
{
	return mpool_limits_lacks(cls, NULL) <= 0;
}

/* @each more for the node of each buffer; the buffers are the caller's. */
static void class_count_nodes(struct mpool_class *cls, unsigned int nr,
			      void **bufs, int each)
{
	unsigned int i;
	int node;

	for (i = 0; i < nr; i++) {
		node = mpool_buf_node(bufs[i]);
		atomic_add(each, &cls->depots[node]->backed);
	}
}

/* Whose memory new buffers are to be; another's when it has none. */
static int class_node(const struct mpool_class *cls)
{
	if (mpool_numa())
		return mpool_depot_near(cls, numa_mem_id());
	return (int)cls->pool->settings.node - 1;
}

static void class_made(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
		       void **bufs)
{
	unsigned int i;

	for (i = 0; mpool_debugs(cls) && i < nr; i++)
		mpool_debug_new(cls, bufs[i]);
	for (i = 0; cls->ctor && i < nr; i++)
		cls->ctor(bufs[i], cls->size, cls->arg);
	class_count_nodes(cls, nr, bufs, 1);
	atomic64_add(nr, &cls->grown);
	trace_mpool_grow(cls->pool->name, cls->size, nr,
			 atomic_read(&cls->backed), READ_ONCE(cls->max),
			 mpool_buf_node(bufs[0]), gfp);
}

/**
 * mpool_class_grow_within() - make buffers within given limits
 * @cls: the class
 * @trial: the limits; NULL: those in force
 * @gfp: how to allocate; where the caller may not sleep, one at a time;
 *	__GFP_THISNODE: near memory or none
 * @nr: how many, BATCH at most are made in one call
 * @bufs: where to; MPOOL_FREE and the caller's
 *
 * What was made within limits that are not in force is nobody else's before
 * they are.
 *
 * Context: as @gfp says.
 * Return: how many were made, at least 1; -ENOSPC at a limit; -ENOMEM.
 */
int mpool_class_grow_within(struct mpool_class *cls,
			    const struct mpool_limits *trial, gfp_t gfp,
			    unsigned int nr, void **bufs)
{
	int node = class_node(cls);
	unsigned int want, got = 0;

	want = mpool_limits_take(cls, trial, min_t(unsigned int, nr, BATCH));
	if (!want)
		return -ENOSPC;
	if (!mpool_magazine_provide(cls, gfp & ~MPOOL_GFP_PAGES))
		got = cls->ops->alloc(cls, gfp, node, want, bufs);
	if (got < want)
		mpool_limits_put(cls, want - got);
	if (!got)
		return -ENOMEM;
	class_made(cls, gfp, got, bufs);
	atomic_add(got, &cls->out);
	return got;
}

/**
 * mpool_class_grow() - make buffers
 * @cls: the class
 * @gfp: as for mpool_class_grow_within()
 * @nr: how many, BATCH at most are made in one call
 * @bufs: where to; MPOOL_FREE and the caller's
 *
 * Who does not wait in a queue meanwhile tells those who do of the end, by
 * mpool_wait_grown().
 *
 * Context: as @gfp says.
 * Return: how many were made, at least 1; -ENOSPC at a limit; -ENOMEM.
 */
int mpool_class_grow(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
		     void **bufs)
{
	return mpool_class_grow_within(cls, NULL, gfp, nr, bufs);
}

static void class_put_new(struct mpool_class *cls, unsigned int nr,
			  void **bufs)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		mpool_slow_put(cls, bufs[i], false);
}

/* Fewer may be for want of memory, too, and room was set aside for all. */
static void class_grown(struct mpool_class *cls, unsigned int want, int got)
{
	mpool_wait_grown(cls, got > 0 && got < (int)want ? -ENOMEM : got);
}

/**
 * mpool_class_fill() - make buffers ahead of their use
 * @cls: the class
 * @gfp: GFP_KERNEL; with __GFP_NORETRY by who does it unasked, that nobody is
 *	killed for the sake of idle buffers
 * @nr: how many to have made in the end, limits permitting
 *
 * No more are made than lack at first: when memory is short, the shrinker may take
 * them as fast.
 *
 * Context: process, may sleep.
 * Return: 0, also when a limit came first; -ENOMEM; -EINTR: a fatal signal came
 * first.  What was made by then stays.
 */
int mpool_class_fill(struct mpool_class *cls, gfp_t gfp, unsigned int nr)
{
	int have = atomic_read(&cls->backed), got;
	unsigned int most = max((int)nr - have, 0), want;
	void *bufs[BATCH];

	gfp |= __GFP_NOMEMALLOC | __GFP_NOWARN;
	for (; most && (have = atomic_read(&cls->backed)) < (int)nr; most -= got) {
		/* They may be millions. */
		if (fatal_signal_pending(current))
			return -EINTR;
		want = min3(nr - have, most, (unsigned int)BATCH);
		got = mpool_class_grow(cls, gfp, want, bufs);
		class_grown(cls, want, got);
		if (got == -ENOSPC)
			return 0;
		if (got < 0)
			return got;
		class_put_new(cls, got, bufs);
		cond_resched();
	}
	return 0;
}

/**
 * mpool_class_target() - where a miss should take the class
 * @cls: the class
 *
 * On first use to initial, later by growth_percent.
 *
 * Context: any.
 * Return: how many buffers it should back, limits permitting.
 */
unsigned int mpool_class_target(const struct mpool_class *cls)
{
	unsigned int backed = atomic_read(&cls->backed);
	u64 target = (u64)backed *
		     READ_ONCE(cls->pool->settings.growth_percent);

	return max3((unsigned int)div_u64(target, 100), READ_ONCE(cls->initial),
		    backed + 1);
}

/**
 * mpool_class_grow_batch() - serve a miss, and grow the class with it
 * @cls: the class
 * @gfp: how to allocate
 * @err: where to say -ENOSPC or -ENOMEM
 *
 * Only the caller's own buffer is tried hard for, and may be of what the system
 * has for emergencies, if the caller may have that.  Without it he has to do as
 * mpool_class_grow() says; with it he waits no longer.
 *
 * Context: as @gfp says.
 * Return: one buffer, MPOOL_FREE and the caller's, or NULL.
 */
void *mpool_class_grow_batch(struct mpool_class *cls, gfp_t gfp, int *err)
{
	unsigned int target = mpool_class_target(cls), want;
	void *bufs[BATCH], *buf;
	int got, have;

	got = mpool_class_grow(cls, gfp, 1, &buf);
	if (got < 0) {
		*err = got;
		return NULL;
	}
	mpool_depot_peak(cls);
	if (!gfpflags_allow_blocking(gfp))
		return buf;
	gfp |= __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	/* Who is killed has no use for more than what he asked for. */
	while ((have = atomic_read(&cls->backed)) < (int)target &&
	       !fatal_signal_pending(current)) {
		want = min_t(unsigned int, target - have, BATCH);
		got = mpool_class_grow(cls, gfp, want, bufs);
		class_grown(cls, want, got);
		if (got < 0)
			break;
		class_put_new(cls, got, bufs);
		cond_resched();
	}
	return buf;
}

/**
 * mpool_class_grow_near() - serve a miss of one node, and grow that node with it
 * @cls: the class
 * @gfp: how to allocate; may sleep
 *
 * By growth_percent of what the node has, in one batch, to its share at most.
 * Memory is not tried hard for: other nodes have buffers that are free.
 *
 * Context: process.
 * Return: one buffer of the near node, MPOOL_FREE and the caller's, or NULL.
 */
void *mpool_class_grow_near(struct mpool_class *cls, gfp_t gfp)
{
	int node = mpool_depot_near(cls, numa_mem_id()), got;
	u64 have = atomic_read(&cls->depots[node]->backed), more;
	unsigned int growth = READ_ONCE(cls->pool->settings.growth_percent);
	void *bufs[BATCH];

	more = div_u64(have * max(growth, 100U), 100) - have;
	more = clamp_t(u64, more, 1, mpool_depot_share(cls, node));
	more = min_t(u64, more, BATCH);
	gfp &= ~__GFP_DIRECT_RECLAIM;
	gfp |= __GFP_NOMEMALLOC | __GFP_THISNODE | __GFP_NOWARN;
	got = mpool_class_grow(cls, gfp, more, bufs);
	class_grown(cls, more, got);
	if (got < 0)
		return NULL;
	mpool_depot_peak(cls);
	class_put_new(cls, got - 1, bufs + 1);
	return bufs[0];
}

/**
 * mpool_class_forget() - buffers are gone, by whatever way
 * @cls: the class
 * @nr: how many
 *
 * Context: any but NMI.
 */
void mpool_class_forget(struct mpool_class *cls, unsigned int nr)
{
	atomic_sub(nr, &cls->out);
	mpool_limits_put(cls, nr);
	mpool_magazine_surplus(cls);
	mpool_wait_kick(cls);
}

static void class_part(struct mpool_class *cls, unsigned int nr, void **bufs)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		mpool_buf_show(cls, bufs[i]);
		if (mpool_debugs(cls))
			mpool_debug_leave(cls, bufs[i]);
	}
}

static void class_free_bufs(struct mpool_class *cls, unsigned int nr,
			    void **bufs)
{
	class_part(cls, nr, bufs);
	class_count_nodes(cls, nr, bufs, -1);
	cls->ops->free(cls, nr, bufs);
	atomic64_add(nr, &cls->shrunk);
}

/**
 * mpool_class_give_back() - give buffers back to the system
 * @cls: the class
 * @nr: how many
 * @bufs: the buffers, MPOOL_FREE and the caller's
 *
 * Context: any with interrupts on.
 */
void mpool_class_give_back(struct mpool_class *cls, unsigned int nr,
			   void **bufs)
{
	if (!nr)
		return;
	class_free_bufs(cls, nr, bufs);
	mpool_class_forget(cls, nr);
	trace_mpool_shrink(cls->pool->name, cls->size, nr,
			   atomic_read(&cls->backed));
}

/**
 * mpool_class_replace() - give a buffer back, and have another in its place
 * @cls: the class
 * @gfp: how to allocate
 * @buf: MPOOL_FREE and the caller's; gone afterwards
 *
 * Below the limits its place is never free.  Memory that is short, or counted
 * against somebody's limit, is given back before other is asked for.
 *
 * Context: as @gfp says, with interrupts on.
 * Return: a buffer, MPOOL_FREE and the caller's, or NULL; then the class has
 * one less.
 */
void *mpool_class_replace(struct mpool_class *cls, gfp_t gfp, void *buf)
{
	class_free_bufs(cls, 1, &buf);
	trace_mpool_shrink(cls->pool->name, cls->size, 1,
			   atomic_read(&cls->backed));
	if (!cls->ops->alloc(cls, gfp, class_node(cls), 1, &buf)) {
		mpool_class_forget(cls, 1);
		return NULL;
	}
	class_made(cls, gfp, 1, &buf);
	return buf;
}

/**
 * mpool_class_shrink() - give idle buffers in the depots back to the system
 * @cls: the class
 * @age: jiffies that they must have been idle, 0 for any
 * @most: how many at most
 *
 * Buffers in magazines are reached after mpool_drain_begin() only; those of
 * the lease stock by mpool_stock_shrink().
 *
 * Context: any with interrupts on.
 * Return: how many were given back.
 */
unsigned int mpool_class_shrink(struct mpool_class *cls, unsigned long age,
				unsigned int most)
{
	void *bufs[BATCH];
	unsigned int done = 0, got;
	unsigned long flags;

	while (done < most) {
		raw_spin_lock_irqsave(&cls->lock, flags);
		got = mpool_depot_take_old(cls, age,
					   min_t(unsigned int, most - done,
						 BATCH), bufs);
		raw_spin_unlock_irqrestore(&cls->lock, flags);
		if (!got)
			break;
		mpool_class_give_back(cls, got, bufs);
		done += got;
	}
	return done;
}

static void class_free(struct mpool_class *cls)
{
	mpool_magazine_exit(cls);
	if (cls->ops->exit)
		cls->ops->exit(cls);
	mpool_records_exit(cls);
	kfree(cls->cache_name);
	kfree(cls);
}

/**
 * mpool_class_create() - make a size class of a pool
 * @pool: the pool; its mutex is held
 * @index: which of its sizes
 *
 * Context: process, may sleep.
 * Return: the class, with nothing backed and no reserve yet; ERR_PTR(-ENOMEM).
 */
struct mpool_class *mpool_class_create(struct mpool *pool, unsigned int index)
{
	const struct mpool_pool_config *set = &pool->settings;
	struct mpool_class *cls;
	int err;

	cls = kzalloc(sizeof(*cls), GFP_KERNEL);
	if (!cls)
		return ERR_PTR(-ENOMEM);
	cls->pool = pool;
	if (pool->debugged && mpool_records_init(cls)) {
		kfree(cls);
		return ERR_PTR(-ENOMEM);
	}
	cls->index = index;
	cls->size = pool->sizes[index];
	cls->paged = cls->size >= PAGE_SIZE;
	cls->tier = mpool_tier(cls->size);
	cls->tag = pool->cookie | index << MPOOL_TAG_CLASS_SHIFT |
		   MPOOL_ALLOCATED;
	cls->ctor = pool->ctor;
	cls->reset = pool->reset;
	cls->arg = pool->arg;
	cls->max = set->max[cls->tier];
	cls->initial = min(set->initial[cls->tier], cls->max);
	cls->watch = mpool_use_flags(set);
	cls->ops = cls->paged ? &mpool_backing_page : &mpool_backing_slab;
	INIT_LIST_HEAD(&cls->reclaim);
	INIT_LIST_HEAD(&cls->drain);
	class_size_magazines(cls);
	cls->free_cap = cls->reset ? 0 : cls->cpu_cap;
	mpool_wait_init(cls);

	err = mpool_magazine_init(cls);
	if (!err)
		err = cls->ops->init(cls);
	if (!err)
		return cls;
	class_free(cls);
	return ERR_PTR(err);
}

/**
 * mpool_class_destroy() - end a size class
 * @cls: a class that nobody uses any more
 *
 * Buffers that kernel users have not given back are reported and left to
 * them: their memory is lost, but nothing of it is handed to anybody else.
 *
 * Context: process, may sleep.
 * Return: true, or false when there were such, and the class has to stay.
 */
bool mpool_class_destroy(struct mpool_class *cls)
{
	u64 left;

	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	while (mpool_class_shrink(cls, 0, BATCH))
		cond_resched();
	mpool_reserve_empty(cls);
	left = atomic_read(&cls->backed);
	if (left) {
		/* Nobody uses the class: every buffer left is a user's. */
		WARN_ON_ONCE(mpool_leak_report_class(cls) != left);
		return false;
	}
	class_free(cls);
	return true;
}
