// SPDX-License-Identifier: GPL-2.0
/*
 * Many buffers given back at once: some at a time, and the class works meanwhile.
 * Many made ahead: no more than lack, and never with violence.
 */
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "reclaim.h"
#include "suites.h"

/* What is seen of a class whenever some of its buffers go. */
static struct {
	const struct mpool_backing_ops *ops;
	struct mpool_backing_ops hooked;
	unsigned int rounds;
	unsigned int most;
	unsigned int slow;
	unsigned int drained;
	unsigned int made;
	gfp_t gfp;
	void *hit;
} seen;

static void free_seen(struct mpool_class *cls, unsigned int nr, void **bufs)
{
	seen.rounds++;
	seen.most = max(seen.most, nr);
	seen.slow += READ_ONCE(cls->slow_users) > !cls->cpu_cap;
	if (mutex_trylock(&cls->drain_mutex))
		mutex_unlock(&cls->drain_mutex);
	else
		seen.drained++;
	seen.ops->free(cls, nr, bufs);
}

static void free_seen_and_hit(struct mpool_class *cls, unsigned int nr,
			      void **bufs)
{
	/* Once, and back into the magazine that it came from. */
	if (!seen.hit) {
		seen.hit = mpool_class_alloc(cls, GFP_NOWAIT);
		if (seen.hit)
			mpool_class_free(cls, seen.hit);
	}
	free_seen(cls, nr, bufs);
}

static void watch_frees(struct mpool_class *cls,
			void (*free)(struct mpool_class *cls, unsigned int nr,
				     void **bufs))
{
	memset(&seen, 0, sizeof(seen));
	seen.ops = cls->ops;
	seen.hooked = *cls->ops;
	seen.hooked.free = free;
	cls->ops = &seen.hooked;
}

static void watch_allocs(struct mpool_class *cls,
			 unsigned int (*alloc)(struct mpool_class *cls, gfp_t gfp,
					       int node, unsigned int nr,
					       void **bufs))
{
	memset(&seen, 0, sizeof(seen));
	seen.ops = cls->ops;
	seen.hooked = *cls->ops;
	seen.hooked.alloc = alloc;
	cls->ops = &seen.hooked;
}

static unsigned int alloc_seen(struct mpool_class *cls, gfp_t gfp, int node,
			       unsigned int nr, void **bufs)
{
	seen.gfp = gfp;
	seen.made += nr;
	return seen.ops->alloc(cls, gfp, node, nr, bufs);
}

/* Memory is so short that what is idle goes as soon as it is there. */
static unsigned int alloc_in_need(struct mpool_class *cls, gfp_t gfp, int node,
				  unsigned int nr, void **bufs)
{
	mpool_reclaim_class(cls, 0, UINT_MAX, false);
	/* Enough is seen. */
	if (seen.made > 10 * SZ_1K)
		return 0;
	return alloc_seen(cls, gfp, node, nr, bufs);
}

static void watch_end(struct mpool_class *cls)
{
	cls->ops = seen.ops;
}

static void expect_seen(struct kunit *test, unsigned int nr)
{
	KUNIT_EXPECT_GE(test, seen.rounds, DIV_ROUND_UP(nr, 32));
	KUNIT_EXPECT_LE(test, seen.most, 32U);
	KUNIT_EXPECT_EQ(test, seen.slow, 0U);
	KUNIT_EXPECT_EQ(test, seen.drained, 0U);
}

#define MANY	2000

static struct mpool_class *many_idle(struct kunit *test, size_t size)
{
	struct mpool_class *cls = kt_class_max(test, size, 2 * MANY);

	kt_give(cls, MANY, kt_take(test, cls, MANY));
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
	return cls;
}

static const unsigned int sizes[] = { 64, SZ_4K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

/* All goes, with nobody kept from his magazine for as long as that takes. */
static void a_trim_of_many_stops_nobody(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = many_idle(test, size);

	watch_frees(cls, free_seen);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0),
			MANY * mpool_class_cost(cls));
	watch_end(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	expect_seen(test, MANY);
}

static void a_lower_max_of_many_stops_nobody(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = many_idle(test, size);

	watch_frees(cls, free_seen);
	KUNIT_EXPECT_EQ(test, mpool_resize(cls->pool, cls->tier, 10), 0);
	watch_end(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 10ULL);
	expect_seen(test, MANY - 10);
}

static void a_cleanup_of_many_stops_nobody(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = many_idle(test, size);
	struct mpool_pool_config set = { .max_age_ms = MPOOL_NONE };

	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_MAX_AGE_MS), 0);
	watch_frees(cls, free_seen);
	mpool_reclaim_age(cls);
	watch_end(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	expect_seen(test, MANY);
}

/* Lease stock has a loop of its own. */
static void stock_goes_with_the_class_in_use(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 2 * MANY);
	struct mpool_desc **descs = (struct mpool_desc **)kt_array(test, MANY);

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL, MPOOL_OWNER_CLIENT,
					       MANY, true, MPOOL_DEADLINE_NOW,
					       descs), MANY);
	mpool_stock_return(cls, NULL, NULL, MANY, descs);
	watch_frees(cls, free_seen);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0),
			(size_t)MANY * SZ_4K);
	watch_end(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	expect_seen(test, MANY);
}

/* Who allocates meanwhile has a magazine, and what he uses is not taken. */
static void magazines_work_amid_a_trim(struct kunit *test)
{
	struct mpool_class *cls = many_idle(test, 64);
	struct mpool_class_stats st;

	watch_frees(cls, free_seen_and_hit);
	mpool_trim(cls->pool, 0);
	watch_end(cls);
	st = kt_stats(cls);
	KUNIT_EXPECT_NOT_NULL(test, seen.hit);
	KUNIT_EXPECT_GT(test, st.free_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, st.free_cpu, st.backed);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0),
			st.backed * mpool_class_cost(cls));
}

static void what_is_made_ahead_comes_to_an_end(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SZ_1K);

	watch_allocs(cls, alloc_in_need);
	KUNIT_EXPECT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 500), 0);
	watch_end(cls);
	KUNIT_EXPECT_EQ(test, seen.made, 500U);
}

/* Nobody has asked for it, so nobody is to be killed for it. */
static void a_cleanup_does_not_press_the_system(struct kunit *test)
{
	const struct mpool_config cfg = {
		.settings = {
			.max = { 0, 100 },
			.flags = MPOOL_POOL_ADAPTIVE,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), SZ_4K);
	void **bufs = kt_take(test, cls, 40);

	watch_allocs(cls, alloc_seen);
	mpool_reclaim_age(cls);
	watch_end(cls);
	KUNIT_EXPECT_GT(test, seen.made, 0U);
	KUNIT_EXPECT_TRUE(test, seen.gfp & __GFP_NORETRY);
	KUNIT_EXPECT_TRUE(test, seen.gfp & __GFP_NOMEMALLOC);
	kt_give(cls, 40, bufs);
}

static struct kunit_case rounds_cases[] = {
	KUNIT_CASE_PARAM(a_trim_of_many_stops_nobody, size_gen_params),
	KUNIT_CASE_PARAM(a_lower_max_of_many_stops_nobody, size_gen_params),
	KUNIT_CASE_PARAM(a_cleanup_of_many_stops_nobody, size_gen_params),
	KUNIT_CASE(stock_goes_with_the_class_in_use),
	KUNIT_CASE(magazines_work_amid_a_trim),
	KUNIT_CASE(what_is_made_ahead_comes_to_an_end),
	KUNIT_CASE(a_cleanup_does_not_press_the_system),
	{}
};

KT_SUITE(rounds);
