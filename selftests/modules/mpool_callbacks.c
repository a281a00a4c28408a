// SPDX-License-Identifier: GPL-2.0
/*
 * A pool with callbacks that are called while nobody does anything: eager, or
 * adaptive with cleanups at the least interval, whose buffers cleanups make anew.
 * Anybody may attach who may attach to a pool with callbacks.
 *
 * What goes on after the end of this module runs into its freed text.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/string.h>

#include "../../mpool/compat/export.h"

static bool ctor = true;
module_param(ctor, bool, 0444);
MODULE_PARM_DESC(ctor, "The pool has a constructor, beside what is called on a free");

static unsigned int load_ms;
module_param(load_ms, uint, 0444);
MODULE_PARM_DESC(load_ms, "How long loading takes, with the pool there");

static unsigned int unload_ms;
module_param(unload_ms, uint, 0444);
MODULE_PARM_DESC(unload_ms, "How long unloading takes before the pool is put");

static bool fail;
module_param(fail, bool, 0444);
MODULE_PARM_DESC(fail, "Loading fails in the end");

static struct mpool *pool;

static void construct(void *buf, size_t size, void *arg)
{
	memset(buf, 0x5a, size);
}

static void wipe(void *buf, size_t size, void *arg)
{
	memset(buf, 0x5a, size);
}

static int __init callbacks_init(void)
{
	struct mpool_config cfg = {
		.settings = {
			.flags = MPOOL_POOL_EAGER | MPOOL_POOL_ADAPTIVE,
			.mode = 0666,
			.min_size = 1024,
			.max_size = 16384,
			.reserve = 8,
			.cleanup_interval_ms = 10,
		},
		.ctor = ctor ? construct : NULL,
		.reset = wipe,
	};

	pool = mpool_create("callbacks", &cfg);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	msleep(load_ms);
	if (!fail)
		return 0;
	mpool_put(pool);
	return -ECANCELED;
}

static void __exit callbacks_exit(void)
{
	msleep(unload_ms);
	mpool_put(pool);
}

module_init(callbacks_init);
module_exit(callbacks_exit);

MODULE_DESCRIPTION("A pool that calls back");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
