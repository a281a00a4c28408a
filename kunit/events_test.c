// SPDX-License-Identifier: GPL-2.0
/*
 * Events: what is told, to whom, and what becomes of what nobody reads.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>

#include "events.h"
#include "helpers.h"
#include "suites.h"

static struct mpool_subscriber *subscriber(struct kunit *test,
					   struct mpool *pool, u32 mask)
{
	struct mpool_subscriber *sub = kunit_kzalloc(test, sizeof(*sub),
						     GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sub);
	mpool_subscriber_init(sub);
	KUNIT_ASSERT_EQ(test, mpool_subscribe(sub, pool, mask, NULL), 0);
	return sub;
}

static void exhaustion_is_told_from_any_context(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 1);
	struct mpool_subscriber *sub, *other;
	struct mpool_event event = {};
	unsigned long flags;
	void *buf;
	u64 count = 0;

	sub = subscriber(test, cls->pool, MPOOL_EVENT_EXHAUSTED);
	other = subscriber(test, cls->pool, MPOOL_EVENT_LEAK);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	local_irq_save(flags);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_ATOMIC));
	local_irq_restore(flags);
	/* In one record, or in two when the worker came in between. */
	while (count < 2 && KT_UNTIL(mpool_subscriber_take(sub, &event))) {
		KUNIT_EXPECT_EQ(test, event.type, MPOOL_EVENT_EXHAUSTED);
		KUNIT_EXPECT_EQ(test, event.length, (u64)cls->size);
		KUNIT_EXPECT_EQ(test, event.value, 1ULL);
		KUNIT_EXPECT_EQ(test, event.client, 0ULL);
		count += event.count;
	}
	KUNIT_EXPECT_EQ(test, count, 2ULL);
	KUNIT_EXPECT_FALSE(test, mpool_subscriber_take(other, &event));
	mpool_class_free(cls, buf);
	mpool_subscriber_exit(sub, cls->pool);
	mpool_subscriber_exit(other, cls->pool);
}

static void post(struct mpool_subscriber *sub, u64 value)
{
	mpool_subscriber_post(sub, MPOOL_EVENT_REVOKED, 4096, value, 1, 1);
}

static void expect_next(struct kunit *test, struct mpool_subscriber *sub,
			u64 value, u32 lost)
{
	struct mpool_event event;

	KUNIT_ASSERT_TRUE(test, mpool_subscriber_take(sub, &event));
	KUNIT_EXPECT_EQ(test, event.value, value);
	KUNIT_EXPECT_EQ(test, event.lost, lost);
}

/* A ring that is full drops what is old, and says how much. */
static void the_last_ones_are_kept(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_subscriber *sub = subscriber(test, pool,
						  MPOOL_EVENT_REVOKED);
	struct mpool_event event;
	unsigned int i;

	for (i = 0; i < MPOOL_EVENTS_MAX + 3; i++)
		post(sub, i);
	KUNIT_ASSERT_TRUE(test, mpool_subscriber_take(sub, &event));
	/* What could not be told is the first again. */
	mpool_subscriber_put_back(sub, &event);
	for (i = 0; i < MPOOL_EVENTS_MAX; i++)
		expect_next(test, sub, i + 3, i ? 0 : 3);
	KUNIT_EXPECT_FALSE(test, mpool_subscriber_take(sub, &event));
	mpool_subscriber_exit(sub, pool);
}

/* Between its being taken and put back the ring has filled up. */
static void what_is_put_back_too_late_is_lost(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_subscriber *sub = subscriber(test, pool,
						  MPOOL_EVENT_REVOKED);
	struct mpool_event event;
	unsigned int i;

	for (i = 0; i < MPOOL_EVENTS_MAX; i++)
		post(sub, i);
	KUNIT_ASSERT_TRUE(test, mpool_subscriber_take(sub, &event));
	post(sub, i);
	mpool_subscriber_put_back(sub, &event);
	expect_next(test, sub, 1, 1);
	expect_next(test, sub, 2, 0);
	mpool_subscriber_exit(sub, pool);
}

static void alike_ones_are_added_up(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_subscriber *sub = subscriber(test, pool,
						  MPOOL_EVENT_EXHAUSTED |
						  MPOOL_EVENT_LEAK);
	struct mpool_event event;

	mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED, 4096, 1, 5);
	mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED, 4096, 2, 6);
	mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED, 8192, 3, 1);
	mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED, 4096, 4, 1);
	/* Nobody asked for it. */
	mpool_events_raise(pool, MPOOL_EVENT_REVOKED, 4096, 4, 1);
	KUNIT_ASSERT_TRUE(test, mpool_subscriber_take(sub, &event));
	KUNIT_EXPECT_EQ(test, event.count, 11ULL);
	KUNIT_EXPECT_EQ(test, event.value, 2ULL);
	KUNIT_ASSERT_TRUE(test, mpool_subscriber_take(sub, &event));
	KUNIT_EXPECT_EQ(test, event.length, 8192ULL);
	KUNIT_ASSERT_TRUE(test, mpool_subscriber_take(sub, &event));
	KUNIT_EXPECT_EQ(test, event.value, 4ULL);
	KUNIT_EXPECT_FALSE(test, mpool_subscriber_take(sub, &event));
	mpool_subscriber_exit(sub, pool);
}

static void subscribing_anew_begins_anew(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_subscriber *sub = subscriber(test, pool,
						  MPOOL_EVENT_EXHAUSTED);
	struct mpool_event event;

	mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED, 4096, 1, 1);
	KUNIT_EXPECT_EQ(test, mpool_subscribe(sub, pool, MPOOL_EVENT_LEAK,
					      NULL), 0);
	KUNIT_EXPECT_FALSE(test, mpool_subscriber_take(sub, &event));
	mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED, 4096, 1, 1);
	KUNIT_EXPECT_FALSE(test, mpool_subscriber_take(sub, &event));
	/* Whoever still knows it tells it nothing any more. */
	mpool_subscriber_exit(sub, pool);
	mpool_subscriber_post(sub, MPOOL_EVENT_LEAK, 4096, 1, 1, 1);
	KUNIT_EXPECT_EQ(test, sub->nr, 0U);
}

static struct kunit_case events_cases[] = {
	KUNIT_CASE(exhaustion_is_told_from_any_context),
	KUNIT_CASE(the_last_ones_are_kept),
	KUNIT_CASE(what_is_put_back_too_late_is_lost),
	KUNIT_CASE(alike_ones_are_added_up),
	KUNIT_CASE(subscribing_anew_begins_anew),
	{}
};

KT_SUITE(events);
