// SPDX-License-Identifier: GPL-2.0
/*
 * A reserve that is changed while its pool is in use.
 */
#include <linux/err.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "reserve.h"
#include "suites.h"

static struct mpool_class *small_class(struct kunit *test, size_t size,
				       u32 reserve)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { 64, 64, 64 },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.growth_percent = 100,
			.reserve = reserve,
		},
	};

	return kt_class(test, kt_pool(test, &cfg), size);
}

static int set_reserve(struct mpool *pool, u32 nr)
{
	struct mpool_pool_config set = { .reserve = nr ?: MPOOL_NONE };

	return mpool_configure(pool, &set, MPOOL_CONFIG_RESERVE);
}

static const unsigned int kinds[] = { 64, 4096 };

static void kind_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static void expect_fast(struct kunit *test, struct mpool_class *cls)
{
	KUNIT_EXPECT_EQ(test, cls->slow_users, (unsigned int)!cls->cpu_cap);
}

static void more_are_made(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 0);

	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 7), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 7ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 7ULL);
	expect_fast(test, cls);
	/* A class that is made later has it, too. */
	KUNIT_EXPECT_EQ(test, kt_stats(kt_class(test, cls->pool, 128)).reserve,
			7ULL);
}

static void idle_ones_are_taken_first(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 0);
	struct mpool_class_stats st;

	kt_give(cls, 40, kt_take(test, cls, 40));
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 39), 0);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.reserve, 39ULL);
	KUNIT_EXPECT_EQ(test, st.backed, 40ULL);
	/* Moving them is nobody's allocation. */
	KUNIT_EXPECT_EQ(test, st.allocs, 40ULL);
	KUNIT_EXPECT_EQ(test, st.frees, 40ULL);
	expect_fast(test, cls);
}

static void lease_stock_is_taken(struct kunit *test)
{
	struct mpool_class *cls = small_class(test, 4096, 0);
	struct mpool_desc *descs[64];

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
					       MPOOL_OWNER_CLIENT, 64,
					       true, MPOOL_DEADLINE_NOW, descs),
			64);
	mpool_stock_return(cls, NULL, NULL, 64, descs);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 5), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 5ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 64ULL);
}

static void fewer_leave_the_rest_idle(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 9);
	struct mpool_class_stats st;

	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 4), 0);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.reserve, 4ULL);
	KUNIT_EXPECT_EQ(test, st.free_depot, 5ULL);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 0), 0);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.reserve, 0ULL);
	KUNIT_EXPECT_EQ(test, st.free_depot, 9ULL);
	expect_fast(test, cls);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0),
			9 * mpool_class_cost(cls));
}

/* Nothing idle, and room for three more. */
static void at_the_limit_it_is_as_it_was(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 2);
	struct mpool_class *other = kt_class(test, cls->pool, 128);
	void **bufs = kt_take(test, cls, 59);

	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 61ULL);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 6), -ENOSPC);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 61ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(other).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, cls->pool->settings.reserve, 2U);
	expect_fast(test, cls);
	expect_fast(test, other);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 5), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 5ULL);
	kt_give(cls, 59, bufs);
}

/* Full of another class's idle ones; then of some that are in use. */
static void a_new_class_finds_room_for_it(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_64K,
			.reserve = 2,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *other = kt_class(test, pool, SZ_4K), *cls;
	void **bufs;

	kt_give(other, 14, kt_take(test, other, 14));
	KUNIT_EXPECT_EQ(test, kt_stats(other).backed, 16ULL);
	cls = kt_class(test, pool, SZ_8K);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(other).backed, 12ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(other).reserve, 2ULL);
	expect_fast(test, cls);

	bufs = kt_take(test, other, 10);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_class_get(pool, SZ_16K)),
			(long)-ENOSPC);
	kt_give(other, 10, bufs);
	cls = kt_class(test, pool, SZ_16K);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
}

/* What came with it, and was right, is not done either. */
static void a_higher_limit_is_not_left_behind(struct kunit *test)
{
	struct mpool_class *cls = small_class(test, 4096, 0);
	struct mpool_pool_config set = {
		.max = { 0, 80, 0 }, .max_bytes = SZ_64K, .reserve = 17,
	};
	void *buf = mpool_class_alloc(cls, GFP_KERNEL);
	struct mpool_pool_config tight = { .max_bytes = SZ_32K };

	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &tight,
					      MPOOL_CONFIG_MAX_BYTES), 0);
	/* The new limit has room for 16, one of which is out. */
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_BYTES |
					      MPOOL_CONFIG_MAX_MEDIUM),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).max, 64ULL);
	KUNIT_EXPECT_EQ(test, cls->pool->max_bytes, (unsigned long)SZ_32K);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cls->pool->bytes),
			(long)SZ_4K);
	set.reserve = 15;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_BYTES |
					      MPOOL_CONFIG_MAX_MEDIUM), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 15ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).max, 80ULL);
	mpool_class_free(cls, buf);
}

static void a_short_reserve_is_filled_by_frees(struct kunit *test)
{
	struct mpool_class *cls = small_class(test, 64, 3);
	void **bufs = kt_take(test, cls, 64);

	/* Empty now; what it lacks is less after this, */
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 1), 0);
	KUNIT_EXPECT_EQ(test, cls->slow, 1U);
	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 1ULL);
	expect_fast(test, cls);
	/* and nothing without one. */
	bufs[0] = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, cls->slow, 1U);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 0), 0);
	expect_fast(test, cls);
	kt_give(cls, 64, bufs);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 0ULL);
}

static void more_than_a_tier_may_have_is_refused(struct kunit *test)
{
	struct mpool_class *cls = small_class(test, 64, 0);

	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 65), -EINVAL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

struct use {
	struct mpool_class *cls;
	bool stop;
};

static int use(void *arg)
{
	struct use *u = arg;
	void *bufs[8];
	int i;

	while (!READ_ONCE(u->stop)) {
		for (i = 0; i < 8; i++)
			bufs[i] = mpool_class_alloc(u->cls, GFP_KERNEL);
		for (i = 0; i < 8; i++)
			mpool_class_free(u->cls, bufs[i]);
		kt_resched();
	}
	return 0;
}

static void it_changes_under_use(struct kunit *test)
{
	struct mpool_class *cls = small_class(test, 64, 0);
	struct use u = { cls };
	struct kt_thread *t[2];
	int i;

	for (i = 0; i < 2; i++)
		t[i] = kt_start(test, -1, use, &u);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, i % 5 * 10), 0);
	WRITE_ONCE(u.stop, true);
	for (i = 0; i < 2; i++)
		kt_join(test, t[i]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 40ULL);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 0), 0);
	expect_fast(test, cls);
}

static gfp_t asked_with;

static unsigned int no_memory(struct mpool_class *cls, gfp_t gfp, int node,
			      unsigned int nr, void **bufs)
{
	WRITE_ONCE(asked_with, gfp);
	return 0;
}

/* Would the page allocator return, with nothing that is for emergencies? */
static bool asked_as_mempool(void)
{
	const gfp_t gfp = __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN;

	return (READ_ONCE(asked_with) & gfp) == gfp;
}

struct progress {
	struct mpool_class *cls;
	unsigned int rounds;
	unsigned int failed;
};

static int write_out(void *arg)
{
	struct progress *p = arg;
	void *buf;

	while (p->rounds--) {
		buf = mpool_class_alloc(p->cls, GFP_NOIO);
		if (!buf)
			p->failed++;
		kt_resched();
		mpool_class_free(p->cls, buf);
	}
	return 0;
}

/* As what writes memory out needs it: each has one, gives it back, gets on. */
static void without_memory_a_reserve_keeps_all_going(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 2);
	const struct mpool_backing_ops *ops = cls->ops;
	/* Static: should the test be cut off, its pool is ended after it. */
	static struct mpool_backing_ops none;
	struct progress p[4];
	struct kt_thread *t[4];
	void *bufs[2];
	int i;

	none = *ops;
	none.alloc = no_memory;
	cls->ops = &none;
	for (i = 0; i < 4; i++) {
		p[i] = (struct progress){ cls, 100 };
		t[i] = kt_start(test, -1, write_out, &p[i]);
	}
	for (i = 0; i < 4; i++) {
		kt_join(test, t[i]);
		KUNIT_EXPECT_EQ(test, p[i].failed, 0U);
	}
	KUNIT_EXPECT_TRUE(test, asked_as_mempool());
	/* Who may not sleep has no share in it. */
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	/* Without one, nobody says when there will be memory again. */
	bufs[0] = mpool_class_alloc(cls, GFP_NOIO);
	bufs[1] = mpool_class_alloc(cls, GFP_NOIO);
	KUNIT_EXPECT_EQ(test, set_reserve(cls->pool, 0), 0);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOIO));
	KUNIT_EXPECT_FALSE(test, asked_as_mempool());
	cls->ops = ops;
	kt_give(cls, 2, bufs);
}

/* Memory for so many, and then none; what others see of the class meanwhile. */
static struct {
	const struct mpool_backing_ops *ops;
	struct mpool_backing_ops hooked;
	unsigned int left;
	unsigned int max;
	unsigned int reserve;
	unsigned int target;
} scarce;

static unsigned int scarce_alloc(struct mpool_class *cls, gfp_t gfp, int node,
				 unsigned int nr, void **bufs)
{
	scarce.max = max(scarce.max, READ_ONCE(cls->max));
	scarce.reserve = max(scarce.reserve, READ_ONCE(cls->nr_reserve));
	scarce.target = max(scarce.target, READ_ONCE(cls->reserve_target));
	nr = min(nr, scarce.left);
	scarce.left -= nr;
	return nr ? scarce.ops->alloc(cls, gfp, node, nr, bufs) : 0;
}

static void scarce_begin(struct mpool_class *cls, unsigned int left)
{
	memset(&scarce, 0, sizeof(scarce));
	scarce.left = left;
	scarce.ops = cls->ops;
	scarce.hooked = *cls->ops;
	scarce.hooked.alloc = scarce_alloc;
	cls->ops = &scarce.hooked;
}

static void scarce_end(struct mpool_class *cls)
{
	cls->ops = scarce.ops;
}

static u64 idle(const struct mpool_class_stats *st)
{
	return st->free_cpu + st->free_depot;
}

/* Idle ones, lease stock and new ones, each back to where it was. */
static void what_was_gathered_in_vain_goes_back(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 2);
	struct mpool_pool_config set = { .max = { 99, 99, 99 }, .reserve = 40 };
	struct mpool_class_stats was, st;
	struct mpool_desc *descs[5];
	void **bufs;

	if (cls->paged) {
		KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
						       MPOOL_OWNER_CLIENT, 5,
						       true, MPOOL_DEADLINE_NOW,
						       descs), 5);
		mpool_stock_return(cls, NULL, NULL, 5, descs);
		KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 5));
	}
	bufs = kt_take(test, cls, 10);
	kt_give(cls, 10, bufs);
	was = kt_stats(cls);

	scarce_begin(cls, 7);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_SMALL |
					      MPOOL_CONFIG_MAX_MEDIUM), -ENOMEM);
	scarce_end(cls);
	KUNIT_EXPECT_EQ(test, scarce.left, 0U);
	KUNIT_EXPECT_EQ(test, scarce.max, 64U);
	KUNIT_EXPECT_EQ(test, scarce.reserve, 2U);
	KUNIT_EXPECT_EQ(test, scarce.target, 2U);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.max, 64ULL);
	KUNIT_EXPECT_EQ(test, st.reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, st.backed, was.backed);
	KUNIT_EXPECT_EQ(test, st.clean, was.clean);
	KUNIT_EXPECT_EQ(test, idle(&st), idle(&was));
	expect_fast(test, cls);
	/* Nothing of it is lost. */
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE), 0);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.reserve, 40ULL);
	KUNIT_EXPECT_EQ(test, st.backed, 40ULL);
}

static int take_one(void *arg)
{
	void *buf = mpool_class_alloc(arg, GFP_KERNEL);

	mpool_class_free(arg, buf);
	return buf ? 0 : -ENOMEM;
}

/* With room for the reserve alone: who waits may have of that. */
static void a_larger_reserve_serves_who_waits(struct kunit *test)
{
	struct mpool_class *cls = small_class(test, 64, 0);
	void **bufs = kt_take(test, cls, 64);
	struct mpool_pool_config set = { .max = { 66 }, .reserve = 2 };
	struct kt_thread *t = kt_start(test, -1, take_one, cls);
	unsigned long start;

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).waits == 1));
	start = jiffies;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_SMALL), 0);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	/* Well before it would have looked by itself. */
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 4 * HZ));
	/* It has given it back, where it lacked. */
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 66ULL);
	kt_give(cls, 64, bufs);
}

/* A limit that is lowered with it counts for it. */
static void it_keeps_to_a_lower_limit(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = small_class(test, size, 0);
	struct mpool_pool_config set = { .max = { 14, 14 }, .reserve = 5 };
	const u64 mask = MPOOL_CONFIG_RESERVE | MPOOL_CONFIG_MAX_SMALL |
			 MPOOL_CONFIG_MAX_MEDIUM;
	void **bufs = kt_take(test, cls, 10);

	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set, mask), -ENOSPC);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).max, 64ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 10ULL);
	set.max[0] = 15;
	set.max[1] = 15;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set, mask), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 5ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 15ULL);
	kt_give(cls, 10, bufs);
}

/* What others have idle is far above it, and goes first. */
static void idle_classes_make_room_below_a_lower_limit(struct kunit *test)
{
	struct mpool_class *other = small_class(test, SZ_4K, 0);
	struct mpool_class *cls = kt_class(test, other->pool, SZ_8K);
	struct mpool_pool_config set = { .max_bytes = SZ_32K, .reserve = 2 };

	kt_give(other, 60, kt_take(test, other, 60));
	KUNIT_EXPECT_EQ(test, mpool_configure(other->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_BYTES), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(other).reserve, 2ULL);
	KUNIT_EXPECT_LE(test, atomic_long_read(&other->pool->bytes),
			(long)SZ_32K);
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE_PARAM(more_are_made, kind_gen_params),
	KUNIT_CASE_PARAM(idle_ones_are_taken_first, kind_gen_params),
	KUNIT_CASE(lease_stock_is_taken),
	KUNIT_CASE_PARAM(fewer_leave_the_rest_idle, kind_gen_params),
	KUNIT_CASE_PARAM(at_the_limit_it_is_as_it_was, kind_gen_params),
	KUNIT_CASE(a_new_class_finds_room_for_it),
	KUNIT_CASE(a_higher_limit_is_not_left_behind),
	KUNIT_CASE_PARAM(what_was_gathered_in_vain_goes_back, kind_gen_params),
	KUNIT_CASE(a_larger_reserve_serves_who_waits),
	KUNIT_CASE_PARAM(it_keeps_to_a_lower_limit, kind_gen_params),
	KUNIT_CASE(idle_classes_make_room_below_a_lower_limit),
	KUNIT_CASE(a_short_reserve_is_filled_by_frees),
	KUNIT_CASE(more_than_a_tier_may_have_is_refused),
	KUNIT_CASE(it_changes_under_use),
	KUNIT_CASE_PARAM(without_memory_a_reserve_keeps_all_going,
			 kind_gen_params),
	{}
};

KT_SUITE(reserve);
