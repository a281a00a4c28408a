/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free pages that the page allocator keeps by CPU: "pagesets" of zoneinfo.
 *
 * MemFree leaves them out, up to some thousands, and when those lists are emptied
 * depends on who frees, and in which order.
 */
#ifndef _MPOOL_CPU_PAGES_H
#define _MPOOL_CPU_PAGES_H

#include <linux/cpumask.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>

static inline unsigned long cpu_pages_of(const struct zone *zone)
{
	unsigned long pages = 0;
	int cpu;

	for_each_online_cpu(cpu)
		pages += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset,
					       cpu)->count);
	return pages;
}

static inline unsigned long cpu_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = &NODE_DATA(nid)->node_zones[i];
			/* others share those from before the first page */
			if (populated_zone(zone))
				pages += cpu_pages_of(zone);
		}
	}
	return pages;
}

#endif /* _MPOOL_CPU_PAGES_H */
