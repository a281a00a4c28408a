// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting at a pool's limit of bytes: what comes back in any class helps, and
 * at once.
 */
#include <linux/err.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "suites.h"
#include "wait.h"

static struct kt_thread *starve(struct kunit *test, struct kt_want *w)
{
	struct kt_thread *t = kt_start(test, -1, kt_want_one, w);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(atomic_read(&w->cls->pool->starved) &&
					 kt_asleep(t)));
	return t;
}

static void a_free_in_another_class_serves(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct mpool_class *pages = kt_class(test, pool, SZ_4K);
	struct kt_want w = { kt_class(test, pool, SZ_8K) };
	void **bufs = kt_take(test, pages, 16);
	struct kt_thread *t = starve(test, &w);

	KUNIT_EXPECT_EQ(test, READ_ONCE(pages->slow), 1U);
	kt_give(pages, 2, bufs);
	kt_served_at_once(test, &w, t);
	/* The magazines work again. */
	KUNIT_EXPECT_EQ(test, READ_ONCE(pages->slow), 0U);
	kt_give(pages, 14, bufs + 2);
	KUNIT_EXPECT_GT(test, kt_stats(pages).free_cpu, 0ULL);
}

static int free_both(void *arg)
{
	struct kt_want *w = arg;

	mpool_class_free(w[0].cls, w[0].buf);
	mpool_class_free(w[1].cls, w[1].buf);
	return 0;
}

static void one_on_another_cpu_serves(struct kunit *test)
{
	int other = kt_other_cpu(test);
	struct mpool *pool = kt_tight_pool(test);
	struct mpool_class *pages = kt_class(test, pool, SZ_4K);
	struct kt_want w = { kt_class(test, pool, SZ_8K) };
	void **bufs = kt_take(test, pages, 16);
	struct kt_want back[2] = { { pages, bufs[0] }, { pages, bufs[1] } };
	struct kt_thread *t = starve(test, &w);

	kt_run_on(test, other, free_both, back);
	kt_served_at_once(test, &w, t);
	kt_give(pages, 14, bufs + 2);
}

static void a_lease_that_ends_serves(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct mpool_class *all = kt_class(test, pool, SZ_64K);
	struct kt_want w = { kt_class(test, pool, SZ_4K) };
	struct mpool_desc *desc = kt_lease(test, all);
	struct kt_thread *t = starve(test, &w);

	kt_return(all, desc);
	kt_served_at_once(test, &w, t);
}

static void a_class_made_meanwhile_serves(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct mpool_class *pages = kt_class(test, pool, SZ_4K), *late;
	struct kt_want w = { kt_class(test, pool, SZ_16K) };
	void **bufs = kt_take(test, pages, 15), *buf;
	struct kt_thread *t;

	t = kt_start(test, -1, kt_want_one, &w);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(atomic_read(&pool->starved)));
	late = kt_class(test, pool, 64);
	KUNIT_EXPECT_EQ(test, READ_ONCE(late->slow), 1U);
	buf = mpool_class_alloc(late, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	kt_give(pages, 3, bufs);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, kt_ended(t));
	/* The last bytes that lack are those of the slab of this one. */
	mpool_class_free(late, buf);
	kt_served_at_once(test, &w, t);
	KUNIT_EXPECT_EQ(test, READ_ONCE(late->slow), 0U);
	kt_give(pages, 12, bufs + 3);
}

static void at_its_own_limit_nobody_starves(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 4);
	struct kt_want w = { cls };
	void **bufs = kt_take(test, cls, 4);
	struct kt_thread *t = kt_start(test, -1, kt_want_one, &w);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).waits && kt_asleep(t)));
	KUNIT_EXPECT_EQ(test, atomic_read(&cls->pool->starved), 0);
	kt_give(cls, 4, bufs);
	kt_served_at_once(test, &w, t);
}

struct churn {
	struct mpool_class *cls;
	unsigned int rounds;
	u64 longest;
};

static int churn(void *arg)
{
	struct churn *c = arg;
	void *buf;

	while (c->rounds) {
		buf = kt_alloc_timed(c->cls, &c->longest);
		if (!buf)
			return -ENOMEM;
		if (!(c->rounds & 3))
			kt_resched();
		mpool_class_free(c->cls, buf);
		c->rounds--;
	}
	return 0;
}

/* Five classes of which any two do not fit. */
static void many_classes_share_the_limit(struct kunit *test)
{
	static const size_t sizes[] = { 36864, 40960, 49152, 57344, 65536 };
	struct mpool *pool = kt_tight_pool(test);
	struct churn c[ARRAY_SIZE(sizes)];
	struct kt_thread *t[ARRAY_SIZE(sizes)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		c[i] = (struct churn){ kt_class(test, pool, sizes[i]), 20 };
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		t[i] = kt_start(test, -1, churn, &c[i]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ(test, kt_join(test, t[i]), 0);
	/* Who was told waits a few turns of some grace periods each. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_LT(test, c[i].longest, MPOOL_WAIT_SLICE_NS);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->starved), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ(test, c[i].cls->slow_users,
				(unsigned int)!c[i].cls->cpu_cap);
}

/* One who wants a buffer each time he is told to, and gives it back at once. */
struct pupil {
	struct mpool_class *cls;
	struct completion go;
	struct completion done;
	bool wants;
	bool stop;
	u64 longest;
};

static int want_when_told(void *arg)
{
	struct pupil *p = arg;
	void *buf;

	for (;;) {
		wait_for_completion(&p->go);
		if (p->stop)
			return 0;
		WRITE_ONCE(p->wants, true);
		buf = kt_alloc_timed(p->cls, &p->longest);
		mpool_class_free(p->cls, buf);
		complete(&p->done);
	}
}

/* As soon as he asks, at some time on his way to sleep, or in it. */
static void wait_for_want(struct kunit *test, struct pupil *p,
			  struct kt_thread *t, u32 r)
{
	while (!READ_ONCE(p->wants))
		cpu_relax();
	WRITE_ONCE(p->wants, false);
	if (r % 3 == 1)
		fsleep(r / 3 % 4096);
	else if (r % 3 == 2)
		KUNIT_EXPECT_TRUE(test,
				  KT_UNTIL(atomic_read(&p->cls->pool->starved) &&
					   kt_asleep(t)));
}

/*
 * Where nobody else comes by: with more of them the next free would make good
 * for what this one did not say.  One that is lost shows as a wait that ends by
 * looking again.
 */
static void no_wake_up_is_lost(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct mpool_class *cls = kt_class(test, pool, SZ_64K);
	struct pupil p = { kt_class(test, pool, SZ_32K) };
	struct rnd_state rnd;
	struct kt_thread *t;
	unsigned int turn;
	void *buf;

	prandom_seed_state(&rnd, 46);
	init_completion(&p.go);
	init_completion(&p.done);
	t = kt_start(test, kt_other_cpu(test), want_when_told, &p);
	for (turn = 0; turn < 150 && p.longest < MPOOL_WAIT_SLICE_NS; turn++) {
		buf = kt_alloc_timed(cls, &p.longest);
		complete(&p.go);
		wait_for_want(test, &p, t, prandom_u32_state(&rnd));
		mpool_class_free(cls, buf);
		wait_for_completion(&p.done);
	}
	KUNIT_EXPECT_LT(test, p.longest, MPOOL_WAIT_SLICE_NS);
	p.stop = true;
	complete(&p.go);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->starved), 0);
}

/* Somebody who is refused, and what happens before he can say so. */
struct refused {
	struct mpool_class *other;
	unsigned int looks;
};

static void *refused_grow(struct mpool_class *cls, void *arg)
{
	struct refused *r = arg;
	void *buf;

	if (!r->looks++) {
		mpool_drain_begin(r->other);
		mpool_class_shrink(r->other, 0, UINT_MAX);
		mpool_drain_end(r->other);
		return NULL;
	}
	return mpool_class_grow(cls, GFP_KERNEL, 1, &buf) == 1 ? buf : NULL;
}

/* Given back after a look found no room, and before it was said that it did. */
static void room_made_amid_a_look_is_found(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct refused r = { kt_class(test, pool, SZ_4K) };
	struct mpool_class *cls = kt_class(test, pool, SZ_8K);
	struct mpool_wait_how how = {
		.state = TASK_KILLABLE,
		.deadline = ktime_add_ms(ktime_get(), 10 * MSEC_PER_SEC),
		.grow = refused_grow,
		.arg = &r,
	};
	unsigned long begin = jiffies;
	void *buf;

	kt_give(r.other, 16, kt_take(test, r.other, 16));
	buf = mpool_wait(cls, &how);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, begin + KT_AT_ONCE));
	KUNIT_EXPECT_EQ(test, r.looks, 2U);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	mpool_class_give_back(cls, 1, &buf);
}

static void *no_memory(struct mpool_class *cls, void *arg)
{
	unsigned int *looks = arg;

	++*looks;
	return NULL;
}

/* Room that nothing can be made in is not looked at over and over. */
static void room_without_memory_is_slept_on(struct kunit *test)
{
	struct mpool_class *cls = kt_class(test, kt_tight_pool(test), SZ_8K);
	unsigned int looks = 0;
	struct mpool_wait_how how = {
		.state = TASK_KILLABLE,
		.deadline = ktime_add_ms(ktime_get(), 200),
		.grow = no_memory,
		.arg = &looks,
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_wait(cls, &how)), (long)-ETIMEDOUT);
	KUNIT_EXPECT_LE(test, looks, 2U);
	KUNIT_EXPECT_EQ(test, atomic_read(&cls->pool->starved), 0);
}

static struct kunit_case starve_cases[] = {
	KUNIT_CASE(a_free_in_another_class_serves),
	KUNIT_CASE(one_on_another_cpu_serves),
	KUNIT_CASE(a_lease_that_ends_serves),
	KUNIT_CASE(a_class_made_meanwhile_serves),
	KUNIT_CASE(at_its_own_limit_nobody_starves),
	KUNIT_CASE(room_made_amid_a_look_is_found),
	KUNIT_CASE(room_without_memory_is_slept_on),
	KUNIT_CASE(many_classes_share_the_limit),
	KUNIT_CASE(no_wake_up_is_lost),
	{}
};

KT_SUITE(starve);
