// SPDX-License-Identifier: GPL-2.0
/*
 * Depots; depot.h says what lies in which, and who may come in.
 *
 * Magazines come from the supply, which never is short (supply.c).  What is
 * done here keeps to its terms: whoever fetches an empty magazine has a full
 * one in hand, in the depot's list it is counted as full, and an emptied one
 * is brought back at once; one in the list at most is half empty, see
 * depot_add_full().  Sorting needs none of its own: its buffers leave
 * a magazine that stays with its CPU, and reach depots one at a time, each
 * through the depot's partial one.  A partial one that is full by then counts
 * among the full, and not among the two a depot may have besides; it is
 * replaced under the depot's lock.  When K depots do that at a time, 2 C + 2 N
 * - K magazines at most are not full, and there are K empty ones at least.
 * Who stores many buffers at once has that many full magazines' worth in hand,
 * in no magazine; who fetches many brings the emptied ones back before the
 * depot's lock is free.
 */
#include <linux/topology.h>

#include "class.h"
#include "depot.h"
#include "node.h"
#include "pool.h"
#include "supply.h"
#include "use.h"

/* Magazines looked at with interrupts off, each a line that is not in the cache. */
#define DEPOT_YOUNGER	64

/**
 * mpool_depot_peak() - so many are out of the depots now, for users
 * @cls: the class
 *
 * Context: any but NMI.
 */
void mpool_depot_peak(struct mpool_class *cls)
{
	int out = atomic_read(&cls->out);
	int old = atomic_read(&cls->peak);

	while (out > old && !atomic_try_cmpxchg(&cls->peak, &old, out))
		;
}

/**
 * mpool_depot_took() - buffers have left the depots
 * @cls: the class
 * @nr: how many
 * @peak: for users, and not for the system
 *
 * Context: any but NMI.
 */
void mpool_depot_took(struct mpool_class *cls, unsigned int nr, bool peak)
{
	atomic_add(nr, &cls->out);
	if (peak)
		mpool_depot_peak(cls);
}

/**
 * mpool_depot_near() - the node whose memory is near in a class
 * @cls: the class
 * @from: the node of a CPU
 *
 * Context: any.
 * Return: a pool's own node, if it has one, else @from; the nearest to it
 * with memory.
 */
int mpool_depot_near(const struct mpool_class *cls, int from)
{
	/* 0 is the caller's; constant. */
	unsigned int node = cls->pool->settings.node;

	return mpool_node_with_memory(node ? (int)node - 1 : from);
}

/**
 * mpool_depot_share() - what a node may have made for itself
 * @cls: the class
 * @node: a possible node
 *
 * Beyond that a node's CPUs take what others have idle: no node can make the
 * others' limit its own.
 *
 * Context: any.
 * Return: how many more buffers.
 */
unsigned int mpool_depot_share(const struct mpool_class *cls, int node)
{
	int share = READ_ONCE(cls->max) / max(num_node_state(N_MEMORY), 1);

	return max(share - atomic_read(&cls->depots[node]->backed), 0);
}

/* Nothing there; should @gfp make more, sooner than take from other nodes? */
static bool depot_grows(const struct mpool_class *cls, gfp_t gfp, int near)
{
	return mpool_numa() && gfpflags_allow_blocking(gfp) &&
	       mpool_depot_share(cls, near) &&
	       atomic_read(&cls->backed) < (int)READ_ONCE(cls->max);
}

/**
 * mpool_depot_withheld() - are there buffers that @gfp was not given
 * @cls: the class
 * @gfp: with which a depot was asked in vain
 *
 * Context: any.
 * Return: true when other nodes have free ones, for who cannot make any.
 */
bool mpool_depot_withheld(const struct mpool_class *cls, gfp_t gfp)
{
	return depot_grows(cls, gfp, mpool_depot_near(cls, numa_mem_id())) &&
	       mpool_depot_count(cls);
}

/* Exchanges an empty magazine for one with buffers; depot locked. */
static struct mpool_mag *depot_exchange(struct mpool_class *cls,
					struct mpool_depot *depot,
					struct mpool_mag *empty)
{
	struct mpool_mag *mag;

	lockdep_assert_held(&depot->lock);
	if (depot->nr_full) {
		mag = list_first_entry(&depot->full, struct mpool_mag, node);
		/* The empty one first: nobody else may find too few. */
		mpool_supply_put(cls, empty);
		list_del(&mag->node);
		depot->nr_full--;
	} else if (depot->partial->nr) {
		mag = depot->partial;
		empty->nr = 0;
		depot->partial = empty;
	} else {
		return NULL;
	}
	WRITE_ONCE(depot->nr, depot->nr - mag->nr);
	return mag;
}

static struct mpool_mag *depot_take(struct mpool_class *cls, int node,
				    struct mpool_mag *empty, bool remote)
{
	struct mpool_depot *depot = cls->depots[node];
	struct mpool_mag *mag;
	unsigned long flags;

	if (!READ_ONCE(depot->nr))
		return NULL;
	raw_spin_lock_irqsave(&depot->lock, flags);
	mag = depot_exchange(cls, depot, empty);
	if (mag) {
		depot->refills++;
		depot->remote += remote;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return mag;
}

/**
 * mpool_depot_fetch() - a magazine with buffers in place of an empty one
 * @cls: the class
 * @empty: a CPU's, empty
 * @gfp: of the allocation; see mpool_depot_get_many()
 *
 * Context: inside a CPU's magazine.
 * Return: the magazine, the caller's, and @empty is not any more; or NULL.
 */
struct mpool_mag *mpool_depot_fetch(struct mpool_class *cls,
				    struct mpool_mag *empty, gfp_t gfp)
{
	int near = mpool_depot_near(cls, numa_mem_id()), node;
	struct mpool_mag *mag;

	mpool_for_each_near(node, near) {
		if (node != near && depot_grows(cls, gfp, near))
			return NULL;
		mag = depot_take(cls, node, empty, node != near);
		if (mag) {
			mpool_depot_took(cls, mag->nr, true);
			return mag;
		}
	}
	return NULL;
}

/*
 * The last one used first; mostly that is the one that comes.  A take by age
 * may have left the last one half empty.  One that is older fills that up, which
 * keeps its younger stamp, and is the last and half-empty one instead: two of
 * them in a list would be more than there are magazines for (supply.c).
 *
 * Interrupts are off: where many are younger it counts as one of them, and what is
 * in it is kept the longer for that.
 */
static void depot_add_full(struct mpool_class *cls, struct mpool_depot *depot,
			   struct mpool_mag *mag)
{
	struct list_head *at = &depot->full;
	unsigned int younger = 0;
	struct mpool_mag *pos;

	lockdep_assert_held(&depot->lock);
	list_for_each_entry(pos, &depot->full, node) {
		if (!time_before(mag->stamp, pos->stamp))
			break;
		if (younger++ == DEPOT_YOUNGER) {
			mag->stamp = pos->stamp;
			break;
		}
		/* None but the last; it has one at least, and so will @mag. */
		while (pos->nr < cls->mag_size)
			pos->bufs[pos->nr++] = mag->bufs[--mag->nr];
		at = &pos->node;
	}
	list_add(&mag->node, at);
	depot->nr_full++;
}

static void *depot_pop(struct mpool_class *cls, struct mpool_depot *depot)
{
	struct mpool_mag *mag;

	lockdep_assert_held(&depot->lock);
	if (!depot->partial->nr) {
		if (!depot->nr_full)
			return NULL;
		mag = list_first_entry(&depot->full, struct mpool_mag, node);
		mpool_supply_put(cls, depot->partial);
		list_del(&mag->node);
		depot->nr_full--;
		depot->partial = mag;
	}
	WRITE_ONCE(depot->nr, depot->nr - 1);
	return depot->partial->bufs[--depot->partial->nr];
}

static void depot_push(struct mpool_class *cls, struct mpool_depot *depot,
		       void *buf, unsigned long stamp)
{
	struct mpool_mag *mag = depot->partial;
	struct mpool_mag *empty;

	lockdep_assert_held(&depot->lock);
	if (mag->nr == cls->mag_size) {
		empty = mpool_supply_get(cls);
		if (WARN_ON_ONCE(!empty))
			return;
		depot_add_full(cls, depot, mag);
		empty->nr = 0;
		depot->partial = empty;
		mag = empty;
	}
	/* The youngest of those in it; none is given back before its time. */
	if (!mag->nr || time_after(stamp, mag->stamp))
		mag->stamp = stamp;
	mag->bufs[mag->nr++] = buf;
	WRITE_ONCE(depot->nr, depot->nr + 1);
}

/* Where a buffer belongs; @near is as good where there is one node. */
static int depot_home(const void *buf, int near)
{
	return mpool_numa() ? mpool_buf_node(buf) : near;
}

/*
 * Puts those of @bufs that belong where the last one does into that depot, in
 * one hold of its lock; moves the others up, and returns how many they are.
 */
static unsigned int depot_put_some(struct mpool_class *cls, int near,
				   unsigned int nr, void **bufs,
				   unsigned long stamp, bool freed)
{
	int home = depot_home(bufs[nr - 1], near);
	struct mpool_depot *depot = cls->depots[home];
	unsigned int i, left = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	for (i = 0; i < nr; i++) {
		if (depot_home(bufs[i], near) == home)
			depot_push(cls, depot, bufs[i], stamp);
		else
			bufs[left++] = bufs[i];
	}
	if (home != near)
		depot->homed += nr - left;
	if (freed)
		depot->frees += nr - left;
	atomic_sub(nr - left, &cls->out);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return left;
}

static void depot_sort(struct mpool_class *cls, int near, unsigned int nr,
		       void **bufs, unsigned long stamp, bool freed)
{
	while (nr)
		nr = depot_put_some(cls, near, nr, bufs, stamp, freed);
}

/* Where all of @bufs belong, NUMA_NO_NODE if not to one node. */
static int home_of_all(unsigned int nr, void *const *bufs, int near)
{
	int home = depot_home(bufs[0], near);
	unsigned int i;

	for (i = 1; mpool_numa() && i < nr; i++)
		if (mpool_buf_node(bufs[i]) != home)
			return NUMA_NO_NODE;
	return home;
}

/**
 * mpool_depot_store() - bring a full magazine's buffers home
 * @cls: the class
 * @mag: a CPU's, full, with its @nr
 *
 * As a whole, if they are of one node; this is where they are looked at, at a
 * cost of a look a buffer in what is done once a magazine.
 *
 * Context: inside a CPU's magazine.
 * Return: an empty magazine in its place, maybe itself; NULL should there be
 * none, which does not happen, and @mag is as it was.
 */
struct mpool_mag *mpool_depot_store(struct mpool_class *cls,
				    struct mpool_mag *mag)
{
	int near = mpool_depot_near(cls, numa_mem_id());
	int home = home_of_all(mag->nr, mag->bufs, near);
	unsigned int nr = mag->nr;
	struct mpool_depot *depot;
	struct mpool_mag *empty;
	unsigned long flags;

	if (home == NUMA_NO_NODE) {
		depot_sort(cls, near, nr, mag->bufs, jiffies, false);
		return mag;
	}
	empty = mpool_supply_get(cls);
	if (unlikely(!empty))
		return NULL;
	depot = cls->depots[home];
	mag->stamp = jiffies;
	raw_spin_lock_irqsave(&depot->lock, flags);
	depot_add_full(cls, depot, mag);
	WRITE_ONCE(depot->nr, depot->nr + nr);
	if (home != near)
		depot->homed += nr;
	atomic_sub(nr, &cls->out);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return empty;
}

/* All of full magazines, while @nr is no less than they hold. */
static unsigned int depot_pop_full(struct mpool_class *cls,
				   struct mpool_depot *depot, unsigned int nr,
				   void **bufs)
{
	struct list_head *last = &depot->full;
	unsigned int n = 0, mags = 0;
	struct mpool_mag *mag;
	LIST_HEAD(emptied);

	lockdep_assert_held(&depot->lock);
	list_for_each_entry(mag, &depot->full, node) {
		if (mag->nr > nr - n)
			break;
		/* A string instruction's start costs more than these few. */
		while (mag->nr)
			bufs[n++] = mag->bufs[--mag->nr];
		last = &mag->node;
		mags++;
	}
	if (!mags)
		return 0;
	/* All at once: with CONFIG_DEBUG_LIST each move is 60 instructions. */
	list_cut_position(&emptied, &depot->full, last);
	depot->nr_full -= mags;
	mpool_supply_put_all(cls, &emptied, mags);
	WRITE_ONCE(depot->nr, depot->nr - n);
	return n;
}

/**
 * mpool_depot_get_many() - take free buffers from depots, the nearest first
 * @cls: the class
 * @gfp: of the allocation, 0 for none.  Who may sleep is not given another
 *	node's buffer while its own may still grow.
 * @nr: most buffers
 * @bufs: where to
 *
 * One hold of each depot's lock, however many magazines that empties.
 *
 * Context: any but NMI; either the class's lock is held, or preemption is off
 * and @slow was read as 0 since.
 * Return: how many were taken; they are still MPOOL_FREE.
 */
unsigned int mpool_depot_get_many(struct mpool_class *cls, gfp_t gfp,
				  unsigned int nr, void **bufs)
{
	int near = mpool_depot_near(cls, numa_mem_id()), node;
	unsigned int n = 0, was;
	unsigned long flags;

	mpool_for_each_near(node, near) {
		struct mpool_depot *depot = cls->depots[node];

		if (n == nr || (node != near && depot_grows(cls, gfp, near)))
			break;
		if (!READ_ONCE(depot->nr))
			continue;
		was = n;
		raw_spin_lock_irqsave(&depot->lock, flags);
		if (nr > 1)
			n += depot_pop_full(cls, depot, nr - n, bufs + n);
		while (n < nr && (bufs[n] = depot_pop(cls, depot)))
			n++;
		depot->allocs += n - was;
		if (node != near)
			depot->remote += n - was;
		raw_spin_unlock_irqrestore(&depot->lock, flags);
	}
	if (n) {
		mpool_depot_took(cls, n, true);
		mpool_use_changed(cls);
	}
	return n;
}

static void depot_put(struct mpool_class *cls, void *buf,
		      unsigned int freed)
{
	int near = mpool_depot_near(cls, numa_mem_id());
	int home = depot_home(buf, near);
	struct mpool_depot *depot = cls->depots[home];
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	depot_push(cls, depot, buf, jiffies);
	depot->frees += freed;
	depot->homed += home != near;
	atomic_dec(&cls->out);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	if (freed)
		mpool_use_changed(cls);
}

/**
 * mpool_depot_put() - bring one free buffer to its depot
 * @cls: the class
 * @buf: the buffer, MPOOL_FREE, nobody's
 *
 * Not counted as a free.
 *
 * Context: as mpool_depot_get_many().
 */
void mpool_depot_put(struct mpool_class *cls, void *buf)
{
	depot_put(cls, buf, 0);
}

/**
 * mpool_depot_free() - mpool_depot_put() of a user's free, counted as such
 * @cls: the class
 * @buf: the buffer, MPOOL_FREE, nobody's
 *
 * Context: as mpool_depot_get_many().
 */
void mpool_depot_free(struct mpool_class *cls, void *buf)
{
	depot_put(cls, buf, 1);
}

/* Those that fill magazines, and belong to @home; returns how many. */
static unsigned int depot_put_full(struct mpool_class *cls, int home, int near,
				   unsigned int nr, void **bufs)
{
	struct mpool_depot *depot = cls->depots[home];
	unsigned int most = nr / cls->mag_size, n = 0;
	struct mpool_mag *mag;
	unsigned long flags;
	LIST_HEAD(mags);

	raw_spin_lock_irqsave(&depot->lock, flags);
	depot->nr_full += mpool_supply_get_all(cls, &mags, most);
	list_for_each_entry(mag, &mags, node) {
		for (mag->nr = 0; mag->nr < cls->mag_size; mag->nr++)
			mag->bufs[mag->nr] = bufs[n++];
		mag->stamp = jiffies;
	}
	/* As depot_add_full() would: none is younger. */
	list_splice(&mags, &depot->full);
	WRITE_ONCE(depot->nr, depot->nr + n);
	depot->frees += n;
	if (home != near)
		depot->homed += n;
	atomic_sub(n, &cls->out);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return n;
}

/**
 * mpool_depot_free_many() - bring users' frees to their depots
 * @cls: the class
 * @nr: how many
 * @bufs: the buffers, MPOOL_FREE, nobody's; in no order any more after it
 *
 * Whole magazines, where all belong to one node.
 *
 * Context: as mpool_depot_get_many().
 */
void mpool_depot_free_many(struct mpool_class *cls, unsigned int nr,
			   void **bufs)
{
	int near = mpool_depot_near(cls, numa_mem_id());
	int home = home_of_all(nr, bufs, near);
	unsigned int n = 0;

	if (home != NUMA_NO_NODE)
		n = depot_put_full(cls, home, near, nr, bufs);
	if (n < nr)
		depot_sort(cls, near, nr - n, bufs + n, jiffies, true);
	mpool_use_changed(cls);
}

/**
 * mpool_depot_put_all() - bring a CPU's buffers to their depots
 * @cls: the class
 * @from: the CPU's node
 * @nr: how many
 * @bufs: the buffers, MPOOL_FREE, nobody's; in no order any more after it
 * @stamp: jiffies when the last one of them was used
 *
 * Context: as mpool_depot_get_many().
 */
void mpool_depot_put_all(struct mpool_class *cls, int from, unsigned int nr,
			 void **bufs, unsigned long stamp)
{
	depot_sort(cls, mpool_depot_near(cls, from), nr, bufs, stamp, false);
}

/**
 * mpool_depot_count() - free buffers in all depots
 * @cls: the class
 *
 * Context: any.
 * Return: how many; exact under the class's lock while it is slow.
 */
unsigned long mpool_depot_count(const struct mpool_class *cls)
{
	unsigned long nr = 0;
	int node;

	for_each_node(node)
		nr += READ_ONCE(cls->depots[node]->nr);
	return nr;
}
