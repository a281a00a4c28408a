// SPDX-License-Identifier: GPL-2.0
/*
 * Views for people.  None of it is ABI; programs use MPOOL_IOC_STATS.
 *
 * A pool's files go before the pool does, and their removal waits for those
 * who are reading: so reading one needs no reference.  It must not take the
 * registry's mutex then, under which they are removed.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/mpool.h>
#include <linux/seq_file.h>
#include <linux/user_namespace.h>

#include "abandoned.h"
#include "access.h"
#include "class.h"
#include "debugfs.h"
#include "pool.h"
#include "registry.h"
#include "stats.h"

static struct dentry *root;

/* Free in any way: to the kernel's users, to clients, or set aside. */
static u64 idle(const struct mpool_class_stats *st)
{
	return st->free_cpu + st->free_depot + st->clean + st->dirty +
	       st->reserve;
}

static u64 balance(const struct mpool_class_stats *st)
{
	return idle(st) + st->allocated + st->leased + st->cached +
	       st->quarantined;
}

/**
 * mpool_debugfs_percent() - show a share, in tenths of a per cent
 * @m: where to
 * @part: the share
 * @whole: of what; of 0 no share is shown
 */
void mpool_debugfs_percent(struct seq_file *m, u64 part, u64 whole)
{
	u64 tenths = whole ? div64_u64(part * 1000, whole) : 0;
	u32 rest;

	tenths = div_u64_rem(tenths, 10, &rest);
	if (whole)
		seq_printf(m, " %5llu.%u", tenths, rest);
	else
		seq_puts(m, "       -");
}

static void summary_line(struct seq_file *m, const char *name,
			 unsigned int clients, u64 bytes,
			 const struct mpool_class_stats *st)
{
	seq_printf(m, "%-31s %7u %8llu %8llu %8llu %8llu %6llu", name, clients,
		   st->backed, st->allocated, st->leased, idle(st),
		   st->quarantined);
	mpool_debugfs_percent(m, st->hits, st->allocs);
	seq_printf(m, " %10llu\n", bytes >> 10);
}

struct summary {
	struct seq_file *m;
	struct mpool_class_stats total;
	unsigned int clients;
	u64 bytes;
};

static void summary_visit(struct mpool *pool, void *arg)
{
	unsigned int clients = atomic_read(&pool->nr_clients);
	u64 bytes = atomic_long_read(&pool->bytes);
	struct summary *sum = arg;
	struct mpool_class_stats st;

	mpool_pool_stats(pool, &st);
	mpool_stats_add(&sum->total, &st);
	sum->clients += clients;
	sum->bytes += bytes;
	summary_line(sum->m, pool->name, clients, bytes, &st);
}

/* No pool's any more; most of the time there is no such line. */
static void summary_abandoned(struct seq_file *m)
{
	struct mpool_abandoned_total total;

	mpool_abandoned_get(NULL, &total);
	if (total.buffers)
		seq_printf(m, "%-31s %7s %8s %8s %8s %8s %6llu %7s %10llu\n",
			   "abandoned", "-", "-", "-", "-", "-", total.buffers,
			   "-", total.bytes >> 10);
}

static int summary_show(struct seq_file *m, void *v)
{
	struct summary sum = { .m = m };

	seq_printf(m, "%-31s %7s %8s %8s %8s %8s %6s %7s %10s\n", "pool",
		   "clients", "backed", "alloc", "leased", "free", "quar",
		   "hit %", "KiB");
	mpool_registry_visit(summary_visit, &sum);
	summary_line(m, "total", sum.clients, sum.bytes, &sum.total);
	summary_abandoned(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

static void show_counters(struct seq_file *m,
			  const struct mpool_class_stats *st)
{
	const struct {
		const char *name;
		u64 value;
	} lines[] = {
		{ "backed", st->backed },
		{ "allocated", st->allocated },
		{ "leased", st->leased },
		{ "quarantined", st->quarantined },
		{ "abandoned", st->abandoned },
		{ "allocs", st->allocs },
		{ "frees", st->frees },
		{ "hits", st->hits },
		{ "depot_hits", st->depot_hits },
		{ "misses", st->misses },
		{ "fails", st->fails },
		{ "waits", st->waits },
		{ "grown", st->grown },
		{ "shrunk", st->shrunk },
		{ "leases", st->leases },
		{ "releases", st->releases },
		{ "zeroed", st->zeroed },
		{ "zeroed_sync", st->zeroed_sync },
		{ "peak", st->peak },
		{ "bad_frees", st->bad_frees },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		seq_printf(m, "%-12s %20llu\n", lines[i].name, lines[i].value);
}

/* On a busy pool the sum may be off by what moves while it is read. */
static void show_balance(struct seq_file *m, const struct mpool_class_stats *st)
{
	s64 off = st->backed - balance(st);

	seq_printf(m, "balance %llu: backed %llu = cpu %llu + depot %llu + clean %llu + dirty %llu + reserve %llu + allocated %llu + leased %llu + cached %llu + quarantined %llu",
		   st->size, st->backed, st->free_cpu, st->free_depot,
		   st->clean, st->dirty, st->reserve, st->allocated, st->leased,
		   st->cached, st->quarantined);
	if (off)
		seq_printf(m, " %+lld", off);
	seq_putc(m, '\n');
}

static int stats_show(struct seq_file *m, void *v)
{
	struct mpool *pool = m->private;
	struct mpool_class_stats st;
	struct mpool_class *cls;
	unsigned int i;

	mpool_pool_stats(pool, &st);
	show_counters(m, &st);
	seq_puts(m, "hit_rate                ");
	mpool_debugfs_percent(m, st.hits, st.allocs);
	seq_printf(m, " %%\n%-12s %20ld\n%-12s %20lu\n%-12s %20d\n",
		   "bytes", atomic_long_read(&pool->bytes),
		   "max_bytes", READ_ONCE(pool->max_bytes),
		   "clients", atomic_read(&pool->nr_clients));
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (!cls)
			continue;
		mpool_class_stats(cls, &st);
		show_balance(m, &st);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void class_line(struct seq_file *m, const struct mpool_class_stats *st)
{
	if (st->size)
		seq_printf(m, "%8llu", st->size);
	else
		seq_printf(m, "%8s", "total");
	seq_printf(m, " %6llu %6llu %6llu %6llu %6llu %6llu %6llu %6llu %6llu %6llu %6llu",
		   st->max, st->backed, st->free_cpu, st->free_depot, st->clean,
		   st->dirty, st->reserve, st->allocated, st->leased,
		   st->cached, st->quarantined);
	mpool_debugfs_percent(m, st->hits, st->allocs);
	seq_printf(m, " %8llu %8llu %8llu\n", st->misses, st->fails, st->waits);
}

static int classes_show(struct seq_file *m, void *v)
{
	struct mpool_class_stats st, total = {};
	struct mpool *pool = m->private;
	struct mpool_class *cls;
	unsigned int i;

	seq_printf(m, "%8s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %7s %8s %8s %8s\n",
		   "size", "max", "backed", "cpu", "depot", "clean", "dirty",
		   "resv", "alloc", "leased", "kept", "quar", "hit %",
		   "misses", "fails", "waits");
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (!cls)
			continue;
		mpool_class_stats(cls, &st);
		mpool_stats_add(&total, &st);
		class_line(m, &st);
	}
	class_line(m, &total);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(classes);

static void show_tiers(struct seq_file *m, const char *name, const u32 *values)
{
	seq_printf(m, "%-20s %u %u %u\n", name, values[MPOOL_SMALL],
		   values[MPOOL_MEDIUM], values[MPOOL_LARGE]);
}

static int config_show(struct seq_file *m, void *v)
{
	struct mpool *pool = m->private;
	struct mpool_access access = mpool_access_get(pool);
	struct mpool_pool_config now, *set = &now;
	unsigned int i;

	mutex_lock(&pool->lock);
	now = pool->settings;
	mutex_unlock(&pool->lock);
	seq_printf(m, "%-20s %#x\n", "flags", set->flags);
	seq_printf(m, "%-20s %#o\n", "mode", access.mode);
	seq_printf(m, "%-20s %u\n", "uid",
		   from_kuid_munged(seq_user_ns(m), access.uid));
	seq_printf(m, "%-20s %u\n", "gid",
		   from_kgid_munged(seq_user_ns(m), access.gid));
	seq_printf(m, "%-20s %u\n", "min_size", set->min_size);
	seq_printf(m, "%-20s %u\n", "max_size", set->max_size);
	show_tiers(m, "initial", set->initial);
	show_tiers(m, "max", set->max);
	seq_printf(m, "%-20s %u\n", "growth_percent", set->growth_percent);
	seq_printf(m, "%-20s %u\n", "shrink_percent", set->shrink_percent);
	seq_printf(m, "%-20s %u\n", "cleanup_interval_ms",
		   set->cleanup_interval_ms);
	seq_printf(m, "%-20s %u\n", "max_age_ms", set->max_age_ms);
	seq_printf(m, "%-20s %u\n", "reserve", set->reserve);
	if (set->node)
		seq_printf(m, "%-20s %u\n", "node", set->node - 1);
	else
		seq_printf(m, "%-20s %s\n", "node", "caller's");
	seq_printf(m, "%-20s %llu\n", "max_bytes", set->max_bytes);
	seq_printf(m, "%-20s %llu %llu %llu\n", "tier_max_bytes",
		   set->tier_max_bytes[MPOOL_SMALL],
		   set->tier_max_bytes[MPOOL_MEDIUM],
		   set->tier_max_bytes[MPOOL_LARGE]);
	seq_printf(m, "%-20s %u\n", "client_max", set->client_max);
	seq_printf(m, "%-20s %llu\n", "client_max_bytes",
		   set->client_max_bytes);
	seq_printf(m, "%-20s %u\n", "user_max", set->user_max);
	seq_printf(m, "%-20s %llu\n", "user_max_bytes", set->user_max_bytes);
	seq_printf(m, "%-20s %u\n", "low_percent", set->low_percent);
	seq_printf(m, "%-20s %u\n", "high_percent", set->high_percent);
	seq_printf(m, "%-20s", "sizes");
	for (i = 0; i < pool->nr_classes; i++)
		seq_printf(m, " %u", pool->sizes[i]);
	seq_putc(m, '\n');
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(config);

static void pool_added(struct mpool *pool)
{
	/* Errors need no look: a view that is missing harms nobody. */
	pool->dir = debugfs_create_dir(pool->name, root);
	debugfs_create_file("stats", 0400, pool->dir, pool, &stats_fops);
	debugfs_create_file("classes", 0400, pool->dir, pool, &classes_fops);
	debugfs_create_file("config", 0400, pool->dir, pool, &config_fops);
	mpool_debugfs_add_stats(pool, pool->dir);
	mpool_debugfs_add_leases(pool, pool->dir);
	mpool_debugfs_add_clients(pool, pool->dir);
	mpool_debugfs_add_leaks(pool, pool->dir);
}

static void pool_removed(struct mpool *pool)
{
	debugfs_remove_recursive(pool->dir);
}

static const struct mpool_registry_observer observer = {
	.added = pool_added,
	.removed = pool_removed,
};

/**
 * mpool_debugfs_init() - show the pools that are there, and those to come
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_init(void)
{
	root = debugfs_create_dir("mpool", NULL);
	debugfs_create_file("summary", 0400, root, NULL, &summary_fops);
	mpool_debugfs_add_abandoned(root);
	mpool_registry_observe(&observer);
}

/**
 * mpool_debugfs_exit() - undo mpool_debugfs_init(); waits for readers
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_exit(void)
{
	mpool_registry_observe(NULL);
	debugfs_remove_recursive(root);
}
