// SPDX-License-Identifier: GPL-2.0
/*
 * Idle buffers of one payer, and everybody else.  The payers here have no
 * cgroup: what is charged is for the tests of processes to see, here it is who
 * gets what.
 */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "ahead.h"
#include "backing.h"
#include "helpers.h"
#include "payer.h"
#include "payers.h"
#include "reserve.h"
#include "stock.h"
#include "suites.h"

#define SOME	4

static struct mpool_payer *new_payer(struct kunit *test,
				     struct mpool_class *cls)
{
	struct mpool_payer *p;

	p = kzalloc(struct_size(p, shelves, cls->pool->nr_classes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	refcount_set(&p->ref, 1);
	p->nr = cls->pool->nr_classes;
	p->clients = 1;
	INIT_LIST_HEAD(&p->node);
	return p;
}

static void leave(struct mpool_class *cls, struct mpool_payer *payer)
{
	mpool_payers_leave(cls->pool, payer);
}

static int take(struct mpool_class *cls, struct mpool_payer *payer,
		unsigned int nr, struct mpool_desc **descs)
{
	return mpool_lease_take(cls, payer, MPOOL_OWNER_CLIENT, nr, true,
				MPOOL_DEADLINE_NOW, descs);
}

static void give(struct mpool_class *cls, struct mpool_payer *payer,
		 unsigned int nr, struct mpool_desc **descs)
{
	mpool_stock_return(cls, payer, NULL, nr, descs);
}

static bool all_clean(struct mpool_class *cls, unsigned int nr)
{
	return KT_UNTIL(kt_stats(cls).clean == nr);
}

static void idle_ones_are_their_payers(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls), *b = new_payer(test, cls);
	struct mpool_desc *first, *second, *third;

	KUNIT_ASSERT_EQ(test, take(cls, a, 1, &first), 1);
	give(cls, a, 1, &first);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, 1));
	KUNIT_ASSERT_EQ(test, take(cls, b, 1, &second), 1);
	KUNIT_EXPECT_PTR_NE(test, first, second);
	KUNIT_ASSERT_EQ(test, take(cls, NULL, 1, &third), 1);
	KUNIT_EXPECT_PTR_NE(test, first, third);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 1ULL);
	give(cls, b, 1, &second);
	give(cls, NULL, 1, &third);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, 3));
	KUNIT_ASSERT_EQ(test, take(cls, a, 1, &second), 1);
	KUNIT_EXPECT_PTR_EQ(test, first, second);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, 3ULL);
	give(cls, a, 1, &second);
	leave(cls, a);
	leave(cls, b);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).backed == 1));
}

static void the_kernel_gets_none_of_them(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls);
	struct mpool_desc *descs[SOME];
	void *buf;

	KUNIT_ASSERT_EQ(test, take(cls, a, SOME, descs), SOME);
	give(cls, a, SOME, descs);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, SOME));
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	/* Who may sleep has its place, and memory of its own. */
	buf = mpool_class_alloc(cls, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).shrunk, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, SOME + 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, (u64)SOME);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	mpool_class_free(cls, buf);
	leave(cls, a);
}

static void none_of_the_kernels_is_leased(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls);
	struct mpool_desc *descs[SOME];
	void **bufs = kt_take(test, cls, SOME);

	kt_give(cls, SOME, bufs);
	KUNIT_ASSERT_EQ(test, take(cls, a, 2, descs), 2);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).shrunk, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, (u64)SOME);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	/* By whom nobody pays for, as it is. */
	KUNIT_ASSERT_EQ(test, take(cls, NULL, 2, descs + 2), 2);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).shrunk, 2ULL);
	give(cls, a, 2, descs);
	give(cls, NULL, 2, descs + 2);
	leave(cls, a);
}

struct sleeper {
	struct mpool_class *cls;
	struct mpool_payer *payer;
	struct mpool_desc *desc;
	bool kernel;
};

static int sleep_for_one(void *arg)
{
	struct sleeper *s = arg;
	void *buf;

	if (s->kernel) {
		buf = mpool_class_alloc_timeout(s->cls, GFP_KERNEL, 3 * HZ);
		mpool_class_free(s->cls, buf);
		return buf ? 1 : 0;
	}
	return mpool_lease_take(s->cls, s->payer, MPOOL_OWNER_CLIENT, 1, false,
				ktime_add_ms(ktime_get(), 3000), &s->desc);
}

/* Well before a waiter would look by himself, after five seconds. */
static void who_waits_gets_the_place_of_an_idle_one(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls), *b = new_payer(test, cls);
	struct sleeper who[] = {
		{ .cls = cls, .payer = b },
		{ .cls = cls },
		{ .cls = cls, .kernel = true },
	};
	struct mpool_desc *descs[SOME];
	struct kt_thread *t;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(who); i++) {
		KUNIT_ASSERT_EQ(test, take(cls, a, SOME, descs), SOME);
		t = kt_start(test, -1, sleep_for_one, &who[i]);
		KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(t)));
		give(cls, a, 1, descs);
		KUNIT_EXPECT_EQ(test, kt_join(test, t), 1);
		KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
		if (who[i].desc)
			give(cls, who[i].payer, 1, &who[i].desc);
		give(cls, a, SOME - 1, descs + 1);
	}
	leave(cls, a);
	leave(cls, b);
}

static void what_is_handed_over_is_replaced(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls);
	struct sleeper s = { .cls = cls, .payer = a };
	void **bufs = kt_take(test, cls, SOME);
	struct kt_thread *t;

	t = kt_start(test, -1, sleep_for_one, &s);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(t)));
	mpool_class_free(cls, bufs[0]);
	KUNIT_ASSERT_EQ(test, kt_join(test, t), 1);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).shrunk, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, SOME - 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	kt_give(cls, SOME - 1, bufs + 1);
	give(cls, a, 1, &s.desc);
	leave(cls, a);
}

/* Some lie on the shelf then; every other time one is in the worker's hands. */
static void the_last_client_leaves_nothing(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_1M, SOME);
	struct mpool_stock *stock = &cls->stock;
	struct mpool_desc *descs[SOME];
	struct mpool_payer *a;
	int i;

	for (i = 0; i < 10; i++) {
		a = new_payer(test, cls);
		KUNIT_ASSERT_EQ(test, take(cls, a, SOME, descs), SOME);
		give(cls, a, SOME, descs);
		while (i & 1 && !READ_ONCE(stock->busy) &&
		       READ_ONCE(stock->nr_dirty))
			kt_resched();
		leave(cls, a);
		KUNIT_EXPECT_TRUE(test, KT_UNTIL(!kt_stats(cls).backed));
		KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	}
}

static void a_pin_outlives_the_payer(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls);
	struct mpool_desc *desc;
	struct page *page;

	KUNIT_ASSERT_EQ(test, take(cls, a, 1, &desc), 1);
	page = desc->page;
	get_page(page);
	give(cls, a, 1, &desc);
	leave(cls, a);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 1ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	put_page(page);
	/* To the system, since nobody is there to have it. */
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(!kt_stats(cls).backed));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 0ULL);
}

static void a_reserve_is_made_in_their_place(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls);
	struct mpool_desc *descs[SOME];
	int err;

	KUNIT_ASSERT_EQ(test, take(cls, a, SOME, descs), SOME);
	give(cls, a, SOME, descs);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, SOME));
	mutex_lock(&cls->pool->lock);
	err = mpool_reserve_set(cls, 2);
	mutex_unlock(&cls->pool->lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).shrunk, 2ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	leave(cls, a);
}

static unsigned int alloc_nothing(struct mpool_class *cls, gfp_t gfp, int node,
				  unsigned int nr, void **bufs)
{
	return 0;
}

/* Its place is free then: no limit is in the way. */
static void without_memory_none_comes_in_its_place(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_pool_config set = { .reserve = 1 };
	struct mpool_payer *p = new_payer(test, cls);
	const struct mpool_backing_ops *real = cls->ops;
	struct mpool_backing_ops none = *real;
	struct mpool_desc *desc;
	void **bufs;

	KUNIT_ASSERT_EQ(test, take(cls, p, 1, &desc), 1);
	give(cls, p, 1, &desc);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, 1));
	bufs = kt_take(test, cls, SOME - 1);
	none.alloc = alloc_nothing;
	cls->ops = &none;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE), -ENOMEM);
	cls->ops = real;
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, SOME - 1ULL);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE), 0);
	kt_give(cls, SOME - 1, bufs);
	leave(cls, p);
}

/* Growth of one is by what he has, and not by what the class has. */
static void growth_is_by_ones_own(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 100);
	struct mpool_payer *a = new_payer(test, cls), *b = new_payer(test, cls);
	struct mpool_desc **descs;

	cls->pool->settings.growth_percent = 150;
	descs = (struct mpool_desc **)kt_array(test, 64);
	KUNIT_ASSERT_EQ(test, take(cls, a, 40, descs), 40);
	KUNIT_ASSERT_EQ(test, take(cls, b, 1, descs + 40), 1);
	KUNIT_ASSERT_EQ(test, take(cls, b, 1, descs + 41), 1);
	flush_work(&cls->stock.grow_work);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 42ULL);
	/* From 40 to 60, of which one is leased now. */
	KUNIT_ASSERT_EQ(test, take(cls, a, 1, descs + 42), 1);
	flush_work(&cls->stock.grow_work);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 62ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 19ULL);
	KUNIT_EXPECT_EQ(test, atomic_read(&mpool_shelf(cls, a)->backed), 60);
	/* What goes is not made again because another one grows. */
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 0, 100), 19U);
	KUNIT_EXPECT_EQ(test, atomic_read(&mpool_shelf(cls, a)->backed), 41);
	mpool_ahead_grow(cls, b, 4);
	flush_work(&cls->stock.grow_work);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 45ULL);
	give(cls, a, 40, descs);
	give(cls, b, 2, descs + 40);
	give(cls, a, 1, descs + 42);
	leave(cls, a);
	leave(cls, b);
}

/* Of all payers' the one that nobody has used for the longest goes first. */
static void the_oldest_go_first(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, SOME);
	struct mpool_payer *a = new_payer(test, cls), *b = new_payer(test, cls);
	struct mpool_desc *descs[3];

	KUNIT_ASSERT_EQ(test, take(cls, a, 1, &descs[0]), 1);
	KUNIT_ASSERT_EQ(test, take(cls, b, 1, &descs[1]), 1);
	KUNIT_ASSERT_EQ(test, take(cls, NULL, 1, &descs[2]), 1);
	give(cls, b, 1, &descs[1]);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, 1));
	msleep(50);
	give(cls, NULL, 1, &descs[2]);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, 2));
	msleep(50);
	give(cls, a, 1, &descs[0]);
	KUNIT_EXPECT_TRUE(test, all_clean(cls, 3));
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 0, 1), 1U);
	KUNIT_EXPECT_EQ(test, mpool_shelf(cls, b)->clean.nr, 0U);
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 0, 1), 1U);
	KUNIT_EXPECT_EQ(test, cls->stock.own.clean.nr, 0U);
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 60 * HZ, 1), 0U);
	KUNIT_EXPECT_EQ(test, mpool_shelf(cls, a)->clean.nr, 1U);
	leave(cls, a);
	leave(cls, b);
}

static struct kunit_case payer_cases[] = {
	KUNIT_CASE(idle_ones_are_their_payers),
	KUNIT_CASE(the_kernel_gets_none_of_them),
	KUNIT_CASE(none_of_the_kernels_is_leased),
	KUNIT_CASE(who_waits_gets_the_place_of_an_idle_one),
	KUNIT_CASE(what_is_handed_over_is_replaced),
	KUNIT_CASE(the_last_client_leaves_nothing),
	KUNIT_CASE(a_pin_outlives_the_payer),
	KUNIT_CASE(a_reserve_is_made_in_their_place),
	KUNIT_CASE(without_memory_none_comes_in_its_place),
	KUNIT_CASE(growth_is_by_ones_own),
	KUNIT_CASE(the_oldest_go_first),
	{}
};

KT_SUITE(payer);
