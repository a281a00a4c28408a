// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting in turn, and the reserve.
 */
#include <linux/percpu.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "suites.h"
#include "wait.h"

/* Somebody who wants one buffer, and says when and what he got. */
struct wanter {
	struct mpool_class *cls;
	gfp_t gfp;
	long timeout;
	void *buf;
	int turn;
	atomic_t *turns;
	unsigned long took;
};

static int want_one(void *arg)
{
	struct wanter *w = arg;
	unsigned long start = jiffies;

	w->buf = mpool_class_alloc_timeout(w->cls, w->gfp, w->timeout);
	w->took = jiffies - start;
	if (w->turns)
		w->turn = atomic_inc_return(w->turns);
	return !w->buf;
}

static struct wanter *new_wanter(struct kunit *test, struct mpool_class *cls)
{
	struct wanter *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->cls = cls;
	w->gfp = GFP_KERNEL;
	w->timeout = MAX_SCHEDULE_TIMEOUT;
	return w;
}

static unsigned int queue_length(struct mpool_class *cls)
{
	struct list_head *node;
	unsigned int nr = 0;

	raw_spin_lock_irq(&cls->lock);
	list_for_each(node, &cls->waiters)
		nr++;
	raw_spin_unlock_irq(&cls->lock);
	return nr;
}

/* Starts one, and comes back when it stands in the queue. */
static struct kt_thread *queue_up(struct kunit *test, struct wanter *w)
{
	unsigned int before = queue_length(w->cls);
	u64 waits = kt_stats(w->cls).waits;
	struct kt_thread *t = kt_start(test, -1, want_one, w);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(queue_length(w->cls) == before + 1 &&
					 kt_stats(w->cls).waits > waits &&
					 kt_asleep(t)));
	return t;
}

struct no_wait {
	const char *desc;
	gfp_t gfp;
	long timeout;
};

static const struct no_wait no_waits[] = {
	{ "GFP_NOWAIT", GFP_NOWAIT, MAX_SCHEDULE_TIMEOUT },
	{ "GFP_ATOMIC", GFP_ATOMIC, MAX_SCHEDULE_TIMEOUT },
	{ "__GFP_NORETRY", GFP_KERNEL | __GFP_NORETRY, MAX_SCHEDULE_TIMEOUT },
	{ "timeout 0", GFP_KERNEL, 0 },
};

static void no_wait_desc(const struct no_wait *n, char *desc)
{
	strscpy(desc, n->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(no_wait, no_waits, no_wait_desc);

static void at_the_limit_without_waiting(struct kunit *test)
{
	const struct no_wait *n = test->param_value;
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void **bufs = kt_take(test, cls, 4);

	KUNIT_EXPECT_NULL(test, mpool_class_alloc_timeout(cls, n->gfp,
							  n->timeout));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, 1ULL);
	kt_give(cls, 4, bufs);
}

static const unsigned int maxima[] = { 4, 64 };

static void max_desc(const unsigned int *max, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "max %u", *max);
}

KUNIT_ARRAY_PARAM(maximum, maxima, max_desc);

static void a_waiter_gets_the_buffer_freed(struct kunit *test)
{
	unsigned int max = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, 64, max);
	void **bufs = kt_take(test, cls, max);
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t = queue_up(test, w);

	mpool_class_free(cls, bufs[1]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	KUNIT_EXPECT_PTR_EQ(test, w->buf, bufs[1]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 1ULL);
	kt_give(cls, max, bufs);
}

static void nobody_overtakes_a_waiter(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64);
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t = queue_up(test, w);

	/* The hand-over is in the free: there is nothing left to take. */
	preempt_disable();
	mpool_class_free(cls, bufs[0]);
	bufs[0] = mpool_class_alloc(cls, GFP_NOWAIT);
	preempt_enable();
	KUNIT_EXPECT_NULL(test, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	mpool_class_free(cls, w->buf);
	mpool_class_free(cls, bufs[0]);
	kt_give(cls, 63, bufs + 1);
}

static void waiters_are_served_in_their_order(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64);
	struct kt_thread *t[5];
	struct wanter *w[5];
	atomic_t turns = ATOMIC_INIT(0);
	int i;

	for (i = 0; i < 5; i++) {
		w[i] = new_wanter(test, cls);
		w[i]->turns = &turns;
		t[i] = queue_up(test, w[i]);
	}
	for (i = 0; i < 5; i++) {
		mpool_class_free(cls, bufs[i]);
		KUNIT_EXPECT_TRUE(test, KT_UNTIL(atomic_read(&turns) == i + 1));
	}
	for (i = 0; i < 5; i++) {
		kt_join(test, t[i]);
		KUNIT_EXPECT_EQ(test, w[i]->turn, i + 1);
		KUNIT_EXPECT_PTR_EQ(test, w[i]->buf, bufs[i]);
	}
	kt_give(cls, 64, bufs);
}

static void a_timeout_ends_the_wait(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void **bufs = kt_take(test, cls, 4);
	struct wanter *w = new_wanter(test, cls);
	unsigned long least = msecs_to_jiffies(50);

	w->timeout = least;
	want_one(w);
	KUNIT_EXPECT_NULL(test, w->buf);
	KUNIT_EXPECT_GE(test, w->took, least);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, 1ULL);
	KUNIT_EXPECT_EQ(test, queue_length(cls), 0U);
	kt_give(cls, 4, bufs);
}

/* 2^32 us and a little, as many as 2^32 us go into, and all but for ever. */
static const long timeouts[] = {
	(1LL << 32) / (USEC_PER_SEC / HZ) + 1, 1L << 27,
	MAX_SCHEDULE_TIMEOUT - 1,
};

static void timeout_desc(const long *timeout, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%ld jiffies", *timeout);
}

KUNIT_ARRAY_PARAM(timeout, timeouts, timeout_desc);

static void a_long_timeout_is_not_cut(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void **bufs = kt_take(test, cls, 4);
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t;

	w->timeout = *(const long *)test->param_value;
	t = kt_start(test, -1, want_one, w);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(t) ||
					 (kt_stats(cls).waits &&
					  queue_length(cls) && kt_asleep(t))));
	msleep(50);
	KUNIT_EXPECT_FALSE(test, kt_ended(t));
	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	mpool_class_free(cls, w->buf);
	kt_give(cls, 3, bufs + 1);
}

static void a_killed_waiter_leaves(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64);
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t = queue_up(test, w);

	kt_kill(t);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 1);
	KUNIT_EXPECT_NULL(test, w->buf);
	KUNIT_EXPECT_EQ(test, queue_length(cls), 0U);
	KUNIT_EXPECT_EQ(test, cls->slow, 0U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, 1ULL);
	kt_give(cls, 64, bufs);
}

static void a_killed_waiter_does_not_hold_up_the_next(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void **bufs = kt_take(test, cls, 4);
	struct wanter *first = new_wanter(test, cls);
	struct wanter *second = new_wanter(test, cls);
	struct kt_thread *t1 = queue_up(test, first);
	struct kt_thread *t2 = queue_up(test, second);

	kt_kill(t1);
	KUNIT_EXPECT_EQ(test, kt_join(test, t1), 1);
	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t2), 0);
	KUNIT_EXPECT_PTR_EQ(test, second->buf, bufs[0]);
	kt_give(cls, 4, bufs);
}

static void magazines_work_again_after_a_wait(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64);
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t = queue_up(test, w);

	KUNIT_EXPECT_EQ(test, cls->slow, 1U);
	mpool_class_free(cls, bufs[0]);
	kt_join(test, t);
	KUNIT_EXPECT_EQ(test, cls->slow, 0U);
	kt_give(cls, 64, bufs);
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
}

struct stash {
	struct mpool_class *cls;
	void *buf;
};

static int free_one(void *arg)
{
	struct stash *s = arg;

	mpool_class_free(s->cls, s->buf);
	return 0;
}

/* A free buffer in some CPU's magazine is no reason to wait. */
static void a_sleeper_finds_what_other_cpus_keep(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	void **bufs = kt_take(test, cls, 64);
	struct stash s = { cls, bufs[0] };
	int other = kt_other_cpu(test);
	void *buf;

	kt_run_on(test, other, free_one, &s);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(cls->cpus, other)->nr, 1UL);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	buf = mpool_class_alloc(cls, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_PTR_EQ(test, buf, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).waits, 0ULL);
	kt_give(cls, 64, bufs);
}

static void a_higher_limit_wakes_waiters(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void **bufs = kt_take(test, cls, 4);
	struct wanter *w[2] = { new_wanter(test, cls), new_wanter(test, cls) };
	struct kt_thread *t[2] = { queue_up(test, w[0]), queue_up(test, w[1]) };
	int i;

	KUNIT_EXPECT_EQ(test, mpool_resize(cls->pool, MPOOL_SMALL, 6), 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, kt_join(test, t[i]), 0);
		KUNIT_EXPECT_LT(test, w[i]->took, 5UL * HZ);
	}
	mpool_class_free(cls, w[0]->buf);
	mpool_class_free(cls, w[1]->buf);
	kt_give(cls, 4, bufs);
}

/* Two classes share max_bytes, and one has it all. */
static void what_other_classes_free_serves_a_waiter(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .max_bytes = SZ_64K, .max = { 16, 16, 16 } },
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *a = kt_class(test, pool, SZ_4K);
	struct mpool_class *b = kt_class(test, pool, SZ_8K);
	void **bufs = kt_take(test, a, 16);
	struct wanter *w = new_wanter(test, b);
	struct kt_thread *t = queue_up(test, w);

	kt_give(a, 16, bufs);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	mpool_class_free(b, w->buf);
}

static void memory_given_back_wakes_a_waiter(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	void *bufs[4];
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t;

	KUNIT_ASSERT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 4, bufs), 4);
	t = queue_up(test, w);
	mpool_class_give_back(cls, 1, bufs);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	KUNIT_EXPECT_LT(test, w->took, 5UL * HZ);
	mpool_class_free(cls, w->buf);
	mpool_class_give_back(cls, 3, bufs + 1);
}

struct stress {
	struct mpool_class *cls;
	unsigned int rounds;
	unsigned int got;
	unsigned int broken;
	u64 longest;
};

static int alloc_free_rounds(void *arg)
{
	struct stress *s = arg;

	while (s->rounds--) {
		u64 *buf = kt_alloc_timed(s->cls, &s->longest);

		if (!buf)
			continue;
		s->got++;
		if (xchg(buf, (unsigned long)s))
			s->broken++;
		if (!(s->rounds & 7))
			kt_resched();
		if (xchg(buf, 0) != (unsigned long)s)
			s->broken++;
		mpool_class_free(s->cls, buf);
	}
	return 0;
}

static const unsigned int few[] = { 1, 2, 16 };

KUNIT_ARRAY_PARAM(few, few, max_desc);

/* One that is lost shows as a wait that ends by looking again. */
static void no_wake_up_is_lost(struct kunit *test)
{
	unsigned int max = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, 64, max);
	void **bufs = kt_take(test, cls, max);
	int nr = max + 3, i;
	struct stress *s = kunit_kzalloc(test, nr * sizeof(*s), GFP_KERNEL);
	struct kt_thread *t[19];

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_LE(test, nr, 19);
	for (i = 0; i < (int)max; i++)
		*(u64 *)bufs[i] = 0;
	kt_give(cls, max, bufs);
	for (i = 0; i < nr; i++) {
		s[i].cls = cls;
		s[i].rounds = 2400 / nr;
		t[i] = kt_start(test, -1, alloc_free_rounds, &s[i]);
	}
	for (i = 0; i < nr; i++) {
		kt_join(test, t[i]);
		KUNIT_EXPECT_EQ(test, s[i].got, 2400U / nr);
		KUNIT_EXPECT_EQ(test, s[i].broken, 0U);
		KUNIT_EXPECT_LT(test, s[i].longest, MPOOL_WAIT_SLICE_NS);
	}
	KUNIT_EXPECT_EQ(test, kt_stats(cls).fails, 0ULL);
	KUNIT_EXPECT_EQ(test, cls->slow_users, (unsigned int)!cls->cpu_cap);
}

static struct mpool_class *class_with_reserve(struct kunit *test, size_t size)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { 64, 64, 64 },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.reserve = 3,
		},
	};

	return kt_class(test, kt_pool(test, &cfg), size);
}

static const unsigned int kinds[] = { 64, 4096 };

static void kind_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static void the_reserve_is_there_from_the_start(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = class_with_reserve(test, size);
	struct mpool_class_stats st = kt_stats(cls);

	KUNIT_EXPECT_EQ(test, st.reserve, 3ULL);
	KUNIT_EXPECT_EQ(test, st.backed, 3ULL);
	KUNIT_EXPECT_EQ(test, cls->slow, 0U);
}

static void atomic_allocations_leave_the_reserve(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = class_with_reserve(test, size);
	void **bufs = kt_take(test, cls, 61);

	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 3ULL);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 3ULL);
	kt_give(cls, 61, bufs);
}

static void sleepers_take_the_reserve(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = class_with_reserve(test, size);
	void **bufs = kt_take(test, cls, 61);
	void *last[3];
	int i;

	for (i = 0; i < 3; i++) {
		last[i] = mpool_class_alloc_timeout(cls, GFP_KERNEL, 0);
		KUNIT_EXPECT_NOT_NULL(test, last[i]);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL - i);
	}
	KUNIT_EXPECT_NULL(test, mpool_class_alloc_timeout(cls, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 64ULL);
	kt_give(cls, 3, last);
	kt_give(cls, 61, bufs);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 3ULL);
}

static void frees_fill_the_reserve_first(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = class_with_reserve(test, size);
	void **bufs = kt_take(test, cls, 64);
	int i;

	KUNIT_EXPECT_EQ(test, cls->slow, 1U);
	for (i = 0; i < 3; i++) {
		mpool_class_free(cls, bufs[i]);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 1ULL + i);
		KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_NOWAIT));
	}
	KUNIT_EXPECT_EQ(test, cls->slow, 0U);
	mpool_class_free(cls, bufs[3]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 3ULL);
	bufs[3] = mpool_class_alloc(cls, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, bufs[3]);
	kt_give(cls, 61, bufs + 3);
}

static void a_waiter_comes_before_the_reserve(struct kunit *test)
{
	struct mpool_class *cls = class_with_reserve(test, 64);
	void **bufs = kt_take(test, cls, 64);
	struct wanter *w = new_wanter(test, cls);
	struct kt_thread *t = queue_up(test, w);

	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 0ULL);
	kt_give(cls, 64, bufs);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE_PARAM(at_the_limit_without_waiting, no_wait_gen_params),
	KUNIT_CASE_PARAM(a_waiter_gets_the_buffer_freed, maximum_gen_params),
	KUNIT_CASE(nobody_overtakes_a_waiter),
	KUNIT_CASE(waiters_are_served_in_their_order),
	KUNIT_CASE(a_timeout_ends_the_wait),
	KUNIT_CASE_PARAM(a_long_timeout_is_not_cut, timeout_gen_params),
	KUNIT_CASE(a_killed_waiter_leaves),
	KUNIT_CASE(a_killed_waiter_does_not_hold_up_the_next),
	KUNIT_CASE(magazines_work_again_after_a_wait),
	KUNIT_CASE(a_sleeper_finds_what_other_cpus_keep),
	KUNIT_CASE(a_higher_limit_wakes_waiters),
	KUNIT_CASE(what_other_classes_free_serves_a_waiter),
	KUNIT_CASE(memory_given_back_wakes_a_waiter),
	KUNIT_CASE_PARAM(no_wake_up_is_lost, few_gen_params),
	KUNIT_CASE_PARAM(the_reserve_is_there_from_the_start, kind_gen_params),
	KUNIT_CASE_PARAM(atomic_allocations_leave_the_reserve,
			 kind_gen_params),
	KUNIT_CASE_PARAM(sleepers_take_the_reserve, kind_gen_params),
	KUNIT_CASE_PARAM(frees_fill_the_reserve_first, kind_gen_params),
	KUNIT_CASE(a_waiter_comes_before_the_reserve),
	{}
};

KT_SUITE(wait);
