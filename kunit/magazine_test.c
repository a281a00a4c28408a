// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines and depots: what is served from where, that nothing is lost on
 * the way between CPUs, and that there are always magazines enough.
 */
#include <linux/cpu.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "magazine.h"
#include "suites.h"
#include "wait.h"

/* A class that every CPU keeps magazines of several buffers for. */
static struct mpool_class *class_with_magazines(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 256);

	KUNIT_ASSERT_GE(test, cls->cpu_cap, 4U);
	return cls;
}

/* A class that no CPU keeps anything of. */
static struct mpool_class *class_without_magazines(struct kunit *test,
						   size_t size)
{
	struct mpool_class *cls = kt_class_max(test, size, 4);

	KUNIT_ASSERT_EQ(test, cls->cpu_cap, 0U);
	return cls;
}

struct job {
	struct mpool_class *cls;
	void **bufs;
	unsigned int nr;
};

static int free_all(void *arg)
{
	struct job *job = arg;

	kt_give(job->cls, job->nr, job->bufs);
	return 0;
}

static int alloc_all(void *arg)
{
	struct job *job = arg;
	unsigned int i;

	for (i = 0; i < job->nr; i++) {
		job->bufs[i] = mpool_class_alloc(job->cls, GFP_KERNEL |
						 __GFP_NORETRY);
		if (!job->bufs[i])
			return i;
	}
	return job->nr;
}

static unsigned int held_by(struct mpool_class *cls, int cpu)
{
	struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);

	return c->nr + c->prev_nr;
}

static void hits_are_counted_as_hits(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	struct mpool_class_stats before, after;
	int i;

	kt_other_cpu(test);
	kt_give(cls, 1, kt_take(test, cls, 1));
	before = kt_stats(cls);
	for (i = 0; i < 100; i++)
		mpool_class_free(cls, mpool_class_alloc(cls, GFP_NOWAIT));
	after = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, after.hits - before.hits, 100ULL);
	KUNIT_EXPECT_EQ(test, after.allocs - before.allocs, 100ULL);
	KUNIT_EXPECT_EQ(test, after.frees - before.frees, 100ULL);
	KUNIT_EXPECT_EQ(test, after.depot_hits, before.depot_hits);
	KUNIT_EXPECT_EQ(test, after.misses, before.misses);
}

static void last_freed_is_first_allocated(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	void **bufs;

	kt_other_cpu(test);
	bufs = kt_take(test, cls, 3);
	kt_give(cls, 3, bufs);
	KUNIT_EXPECT_PTR_EQ(test, mpool_class_alloc(cls, GFP_NOWAIT), bufs[2]);
	KUNIT_EXPECT_PTR_EQ(test, mpool_class_alloc(cls, GFP_NOWAIT), bufs[1]);
	KUNIT_EXPECT_PTR_EQ(test, mpool_class_alloc(cls, GFP_NOWAIT), bufs[0]);
	kt_give(cls, 3, bufs);
}

static u64 depot_trips(struct mpool_class *cls)
{
	return kt_stats(cls).depot_hits;
}

static void swing_by_two(struct kunit *test, struct mpool_class *cls)
{
	void *a = mpool_class_alloc(cls, GFP_NOWAIT);
	void *b = mpool_class_alloc(cls, GFP_NOWAIT);

	KUNIT_EXPECT_NOT_NULL(test, a);
	KUNIT_EXPECT_NOT_NULL(test, b);
	mpool_class_free(cls, a);
	mpool_class_free(cls, b);
}

/* Wherever in its magazines a CPU stands, a swing around there stays there. */
static void alternating_at_the_edge_stays_on_the_cpu(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	unsigned int nr = 6 * cls->cpu_cap, at, i;
	unsigned long in_depot;
	void **bufs;
	u64 trips;

	kt_other_cpu(test);
	bufs = kt_take(test, cls, nr);
	/* Half stays out; the other half is moved across, one by one. */
	for (at = nr; at > nr / 2; at--) {
		mpool_class_free(cls, bufs[at - 1]);
		/* One swing may go to the depot, none after it. */
		swing_by_two(test, cls);
		trips = depot_trips(cls);
		in_depot = mpool_depot_count(cls);
		for (i = 0; i < 10; i++)
			swing_by_two(test, cls);
		KUNIT_EXPECT_EQ(test, depot_trips(cls), trips);
		KUNIT_EXPECT_EQ(test, mpool_depot_count(cls), in_depot);
	}
	kt_give(cls, nr / 2, bufs);
}

static void full_magazines_go_to_the_depot_whole(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	unsigned int cap = cls->cpu_cap, nr = 5 * cap;
	void **bufs;

	kt_other_cpu(test);
	bufs = kt_take(test, cls, nr);
	kt_give(cls, nr, bufs);
	KUNIT_EXPECT_LE(test, held_by(cls, raw_smp_processor_id()), 2 * cap);
	KUNIT_EXPECT_EQ(test, mpool_depot_count(cls) % cap, 0UL);
	KUNIT_EXPECT_GE(test, mpool_depot_count(cls), 3UL * cap);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
}

static void depots_serve_whole_magazines_back(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	unsigned int cap = cls->cpu_cap, nr = 5 * cap;
	struct mpool_class_stats before, after;
	void **bufs;

	kt_other_cpu(test);
	kt_give(cls, nr, kt_take(test, cls, nr));
	before = kt_stats(cls);
	bufs = kt_take(test, cls, nr);
	after = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, after.misses, before.misses);
	KUNIT_EXPECT_EQ(test, after.depot_hits - before.depot_hits, 3ULL);
	KUNIT_EXPECT_EQ(test, after.hits - before.hits, (u64)nr - 3);
	kt_give(cls, nr, bufs);
}

/* Buffers that one CPU frees come to another by the depot, of any node. */
static void buffers_travel_between_cpus(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	unsigned int nr = 8 * cls->cpu_cap;
	struct job job = { .cls = cls, .nr = nr };
	int other = kt_other_cpu(test);
	u64 misses;

	job.bufs = kt_take(test, cls, nr);
	misses = kt_stats(cls).misses;
	kt_run_on(test, other, free_all, &job);
	job.nr = nr - held_by(cls, other);
	KUNIT_EXPECT_GE(test, job.nr, 6 * cls->cpu_cap);
	KUNIT_EXPECT_EQ(test, alloc_all(&job), (int)job.nr);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).misses, misses);
	free_all(&job);
}

/* At backed == max, all of it going to and fro. */
static void a_free_never_fails_at_the_limit(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	int other = kt_other_cpu(test), round;
	struct job job = { cls, kt_array(test, cls->max), cls->max };

	for (round = 0; round < 4; round++) {
		/* The rest may be in the other CPU's magazines. */
		mpool_drain_begin(cls);
		mpool_drain_end(cls);
		if (round & 1)
			KUNIT_EXPECT_EQ(test, alloc_all(&job), (int)job.nr);
		else
			KUNIT_EXPECT_EQ(test, kt_run_on(test, other, alloc_all,
							&job), (int)job.nr);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, (u64)cls->max);
		if (round & 2)
			free_all(&job);
		else
			kt_run_on(test, other, free_all, &job);
		KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
		KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
	}
}

static unsigned int mags_needed(struct mpool_class *cls)
{
	return 2 * (num_possible_cpus() + num_possible_nodes()) +
	       atomic_read(&cls->backed) / cls->mag_size;
}

static void magazines_follow_what_is_backed(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	unsigned int nr = cls->max;
	void **bufs = kt_array(test, nr);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		bufs[i] = mpool_class_alloc(cls, GFP_KERNEL | __GFP_NORETRY);
		KUNIT_EXPECT_GE(test, cls->nr_mags, mags_needed(cls));
	}
	kt_give(cls, nr, bufs);
	for (i = 0; i < 4; i++) {
		mpool_drain_begin(cls);
		mpool_class_shrink(cls, 0, nr / 5);
		mpool_drain_end(cls);
		KUNIT_EXPECT_GE(test, cls->nr_mags, mags_needed(cls));
	}
	mpool_trim(cls->pool, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	KUNIT_EXPECT_EQ(test, cls->nr_mags, mags_needed(cls));
}

struct shape {
	unsigned int size;
	unsigned int max;
};

static const struct shape shapes[] = {
	{ 64, 1 }, { 64, 15 }, { 64, 16 }, { 64, 100 }, { 64, 1000 },
	{ 64, 100000 }, { 4096, 500 }, { 32768, 500 }, { 65536, 500 },
	{ SZ_1M, 100 }, { SZ_1M, 1000 },
};

static void shape_desc(const struct shape *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of %u bytes", s->max,
		 s->size);
}

KUNIT_ARRAY_PARAM(shape, shapes, shape_desc);

static void magazines_are_bounded(struct kunit *test)
{
	const struct shape *s = test->param_value;
	struct mpool_class *cls = kt_class_max(test, s->size, s->max);

	KUNIT_EXPECT_LE(test, 2 * cls->nr_seats * cls->cpu_cap, s->max / 4);
	/* As soon as that is a buffer in each of one CPU's. */
	KUNIT_EXPECT_EQ(test, !cls->nr_seats, s->max < 8);
	KUNIT_EXPECT_EQ(test, !cls->cpu_cap, !cls->nr_seats);
	if (cls->cpu_cap > 1)
		KUNIT_EXPECT_GE(test, cls->nr_seats, num_online_cpus());
	KUNIT_EXPECT_LE(test, cls->cpu_cap, 60U);
	if (cls->cpu_cap > 2)
		KUNIT_EXPECT_LE(test, cls->cpu_cap * s->size, (u32)SZ_256K);
	KUNIT_EXPECT_GE(test, cls->mag_size, max(cls->cpu_cap, 1U));
}

static const unsigned int kinds[] = { 128, 4096 };

static void kind_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static void without_magazines_the_depot_serves(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = class_without_magazines(test, size);
	struct mpool_class_stats st;
	void **bufs = kt_take(test, cls, 3);

	KUNIT_EXPECT_PTR_NE(test, bufs[0], bufs[1]);
	kt_give(cls, 3, bufs);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.free_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, st.free_depot, st.backed);
	KUNIT_EXPECT_EQ(test, st.frees, 3ULL);
	bufs = kt_take(test, cls, 3);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).misses, st.misses);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).depot_hits - st.depot_hits, 3ULL);
	kt_give(cls, 3, bufs);
}

static void a_drain_empties_all_cpus(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	struct job job = { .cls = cls, .nr = cls->cpu_cap };
	struct mpool_class_stats st;
	int cpu;

	kt_other_cpu(test);
	for_each_online_cpu(cpu) {
		job.bufs = kt_take(test, cls, job.nr);
		kt_run_on(test, cpu, free_all, &job);
	}
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
	mpool_drain_begin(cls);
	st = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, st.free_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, st.free_depot, st.backed);
	mpool_drain_end(cls);
}

static void during_a_drain_the_depot_serves(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	struct mpool_class_stats before, after;
	void *buf;

	kt_give(cls, 4, kt_take(test, cls, 4));
	mpool_drain_begin(cls);
	before = kt_stats(cls);
	buf = mpool_class_alloc(cls, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	after = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, after.free_depot + 1, before.free_depot);
	KUNIT_EXPECT_EQ(test, after.hits, before.hits);
	mpool_class_free(cls, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_depot, before.free_depot);
	mpool_drain_end(cls);
	/* And the magazines work again. */
	mpool_class_free(cls, mpool_class_alloc(cls, GFP_NOWAIT));
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
}

static int swing(void *arg)
{
	struct job *job = arg;
	unsigned int round;

	for (round = 0; round < job->nr; round++) {
		void *buf = mpool_class_alloc(job->cls, GFP_NOWAIT);

		if (!buf)
			continue;
		if (*(u64 *)buf)
			return -EBUSY;
		*(u64 *)buf = 1;
		*(u64 *)buf = 0;
		mpool_class_free(job->cls, buf);
	}
	return 0;
}

/* A drain takes magazines away under the feet of CPUs that use them. */
static void drains_amid_use_lose_nothing(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	struct job job = { .cls = cls, .nr = 3000 };
	struct kt_thread *threads[2];
	unsigned int nr = cls->max, i, drains = 0;
	void **bufs = kt_take(test, cls, nr);
	int other = kt_other_cpu(test);

	for (i = 0; i < nr; i++)
		memset(bufs[i], 0, sizeof(u64));
	kt_give(cls, nr, bufs);
	threads[0] = kt_start(test, raw_smp_processor_id(), swing, &job);
	threads[1] = kt_start(test, other, swing, &job);
	while (!kt_ended(threads[0]) || !kt_ended(threads[1])) {
		mpool_drain_begin(cls);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).free_cpu, 0ULL);
		mpool_drain_end(cls);
		drains++;
		usleep_range(500, 1000);
	}
	KUNIT_EXPECT_GT(test, drains, 0U);
	KUNIT_EXPECT_EQ(test, kt_join(test, threads[0]), 0);
	KUNIT_EXPECT_EQ(test, kt_join(test, threads[1]), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_cpu +
			kt_stats(cls).free_depot, (u64)nr);
}

static unsigned int half_empty(struct mpool_class *cls,
			       struct mpool_depot *depot)
{
	struct mpool_mag *mag;
	unsigned long flags;
	unsigned int nr = 0;

	raw_spin_lock_irqsave(&depot->lock, flags);
	list_for_each_entry(mag, &depot->full, node)
		nr += mag->nr < cls->mag_size;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return nr;
}

/*
 * Full ones come to stand behind what a take by age left half empty, when they
 * were filled with older buffers: a CPU's that had been idle.
 */
static void a_depot_has_one_half_empty_magazine(struct kunit *test)
{
	unsigned int nodes = num_possible_nodes(), size = nodes + 4, i;
	struct mpool_class *cls = kt_class_max(test, 256, 8 * size *
					       num_possible_cpus());
	int near = mpool_depot_near(cls, numa_mem_id());
	struct mpool_depot *depot = cls->depots[near];
	unsigned int nr = (nodes + 2) * size + 1, freed = 2 * size;
	void **bufs;

	if (cls->mag_size != size)
		kunit_skip(test, "too many nodes");
	bufs = kt_take(test, cls, nr);
	mpool_drain_begin(cls);
	kt_give(cls, freed, bufs);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, size - 1), size - 1);
	KUNIT_EXPECT_EQ(test, half_empty(cls, depot), 1U);
	/* Every node's depot may have one, and they share a supply. */
	for (i = 1; i <= nodes; i++) {
		while (depot->partial->nr < size)
			mpool_class_free(cls, bufs[freed++]);
		depot->partial->stamp -= i * 10 * HZ;
		mpool_class_free(cls, bufs[freed++]);
		mpool_class_shrink(cls, 0, size - 1);
		KUNIT_EXPECT_EQ(test, half_empty(cls, depot), 1U);
		KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	}
	while (freed < nr)
		mpool_class_free(cls, bufs[freed++]);
	mpool_drain_end(cls);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
}

/* What is topped up with older ones is given back no sooner for that. */
static void topping_up_keeps_the_order_by_age(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	int near = mpool_depot_near(cls, numa_mem_id());
	unsigned int size = cls->mag_size, gone;
	struct mpool_depot *depot = cls->depots[near];
	void **bufs = kt_take(test, cls, 2 * size + 1);

	mpool_drain_begin(cls);
	kt_give(cls, 2 * size, bufs);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, 1), 1U);
	depot->partial->stamp -= 100 * HZ;
	mpool_class_free(cls, bufs[2 * size]);
	/* The one that lacked came from the older ones. */
	gone = mpool_class_shrink(cls, 50 * HZ, UINT_MAX);
	KUNIT_EXPECT_EQ(test, gone, size - 1);
	KUNIT_EXPECT_EQ(test, mpool_depot_count(cls), size + 1UL);
	KUNIT_EXPECT_EQ(test, half_empty(cls, depot), 0U);
	mpool_drain_end(cls);
}

/* Where a hundred are younger no one is held up until the last was looked at. */
static void among_many_an_old_one_counts_as_younger(struct kunit *test)
{
	const unsigned int mags = 100;
	struct mpool_class *cls = kt_class_max(test, 256, 1 << 16);
	int near = mpool_depot_near(cls, numa_mem_id());
	struct mpool_depot *depot = cls->depots[near];
	unsigned int size = cls->mag_size, nr = mags * size, jumps = 0;
	void **bufs = kt_take(test, cls, nr + 1);
	struct mpool_mag *mag;
	unsigned long flags, last;

	mpool_drain_begin(cls);
	kt_give(cls, nr, bufs);
	KUNIT_EXPECT_EQ(test, depot->partial->nr, size);
	depot->partial->stamp -= 100 * HZ;
	mpool_class_free(cls, bufs[nr]);
	last = jiffies;
	raw_spin_lock_irqsave(&depot->lock, flags);
	list_for_each_entry(mag, &depot->full, node) {
		jumps += time_after(mag->stamp, last);
		last = mag->stamp;
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	KUNIT_EXPECT_EQ(test, jumps, 0U);
	KUNIT_EXPECT_EQ(test, half_empty(cls, depot), 0U);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 50 * HZ, UINT_MAX), 0U);
	KUNIT_EXPECT_EQ(test, mpool_depot_count(cls), nr + 1UL);
	mpool_drain_end(cls);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
}

static void peak_is_exact_to_the_magazines(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	unsigned int nr = 5 * cls->cpu_cap, slack;
	struct mpool_class_stats st;

	slack = 2 * num_possible_cpus() * cls->cpu_cap;
	kt_give(cls, nr, kt_take(test, cls, nr));
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	st = kt_stats(cls);
	KUNIT_EXPECT_GE(test, st.peak, (u64)nr);
	KUNIT_EXPECT_LE(test, st.peak, (u64)nr + slack);
	/* All out once more, by the depots alone. */
	atomic_set(&cls->peak, 0);
	kt_give(cls, nr, kt_take(test, cls, nr));
	st = kt_stats(cls);
	KUNIT_EXPECT_GE(test, st.peak, (u64)nr);
	KUNIT_EXPECT_LE(test, st.peak, (u64)nr + slack);
}

static void an_offline_cpu_leaves_nothing_behind(struct kunit *test)
{
	struct mpool_class *cls = class_with_magazines(test);
	struct job job = { .cls = cls, .nr = cls->cpu_cap };
	int other = kt_other_cpu(test), err;

	job.bufs = kt_take(test, cls, job.nr);
	kt_run_on(test, other, free_all, &job);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), job.nr);
	err = remove_cpu(other);
	if (err)
		kunit_skip(test, "cannot take a CPU offline: %d", err);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), 0U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_depot, (u64)job.nr);
	KUNIT_EXPECT_EQ(test, alloc_all(&job), (int)job.nr);
	KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
	/* It may go on where it was. */
	kt_run_on(test, other, free_all, &job);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), job.nr);
}

static struct kunit_case magazine_cases[] = {
	KUNIT_CASE(hits_are_counted_as_hits),
	KUNIT_CASE(last_freed_is_first_allocated),
	KUNIT_CASE(alternating_at_the_edge_stays_on_the_cpu),
	KUNIT_CASE(full_magazines_go_to_the_depot_whole),
	KUNIT_CASE(depots_serve_whole_magazines_back),
	KUNIT_CASE(buffers_travel_between_cpus),
	KUNIT_CASE(a_free_never_fails_at_the_limit),
	KUNIT_CASE(magazines_follow_what_is_backed),
	KUNIT_CASE_PARAM(magazines_are_bounded, shape_gen_params),
	KUNIT_CASE_PARAM(without_magazines_the_depot_serves, kind_gen_params),
	KUNIT_CASE(a_drain_empties_all_cpus),
	KUNIT_CASE(during_a_drain_the_depot_serves),
	KUNIT_CASE(drains_amid_use_lose_nothing),
	KUNIT_CASE(a_depot_has_one_half_empty_magazine),
	KUNIT_CASE(topping_up_keeps_the_order_by_age),
	KUNIT_CASE(among_many_an_old_one_counts_as_younger),
	KUNIT_CASE(peak_is_exact_to_the_magazines),
	KUNIT_CASE(an_offline_cpu_leaves_nothing_behind),
	{}
};

KT_SUITE(magazine);
