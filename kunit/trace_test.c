// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints, heard by probes: what is called comes with its fields, and
 * traced or not, the path does the same.
 */
#include <linux/sizes.h>

#include "helpers.h"
#include "suites.h"
#include "trace.h"

/* What the probes have heard of one pool. */
struct heard {
	const char *pool;
	unsigned int allocs;
	unsigned int frees;
	u64 asked;
	const void *buf;
	u32 size;
	gfp_t gfp;
	unsigned int exhausts;
	unsigned int misses;
	unsigned int grown;
	unsigned int shrunk;
	int err;
	bool waits;
};

static void on_alloc(void *data, const char *pool, u32 size, const void *buf,
		     u32 asked, gfp_t gfp, unsigned long caller)
{
	struct heard *h = data;

	if (pool != h->pool)
		return;
	h->allocs++;
	h->asked += asked;
	h->size = size;
	h->buf = buf;
	h->gfp = gfp;
}

static void on_free(void *data, const char *pool, u32 size, const void *buf,
		    unsigned long caller)
{
	struct heard *h = data;

	if (pool != h->pool)
		return;
	h->frees++;
	h->size = size;
	h->buf = buf;
}

static void on_miss(void *data, const char *pool, u32 size, gfp_t gfp, int err,
		    u64 ns)
{
	struct heard *h = data;

	if (pool == h->pool && !err)
		h->misses++;
}

static void on_grow(void *data, const char *pool, u32 size, u32 nr, u32 backed,
		    u32 max, int node, gfp_t gfp)
{
	struct heard *h = data;

	if (pool == h->pool)
		h->grown += nr;
}

static void on_shrink(void *data, const char *pool, u32 size, u32 nr,
		      u32 backed)
{
	struct heard *h = data;

	if (pool == h->pool)
		h->shrunk += nr;
}

static void on_exhaust(void *data, const char *pool, u32 size, u32 max,
		       long bytes, unsigned long max_bytes, gfp_t gfp, int err,
		       bool waits)
{
	struct heard *h = data;

	if (pool != h->pool)
		return;
	h->exhausts++;
	h->err = err;
	h->waits = waits;
}

/* Hears of @cls's pool until hush(). */
static struct heard *listen(struct kunit *test, struct mpool_class *cls)
{
	struct heard *h;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "this kernel has no tracepoints");
	h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h);
	h->pool = mpool_name(cls->pool);
	KUNIT_EXPECT_EQ(test, register_trace_mpool_alloc(on_alloc, h), 0);
	KUNIT_EXPECT_EQ(test, register_trace_mpool_free(on_free, h), 0);
	KUNIT_EXPECT_EQ(test, register_trace_mpool_miss(on_miss, h), 0);
	KUNIT_EXPECT_EQ(test, register_trace_mpool_grow(on_grow, h), 0);
	KUNIT_EXPECT_EQ(test, register_trace_mpool_shrink(on_shrink, h), 0);
	KUNIT_EXPECT_EQ(test, register_trace_mpool_exhaust(on_exhaust, h), 0);
	return h;
}

static void hush(struct heard *h)
{
	unregister_trace_mpool_alloc(on_alloc, h);
	unregister_trace_mpool_free(on_free, h);
	unregister_trace_mpool_miss(on_miss, h);
	unregister_trace_mpool_grow(on_grow, h);
	unregister_trace_mpool_shrink(on_shrink, h);
	unregister_trace_mpool_exhaust(on_exhaust, h);
	tracepoint_synchronize_unregister();
}

static const unsigned int sizes[] = { 256, SZ_4K, SZ_256K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static void one_by_one(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 64);
	struct heard *h = listen(test, cls);
	struct mpool_class_stats st;
	void *buf;
	int i;

	for (i = 1; i <= 3; i++) {
		buf = mpool_alloc(cls->pool, size - i, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, h->allocs, 2U * i - 1);
		KUNIT_EXPECT_PTR_EQ(test, h->buf, (const void *)buf);
		KUNIT_EXPECT_EQ(test, h->size, cls->size);
		KUNIT_EXPECT_TRUE(test, h->gfp == GFP_KERNEL);
		h->buf = NULL;
		mpool_free(cls->pool, buf);
		KUNIT_EXPECT_EQ(test, h->frees, 2U * i - 1);
		KUNIT_EXPECT_PTR_EQ(test, h->buf, (const void *)buf);
		buf = mpool_class_alloc(cls, GFP_NOWAIT);
		KUNIT_EXPECT_EQ(test, h->allocs, 2U * i);
		KUNIT_EXPECT_TRUE(test, h->gfp == GFP_NOWAIT);
		mpool_class_free(cls, buf);
		KUNIT_EXPECT_EQ(test, h->frees, 2U * i);
	}
	KUNIT_EXPECT_EQ(test, h->asked, 6ULL * size - 6);
	mpool_trim(cls->pool, 0);
	hush(h);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.allocs, (u64)h->allocs);
	KUNIT_EXPECT_EQ(test, st.frees, (u64)h->frees);
	KUNIT_EXPECT_EQ(test, st.misses, (u64)h->misses);
	KUNIT_EXPECT_EQ(test, st.grown, (u64)h->grown);
	KUNIT_EXPECT_EQ(test, st.shrunk, (u64)h->shrunk);
	KUNIT_EXPECT_GT(test, h->shrunk, 0U);
	/* And then no more. */
	mpool_class_free(cls, mpool_class_alloc(cls, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, h->allocs, 6U);
	KUNIT_EXPECT_EQ(test, h->frees, 6U);
}

static void in_bulk(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 64);
	struct heard *h = listen(test, cls);
	void **bufs = kt_array(test, 20);

	KUNIT_EXPECT_EQ(test, mpool_alloc_bulk(cls->pool, size - 1, GFP_KERNEL,
					       20, bufs), 20U);
	KUNIT_EXPECT_EQ(test, h->allocs, 20U);
	KUNIT_EXPECT_EQ(test, h->asked, 20ULL * (size - 1));
	mpool_class_free_bulk(cls, 20, bufs);
	KUNIT_EXPECT_EQ(test, h->frees, 20U);
	KUNIT_EXPECT_EQ(test, mpool_class_alloc_bulk(cls, GFP_KERNEL, 20, bufs),
			20U);
	KUNIT_EXPECT_EQ(test, h->allocs, 40U);
	mpool_free_bulk(cls->pool, 20, bufs);
	KUNIT_EXPECT_EQ(test, h->frees, 40U);
	hush(h);
}

static void exhausted(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 4);
	struct heard *h = listen(test, cls);
	void **bufs = kt_take(test, cls, 4);

	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, h->exhausts, 1U);
	KUNIT_EXPECT_EQ(test, h->err, -ENOSPC);
	KUNIT_EXPECT_FALSE(test, h->waits);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc_timeout(cls, GFP_KERNEL, 1));
	KUNIT_EXPECT_EQ(test, h->exhausts, 2U);
	KUNIT_EXPECT_TRUE(test, h->waits);
	KUNIT_EXPECT_EQ(test, h->allocs, 4U);
	hush(h);
	kt_give(cls, 4, bufs);
}

/* Who may not sleep finds no class, has one made, and is heard of. */
static void exhausted_without_a_class(struct kunit *test)
{
	struct mpool *pool = kt_pool_max(test, 4);
	struct heard *h = listen(test, kt_class(test, pool, 256));
	void *buf = NULL;

	KUNIT_EXPECT_NULL(test, mpool_alloc(pool, 1024, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, h->exhausts, 1U);
	KUNIT_EXPECT_EQ(test, h->err, -EAGAIN);
	KUNIT_EXPECT_FALSE(test, h->waits);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL((buf = mpool_alloc(pool, 1024,
							    GFP_ATOMIC))));
	mpool_free(pool, buf);
	hush(h);
}

/* A class whose reserve finds no room is not there to count the failure. */
static void exhausted_by_a_class_that_cannot_be(struct kunit *test)
{
	const struct mpool_config cfg = {
		.settings = { .reserve = 4, .max_bytes = SZ_16K },
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct heard *h = listen(test, kt_class(test, pool, 64));

	KUNIT_EXPECT_NULL(test, mpool_alloc(pool, SZ_8K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, h->exhausts, 1U);
	KUNIT_EXPECT_EQ(test, h->err, -ENOSPC);
	KUNIT_EXPECT_FALSE(test, h->waits);
	hush(h);
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE_PARAM(one_by_one, size_gen_params),
	KUNIT_CASE_PARAM(in_bulk, size_gen_params),
	KUNIT_CASE(exhausted),
	KUNIT_CASE(exhausted_without_a_class),
	KUNIT_CASE(exhausted_by_a_class_that_cannot_be),
	{}
};

KT_SUITE(trace);
