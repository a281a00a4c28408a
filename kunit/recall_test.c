// SPDX-License-Identifier: GPL-2.0
/*
 * Who keeps idle buffers is asked for them when they are wanted.
 */
#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "helpers.h"
#include "recall.h"
#include "stock.h"
#include "suites.h"

#define MOST	8

/* What a client does, without its window. */
struct keeper {
	struct mpool_keeper keeper;
	struct mpool_class *cls;
	struct mpool_desc *descs[MOST];
	unsigned int nr;
	unsigned int calls;
	unsigned int asked;
	u32 until;
};

static unsigned int shed(struct mpool_keeper *keeper, struct mpool_class *cls,
			 unsigned int nr, u32 until)
{
	struct keeper *k = container_of(keeper, struct keeper, keeper);

	k->calls++;
	k->asked = nr;
	k->until = until;
	nr = min(nr, k->nr);
	k->nr -= nr;
	mpool_stock_return_cached(k->cls, NULL, NULL, nr, k->descs + k->nr);
	return nr;
}

static struct keeper *keeps(struct kunit *test, struct mpool_class *cls,
			    unsigned int nr)
{
	struct keeper *k = kunit_kzalloc(test, sizeof(*k), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, k);
	k->keeper.shed = shed;
	k->cls = cls;
	for (k->nr = 0; k->nr < nr; k->nr++)
		k->descs[k->nr] = kt_lease(test, cls);
	mpool_stock_keep(cls, nr);
	mpool_keeper_add(cls->pool, &k->keeper);
	return k;
}

static void ends(struct keeper *k)
{
	mpool_keeper_del(k->cls->pool, &k->keeper);
	if (k->nr)
		mpool_stock_return_cached(k->cls, NULL, NULL, k->nr, k->descs);
}

static void nobody_is_asked_for_more_than_is_wanted(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 10);
	struct keeper *a = keeps(test, cls, 3), *b = keeps(test, cls, 3);

	KUNIT_EXPECT_EQ(test, kt_stats(cls).cached, 6ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	KUNIT_EXPECT_EQ(test, mpool_recall(cls, 4, 0), 4U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).cached, 2ULL);
	KUNIT_EXPECT_EQ(test, a->asked + b->asked, 4U + 1U);
	KUNIT_EXPECT_EQ(test, mpool_recall(cls, UINT_MAX, 0), 2U);
	KUNIT_EXPECT_EQ(test, a->calls, 2U);
	KUNIT_EXPECT_EQ(test, b->calls, 2U);
	/* Where nothing is kept there is nobody to ask. */
	KUNIT_EXPECT_EQ(test, mpool_recall(cls, UINT_MAX, 0), 0U);
	KUNIT_EXPECT_EQ(test, a->calls + b->calls, 4U);
	ends(a);
	ends(b);
}

static void who_went_is_not_asked(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 10);
	struct keeper *a = keeps(test, cls, 2), *b = keeps(test, cls, 2);

	ends(a);
	KUNIT_EXPECT_EQ(test, mpool_recall(cls, UINT_MAX, 0), 2U);
	KUNIT_EXPECT_EQ(test, a->calls, 0U);
	KUNIT_EXPECT_EQ(test, b->calls, 1U);
	ends(b);
}

/* Ages are rounded up to seconds: what is younger is not asked for. */
static void young_ones_stay(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 10);
	struct keeper *k = keeps(test, cls, 1);
	u32 now = ktime_get_boottime_seconds();

	mpool_recall(cls, 1, 0);
	KUNIT_EXPECT_EQ(test, k->until, U32_MAX);
	ends(k);
	k = keeps(test, cls, 1);
	mpool_recall(cls, 1, 1500);
	KUNIT_EXPECT_GE(test, k->until, now - 2);
	KUNIT_EXPECT_LE(test, k->until,
			(u32)ktime_get_boottime_seconds() - 2);
	ends(k);
	/* Older than the system. */
	k = keeps(test, cls, 1);
	mpool_recall(cls, 1, UINT_MAX);
	KUNIT_EXPECT_EQ(test, k->until, 0U);
	ends(k);
}

static void a_user_is_asked_for_all_of_it(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 10);
	struct keeper *a = keeps(test, cls, 2), *b = keeps(test, cls, 2);

	/* Only compared. */
	a->keeper.user = (struct user_struct *)a;
	b->keeper.user = (struct user_struct *)b;
	mpool_recall_user(cls->pool, a->keeper.user);
	KUNIT_EXPECT_EQ(test, a->nr, 0U);
	KUNIT_EXPECT_EQ(test, b->nr, 2U);
	ends(a);
	ends(b);
}

static void a_waiter_has_it_called_back(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 1);
	struct keeper *k = keeps(test, cls, 1);
	void *buf = mpool_alloc_timeout(cls->pool, SZ_4K, GFP_KERNEL,
					KT_PATIENCE);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, k->nr, 0U);
	mpool_free(cls->pool, buf);
	ends(k);
}

static void who_cannot_wait_finds_it_the_next_time(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 1);
	struct keeper *k = keeps(test, cls, 1);
	void *buf;

	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_ASSERT_TRUE(test, KT_UNTIL((buf = mpool_class_alloc(cls,
								  GFP_NOWAIT))));
	mpool_class_free(cls, buf);
	ends(k);
}

static void a_trim_gives_it_to_the_system(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);
	struct keeper *k = keeps(test, cls, 4);

	mpool_trim(cls->pool, 3600 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, k->until,
			(u32)ktime_get_boottime_seconds() < 3600 ? 0 :
			(u32)ktime_get_boottime_seconds() - 3600);
	ends(k);
	k = keeps(test, cls, 4);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0), (size_t)4 * SZ_4K);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	ends(k);
}

static void a_lower_limit_gives_it_to_the_system(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 10);
	struct mpool_pool_config set = { .max = { 0, 3 } };
	struct mpool_desc *idle = kt_lease(test, cls), *held;
	struct keeper *k = keeps(test, cls, 4);

	held = kt_lease(test, cls);
	kt_return(cls, idle);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 6ULL);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_MAX_MEDIUM), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 3ULL);
	/* No more than had to, and what nobody kept first. */
	KUNIT_EXPECT_EQ(test, k->nr, 2U);
	set.max_bytes = SZ_4K;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_MAX_BYTES), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 1ULL);
	kt_return(cls, held);
	ends(k);
}

static void it_can_be_set_aside(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);
	struct mpool_pool_config set = { .reserve = 1 };
	struct keeper *k = keeps(test, cls, 1);
	void **bufs = kt_take(test, cls, 3);

	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE), 0);
	KUNIT_EXPECT_EQ(test, k->nr, 0U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 1ULL);
	kt_give(cls, 3, bufs);
	ends(k);
}

/* In another class, where the pool's bytes are. */
static void it_makes_room_to_be_set_aside(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_16K,
			.growth_percent = 100,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *cls = kt_class(test, pool, SZ_4K);
	struct mpool_pool_config set = { .reserve = 1 };
	struct keeper *k = keeps(test, kt_class(test, pool, SZ_8K), 2);

	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, MPOOL_CONFIG_RESERVE),
			0);
	KUNIT_EXPECT_EQ(test, k->nr, 0U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(k->cls).reserve, 1ULL);
	ends(k);
}

/* Both of the two that are kept are in the way of one twice as large. */
static void all_that_is_kept_makes_room_at_once(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_size = SZ_4M,
			.max_bytes = SZ_4M,
			.growth_percent = 100,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *cls = kt_class(test, pool, SZ_2M);
	struct mpool_class *large = kt_class(test, pool, SZ_4M);
	struct mpool_desc *desc;
	struct keeper *k;
	int i;

	for (i = 0; i < 20; i++) {
		k = keeps(test, cls, 2);
		KUNIT_ASSERT_EQ(test,
				mpool_lease_take(large, NULL,
						 MPOOL_OWNER_CLIENT, 1, true,
						 MPOOL_DEADLINE_NOW, &desc), 1);
		KUNIT_EXPECT_EQ(test, k->nr, 0U);
		kt_return(large, desc);
		ends(k);
	}
}

/* Others' buffers are no help to a class that has all that it may have. */
static void at_its_own_limit_nobody_else_is_asked(struct kunit *test)
{
	struct mpool *pool = kt_pool_max(test, 1);
	struct mpool_class *cls = kt_class(test, pool, SZ_4K);
	struct mpool_desc *desc = kt_lease(test, cls), *none;
	struct keeper *k = keeps(test, kt_class(test, pool, SZ_8K), 1);

	KUNIT_EXPECT_EQ(test, mpool_lease_take(cls, NULL, MPOOL_OWNER_CLIENT, 1,
					       true, MPOOL_DEADLINE_NOW, &none),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, k->calls, 0U);
	KUNIT_EXPECT_EQ(test, k->nr, 1U);
	kt_return(cls, desc);
	ends(k);
}

static struct kunit_case recall_cases[] = {
	KUNIT_CASE(nobody_is_asked_for_more_than_is_wanted),
	KUNIT_CASE(who_went_is_not_asked),
	KUNIT_CASE(young_ones_stay),
	KUNIT_CASE(a_user_is_asked_for_all_of_it),
	KUNIT_CASE(a_waiter_has_it_called_back),
	KUNIT_CASE(who_cannot_wait_finds_it_the_next_time),
	KUNIT_CASE(a_trim_gives_it_to_the_system),
	KUNIT_CASE(a_lower_limit_gives_it_to_the_system),
	KUNIT_CASE(it_can_be_set_aside),
	KUNIT_CASE(it_makes_room_to_be_set_aside),
	KUNIT_CASE(all_that_is_kept_makes_room_at_once),
	KUNIT_CASE(at_its_own_limit_nobody_else_is_asked),
	{}
};

KT_SUITE(recall);
