/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms of durations, for what is slow: atomic, in powers of two of ns.
 */
#ifndef _MPOOL_HIST_H
#define _MPOOL_HIST_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>

/*
 * The first bucket ends at 128 ns: reading the clock twice takes up to half of
 * that, and a page from the system more.  The last of 30 begins at 2^35 ns,
 * 34 s: whoever waits for longer, waits for a fault to be mended.
 */
#define MPOOL_HIST_SHIFT	7
#define MPOOL_HIST_BUCKETS	30

/**
 * struct mpool_hist - how long something took, how often
 * @buckets: durations from mpool_hist_floor() of a bucket to that of the next
 * @sum: all durations, ns
 *
 * Counted by anybody, from any context.  What is timed costs a trip to the
 * page allocator or to the scheduler: the line that CPUs share here is none
 * of its cost.
 */
struct mpool_hist {
	atomic_long_t buckets[MPOOL_HIST_BUCKETS];
	atomic64_t sum;
};

/**
 * struct mpool_hist_sum - histograms added up, for who reads them
 * @buckets: as in struct mpool_hist
 * @nr: durations counted
 * @ns: their sum
 */
struct mpool_hist_sum {
	u64 buckets[MPOOL_HIST_BUCKETS];
	u64 nr;
	u64 ns;
};

static inline unsigned int mpool_hist_bucket(u64 ns)
{
	return min_t(unsigned int, fls64(ns >> MPOOL_HIST_SHIFT),
		     MPOOL_HIST_BUCKETS - 1);
}

/* Least ns that a bucket counts. */
static inline u64 mpool_hist_floor(unsigned int bucket)
{
	return bucket ? 1ULL << (bucket + MPOOL_HIST_SHIFT - 1) : 0;
}

void mpool_hist_count(struct mpool_hist *hist, u64 ns);
void mpool_hist_add(struct mpool_hist_sum *sum, const struct mpool_hist *hist);

#endif /* _MPOOL_HIST_H */
