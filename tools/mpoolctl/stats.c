// SPDX-License-Identifier: GPL-2.0
/*
 * stats and classes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mpoolctl.h"

/**
 * struct counter - a field of struct mpool_class_stats
 * @name: its name
 * @offset: where it is
 * @brief: it stands in the tables that show several classes or pools at once
 */
static const struct counter {
	const char *name;
	size_t offset;
	bool brief;
} counters[] = {
#define COUNTER(name, brief) \
	{ #name, offsetof(struct mpool_class_stats, name), brief }
	COUNTER(max, true),
	COUNTER(backed, true),
	COUNTER(free_cpu, true),
	COUNTER(free_depot, true),
	COUNTER(clean, true),
	COUNTER(dirty, true),
	COUNTER(reserve, true),
	COUNTER(allocated, true),
	COUNTER(leased, true),
	COUNTER(cached, true),
	COUNTER(quarantined, true),
	COUNTER(abandoned, false),
	COUNTER(allocs, false),
	COUNTER(frees, false),
	COUNTER(hits, false),
	COUNTER(depot_hits, false),
	COUNTER(misses, false),
	COUNTER(fails, true),
	COUNTER(waits, true),
	COUNTER(grown, false),
	COUNTER(shrunk, false),
	COUNTER(leases, false),
	COUNTER(releases, false),
	COUNTER(zeroed, false),
	COUNTER(zeroed_sync, false),
	COUNTER(peak, false),
	COUNTER(bad_frees, false),
#undef COUNTER
};

#define NR_COUNTERS	ARRAY_SIZE(counters)

static unsigned long long value_of(const struct mpool_class_stats *stats,
				   const struct counter *counter)
{
	return *(const __u64 *)((const char *)stats + counter->offset);
}

/* People see the brief ones, programs all of them. */
static bool shown(const struct counter *counter, const struct options *opt)
{
	return counter->brief || opt->json;
}

static void counter_cells(struct table *table,
			  const struct mpool_class_stats *stats,
			  const struct options *opt)
{
	size_t i;

	for (i = 0; i < NR_COUNTERS; i++)
		if (shown(&counters[i], opt))
			table_cell(table, "%llu",
				   value_of(stats, &counters[i]));
}

/* A table of counters, behind @nr columns of the caller's. */
static struct table *counter_table(const char *name,
				   const struct column *first, size_t nr,
				   const struct options *opt)
{
	struct column columns[8 + NR_COUNTERS];
	size_t i;

	memcpy(columns, first, nr * sizeof(*first));
	for (i = 0; i < NR_COUNTERS; i++)
		if (shown(&counters[i], opt))
			columns[nr++] = (struct column){ counters[i].name,
							 true };
	return table_new(name, columns, nr, opt);
}

int cmd_classes(int argc, char **argv, const struct options *opt)
{
	static const struct column first[] = { { "size", true } };
	struct mpool_class_stats *classes;
	struct mpool_stats stats;
	struct table *table;
	unsigned int i;
	int err = mpl_stats(argv[0], &stats, &classes);

	(void)argc;
	if (err)
		return refused("classes", argv[0], err);
	table = counter_table("classes", first, ARRAY_SIZE(first), opt);
	for (i = 0; i < stats.count; i++) {
		table_row(table);
		table_cell(table, "%llu", classes[i].size);
		counter_cells(table, &classes[i], opt);
	}
	free(classes);
	return table_print(table);
}

static const struct column pool_columns[] = {
	{ "pool", false },
	{ "clients", true },
	{ "classes", true },
	{ "bytes", true },
	{ "max_bytes", true },
};

static void pool_row(struct table *table, const char *pool,
		     const struct mpool_stats *stats, const struct options *opt)
{
	table_row(table);
	table_cell(table, "%s", pool);
	table_cell(table, "%u", stats->nr_clients);
	table_cell(table, "%u", stats->count);
	table_cell(table, "%llu", stats->bytes);
	table_cell(table, "%llu", stats->max_bytes);
	counter_cells(table, &stats->total, opt);
}

static struct table *pool_table(const struct options *opt)
{
	return counter_table("stats", pool_columns, ARRAY_SIZE(pool_columns),
			     opt);
}

/* Those that the caller may not look at are left out. */
static int stats_of_all(const struct options *opt)
{
	struct mpool_pool_entry *pools;
	struct mpool_stats stats;
	struct table *table;
	unsigned int count, i;
	int err = mpl_list(&pools, &count);

	if (err)
		return refused("stats", "all pools", err);
	table = pool_table(opt);
	for (i = 0; i < count; i++) {
		err = mpl_stats(pools[i].name, &stats, NULL);
		if (!err)
			pool_row(table, pools[i].name, &stats, opt);
		else if (err == -EACCES)
			complain("%s is left out: you may not use it",
				 pools[i].name);
	}
	free(pools);
	return table_print(table);
}

static void counter_row(struct table *table, const char *name,
			unsigned long long value)
{
	table_row(table);
	table_cell(table, "%s", name);
	table_cell(table, "%llu", value);
}

/* One pool has room for all of its counters, one a line. */
static int print_long(const struct mpool_stats *stats,
		      const struct options *opt)
{
	static const struct column columns[] = {
		{ "counter", false },
		{ "value", true },
	};
	struct table *table = table_new("stats", columns, ARRAY_SIZE(columns),
					opt);
	size_t i;

	counter_row(table, "clients", stats->nr_clients);
	counter_row(table, "classes", stats->count);
	counter_row(table, "bytes", stats->bytes);
	counter_row(table, "max_bytes", stats->max_bytes);
	for (i = 0; i < NR_COUNTERS; i++)
		counter_row(table, counters[i].name,
			    value_of(&stats->total, &counters[i]));
	return table_print(table);
}

int cmd_stats(int argc, char **argv, const struct options *opt)
{
	struct mpool_stats stats;
	struct table *table;
	int err;

	if (!argc)
		return stats_of_all(opt);
	err = mpl_stats(argv[0], &stats, NULL);
	if (err)
		return refused("stats", argv[0], err);
	if (!opt->json)
		return print_long(&stats, opt);
	table = pool_table(opt);
	pool_row(table, argv[0], &stats, opt);
	return table_print(table);
}
