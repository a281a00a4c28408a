// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA: memory is made where it is used, comes home when it is freed on another
 * node, and is had from the nearest first.  Meant for four nodes of two CPUs.
 */
#include <linux/cpu.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/topology.h>

#include "helpers.h"
#include "node.h"
#include "suites.h"

/* An online CPU of a node, nr_cpu_ids if there is none. */
static int cpu_of(int node)
{
	return cpumask_any_and(cpumask_of_node(node), cpu_online_mask);
}

/* Nodes with memory and CPUs, from the lowest. */
static unsigned int whole_nodes(struct kunit *test, int *nodes)
{
	unsigned int nr = 0;
	int node;

	for_each_node_state(node, N_MEMORY)
		if (cpu_of(node) < nr_cpu_ids && nr < 4)
			nodes[nr++] = node;
	if (nr < 2)
		kunit_skip(test, "needs two nodes");
	return nr;
}

struct job {
	struct kunit *test;
	struct mpool_class *cls;
	void **bufs;
	unsigned int nr;
	gfp_t gfp;
};

static int take(void *arg)
{
	struct job *job = arg;
	unsigned int i;

	for (i = 0; i < job->nr; i++) {
		job->bufs[i] = mpool_class_alloc(job->cls, job->gfp);
		if (!job->bufs[i])
			break;
	}
	return i;
}

static int give(void *arg)
{
	struct job *job = arg;

	kt_give(job->cls, job->nr, job->bufs);
	return 0;
}

/* @nr buffers, allocated by a CPU of @node. */
static void **take_on(struct kunit *test, int node, struct mpool_class *cls,
		      unsigned int nr, gfp_t gfp)
{
	struct job job = { test, cls, kt_array(test, nr), nr, gfp };

	KUNIT_ASSERT_EQ(test, kt_run_on(test, cpu_of(node), take, &job),
			(int)nr);
	return job.bufs;
}

static void give_on(struct kunit *test, int node, struct mpool_class *cls,
		    unsigned int nr, void **bufs)
{
	struct job job = { test, cls, bufs, nr, 0 };

	kt_run_on(test, cpu_of(node), give, &job);
}

static void drain(struct mpool_class *cls)
{
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
}

static unsigned int strangers(int node, void **bufs, unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		n += mpool_buf_node(bufs[i]) != node;
	return n;
}

/* Every buffer that lies in a depot is the node's, and counted. */
static void expect_all_at_home(struct kunit *test, struct mpool_class *cls)
{
	struct mpool_depot *depot;
	unsigned int away, nr;
	struct mpool_mag *mag;
	int node;

	for_each_node(node) {
		depot = cls->depots[node];
		raw_spin_lock_irq(&depot->lock);
		nr = depot->partial->nr;
		away = strangers(node, depot->partial->bufs, nr);
		list_for_each_entry(mag, &depot->full, node) {
			nr += mag->nr;
			away += strangers(node, mag->bufs, mag->nr);
		}
		raw_spin_unlock_irq(&depot->lock);
		KUNIT_EXPECT_EQ_MSG(test, away, 0U, "in node %d's depot", node);
		KUNIT_EXPECT_EQ(test, (unsigned long)nr, depot->nr);
	}
}

static struct mpool_node_stats stats_of(struct mpool_class *cls, int node)
{
	struct mpool_node_stats st;

	mpool_node_stats(cls, node, &st);
	return st;
}

/* What nodes and CPUs say of a quiet class is what the class says. */
static void expect_sums(struct kunit *test, struct mpool_class *cls)
{
	struct mpool_class_stats st = kt_stats(cls);
	u64 backed = 0, free = 0, refills = 0, taken = 0;
	struct mpool_node_stats n;
	struct mpool_cpu_stats c;
	int node, cpu;

	for_each_node(node) {
		n = stats_of(cls, node);
		backed += n.backed;
		free += n.free;
		refills += n.refills;
		KUNIT_EXPECT_LE(test, n.remote, n.refills + n.allocs);
	}
	for_each_possible_cpu(cpu) {
		mpool_cpu_stats(cls, cpu, &c);
		taken += c.refills;
	}
	KUNIT_EXPECT_EQ(test, backed, st.backed);
	KUNIT_EXPECT_EQ(test, free, st.free_depot);
	KUNIT_EXPECT_EQ(test, refills, taken);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
}

static const unsigned int sizes[] = { 256, 4096, 12288 };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

/* With magazines of several buffers on each CPU. */
static struct mpool_class *class_of_param(struct kunit *test)
{
	struct mpool_class *cls;

	cls = kt_class_max(test, *(const unsigned int *)test->param_value, 512);
	KUNIT_ASSERT_GE(test, cls->cpu_cap, 4U);
	return cls;
}

static void nodes_come_nearest_first(struct kunit *test)
{
	nodemask_t seen;
	int from, node, last;

	for_each_node(from) {
		nodes_clear(seen);
		last = node_distance(from, from);
		KUNIT_EXPECT_EQ(test, (int)*mpool_nodes_from(from), from);
		mpool_for_each_near(node, from) {
			KUNIT_EXPECT_TRUE(test, node_possible(node));
			KUNIT_EXPECT_GE(test, node_distance(from, node), last);
			last = node_distance(from, node);
			node_set(node, seen);
		}
		KUNIT_EXPECT_TRUE(test, nodes_equal(seen, node_possible_map));
	}
}

/* As the kernel would choose for who has CPUs only, or is offline. */
static void near_memory_is_of_a_node_that_has_some(struct kunit *test)
{
	int node, mem, other;

	for_each_node(node) {
		mem = mpool_node_with_memory(node);
		KUNIT_EXPECT_TRUE(test, node_state(mem, N_MEMORY));
		for_each_node_state(other, N_MEMORY)
			KUNIT_EXPECT_LE(test, node_distance(node, mem),
					node_distance(node, other));
	}
}

static void each_node_gets_its_own_memory(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int nr = 3 * cls->cpu_cap;
	int node, near;
	void **bufs;

	/* Nodes without memory of their own, too. */
	for_each_online_node(node) {
		if (cpu_of(node) >= nr_cpu_ids)
			continue;
		near = mpool_node_with_memory(node);
		bufs = take_on(test, node, cls, nr, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, strangers(near, bufs, nr), 0U);
		give_on(test, node, cls, nr, bufs);
		KUNIT_EXPECT_EQ(test, stats_of(cls, near).homed, 0ULL);
		KUNIT_EXPECT_EQ(test, stats_of(cls, near).remote, 0ULL);
	}
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
}

static void remote_frees_go_home(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int nr = 6 * cls->cpu_cap, n, i;
	struct mpool_node_stats st;
	int nodes[4], next;
	void **bufs;

	n = whole_nodes(test, nodes);
	for (i = 0; i < n; i++) {
		next = nodes[(i + 1) % n];
		bufs = take_on(test, nodes[i], cls, nr, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, strangers(nodes[i], bufs, nr), 0U);
		give_on(test, next, cls, nr, bufs);
		/* All but what the CPU's two magazines hold. */
		st = stats_of(cls, nodes[i]);
		KUNIT_EXPECT_GE(test, st.free, (u64)nr - 2 * cls->cpu_cap);
		KUNIT_EXPECT_GE(test, st.homed, (u64)nr - 2 * cls->cpu_cap);
		drain(cls);
		st = stats_of(cls, nodes[i]);
		KUNIT_EXPECT_EQ(test, st.free, st.backed);
		KUNIT_EXPECT_EQ(test, st.homed, (u64)nr);
	}
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
}

/* One by one, where no CPU keeps any. */
static void remote_frees_go_home_without_magazines(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 7), *c;
	int nodes[4];
	void **bufs;

	whole_nodes(test, nodes);
	KUNIT_ASSERT_EQ(test, cls->cpu_cap, 0U);
	bufs = take_on(test, nodes[1], cls, 3, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, strangers(nodes[1], bufs, 3), 0U);
	give_on(test, nodes[0], cls, 3, bufs);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[1]).free, 3ULL);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[1]).homed, 3ULL);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[0]).free, 0ULL);
	expect_all_at_home(test, cls);
	expect_sums(test, cls);

	/* And so where a class with magazines is slow. */
	c = class_of_param(test);
	bufs = take_on(test, nodes[1], c, 3, GFP_KERNEL);
	mpool_drain_begin(c);
	give_on(test, nodes[0], c, 3, bufs);
	KUNIT_EXPECT_EQ(test, stats_of(c, nodes[1]).homed, 3ULL);
	mpool_drain_end(c);
	expect_all_at_home(test, c);
}

/* Magazines with buffers of all nodes in turn. */
static void mixed_magazines_are_sorted(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int each = 4 * cls->cpu_cap, n, i, k;
	void **of[4], **mixed;
	int nodes[4];

	n = whole_nodes(test, nodes);
	for (i = 0; i < n; i++)
		of[i] = take_on(test, nodes[i], cls, each, GFP_KERNEL);
	mixed = kt_array(test, n * each);
	for (k = 0; k < each; k++)
		for (i = 0; i < n; i++)
			mixed[k * n + i] = of[i][k];
	give_on(test, nodes[0], cls, n * each, mixed);
	expect_all_at_home(test, cls);
	drain(cls);
	expect_all_at_home(test, cls);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[i]).free,
				stats_of(cls, nodes[i]).backed);
	expect_sums(test, cls);
}

/* For each CPU, half of what there is. */
#define TABLE	(8 * num_possible_cpus())

struct swap {
	struct mpool_class *cls;
	void **table;
	unsigned int rounds;
};

/*
 * Puts buffers into a table that all nodes share, and frees what others had
 * put there.
 */
static int swap_buffers(void *arg)
{
	struct swap *s = arg;
	unsigned int i, at = raw_smp_processor_id() * 7;
	void *buf;

	for (i = 0; i < s->rounds; i++) {
		buf = mpool_class_alloc(s->cls, i & 1 ? GFP_NOWAIT :
					GFP_KERNEL | __GFP_NORETRY);
		at = (at * 5 + 1) % TABLE;
		mpool_class_free(s->cls, xchg(&s->table[at], buf));
		if (!(i & 63))
			kt_resched();
	}
	return 0;
}

/* At the limit, where a free that lacked a magazine would be seen. */
static void alternating_remote_frees_lose_nothing(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct swap *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct kt_thread *threads[NR_CPUS];
	struct mpool_class *cls;
	unsigned int i, n = 0;
	int nodes[4], cpu;
	void **bufs;

	KUNIT_ASSERT_NOT_NULL(test, s);
	whole_nodes(test, nodes);
	/* As little as gives each CPU magazines of two. */
	cls = kt_class_max(test, size, 16 * num_possible_cpus());
	KUNIT_ASSERT_EQ(test, cls->cpu_cap, 2U);
	s->cls = cls;
	s->table = kt_array(test, TABLE);
	s->rounds = 3000;
	for_each_online_cpu(cpu)
		threads[n++] = kt_start(test, cpu, swap_buffers, s);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, kt_join(test, threads[i]), 0);
	for (i = 0; i < TABLE; i++)
		mpool_class_free(cls, s->table[i]);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
	KUNIT_EXPECT_GE(test, cls->nr_mags,
			2 * (num_possible_cpus() + num_possible_nodes()) +
			atomic_read(&cls->backed) / cls->mag_size);
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
	drain(cls);
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_depot, kt_stats(cls).backed);
	/* All of them are there to be had, once each. */
	bufs = kt_take(test, cls, cls->max);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, (u64)cls->max);
	kt_give(cls, cls->max, bufs);
}

static void a_pool_bound_to_a_node_stays_there(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls;
	unsigned int nr, n, i;
	int nodes[4], bound;
	void **bufs;

	n = whole_nodes(test, nodes);
	for_each_node_state(bound, N_MEMORY) {
		struct mpool_config cfg = {
			.settings = { .node = bound + 1,
				      .max = { 512, 512, 512 },
				      .initial = { MPOOL_NONE, MPOOL_NONE,
						   MPOOL_NONE } },
		};

		cls = kt_class(test, kt_pool(test, &cfg), size);
		nr = 4 * cls->cpu_cap;
		for (i = 0; i < n; i++) {
			bufs = take_on(test, nodes[i], cls, nr, GFP_KERNEL);
			KUNIT_EXPECT_EQ(test, strangers(bound, bufs, nr), 0U);
			give_on(test, nodes[(i + 1) % n], cls, nr, bufs);
		}
		drain(cls);
		KUNIT_EXPECT_EQ(test, stats_of(cls, bound).free,
				kt_stats(cls).backed);
		/* What is as near as it can be is not remote. */
		KUNIT_EXPECT_EQ(test, stats_of(cls, bound).remote, 0ULL);
		KUNIT_EXPECT_EQ(test, stats_of(cls, bound).homed, 0ULL);
		expect_all_at_home(test, cls);
		expect_sums(test, cls);
	}
}

static void a_node_grows_before_it_takes_from_others(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int nr = 4 * cls->cpu_cap;
	int nodes[4];
	void **bufs;

	whole_nodes(test, nodes);
	give_on(test, nodes[0], cls, nr,
		take_on(test, nodes[0], cls, nr, GFP_KERNEL));
	drain(cls);
	bufs = take_on(test, nodes[1], cls, nr, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, strangers(nodes[1], bufs, nr), 0U);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[0]).remote, 0ULL);
	/* By its own need, and not by what the class had. */
	KUNIT_EXPECT_LE(test, stats_of(cls, nodes[1]).backed, 2ULL * nr);
	give_on(test, nodes[1], cls, nr, bufs);
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
}

static void who_may_not_sleep_takes_from_others(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int nr = 4 * cls->cpu_cap;
	int nodes[4];
	u64 backed;
	void **bufs;

	whole_nodes(test, nodes);
	give_on(test, nodes[0], cls, nr,
		take_on(test, nodes[0], cls, nr, GFP_KERNEL));
	drain(cls);
	backed = kt_stats(cls).backed;
	bufs = take_on(test, nodes[1], cls, nr, GFP_NOWAIT);
	KUNIT_EXPECT_EQ(test, strangers(nodes[0], bufs, nr), 0U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, backed);
	KUNIT_EXPECT_GE(test, stats_of(cls, nodes[0]).remote, 4ULL);
	give_on(test, nodes[1], cls, nr, bufs);
	drain(cls);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[0]).free, backed);
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
}

static void a_node_with_its_share_takes_from_others(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int share = cls->max / num_node_state(N_MEMORY);
	unsigned int nr = 2 * cls->cpu_cap;
	void **own, **theirs;
	int nodes[4];
	u64 backed;

	whole_nodes(test, nodes);
	own = take_on(test, nodes[1], cls, share, GFP_KERNEL);
	give_on(test, nodes[0], cls, nr,
		take_on(test, nodes[0], cls, nr, GFP_KERNEL));
	drain(cls);
	/* The rest of its own, if growth made more. */
	KUNIT_ASSERT_EQ(test, stats_of(cls, nodes[1]).backed, (u64)share);
	backed = kt_stats(cls).backed;
	theirs = take_on(test, nodes[1], cls, nr, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, strangers(nodes[0], theirs, nr), 0U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, backed);
	kt_give(cls, nr, theirs);
	kt_give(cls, share, own);
	expect_sums(test, cls);
}

static void leases_are_of_the_near_node_first(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 512);
	struct mpool_desc *descs[4];
	int nodes[4], i, n;

	n = whole_nodes(test, nodes);
	for (i = 0; i < n; i++)
		give_on(test, nodes[i], cls, 8,
			take_on(test, nodes[i], cls, 8, GFP_KERNEL));
	drain(cls);
	for (i = 0; i < n; i++) {
		kt_stay_on(test, cpu_of(nodes[i]));
		descs[i] = kt_lease(test, cls);
		KUNIT_EXPECT_EQ(test, mpool_buf_node(descs[i]->addr), nodes[i]);
	}
	while (i--)
		kt_return(cls, descs[i]);
}

/* Whatever the node of who gives memory back. */
static void the_oldest_go_first_of_all_nodes(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int nr = 3 * cls->cpu_cap;
	u64 old, young;
	int nodes[4];
	void **bufs[2];

	whole_nodes(test, nodes);
	bufs[0] = take_on(test, nodes[0], cls, nr, GFP_KERNEL);
	bufs[1] = take_on(test, nodes[1], cls, nr, GFP_KERNEL);
	give_on(test, nodes[1], cls, nr, bufs[1]);
	drain(cls);
	msleep(50);
	give_on(test, nodes[0], cls, nr, bufs[0]);
	drain(cls);
	old = stats_of(cls, nodes[1]).free;
	young = stats_of(cls, nodes[0]).free;
	kt_stay_on(test, cpu_of(nodes[0]));
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, old),
			(unsigned int)old);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[1]).free, 0ULL);
	KUNIT_EXPECT_EQ(test, stats_of(cls, nodes[0]).free, young);
	/* None of those that are young for it. */
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 60 * HZ, UINT_MAX), 0U);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, 0, UINT_MAX),
			(unsigned int)young);
	expect_sums(test, cls);
}

static void a_node_can_lose_its_cpus(struct kunit *test)
{
	struct mpool_class *cls = class_of_param(test);
	unsigned int nr = 4 * cls->cpu_cap, n;
	int nodes[4], cpu, gone, err;
	struct cpumask dead;
	void **bufs;

	n = whole_nodes(test, nodes);
	gone = nodes[n - 1];
	cpumask_and(&dead, cpumask_of_node(gone), cpu_online_mask);
	kt_stay_on(test, cpu_of(nodes[0]));
	/* Its own buffers in its magazines, and another's. */
	bufs = take_on(test, gone, cls, nr, GFP_KERNEL);
	give_on(test, gone, cls, nr, bufs);
	bufs = take_on(test, nodes[0], cls, cls->cpu_cap, GFP_KERNEL);
	give_on(test, gone, cls, cls->cpu_cap, bufs);
	for_each_cpu(cpu, &dead) {
		err = remove_cpu(cpu);
		KUNIT_EXPECT_EQ(test, err, 0);
	}
	KUNIT_EXPECT_EQ(test, stats_of(cls, gone).free,
			stats_of(cls, gone).backed);
	expect_all_at_home(test, cls);
	/* Nobody's near memory, and still to be had and to come home. */
	bufs = take_on(test, nodes[0], cls, nr, GFP_NOWAIT);
	KUNIT_EXPECT_GT(test, strangers(nodes[0], bufs, nr), 0U);
	give_on(test, nodes[0], cls, nr, bufs);
	drain(cls);
	KUNIT_EXPECT_EQ(test, stats_of(cls, gone).free,
			stats_of(cls, gone).backed);
	for_each_cpu(cpu, &dead)
		KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	bufs = take_on(test, gone, cls, nr, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, strangers(gone, bufs, nr), 0U);
	give_on(test, gone, cls, nr, bufs);
	expect_all_at_home(test, cls);
	expect_sums(test, cls);
}

static struct kunit_case numa_cases[] = {
	KUNIT_CASE(nodes_come_nearest_first),
	KUNIT_CASE(near_memory_is_of_a_node_that_has_some),
	KUNIT_CASE_PARAM(each_node_gets_its_own_memory, size_gen_params),
	KUNIT_CASE_PARAM(remote_frees_go_home, size_gen_params),
	KUNIT_CASE_PARAM(remote_frees_go_home_without_magazines,
			 size_gen_params),
	KUNIT_CASE_PARAM(mixed_magazines_are_sorted, size_gen_params),
	KUNIT_CASE_PARAM(alternating_remote_frees_lose_nothing,
			 size_gen_params),
	KUNIT_CASE_PARAM(a_pool_bound_to_a_node_stays_there, size_gen_params),
	KUNIT_CASE_PARAM(a_node_grows_before_it_takes_from_others,
			 size_gen_params),
	KUNIT_CASE_PARAM(who_may_not_sleep_takes_from_others, size_gen_params),
	KUNIT_CASE_PARAM(a_node_with_its_share_takes_from_others,
			 size_gen_params),
	KUNIT_CASE(leases_are_of_the_near_node_first),
	KUNIT_CASE_PARAM(the_oldest_go_first_of_all_nodes, size_gen_params),
	KUNIT_CASE_PARAM(a_node_can_lose_its_cpus, size_gen_params),
	{}
};

KT_SUITE(numa);
