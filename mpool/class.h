/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One size class of a pool: memory, limits and who waits for it.
 *
 * Lock order: drain_mutex, then lock, then a depot's lock, then mag_lock; the
 * stock's lock nests inside none of them and holds none of them.
 */
#ifndef _MPOOL_CLASS_H
#define _MPOOL_CLASS_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "backing.h"
#include "buf.h"
#include "compat/kasan.h"
#include "hist.h"
#include "magazine.h"
#include "payer.h"
#include "stats.h"
#include "stock.h"
#include "wait.h"

struct mpool;
struct mpool_limits;
struct mpool_records;

/**
 * struct mpool_class - buffers of one size
 * @tag: what the class's allocated buffers carry (buf.h); constant
 * @cpu: @cpus, or mpool_cpu_closed while @slow; written with it
 * @slow: nobody may enter a magazine; written under @lock, read with
 *	preemption off (see magazine.h)
 * @free_cap: buffers in a loaded magazine up to which a free is a push; 0
 *	when there is more to do, else @cpu_cap; constant
 * @paged: made of whole pages; constant
 * @size: bytes of a buffer; constant
 * @cpu_cap: buffers a loaded magazine takes; 0 sends all to the depot; constant
 * @nr_seats: how many CPUs may use their magazines at a time; constant
 * @reset: called on every kernel return; constant
 * @arg: for @reset and @ctor; constant
 * @pool: whose it is; constant
 * @ctor: called for each buffer made; constant
 * @records: who had each buffer, when the pool is debugged, else NULL; constant
 * @ops: the backing; constant
 * @cache: the backing's kmem_cache (slab)
 * @order: allocation order of compound pages, or -1 for split ones (page)
 * @index: place in the pool's table; constant
 * @tier: enum mpool_tier; constant
 * @mag_size: buffers a magazine can hold; constant
 * @cpus: per-CPU magazines; constant
 * @depots: by node id, one for each possible node; constant
 * @cache_name: name of @cache
 * @lock: protects @slow, @slow_users, @waiters, @reserve, @nr_reserve,
 *	@reserve_target, @reserve_waiters; taken with interrupts off
 * @slow_users: reasons to keep @slow
 * @waiters: who waits for a buffer, first come first; but see next_waiter()
 * @reserve_waiters: those of them who may have of the reserve, in the same order;
 *	also looked at without the lock
 * @reserve: buffers set aside
 * @nr_reserve: how many
 * @reserve_target: how many there should be; also read by READ_ONCE
 * @max: most buffers backed; READ_ONCE, written under the pool's mutex
 * @lease_max: most leases, @max less @reserve_target, in one word; as @max
 * @initial: buffers that a first miss makes and a cleanup leaves; as @max
 * @backed: buffers made and not given back; reserved before they are made
 * @out: buffers not in any depot (magazines, users, reserve, stock); for @peak
 * @peak: highest @out that a refill has seen
 * @watch: MPOOL_WATCH_*, who wants to know of use; as @max
 * @recent: most in use since the last cleanup, of an adaptive pool
 * @peak_before: the same of the interval before; the cleanup's
 * @drain_mutex: one drainer at a time; protects @idle
 * @idle: for each CPU; what ages magazines (mpool_magazine_look())
 * @seats: of @nr_seats, those that are free, where there are fewer than CPUs
 * @stood: a CPU found none; cleared by who looks
 * @mag_lock: protects @empty, @nr_empty, @nr_mags; innermost
 * @empty: empty magazines
 * @nr_empty: how many
 * @nr_mags: magazines in all; at least two a CPU, one a depot, and
 *	floor(backed / mag_size), so that a free never needs memory
 * @stock: buffers for leases (page classes)
 * @misses: allocations served by the backing
 * @fails: allocations refused
 * @waits: allocations that slept
 * @untold: times that there was nothing to give, of which no subscriber has
 *	been told
 * @grown: buffers made
 * @shrunk: buffers given back
 * @bad_frees: frees refused
 * @handed: allocations served by hand-over from a free, or from the reserve
 * @taken: frees taken outside magazines and depots (hand-over, reserve)
 * @moved: allocations among those counted that were made for leases
 * @slack: as of struct mpool_cpu, where no magazine was at hand
 * @miss_ns: how long the backing took, @misses times
 * @wait_ns: how long who slept has waited, @waits times
 * @reclaim: link in reclaim's list of classes; its classes_sem
 * @drain: link in its list of those whose magazines are to be emptied; also its
 *	classes_turn
 */
struct mpool_class {
	unsigned long tag;
	struct mpool_cpu __percpu *cpu;
	unsigned int slow;
	unsigned long free_cap;
	bool paged;
	u32 size;
	unsigned int cpu_cap;
	unsigned int nr_seats;
	void (*reset)(void *buf, size_t size, void *arg);
	void *arg;
	struct mpool *pool;

	void (*ctor)(void *buf, size_t size, void *arg);
	struct mpool_records *records;
	const struct mpool_backing_ops *ops;
	struct kmem_cache *cache;
	int order;
	unsigned int index;
	unsigned int tier;
	unsigned int mag_size;
	struct mpool_cpu __percpu *cpus;
	struct mpool_depot **depots;
	char *cache_name;

	raw_spinlock_t lock ____cacheline_aligned;
	unsigned int slow_users;
	struct list_head waiters;
	struct list_head reserve_waiters;
	void *reserve;
	unsigned int nr_reserve;
	unsigned int reserve_target;

	unsigned int max ____cacheline_aligned;
	unsigned int lease_max;
	unsigned int initial;
	atomic_t backed;
	atomic_t out;
	atomic_t peak;
	unsigned int watch;
	atomic_t recent;
	unsigned int peak_before;
	struct mutex drain_mutex;	/* one drainer at a time */
	struct mpool_idle *idle;
	atomic_t seats;
	bool stood;

	raw_spinlock_t mag_lock ____cacheline_aligned;
	struct list_head empty;
	unsigned int nr_empty;
	unsigned int nr_mags;

	struct mpool_stock stock;

	atomic64_t misses;
	atomic64_t fails;
	atomic64_t waits;
	atomic_t untold;
	atomic64_t grown;
	atomic64_t shrunk;
	atomic64_t bad_frees;
	atomic64_t handed;
	atomic64_t taken;
	atomic64_t moved;
	atomic64_t slack;
	struct mpool_hist miss_ns;
	struct mpool_hist wait_ns;
	struct list_head reclaim;
	struct list_head drain;
};

struct mpool_class *mpool_class_create(struct mpool *pool, unsigned int index);
bool mpool_class_destroy(struct mpool_class *cls);
void *mpool_class_replace(struct mpool_class *cls, gfp_t gfp, void *buf);
int mpool_class_grow_within(struct mpool_class *cls,
			    const struct mpool_limits *trial, gfp_t gfp,
			    unsigned int nr, void **bufs);
int mpool_class_grow(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
		     void **bufs);
void *mpool_class_grow_batch(struct mpool_class *cls, gfp_t gfp, int *err);
void *mpool_class_grow_near(struct mpool_class *cls, gfp_t gfp);
unsigned int mpool_class_target(const struct mpool_class *cls);
bool mpool_class_tier_has_room(const struct mpool_class *cls);
bool mpool_class_has_room(const struct mpool_class *cls);
int mpool_class_fill(struct mpool_class *cls, gfp_t gfp, unsigned int nr);
void mpool_class_give_back(struct mpool_class *cls, unsigned int nr,
			   void **bufs);
void mpool_class_forget(struct mpool_class *cls, unsigned int nr);
unsigned int mpool_class_shrink(struct mpool_class *cls, unsigned long age,
				unsigned int most);

/* Where a free buffer of the caller's may have its link in a list. */
static inline void **mpool_buf_next(const struct mpool_class *cls, void *buf)
{
	return cls->paged ? &mpool_desc(buf)->next : &mpool_head(buf)->next;
}

/*
 * To KASAN, a hidden buffer is free.  Hidden are those that were a kernel
 * user's, or can become one's without a further step: in magazines, depots and
 * reserve.  The tag is not part of the buffer; what lies between clients has
 * to be zeroed, and is not hidden.
 */
static __always_inline void mpool_buf_hide(const struct mpool_class *cls,
					   const void *buf)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		mpool_kasan_poison(buf, cls->size, cls->paged);
}

static __always_inline void mpool_buf_show(const struct mpool_class *cls,
					   const void *buf)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		mpool_kasan_unpoison(buf, cls->size);
}

/* A payer's part of the stock; NULL before its first lease in the class. */
static inline struct mpool_shelf *mpool_shelf(struct mpool_class *cls,
					      const struct mpool_payer *payer)
{
	/* Pairs with the release in mpool_shelf_open(). */
	return payer ? smp_load_acquire(&payer->shelves[cls->index]) :
		       &cls->stock.own;
}

static inline size_t mpool_class_cost(const struct mpool_class *cls)
{
	return cls->ops->payload(cls);
}

/* The caller has the pool's lock. */
static inline void mpool_class_lease_max(struct mpool_class *cls)
{
	WRITE_ONCE(cls->lease_max,
		   cls->max - min(cls->max, cls->reserve_target));
}

/* What was given back shall be the system's, and not a cache's. */
static inline void mpool_class_tidy(struct mpool_class *cls)
{
	if (cls->ops->tidy)
		cls->ops->tidy(cls);
}

#endif /* _MPOOL_CLASS_H */
