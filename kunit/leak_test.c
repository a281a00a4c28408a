// SPDX-License-Identifier: GPL-2.0
/*
 * Who has not given back: counted without a source, named with one.
 */
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "holders.h"
#include "leak.h"
#include "suites.h"

/* What a visitor was told. */
struct told {
	struct mpool_leak leaks[8];
	unsigned int nr;
	u64 bufs;
};

static void tell(const struct mpool_leak *leak, void *arg)
{
	struct told *t = arg;

	t->bufs += leak->nr;
	if (t->nr < ARRAY_SIZE(t->leaks))
		t->leaks[t->nr++] = *leak;
}

static struct told *reported(struct kunit *test, struct mpool *pool)
{
	struct told *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_EXPECT_EQ(test, mpool_holders_visit(pool, tell, t), 0);
	return t;
}

static void what_is_out_is_counted(struct kunit *test)
{
	struct mpool *pool = kt_pool_max(test, 64);
	struct mpool_class *small = kt_class(test, pool, 256);
	struct mpool_class *page = kt_class(test, pool, SZ_8K);
	void **a = kt_take(test, small, 3), **b = kt_take(test, page, 2);
	struct told *t = reported(test, pool);

	KUNIT_EXPECT_EQ(test, t->nr, 2U);
	KUNIT_EXPECT_EQ(test, t->leaks[0].size, small->size);
	KUNIT_EXPECT_EQ(test, t->leaks[0].nr, 3ULL);
	KUNIT_EXPECT_EQ(test, t->leaks[1].size, page->size);
	KUNIT_EXPECT_EQ(test, t->leaks[1].nr, 2ULL);
	KUNIT_EXPECT_EQ(test, t->leaks[1].since, 0ULL);
	KUNIT_EXPECT_FALSE(test, t->leaks[1].leased);
	KUNIT_EXPECT_EQ(test, mpool_report_leaks(pool), 5L);
	kt_give(small, 3, a);
	kt_give(page, 2, b);
	KUNIT_EXPECT_EQ(test, reported(test, pool)->nr, 0U);
	KUNIT_EXPECT_EQ(test, mpool_report_leaks(pool), 0L);
}

#define AGE_NS	(5 * (u64)NSEC_PER_SEC)

/* Two buffers are known to have been taken by one site, five seconds ago. */
static u64 knows_two(struct mpool_class *cls, mpool_leak_visit_fn *visit,
		     void *arg)
{
	struct mpool_leak leak = {
		.nr = 2,
		.since = ktime_get_boottime_ns() - AGE_NS,
		.pid = 4711,
		.comm = "some\nbody",
	};

	visit(&leak, arg);
	return leak.nr;
}

static void a_source_names_what_it_knows(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 64);
	void **bufs = kt_take(test, cls, 5);
	struct told *t;
	long nr;

	mpool_leak_set_source(knows_two);
	t = reported(test, cls->pool);
	nr = mpool_report_leaks(cls->pool);
	mpool_leak_set_source(NULL);
	KUNIT_EXPECT_EQ(test, nr, 5L);
	KUNIT_EXPECT_EQ(test, t->bufs, 5ULL);
	KUNIT_EXPECT_EQ(test, t->nr, 2U);
	KUNIT_EXPECT_EQ(test, t->leaks[0].nr, 2ULL);
	KUNIT_EXPECT_EQ(test, t->leaks[0].size, cls->size);
	KUNIT_EXPECT_EQ(test, t->leaks[0].pid, 4711);
	KUNIT_EXPECT_GE(test, mpool_leak_age(&t->leaks[0]), 5000ULL);
	KUNIT_EXPECT_LT(test, mpool_leak_age(&t->leaks[0]), 60000ULL);
	/* Those that nobody knows of. */
	KUNIT_EXPECT_EQ(test, t->leaks[1].nr, 3ULL);
	KUNIT_EXPECT_EQ(test, t->leaks[1].pid, 0);
	KUNIT_EXPECT_EQ(test, mpool_leak_age(&t->leaks[1]), 0ULL);
	kt_give(cls, 5, bufs);
}

static depot_stack_handle_t stack;

static u64 knows_the_site(struct mpool_class *cls, mpool_leak_visit_fn *visit,
			  void *arg)
{
	struct mpool_leak leak = {
		.nr = 1,
		.since = ktime_get_boottime_ns(),
		.stack = stack,
	};

	visit(&leak, arg);
	return leak.nr;
}

static void a_site_is_named_by_its_caller(struct kunit *test)
{
	unsigned long entries[] = { _THIS_IP_, _RET_IP_ };
	struct mpool_class *cls;
	struct told *t;
	void *buf;

	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "no stackdepot");
	stack = stack_depot_save(entries, ARRAY_SIZE(entries), GFP_KERNEL);
	if (!stack)
		kunit_skip(test, "the stackdepot is off");
	cls = kt_class_max(test, 256, 64);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	mpool_leak_set_source(knows_the_site);
	t = reported(test, cls->pool);
	KUNIT_EXPECT_EQ(test, mpool_report_leaks(cls->pool), 1L);
	mpool_leak_set_source(NULL);
	KUNIT_EXPECT_EQ(test, t->nr, 1U);
	KUNIT_EXPECT_EQ(test, mpool_leak_caller(&t->leaks[0]), entries[0]);
	mpool_class_free(cls, buf);
}

static void what_leases_hold_is_not_the_kernels(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 64);
	struct mpool_desc *desc = kt_lease(test, cls);

	/* Leased below any client: nobody to name, and no kernel user. */
	KUNIT_EXPECT_EQ(test, reported(test, cls->pool)->nr, 0U);
	kt_return(cls, desc);
}

static struct kunit_case leak_cases[] = {
	KUNIT_CASE(what_is_out_is_counted),
	KUNIT_CASE(a_source_names_what_it_knows),
	KUNIT_CASE(a_site_is_named_by_its_caller),
	KUNIT_CASE(what_leases_hold_is_not_the_kernels),
	{}
};

KT_SUITE(leak);
