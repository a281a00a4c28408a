/* SPDX-License-Identifier: GPL-2.0 */
/* The system's own counters of memory. */
#ifndef _BENCH_MEMORY_H
#define _BENCH_MEMORY_H

#include <linux/seq_file.h>
#include <linux/types.h>

u64 memory_used(void);
u64 memory_slab(void);
void memory_print(struct seq_file *m, const char *shape, unsigned int size,
		  const char *subject, u64 taken, u64 used);

#endif /* _BENCH_MEMORY_H */
