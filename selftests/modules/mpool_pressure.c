// SPDX-License-Identifier: GPL-2.0
/*
 * A pool that is full of idle buffers, and has some in use: what happens to
 * them when memory runs short is what the script looks at.  Unloading says in
 * the log whether those in use still are what they were.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../../mpool/compat/export.h"
#include "balance.h"
#include "stamp.h"

static unsigned int mib = 200;
module_param(mib, uint, 0444);
MODULE_PARM_DESC(mib, "Memory that lies idle");

#define SIZE	SZ_64K
#define HELD	16

static struct mpool *mp;
static struct stamp *held[HELD];

static int __init pressure_init(void)
{
	unsigned int nr = mib * (SZ_1M / SIZE), got, i;
	struct mpool_config cfg = {
		.settings = {
			.max = { nr, nr, nr },
			/* More than is there: the shrinker is the only limit. */
			.max_bytes = (u64)mib << 21,
			/* What goes is not gone by age. */
			.cleanup_interval_ms = MPOOL_NONE,
		},
	};
	void **bufs;

	if (nr <= HELD)
		return -EINVAL;
	mp = mpool_create("pressure", &cfg);
	if (IS_ERR(mp))
		return PTR_ERR(mp);
	bufs = kvmalloc_array(nr, sizeof(*bufs), GFP_KERNEL);
	got = bufs ? mpool_alloc_bulk(mp, SIZE, GFP_KERNEL, nr, bufs) : 0;
	for (i = 0; i < HELD && i < got; i++)
		held[i] = stamp_write(bufs[i], SIZE, i);
	if (got > HELD)
		mpool_free_bulk(mp, got - HELD, bufs + HELD);
	kvfree(bufs);
	if (got == nr)
		return 0;
	for (i = 0; i < HELD; i++)
		mpool_free(mp, held[i]);
	mpool_put(mp);
	return -ENOMEM;
}

static void __exit pressure_exit(void)
{
	bool intact = true;
	unsigned int i;

	for (i = 0; i < HELD; i++) {
		intact &= stamp_intact(held[i], SIZE);
		mpool_free(mp, held[i]);
	}
	if (intact && balance_class(mp, SIZE))
		pr_info("what was held is intact\n");
	else
		pr_err("what was held is lost\n");
	mpool_put(mp);
}

module_init(pressure_init);
module_exit(pressure_exit);

MODULE_DESCRIPTION("mpool where memory runs short");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
