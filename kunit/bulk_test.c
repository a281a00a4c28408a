// SPDX-License-Identifier: GPL-2.0
/*
 * Many buffers at a time where there are few: all of them, or what there is, and
 * who waits for which.
 */
#include <linux/sizes.h>

#include "cpu.h"
#include "helpers.h"
#include "magazine.h"
#include "suites.h"
#include "wait.h"

#define MOST	64
/* Those that are not out when somebody asks for more. */
#define LEFT	3
#define FEW	8

struct way {
	const char *desc;
	unsigned int size;
	unsigned int max;
	bool by_class;
	gfp_t gfp;
};

/* With magazines, and too few for any. */
static const struct way ways[] = {
	{ "small, by class", 64, MOST, true, GFP_NOWAIT },
	{ "small, by pool", 64, MOST, false, GFP_KERNEL },
	{ "small, by size", 60, FEW, false, GFP_KERNEL | __GFP_NORETRY },
	{ "page, by class", SZ_4K, MOST, true, GFP_KERNEL },
	{ "page, by pool", SZ_4K, FEW, false, GFP_NOWAIT },
	{ "large, by class", SZ_128K + SZ_32K, FEW, true, GFP_NOIO },
	{ "large, by pool", SZ_128K, FEW, false, GFP_KERNEL },
};

static void way_desc(const struct way *w, char *desc)
{
	strscpy(desc, w->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way, ways, way_desc);

static bool all_of(const struct way *w, struct mpool_class *cls,
		   unsigned int nr, void **bufs)
{
	if (w->by_class)
		return mpool_class_alloc_all(cls, w->gfp, nr, bufs);
	return mpool_alloc_all(cls->pool, w->size, w->gfp, nr, bufs);
}

static unsigned int some_of(const struct way *w, struct mpool_class *cls,
			    unsigned int nr, void **bufs)
{
	if (w->by_class)
		return mpool_class_alloc_bulk(cls, w->gfp, nr, bufs);
	return mpool_alloc_bulk(cls->pool, w->size, w->gfp, nr, bufs);
}

static void expect_out(struct kunit *test, struct mpool_class *cls,
		       unsigned int out)
{
	struct mpool_class_stats st = kt_stats(cls);

	KUNIT_EXPECT_EQ(test, st.allocated, (u64)out);
	KUNIT_EXPECT_EQ(test, st.allocs - st.frees, (u64)out);
	KUNIT_EXPECT_LE(test, st.backed, st.max);
	KUNIT_EXPECT_EQ(test, st.bad_frees, 0ULL);
	/* Some were to be had, so nobody waited for the others. */
	KUNIT_EXPECT_EQ(test, st.waits, 0ULL);
}

static void all_or_nothing_at_the_limit(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct mpool_class *cls = kt_class_max(test, w->size, w->max);
	unsigned int out = w->max - LEFT, i;
	void **bufs, *more[MOST];

	kt_stay_on(test, cpumask_first(cpu_online_mask));
	bufs = kt_take(test, cls, out);
	for (i = w->max; i > LEFT; i--) {
		KUNIT_EXPECT_FALSE(test, all_of(w, cls, i, more));
		expect_out(test, cls, out);
	}
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, (u64)out);
	KUNIT_ASSERT_TRUE(test, all_of(w, cls, LEFT, more));
	expect_out(test, cls, w->max);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, (u64)out);
	mpool_class_free_bulk(cls, LEFT, more);
	kt_give(cls, out, bufs);
	expect_out(test, cls, 0);
}

static void partial_at_the_limit(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct mpool_class *cls = kt_class_max(test, w->size, w->max);
	unsigned int out = w->max - LEFT;
	void **bufs, *more[MOST];

	kt_stay_on(test, cpumask_first(cpu_online_mask));
	bufs = kt_take(test, cls, out);
	KUNIT_ASSERT_EQ(test, some_of(w, cls, w->max, more),
			(unsigned int)LEFT);
	expect_out(test, cls, w->max);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, 1ULL);
	mpool_class_free_bulk(cls, LEFT, more);
	kt_give(cls, out, bufs);
	expect_out(test, cls, 0);
}

struct waiter {
	struct mpool_class *cls;
	bool all;
	unsigned int nr;
	void *bufs[FEW];
};

static int wait_for_some(void *arg)
{
	struct waiter *w = arg;

	if (w->all)
		return mpool_class_alloc_all(w->cls, GFP_KERNEL, w->nr,
					     w->bufs) ? w->nr : 0;
	return mpool_class_alloc_bulk(w->cls, GFP_KERNEL, w->nr, w->bufs);
}

static struct kt_thread *wait_begins(struct kunit *test, struct waiter *w)
{
	struct kt_thread *t = kt_start(test, -1, wait_for_some, w);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(w->cls).waits &&
					 mpool_has_waiters(w->cls) &&
					 kt_asleep(t)));
	return t;
}

static void the_first_is_waited_for_and_no_other(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, FEW);
	void **bufs = kt_take(test, cls, FEW);
	struct waiter w = { .cls = cls, .nr = 4 };
	struct kt_thread *t = wait_begins(test, &w);

	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 1);
	KUNIT_EXPECT_PTR_EQ(test, w.bufs[0], bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 1ULL);
	kt_give(cls, FEW, bufs);
}

/* And what was waited for goes back, when the others are not there. */
static void all_are_not_waited_for(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, FEW);
	void **bufs = kt_take(test, cls, FEW), *buf;
	struct waiter w = { .cls = cls, .all = true, .nr = 4 };
	struct kt_thread *t = wait_begins(test, &w);

	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, FEW - 1ULL);
	buf = mpool_class_alloc(cls, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_PTR_EQ(test, buf, bufs[0]);
	kt_give(cls, FEW, bufs);
}

struct flow {
	unsigned int size;
	unsigned int max;
	unsigned int nr;
};

/* Of few and of many to a magazine; in one hold of the depot's lock, and more. */
static const struct flow flows[] = {
	{ SZ_128K, 64, 20 }, { SZ_64K, 64, 32 }, { SZ_64K, 64, 50 },
	{ 64, 64, 63 }, { 64, 8000, 63 },
};

static void flow_desc(const struct flow *f, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of %u bytes", f->nr, f->size);
}

KUNIT_ARRAY_PARAM(flow, flows, flow_desc);

static bool all_differ(void **bufs, unsigned int nr)
{
	unsigned int i, k;

	for (i = 0; i < nr; i++)
		for (k = 0; k < i; k++)
			if (bufs[i] == bufs[k])
				return false;
	return true;
}

/* Whatever passes the magazines by is counted, and comes back. */
static void more_than_magazines_hold(struct kunit *test)
{
	const struct flow *f = test->param_value;
	struct mpool_class *cls = kt_class_max(test, f->size, f->max);
	struct mpool_class_stats was, is;
	void *bufs[MOST], *before[MOST];
	unsigned int turn;

	KUNIT_ASSERT_GT(test, cls->cpu_cap, 0U);
	kt_stay_on(test, cpumask_first(cpu_online_mask));
	kt_give(cls, f->nr, kt_take(test, cls, f->nr));
	for (turn = 1; turn < 10; turn++) {
		was = kt_stats(cls);
		KUNIT_ASSERT_EQ(test, f->nr,
				mpool_class_alloc_bulk(cls, GFP_NOWAIT, f->nr,
						       bufs));
		KUNIT_EXPECT_TRUE(test, all_differ(bufs, f->nr));
		expect_out(test, cls, f->nr);
		memcpy(before, bufs, sizeof(bufs));
		mpool_class_free_bulk(cls, f->nr, bufs);
		KUNIT_EXPECT_EQ(test, 0, memcmp(before, bufs,
						f->nr * sizeof(*bufs)));
		expect_out(test, cls, 0);
		is = kt_stats(cls);
		KUNIT_EXPECT_EQ(test, is.allocs - was.allocs, (u64)f->nr);
		KUNIT_EXPECT_EQ(test, is.frees - was.frees, (u64)f->nr);
		KUNIT_EXPECT_EQ(test, is.misses, was.misses);
		KUNIT_EXPECT_LE(test, is.free_cpu, 2ULL * cls->cpu_cap);
	}
	KUNIT_EXPECT_EQ(test, is.backed, was.backed);
}

/*
 * As an interrupt amid its task's allocation: what lies in the CPU's magazines is
 * the task's.  Nor does who asks while the class is slow come by them.
 */
static void past_magazines_that_others_are_in(struct kunit *test)
{
	const struct flow *f = test->param_value;
	struct mpool_class *cls = kt_class_max(test, f->size, f->max);
	struct mpool_class_stats was, is;
	struct mpool_cpu *cpu;
	unsigned int got, slow;
	void *bufs[MOST];
	bool differ;

	kt_give(cls, f->max, kt_take(test, cls, f->max));
	for (slow = 0; slow < 2; slow++) {
		mpool_drain_begin(cls);
		if (!slow)
			mpool_drain_end(cls);
		was = kt_stats(cls);
		cpu = mpool_magazine_enter(cls);
		got = mpool_class_alloc_bulk(cls, GFP_NOWAIT, f->nr, bufs);
		differ = all_differ(bufs, got);
		mpool_class_free_bulk(cls, got, bufs);
		if (cpu)
			mpool_cpu_leave(cpu);
		is = kt_stats(cls);
		if (slow)
			mpool_drain_end(cls);
		KUNIT_EXPECT_EQ(test, !cpu, !!slow);
		KUNIT_EXPECT_EQ(test, got, f->nr);
		KUNIT_EXPECT_TRUE(test, differ);
		KUNIT_EXPECT_EQ(test, is.free_cpu, 0ULL);
		KUNIT_EXPECT_EQ(test, is.depot_hits - was.depot_hits,
				(u64)f->nr);
		KUNIT_EXPECT_EQ(test, is.frees - was.frees, (u64)f->nr);
	}
	expect_out(test, cls, 0);
}

/* One that is not the class's, amid those that pass the magazines by. */
static void one_is_refused_amid_many(struct kunit *test)
{
	const struct flow *f = test->param_value;
	struct mpool_class *cls = kt_class_max(test, f->size, f->max);
	void *bufs[MOST];

	kt_stay_on(test, cpumask_first(cpu_online_mask));
	KUNIT_ASSERT_EQ(test, f->nr,
			mpool_class_alloc_bulk(cls, GFP_KERNEL, f->nr, bufs));
	bufs[f->nr] = bufs[7];
	swap(bufs[f->nr], bufs[17]);
	mpool_class_free_bulk(cls, f->nr + 1, bufs);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).frees, (u64)f->nr);
}

static struct kunit_case bulk_cases[] = {
	KUNIT_CASE_PARAM(more_than_magazines_hold, flow_gen_params),
	KUNIT_CASE_PARAM(past_magazines_that_others_are_in, flow_gen_params),
	KUNIT_CASE_PARAM(one_is_refused_amid_many, flow_gen_params),
	KUNIT_CASE_PARAM(all_or_nothing_at_the_limit, way_gen_params),
	KUNIT_CASE_PARAM(partial_at_the_limit, way_gen_params),
	KUNIT_CASE(the_first_is_waited_for_and_no_other),
	KUNIT_CASE(all_are_not_waited_for),
	{}
};

KT_SUITE(bulk);
