// SPDX-License-Identifier: GPL-2.0
/*
 * One size class: its limits, how it grows and what it gives back.
 */
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/topology.h>

#include "helpers.h"
#include "node.h"
#include "suites.h"
#include "wait.h"

static struct mpool_class *class_with(struct kunit *test, size_t size,
				      const struct mpool_pool_config *set)
{
	struct mpool_config cfg = { .settings = *set };

	return kt_class(test, kt_pool(test, &cfg), size);
}

static u64 backed(struct mpool_class *cls)
{
	return kt_stats(cls).backed;
}

static void first_use_makes_the_initial_buffers(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .initial = { 10, 7, 2 }, .max_size = SZ_128K },
	};
	struct mpool *pool = kt_pool(test, &cfg);

	KUNIT_EXPECT_EQ(test, backed(kt_class(test, pool, 64)), 10ULL);
	KUNIT_EXPECT_EQ(test, backed(kt_class(test, pool, SZ_4K)), 7ULL);
	KUNIT_EXPECT_EQ(test, backed(kt_class(test, pool, SZ_64K)), 7ULL);
	KUNIT_EXPECT_EQ(test, backed(kt_class(test, pool, SZ_128K)), 2ULL);
}

static void an_allocation_is_a_first_use(struct kunit *test)
{
	struct mpool_config cfg = { .settings = { .initial = { 10, 7, 2 } } };
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class_stats st;
	void *buf = mpool_alloc(pool, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, mpool_class_get_stats(pool, 64, &st), 0);
	KUNIT_EXPECT_EQ(test, st.backed, 10ULL);
	mpool_free(pool, buf);
}

static void initial_of_none_makes_none(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 100);

	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
	kt_give(cls, 1, kt_take(test, cls, 1));
	KUNIT_EXPECT_EQ(test, backed(cls), 1ULL);
}

struct growth {
	unsigned int size;
	unsigned int percent;
	unsigned int max;
	unsigned int want;
};

/* What the 21st buffer of 20 makes of the class. */
static const struct growth growths[] = {
	{ 64, 100, 1000, 21 }, { 64, 105, 1000, 21 }, { 64, 110, 1000, 22 },
	{ 64, 150, 1000, 30 }, { 64, 200, 1000, 40 }, { 64, 1000, 1000, 200 },
	{ 64, 150, 25, 25 }, { 64, 1000, 21, 21 },
	{ SZ_4K, 150, 1000, 30 }, { SZ_4K, 1000, 1000, 200 },
	{ SZ_4K, 150, 25, 25 },
	{ SZ_128K, 200, 1000, 40 }, { SZ_128K + SZ_32K, 150, 1000, 30 },
	{ SZ_128K + SZ_32K, 1000, 21, 21 },
};

static void growth_desc(const struct growth *g, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes, %u percent, max %u",
		 g->size, g->percent, g->max);
}

KUNIT_ARRAY_PARAM(growth, growths, growth_desc);

static void a_miss_grows_by_percent(struct kunit *test)
{
	const struct growth *g = test->param_value;
	struct mpool_pool_config set = {
		.initial = { 20, 20, 20 },
		.max = { g->max, g->max, g->max },
		.max_size = SZ_256K,
		.growth_percent = g->percent,
	};
	struct mpool_class *cls = class_with(test, g->size, &set);
	void **bufs = kt_take(test, cls, 21);

	KUNIT_EXPECT_EQ(test, backed(cls), (u64)g->want);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).misses, 1ULL);
	kt_give(cls, 21, bufs);
}

/* Of one node, with others that have free ones; in the end by a batch each. */
static const unsigned int shares[] = { 100, 200, 1000 };

static void share_desc(const unsigned int *percent, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u percent", *percent);
}

KUNIT_ARRAY_PARAM(share, shares, share_desc);

#define NEAR	100U

/* What the class has of a node, after each of what its CPU allocates. */
struct near {
	struct mpool_class *cls;
	int node;
	void **bufs;
	u64 backed[NEAR];
};

static int take_near(void *arg)
{
	struct near *n = arg;
	struct mpool_node_stats st;
	unsigned int i;

	for (i = 0; i < NEAR; i++) {
		n->bufs[i] = mpool_class_alloc(n->cls, GFP_KERNEL);
		if (!n->bufs[i])
			return -ENOMEM;
		mpool_node_stats(n->cls, n->node, &st);
		n->backed[i] = st.backed;
	}
	return 0;
}

static int give_near(void *arg)
{
	struct near *n = arg;

	kt_give(n->cls, NEAR, n->bufs);
	return 0;
}

static void a_miss_of_a_node_grows_the_node(struct kunit *test)
{
	unsigned int percent = *(const unsigned int *)test->param_value;
	struct mpool_pool_config set = {
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		.max = { 2000, 2000, 2000 },
		.growth_percent = percent,
	};
	struct mpool_class *cls = class_with(test, SZ_4K, &set);
	struct near *n = kunit_kzalloc(test, sizeof(*n), GFP_KERNEL);
	u64 want = 0;
	int node, cpu = nr_cpu_ids, i;

	KUNIT_ASSERT_NOT_NULL(test, n);
	/* The first node's are free, and many. */
	for_each_node_state(node, N_MEMORY) {
		cpu = cpumask_any_and(cpumask_of_node(node), cpu_online_mask);
		if (node != first_memory_node && cpu < nr_cpu_ids)
			break;
		cpu = nr_cpu_ids;
	}
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two nodes");
	kt_give(cls, 200, kt_take(test, cls, 200));
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	n->cls = cls;
	n->node = node;
	n->bufs = kt_array(test, NEAR);
	KUNIT_EXPECT_EQ(test, kt_run_on(test, cpu, take_near, n), 0);
	for (i = 0; i < NEAR; i++) {
		/* All that it had were out. */
		if (i == want)
			want += clamp_t(u64, want * percent / 100 - want, 1, 32);
		KUNIT_EXPECT_EQ_MSG(test, n->backed[i], want, "with %d out",
				    i + 1);
		if (n->backed[i] != want)
			break;
	}
	kt_run_on(test, cpu, give_near, n);
}

static void an_atomic_miss_makes_one(struct kunit *test)
{
	struct mpool_pool_config set = { .initial = { 20, 1, 1 } };
	struct mpool_class *cls = class_with(test, 64, &set);
	void **bufs = kt_take(test, cls, 20);
	void *buf = mpool_class_alloc(cls, GFP_NOWAIT);

	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, backed(cls), 21ULL);
	mpool_class_free(cls, buf);
	kt_give(cls, 20, bufs);
}

static const unsigned int limit_sizes[] = { 64, SZ_4K, 3 * SZ_4K, SZ_128K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(limit_size, limit_sizes, size_desc);

static void max_is_reached_and_not_passed(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 40);
	void **bufs = kt_take(test, cls, 40);

	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_KERNEL |
						  __GFP_NORETRY));
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, 2ULL);
	kt_give(cls, 40, bufs);
}

struct racer {
	struct mpool_class *cls;
	void *bufs[64];
	unsigned int got;
	u64 most;
};

static int race_to_the_limit(void *arg)
{
	struct racer *r = arg;
	unsigned int round, i;

	for (round = 0; round < 20; round++) {
		for (r->got = 0; r->got < 64; r->got++) {
			r->bufs[r->got] = mpool_class_alloc(r->cls, GFP_KERNEL |
							    __GFP_NORETRY);
			r->most = max(r->most, backed(r->cls));
			if (!r->bufs[r->got])
				break;
		}
		for (i = 0; i < r->got; i++)
			mpool_class_free(r->cls, r->bufs[i]);
		mpool_class_shrink(r->cls, 0, 16);
	}
	return 0;
}

static void racing_growth_never_passes_max(struct kunit *test)
{
	struct mpool_pool_config set = {
		.max = { 100, 1, 1 }, .initial = { 1, 1, 1 },
		.growth_percent = 200,
	};
	struct mpool_class *cls = class_with(test, 64, &set);
	struct racer *r = kunit_kzalloc(test, 4 * sizeof(*r), GFP_KERNEL);
	struct kt_thread *t[4];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < 4; i++) {
		r[i].cls = cls;
		t[i] = kt_start(test, -1, race_to_the_limit, &r[i]);
	}
	for (i = 0; i < 4; i++) {
		kt_join(test, t[i]);
		KUNIT_EXPECT_LE(test, r[i].most, 100ULL);
		KUNIT_EXPECT_GT(test, r[i].most, 1ULL);
	}
}

static void max_bytes_is_reached_and_not_passed(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_pool_config set = {
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		.max_size = SZ_256K,
		.max_bytes = SZ_128K,
	};
	struct mpool_class *cls = class_with(test, size, &set);
	unsigned long most = SZ_128K / mpool_class_cost(cls);
	void **bufs = kt_array(test, cls->max + 1);
	unsigned int nr = 0;

	while (nr < cls->max) {
		bufs[nr] = mpool_class_alloc(cls, GFP_KERNEL | __GFP_NORETRY);
		if (!bufs[nr])
			break;
		nr++;
		KUNIT_EXPECT_LE(test, atomic_long_read(&cls->pool->bytes),
				(long)SZ_128K);
	}
	KUNIT_EXPECT_EQ(test, (unsigned long)nr, min_t(unsigned long, most,
						       cls->max));
	kt_give(cls, nr, bufs);
}

static void fill_stops_at_the_limit_without_error(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 40);

	KUNIT_EXPECT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 30), 0);
	KUNIT_EXPECT_EQ(test, backed(cls), 30ULL);
	KUNIT_EXPECT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 10), 0);
	KUNIT_EXPECT_EQ(test, backed(cls), 30ULL);
	KUNIT_EXPECT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 1000), 0);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
}

static void a_failed_growth_changes_nothing(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 10);
	void *bufs[10], *more;
	struct mpool_class_stats before, after;
	long bytes;

	KUNIT_ASSERT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 10, bufs), 10);
	before = kt_stats(cls);
	bytes = atomic_long_read(&cls->pool->bytes);
	KUNIT_EXPECT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 1, &more),
			-ENOSPC);
	after = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &after, sizeof(before)), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cls->pool->bytes), bytes);
	mpool_class_give_back(cls, 10, bufs);
}

static void growth_is_cut_to_the_room_there_is(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 10);
	void *bufs[16];

	KUNIT_ASSERT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 7, bufs), 7);
	KUNIT_EXPECT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 9, bufs + 7),
			3);
	KUNIT_EXPECT_EQ(test, backed(cls), 10ULL);
	mpool_class_give_back(cls, 10, bufs);
}

static void giving_back_makes_room(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 10);
	void *bufs[10];

	KUNIT_ASSERT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 10, bufs), 10);
	mpool_class_give_back(cls, 4, bufs);
	KUNIT_EXPECT_EQ(test, backed(cls), 6ULL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cls->pool->bytes),
			(long)(6 * mpool_class_cost(cls)));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).shrunk, 4ULL);
	KUNIT_EXPECT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 10, bufs), 4);
	mpool_class_give_back(cls, 10, bufs);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cls->pool->bytes), 0L);
}

static void shrinking_takes_no_more_than_told(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 100);

	KUNIT_ASSERT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 100), 0);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, 0), 0U);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, 1), 1U);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, 45), 45U);
	KUNIT_EXPECT_EQ(test, backed(cls), 54ULL);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, UINT_MAX), 54U);
	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
}

static void shrinking_spares_the_young(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 100);

	KUNIT_ASSERT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 50), 0);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 60 * HZ, UINT_MAX), 0U);
	msleep(50);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, msecs_to_jiffies(20),
						 UINT_MAX), 50U);
}

static bool among(void *buf, unsigned int nr, void **bufs)
{
	while (nr--)
		if (bufs[nr] == buf)
			return true;
	return false;
}

/* Those given back first have been idle for longest, and go first. */
static void least_recently_used_goes_first(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 256);
	unsigned int chunk = cls->mag_size, nr = 2 * chunk - 1, i;
	void **bufs, *buf;

	KUNIT_ASSERT_GT(test, chunk, 1U);
	kt_other_cpu(test);
	bufs = kt_take(test, cls, nr);
	/* By the depot alone. */
	mpool_drain_begin(cls);
	mpool_class_shrink(cls, 0, UINT_MAX);
	kt_give(cls, nr, bufs);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, chunk), chunk);
	for (i = chunk; i < nr; i++) {
		buf = mpool_class_alloc(cls, GFP_NOWAIT);
		KUNIT_EXPECT_TRUE(test, among(buf, nr - chunk, bufs + chunk));
	}
	mpool_drain_end(cls);
	kt_give(cls, nr - chunk, bufs + chunk);
}

static struct kunit_case class_cases[] = {
	KUNIT_CASE(first_use_makes_the_initial_buffers),
	KUNIT_CASE(an_allocation_is_a_first_use),
	KUNIT_CASE(initial_of_none_makes_none),
	KUNIT_CASE_PARAM(a_miss_grows_by_percent, growth_gen_params),
	KUNIT_CASE_PARAM(a_miss_of_a_node_grows_the_node, share_gen_params),
	KUNIT_CASE(an_atomic_miss_makes_one),
	KUNIT_CASE_PARAM(max_is_reached_and_not_passed, limit_size_gen_params),
	KUNIT_CASE(racing_growth_never_passes_max),
	KUNIT_CASE_PARAM(max_bytes_is_reached_and_not_passed,
			 limit_size_gen_params),
	KUNIT_CASE(fill_stops_at_the_limit_without_error),
	KUNIT_CASE(a_failed_growth_changes_nothing),
	KUNIT_CASE(growth_is_cut_to_the_room_there_is),
	KUNIT_CASE(giving_back_makes_room),
	KUNIT_CASE(shrinking_takes_no_more_than_told),
	KUNIT_CASE(shrinking_spares_the_young),
	KUNIT_CASE(least_recently_used_goes_first),
	{}
};

KT_SUITE(class);
