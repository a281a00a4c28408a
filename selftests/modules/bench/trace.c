// SPDX-License-Identifier: GPL-2.0
/*
 * The trace's sizes held at once, and coming and going.
 *
 * footprint: what the system lost of its memory, by its own counters, beyond the
 * bytes asked for, as a share of it.  What makes it up, as shares of the same:
 * -inside, buffers larger than what was asked for; -head, headers and what they
 * are rounded up to; -idle, free buffers in magazines and depots; -desc,
 * descriptors of pages; -rest, slabs' ends and slabs not filled.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "../../../mpool/alloc.h"
#include "memory.h"
#include "trace.h"

/* Until the last of what others freed is free. */
#define SETTLE_MS	3000
/* Of a trace, before it is measured: a tenth of what is. */
#define AHEAD		16384

const struct bench_traced bench_trace[] = {
#include "sizes.inc"
};

const unsigned int bench_trace_nr = ARRAY_SIZE(bench_trace);

const struct mpool_config trace_pool_config = {
	.settings = {
		.max_size = 2 << 20,
		.max = { 1 << 20, 1 << 18, 1 << 10 },
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		.growth_percent = 100,
		.max_bytes = 2 * BENCH_BYTES_MAX,
	},
};

/**
 * trace_pool_create() - a pool of every size that makes nothing ahead
 * @min_size: of its smallest class; 0: as by default
 *
 * Return: the pool or an error.
 */
struct mpool *trace_pool_create(unsigned int min_size)
{
	struct mpool_config cfg = trace_pool_config;

	cfg.settings.min_size = min_size;
	return mpool_create("bench", &cfg);
}

/* The trace's sizes in its proportions, well mixed: golden-ratio steps. */
static unsigned int trace_size(unsigned int n)
{
	u64 at, total = 0;
	unsigned int i;

	for (i = 0; i < bench_trace_nr; i++)
		total += bench_trace[i].count;
	at = mul_u64_u32_shr(total, n * 2654435769U, 32);
	for (i = 0; at >= bench_trace[i].count; i++)
		at -= bench_trace[i].count;
	return bench_trace[i].size;
}

/**
 * struct footprint - bytes that were taken, for what
 * @asked: asked for
 * @given: of the buffers that were given for that
 * @cost: the same with their headers
 * @backed: the same of all buffers that there are
 * @descs: of descriptors
 * @taken: what the system lost
 */
struct footprint {
	u64 asked;
	u64 given;
	u64 cost;
	u64 backed;
	u64 descs;
	u64 taken;
};

static void *footprint_alloc(struct footprint *f, struct mpool *pool,
			     size_t size)
{
	struct mpool_class *cls;
	void *p;

	if (!pool) {
		p = kmalloc(size, GFP_KERNEL);
		if (p) {
			f->given += ksize(p);
			f->cost += ksize(p);
		}
		return p;
	}
	cls = mpool_class_get(pool, size);
	if (IS_ERR(cls))
		return NULL;
	p = mpool_class_alloc(cls, GFP_KERNEL);
	if (p) {
		f->given += mpool_class_size(cls);
		f->cost += mpool_class_cost(cls);
	}
	return p;
}

/* Several sizes of the trace may be one class's; they stand side by side. */
static void count_backed(struct footprint *f, struct mpool *pool)
{
	struct mpool_class *cls, *last = NULL;
	struct mpool_class_stats stats;
	unsigned int i;

	for (i = 0; i < bench_trace_nr; i++) {
		cls = mpool_class_get(pool, bench_trace[i].size);
		if (IS_ERR(cls) || cls == last ||
		    mpool_class_get_stats(pool, bench_trace[i].size, &stats))
			continue;
		last = cls;
		f->backed += stats.backed * mpool_class_cost(cls);
		if (cls->paged)
			f->descs += stats.backed * sizeof(struct mpool_desc);
	}
}

static void footprint_print(struct seq_file *m, const char *subject,
			    const struct footprint *f)
{
	u64 known = f->backed + f->descs;

	memory_print(m, "footprint", 0, subject, f->taken, f->asked);
	if ((s64)f->taken <= 0)
		return;
#define PART(name, bytes) \
	bench_value(m, "footprint-" name, 0, 1, subject, "percent", \
		    100 * (bytes), f->taken)
	PART("inside", f->given - f->asked);
	PART("head", f->cost - f->given);
	PART("idle", f->backed - f->cost);
	PART("desc", f->descs);
	PART("rest", f->taken > known ? f->taken - known : 0);
#undef PART
}

static void footprint(struct seq_file *m, const char *subject,
		      struct mpool *pool, void **bufs, unsigned int most)
{
	struct footprint f = {};
	unsigned int n, size;
	u64 taken;

	taken = memory_used();
	for (n = 0; n < most && f.asked < BENCH_BYTES_MAX / 2; n++) {
		size = trace_size(n);
		bufs[n] = footprint_alloc(&f, pool, size);
		if (!bufs[n])
			break;
		f.asked += size;
	}
	f.taken = memory_used() - taken;
	if (pool)
		count_backed(&f, pool);
	else
		f.backed = f.cost;
	footprint_print(m, subject, &f);
	while (n--) {
		if (pool)
			mpool_free(pool, bufs[n]);
		else
			kfree(bufs[n]);
	}
}

/**
 * footprints() - what the trace takes when all of it is held
 * @m: where to
 * @bufs: room for pointers
 * @most: so many
 */
void footprints(struct seq_file *m, void **bufs, unsigned int most)
{
	struct mpool *pool = trace_pool_create(MPOOL_SIZE_MIN);
	void **ahead = bufs + most - AHEAD;
	unsigned int n;

	if (!IS_ERR(pool)) {
		footprint(m, "mpool", pool, bufs, most);
		mpool_put(pool);
	}
	msleep(SETTLE_MS);
	/* Room that others left in its slabs would cost nothing. */
	for (n = 0; n < AHEAD; n++)
		ahead[n] = kmalloc(trace_size(n), GFP_KERNEL);
	footprint(m, "kmalloc", NULL, bufs, most - AHEAD);
	while (n--)
		kfree(ahead[n]);
}

/**
 * traffic() - how often the system is asked, for an allocation
 * @m: where to
 * @pool: a pool of all the trace's sizes
 * @bufs: room for some hundred pointers
 *
 * Buffers of the trace come and go, so many at a time.  Each kmalloc() asks.
 */
void traffic(struct seq_file *m, struct mpool *pool, void **bufs)
{
	const unsigned int nr = 20000, window = 256;
	struct mpool_class_stats stats;
	struct rnd_state random;
	unsigned int n;
	u64 was;

	prandom_seed_state(&random, 1);
	mpool_get_stats(pool, &stats);
	was = stats.misses;
	memset(bufs, 0, window * sizeof(*bufs));
	for (n = 0; n < nr; n++) {
		void **buf = &bufs[prandom_u32_state(&random) % window];

		if (*buf)
			mpool_free(pool, *buf);
		*buf = mpool_alloc(pool, trace_size(n), GFP_KERNEL);
	}
	mpool_get_stats(pool, &stats);
	for (n = 0; n < window; n++)
		if (bufs[n])
			mpool_free(pool, bufs[n]);
	bench_value(m, "calls-trace", 0, window, "mpool", "calls",
		    stats.misses - was, nr);
	bench_value(m, "calls-trace", 0, window, "kmalloc", "calls", nr, nr);
}
