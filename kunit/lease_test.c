// SPDX-License-Identifier: GPL-2.0
/*
 * Getting buffers for clients: from where first, always zeroed, and in turn
 * with everybody who waits.
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "ahead.h"
#include "helpers.h"
#include "pages.h"
#include "suites.h"

#define CLIENT	(MPOOL_OWNER_CLIENT + 5)

static struct mpool_class *class_of(struct kunit *test, unsigned int max)
{
	return kt_class_max(test, SZ_8K, max);
}

static int take(struct mpool_class *cls, unsigned int nr, bool all,
		struct mpool_desc **descs)
{
	return mpool_lease_take(cls, NULL,
				CLIENT, nr, all, MPOOL_DEADLINE_NOW, descs);
}

static bool zero(struct mpool_desc *desc)
{
	return kt_is_zero(desc->addr, desc->cls->size);
}

static void wait_until_clean(struct kunit *test, struct mpool_class *cls,
			     u64 nr)
{
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == nr));
}

static void worker_off(struct mpool_class *cls, bool off)
{
	spin_lock_irq(&cls->stock.lock);
	cls->stock.ended = off;
	spin_unlock_irq(&cls->stock.lock);
	flush_work(&cls->stock.clean_work);
}

static void a_new_buffer_is_leased_and_zero(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 8);
	struct mpool_class_stats st;
	struct mpool_desc *desc;

	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	st = kt_stats(cls);
	KUNIT_EXPECT_TRUE(test, zero(desc));
	KUNIT_EXPECT_EQ(test, desc->owner, (u32)CLIENT);
	KUNIT_EXPECT_EQ(test, (int)kt_state(cls, desc->addr), (int)MPOOL_LEASED);
	KUNIT_EXPECT_EQ(test, st.leased, 1ULL);
	KUNIT_EXPECT_EQ(test, st.leases, 1ULL);
	KUNIT_EXPECT_EQ(test, st.grown, 1ULL);
	KUNIT_EXPECT_EQ(test, st.zeroed_sync, 0ULL);
	KUNIT_EXPECT_EQ(test, st.allocated, 0ULL);
	KUNIT_EXPECT_EQ(test, st.backed, kt_sum(&st));
	kt_return(cls, desc);
}

static void clean_stock_is_taken_first(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 8);
	struct mpool_desc *desc, *again;
	struct mpool_class_stats st;

	/* There is one in the depot, too. */
	kt_give(cls, 1, kt_take(test, cls, 1));
	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &again), 1);
	kt_give(cls, 1, kt_take(test, cls, 1));
	kt_return(cls, desc);
	wait_until_clean(test, cls, 1);
	st = kt_stats(cls);
	kt_return(cls, again);
	wait_until_clean(test, cls, 2);
	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &again), 1);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).zeroed_sync, st.zeroed_sync);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, st.grown);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_depot, st.free_depot);
	KUNIT_EXPECT_TRUE(test, zero(again));
	kt_return(cls, again);
}

static void dirty_stock_comes_next_and_zeroed(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 8);
	struct mpool_desc *desc, *again;
	struct mpool_class_stats st;
	void *buf;

	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	mpool_class_free(cls, buf);
	memset(desc->addr, 0xa5, cls->size);
	worker_off(cls, true);
	kt_return(cls, desc);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.dirty, 1ULL);
	KUNIT_EXPECT_EQ(test, take(cls, 1, true, &again), 1);
	worker_off(cls, false);
	KUNIT_EXPECT_PTR_EQ(test, again, desc);
	KUNIT_EXPECT_TRUE(test, zero(again));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).zeroed_sync, st.zeroed_sync + 1);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_depot, st.free_depot);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, st.grown);
	kt_return(cls, again);
}

static void depot_buffers_come_without_the_kernels_bytes(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	void **bufs = kt_take(test, cls, 4);
	struct mpool_desc *descs[4];
	int i;

	for (i = 0; i < 4; i++)
		memset(bufs[i], 0x5a, cls->size);
	kt_give(cls, 4, bufs);
	KUNIT_ASSERT_EQ(test, take(cls, 4, true, descs), 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, zero(descs[i]));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).zeroed_sync, 4ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, 4ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	mpool_stock_return(cls, NULL, NULL, 4, descs);
}

static void magazines_are_emptied_for_a_lease(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 64);
	struct mpool_desc *descs[64];
	void **bufs = kt_take(test, cls, 64);

	KUNIT_ASSERT_GT(test, cls->cpu_cap, 0U);
	kt_give(cls, 64, bufs);
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
	KUNIT_ASSERT_EQ(test, take(cls, 64, true, descs), 64);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 64ULL);
	mpool_stock_return(cls, NULL, NULL, 64, descs);
}

static void some_may_be_fewer(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	struct mpool_desc *descs[6];

	KUNIT_ASSERT_EQ(test, take(cls, 6, false, descs), 4);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 4ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leases, 4ULL);
	mpool_stock_return(cls, NULL, NULL, 4, descs);
}

static void all_or_nothing(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	struct mpool_desc *descs[4], *one = kt_lease(test, cls);
	struct mpool_class_stats st;

	KUNIT_EXPECT_EQ(test, take(cls, 4, true, descs), -EAGAIN);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.leased, 1ULL);
	KUNIT_EXPECT_EQ(test, st.leases, 1ULL);
	KUNIT_EXPECT_EQ(test, st.fails, 1ULL);
	KUNIT_EXPECT_EQ(test, st.clean, st.backed - 1);
	/* What it had in hand is to be had. */
	KUNIT_ASSERT_EQ(test, take(cls, 3, true, descs), 3);
	mpool_stock_return(cls, NULL, NULL, 3, descs);
	kt_return(cls, one);
}

static void more_than_there_can_be_is_refused_at_once(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	struct mpool_desc *descs[5];

	KUNIT_EXPECT_EQ(test, mpool_lease_take(cls, NULL, CLIENT, 5, true,
					       MPOOL_DEADLINE_NEVER, descs),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 0ULL);
}

static void now_does_not_wait(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	struct mpool_desc *desc, *none;

	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	KUNIT_EXPECT_EQ(test, take(cls, 1, false, &none), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 0ULL);
	kt_return(cls, desc);
}

static void a_deadline_ends_the_wait(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	ktime_t end = ktime_add_ms(ktime_get(), 50);
	struct mpool_desc *desc, *none;

	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	KUNIT_EXPECT_EQ(test, mpool_lease_take(cls, NULL, CLIENT, 1, false, end,
					       &none), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, ktime_get(), end);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	kt_return(cls, desc);
}

struct taker {
	struct mpool_class *cls;
	unsigned int nr;
	struct mpool_desc *descs[4];
};

static int take_forever(void *arg)
{
	struct taker *t = arg;

	return mpool_lease_take(t->cls, NULL, CLIENT, t->nr, true,
				MPOOL_DEADLINE_NEVER, t->descs);
}

static struct kt_thread *start_taker(struct kunit *test, struct taker *t)
{
	struct kt_thread *thread = kt_start(test, -1, take_forever, t);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(t->cls).waits > 0 &&
					 kt_asleep(thread)));
	return thread;
}

static void a_returned_lease_ends_the_wait(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	struct taker t = { .cls = cls, .nr = 1 };
	struct kt_thread *thread;
	struct mpool_desc *desc;

	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	memset(desc->addr, 0xa5, cls->size);
	thread = start_taker(test, &t);
	kt_return(cls, desc);
	KUNIT_EXPECT_EQ(test, kt_join(test, thread), 1);
	KUNIT_EXPECT_PTR_EQ(test, t.descs[0], desc);
	KUNIT_EXPECT_TRUE(test, zero(desc));
	kt_return(cls, desc);
}

/* Handed over by the free itself, but not with what the kernel wrote. */
static void a_kernel_free_ends_the_wait(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	struct taker t = { .cls = cls, .nr = 1 };
	void **bufs = kt_take(test, cls, 1);
	struct kt_thread *thread;

	memset(bufs[0], 0x5a, cls->size);
	thread = start_taker(test, &t);
	kt_give(cls, 1, bufs);
	KUNIT_ASSERT_EQ(test, kt_join(test, thread), 1);
	KUNIT_EXPECT_PTR_EQ(test, t.descs[0]->addr, bufs[0]);
	KUNIT_EXPECT_TRUE(test, zero(t.descs[0]));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	kt_return(cls, t.descs[0]);
}

static void who_wants_all_waits_for_all(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	struct taker t = { .cls = cls, .nr = 4 };
	struct mpool_desc *descs[4];
	struct kt_thread *thread;
	int i;

	KUNIT_ASSERT_EQ(test, take(cls, 4, true, descs), 4);
	thread = start_taker(test, &t);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_FALSE(test, kt_ended(thread));
		kt_return(cls, descs[i]);
		if (i < 3)
			msleep(20);
	}
	KUNIT_EXPECT_EQ(test, kt_join(test, thread), 4);
	mpool_stock_return(cls, NULL, NULL, 4, t.descs);
}

/* With three of four in hand: it may have three at most from then on. */
static void who_wants_more_than_a_lower_limit_ends(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	struct mpool_pool_config set = { .max = { 3, 3, 3 } };
	struct mpool_desc *one = kt_lease(test, cls);
	struct taker t = { .cls = cls, .nr = 4 };
	struct kt_thread *thread = start_taker(test, &t);
	unsigned long start = jiffies;

	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_MAX_SMALL |
					      MPOOL_CONFIG_MAX_MEDIUM |
					      MPOOL_CONFIG_MAX_LARGE), 0);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(thread)));
	/* Well before it would have looked by itself. */
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 4 * HZ));
	kt_kill(thread);
	KUNIT_EXPECT_EQ(test, kt_join(test, thread), -ENOSPC);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	/* What it had in hand came back above the limit, and goes with a trim. */
	mpool_trim(cls->pool, 0);
	kt_return(cls, one);
}

/* With half of it each, they would wait for each other. */
static void two_who_want_all_both_get_it(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 4);
	struct taker t[2] = { { .cls = cls, .nr = 4 }, { .cls = cls, .nr = 4 } };
	struct kt_thread *thread[2];
	struct mpool_desc *descs[4];
	int i, first;

	KUNIT_ASSERT_EQ(test, take(cls, 4, true, descs), 4);
	thread[0] = start_taker(test, &t[0]);
	thread[1] = kt_start(test, -1, take_forever, &t[1]);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(thread[1])));
	for (i = 0; i < 4; i++) {
		kt_return(cls, descs[i]);
		usleep_range(2000, 4000);
	}
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(thread[0]) ||
					 kt_ended(thread[1])));
	first = kt_ended(thread[1]);
	KUNIT_EXPECT_FALSE(test, kt_ended(thread[!first]));
	KUNIT_ASSERT_EQ(test, kt_join(test, thread[first]), 4);
	mpool_stock_return(cls, NULL, NULL, 4, t[first].descs);
	KUNIT_ASSERT_EQ(test, kt_join(test, thread[!first]), 4);
	mpool_stock_return(cls, NULL, NULL, 4, t[!first].descs);
}

static void a_signal_ends_the_wait(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	struct taker t = { .cls = cls, .nr = 1 };
	struct kt_thread *thread;
	struct mpool_desc *desc;

	KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
	thread = start_taker(test, &t);
	kt_kill(thread);
	KUNIT_EXPECT_EQ(test, kt_join(test, thread), -EINTR);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	kt_return(cls, desc);
}

/* A kernel user gave a buffer back that it had somebody pin. */
static void pinned_by_the_kernel_is_not_leased(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	void **bufs = kt_take(test, cls, 1);
	struct page *page = virt_to_page(bufs[0]);
	struct mpool_desc *desc;

	get_page(page);
	kt_give(cls, 1, bufs);
	KUNIT_EXPECT_EQ(test, take(cls, 1, false, &desc), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 1ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	put_page(page);
	wait_until_clean(test, cls, 1);
	KUNIT_ASSERT_EQ(test, take(cls, 1, false, &desc), 1);
	kt_return(cls, desc);
}

static void idle_memory_of_other_classes_makes_room(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .max_bytes = SZ_64K, .max = { 16, 16, 16 } },
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *a = kt_class(test, pool, SZ_4K);
	struct mpool_class *b = kt_class(test, pool, SZ_8K);
	struct mpool_desc *desc;

	KUNIT_EXPECT_EQ(test, kt_stats(a).backed, 16ULL);
	KUNIT_ASSERT_EQ(test, take(b, 1, true, &desc), 1);
	KUNIT_EXPECT_LT(test, kt_stats(a).backed, 16ULL);
	kt_return(b, desc);
}

static struct mpool_class *growing_class(struct kunit *test, u32 max)
{
	struct mpool_config cfg = {
		.settings = { .max = { 64, max, 64 }, .initial = { 8, 8, 8 },
			      .growth_percent = 200 },
	};
	struct mpool_class *cls = mpool_pool_class(kt_pool(test, &cfg), 24);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cls));
	KUNIT_ASSERT_EQ(test, cls->size, (u32)SZ_4K);
	return cls;
}

/* What is made ahead is zeroed, and no lease waits for it. */
static void a_first_lease_makes_initial(struct kunit *test)
{
	struct mpool_class *cls = growing_class(test, 64);
	struct mpool_desc *descs[9];

	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	KUNIT_ASSERT_EQ(test, take(cls, 1, true, descs), 1);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 7));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 8ULL);
	KUNIT_ASSERT_EQ(test, take(cls, 7, true, descs + 1), 7);
	KUNIT_EXPECT_TRUE(test, zero(descs[7]));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 8ULL);
	/* The next one is a miss, and doubles it. */
	KUNIT_ASSERT_EQ(test, take(cls, 1, true, descs + 8), 1);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 7));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 16ULL);
	mpool_stock_return(cls, NULL, NULL, 9, descs);
}

static void growing_for_leases_stops_at_the_limit(struct kunit *test)
{
	struct mpool_class *cls = growing_class(test, 10);
	struct mpool_desc *descs[9];

	KUNIT_ASSERT_EQ(test, take(cls, 9, true, descs), 9);
	flush_work(&cls->stock.grow_work);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 9ULL);
	mpool_ahead_grow(cls, NULL, 18);
	flush_work(&cls->stock.grow_work);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 10ULL);
	mpool_stock_return(cls, NULL, NULL, 9, descs);
}

static void a_leased_buffer_goes_to_the_kernel_and_back(struct kunit *test)
{
	struct mpool_class *cls = class_of(test, 1);
	struct mpool_desc *desc;
	void *buf;
	int i;

	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, take(cls, 1, true, &desc), 1);
		KUNIT_EXPECT_TRUE(test, zero(desc));
		memset(desc->addr, 0xa5, cls->size);
		kt_return(cls, desc);
		buf = mpool_class_alloc(cls, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		KUNIT_EXPECT_TRUE(test, kt_is_zero(buf, cls->size));
		memset(buf, 0x5a, cls->size);
		mpool_class_free(cls, buf);
	}
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leases, 10ULL);
}

static struct kunit_case lease_cases[] = {
	KUNIT_CASE(a_new_buffer_is_leased_and_zero),
	KUNIT_CASE(clean_stock_is_taken_first),
	KUNIT_CASE(dirty_stock_comes_next_and_zeroed),
	KUNIT_CASE(depot_buffers_come_without_the_kernels_bytes),
	KUNIT_CASE(magazines_are_emptied_for_a_lease),
	KUNIT_CASE(some_may_be_fewer),
	KUNIT_CASE(all_or_nothing),
	KUNIT_CASE(more_than_there_can_be_is_refused_at_once),
	KUNIT_CASE(now_does_not_wait),
	KUNIT_CASE(a_deadline_ends_the_wait),
	KUNIT_CASE(a_returned_lease_ends_the_wait),
	KUNIT_CASE(a_kernel_free_ends_the_wait),
	KUNIT_CASE(who_wants_all_waits_for_all),
	KUNIT_CASE(who_wants_more_than_a_lower_limit_ends),
	KUNIT_CASE(two_who_want_all_both_get_it),
	KUNIT_CASE(a_signal_ends_the_wait),
	KUNIT_CASE(pinned_by_the_kernel_is_not_leased),
	KUNIT_CASE(idle_memory_of_other_classes_makes_room),
	KUNIT_CASE(a_first_lease_makes_initial),
	KUNIT_CASE(growing_for_leases_stops_at_the_limit),
	KUNIT_CASE(a_leased_buffer_goes_to_the_kernel_and_back),
	{}
};

KT_SUITE(lease);
