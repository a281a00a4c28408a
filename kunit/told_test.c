// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits hears of it when what kept him waiting comes to nothing, or when more
 * may be had than before.
 */
#include <linux/sizes.h>

#include "backing.h"
#include "helpers.h"
#include "recall.h"
#include "stock.h"
#include "suites.h"

/* A backing that one time has no memory, or little, and takes long to say so. */
struct no_memory_once {
	struct mpool_backing_ops ops;
	const struct mpool_backing_ops *real;
	struct completion asked;
	struct completion answer;
	atomic_t good;
	unsigned int some;
};

static unsigned int alloc_or_not(struct mpool_class *cls, gfp_t gfp, int node,
				 unsigned int nr, void **bufs)
{
	struct no_memory_once *n = container_of(cls->ops,
						struct no_memory_once, ops);

	if (atomic_dec_return(&n->good) != -1)
		return n->real->alloc(cls, gfp, node, nr, bufs);
	complete(&n->asked);
	wait_for_completion(&n->answer);
	nr = min(nr, n->some);
	return nr ? n->real->alloc(cls, gfp, node, nr, bufs) : 0;
}

static struct no_memory_once *no_memory_after(struct kunit *test,
					      struct mpool_class *cls,
					      unsigned int good)
{
	struct no_memory_once *n = kunit_kzalloc(test, sizeof(*n), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	n->ops = *cls->ops;
	n->ops.alloc = alloc_or_not;
	n->real = cls->ops;
	init_completion(&n->asked);
	init_completion(&n->answer);
	atomic_set(&n->good, good);
	cls->ops = &n->ops;
	return n;
}

/* Who is refused now sleeps on the queue, and not on a grace period. */
static struct kt_thread *refused(struct kunit *test, struct kt_want *w)
{
	struct kt_thread *t = kt_start(test, -1, kt_want_one, w);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(w->cls).waits &&
					 kt_asleep(t)));
	msleep(100);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(t)));
	return t;
}

/*
 * One asks for memory, below the limit, and another is refused for what that
 * one has set aside; then the memory is not to be had.
 */
static void serve_after(struct kunit *test, struct mpool_class *cls,
			struct mpool_class *waited_for, unsigned int good,
			int (*fn)(void *arg), void *arg, int ret)
{
	struct no_memory_once *n = no_memory_after(test, cls, good);
	struct kt_thread *asker = kt_start(test, -1, fn, arg), *t;
	struct kt_want w = { waited_for };

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(completion_done(&n->asked)));
	t = refused(test, &w);
	complete(&n->answer);
	KUNIT_EXPECT_EQ(test, kt_join(test, asker), ret);
	kt_served_at_once(test, &w, t);
	cls->ops = n->real;
}

static int want_now(void *arg)
{
	struct kt_want *w = arg;

	w->buf = mpool_class_alloc(w->cls, GFP_KERNEL | __GFP_NORETRY);
	return w->buf ? 0 : -ENOMEM;
}

static int lease_now(void *arg)
{
	struct kt_want *w = arg;
	struct mpool_desc *desc;

	return mpool_lease_take(w->cls, NULL, MPOOL_OWNER_CLIENT, 1, false,
				MPOOL_DEADLINE_TRY, &desc);
}

static int fill_now(void *arg)
{
	struct kt_want *w = arg;

	return mpool_class_fill(w->cls, GFP_KERNEL, 1);
}

static void room_not_used_serves_the_class(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 1);
	struct kt_want w = { cls };

	serve_after(test, cls, cls, 0, want_now, &w, -ENOMEM);
}

static void room_not_used_serves_other_classes(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct kt_want w = { kt_class(test, pool, SZ_64K) };

	serve_after(test, w.cls, kt_class(test, pool, SZ_4K), 0, want_now, &w,
		    -ENOMEM);
}

static void room_a_lease_did_not_use_serves(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct kt_want w = { kt_class(test, pool, SZ_64K) };

	serve_after(test, w.cls, kt_class(test, pool, SZ_4K), 0, lease_now, &w,
		    -ENOMEM);
}

static void room_a_worker_did_not_use_serves(struct kunit *test)
{
	struct mpool *pool = kt_tight_pool(test);
	struct kt_want w = { kt_class(test, pool, SZ_64K) };

	serve_after(test, w.cls, kt_class(test, pool, SZ_4K), 0, fill_now, &w,
		    -ENOMEM);
}

/* The asker's own buffer is there, and those that were to come with it not. */
static void room_a_batch_did_not_use_serves(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_64K,
			.growth_percent = 400,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct kt_want w = { kt_class(test, pool, SZ_16K) };
	void **bufs = kt_take(test, w.cls, 1);

	serve_after(test, w.cls, kt_class(test, pool, SZ_4K), 1, want_now, &w,
		    0);
	mpool_class_free(w.cls, w.buf);
	kt_give(w.cls, 1, bufs);
}

/* Two of eight that there was room for; who is killed asks for no more. */
static void room_who_is_killed_did_not_use_serves(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_64K,
			.growth_percent = 1000,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct kt_want w = { kt_class(test, pool, SZ_4K) };
	struct kt_want other = { kt_class(test, pool, SZ_32K) };
	void **bufs = kt_take(test, w.cls, 1);
	struct no_memory_once *n = no_memory_after(test, w.cls, 1);
	struct kt_thread *asker, *t;

	n->some = 2;
	asker = kt_start(test, -1, want_now, &w);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(completion_done(&n->asked)));
	t = refused(test, &other);
	kt_kill(asker);
	complete(&n->answer);
	KUNIT_EXPECT_EQ(test, kt_join(test, asker), 0);
	kt_served_at_once(test, &other, t);
	KUNIT_EXPECT_EQ(test, kt_stats(w.cls).backed, 4ULL);
	w.cls->ops = n->real;
	mpool_class_free(w.cls, w.buf);
	kt_give(w.cls, 1, bufs);
}

/* Keeps something, and takes long to say that it will not give it. */
struct unwilling {
	struct mpool_keeper keeper;
	struct completion asked;
	struct completion answer;
};

static unsigned int shed_nothing(struct mpool_keeper *keeper,
				 struct mpool_class *cls, unsigned int nr,
				 u32 until)
{
	struct unwilling *k = container_of(keeper, struct unwilling, keeper);

	if (!completion_done(&k->asked)) {
		complete(&k->asked);
		wait_for_completion(&k->answer);
	}
	return 0;
}

static int set_six_aside(void *pool)
{
	struct mpool_pool_config set = { .reserve = 6 };

	return mpool_configure(pool, &set, MPOOL_CONFIG_RESERVE);
}

/* Five idle ones, gathered for a reserve of six that is not to be had. */
static void what_was_gathered_in_vain_serves_others(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max = { 8, 8, 8 },
			.max_bytes = 10 * SZ_4K,
			.growth_percent = 100,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *cls = kt_class(test, pool, SZ_4K);
	struct kt_want w = { kt_class(test, pool, SZ_16K) };
	struct unwilling k = { .keeper.shed = shed_nothing };
	struct mpool_desc *kept = kt_lease(test, cls);
	void **bufs = kt_take(test, cls, 7);
	struct kt_thread *asker, *t;

	kt_give(cls, 5, bufs);
	init_completion(&k.asked);
	init_completion(&k.answer);
	mpool_stock_keep(cls, 1);
	mpool_keeper_add(pool, &k.keeper);
	asker = kt_start(test, -1, set_six_aside, pool);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(completion_done(&k.asked)));
	t = refused(test, &w);
	complete_all(&k.answer);
	KUNIT_EXPECT_EQ(test, kt_join(test, asker), -ENOSPC);
	kt_served_at_once(test, &w, t);
	mpool_keeper_del(pool, &k.keeper);
	mpool_stock_return_cached(cls, NULL, NULL, 1, &kept);
	kt_give(cls, 2, bufs + 5);
}

static int lease_one(void *arg)
{
	struct kt_want *w = arg;
	struct mpool_desc *desc;
	int got = mpool_lease_take(w->cls, NULL, MPOOL_OWNER_CLIENT, 1, true,
				   MPOOL_DEADLINE_NEVER, &desc);

	if (got == 1)
		kt_return(w->cls, desc);
	return got;
}

/* Stands in the queue of a class, as its @nr-th ever, and sleeps. */
static struct kt_thread *queued(struct kunit *test, int (*fn)(void *arg),
				struct kt_want *w, u64 nr)
{
	struct kt_thread *t = kt_start(test, -1, fn, w);

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(w->cls).waits == nr &&
					 kt_asleep(t)));
	return t;
}

/* A lease, which may have nothing of a reserve, stands in front. */
static void a_larger_reserve_serves_who_may_have_of_it(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);
	struct mpool_pool_config set = { .max = { 0, 6 }, .reserve = 2 };
	struct kt_want w = { cls }, lease = { cls };
	void **bufs = kt_take(test, cls, 4);
	struct kt_thread *leaser, *t;

	leaser = queued(test, lease_one, &lease, 1);
	t = queued(test, kt_want_one, &w, 2);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_MEDIUM), 0);
	/* What he gives back is the reserve's before it is the lease's. */
	kt_served_at_once(test, &w, t);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_FALSE(test, kt_ended(leaser));
	kt_give(cls, 4, bufs);
	KUNIT_EXPECT_EQ(test, kt_join(test, leaser), 1);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
}

/* Leases that wait do not get it one by one, as it is used. */
static void a_reserve_stays_beside_leases_that_wait(struct kunit *test)
{
	const struct mpool_config cfg = {
		.settings = { .max = { 0, 6 }, .reserve = 2 },
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), SZ_4K);
	struct kt_want lease = { cls };
	void **bufs = kt_take(test, cls, 4), *buf;
	struct kt_thread *leaser;
	unsigned int i;

	leaser = queued(test, lease_one, &lease, 1);
	for (i = 0; i < 5; i++) {
		buf = mpool_class_alloc(cls, GFP_NOIO);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		mpool_class_free(cls, buf);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	}
	KUNIT_EXPECT_FALSE(test, kt_ended(leaser));
	mpool_class_free(cls, bufs[0]);
	KUNIT_EXPECT_EQ(test, kt_join(test, leaser), 1);
	kt_give(cls, 3, bufs + 1);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
}

/* Where more can be made, that is what they get, and the reserve stays. */
static void a_larger_reserve_stays_where_there_is_room(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);
	struct mpool_pool_config set = { .max = { 0, 8 }, .reserve = 2 };
	struct kt_want a = { cls }, b = { cls };
	void **bufs = kt_take(test, cls, 4);
	struct kt_thread *first, *second;

	first = queued(test, kt_want_one, &a, 1);
	second = queued(test, kt_want_one, &b, 2);
	KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
					      MPOOL_CONFIG_RESERVE |
					      MPOOL_CONFIG_MAX_MEDIUM), 0);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(first) && kt_ended(second)));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 2ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 8ULL);
	kt_served_at_once(test, &a, first);
	kt_served_at_once(test, &b, second);
	kt_give(cls, 4, bufs);
}

static struct kunit_case told_cases[] = {
	KUNIT_CASE(room_not_used_serves_the_class),
	KUNIT_CASE(room_not_used_serves_other_classes),
	KUNIT_CASE(room_a_lease_did_not_use_serves),
	KUNIT_CASE(room_a_worker_did_not_use_serves),
	KUNIT_CASE(room_a_batch_did_not_use_serves),
	KUNIT_CASE(room_who_is_killed_did_not_use_serves),
	KUNIT_CASE(what_was_gathered_in_vain_serves_others),
	KUNIT_CASE(a_larger_reserve_serves_who_may_have_of_it),
	KUNIT_CASE(a_reserve_stays_beside_leases_that_wait),
	KUNIT_CASE(a_larger_reserve_stays_where_there_is_room),
	{}
};

KT_SUITE(told);
