// SPDX-License-Identifier: GPL-2.0
/*
 * A pool: which class serves a size, when classes come into being, and what
 * is done to all of them.
 */
#include <linux/err.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "suites.h"

struct layout {
	const char *desc;
	u32 min_size;
	u32 max_size;
	u32 sizes[4];
	unsigned int nr;
};

static const struct layout layouts[] = {
	{ "default" },
	{ "up to 4 MiB", 0, SZ_4M },
	{ "whole pages", SZ_4K, SZ_1M },
	{ "small", 64, 3000 },
	{ "odd bounds", 100, 5000 },
	{ "explicit", .sizes = { 80, 2000 + 16, SZ_8K, SZ_1M }, .nr = 4 },
	{ "one small", .sizes = { 1024 }, .nr = 1 },
	{ "one large", .sizes = { SZ_4M }, .nr = 1 },
};

static void layout_desc(const struct layout *l, char *desc)
{
	strscpy(desc, l->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(layout, layouts, layout_desc);

static struct mpool *layout_pool(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct mpool_config cfg = {
		.settings = { .min_size = l->min_size,
			      .max_size = l->max_size },
		.sizes = l->nr ? l->sizes : NULL,
		.nr_sizes = l->nr,
	};

	return kt_pool(test, &cfg);
}

/* The smallest class that holds it, looked for without any table. */
static unsigned int best_class(struct mpool *pool, size_t size)
{
	unsigned int i;

	for (i = 0; size && i < pool->nr_classes; i++)
		if (pool->sizes[i] >= size)
			return i;
	return MPOOL_NO_CLASS;
}

static void each_size_has_the_smallest_class(struct kunit *test)
{
	struct mpool *pool = layout_pool(test);
	size_t size, wrong = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++)
		for (size = pool->sizes[i] - 1; size <= pool->sizes[i] + 1;
		     size++)
			KUNIT_EXPECT_EQ(test, mpool_pool_index(pool, size),
					best_class(pool, size));
	for (size = 0; size <= SZ_16K + 1; size++)
		if (mpool_pool_index(pool, size) != best_class(pool, size))
			wrong = size;
	KUNIT_EXPECT_EQ(test, wrong, (size_t)0);
}

static void sizes_out_of_range_have_no_class(struct kunit *test)
{
	struct mpool *pool = layout_pool(test);
	size_t max = pool->max_size;
	const size_t bad[] = { 0, max + 1, 2 * max, SZ_4M + 1, 1UL << 32,
			       SIZE_MAX - 1, SIZE_MAX };
	struct mpool_class_stats st;
	unsigned int i;
	void *bufs[2];

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_NULL(test, mpool_alloc(pool, bad[i], GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, mpool_alloc(pool, bad[i], GFP_NOWAIT));
		KUNIT_EXPECT_NULL(test, mpool_alloc_timeout(pool, bad[i],
							    GFP_KERNEL, 1));
		KUNIT_EXPECT_EQ(test, mpool_alloc_bulk(pool, bad[i], GFP_KERNEL,
						       2, bufs), 0U);
		KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_class_get(pool, bad[i])),
				(long)-EINVAL);
		KUNIT_EXPECT_EQ(test, mpool_class_get_stats(pool, bad[i], &st),
				-EINVAL);
	}
	mpool_get_stats(pool, &st);
	KUNIT_EXPECT_EQ(test, st.backed, 0ULL);
}

static void a_class_has_its_whole_size(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);

	KUNIT_EXPECT_EQ(test, mpool_class_size(kt_class(test, pool, 1)),
			(size_t)64);
	KUNIT_EXPECT_EQ(test, mpool_class_size(kt_class(test, pool, 65)),
			(size_t)80);
	KUNIT_EXPECT_EQ(test, mpool_class_size(kt_class(test, pool, 4095)),
			(size_t)4096);
	KUNIT_EXPECT_EQ(test, mpool_class_size(kt_class(test, pool, 4097)),
			(size_t)8192);
	KUNIT_EXPECT_PTR_EQ(test, kt_class(test, pool, 1),
			    kt_class(test, pool, 64));
}

static unsigned int classes_in_being(struct mpool *pool)
{
	unsigned int i, nr = 0;

	for (i = 0; i < pool->nr_classes; i++)
		nr += !!mpool_pool_peek(pool, i);
	return nr;
}

static void classes_come_with_their_first_use(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class_stats st;
	void *buf;

	KUNIT_EXPECT_EQ(test, classes_in_being(pool), 0U);
	KUNIT_EXPECT_EQ(test, mpool_class_get_stats(pool, 100, &st), -ENOENT);
	buf = mpool_alloc(pool, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, mpool_class_get_stats(pool, 100, &st), 0);
	KUNIT_EXPECT_EQ(test, st.size, 112ULL);
	KUNIT_EXPECT_EQ(test, classes_in_being(pool), 1U);
	mpool_free(pool, buf);
}

struct first_use {
	const char *desc;
	size_t size;
	gfp_t gfp;
	/* The scope that the task is in. */
	unsigned int flags;
	bool made;
};

static const struct first_use first_uses[] = {
	{ "atomic, 100 bytes", 100, GFP_NOWAIT },
	{ "atomic, 4096 bytes", 4096, GFP_NOWAIT },
	{ "atomic, 20000 bytes", 20000, GFP_NOWAIT },
	{ "no I/O, 100 bytes", 100, GFP_NOIO },
	{ "no I/O, 20000 bytes", 20000, GFP_NOIO },
	{ "no file systems", 4096, GFP_NOFS },
	{ "scope without I/O", 4096, GFP_KERNEL, PF_MEMALLOC_NOIO },
	{ "scope without file systems", 100, GFP_KERNEL, PF_MEMALLOC_NOFS },
	{ "amid reclaim", 100, GFP_KERNEL, PF_MEMALLOC },
	{ "may all", 100, GFP_KERNEL, 0, true },
	{ "may all but retry", 4096, GFP_KERNEL | __GFP_NORETRY, 0, true },
};

static void first_use_desc(const struct first_use *f, char *desc)
{
	strscpy(desc, f->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(first_use, first_uses, first_use_desc);

/* As memalloc_noio_save() and the like, by number. */
static unsigned int scope_begin(unsigned int flags)
{
	unsigned int before = current->flags & flags;

	current->flags |= flags;
	return before;
}

static void scope_end(unsigned int flags, unsigned int before)
{
	current->flags = (current->flags & ~flags) | before;
}

static void *use_in_scope(struct mpool *pool, const struct first_use *f)
{
	unsigned int before = scope_begin(f->flags);
	void *buf = mpool_alloc(pool, f->size, f->gfp);

	scope_end(f->flags, before);
	return buf;
}

/* Others hold the pool's lock while they allocate: it may wait for this task. */
static void a_limited_first_use_fails_and_has_it_made(struct kunit *test)
{
	const struct first_use *f = test->param_value;
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class_stats st;
	void *buf;

	buf = use_in_scope(pool, f);
	KUNIT_EXPECT_EQ(test, !!buf, f->made);
	mpool_free(pool, buf);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(!mpool_class_get_stats(pool, f->size,
								&st) &&
					 st.backed >= 50));
	/* Who makes it may not be at the end yet. */
	flush_work(&pool->make_work);
	buf = use_in_scope(pool, f);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	mpool_free(pool, buf);
}

static int first_use_without_io(void *arg)
{
	struct mpool *pool = arg;
	void *bufs[2], *buf;
	bool all;

	buf = mpool_alloc(pool, 100, GFP_NOIO) ?:
	      mpool_alloc_timeout(pool, 200, GFP_NOIO, HZ);
	all = mpool_alloc_all(pool, 400, GFP_NOIO, 2, bufs);
	return !buf && !all && !mpool_alloc_bulk(pool, 300, GFP_NOFS, 2, bufs);
}

/* Who holds the lock amid an allocation holds up nobody that this may wait for. */
static void a_limited_first_use_waits_for_no_lock(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct kt_thread *t;

	mutex_lock(&pool->lock);
	t = kt_start(test, -1, first_use_without_io, pool);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(t)));
	mutex_unlock(&pool->lock);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 1);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(classes_in_being(pool) == 4));
}

static void eager_makes_all_classes_at_once(struct kunit *test)
{
	static const u32 sizes[] = { 64, 1024, 4096, 12288, SZ_128K };
	struct mpool_config cfg = {
		.settings = { .flags = MPOOL_POOL_EAGER,
			      .initial = { 10, 5, 2 } },
		.sizes = sizes,
		.nr_sizes = ARRAY_SIZE(sizes),
	};
	static const u64 want[] = { 10, 10, 5, 5, 2 };
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class_stats st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, mpool_class_get_stats(pool, sizes[i],
							    &st), 0);
		KUNIT_EXPECT_EQ(test, st.backed, want[i]);
	}
}

static void a_reserve_above_max_bytes_is_refused(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .reserve = 4, .max_bytes = SZ_16K },
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *cls = mpool_class_get(pool, SZ_8K);

	KUNIT_EXPECT_EQ(test, PTR_ERR(cls), (long)-ENOSPC);
	/* Nothing of the attempt is left. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->bytes), 0L);
	KUNIT_EXPECT_EQ(test, classes_in_being(pool), 0U);
	KUNIT_EXPECT_NULL(test, mpool_alloc(pool, SZ_8K, GFP_KERNEL));
	cls = mpool_class_get(pool, SZ_4K);
	KUNIT_EXPECT_FALSE(test, IS_ERR(cls));
}

static void an_eager_pool_without_room_is_refused(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .flags = MPOOL_POOL_EAGER, .reserve = 4,
			      .max_bytes = SZ_16K },
	};
	struct mpool *pool = mpool_create("kunit-no-room", &cfg);

	KUNIT_EXPECT_EQ(test, PTR_ERR(pool), (long)-ENOSPC);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-no-room"));
	pool = mpool_create("kunit-no-room", NULL);
	KUNIT_EXPECT_FALSE(test, IS_ERR(pool));
	if (!IS_ERR(pool))
		mpool_put(pool);
}

static void resize_refuses_what_makes_no_sense(struct kunit *test)
{
	struct mpool_config cfg = { .settings = { .reserve = 5 } };
	struct mpool *pool = kt_pool(test, &cfg);
	int t;

	KUNIT_EXPECT_EQ(test, mpool_resize(pool, MPOOL_NR_TIERS, 10), -EINVAL);
	KUNIT_EXPECT_EQ(test, mpool_resize(pool, (enum mpool_tier)-1, 10),
			-EINVAL);
	for (t = 0; t < MPOOL_NR_TIERS; t++) {
		KUNIT_EXPECT_EQ(test, mpool_resize(pool, t, 0), -EINVAL);
		/* The pool has no class in the large tier, and no reserve. */
		KUNIT_EXPECT_EQ(test, mpool_resize(pool, t, 4),
				t == MPOOL_LARGE ? 0 : -EINVAL);
		KUNIT_EXPECT_EQ(test, mpool_resize(pool, t, 1U << 24), -EINVAL);
		KUNIT_EXPECT_EQ(test, mpool_resize(pool, t, 5), 0);
		KUNIT_EXPECT_EQ(test, mpool_resize(pool, t, (1U << 24) - 1), 0);
	}
}

static void resize_is_for_one_tier_and_later_classes_too(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class *small = kt_class(test, pool, 64);
	struct mpool_class *medium = kt_class(test, pool, 4096);

	KUNIT_EXPECT_EQ(test, mpool_resize(pool, MPOOL_SMALL, 200), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(small).max, 200ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(medium).max, 500ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(kt_class(test, pool, 128)).max, 200ULL);
}

static void a_higher_limit_lets_more_be_made(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64), *buf;

	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, mpool_resize(cls->pool, MPOOL_SMALL, 65), 0);
	buf = mpool_class_alloc(cls, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	mpool_class_free(cls, buf);
	kt_give(cls, 64, bufs);
}

static void a_lower_limit_takes_idle_buffers_at_once(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64);

	kt_give(cls, 44, bufs + 20);
	KUNIT_EXPECT_EQ(test, mpool_resize(cls->pool, MPOOL_SMALL, 30), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 30ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 20ULL);
	/* Those in use stay; the rest goes when they are back. */
	KUNIT_EXPECT_EQ(test, mpool_resize(cls->pool, MPOOL_SMALL, 10), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 20ULL);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	kt_give(cls, 20, bufs);
	mpool_trim(cls->pool, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

static void trim_gives_all_idle_memory_back(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class *a = kt_class(test, pool, 64);
	struct mpool_class *b = kt_class(test, pool, 4096);
	void *buf = mpool_class_alloc(a, GFP_KERNEL);
	size_t bytes;

	mpool_class_free(b, mpool_class_alloc(b, GFP_KERNEL));
	bytes = 99 * mpool_class_cost(a) + 50 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, mpool_trim(pool, 0), bytes);
	KUNIT_EXPECT_EQ(test, kt_stats(a).backed, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(b).backed, 0ULL);
	KUNIT_EXPECT_EQ(test, mpool_trim(pool, 0), (size_t)0);
	mpool_class_free(a, buf);
}

static void trim_spares_the_young(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class *cls = kt_class(test, pool, 64);

	KUNIT_EXPECT_EQ(test, mpool_trim(pool, 60000), (size_t)0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 100ULL);
	msleep(50);
	KUNIT_EXPECT_EQ(test, mpool_trim(pool, 20),
			100 * mpool_class_cost(cls));
}

static void idle_classes_make_room_within_max_bytes(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .max_bytes = SZ_64K, .max = { 16, 16, 16 } },
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *a = kt_class(test, pool, SZ_4K);
	void **bufs = kt_array(test, 8);
	int i;

	KUNIT_EXPECT_EQ(test, kt_stats(a).backed, 16ULL);
	for (i = 0; i < 8; i++) {
		bufs[i] = mpool_alloc(pool, SZ_8K, GFP_KERNEL | __GFP_NORETRY);
		KUNIT_EXPECT_NOT_NULL(test, bufs[i]);
		KUNIT_EXPECT_LE(test, atomic_long_read(&pool->bytes),
				(long)SZ_64K);
	}
	KUNIT_EXPECT_NULL(test, mpool_alloc(pool, SZ_8K, GFP_KERNEL |
					    __GFP_NORETRY));
	KUNIT_EXPECT_NULL(test, mpool_alloc(pool, SZ_4K, GFP_KERNEL |
					    __GFP_NORETRY));
	mpool_free_bulk(pool, 8, bufs);
}

static void pool_statistics_are_the_sum_of_the_classes(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class *a = kt_class(test, pool, 64);
	struct mpool_class *b = kt_class(test, pool, 4096);
	void **x = kt_take(test, a, 5), **y = kt_take(test, b, 3);
	struct mpool_class_stats st, sa, sb;

	mpool_get_stats(pool, &st);
	sa = kt_stats(a);
	sb = kt_stats(b);
	KUNIT_EXPECT_EQ(test, st.size, 0ULL);
	KUNIT_EXPECT_EQ(test, st.max, sa.max + sb.max);
	KUNIT_EXPECT_EQ(test, st.backed, 150ULL);
	KUNIT_EXPECT_EQ(test, st.allocated, 8ULL);
	KUNIT_EXPECT_EQ(test, st.allocs, 8ULL);
	KUNIT_EXPECT_EQ(test, st.grown, sa.grown + sb.grown);
	KUNIT_EXPECT_EQ(test, st.backed, kt_sum(&st));
	kt_give(a, 5, x);
	kt_give(b, 3, y);
	mpool_get_stats(pool, &st);
	KUNIT_EXPECT_EQ(test, st.frees, 8ULL);
}

static int get_class(void *arg)
{
	return IS_ERR(mpool_class_get(arg, 777));
}

static void a_class_is_made_once_however_many_want_it(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct kt_thread *t[4];
	int i;

	for (i = 0; i < 4; i++)
		t[i] = kt_start(test, -1, get_class, pool);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, kt_join(test, t[i]), 0);
	KUNIT_EXPECT_EQ(test, classes_in_being(pool), 1U);
	KUNIT_EXPECT_EQ(test, kt_stats(kt_class(test, pool, 777)).backed,
			100ULL);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE_PARAM(each_size_has_the_smallest_class, layout_gen_params),
	KUNIT_CASE_PARAM(sizes_out_of_range_have_no_class, layout_gen_params),
	KUNIT_CASE(a_class_has_its_whole_size),
	KUNIT_CASE(classes_come_with_their_first_use),
	KUNIT_CASE_PARAM(a_limited_first_use_fails_and_has_it_made,
			 first_use_gen_params),
	KUNIT_CASE(a_limited_first_use_waits_for_no_lock),
	KUNIT_CASE(eager_makes_all_classes_at_once),
	KUNIT_CASE(a_reserve_above_max_bytes_is_refused),
	KUNIT_CASE(an_eager_pool_without_room_is_refused),
	KUNIT_CASE(resize_refuses_what_makes_no_sense),
	KUNIT_CASE(resize_is_for_one_tier_and_later_classes_too),
	KUNIT_CASE(a_higher_limit_lets_more_be_made),
	KUNIT_CASE(a_lower_limit_takes_idle_buffers_at_once),
	KUNIT_CASE(trim_gives_all_idle_memory_back),
	KUNIT_CASE(trim_spares_the_young),
	KUNIT_CASE(idle_classes_make_room_within_max_bytes),
	KUNIT_CASE(pool_statistics_are_the_sum_of_the_classes),
	KUNIT_CASE(a_class_is_made_once_however_many_want_it),
	{}
};

KT_SUITE(pool);
