/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changing a pool's settings while it is in use.
 */
#ifndef _MPOOL_CONFIGURE_H
#define _MPOOL_CONFIGURE_H

#include <linux/types.h>

struct mpool;
struct mpool_pool_config;

int mpool_pool_configure(struct mpool *pool,
			 const struct mpool_pool_config *change, u64 mask,
			 bool trusted);

#endif /* _MPOOL_CONFIGURE_H */
