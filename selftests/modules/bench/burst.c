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
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "memory.h"
#include "taker.h"

#define BURST		10000
#define INTERVAL_MS	1000
/* The kernel adds up its per-CPU counters once a second. */
#define SETTLE_MS	1500

static void come_and_go(struct seq_file *m, struct taker *t, void **bufs)
{
	u64 (*taken)(void) = t->size < PAGE_SIZE ? memory_slab : memory_used;
	u64 before, during, after;
	unsigned int i;

	msleep(SETTLE_MS);
	before = taken();
	for (i = 0; i < BURST; i++) {
		bufs[i] = taker_alloc(t);
		if (!bufs[i])
			break;
	}
	msleep(SETTLE_MS);
	during = taken();
	while (i)
		taker_free(t, bufs[--i]);
	msleep(2 * INTERVAL_MS);
	after = taken();
	if (during > before)
		bench_value(m, "burst-returned", t->size, BURST, t->name,
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
	enum taker_kind kind;
	struct taker t;
	int err;

	for (kind = 0; kind < TAKERS; kind++) {
		if (!taker_can(kind, size))
			continue;
		err = taker_make(&t, kind, size, &cfg);
		if (err)
			return err;
		come_and_go(m, &t, bufs);
		taker_end(&t);
	}
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
