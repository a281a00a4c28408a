// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: at quiet, every backed buffer is somewhere, whatever happened.
 */
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "cpu.h"
#include "helpers.h"
#include "stats.h"
#include "suites.h"

#define SEED	0x6d706f6f6cULL

/* A user who does everything there is, in an order of chance. */
struct load {
	struct mpool *pool;
	struct rnd_state rnd;
	unsigned int rounds;
	void *bufs[48];
	struct mpool_desc *descs[24];
	unsigned int nr_bufs;
	unsigned int nr_descs;
	u64 slack;
};

static u32 chance(struct load *l, u32 below)
{
	return prandom_u32_state(&l->rnd) % below;
}

static size_t any_size(struct load *l)
{
	return 1 + prandom_u32_state(&l->rnd) % l->pool->max_size /
	       (1 + chance(l, 4096));
}

static void do_alloc(struct load *l)
{
	static const gfp_t how[] = { GFP_NOWAIT, GFP_KERNEL | __GFP_NORETRY,
				     GFP_ATOMIC | __GFP_ZERO };
	unsigned int room = ARRAY_SIZE(l->bufs) - l->nr_bufs, got;
	size_t size = any_size(l);
	gfp_t gfp = how[chance(l, ARRAY_SIZE(how))] | __GFP_NOWARN;
	void **at = l->bufs + l->nr_bufs;

	if (!room)
		return;
	if (chance(l, 2)) {
		*at = mpool_alloc(l->pool, size, gfp);
		got = !!*at;
	} else {
		got = mpool_alloc_bulk(l->pool, size, gfp, 1 + chance(l, room),
				       at);
	}
	l->nr_bufs += got;
	l->slack += got * (l->pool->sizes[mpool_pool_index(l->pool, size)] -
			   size);
}

static void do_free(struct load *l)
{
	unsigned int nr = chance(l, l->nr_bufs + 1);

	l->nr_bufs -= nr;
	if (chance(l, 2)) {
		mpool_free_bulk(l->pool, nr, l->bufs + l->nr_bufs);
		return;
	}
	while (nr--)
		mpool_free(l->pool, l->bufs[l->nr_bufs + nr]);
}

static void do_lease(struct load *l)
{
	unsigned int room = ARRAY_SIZE(l->descs) - l->nr_descs;
	size_t size = max_t(size_t, any_size(l), PAGE_SIZE);
	struct mpool_class *cls = mpool_class_get(l->pool, size);
	int got;

	if (IS_ERR(cls) || !room)
		return;
	got = mpool_lease_take(cls, NULL,
			       MPOOL_OWNER_CLIENT, 1 + chance(l, room),
			       chance(l, 2), MPOOL_DEADLINE_NOW,
			       l->descs + l->nr_descs);
	if (got > 0)
		l->nr_descs += got;
}

static void do_return(struct load *l)
{
	unsigned int nr = chance(l, l->nr_descs + 1);

	while (nr--) {
		struct mpool_desc *desc = l->descs[--l->nr_descs];

		kt_return(desc->cls, desc);
	}
}

static int run_load(void *arg)
{
	struct load *l = arg;
	unsigned int round;

	for (round = 0; round < l->rounds; round++) {
		switch (chance(l, 9)) {
		case 0 ... 2:
			do_alloc(l);
			break;
		case 3 ... 4:
			do_free(l);
			break;
		case 5 ... 6:
			do_lease(l);
			break;
		case 7:
			do_return(l);
			break;
		default:
			if (!chance(l, 8))
				mpool_trim(l->pool, 0);
		}
	}
	return 0;
}

static void end_load(struct load *l)
{
	mpool_free_bulk(l->pool, l->nr_bufs, l->bufs);
	while (l->nr_descs) {
		struct mpool_desc *desc = l->descs[--l->nr_descs];

		kt_return(desc->cls, desc);
	}
}

/* What CPUs and nodes have counted is what the class has. */
static void check_parts(struct kunit *test, struct mpool_class *cls)
{
	u64 handed = atomic64_read(&cls->handed) - atomic64_read(&cls->moved);
	struct mpool_class_stats st = kt_stats(cls), sum = {};
	struct mpool_cpu_stats c;
	struct mpool_node_stats n;
	int i;

	for_each_possible_cpu(i) {
		mpool_cpu_stats(cls, i, &c);
		sum.hits += c.allocs - c.refills;
		sum.depot_hits += c.refills;
		sum.frees += c.frees;
		sum.free_cpu += c.free;
	}
	for_each_node(i) {
		mpool_node_stats(cls, i, &n);
		sum.backed += n.backed;
		sum.depot_hits += n.allocs;
		sum.frees += n.frees;
		sum.free_depot += n.free;
	}
	KUNIT_EXPECT_EQ(test, sum.backed, st.backed);
	KUNIT_EXPECT_EQ(test, sum.hits, st.hits);
	KUNIT_EXPECT_EQ(test, sum.depot_hits + handed, st.depot_hits);
	KUNIT_EXPECT_EQ(test, sum.frees + atomic64_read(&cls->taken), st.frees);
	KUNIT_EXPECT_EQ(test, sum.free_cpu, st.free_cpu);
	KUNIT_EXPECT_EQ(test, sum.free_depot, st.free_depot);
}

static u64 pool_slack(struct mpool *pool)
{
	struct mpool_class *cls;
	unsigned int i;
	u64 slack = 0;

	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		slack += cls ? mpool_class_slack(cls) : 0;
	}
	return slack;
}

static void check_sums(struct kunit *test, struct mpool *pool)
{
	struct mpool_class_stats st;
	unsigned int i;
	long bytes = 0;

	/*
	 * An atomic allocation may have had a class asked for: its reserve is
	 * among the pool's bytes before it is among the pool's classes.
	 */
	flush_work(&pool->make_work);
	/* As are buffers that are made ahead. */
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (cls)
			flush_work(&cls->stock.grow_work);
	}
	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (!cls)
			continue;
		KUNIT_EXPECT_TRUE_MSG(test, KT_UNTIL(kt_balanced(cls)),
				      "size %u", cls->size);
		st = kt_stats(cls);
		KUNIT_EXPECT_EQ(test, st.hits + st.depot_hits + st.misses,
				st.allocs);
		KUNIT_EXPECT_EQ(test, st.allocs - st.frees, st.allocated);
		KUNIT_EXPECT_EQ(test, st.leases - st.releases, st.leased);
		KUNIT_EXPECT_EQ(test, st.grown - st.shrunk, st.backed);
		bytes += st.backed * mpool_class_cost(cls);
		check_parts(test, cls);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->bytes), bytes);
}

static struct load *new_load(struct kunit *test, struct mpool *pool, u64 seed)
{
	struct load *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->pool = pool;
	prandom_seed_state(&l->rnd, seed);
	return l;
}

static struct mpool *load_pool(struct kunit *test, u32 reserve)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { 100, 40, 8 },
			.initial = { 5, 3, MPOOL_NONE },
			.max_size = SZ_256K,
			.max_bytes = SZ_8M,
			.reserve = reserve,
		},
	};

	return kt_pool(test, &cfg);
}

static const unsigned int reserves[] = { 0, 2 };

static void reserve_desc(const unsigned int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "reserve %u", *nr);
}

KUNIT_ARRAY_PARAM(reserve, reserves, reserve_desc);

static void counters_balance_after_any_work(struct kunit *test)
{
	struct mpool *pool = load_pool(test, *(const unsigned int *)
				       test->param_value);
	struct load *l = new_load(test, pool, SEED);
	struct mpool_class_stats st;
	unsigned int i;

	l->rounds = 120;
	for (i = 0; i < 5; i++) {
		run_load(l);
		check_sums(test, pool);
		mpool_get_stats(pool, &st);
		KUNIT_EXPECT_EQ(test, st.allocated, (u64)l->nr_bufs);
		KUNIT_EXPECT_EQ(test, st.leased, (u64)l->nr_descs);
		KUNIT_EXPECT_EQ(test, pool_slack(pool), l->slack);
	}
	KUNIT_EXPECT_GT(test, l->slack, 0ULL);
	mpool_get_stats(pool, &st);
	KUNIT_EXPECT_GT(test, st.allocs, 100ULL);
	KUNIT_EXPECT_GT(test, st.leases, 50ULL);
	KUNIT_EXPECT_EQ(test, st.bad_frees, 0ULL);
	end_load(l);
	check_sums(test, pool);
}

static void counters_balance_after_work_of_many(struct kunit *test)
{
	struct mpool *pool = load_pool(test, *(const unsigned int *)
				       test->param_value);
	struct load *l[3];
	struct kt_thread *t[3];
	struct mpool_class_stats st;
	int i;

	for (i = 0; i < 3; i++) {
		l[i] = new_load(test, pool, SEED + i + 1);
		l[i]->rounds = 200;
		t[i] = kt_start(test, -1, run_load, l[i]);
	}
	for (i = 0; i < 3; i++)
		kt_join(test, t[i]);
	check_sums(test, pool);
	mpool_get_stats(pool, &st);
	KUNIT_EXPECT_EQ(test, st.allocated, (u64)l[0]->nr_bufs +
			l[1]->nr_bufs + l[2]->nr_bufs);
	KUNIT_EXPECT_EQ(test, st.leased, (u64)l[0]->nr_descs +
			l[1]->nr_descs + l[2]->nr_descs);
	KUNIT_EXPECT_EQ(test, pool_slack(pool), l[0]->slack + l[1]->slack +
			l[2]->slack);
	for (i = 0; i < 3; i++)
		end_load(l[i]);
	check_sums(test, pool);
}

static void each_kind_of_service_is_counted(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	struct mpool_class_stats st;
	void *buf;

	KUNIT_EXPECT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 1), 0);
	kt_other_cpu(test);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.depot_hits, 1ULL);
	KUNIT_EXPECT_EQ(test, st.hits + st.misses, 0ULL);
	mpool_class_free(cls, buf);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).hits, 1ULL);
	kt_give(cls, 1, kt_take(test, cls, 1));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).misses, 1ULL);
	mpool_class_free(cls, buf);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.allocs, 3ULL);
	KUNIT_EXPECT_EQ(test, st.frees, 3ULL);
	KUNIT_EXPECT_EQ(test, st.fails, 0ULL);
}

static void what_nobody_asked_for_is_counted(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 64);
	void *bufs[4];
	int i;

	/* A miss, hits, the timeout's way, zeroed; and by class, none. */
	bufs[0] = mpool_alloc(cls->pool, 250, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 6ULL);
	mpool_free(cls->pool, bufs[0]);
	bufs[0] = mpool_alloc(cls->pool, 255, GFP_NOWAIT);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 7ULL);
	bufs[1] = mpool_alloc_timeout(cls->pool, 246, GFP_KERNEL, 1);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 17ULL);
	bufs[2] = mpool_alloc(cls->pool, 236, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 37ULL);
	bufs[3] = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 37ULL);
	for (i = 0; i < 4; i++)
		mpool_class_free(cls, bufs[i]);
	/* Many, of each a little. */
	KUNIT_EXPECT_EQ(test, mpool_alloc_bulk(cls->pool, 255, GFP_KERNEL, 4,
					       bufs), 4U);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 41ULL);
	mpool_class_free_bulk(cls, 4, bufs);
	/* Also where there is no magazine. */
	mpool_drain_begin(cls);
	bufs[0] = mpool_alloc(cls->pool, 250, GFP_NOWAIT);
	mpool_drain_end(cls);
	KUNIT_EXPECT_EQ(test, mpool_class_slack(cls), 47ULL);
	mpool_free(cls->pool, bufs[0]);
}

/* Looked at between the two, there would be a hit less than none. */
static void a_refill_counts_before_its_allocation(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	struct mpool_cpu *cpu = raw_cpu_ptr(cls->cpus);
	struct mpool_class_stats st;

	cpu->refills++;
	st = kt_stats(cls);
	cpu->refills--;
	KUNIT_EXPECT_EQ(test, st.hits, 0ULL);
	KUNIT_EXPECT_EQ(test, st.depot_hits, 0ULL);
}

static void a_sum_adds_all_but_the_size(struct kunit *test)
{
	struct mpool_class_stats a, b;
	u64 *x = (u64 *)&a, *y = (u64 *)&b;
	unsigned int i, nr = sizeof(a) / sizeof(u64);

	for (i = 0; i < nr; i++) {
		x[i] = 1000 * i;
		y[i] = i + 1;
	}
	mpool_stats_add(&a, &b);
	KUNIT_EXPECT_EQ(test, a.size, 0ULL);
	for (i = 1; i < nr; i++)
		KUNIT_EXPECT_EQ(test, x[i], 1001ULL * i + 1);
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE_PARAM(counters_balance_after_any_work, reserve_gen_params),
	KUNIT_CASE_PARAM(counters_balance_after_work_of_many,
			 reserve_gen_params),
	KUNIT_CASE(each_kind_of_service_is_counted),
	KUNIT_CASE(what_nobody_asked_for_is_counted),
	KUNIT_CASE(a_refill_counts_before_its_allocation),
	KUNIT_CASE(a_sum_adds_all_but_the_size),
	{}
};

KT_SUITE(stats);
