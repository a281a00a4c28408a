// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is spent and not asked for.
 *
 * waste: bytes inside a buffer beyond those asked for, as a share of the
 * buffer; the mean over allocations.  waste-cost: the same of what the buffer
 * takes with its header.  overhead: what the system lost, by its own counters,
 * beyond the bytes of buffers, as a share of it.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../../../mpool/class.h"
#include "bench.h"
#include "memory.h"
#include "taker.h"
#include "trace.h"

/* Until the last of what others freed is free. */
#define SETTLE_MS	3000
#define LARGEST		65536U
/* Coprime to every class's size: sizes of all remainders come up. */
#define STEP		17

static size_t mpool_gives(struct mpool *pool, size_t size)
{
	struct mpool_class *cls = mpool_class_get(pool, size);

	return IS_ERR(cls) ? 0 : mpool_class_size(cls);
}

/* With the header, the room that it is rounded up to, and nothing else. */
static size_t mpool_costs(struct mpool *pool, size_t size)
{
	struct mpool_class *cls = mpool_class_get(pool, size);

	return IS_ERR(cls) ? 0 : mpool_class_cost(cls);
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

static void inside(struct seq_file *m, bool cost, const char *subject,
		   struct mpool *pool,
		   size_t (*gives)(struct mpool *pool, size_t size))
{
	struct mean uniform = {}, all = {};
	unsigned int i;
	size_t given;

	for (i = 1; i <= LARGEST; i += STEP)
		mean_add(&uniform, i, gives(pool, i), 1);
	for (i = 0; i < bench_trace_nr; i++) {
		if (bench_trace[i].size > LARGEST)
			continue;
		given = gives(pool, bench_trace[i].size);
		mean_add(&all, bench_trace[i].size, given, bench_trace[i].count);
	}
	mean_print(m, cost ? "waste-uniform-cost" : "waste-uniform", subject,
		   &uniform);
	mean_print(m, cost ? "waste-trace-cost" : "waste-trace", subject, &all);
}

/* As many buffers as a part of BENCH_BYTES_MAX holds, for exact counters. */
static unsigned int overhead_nr(unsigned int size)
{
	return min_t(unsigned long, 100000, BENCH_BYTES_MAX / 2 / size);
}

static int overhead(struct seq_file *m, enum taker_kind kind,
		    unsigned int size, void **bufs)
{
	struct mpool_class_stats stats;
	unsigned int nr, i;
	struct taker t;
	u64 taken;
	int err;

	err = taker_make(&t, kind, size, &trace_pool_config);
	if (err)
		return err;
	nr = overhead_nr(size);
	taken = memory_used();
	for (i = 0; i < nr; i++) {
		bufs[i] = taker_alloc(&t);
		if (!bufs[i])
			break;
	}
	taken = memory_used() - taken;
	/* A magazine's are buffers as well. */
	stats.backed = i;
	if (t.pool)
		mpool_get_stats(t.pool, &stats);
	memory_print(m, "overhead", size, t.name, taken, stats.backed * size);
	while (i)
		taker_free(&t, bufs[--i]);
	taker_end(&t);
	return 0;
}

/**
 * bench_waste() - inside of buffers, beside them, and both
 * @m: where to
 *
 * Return: 0, or an error that something could not be made.
 */
int bench_waste(struct seq_file *m)
{
	static const unsigned int sizes[] = {
		256, 1024, 4096, 12288, 16384, 65536, SZ_2M,
	};
	const unsigned int most = 200000;
	enum taker_kind kind;
	struct mpool *pool;
	unsigned int i;
	void **bufs;
	int err = 0;

	/* What other groups left goes by RCU and by work queues. */
	msleep(SETTLE_MS);
	bufs = vmalloc(array_size(most, sizeof(*bufs)));
	pool = trace_pool_create(0);
	if (!bufs || IS_ERR(pool)) {
		if (!IS_ERR(pool))
			mpool_put(pool);
		vfree(bufs);
		return -ENOMEM;
	}
	inside(m, false, "mpool-64", pool, mpool_gives);
	inside(m, false, "kmalloc", NULL, kmalloc_gives);
	inside(m, true, "mpool-64", pool, mpool_costs);
	inside(m, true, "kmalloc", NULL, kmalloc_gives);
	mpool_put(pool);
	pool = trace_pool_create(MPOOL_SIZE_MIN);
	if (!IS_ERR(pool)) {
		inside(m, false, "mpool", pool, mpool_gives);
		inside(m, true, "mpool", pool, mpool_costs);
		traffic(m, pool, bufs);
		mpool_put(pool);
	}
	footprints(m, bufs, most);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (kind = 0; !err && kind < TAKERS; kind++)
			if (taker_can(kind, sizes[i]))
				err = overhead(m, kind, sizes[i], bufs);
	}
	vfree(bufs);
	return err;
}
