// SPDX-License-Identifier: GPL-2.0
/*
 * How much of a burst's memory is back with the system two cleanup intervals
 * after the last buffer came back.
 *
 * Pages are counted by what is free.  Buffers below a page are few of them, so
 * that what others take or give meanwhile would drown them: they are counted by
 * Slab.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "memory.h"

#define BURST		10000
#define INTERVAL_MS	1000
/* The kernel adds up its per-CPU counters once a second. */
#define SETTLE_MS	1500

struct burst_user {
	struct mpool *pool;
	struct kmem_cache *cache;
	unsigned int size;
};

static void *user_alloc(struct burst_user *u)
{
	if (u->pool)
		return mpool_alloc(u->pool, u->size, GFP_KERNEL);
	if (u->cache)
		return kmem_cache_alloc(u->cache, GFP_KERNEL);
	return alloc_pages(GFP_KERNEL, get_order(u->size));
}

static void user_free(struct burst_user *u, void *p)
{
	if (u->pool)
		mpool_free(u->pool, p);
	else if (u->cache)
		kmem_cache_free(u->cache, p);
	else
		__free_pages(p, get_order(u->size));
}

static void come_and_go(struct seq_file *m, struct burst_user *u,
			const char *subject, void **bufs)
{
	u64 (*taken)(void) = u->size < PAGE_SIZE ? memory_slab : memory_used;
	u64 before, during, after;
	unsigned int i;

	msleep(SETTLE_MS);
	before = taken();
	for (i = 0; i < BURST; i++) {
		bufs[i] = user_alloc(u);
		if (!bufs[i])
			break;
	}
	msleep(SETTLE_MS);
	during = taken();
	while (i)
		user_free(u, bufs[--i]);
	msleep(2 * INTERVAL_MS);
	after = taken();
	if (during > before)
		bench_value(m, "burst-returned", u->size, BURST, subject,
			    "percent", 100 * (during - clamp(after, before, during)),
			    during - before);
}

static int at_size(struct seq_file *m, unsigned int size, void **bufs)
{
	const struct mpool_config cfg = {
		.settings = {
			.max = { 2 * BURST, 2 * BURST, 2 * BURST },
			.max_bytes = 2 * BENCH_BYTES_MAX,
			.cleanup_interval_ms = INTERVAL_MS,
			.max_age_ms = INTERVAL_MS,
		},
	};
	struct burst_user u = { .size = size };

	if (size >= PAGE_SIZE) {
		come_and_go(m, &u, "alloc_pages", bufs);
	} else {
		u.cache = kmem_cache_create("mpool_bench", size, 0, 0, NULL);
		if (!u.cache)
			return -ENOMEM;
		come_and_go(m, &u, "kmem_cache", bufs);
		kmem_cache_destroy(u.cache);
	}
	u.pool = mpool_create("bench", &cfg);
	if (IS_ERR(u.pool))
		return PTR_ERR(u.pool);
	come_and_go(m, &u, "mpool", bufs);
	mpool_put(u.pool);
	return 0;
}

/**
 * bench_burst() - 10,000 buffers at once, and gone again
 * @m: where to
 *
 * Return: 0, or an error that something could not be made.
 */
int bench_burst(struct seq_file *m)
{
	static const unsigned int sizes[] = { 1024, 4096, 16384 };
	unsigned int i;
	void **bufs;
	int err = 0;

	bufs = vmalloc(array_size(BURST, sizeof(*bufs)));
	if (!bufs)
		return -ENOMEM;
	for (i = 0; !err && i < ARRAY_SIZE(sizes); i++)
		err = at_size(m, sizes[i], bufs);
	vfree(bufs);
	return err;
}
