// SPDX-License-Identifier: GPL-2.0
/*
 * Seats: who has magazines in a class whose limit does not allow them to all
 * CPUs, and that a seat is neither lost nor given twice.
 */
#include <linux/cpu.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "helpers.h"
#include "magazine.h"
#include "reclaim.h"
#include "seats.h"
#include "suites.h"
#include "wait.h"

/* A quarter of eight is two magazines of one buffer, a single CPU's. */
static struct mpool_class *class_with_one_seat(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 8);

	KUNIT_ASSERT_EQ(test, cls->cpu_cap, 1U);
	KUNIT_ASSERT_EQ(test, cls->nr_seats, 1U);
	return cls;
}

static int pair(void *arg)
{
	struct mpool_class *cls = arg;
	void *buf = mpool_class_alloc(cls, GFP_NOWAIT);

	mpool_class_free(cls, buf);
	return buf ? 0 : -ENOMEM;
}

static unsigned int held_by(struct mpool_class *cls, int cpu)
{
	struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);

	return c->nr + c->prev_nr;
}

/* This CPU has the seat; @bufs are what is out, so that nothing is idle. */
static int sit_here(struct kunit *test, struct mpool_class *cls, void ***bufs)
{
	int other = kt_other_cpu(test);

	*bufs = kt_take(test, cls, 7);
	KUNIT_ASSERT_EQ(test, pair(cls), 0);
	KUNIT_ASSERT_EQ(test, held_by(cls, raw_smp_processor_id()), 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&cls->seats), 0);
	return other;
}

static void who_stands_is_served_by_the_depot(struct kunit *test)
{
	struct mpool_class *cls = class_with_one_seat(test);
	struct mpool_class_stats before, after;
	void **bufs;
	int other = sit_here(test, cls, &bufs);

	/* One that the other can have: the depot's. */
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	kt_give(cls, 1, bufs);
	before = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, kt_run_on(test, other, pair, cls), 0);
	after = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), 0U);
	KUNIT_EXPECT_EQ(test, held_by(cls, raw_smp_processor_id()), 1U);
	KUNIT_EXPECT_EQ(test, after.depot_hits - before.depot_hits, 1ULL);
	KUNIT_EXPECT_EQ(test, after.frees - before.frees, 1ULL);
	kt_give(cls, 6, bufs + 1);
}

static int pair_of_bulks(void *arg)
{
	struct mpool_class *cls = arg;
	void *bufs[4];
	unsigned int nr = mpool_class_alloc_bulk(cls, GFP_NOWAIT,
						 ARRAY_SIZE(bufs), bufs);

	mpool_class_free_bulk(cls, nr, bufs);
	return nr;
}

static void who_stands_has_bulks_of_the_depot(struct kunit *test)
{
	struct mpool_class *cls = class_with_one_seat(test);
	struct mpool_class_stats before, after;
	void **bufs;
	int other = sit_here(test, cls, &bufs);

	kt_give(cls, 6, bufs);
	before = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, kt_run_on(test, other, pair_of_bulks, cls), 4);
	after = kt_stats(cls);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), 0U);
	KUNIT_EXPECT_EQ(test, after.depot_hits - before.depot_hits, 4ULL);
	KUNIT_EXPECT_EQ(test, after.frees - before.frees, 4ULL);

	/* The first that it asks for gives it the seat, if one is free. */
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	KUNIT_EXPECT_EQ(test, kt_run_on(test, other, pair_of_bulks, cls), 4);
	KUNIT_EXPECT_NE(test, held_by(cls, other), 0U);
	kt_give(cls, 1, bufs + 6);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
}

static void who_comes_first_after_a_drain_sits(struct kunit *test)
{
	struct mpool_class *cls = class_with_one_seat(test);
	void **bufs;
	int other = sit_here(test, cls, &bufs);

	mpool_drain_begin(cls);
	KUNIT_EXPECT_EQ(test, atomic_read(&cls->seats), 1);
	mpool_drain_end(cls);
	KUNIT_EXPECT_EQ(test, kt_run_on(test, other, pair, cls), 0);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), 1U);
	kt_give(cls, 7, bufs);
	KUNIT_EXPECT_EQ(test, held_by(cls, raw_smp_processor_id()), 0U);
}

static void a_cleanup_sees_to_who_stood(struct kunit *test)
{
	struct mpool_class *cls = class_with_one_seat(test);
	void **bufs;
	int other = sit_here(test, cls, &bufs);

	/* Nobody stood: who has the seat keeps it, and what lies there. */
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, held_by(cls, raw_smp_processor_id()), 1U);

	/* The only free one lies in this CPU's magazine, but it asked. */
	kt_run_on(test, other, pair, cls);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, held_by(cls, raw_smp_processor_id()), 0U);
	KUNIT_EXPECT_EQ(test, kt_run_on(test, other, pair, cls), 0);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), 1U);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, held_by(cls, other), 1U);
	kt_give(cls, 7, bufs);
}

static void a_dead_cpu_leaves_its_seat(struct kunit *test)
{
	struct mpool_class *cls = class_with_one_seat(test);
	void **bufs = kt_take(test, cls, 8);
	int other = kt_other_cpu(test), err;

	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	kt_run_on(test, other, pair, cls);
	KUNIT_EXPECT_EQ(test, atomic_read(&cls->seats), 0);
	err = remove_cpu(other);
	if (err) {
		kt_give(cls, 8, bufs);
		kunit_skip(test, "cannot take a CPU offline: %d", err);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&cls->seats), 1);
	kt_give(cls, 1, bufs);
	KUNIT_EXPECT_EQ(test, held_by(cls, raw_smp_processor_id()), 1U);
	KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
	kt_give(cls, 7, bufs + 1);
	KUNIT_EXPECT_EQ(test, held_by(cls, raw_smp_processor_id()), 2U);
}

/* More only make a machine slow that has fewer processors than it says. */
#define CROWD	3

struct crowd {
	struct mpool_class *cls;
	int cpus[CROWD];
	unsigned int nr;
	bool stop;
	atomic_long_t served;
};

static void pair_of_an_interrupt(void *arg)
{
	struct crowd *crowd = arg;

	if (!pair(crowd->cls))
		atomic_long_inc(&crowd->served);
}

static int come_and_go(void *arg)
{
	struct crowd *crowd = arg;
	unsigned int i;

	while (!READ_ONCE(crowd->stop)) {
		pair_of_an_interrupt(crowd);
		for (i = 0; i < crowd->nr; i++)
			smp_call_function_single(crowd->cpus[i],
						 pair_of_an_interrupt, crowd, 1);
		kt_resched();
	}
	return 0;
}

static unsigned int sitting(struct mpool_class *cls)
{
	unsigned int nr = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		nr += READ_ONCE(per_cpu_ptr(cls->cpus, cpu)->busy) !=
		      MPOOL_CPU_STANDS;
	return nr;
}

/*
 * Tasks and interrupts of all CPUs sit down as often as a drain makes them stand.
 * One seat less than CPUs: where that is more than one, a task and an interrupt
 * of its own CPU may take two.
 */
static void seats_are_neither_lost_nor_doubled(struct kunit *test)
{
	const unsigned int few = num_possible_cpus() - 1;
	struct mpool_class *cls = kt_class_max(test, 256, max(8 * few, 8U));
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	struct kt_thread *threads[CROWD];
	unsigned int i;
	int cpu;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	kt_other_cpu(test);
	KUNIT_ASSERT_EQ(test, cls->nr_seats, few);
	kt_give(cls, cls->max, kt_take(test, cls, cls->max));
	crowd->cls = cls;
	for_each_online_cpu(cpu)
		if (crowd->nr < CROWD)
			crowd->cpus[crowd->nr++] = cpu;
	for (i = 0; i < crowd->nr; i++)
		threads[i] = kt_start(test, crowd->cpus[i], come_and_go, crowd);
	for (i = 0; i < 200; i++) {
		mpool_drain_begin(cls);
		KUNIT_EXPECT_EQ(test, atomic_read(&cls->seats), (int)few);
		KUNIT_EXPECT_EQ(test, sitting(cls), 0U);
		KUNIT_EXPECT_EQ(test, mpool_magazine_count(cls), 0UL);
		mpool_drain_end(cls);
		usleep_range(50, 500);
		KUNIT_EXPECT_LE(test, sitting(cls), few);
	}
	WRITE_ONCE(crowd->stop, true);
	for (i = 0; i < crowd->nr; i++)
		kt_join(test, threads[i]);
	KUNIT_EXPECT_GT(test, atomic_long_read(&crowd->served), 200L);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
}

static struct kunit_case seats_cases[] = {
	KUNIT_CASE(who_stands_is_served_by_the_depot),
	KUNIT_CASE(who_stands_has_bulks_of_the_depot),
	KUNIT_CASE(who_comes_first_after_a_drain_sits),
	KUNIT_CASE(a_cleanup_sees_to_who_stood),
	KUNIT_CASE(a_dead_cpu_leaves_its_seat),
	KUNIT_CASE(seats_are_neither_lost_nor_doubled),
	{}
};

KT_SUITE(seats);
