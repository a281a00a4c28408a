// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocation and a free cost, beside the kernel's own allocators.
 *
 * Each figure is the median of RUNS runs of ROUNDS rounds, with interrupts
 * off.  Under QEMU's -icount shift=N one instruction is 2^N ns of guest time,
 * so that ns divided by insn_ns are instructions; elsewhere insn_ns=1 leaves
 * nanoseconds.  Loading the module prints one line a figure:
 *
 *   mpool_bench: SHAPE SIZE SUBJECT MEDIAN MIN MAX
 *
 * in tenths of the unit, for one object; "pair" is one allocation and its
 * free, "bulk" 32 at once, "held" 256 allocated before the first is freed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "../../mpool/compat/export.h"

/* The counts repeat within a per cent from a few hundred rounds on. */
#define ROUNDS	512
#define RUNS	9
#define BULK	32
#define HELD	256

static unsigned int insn_ns = 1;
module_param(insn_ns, uint, 0444);
MODULE_PARM_DESC(insn_ns, "Nanoseconds of guest time for one instruction");

static const unsigned int sizes[] = {
	64, 256, 1024, 4096, 16384, 65536, 1 << 20,
};

/* What one figure is measured on; each subject uses what it needs. */
static struct {
	unsigned int size;
	unsigned int order;
	struct mpool *pool;
	struct mpool_class *cls;
	struct kmem_cache *cache;
	mempool_t *mempool;
	void *held[HELD];
} s;

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void print(const char *shape, const char *subject, u64 *runs, u64 ops)
{
	u64 unit = ops * insn_ns;

	sort(runs, RUNS, sizeof(*runs), cmp_u64, NULL);
	pr_info("%s %u %s %llu %llu %llu\n", shape, s.size, subject,
		div64_u64(10 * runs[RUNS / 2], unit),
		div64_u64(10 * runs[0], unit),
		div64_u64(10 * runs[RUNS - 1], unit));
}

/*
 * The body stands in the loop itself: an indirect call around each would cost
 * as much as what is measured.  One run warms up.
 */
#define MEASURE(shape, subject, rounds, ops, body) do {			\
	unsigned int nr = rounds, run, i;				\
	unsigned long flags;						\
	u64 runs[RUNS + 1], t;						\
									\
	for (run = 0; run <= RUNS; run++) {				\
		local_irq_save(flags);					\
		t = ktime_get_ns();					\
		for (i = 0; i < nr; i++)				\
			body;						\
		runs[run] = ktime_get_ns() - t;				\
		local_irq_restore(flags);				\
		cond_resched();						\
	}								\
	print(shape, subject, runs + 1, (u64)nr * (ops));		\
} while (0)

/* One object at a time. */
#define PAIR(subject, alloc, free) do {					\
	void *p;							\
									\
	MEASURE("pair", subject, ROUNDS, 1, ({				\
		p = alloc;						\
		barrier_data(p);					\
		free(p);						\
	}));								\
} while (0)

/* All allocated before the first is freed. */
#define HOLD(subject, alloc, free) do {					\
	unsigned int most = held(), n;					\
	void *p;							\
									\
	MEASURE("held", subject, 4, most, ({				\
		for (n = 0; n < most; n++)				\
			s.held[n] = alloc;				\
		for (n = 0; n < most; n++) {				\
			p = s.held[n];					\
			free(p);					\
		}							\
	}));								\
} while (0)

/* Few of the large ones, lest the system's memory is what is measured. */
static unsigned int held(void)
{
	return s.size > 16384 ? 8 : HELD;
}

static __always_inline void cache_free(void *p)
{
	kmem_cache_free(s.cache, p);
}

static __always_inline void reserve_free(void *p)
{
	mempool_free(p, s.mempool);
}

static __always_inline void pages_free(void *p)
{
	__free_pages(p, s.order);
}

static __always_inline void class_free(void *p)
{
	mpool_class_free(s.cls, p);
}

static __always_inline void pool_free(void *p)
{
	mpool_free(s.pool, p);
}

static void bench_kernel(void)
{
	PAIR("kmem_cache", kmem_cache_alloc(s.cache, GFP_NOWAIT),
	     cache_free);
	HOLD("kmem_cache", kmem_cache_alloc(s.cache, GFP_NOWAIT),
	     cache_free);
	PAIR("kmalloc", kmalloc(s.size, GFP_NOWAIT), kfree);
	HOLD("kmalloc", kmalloc(s.size, GFP_NOWAIT), kfree);
	PAIR("mempool", mempool_alloc(s.mempool, GFP_NOWAIT),
	     reserve_free);
	HOLD("mempool", mempool_alloc(s.mempool, GFP_NOWAIT),
	     reserve_free);
	if (s.size < PAGE_SIZE)
		return;
	PAIR("alloc_pages", alloc_pages(GFP_NOWAIT, s.order),
	     pages_free);
	HOLD("alloc_pages", alloc_pages(GFP_NOWAIT, s.order),
	     pages_free);
}

static void bench_mpool(void)
{
	PAIR("mpool_class", mpool_class_alloc(s.cls, GFP_NOWAIT),
	     class_free);
	HOLD("mpool_class", mpool_class_alloc(s.cls, GFP_NOWAIT),
	     class_free);
	PAIR("mpool", mpool_alloc(s.pool, s.size, GFP_NOWAIT),
	     pool_free);
	HOLD("mpool", mpool_alloc(s.pool, s.size, GFP_NOWAIT),
	     pool_free);
}

static void bench_bulk(void)
{
	unsigned int many = s.size > 16384 ? 2 : BULK;

	MEASURE("bulk", "mpool_class", ROUNDS / BULK, many, ({
		mpool_class_alloc_bulk(s.cls, GFP_NOWAIT, many, s.held);
		mpool_class_free_bulk(s.cls, many, s.held);
	}));
}

/* kmem_cache's bulk calls want interrupts on: measured without masking. */
static void bench_cache_bulk(void)
{
	u64 runs[RUNS + 1], t;
	unsigned int run, i;

	for (run = 0; run <= RUNS; run++) {
		t = ktime_get_ns();
		for (i = 0; i < ROUNDS / BULK; i++)
			if (kmem_cache_alloc_bulk(s.cache, GFP_KERNEL, BULK,
						  s.held))
				kmem_cache_free_bulk(s.cache, BULK, s.held);
		runs[run] = ktime_get_ns() - t;
	}
	print("bulk", "kmem_cache", runs + 1, (u64)ROUNDS / BULK * BULK);
}

static int bench_size(unsigned int size)
{
	int err = -ENOMEM;

	s.size = size;
	s.order = get_order(size);
	s.cls = mpool_class_get(s.pool, size);
	if (IS_ERR(s.cls))
		return PTR_ERR(s.cls);
	s.cache = kmem_cache_create("mpool_bench", size, 0, 0, NULL);
	if (!s.cache)
		return err;
	s.mempool = mempool_create_slab_pool(4, s.cache);
	if (s.mempool) {
		bench_mpool();
		bench_bulk();
		bench_kernel();
		bench_cache_bulk();
		mempool_destroy(s.mempool);
		err = 0;
	}
	kmem_cache_destroy(s.cache);
	return err;
}

static int __init bench_init(void)
{
	static const struct mpool_config cfg = {
		.settings = {
			.max_size = 1 << 20,
			.max = { 4096, 4096, 64 },
			.initial = { 512, 512, 16 },
			.max_bytes = 256 << 20,
		},
	};
	unsigned int i;
	int err = 0;

	if (!insn_ns)
		return -EINVAL;
	s.pool = mpool_create("bench", &cfg);
	if (IS_ERR(s.pool))
		return PTR_ERR(s.pool);
	for (i = 0; !err && i < ARRAY_SIZE(sizes); i++)
		err = bench_size(sizes[i]);
	mpool_put(s.pool);
	return err;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Costs of mpool beside the kernel's allocators");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
