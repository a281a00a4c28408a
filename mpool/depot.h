/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Depots: a store of free buffers for each NUMA node.
 *
 * What lies in a node's depot is the node's memory: who brings buffers sorts
 * them.  So where a depot has something, it is near for the node's CPUs, and
 * memory that was freed on another node has come home.
 *
 * A depot may be entered with preemption off, by who has been let into a
 * magazine, or has read @slow as 0, since; under the class's lock; or by a
 * drainer, under drain_mutex.
 */
#ifndef _MPOOL_DEPOT_H
#define _MPOOL_DEPOT_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct mpool_class;

/**
 * struct mpool_mag - a magazine: a bounded stack of free buffers
 * @node: link among a depot's full or the class's empty magazines
 * @stamp: jiffies when the last one of its buffers was used
 * @nr: buffers in it while it is not some CPU's loaded or previous one
 * @bufs: the buffers, class->mag_size of them at most
 */
struct mpool_mag {
	struct list_head node;
	unsigned long stamp;
	unsigned int nr;
	void *bufs[];
};

/**
 * struct mpool_depot - a NUMA node's store
 * @lock: protects all below but @backed; innermost but for the class's mag_lock
 * @full: full magazines, the last one used first; the last may be half empty
 * @nr_full: how many
 * @partial: magazine that single buffers go through
 * @nr: buffers in @full and @partial together
 * @allocs: buffers taken for allocations, but by a CPU's magazine
 * @frees: buffers brought back by frees, but by a CPU's magazine
 * @refills: magazines taken by CPUs
 * @remote: of @allocs and @refills, those for CPUs of other nodes
 * @homed: buffers that came from CPUs of other nodes
 * @backed: buffers whose memory lies on the node, wherever they are
 */
struct mpool_depot {
	raw_spinlock_t lock;
	struct list_head full;
	unsigned int nr_full;
	struct mpool_mag *partial;
	unsigned long nr;
	u64 allocs;
	u64 frees;
	u64 refills;
	u64 remote;
	u64 homed;
	atomic_t backed;
} ____cacheline_aligned;

int mpool_depot_near(const struct mpool_class *cls, int from);
unsigned int mpool_depot_share(const struct mpool_class *cls, int node);
bool mpool_depot_withheld(const struct mpool_class *cls, gfp_t gfp);

struct mpool_mag *mpool_depot_fetch(struct mpool_class *cls,
				    struct mpool_mag *empty, gfp_t gfp);
struct mpool_mag *mpool_depot_store(struct mpool_class *cls,
				    struct mpool_mag *mag);
unsigned int mpool_depot_get_many(struct mpool_class *cls, gfp_t gfp,
				  unsigned int nr, void **bufs);
void mpool_depot_put(struct mpool_class *cls, void *buf);
void mpool_depot_free(struct mpool_class *cls, void *buf);
void mpool_depot_free_many(struct mpool_class *cls, unsigned int nr,
			   void **bufs);
void mpool_depot_put_all(struct mpool_class *cls, int from, unsigned int nr,
			 void **bufs, unsigned long stamp);
unsigned int mpool_depot_take_cold(struct mpool_class *cls, unsigned int nr,
				   void **bufs);
unsigned int mpool_depot_take_old(struct mpool_class *cls, unsigned long age,
				  unsigned int nr, void **bufs);
unsigned long mpool_depot_count(const struct mpool_class *cls);
void mpool_depot_peak(struct mpool_class *cls);
void mpool_depot_took(struct mpool_class *cls, unsigned int nr, bool peak);

/* One, or NULL; as mpool_depot_get_many(). */
static inline void *mpool_depot_get(struct mpool_class *cls, gfp_t gfp)
{
	void *buf;

	return mpool_depot_get_many(cls, gfp, 1, &buf) ? buf : NULL;
}

#endif /* _MPOOL_DEPOT_H */
