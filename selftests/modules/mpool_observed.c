// SPDX-License-Identifier: GPL-2.0
/*
 * A user of the exported symbols whose every step is known, for who looks at
 * tracepoints and debugfs: observed.sh says what has to be seen.
 *
 * Loading takes the steps and keeps seven buffers; unloading gives them back,
 * or, with leak=1, ends the pool without one of them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/sizes.h>

#include "../../mpool/compat/export.h"

static bool leak;
module_param(leak, bool, 0444);
MODULE_PARM_DESC(leak, "Never give the last buffer back");

#define SMALL	128
#define NR	5
#define PAGES	2
#define WAIT_MS	20

static struct mpool *pool;
static void *small[NR];
static void *pages[PAGES];

/* None of it is inlined: names of init functions are gone after it. */

/* A miss, and a hit that is given the same buffer. */
static noinline int miss_and_hit(void)
{
	void *first = mpool_alloc(pool, 100, GFP_KERNEL), *again;

	/* Another CPU would not have it. */
	preempt_disable();
	mpool_free(pool, first);
	again = mpool_alloc(pool, 90, GFP_NOWAIT);
	preempt_enable();
	mpool_free(pool, again);
	return first && again == first ? 0 : -EINVAL;
}

/* At the limit of two: one fails at once, one waits in vain. */
static noinline int exhaust(void)
{
	void *more;
	int i;

	for (i = 0; i < PAGES; i++) {
		pages[i] = mpool_alloc(pool, SZ_4K, GFP_KERNEL);
		if (!pages[i])
			return -ENOMEM;
	}
	more = mpool_alloc(pool, SZ_4K, GFP_NOWAIT) ?:
	       mpool_alloc_timeout(pool, SZ_4K, GFP_KERNEL,
				   msecs_to_jiffies(WAIT_MS) + 1);
	mpool_free(pool, more);
	return more ? -EINVAL : 0;
}

static noinline int steps(void)
{
	int err = miss_and_hit();

	if (err)
		return err;
	if (!mpool_trim(pool, 0))
		return -EINVAL;
	err = exhaust();
	if (err)
		return err;
	if (mpool_alloc_bulk(pool, 120, GFP_KERNEL, NR, small) != NR)
		return -ENOMEM;
	return mpool_report_leaks(pool) == NR + PAGES ? 0 : -EINVAL;
}

static void end(int keep)
{
	mpool_free_bulk(pool, NR - keep, small);
	mpool_free_bulk(pool, PAGES, pages);
	mpool_put(pool);
}

static int __init observed_init(void)
{
	static const u32 sizes[] = { SMALL, SZ_4K };
	struct mpool_config cfg = {
		.settings = {
			/* Enough for magazines of some buffers on two CPUs. */
			.max = { 64, PAGES, 1 },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		},
		.sizes = sizes,
		.nr_sizes = ARRAY_SIZE(sizes),
	};
	int err;

	pool = mpool_create("observed", &cfg);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = steps();
	if (err)
		end(0);
	return err;
}

static void __exit observed_exit(void)
{
	end(leak);
}

module_init(observed_init);
module_exit(observed_exit);

MODULE_DESCRIPTION("Known steps, to be observed");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
