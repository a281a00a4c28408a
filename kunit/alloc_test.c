// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing, as kernel users see it.
 */
#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "helpers.h"
#include "suites.h"

static const unsigned int kinds[] = { 64, 1000, SZ_4K, 3 * SZ_4K, SZ_64K,
				      SZ_1M };

static void kind_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static size_t kind_size(struct kunit *test)
{
	return *(const unsigned int *)test->param_value;
}

static bool aligned(void *buf, size_t size)
{
	return IS_ALIGNED((unsigned long)buf, size < PAGE_SIZE ? 16 : PAGE_SIZE);
}

/* Two of each class at once, each full of its own pattern to the last byte. */
static void every_class_gives_all_of_its_bytes(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.max_size = SZ_4M,
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	unsigned int i, size;
	void *a, *b;

	for (i = 0; i < pool->nr_classes; i++) {
		size = pool->sizes[i];
		a = mpool_alloc(pool, size, GFP_KERNEL);
		b = mpool_alloc(pool, i ? pool->sizes[i - 1] + 1 : 1,
				GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, a && b && a != b);
		KUNIT_EXPECT_TRUE(test, aligned(a, size) && aligned(b, size));
		if (a && b) {
			memset(a, i + 1, size);
			memset(b, ~i, size);
			KUNIT_EXPECT_NULL(test, memchr_inv(a, i + 1, size));
			KUNIT_EXPECT_NULL(test, memchr_inv(b, (u8)~i, size));
		}
		mpool_free(pool, a);
		mpool_free(pool, b);
		/* The large ones would not all fit at once. */
		mpool_trim(pool, 0);
	}
}

static void zeroed_after_a_dirty_user(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 64);
	struct mpool_class_stats st;
	void *buf, *again;

	kt_other_cpu(test);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xa5, cls->size);
	mpool_class_free(cls, buf);
	st = kt_stats(cls);
	again = mpool_class_alloc(cls, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_PTR_EQ(test, again, buf);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(again, cls->size));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).misses, st.misses);
	mpool_class_free(cls, again);
}

static void zeroed_when_new(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 64);
	void *buf = mpool_class_alloc(cls, GFP_ATOMIC | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(buf, cls->size));
	mpool_class_free(cls, buf);
}

static void zeroed_in_bulk(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 1000, 64);
	void **bufs = kt_take(test, cls, 40);
	int i;

	for (i = 0; i < 40; i++)
		memset(bufs[i], 0xa5, cls->size);
	kt_give(cls, 40, bufs);
	KUNIT_EXPECT_EQ(test, mpool_class_alloc_bulk(cls, GFP_KERNEL |
						     __GFP_ZERO, 40, bufs),
			40U);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_TRUE(test, kt_is_zero(bufs[i], cls->size));
	kt_give(cls, 40, bufs);
}

static bool all_different(unsigned int nr, void **bufs)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++)
			if (!bufs[i] || bufs[i] == bufs[j])
				return false;
	return true;
}

struct bulk {
	unsigned int nr;
	unsigned int want;
};

/* From a class of 64. */
static const struct bulk bulks[] = {
	{ 0, 0 }, { 1, 1 }, { 2, 2 }, { 17, 17 }, { 63, 63 }, { 64, 64 },
	{ 65, 64 }, { 100, 64 },
};

static void bulk_desc(const struct bulk *b, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of 64", b->nr);
}

KUNIT_ARRAY_PARAM(bulk, bulks, bulk_desc);

static void bulk_gives_what_there_is(struct kunit *test)
{
	const struct bulk *b = test->param_value;
	struct mpool *pool = kt_pool_max(test, 64);
	void **bufs = kt_array(test, b->nr);
	struct mpool_class_stats st;
	unsigned int round, got;

	kt_other_cpu(test);
	/* New ones, those of magazines and depots, and new ones again. */
	for (round = 0; round < 3; round++) {
		got = mpool_alloc_bulk(pool, 256, GFP_KERNEL | __GFP_NORETRY,
				       b->nr, bufs);
		KUNIT_EXPECT_EQ(test, got, b->want);
		KUNIT_EXPECT_TRUE(test, all_different(got, bufs));
		mpool_get_stats(pool, &st);
		KUNIT_EXPECT_EQ(test, st.allocated, (u64)got);
		mpool_free_bulk(pool, got, bufs);
		mpool_get_stats(pool, &st);
		KUNIT_EXPECT_EQ(test, st.allocated, 0ULL);
		if (round == 1)
			mpool_trim(pool, 0);
	}
}

static void bulk_that_waits_waits_for_the_first_only(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 8);
	void **bufs = kt_take(test, cls, 7), *more[4];

	KUNIT_EXPECT_EQ(test, mpool_class_alloc_bulk(cls, GFP_KERNEL, 4, more),
			1U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 0ULL);
	mpool_class_free(cls, more[0]);
	kt_give(cls, 7, bufs);
}

static void bulk_free_of_mixed_sizes(struct kunit *test)
{
	static const u32 sizes[] = { 64, 64, 1000, 4096, 64, 12288, 12288, 1000,
				     64, 65536, 4096, 4096 };
	struct mpool *pool = kt_pool_max(test, 64);
	void *bufs[ARRAY_SIZE(sizes) + 2] = {};
	struct mpool_class_stats st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bufs[i] = mpool_alloc(pool, sizes[i], GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, bufs[i]);
	}
	/* NULLs among them are as good as for a single free. */
	bufs[ARRAY_SIZE(sizes)] = bufs[5];
	bufs[5] = NULL;
	mpool_free_bulk(pool, ARRAY_SIZE(bufs), bufs);
	mpool_get_stats(pool, &st);
	KUNIT_EXPECT_EQ(test, st.allocated, 0ULL);
	KUNIT_EXPECT_EQ(test, st.frees, (u64)ARRAY_SIZE(sizes));
	KUNIT_EXPECT_EQ(test, st.bad_frees, 0ULL);
}

static void free_of_null_is_nothing(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void *none[3] = {};
	struct mpool_class_stats st;

	mpool_free(cls->pool, NULL);
	mpool_class_free(cls, NULL);
	mpool_free_bulk(cls->pool, 3, none);
	mpool_class_free_bulk(cls, 3, none);
	mpool_get_stats(cls->pool, &st);
	KUNIT_EXPECT_EQ(test, st.frees, 0ULL);
	KUNIT_EXPECT_EQ(test, st.bad_frees, 0ULL);
}

struct calls {
	unsigned int ctor;
	unsigned int reset;
	size_t size;
	unsigned int bad;
};

#define MARK	0x6d706f6f6cULL

static void count_ctor(void *buf, size_t size, void *arg)
{
	struct calls *calls = arg;

	calls->ctor++;
	calls->size = size;
	*(u64 *)buf = MARK;
}

static void count_reset(void *buf, size_t size, void *arg)
{
	struct calls *calls = arg;

	calls->reset++;
	if (size != calls->size)
		calls->bad++;
	*(u64 *)buf = MARK;
}

static struct mpool *pool_with_calls(struct kunit *test, struct calls *calls)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { 10, 10, 1 },
			.max = { 64, 64, 64 },
			.max_size = SZ_1M,
		},
		.ctor = count_ctor,
		.reset = count_reset,
		.arg = calls,
	};

	return kt_pool(test, &cfg);
}

static void ctor_sees_each_buffer_once(struct kunit *test)
{
	struct calls calls = {};
	struct mpool *pool = pool_with_calls(test, &calls);
	struct mpool_class *cls = kt_class(test, pool, kind_size(test));
	unsigned int round, i;
	void **bufs;

	for (round = 0; round < 3; round++) {
		bufs = kt_take(test, cls, 16);
		for (i = 0; i < 16; i++)
			KUNIT_EXPECT_EQ(test, *(u64 *)bufs[i], MARK);
		kt_give(cls, 16, bufs);
		KUNIT_EXPECT_EQ(test, calls.size, mpool_class_size(cls));
		KUNIT_EXPECT_EQ(test, (u64)calls.ctor, kt_stats(cls).grown);
	}
	/* One made anew is another one. */
	mpool_trim(pool, 0);
	kt_give(cls, 1, kt_take(test, cls, 1));
	KUNIT_EXPECT_EQ(test, (u64)calls.ctor, kt_stats(cls).grown);
}

static void reset_sees_every_return(struct kunit *test)
{
	struct calls calls = {};
	struct mpool *pool = pool_with_calls(test, &calls);
	struct mpool_class *cls = kt_class(test, pool, kind_size(test));
	void **bufs = kt_take(test, cls, 8);
	int i;

	for (i = 0; i < 8; i++)
		*(u64 *)bufs[i] = 0;
	KUNIT_EXPECT_EQ(test, calls.reset, 0U);
	mpool_free(pool, bufs[0]);
	KUNIT_EXPECT_EQ(test, calls.reset, 1U);
	mpool_class_free(cls, bufs[1]);
	KUNIT_EXPECT_EQ(test, calls.reset, 2U);
	mpool_free_bulk(pool, 3, bufs + 2);
	KUNIT_EXPECT_EQ(test, calls.reset, 5U);
	mpool_class_free_bulk(cls, 3, bufs + 5);
	KUNIT_EXPECT_EQ(test, calls.reset, 8U);
	KUNIT_EXPECT_EQ(test, calls.bad, 0U);
	bufs = kt_take(test, cls, 10);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, *(u64 *)bufs[i], MARK);
	kt_give(cls, 10, bufs);
}

static void a_refused_free_is_not_reset(struct kunit *test)
{
	struct calls calls = {};
	struct mpool *pool = pool_with_calls(test, &calls);
	void *buf = mpool_alloc(pool, 64, GFP_KERNEL);

	mpool_free(pool, buf);
	mpool_free(pool, buf);
	mpool_free(pool, &calls);
	KUNIT_EXPECT_EQ(test, calls.reset, 1U);
}

static void what_is_in_use_is_nobody_elses(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 20);
	void **bufs = kt_array(test, 20);
	unsigned int round, i;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < 20; i++) {
			bufs[i] = mpool_class_alloc(cls, GFP_KERNEL |
						    __GFP_NORETRY);
			KUNIT_ASSERT_NOT_NULL(test, bufs[i]);
			*(u32 *)bufs[i] = i;
			*(u32 *)(bufs[i] + cls->size - 4) = i;
		}
		KUNIT_EXPECT_TRUE(test, all_different(20, bufs));
		for (i = 0; i < 20; i++) {
			KUNIT_EXPECT_EQ(test, *(u32 *)bufs[i], i);
			KUNIT_EXPECT_EQ(test, *(u32 *)(bufs[i] + cls->size - 4),
					i);
		}
		kt_give(cls, 20, bufs);
	}
}

static void free_finds_the_class_by_itself(struct kunit *test)
{
	struct mpool *pool = kt_pool_max(test, 64);
	struct mpool_class *cls = kt_class(test, pool, kind_size(test));
	struct mpool_class *other = kt_class(test, pool, 2000);
	void *buf = mpool_alloc(pool, kind_size(test), GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 1ULL);
	mpool_free(pool, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).frees, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(other).frees, 0ULL);
}

static void pools_do_not_share_buffers(struct kunit *test)
{
	struct mpool *a = kt_pool_max(test, 8), *b = kt_pool_max(test, 8);
	void *buf = mpool_alloc(a, 64, GFP_KERNEL);
	void *other = mpool_alloc(b, 64, GFP_KERNEL);
	struct mpool_class_stats st;

	mpool_free(a, buf);
	mpool_get_stats(b, &st);
	KUNIT_EXPECT_EQ(test, st.allocated, 1ULL);
	KUNIT_EXPECT_EQ(test, st.frees, 0ULL);
	mpool_free(b, other);
	mpool_get_stats(a, &st);
	KUNIT_EXPECT_EQ(test, st.frees, 1ULL);
}

static void a_timeout_does_not_matter_while_there_are_some(struct kunit *test)
{
	struct mpool *pool = kt_pool_max(test, 8);
	void *a = mpool_alloc_timeout(pool, 64, GFP_KERNEL, 0);
	void *b = mpool_alloc_timeout(pool, 64, GFP_KERNEL, HZ);
	void *c = mpool_alloc_timeout(pool, 64, GFP_NOWAIT, HZ);

	KUNIT_EXPECT_TRUE(test, a && b && c);
	mpool_free(pool, a);
	mpool_free(pool, b);
	mpool_free(pool, c);
}

/* As large as their headers, and none beyond its end. */
static void smallest_buffers_do_not_overlap(struct kunit *test)
{
	const struct mpool_config cfg = {
		.settings = { .min_size = MPOOL_SIZE_MIN },
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *cls;
	void **bufs;
	u32 size;
	int i;

	for (size = 16; size <= 64; size += 16) {
		cls = kt_class(test, pool, size - 15);
		KUNIT_ASSERT_EQ(test, mpool_class_size(cls), (size_t)size);
		bufs = kt_take(test, cls, 100);
		for (i = 0; i < 100; i++) {
			KUNIT_EXPECT_EQ(test, (unsigned long)bufs[i] % 16, 0UL);
			memset(bufs[i], i, size);
		}
		for (i = 0; i < 100; i++)
			KUNIT_EXPECT_NULL(test, memchr_inv(bufs[i], i, size));
		kt_give(cls, 100, bufs);
		mpool_free(pool, bufs[0]);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 1ULL);
	}
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE(smallest_buffers_do_not_overlap),
	KUNIT_CASE(every_class_gives_all_of_its_bytes),
	KUNIT_CASE_PARAM(zeroed_after_a_dirty_user, kind_gen_params),
	KUNIT_CASE_PARAM(zeroed_when_new, kind_gen_params),
	KUNIT_CASE(zeroed_in_bulk),
	KUNIT_CASE_PARAM(bulk_gives_what_there_is, bulk_gen_params),
	KUNIT_CASE(bulk_that_waits_waits_for_the_first_only),
	KUNIT_CASE(bulk_free_of_mixed_sizes),
	KUNIT_CASE(free_of_null_is_nothing),
	KUNIT_CASE_PARAM(ctor_sees_each_buffer_once, kind_gen_params),
	KUNIT_CASE_PARAM(reset_sees_every_return, kind_gen_params),
	KUNIT_CASE(a_refused_free_is_not_reset),
	KUNIT_CASE_PARAM(what_is_in_use_is_nobody_elses, kind_gen_params),
	KUNIT_CASE_PARAM(free_finds_the_class_by_itself, kind_gen_params),
	KUNIT_CASE(pools_do_not_share_buffers),
	KUNIT_CASE(a_timeout_does_not_matter_while_there_are_some),
	{}
};

KT_SUITE(alloc);
