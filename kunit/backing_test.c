// SPDX-License-Identifier: GPL-2.0
/*
 * Both backings: what a buffer is made of, and where it lies.
 */
#include <linux/mm.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "pages.h"
#include "suites.h"

static void small_buffers_never_begin_a_page(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 2048 - 16, 64);
	void **bufs = kt_take(test, cls, 64);
	int i;

	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)bufs[i], 16));
		KUNIT_EXPECT_FALSE(test, PAGE_ALIGNED(bufs[i]));
	}
	kt_give(cls, 64, bufs);
}

static void powers_of_two_are_one_compound_page(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_16K, 1);
	void **bufs = kt_take(test, cls, 1);
	struct page *page = virt_to_page(bufs[0]);

	KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(bufs[0]));
	KUNIT_EXPECT_EQ(test, compound_order(page), 2U);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	kt_give(cls, 1, bufs);
}

static void other_multiples_are_split_pages(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 3 * PAGE_SIZE, 1);
	void **bufs = kt_take(test, cls, 1);
	struct page *page = virt_to_page(bufs[0]);
	int i;

	KUNIT_ASSERT_EQ(test, mpool_class_size(cls), 3 * PAGE_SIZE);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_FALSE(test, PageCompound(page + i));
		KUNIT_EXPECT_EQ(test, page_count(page + i), 1);
	}
	kt_give(cls, 1, bufs);
}

/* The rounding of a split allocation is not kept. */
static void memory_is_charged_by_its_size(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 5 * PAGE_SIZE, 4);
	void **bufs = kt_take(test, cls, 4);

	KUNIT_EXPECT_EQ(test, atomic_long_read(&cls->pool->bytes),
			(long)(20 * PAGE_SIZE));
	kt_give(cls, 4, bufs);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0), 20 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cls->pool->bytes), 0L);
}

static void a_small_buffer_costs_its_header_too(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void **bufs = kt_take(test, cls, 1);

	KUNIT_EXPECT_GE(test, atomic_long_read(&cls->pool->bytes),
			(long)(64 + sizeof(struct mpool_head)));
	kt_give(cls, 1, bufs);
}

static const unsigned int node_sizes[] = { 256, 4096, 12288, 65536 };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(node_size, node_sizes, size_desc);

static void memory_comes_from_the_node_asked_for(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	int node;

	for_each_online_node(node) {
		struct mpool_config cfg = {
			.settings = { .node = node + 1,
				      .initial = { 8, 8, 8 } },
		};
		struct mpool *pool = kt_pool(test, &cfg);
		struct mpool_class *cls = kt_class(test, pool, size);
		void **bufs = kt_take(test, cls, 8);
		int i;

		for (i = 0; i < 8; i++)
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(bufs[i])),
					node);
		kt_give(cls, 8, bufs);
	}
}

static const unsigned int pin_sizes[] = { 4096, 12288, 16384 };

KUNIT_ARRAY_PARAM(pin_size, pin_sizes, size_desc);

/* A reference to any of a buffer's pages is a pin of all of it. */
static void a_reference_to_any_page_is_a_pin(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 1);
	void **bufs = kt_take(test, cls, 1);
	struct mpool_desc *desc = mpool_desc(bufs[0]);
	unsigned int i;

	KUNIT_EXPECT_PTR_EQ(test, desc->addr, bufs[0]);
	KUNIT_EXPECT_FALSE(test, mpool_pages_pinned(desc));
	for (i = 0; i < size >> PAGE_SHIFT; i++) {
		struct page *page = virt_to_page(bufs[0] + i * PAGE_SIZE);

		get_page(page);
		KUNIT_EXPECT_TRUE(test, mpool_pages_pinned(desc));
		put_page(page);
		KUNIT_EXPECT_FALSE(test, mpool_pages_pinned(desc));
	}
	kt_give(cls, 1, bufs);
}

static void new_memory_is_clean_only_if_zeroed(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 2);
	void *buf;

	KUNIT_ASSERT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 1, &buf), 1);
	KUNIT_EXPECT_EQ(test, mpool_desc(buf)->owner,
			(u32)MPOOL_OWNER_KERNEL);
	mpool_class_give_back(cls, 1, &buf);
	KUNIT_ASSERT_EQ(test, mpool_class_grow(cls, GFP_KERNEL | __GFP_ZERO, 1,
					       &buf), 1);
	KUNIT_EXPECT_EQ(test, mpool_desc(buf)->owner,
			(u32)MPOOL_OWNER_CLEAN);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(mpool_desc(buf)->addr, 4096));
	mpool_class_give_back(cls, 1, &buf);
}

/* 7.2 maps a folio by parts whose index, a slab's freelist, lies beyond its file. */
static void pages_have_no_index_of_their_last_user(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_128K, 32);
	struct page *pages[64];
	void **bufs;
	int i;

	/* Smaller ones go to a list for each CPU, which writes there in 6.1. */
	for (i = 0; i < 64; i++) {
		pages[i] = alloc_pages(GFP_KERNEL | __GFP_COMP,
				       get_order(SZ_128K));
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		page_folio(pages[i])->index = ULONG_MAX >> 1;
	}
	/* Every other one: they are not merged, and so are what is found first. */
	for (i = 0; i < 64; i += 2)
		__free_pages(pages[i], get_order(SZ_128K));
	bufs = kt_take(test, cls, 32);
	for (i = 0; i < 32; i++)
		KUNIT_EXPECT_EQ(test, 0UL, page_folio(virt_to_page(bufs[i]))->index);
	kt_give(cls, 32, bufs);
	for (i = 1; i < 64; i += 2)
		__free_pages(pages[i], get_order(SZ_128K));
}

static void pages_given_back_carry_nothing_of_ours(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 1);
	void **bufs = kt_take(test, cls, 1);
	struct page *page = virt_to_page(bufs[0]);

	/* Keeps the page to look at after the pool has let go of it. */
	get_page(page);
	kt_give(cls, 1, bufs);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, page_private(page), 0UL);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
}

static struct kunit_case backing_cases[] = {
	KUNIT_CASE(small_buffers_never_begin_a_page),
	KUNIT_CASE(powers_of_two_are_one_compound_page),
	KUNIT_CASE(other_multiples_are_split_pages),
	KUNIT_CASE(memory_is_charged_by_its_size),
	KUNIT_CASE(a_small_buffer_costs_its_header_too),
	KUNIT_CASE_PARAM(memory_comes_from_the_node_asked_for,
			 node_size_gen_params),
	KUNIT_CASE_PARAM(a_reference_to_any_page_is_a_pin,
			 pin_size_gen_params),
	KUNIT_CASE(new_memory_is_clean_only_if_zeroed),
	KUNIT_CASE(pages_have_no_index_of_their_last_user),
	KUNIT_CASE(pages_given_back_carry_nothing_of_ours),
	{}
};

KT_SUITE(backing);
