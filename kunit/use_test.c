// SPDX-License-Identifier: GPL-2.0
/*
 * What is in use: watermarks, and pools that adapt to it.
 */
#include <linux/err.h>
#include <linux/sizes.h>

#include "events.h"
#include "helpers.h"
#include "reclaim.h"
#include "suites.h"
#include "use.h"

static const unsigned int sizes[] = { 64, 4096 };

/* One of each tier. */
static const unsigned int tiers[] = { 64, SZ_4K, SZ_128K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);
KUNIT_ARRAY_PARAM(tier, tiers, size_desc);

static void use_is_what_users_have(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_config cfg = {
		.settings = { .max = { 64, 64, 64 }, .initial = { 8, 8, 8 },
			      .max_size = SZ_128K, .reserve = 3 },
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), size);
	void **bufs, *sized;

	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 0U);
	bufs = kt_take(test, cls, 19);
	/* By size, which is counted by itself. */
	sized = mpool_alloc(cls->pool, size, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 20U);
	mpool_free(cls->pool, sized);
	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 19U);
	sized = mpool_alloc(cls->pool, size, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 20U);
	mpool_free(cls->pool, sized);
	kt_give(cls, 12, bufs);
	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 7U);
	kt_give(cls, 7, bufs + 12);
	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 0U);
}

static void leases_are_use(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 8);
	struct mpool_desc *desc = kt_lease(test, cls);

	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 1U);
	kt_return(cls, desc);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	KUNIT_EXPECT_EQ(test, mpool_use_now(cls), 0U);
}

/* Who listens, and what he heard. */
struct ear {
	struct mpool_subscriber sub;
	u64 high;
	u64 low;
	u32 last;
};

static struct ear *listen(struct kunit *test, struct mpool *pool)
{
	struct ear *ear = kunit_kzalloc(test, sizeof(*ear), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ear);
	mpool_subscriber_init(&ear->sub);
	KUNIT_ASSERT_EQ(test, mpool_subscribe(&ear->sub, pool,
					      MPOOL_EVENT_HIGH |
					      MPOOL_EVENT_LOW, NULL), 0);
	return ear;
}

static void hear(struct kunit *test, struct mpool *pool, struct ear *ear)
{
	struct mpool_event event;

	flush_work(&pool->marks.work);
	while (mpool_subscriber_take(&ear->sub, &event)) {
		if (event.type == MPOOL_EVENT_HIGH) {
			KUNIT_EXPECT_EQ(test, event.value,
					(u64)pool->marks.high);
			ear->high += event.count;
		} else {
			KUNIT_EXPECT_EQ(test, event.value,
					(u64)pool->marks.low);
			ear->low += event.count;
		}
		ear->last = event.type;
	}
}

static void expect_heard(struct kunit *test, struct mpool *pool,
			 struct ear *ear, u64 high, u64 low)
{
	hear(test, pool, ear);
	KUNIT_EXPECT_EQ(test, ear->high, high);
	KUNIT_EXPECT_EQ(test, ear->low, low);
}

/* 20 buffers, and magazines of one at most. */
static struct mpool_class *marked_class(struct kunit *test, size_t size,
					u32 low, u32 high)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { 20, 20, 20 },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_size = SZ_128K,
			.low_percent = low,
			.high_percent = high,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), size);

	if (cls->cpu_cap > 2)
		kunit_skip(test, "needs two CPUs");
	return cls;
}

/* Brings every CPU's buffers to the depots, and looks. */
static void settle(struct mpool_class *cls)
{
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	mpool_watermark_check(cls->pool);
}

static void each_crossing_is_one_event(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = marked_class(test, size, 25, 75);
	struct ear *ear = listen(test, cls->pool);
	void **bufs = kt_take(test, cls, 14), *buf, **more;
	int i;

	settle(cls);
	expect_heard(test, cls->pool, ear, 0, 0);
	/* The fifteenth of twenty. */
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	settle(cls);
	expect_heard(test, cls->pool, ear, 1, 0);
	/* Up and down between the two is nothing new. */
	for (i = 0; i < 5; i++) {
		mpool_class_free(cls, buf);
		settle(cls);
		buf = mpool_class_alloc(cls, GFP_KERNEL);
		settle(cls);
	}
	more = kt_take(test, cls, 5);
	kt_give(cls, 5, more);
	kt_give(cls, 8, bufs);
	settle(cls);
	expect_heard(test, cls->pool, ear, 1, 0);
	/* Six and one are left; with two less it is the fifth. */
	kt_give(cls, 2, bufs + 8);
	settle(cls);
	expect_heard(test, cls->pool, ear, 1, 1);
	KUNIT_EXPECT_EQ(test, ear->last, MPOOL_EVENT_LOW);
	more = kt_take(test, cls, 10);
	settle(cls);
	expect_heard(test, cls->pool, ear, 2, 1);
	kt_give(cls, 10, more);
	kt_give(cls, 4, bufs + 10);
	mpool_class_free(cls, buf);
	settle(cls);
	expect_heard(test, cls->pool, ear, 2, 2);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

/* No cleanup has to come: a refill, a miss and a full magazine look. */
static void a_crossing_is_noticed_on_the_way(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = marked_class(test, size, 25, 75);
	struct ear *ear = listen(test, cls->pool);
	int i;

	for (i = 1; i <= 3; i++) {
		void **bufs = kt_take(test, cls, 20);

		expect_heard(test, cls->pool, ear, i, i - 1);
		kt_give(cls, 20, bufs);
		expect_heard(test, cls->pool, ear, i, i);
	}
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

static void one_of_them_alone(struct kunit *test)
{
	struct mpool_class *high = marked_class(test, 64, 0, 50);
	struct mpool_class *low = marked_class(test, 64, 50, 0);
	struct ear *a = listen(test, high->pool), *b = listen(test, low->pool);
	int i;

	for (i = 1; i <= 3; i++) {
		kt_give(high, 12, kt_take(test, high, 12));
		kt_give(low, 12, kt_take(test, low, 12));
		settle(high);
		settle(low);
		expect_heard(test, high->pool, a, i, 0);
		expect_heard(test, low->pool, b, 0, i);
	}
	mpool_subscriber_exit(&a->sub, high->pool);
	mpool_subscriber_exit(&b->sub, low->pool);
}

static void leases_cross_them_too(struct kunit *test)
{
	struct mpool_class *cls = marked_class(test, 4096, 25, 75);
	struct ear *ear = listen(test, cls->pool);
	struct mpool_desc *descs[15];

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
					       MPOOL_OWNER_CLIENT, 14,
					       true, MPOOL_DEADLINE_NOW, descs),
			14);
	expect_heard(test, cls->pool, ear, 0, 0);
	descs[14] = kt_lease(test, cls);
	expect_heard(test, cls->pool, ear, 1, 0);
	mpool_stock_return(cls, NULL, NULL, 9, descs);
	expect_heard(test, cls->pool, ear, 1, 0);
	mpool_stock_return(cls, NULL, NULL, 1, descs + 9);
	expect_heard(test, cls->pool, ear, 1, 1);
	mpool_stock_return(cls, NULL, NULL, 5, descs + 10);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

/* Far from any class's limit. */
static void bytes_of_the_pool_count(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_64K,
			.high_percent = 50,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), SZ_4K);
	struct ear *ear = listen(test, cls->pool);
	void **bufs = kt_take(test, cls, 7), *buf;

	settle(cls);
	expect_heard(test, cls->pool, ear, 0, 0);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	settle(cls);
	expect_heard(test, cls->pool, ear, 1, 0);
	mpool_class_free(cls, buf);
	kt_give(cls, 7, bufs);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

static void a_change_looks_at_once(struct kunit *test)
{
	struct mpool_class *cls = marked_class(test, 64, 0, 0);
	struct ear *ear = listen(test, cls->pool);
	struct mpool_pool_config set = { .high_percent = 50 };
	void **bufs = kt_take(test, cls, 10);

	expect_heard(test, cls->pool, ear, 0, 0);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_HIGH_PERCENT), 0);
	expect_heard(test, cls->pool, ear, 1, 0);
	/* A higher limit is less use, which is heard with both set. */
	set.low_percent = 25;
	set.max[MPOOL_SMALL] = 40;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_LOW_PERCENT |
					      MPOOL_CONFIG_MAX_SMALL), 0);
	expect_heard(test, cls->pool, ear, 1, 1);
	kt_give(cls, 10, bufs);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

static void nobody_watches_without_need(struct kunit *test)
{
	struct mpool_class *cls = marked_class(test, 64, 0, 0);
	struct mpool_pool_config set = { .flags = MPOOL_POOL_ADAPTIVE,
					 .low_percent = 10 };

	KUNIT_EXPECT_EQ(test, cls->watch, 0U);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_ADAPTIVE), 0);
	KUNIT_EXPECT_EQ(test, cls->watch, MPOOL_WATCH_PEAK);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_LOW_PERCENT), 0);
	KUNIT_EXPECT_EQ(test, cls->watch, MPOOL_WATCH_PEAK | MPOOL_WATCH_MARKS);
	set.flags = 0;
	set.low_percent = 0;
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_ADAPTIVE |
					      MPOOL_CONFIG_LOW_PERCENT), 0);
	KUNIT_EXPECT_EQ(test, cls->watch, 0U);
}

struct swing {
	struct mpool_class *cls;
	unsigned int rounds;
};

static int swing(void *arg)
{
	struct swing *s = arg;
	void *bufs[16];
	int i, nr;

	while (s->rounds--) {
		for (nr = 0; nr < 16; nr++) {
			bufs[nr] = mpool_class_alloc(s->cls, GFP_KERNEL |
						     __GFP_NORETRY);
			if (!bufs[nr])
				break;
		}
		for (i = 0; i < nr; i++)
			mpool_class_free(s->cls, bufs[i]);
		kt_resched();
	}
	return 0;
}

/* Whoever came last has seen all the others: quiet, it is below again. */
static void the_last_look_is_right(struct kunit *test)
{
	struct mpool_class *cls = marked_class(test, 64, 25, 75);
	struct ear *ear = listen(test, cls->pool);
	struct swing s[3];
	struct kt_thread *t[3];
	int i;

	for (i = 0; i < 3; i++) {
		s[i] = (struct swing){ cls, 200 };
		t[i] = kt_start(test, -1, swing, &s[i]);
	}
	for (i = 0; i < 3; i++)
		kt_join(test, t[i]);
	settle(cls);
	hear(test, cls->pool, ear);
	KUNIT_EXPECT_FALSE(test, cls->pool->marks.above);
	KUNIT_EXPECT_GT(test, ear->high, 0ULL);
	KUNIT_EXPECT_EQ(test, ear->last, MPOOL_EVENT_LOW);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

static struct mpool_class *wrong_class(struct kunit *test, size_t size,
				       u32 initial, u32 max, bool adaptive)
{
	struct mpool_config cfg = {
		.settings = {
			.flags = adaptive ? MPOOL_POOL_ADAPTIVE : 0,
			.max = { max, max, max },
			.initial = { initial, initial, initial },
			.growth_percent = 100,
			/* Cleanups by hand. */
			.cleanup_interval_ms = 86400000,
			.max_age_ms = MPOOL_NONE,
		},
	};

	return kt_class(test, kt_pool(test, &cfg), size);
}

static u64 misses_of_a_burst(struct kunit *test, struct mpool_class *cls,
			     unsigned int nr)
{
	u64 before = kt_stats(cls).misses;

	kt_give(cls, nr, kt_take(test, cls, nr));
	return kt_stats(cls).misses - before;
}

static void too_small_settles_in_three_intervals(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = wrong_class(test, size, 2, 500, true);
	struct mpool_class *fixed = wrong_class(test, size, 2, 500, false);
	int i;

	kt_stay_on(test, cpumask_first(cpu_online_mask));
	for (i = 0; i < 3; i++) {
		misses_of_a_burst(test, cls, 100);
		misses_of_a_burst(test, fixed, 100);
		mpool_reclaim_age(cls);
		mpool_reclaim_age(fixed);
	}
	/* One that does not adapt has to make them each time. */
	KUNIT_EXPECT_GE(test, misses_of_a_burst(test, fixed, 100), 90ULL);
	KUNIT_EXPECT_EQ(test, misses_of_a_burst(test, cls, 100), 0ULL);
	/* And it stays so, without much above what is used. */
	for (i = 0; i < 3; i++) {
		mpool_reclaim_age(cls);
		KUNIT_EXPECT_GE(test, kt_stats(cls).backed, 100ULL);
		KUNIT_EXPECT_LE(test, kt_stats(cls).backed,
				(100ULL + 2 * cls->cpu_cap) * 5 / 4 + 1);
		KUNIT_EXPECT_EQ(test, misses_of_a_burst(test, cls, 100), 0ULL);
	}
}

static void too_large_settles_in_three_intervals(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = wrong_class(test, size, 500, 500, true);
	u64 most = (10 + 2 * cls->cpu_cap * num_online_cpus()) * 5 / 4 + 1;
	int i;

	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 500ULL);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, misses_of_a_burst(test, cls, 10), 0ULL);
		mpool_reclaim_age(cls);
	}
	KUNIT_EXPECT_LE(test, kt_stats(cls).backed, most);
	KUNIT_EXPECT_GE(test, kt_stats(cls).backed, 10ULL);
	KUNIT_EXPECT_EQ(test, misses_of_a_burst(test, cls, 10), 0ULL);
}

/* What comes only every other interval stays, and what ended goes. */
static void an_interval_without_use_changes_nothing(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = wrong_class(test, size, 2, 500, true);
	int i;

	kt_stay_on(test, cpumask_first(cpu_online_mask));
	misses_of_a_burst(test, cls, 100);
	for (i = 0; i < 3; i++) {
		mpool_reclaim_age(cls);
		mpool_reclaim_age(cls);
		KUNIT_EXPECT_GE(test, kt_stats(cls).backed, 100ULL);
		KUNIT_EXPECT_EQ(test, misses_of_a_burst(test, cls, 100), 0ULL);
	}
	for (i = 0; i < 3; i++)
		mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

static void without_use_nothing_is_kept(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = wrong_class(test, size, 100, 500, true);
	int i;

	misses_of_a_burst(test, cls, 50);
	for (i = 0; i < 3; i++)
		mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

static void leases_are_adapted_to(struct kunit *test)
{
	struct mpool_class *cls = wrong_class(test, 4096, 100, 500, true);
	struct mpool_desc *descs[8];
	u64 grown;
	int i;

	for (i = 0; i < 4; i++) {
		grown = kt_stats(cls).grown;
		KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
						       MPOOL_OWNER_CLIENT,
						       8, true,
						       MPOOL_DEADLINE_NOW,
						       descs), 8);
		mpool_stock_return(cls, NULL, NULL, 8, descs);
		KUNIT_EXPECT_TRUE(test, KT_UNTIL(!kt_stats(cls).dirty));
		mpool_reclaim_age(cls);
		flush_work(&cls->stock.grow_work);
	}
	/* Eight, and a quarter. */
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 10ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).grown, grown);
}

/* What is pinned is in use, and nobody calls when it is no more. */
static void the_end_of_a_pin_is_noticed(struct kunit *test)
{
	struct mpool_class *cls = marked_class(test, 4096, 25, 75);
	struct ear *ear = listen(test, cls->pool);
	struct mpool_desc *descs[15];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		descs[i] = kt_lease(test, cls);
		get_page(descs[i]->page);
	}
	mpool_use_changed(cls);
	expect_heard(test, cls->pool, ear, 1, 0);
	for (i = 0; i < ARRAY_SIZE(descs); i++)
		kt_return(cls, descs[i]);
	expect_heard(test, cls->pool, ear, 1, 0);
	for (i = 0; i < ARRAY_SIZE(descs); i++)
		put_page(descs[i]->page);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL((hear(test, cls->pool, ear),
					  ear->low)));
	expect_heard(test, cls->pool, ear, 1, 1);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

struct collector {
	struct mpool_class *cls;
	struct mpool_desc *descs[20];
};

static int collect_in_vain(void *arg)
{
	struct collector *c = arg;

	return mpool_lease_take(c->cls, NULL, MPOOL_OWNER_CLIENT,
				ARRAY_SIZE(c->descs), true,
				MPOOL_DEADLINE_NEVER, c->descs);
}

/* What is taken, and then is not enough, was in use for whoever looked. */
static void what_is_given_up_is_noticed(struct kunit *test)
{
	struct mpool_class *cls = marked_class(test, 4096, 25, 75);
	struct collector *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct ear *ear = listen(test, cls->pool);
	struct mpool_desc *first = kt_lease(test, cls);
	struct kt_thread *t;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->cls = cls;
	t = kt_start(test, -1, collect_in_vain, c);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).leased == 20));
	mpool_use_changed(cls);
	kt_kill(t);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), -EINTR);
	expect_heard(test, cls->pool, ear, 1, 1);
	kt_return(cls, first);
	mpool_subscriber_exit(&ear->sub, cls->pool);
}

static struct kunit_case use_cases[] = {
	KUNIT_CASE_PARAM(use_is_what_users_have, tier_gen_params),
	KUNIT_CASE(leases_are_use),
	KUNIT_CASE_PARAM(each_crossing_is_one_event, tier_gen_params),
	KUNIT_CASE_PARAM(a_crossing_is_noticed_on_the_way, tier_gen_params),
	KUNIT_CASE(one_of_them_alone),
	KUNIT_CASE(leases_cross_them_too),
	KUNIT_CASE(bytes_of_the_pool_count),
	KUNIT_CASE(a_change_looks_at_once),
	KUNIT_CASE(nobody_watches_without_need),
	KUNIT_CASE(the_last_look_is_right),
	KUNIT_CASE(the_end_of_a_pin_is_noticed),
	KUNIT_CASE(what_is_given_up_is_noticed),
	KUNIT_CASE_PARAM(too_small_settles_in_three_intervals,
			 size_gen_params),
	KUNIT_CASE_PARAM(too_large_settles_in_three_intervals,
			 size_gen_params),
	KUNIT_CASE_PARAM(an_interval_without_use_changes_nothing,
			 size_gen_params),
	KUNIT_CASE_PARAM(without_use_nothing_is_kept, size_gen_params),
	KUNIT_CASE(leases_are_adapted_to),
	{}
};

KT_SUITE(use);
