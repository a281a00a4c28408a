// SPDX-License-Identifier: GPL-2.0
/*
 * What KASAN takes for free, and what for used.  That a use of what is free is
 * reported is shown by kasan_alone.sh, since its report ends the lock checker.
 */
#include <linux/sizes.h>

#include "helpers.h"
#include "suites.h"

static const unsigned int sizes[] = { 64, 256, SZ_4K, 3 * SZ_4K, SZ_16K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static struct mpool_class *any_class(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;

	if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
		kunit_skip(test, "needs generic KASAN");
	return kt_class_max(test, size, 64);
}

/* All of it, or none; and of its neighbourhood nothing. */
static bool hidden(const struct mpool_class *cls, const void *buf)
{
	size_t at, nr = 0;

	for (at = 0; at < cls->size; at += 8)
		nr += mpool_kasan_poisoned(buf + at);
	if (!cls->paged && mpool_kasan_poisoned(buf - 8))
		return false;
	return nr == cls->size / 8;
}

static bool shown(const struct mpool_class *cls, const void *buf)
{
	size_t at;

	for (at = 0; at < cls->size; at += 8)
		if (mpool_kasan_poisoned(buf + at))
			return false;
	return true;
}

static void one_by_one(struct kunit *test)
{
	struct mpool_class *cls = any_class(test);
	void *buf = mpool_alloc(cls->pool, cls->size, GFP_KERNEL);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, shown(cls, buf));
		mpool_free(cls->pool, buf);
		KUNIT_EXPECT_TRUE(test, hidden(cls, buf));
		buf = mpool_class_alloc(cls, i ? GFP_NOWAIT :
					GFP_KERNEL | __GFP_ZERO);
	}
	mpool_class_free(cls, buf);
	KUNIT_EXPECT_TRUE(test, hidden(cls, buf));
}

static void many(struct kunit *test)
{
	struct mpool_class *cls = any_class(test);
	void **bufs = kt_array(test, 40);
	int i, k;

	for (k = 0; k < 3; k++) {
		KUNIT_EXPECT_TRUE(test, mpool_class_alloc_all(cls, GFP_KERNEL,
							      40, bufs));
		for (i = 0; i < 40; i++)
			KUNIT_EXPECT_TRUE(test, shown(cls, bufs[i]));
		if (k & 1)
			mpool_free_bulk(cls->pool, 40, bufs);
		else
			mpool_class_free_bulk(cls, 40, bufs);
		for (i = 0; i < 40; i++)
			KUNIT_EXPECT_TRUE(test, hidden(cls, bufs[i]));
	}
}

static void slowly(struct kunit *test)
{
	struct mpool_class *cls = any_class(test);
	void *buf;

	mpool_drain_begin(cls);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, shown(cls, buf));
	mpool_class_free(cls, buf);
	KUNIT_EXPECT_TRUE(test, hidden(cls, buf));
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, shown(cls, buf));
	mpool_drain_end(cls);
	mpool_class_free(cls, buf);
}

/* Made ahead of their use, and set aside. */
static void those_nobody_had_yet(struct kunit *test)
{
	struct mpool_config cfg = { .settings.reserve = 2 };
	struct mpool_class *cls = any_class(test);

	cls = kt_class(test, kt_pool(test, &cfg), cls->size);
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_depot, 0ULL);
	KUNIT_EXPECT_TRUE(test, hidden(cls, cls->reserve));
}

static void those_of_clients(struct kunit *test)
{
	struct mpool_class *cls = any_class(test);
	struct mpool_desc *desc;
	void *buf;

	if (!cls->paged)
		kunit_skip(test, "not for clients");
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	mpool_class_free(cls, buf);
	mpool_drain_begin(cls);
	desc = kt_lease(test, cls);
	mpool_drain_end(cls);
	KUNIT_EXPECT_TRUE(test, shown(cls, desc->addr));
	buf = desc->addr;
	kt_return(cls, desc);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(!kt_stats(cls).dirty));
	KUNIT_EXPECT_TRUE(test, shown(cls, buf));
}

/* The system finds them as it gave them. */
static void what_went_back(struct kunit *test)
{
	struct mpool_class *cls = any_class(test);
	void *buf, *page;

	buf = mpool_class_alloc(cls, GFP_KERNEL);
	mpool_class_free(cls, buf);
	mpool_trim(cls->pool, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	page = (void *)__get_free_pages(GFP_KERNEL, get_order(cls->size));
	KUNIT_ASSERT_NOT_NULL(test, page);
	memset(page, 1, cls->size);
	free_pages((unsigned long)page, get_order(cls->size));
}

static struct kunit_case kasan_cases[] = {
	KUNIT_CASE_PARAM(one_by_one, size_gen_params),
	KUNIT_CASE_PARAM(many, size_gen_params),
	KUNIT_CASE_PARAM(slowly, size_gen_params),
	KUNIT_CASE_PARAM(those_nobody_had_yet, size_gen_params),
	KUNIT_CASE_PARAM(those_of_clients, size_gen_params),
	KUNIT_CASE_PARAM(what_went_back, size_gen_params),
	{}
};

KT_SUITE(kasan);
