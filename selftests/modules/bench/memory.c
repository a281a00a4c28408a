// SPDX-License-Identifier: GPL-2.0
/* The system's own counters of memory, those of /proc/meminfo and zoneinfo. */
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "../cpu_pages.h"
#include "bench.h"
#include "memory.h"

/**
 * memory_used() - MemTotal less what the page allocator can hand out
 *
 * Return: bytes.
 */
u64 memory_used(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return (u64)(info.totalram - info.freeram) * info.mem_unit -
	       ((u64)cpu_pages() << PAGE_SHIFT);
}

/**
 * memory_slab() - Slab
 *
 * Return: bytes.
 */
u64 memory_slab(void)
{
	return (u64)(global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		     global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B)) <<
	       PAGE_SHIFT;
}

/**
 * memory_print() - the share of memory that is not what was wanted
 * @m: where to
 * @shape: name of what was done
 * @size: bytes of a buffer, or 0
 * @subject: who did it
 * @taken: bytes that the system lost
 * @used: bytes that somebody can use of them
 */
void memory_print(struct seq_file *m, const char *shape, unsigned int size,
		  const char *subject, u64 taken, u64 used)
{
	if ((s64)taken <= 0)
		return;
	/* A page or two of somebody else's may have come back meanwhile. */
	bench_value(m, shape, size, 1, subject, "percent",
		    taken > used ? 100 * (taken - used) : 0, taken);
}
