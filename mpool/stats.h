/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a class's counters.
 */
#ifndef _MPOOL_STATS_H
#define _MPOOL_STATS_H

#include <linux/types.h>

struct mpool_class;
struct mpool_class_stats;

/**
 * struct mpool_cpu_stats - a CPU's part of a class
 * @allocs: allocations served by its magazines
 * @refills: those of them that took a magazine from a depot first
 * @frees: frees taken
 * @free: buffers in its magazines
 * @slack: bytes of those allocations that nobody asked for
 */
struct mpool_cpu_stats {
	u64 allocs;
	u64 refills;
	u64 frees;
	u64 free;
	u64 slack;
};

/**
 * struct mpool_node_stats - a node's part of a class
 * @backed: buffers whose memory lies there
 * @free: buffers in its depot
 * @full: full magazines there
 * @allocs: allocations served one by one
 * @frees: frees taken one by one
 * @refills: magazines that CPUs took
 * @remote: of @allocs and @refills, those for CPUs of other nodes
 * @homed: buffers brought by CPUs of other nodes
 */
struct mpool_node_stats {
	u64 backed;
	u64 free;
	u64 full;
	u64 allocs;
	u64 frees;
	u64 refills;
	u64 remote;
	u64 homed;
};

void mpool_cpu_stats(const struct mpool_class *cls, int cpu,
		     struct mpool_cpu_stats *st);
void mpool_node_stats(struct mpool_class *cls, int node,
		      struct mpool_node_stats *st);
void mpool_slack_add(struct mpool_class *cls, u64 bytes);
u64 mpool_class_slack(const struct mpool_class *cls);
void mpool_class_stats(struct mpool_class *cls, struct mpool_class_stats *st);
void mpool_stats_add(struct mpool_class_stats *sum,
		     const struct mpool_class_stats *st);

#endif /* _MPOOL_STATS_H */
