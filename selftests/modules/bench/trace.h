/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A real mixture of sizes.
 */
#ifndef _BENCH_TRACE_H
#define _BENCH_TRACE_H

#include <linux/seq_file.h>

#include "bench.h"

struct bench_traced {
	unsigned int size;
	unsigned int count;
};

/* By size. */
extern const struct bench_traced bench_trace[];
extern const unsigned int bench_trace_nr;

/* Classes for all sizes, none of which makes anything ahead. */
extern const struct mpool_config trace_pool_config;
struct mpool *trace_pool_create(unsigned int min_size);

void footprints(struct seq_file *m, void **bufs, unsigned int most);
void traffic(struct seq_file *m, struct mpool *pool, void **bufs);

#endif /* _BENCH_TRACE_H */
