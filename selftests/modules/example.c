// SPDX-License-Identifier: GPL-2.0
/* A module that keeps a buffer of a pool of its own; README.md shows it. */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/string.h>

#include "../../mpool/compat/export.h"

#define PACKET	1500

static struct mpool *pool;
static void *packet;

static int __init example_init(void)
{
	struct mpool_config cfg = {
		.settings.max[MPOOL_SMALL] = 256,	/* buffers of a size */
		.settings.reserve = 4,			/* kept for hard times */
	};

	pool = mpool_create("example", &cfg);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	packet = mpool_alloc(pool, PACKET, GFP_KERNEL);
	if (!packet) {
		mpool_put(pool);
		return -ENOMEM;
	}
	memset(packet, 0xff, PACKET);
	return 0;
}

static void __exit example_exit(void)
{
	mpool_free(pool, packet);	/* from any context, on any CPU */
	mpool_put(pool);		/* the last reference ends the pool */
}

module_init(example_init);
module_exit(example_exit);

MODULE_DESCRIPTION("A buffer from mpool");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);	/* MPOOL, "MPOOL" from Linux 6.13 on */
