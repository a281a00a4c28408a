// SPDX-License-Identifier: GPL-2.0
/*
 * Where a pool's work is done, and what it costs: by CPU, by node, in time
 * and in bytes.
 *
 * The columns add up to the counters of stats and classes, as
 * Documentation/ABI/testing/debugfs-mpool says.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/mpool.h>
#include <linux/seq_file.h>

#include "class.h"
#include "debugfs.h"
#include "hist.h"
#include "pool.h"
#include "stats.h"

/* The first class in being from @index on; @index goes behind it. */
static struct mpool_class *next_class(struct mpool *pool, unsigned int *index)
{
	struct mpool_class *cls = NULL;

	while (!cls && *index < pool->nr_classes)
		cls = mpool_pool_peek(pool, (*index)++);
	return cls;
}

static void cpu_line(struct seq_file *m, const struct mpool_cpu_stats *st)
{
	seq_printf(m, " %12llu %12llu %12llu %12llu %8llu\n", st->allocs,
		   st->allocs - st->refills, st->refills, st->frees, st->free);
}

static void cpu_add(struct mpool_cpu_stats *sum,
		    const struct mpool_cpu_stats *st)
{
	sum->allocs += st->allocs;
	sum->refills += st->refills;
	sum->frees += st->frees;
	sum->free += st->free;
}

static int cpus_show(struct seq_file *m, void *v)
{
	struct mpool_cpu_stats st, sum;
	struct mpool *pool = m->private;
	struct mpool_class *cls;
	unsigned int i;
	int cpu;

	seq_printf(m, "%8s %5s %12s %12s %12s %12s %8s\n", "size", "cpu",
		   "allocs", "hits", "refills", "frees", "free");
	for (i = 0; (cls = next_class(pool, &i));) {
		memset(&sum, 0, sizeof(sum));
		for_each_possible_cpu(cpu) {
			mpool_cpu_stats(cls, cpu, &st);
			cpu_add(&sum, &st);
			seq_printf(m, "%8u %5d", cls->size, cpu);
			cpu_line(m, &st);
		}
		seq_printf(m, "%8u %5s", cls->size, "all");
		cpu_line(m, &sum);
	}
	for_each_possible_cpu(cpu) {
		memset(&sum, 0, sizeof(sum));
		for (i = 0; (cls = next_class(pool, &i));) {
			mpool_cpu_stats(cls, cpu, &st);
			cpu_add(&sum, &st);
		}
		seq_printf(m, "%8s %5d", "total", cpu);
		cpu_line(m, &sum);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cpus);

static void node_line(struct seq_file *m, const struct mpool_node_stats *st)
{
	seq_printf(m, " %8llu %8llu %8llu %12llu %12llu %12llu %12llu %12llu\n",
		   st->backed, st->free, st->full, st->allocs, st->frees,
		   st->refills, st->remote, st->homed);
}

static void node_add(struct mpool_node_stats *sum,
		     const struct mpool_node_stats *st)
{
	sum->backed += st->backed;
	sum->free += st->free;
	sum->full += st->full;
	sum->allocs += st->allocs;
	sum->frees += st->frees;
	sum->refills += st->refills;
	sum->remote += st->remote;
	sum->homed += st->homed;
}

/* From a free to who waited, to the reserve and from it: by no node. */
static void node_handed(const struct mpool_class *cls,
			struct mpool_node_stats *st)
{
	memset(st, 0, sizeof(*st));
	st->allocs = atomic64_read(&cls->handed) - atomic64_read(&cls->moved);
	st->frees = atomic64_read(&cls->taken);
}

static int nodes_show(struct seq_file *m, void *v)
{
	struct mpool_node_stats st, sum;
	struct mpool *pool = m->private;
	struct mpool_class *cls;
	unsigned int i;
	int node;

	seq_printf(m, "%8s %5s %8s %8s %8s %12s %12s %12s %12s %12s\n", "size",
		   "node", "backed", "free", "full", "allocs", "frees",
		   "refills", "remote", "homed");
	for (i = 0; (cls = next_class(pool, &i));) {
		memset(&sum, 0, sizeof(sum));
		for_each_node(node) {
			mpool_node_stats(cls, node, &st);
			node_add(&sum, &st);
			seq_printf(m, "%8u %5d", cls->size, node);
			node_line(m, &st);
		}
		node_handed(cls, &st);
		node_add(&sum, &st);
		seq_printf(m, "%8u %5s", cls->size, "-");
		node_line(m, &st);
		seq_printf(m, "%8u %5s", cls->size, "all");
		node_line(m, &sum);
	}
	for_each_node(node) {
		memset(&sum, 0, sizeof(sum));
		for (i = 0; (cls = next_class(pool, &i));) {
			mpool_node_stats(cls, node, &st);
			node_add(&sum, &st);
		}
		seq_printf(m, "%8s %5d", "total", node);
		node_line(m, &sum);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(nodes);

/* One line for each bucket that counted something, and one for all. */
static void show_hist(struct seq_file *m, const char *what, const char *size,
		      const struct mpool_hist_sum *sum)
{
	unsigned int i;

	for (i = 0; i < MPOOL_HIST_BUCKETS; i++) {
		if (!sum->buckets[i])
			continue;
		seq_printf(m, "%-5s %8s %12llu", what, size,
			   mpool_hist_floor(i));
		if (i + 1 < MPOOL_HIST_BUCKETS)
			seq_printf(m, " %12llu", mpool_hist_floor(i + 1));
		else
			seq_printf(m, " %12s", "-");
		seq_printf(m, " %10llu\n", sum->buckets[i]);
	}
	if (sum->nr)
		seq_printf(m, "%-5s %8s %12s %12llu %10llu\n", what, size,
			   "mean", div64_u64(sum->ns, sum->nr), sum->nr);
}

static void latency_of(struct seq_file *m, const char *what, size_t where)
{
	struct mpool_hist_sum sum, total = {};
	struct mpool *pool = m->private;
	struct mpool_hist *hist;
	struct mpool_class *cls;
	unsigned int i;
	char size[12];

	for (i = 0; (cls = next_class(pool, &i));) {
		hist = (void *)cls + where;
		memset(&sum, 0, sizeof(sum));
		mpool_hist_add(&sum, hist);
		mpool_hist_add(&total, hist);
		snprintf(size, sizeof(size), "%u", cls->size);
		show_hist(m, what, size, &sum);
	}
	show_hist(m, what, "total", &total);
}

static int latency_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%-5s %8s %12s %12s %10s\n", "what", "size", "from ns",
		   "to ns", "count");
	latency_of(m, "miss", offsetof(struct mpool_class, miss_ns));
	latency_of(m, "wait", offsetof(struct mpool_class, wait_ns));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

/**
 * struct bytes - what becomes of a class's or a pool's memory
 * @allocs: allocations so far
 * @given: bytes that they were given
 * @asked: bytes that they asked for
 * @backed: bytes that the system gave
 * @used: those that somebody holds
 */
struct bytes {
	u64 allocs;
	u64 given;
	u64 asked;
	u64 backed;
	u64 used;
};

static void bytes_of(struct mpool_class *cls, struct bytes *b)
{
	/* First, lest more of it be seen than of what it is a part of. */
	u64 slack = mpool_class_slack(cls);
	struct mpool_class_stats st;

	mpool_class_stats(cls, &st);
	b->allocs = st.allocs;
	b->given = st.allocs * st.size;
	b->asked = b->given - slack;
	b->backed = st.backed * mpool_class_cost(cls);
	b->used = (st.allocated + st.leased + st.cached + st.quarantined) *
		  mpool_class_cost(cls);
}

static void bytes_line(struct seq_file *m, const struct bytes *b)
{
	seq_printf(m, " %12llu %16llu %16llu", b->allocs, b->given, b->asked);
	mpool_debugfs_percent(m, b->given - b->asked, b->given);
	seq_printf(m, " %10llu %10llu", b->backed >> 10, b->used >> 10);
	mpool_debugfs_percent(m, b->backed - min(b->used, b->backed),
			      b->backed);
	seq_putc(m, '\n');
}

static int fragmentation_show(struct seq_file *m, void *v)
{
	struct bytes b, total = {};
	struct mpool *pool = m->private;
	struct mpool_class *cls;
	unsigned int i;

	seq_printf(m, "%8s %12s %16s %16s %7s %10s %10s %7s\n", "size",
		   "allocs", "given", "asked", "waste %", "KiB", "used KiB",
		   "idle %");
	for (i = 0; (cls = next_class(pool, &i));) {
		bytes_of(cls, &b);
		total.allocs += b.allocs;
		total.given += b.given;
		total.asked += b.asked;
		total.backed += b.backed;
		total.used += b.used;
		seq_printf(m, "%8u", cls->size);
		bytes_line(m, &b);
	}
	seq_printf(m, "%8s", "total");
	bytes_line(m, &total);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fragmentation);

/**
 * mpool_debugfs_add_stats() - the views of a pool's work
 * @pool: the pool
 * @dir: its directory
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_add_stats(struct mpool *pool, struct dentry *dir)
{
	debugfs_create_file("cpus", 0400, dir, pool, &cpus_fops);
	debugfs_create_file("nodes", 0400, dir, pool, &nodes_fops);
	debugfs_create_file("latency", 0400, dir, pool, &latency_fops);
	debugfs_create_file("fragmentation", 0400, dir, pool,
			    &fragmentation_fops);
}
