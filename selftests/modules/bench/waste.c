// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is spent and not asked for.
 *
 * waste: bytes inside a buffer beyond those asked for, as a share of the
 * buffer; the mean over allocations.  overhead: what the system lost, by its
 * own counters, beyond the bytes of buffers, as a share of it.  footprint: the
 * same beyond the bytes asked for, for a mixture of sizes.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "memory.h"

/* Until the last of what others freed is free. */
#define SETTLE_MS	3000
#define LARGEST		65536U
/* Coprime to every class's size: sizes of all remainders come up. */
#define STEP		17

static const struct {
	unsigned int size;
	unsigned int count;
} trace[] = {
#include "sizes.inc"
};

/* A pool of every size from @min_size on, 0: from 64, that makes nothing ahead. */
static struct mpool *pool_create(unsigned int min_size)
{
	const struct mpool_config cfg = {
		.settings = {
			.min_size = min_size,
			.max_size = 2 << 20,
			.max = { 1 << 20, 1 << 18, 1 << 10 },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.growth_percent = 100,
			.max_bytes = 2 * BENCH_BYTES_MAX,
		},
	};

	return mpool_create("bench", &cfg);
}

static size_t mpool_gives(struct mpool *pool, size_t size)
{
	struct mpool_class *cls = mpool_class_get(pool, size);

	return IS_ERR(cls) ? 0 : mpool_class_size(cls);
}

static size_t kmalloc_gives(struct mpool *pool, size_t size)
{
	void *p = kmalloc(size, GFP_KERNEL);
	size_t given = p ? ksize(p) : 0;

	kfree(p);
	return given;
}

/* Shares are added up in millionths. */
struct mean {
	u64 sum;
	u64 nr;
};

static void mean_add(struct mean *mean, size_t asked, size_t given, u64 count)
{
	if (given < asked)
		return;
	mean->sum += div64_u64(1000000ULL * (given - asked), given) * count;
	mean->nr += count;
}

static void mean_print(struct seq_file *m, const char *shape,
		       const char *subject, const struct mean *mean)
{
	if (mean->nr)
		bench_value(m, shape, 0, 1, subject, "percent", mean->sum,
			    mean->nr * 10000);
}

static void inside(struct seq_file *m, const char *subject, struct mpool *pool,
		   size_t (*gives)(struct mpool *pool, size_t size))
{
	struct mean uniform = {}, all = {};
	unsigned int i;
	size_t given;

	for (i = 1; i <= LARGEST; i += STEP)
		mean_add(&uniform, i, gives(pool, i), 1);
	for (i = 0; i < ARRAY_SIZE(trace); i++) {
		if (trace[i].size > LARGEST)
			continue;
		given = gives(pool, trace[i].size);
		mean_add(&all, trace[i].size, given, trace[i].count);
	}
	mean_print(m, "waste-uniform", subject, &uniform);
	mean_print(m, "waste-trace", subject, &all);
}

/* As many buffers as a part of BENCH_BYTES_MAX holds, for exact counters. */
static unsigned int overhead_nr(unsigned int size)
{
	return min_t(unsigned long, 100000, BENCH_BYTES_MAX / 2 / size);
}

static void overhead_mpool(struct seq_file *m, unsigned int size, void **bufs)
{
	struct mpool_class_stats stats;
	struct mpool *pool = pool_create(0);
	unsigned int nr, i;
	u64 taken;

	if (IS_ERR(pool))
		return;
	nr = overhead_nr(size);
	taken = memory_used();
	for (i = 0; i < nr; i++) {
		bufs[i] = mpool_alloc(pool, size, GFP_KERNEL);
		if (!bufs[i])
			break;
	}
	taken = memory_used() - taken;
	mpool_get_stats(pool, &stats);
	memory_print(m, "overhead", size, "mpool", taken, stats.backed * size);
	while (i)
		mpool_free(pool, bufs[--i]);
	mpool_put(pool);
}

static void overhead_cache(struct seq_file *m, unsigned int size, void **bufs)
{
	struct kmem_cache *cache;
	unsigned int nr, i;
	u64 taken;

	cache = kmem_cache_create("mpool_bench", size, 0, 0, NULL);
	if (!cache)
		return;
	nr = overhead_nr(size);
	taken = memory_used();
	for (i = 0; i < nr; i++) {
		bufs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!bufs[i])
			break;
	}
	taken = memory_used() - taken;
	memory_print(m, "overhead", size, "kmem_cache", taken, (u64)i * size);
	while (i)
		kmem_cache_free(cache, bufs[--i]);
	kmem_cache_destroy(cache);
}

static void *footprint_alloc(struct mpool *pool, size_t size)
{
	return pool ? mpool_alloc(pool, size, GFP_KERNEL) :
		      kmalloc(size, GFP_KERNEL);
}

static void footprint_free(struct mpool *pool, void *p)
{
	if (pool)
		mpool_free(pool, p);
	else
		kfree(p);
}

/* The trace's sizes in its proportions, well mixed: golden-ratio steps. */
static unsigned int trace_size(unsigned int n)
{
	u64 at, total = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(trace); i++)
		total += trace[i].count;
	at = mul_u64_u32_shr(total, n * 2654435769U, 32);
	for (i = 0; at >= trace[i].count; i++)
		at -= trace[i].count;
	return trace[i].size;
}

static void footprint(struct seq_file *m, const char *subject,
		      struct mpool *pool, void **bufs, unsigned int most)
{
	unsigned int n, size;
	u64 asked = 0, taken;

	taken = memory_used();
	for (n = 0; n < most && asked < BENCH_BYTES_MAX / 2; n++) {
		size = trace_size(n);
		bufs[n] = footprint_alloc(pool, size);
		if (!bufs[n])
			break;
		asked += size;
	}
	taken = memory_used() - taken;
	memory_print(m, "footprint", 0, subject, taken, asked);
	while (n)
		footprint_free(pool, bufs[--n]);
}

/*
 * Buffers of the trace come and go, so many at a time: how often the system is
 * asked, for an allocation.  Each kmalloc asks it.
 */
static void traffic(struct seq_file *m, struct mpool *pool, void **bufs)
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

/**
 * bench_waste() - inside of buffers, beside them, and both
 * @m: where to
 *
 * Return: 0 or -ENOMEM.
 */
int bench_waste(struct seq_file *m)
{
	static const unsigned int sizes[] = { 256, 1024, 4096, 16384, 65536 };
	const unsigned int most = 200000;
	struct mpool *pool;
	unsigned int i;
	void **bufs;

	/* What other groups left goes by RCU and by work queues. */
	msleep(SETTLE_MS);
	bufs = vmalloc(array_size(most, sizeof(*bufs)));
	pool = pool_create(0);
	if (!bufs || IS_ERR(pool)) {
		if (!IS_ERR(pool))
			mpool_put(pool);
		vfree(bufs);
		return -ENOMEM;
	}
	inside(m, "mpool-64", pool, mpool_gives);
	inside(m, "kmalloc", NULL, kmalloc_gives);
	mpool_put(pool);
	pool = pool_create(MPOOL_SIZE_MIN);
	if (!IS_ERR(pool)) {
		inside(m, "mpool", pool, mpool_gives);
		traffic(m, pool, bufs);
		mpool_put(pool);
	}
	pool = pool_create(MPOOL_SIZE_MIN);
	if (!IS_ERR(pool)) {
		footprint(m, "mpool", pool, bufs, most);
		mpool_put(pool);
	}
	msleep(SETTLE_MS);
	footprint(m, "kmalloc", NULL, bufs, most);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		overhead_mpool(m, sizes[i], bufs);
		overhead_cache(m, sizes[i], bufs);
	}
	vfree(bufs);
	return 0;
}
