// SPDX-License-Identifier: GPL-2.0
/*
 * Durations fall into the right buckets, and each miss and wait has its own.
 */
#include "helpers.h"
#include "hist.h"
#include "suites.h"

static void buckets_are_powers_of_two(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mpool_hist_bucket(0), 0U);
	KUNIT_EXPECT_EQ(test, mpool_hist_bucket(127), 0U);
	KUNIT_EXPECT_EQ(test, mpool_hist_bucket(128), 1U);
	KUNIT_EXPECT_EQ(test, mpool_hist_bucket(255), 1U);
	KUNIT_EXPECT_EQ(test, mpool_hist_bucket(256), 2U);
	KUNIT_EXPECT_EQ(test, mpool_hist_bucket(U64_MAX),
			MPOOL_HIST_BUCKETS - 1U);
	KUNIT_EXPECT_EQ(test, mpool_hist_floor(0), 0ULL);
	for (i = 1; i < MPOOL_HIST_BUCKETS; i++) {
		u64 floor = mpool_hist_floor(i);

		KUNIT_EXPECT_EQ(test, mpool_hist_bucket(floor), i);
		KUNIT_EXPECT_EQ(test, mpool_hist_bucket(floor - 1), i - 1);
	}
}

static void sums_add_up(struct kunit *test)
{
	struct mpool_hist *hist = kunit_kzalloc(test, 2 * sizeof(*hist),
						GFP_KERNEL);
	struct mpool_hist_sum sum = {};

	KUNIT_ASSERT_NOT_NULL(test, hist);
	mpool_hist_count(&hist[0], 1000);
	mpool_hist_count(&hist[0], 1001);
	mpool_hist_count(&hist[1], 1 << 20);
	mpool_hist_add(&sum, &hist[0]);
	mpool_hist_add(&sum, &hist[1]);
	KUNIT_EXPECT_EQ(test, sum.nr, 3ULL);
	KUNIT_EXPECT_EQ(test, sum.ns, 2001ULL + (1 << 20));
	KUNIT_EXPECT_EQ(test, sum.buckets[mpool_hist_bucket(1000)], 2ULL);
	KUNIT_EXPECT_EQ(test, sum.buckets[mpool_hist_bucket(1 << 20)], 1ULL);
}

static u64 counted(const struct mpool_hist *hist)
{
	struct mpool_hist_sum sum = {};

	mpool_hist_add(&sum, hist);
	return sum.nr;
}

static void each_miss_is_timed(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 8);
	void **bufs = kt_array(test, 9);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		bufs[i] = mpool_class_alloc(cls, GFP_KERNEL);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bufs[i]);
	}
	/* What finds nothing is no miss that was served. */
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_EXPECT_GT(test, kt_stats(cls).misses, 0ULL);
	KUNIT_EXPECT_EQ(test, counted(&cls->miss_ns), kt_stats(cls).misses);
	KUNIT_EXPECT_EQ(test, counted(&cls->wait_ns), 0ULL);
	kt_give(cls, 8, bufs);
}

#define WAIT_MS	30

static void each_wait_is_timed(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 4);
	void **bufs = kt_take(test, cls, 4);
	struct mpool_hist_sum sum = {};
	void *buf;

	buf = mpool_class_alloc_timeout(cls, GFP_KERNEL,
					msecs_to_jiffies(WAIT_MS) + 1);
	KUNIT_EXPECT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 1ULL);
	mpool_hist_add(&sum, &cls->wait_ns);
	KUNIT_EXPECT_EQ(test, sum.nr, 1ULL);
	KUNIT_EXPECT_GE(test, sum.ns, WAIT_MS * (u64)NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, sum.buckets[mpool_hist_bucket(sum.ns)], 1ULL);
	kt_give(cls, 4, bufs);
}

static struct kunit_case hist_cases[] = {
	KUNIT_CASE(buckets_are_powers_of_two),
	KUNIT_CASE(sums_add_up),
	KUNIT_CASE(each_miss_is_timed),
	KUNIT_CASE(each_wait_is_timed),
	{}
};

KT_SUITE(hist);
