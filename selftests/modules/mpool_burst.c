// SPDX-License-Identifier: GPL-2.0
/*
 * A burst, and where its memory is two cleanup intervals later: asked of the
 * kernel's own counters, not of mpool's.
 *
 * Loading does all of it, and fails with -EIO when less than 95 percent of
 * what the burst took is back with the system.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/random.h>
#include <linux/vmstat.h>

#include "../../mpool/compat/export.h"
#include "cpu_pages.h"

static unsigned int size = 1024;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "Bytes of each buffer");

static unsigned int count = 10000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Buffers at once");

static unsigned int interval = 1000;
module_param(interval, uint, 0444);
MODULE_PARM_DESC(interval, "Milliseconds from cleanup to cleanup, and of age");

static bool shuffle;
module_param(shuffle, bool, 0444);
MODULE_PARM_DESC(shuffle, "Free them in no order");

static bool keep;
module_param(keep, bool, 0444);
MODULE_PARM_DESC(keep, "Let no cleanup shrink anything, to see that it is noticed");

/*
 * Pages in use: of slabs for objects, of all memory for whole pages, but what
 * the system gives up by itself when a burst needs memory.
 */
static long pages_used(void)
{
	struct sysinfo info;

	if (size < PAGE_SIZE)
		return global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		       global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	si_meminfo(&info);
	return info.totalram - info.freeram - cpu_pages() -
	       global_node_page_state(NR_FILE_PAGES) -
	       global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
}

static void mix(void **bufs)
{
	unsigned int i, j;

	for (i = count - 1; i; i--) {
		j = get_random_u32() % (i + 1);
		swap(bufs[i], bufs[j]);
	}
}

/*
 * The second cleanup has begun after two intervals and a little, or, where others
 * have the processors, within another one; and it is to come to its end, which
 * takes a busy machine long.  Half an interval without progress is its end.
 */
static void await_cleanup(struct mpool *pool, struct mpool_class_stats *stats)
{
	bool begun = false, fell;
	unsigned int late = 0;
	u64 backed;

	msleep(2 * interval);
	mpool_get_stats(pool, stats);
	do {
		backed = stats->backed;
		msleep(interval / 2);
		mpool_get_stats(pool, stats);
		fell = stats->backed < backed;
		begun |= fell;
	} while (fell || (!begun && stats->backed && ++late < 2));
}

static int burst(struct mpool *pool, void **bufs)
{
	struct mpool_class_stats stats;
	long before, during, after;
	unsigned int i, got;

	before = pages_used();
	got = mpool_alloc_bulk(pool, size, GFP_KERNEL, count, bufs);
	during = pages_used();
	if (got < count)
		pr_err("only %u of %u buffers\n", got, count);
	else if (shuffle)
		mix(bufs);
	for (i = 0; i < got; i++)
		mpool_free(pool, bufs[i]);
	if (got < count)
		return -ENOMEM;
	await_cleanup(pool, &stats);
	after = pages_used();
	pr_info("%u x %u: %ld pages, %ld left, %llu buffers backed\n", count,
		size, during - before, after - before, stats.backed);
	/* Does it count them at all?  Nearly: others give some back meanwhile. */
	if ((during - before) * 20 < (long)count * size / (long)PAGE_SIZE * 19)
		return -ERANGE;
	return (after - before) * 20 <= during - before ? 0 : -EIO;
}

static int __init burst_init(void)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { count, count, count },
			.max_bytes = 2ULL * count * size,
			.cleanup_interval_ms = interval,
			.max_age_ms = interval,
			.shrink_percent = keep ? MPOOL_NONE : 0,
		},
	};
	struct mpool *pool;
	void **bufs;
	int err;

	bufs = kvmalloc_array(count, sizeof(*bufs), GFP_KERNEL);
	if (!bufs)
		return -ENOMEM;
	pool = mpool_create("burst", &cfg);
	err = PTR_ERR_OR_ZERO(pool);
	if (!err) {
		err = burst(pool, bufs);
		mpool_put(pool);
	}
	kvfree(bufs);
	return err;
}

static void __exit burst_exit(void)
{
}

module_init(burst_init);
module_exit(burst_exit);

MODULE_DESCRIPTION("Memory after a burst is the system's again");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
