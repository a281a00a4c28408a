// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: each counter is kept where it is written without contention,
 * and added up when somebody asks.
 */
#include <linux/mpool.h>
#include <linux/percpu.h>

#include "class.h"
#include "cpu.h"
#include "stats.h"

/**
 * mpool_cpu_stats() - read what one CPU has counted of a class
 * @cls: the class
 * @cpu: a possible CPU
 * @st: where to
 *
 * Context: any.
 */
void mpool_cpu_stats(const struct mpool_class *cls, int cpu,
		     struct mpool_cpu_stats *st)
{
	const struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);
	u64 asked, sized;

	/*
	 * Written without marking by whoever holds the busy flag: what is
	 * read may be older by what is under way, but is not torn.
	 */
	asked = data_race(c->asked);
	/* Likewise; behind what it asked for, that the slack is not negative. */
	sized = data_race(c->sized);
	/* Likewise. */
	st->allocs = data_race(c->allocs) + sized;
	/* Likewise. */
	st->frees = data_race(c->frees);
	/* Likewise; it is raised before the allocation that it is for. */
	st->refills = min_t(u64, data_race(c->refills), st->allocs);
	st->slack = sized * cls->size - asked;
	/* Likewise. */
	st->free = data_race(c->nr + c->prev_nr);
}

/**
 * mpool_node_stats() - read what one node's depot has counted of a class
 * @cls: the class
 * @node: a possible node
 * @st: where to
 *
 * Context: any but NMI.
 */
void mpool_node_stats(struct mpool_class *cls, int node,
		      struct mpool_node_stats *st)
{
	struct mpool_depot *depot = cls->depots[node];
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	st->free = depot->nr;
	st->full = depot->nr_full;
	st->allocs = depot->allocs;
	st->frees = depot->frees;
	st->refills = depot->refills;
	st->remote = depot->remote;
	st->homed = depot->homed;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	st->backed = atomic_read(&depot->backed);
}

static void add_cpus(struct mpool_class *cls, struct mpool_class_stats *st)
{
	struct mpool_cpu_stats c;
	u64 refills = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		mpool_cpu_stats(cls, cpu, &c);
		st->hits += c.allocs;
		st->frees += c.frees;
		refills += c.refills;
		st->free_cpu += c.free;
	}
	st->allocs += st->hits;
	st->hits -= refills;
	st->depot_hits += refills;
}

static void add_depots(struct mpool_class *cls, struct mpool_class_stats *st)
{
	struct mpool_node_stats n;
	int node;

	for_each_node(node) {
		mpool_node_stats(cls, node, &n);
		st->free_depot += n.free;
		st->allocs += n.allocs;
		st->depot_hits += n.allocs;
		st->frees += n.frees;
	}
}

static void add_stock(struct mpool_stock *stock, struct mpool_class_stats *st)
{
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	st->clean = stock->nr_clean;
	st->dirty = stock->nr_dirty + stock->busy;
	st->quarantined = stock->nr_quarantined;
	spin_unlock_irqrestore(&stock->lock, flags);
	st->leased = atomic_read(&stock->leased);
	st->cached = atomic_read(&stock->cached);
	st->abandoned = atomic_read(&stock->abandoned);
	st->leases = atomic64_read(&stock->leases);
	st->releases = atomic64_read(&stock->releases);
	st->zeroed = atomic64_read(&stock->zeroed);
	st->zeroed_sync = atomic64_read(&stock->zeroed_sync);
}

/**
 * mpool_class_stats() - read a class's counters
 * @cls: the class
 * @st: where to
 *
 * Exact while the class is quiet.
 *
 * Context: any but NMI.
 */
void mpool_class_stats(struct mpool_class *cls, struct mpool_class_stats *st)
{
	u64 moved = atomic64_read(&cls->moved);
	u64 handed = atomic64_read(&cls->handed);

	memset(st, 0, sizeof(*st));
	st->size = cls->size;
	st->max = READ_ONCE(cls->max);
	st->backed = atomic_read(&cls->backed);
	add_cpus(cls, st);
	add_depots(cls, st);
	add_stock(&cls->stock, st);
	st->reserve = READ_ONCE(cls->nr_reserve);
	st->misses = atomic64_read(&cls->misses);
	st->allocs += st->misses + handed - moved;
	st->depot_hits += handed - moved;
	st->frees += atomic64_read(&cls->taken);
	/* Read at different moments, the difference may be below zero. */
	st->allocated = st->allocs > st->frees ? st->allocs - st->frees : 0;
	st->fails = atomic64_read(&cls->fails);
	st->waits = atomic64_read(&cls->waits);
	st->grown = atomic64_read(&cls->grown);
	st->shrunk = atomic64_read(&cls->shrunk);
	st->bad_frees = atomic64_read(&cls->bad_frees);
	st->peak = atomic_read(&cls->peak);
}

/**
 * mpool_stats_add() - add one class to a sum
 * @sum: the sum; its size is left alone
 * @st: the class
 */
void mpool_stats_add(struct mpool_class_stats *sum,
		     const struct mpool_class_stats *st)
{
	const u64 *from = (const u64 *)st;
	u64 *to = (u64 *)sum;
	size_t i;

	/* All members are u64; the first is the size. */
	BUILD_BUG_ON(offsetof(struct mpool_class_stats, max) != sizeof(u64));
	for (i = 1; i < sizeof(*st) / sizeof(u64); i++)
		to[i] += from[i];
}

/**
 * mpool_slack_add() - allocations by size were given more than they asked for
 * @cls: the class
 * @bytes: how much more
 *
 * For what is not a hit, which counts it in passing.
 *
 * Context: any but NMI.
 */
void mpool_slack_add(struct mpool_class *cls, u64 bytes)
{
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);

	if (cpu) {
		cpu->asked -= bytes;
		mpool_cpu_leave(cpu);
	} else {
		atomic64_add(bytes, &cls->slack);
	}
}

/**
 * mpool_class_slack() - bytes given to kernel users who had not asked for them
 * @cls: the class
 *
 * Context: any.
 * Return: the sum over all allocations so far.
 */
u64 mpool_class_slack(const struct mpool_class *cls)
{
	u64 slack = atomic64_read(&cls->slack);
	struct mpool_cpu_stats st;
	int cpu;

	for_each_possible_cpu(cpu) {
		mpool_cpu_stats(cls, cpu, &st);
		slack += st.slack;
	}
	return slack;
}
