// SPDX-License-Identifier: GPL-2.0
/*
 * Histograms of durations.
 */
#include "hist.h"

/**
 * mpool_hist_count() - something took so long
 * @hist: where to count it
 * @ns: how long
 *
 * Context: any.
 */
void mpool_hist_count(struct mpool_hist *hist, u64 ns)
{
	atomic_long_inc(&hist->buckets[mpool_hist_bucket(ns)]);
	atomic64_add(ns, &hist->sum);
}

/**
 * mpool_hist_add() - add what one has counted to a sum
 * @sum: the sum; zeroed at first
 * @hist: what is added
 *
 * Context: any.  Exact while nothing is counted.
 */
void mpool_hist_add(struct mpool_hist_sum *sum, const struct mpool_hist *hist)
{
	unsigned int i;
	u64 nr;

	for (i = 0; i < MPOOL_HIST_BUCKETS; i++) {
		nr = atomic_long_read(&hist->buckets[i]);
		sum->buckets[i] += nr;
		sum->nr += nr;
	}
	sum->ns += atomic64_read(&hist->sum);
}
