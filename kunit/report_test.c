// SPDX-License-Identifier: GPL-2.0
/*
 * Frees that are refused: each is counted, and changes nothing.
 */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "helpers.h"
#include "suites.h"

enum how { POOL, CLASS, POOL_BULK, CLASS_BULK };

struct misuse {
	const char *desc;
	unsigned int size;
	enum how how;
};

static const struct misuse misuses[] = {
	{ "small, by pool", 256, POOL },
	{ "small, by class", 256, CLASS },
	{ "small, by pool in bulk", 256, POOL_BULK },
	{ "small, by class in bulk", 256, CLASS_BULK },
	{ "page, by pool", SZ_4K, POOL },
	{ "page, by class", SZ_4K, CLASS },
	{ "page, by pool in bulk", SZ_4K, POOL_BULK },
	{ "page, by class in bulk", SZ_4K, CLASS_BULK },
	{ "split pages, by pool", 3 * SZ_4K, POOL },
	{ "compound page, by class", SZ_16K, CLASS },
	{ "large split pages, by pool", SZ_128K + SZ_32K, POOL },
	{ "large split pages, by class in bulk", SZ_128K + SZ_32K, CLASS_BULK },
	{ "large compound page, by class", SZ_128K, CLASS },
};

static void misuse_desc(const struct misuse *m, char *desc)
{
	strscpy(desc, m->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(misuse, misuses, misuse_desc);

static struct mpool_class *misuse_class(struct kunit *test)
{
	const struct misuse *m = test->param_value;

	return kt_class_max(test, m->size, 64);
}

static void free_how(struct kunit *test, struct mpool_class *cls, void *buf)
{
	const struct misuse *m = test->param_value;

	switch (m->how) {
	case POOL:
		mpool_free(cls->pool, buf);
		break;
	case CLASS:
		mpool_class_free(cls, buf);
		break;
	case POOL_BULK:
		mpool_free_bulk(cls->pool, 1, &buf);
		break;
	case CLASS_BULK:
		mpool_class_free_bulk(cls, 1, &buf);
		break;
	}
}

/* Expects that freeing @buf is refused, is counted once, and is all. */
static void refused(struct kunit *test, struct mpool_class *cls, void *buf)
{
	struct mpool_class_stats before, after;

	mpool_get_stats(cls->pool, &before);
	free_how(test, cls, buf);
	mpool_get_stats(cls->pool, &after);
	KUNIT_EXPECT_EQ_MSG(test, after.bad_frees, before.bad_frees + 1,
			    "pointer %lx", (unsigned long)buf);
	after.bad_frees = before.bad_frees;
	/* A bulk may have made room in the magazine before it looked. */
	KUNIT_EXPECT_EQ(test, after.free_cpu + after.free_depot,
			before.free_cpu + before.free_depot);
	after.free_cpu = before.free_cpu;
	after.free_depot = before.free_depot;
	KUNIT_EXPECT_EQ_MSG(test, memcmp(&before, &after, sizeof(before)), 0,
			    "pointer %lx", (unsigned long)buf);
}

static void twice(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	void **bufs = kt_take(test, cls, 20), *seen;
	unsigned int i;

	kt_other_cpu(test);
	seen = bufs[7];
	mpool_class_free(cls, seen);
	refused(test, cls, seen);
	refused(test, cls, seen);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 2ULL);
	/* It is handed out once. */
	bufs[7] = mpool_class_alloc(cls, GFP_NOWAIT);
	KUNIT_EXPECT_PTR_EQ(test, bufs[7], seen);
	for (i = 0; i < 20; i++) {
		void *buf = mpool_class_alloc(cls, GFP_NOWAIT);

		KUNIT_EXPECT_PTR_NE(test, buf, seen);
		mpool_class_free(cls, buf);
	}
	kt_give(cls, 20, bufs);
}

static void twice_by_way_of_the_depot(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	void **bufs = kt_take(test, cls, 64);
	unsigned int i;

	kt_give(cls, 64, bufs);
	for (i = 0; i < 64; i += 5)
		refused(test, cls, bufs[i]);
}

static u64 static_memory[64] __aligned(64);

static void what_never_was_a_buffer(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	u64 stack[8] __aligned(64) = {};
	void *slab = kzalloc(512, GFP_KERNEL), *vm = vzalloc(2 * PAGE_SIZE);
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	KUNIT_EXPECT_TRUE(test, slab && vm && page);
	kt_give(cls, 1, kt_take(test, cls, 1));
	refused(test, cls, stack);
	refused(test, cls, &stack[2]);
	refused(test, cls, static_memory);
	refused(test, cls, &static_memory[2]);
	refused(test, cls, slab);
	refused(test, cls, slab + 16);
	refused(test, cls, slab + 64);
	refused(test, cls, vm);
	refused(test, cls, vm + 16);
	refused(test, cls, vm + PAGE_SIZE);
	refused(test, cls, page);
	refused(test, cls, page + 16);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(stack, sizeof(stack)));
	KUNIT_EXPECT_TRUE(test, kt_is_zero(static_memory, 512));
	KUNIT_EXPECT_TRUE(test, kt_is_zero(slab, 512));
	KUNIT_EXPECT_TRUE(test, kt_is_zero(vm, 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, kt_is_zero(page, PAGE_SIZE));
	kfree(slab);
	vfree(vm);
	free_page((unsigned long)page);
}

static void what_no_memory_is_at(struct kunit *test)
{
	static const unsigned long addrs[] = {
		1, 2, 8, 15, 16, 17, 32, 0x1000, 0x400000, 0x400010,
		0x7ffffffff000, 0x00007fffffffffff, 0x0000800000000000,
		0x8000000000000000, 0x8000000000000010, 0xdead000000000100,
		0xffff7fffffffffff, 0xffff800000000000, 0xfffffffffffff000,
		0xfffffffffffffff0, 0xffffffffffffffff,
	};
	struct mpool_class *cls = misuse_class(test);
	unsigned long first = PAGE_OFFSET, last = (unsigned long)high_memory;
	unsigned int i;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "user-mode Linux survives no fault of a kernel thread");
	for (i = 0; i < ARRAY_SIZE(addrs); i++)
		refused(test, cls, (void *)addrs[i]);
	refused(test, cls, (void *)first);
	refused(test, cls, (void *)(first + 16));
	refused(test, cls, (void *)(first - 16));
	refused(test, cls, (void *)(last - PAGE_SIZE));
	refused(test, cls, (void *)(last - 8));
	refused(test, cls, (void *)last);
	refused(test, cls, (void *)(last + 16));
}

static void what_lies_inside_a_buffer(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	static const int offsets[] = { -16, -8, -1, 1, 8, 15, 16, 32, 64, 128 };
	void **bufs = kt_take(test, cls, 2);
	unsigned int i;
	size_t at;

	/* Its content says nothing about it. */
	memset(bufs[0], 0xff, cls->size);
	memset(bufs[1], 0, cls->size);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		refused(test, cls, bufs[0] + offsets[i]);
		refused(test, cls, bufs[1] + offsets[i]);
	}
	for (at = PAGE_SIZE; at < cls->size; at += PAGE_SIZE) {
		refused(test, cls, bufs[0] + at);
		refused(test, cls, bufs[0] + at + 16);
	}
	KUNIT_EXPECT_NULL(test, memchr_inv(bufs[0], 0xff, cls->size));
	KUNIT_EXPECT_TRUE(test, kt_is_zero(bufs[1], cls->size));
	kt_give(cls, 2, bufs);
}

static void another_pools_buffer(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	struct mpool_class *other = misuse_class(test);
	void **bufs = kt_take(test, other, 3);
	int i;

	for (i = 0; i < 3; i++)
		refused(test, cls, bufs[i]);
	KUNIT_EXPECT_EQ(test, kt_stats(other).allocated, 3ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(other).bad_frees, 0ULL);
	kt_give(other, 3, bufs);
}

static const unsigned int wrong_sizes[] = { 64, 272, SZ_4K, SZ_8K, 3 * SZ_4K,
					    SZ_128K, SZ_128K + SZ_32K };

static void another_classs_buffer(struct kunit *test)
{
	const struct misuse *m = test->param_value;
	struct mpool_class *cls = misuse_class(test), *other;
	unsigned int i;
	void *buf;

	for (i = 0; i < ARRAY_SIZE(wrong_sizes); i++) {
		other = kt_class(test, cls->pool, wrong_sizes[i]);
		if (other == cls)
			continue;
		buf = mpool_class_alloc(other, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		/* To the pool, it is no misuse. */
		if (m->how == CLASS || m->how == CLASS_BULK)
			refused(test, cls, buf);
		else
			free_how(test, cls, buf);
		if (m->how == CLASS || m->how == CLASS_BULK)
			mpool_class_free(other, buf);
		KUNIT_EXPECT_EQ(test, kt_stats(other).frees, 1ULL);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).frees, 0ULL);
	}
}

static void a_leased_buffer(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_8K, 4);
	struct mpool_desc *desc = kt_lease(test, cls);

	mpool_free(cls->pool, desc->addr);
	mpool_class_free(cls, desc->addr);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).frees, 0ULL);
	KUNIT_EXPECT_EQ(test, (int)kt_state(cls, desc->addr),
			(int)MPOOL_LEASED);
	kt_return(cls, desc);
}

static void a_pinned_buffer(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_8K, 4);
	struct mpool_desc *desc = kt_lease(test, cls);
	struct page *page = desc->page;

	get_page(page);
	kt_return(cls, desc);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 1ULL);
	mpool_free(cls->pool, page_address(page));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 1ULL);
	put_page(page);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
}

static void one_that_went_back_to_the_system(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	void **bufs = kt_take(test, cls, 10);
	int i;

	kt_give(cls, 10, bufs);
	mpool_trim(cls->pool, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	for (i = 0; i < 10; i++)
		refused(test, cls, bufs[i]);
}

/* The good ones of a bulk go back whatever stands between them. */
static void bad_ones_among_good_ones(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 64);
	void **bufs = kt_take(test, cls, 4);
	void *mixed[] = { bufs[0], bufs[1], bufs[0], (void *)16UL, bufs[2], NULL,
			  bufs[3], bufs[3] };
	struct mpool_class_stats st;

	mpool_free_bulk(cls->pool, ARRAY_SIZE(mixed), mixed);
	mpool_get_stats(cls->pool, &st);
	KUNIT_EXPECT_EQ(test, st.allocated, 0ULL);
	KUNIT_EXPECT_EQ(test, st.frees, 4ULL);
	KUNIT_EXPECT_EQ(test, st.bad_frees, 3ULL);
}

struct race {
	struct mpool_class *cls;
	void *buf;
	atomic_t ready;
};

static int free_at_once(void *arg)
{
	struct race *r = arg;

	atomic_inc(&r->ready);
	while (atomic_read(&r->ready) < 2)
		kt_resched();
	mpool_class_free(r->cls, r->buf);
	return 0;
}

/* Two free the same buffer at once: one of them does. */
static void twice_at_the_same_time(struct kunit *test)
{
	struct mpool_class *cls = misuse_class(test);
	int other = kt_other_cpu(test), i;

	for (i = 0; i < 30; i++) {
		struct race r = { .cls = cls };
		struct kt_thread *t;

		r.buf = mpool_class_alloc(cls, GFP_KERNEL);
		t = kt_start(test, other, free_at_once, &r);
		free_at_once(&r);
		kt_join(test, t);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, i + 1ULL);
	}
}

static struct kunit_case report_cases[] = {
	KUNIT_CASE_PARAM(twice, misuse_gen_params),
	KUNIT_CASE_PARAM(twice_by_way_of_the_depot, misuse_gen_params),
	KUNIT_CASE_PARAM(what_never_was_a_buffer, misuse_gen_params),
	KUNIT_CASE_PARAM(what_no_memory_is_at, misuse_gen_params),
	KUNIT_CASE_PARAM(what_lies_inside_a_buffer, misuse_gen_params),
	KUNIT_CASE_PARAM(another_pools_buffer, misuse_gen_params),
	KUNIT_CASE_PARAM(another_classs_buffer, misuse_gen_params),
	KUNIT_CASE(a_leased_buffer),
	KUNIT_CASE(a_pinned_buffer),
	KUNIT_CASE_PARAM(one_that_went_back_to_the_system, misuse_gen_params),
	KUNIT_CASE(bad_ones_among_good_ones),
	KUNIT_CASE_PARAM(twice_at_the_same_time, misuse_gen_params),
	{}
};

KT_SUITE(report);
