/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checking a configuration and filling in defaults.
 */
#ifndef _MPOOL_SETTINGS_H
#define _MPOOL_SETTINGS_H

#include <linux/types.h>

struct mpool_config;
struct mpool_pool_config;

int mpool_settings_resolve(const struct mpool_config *cfg,
			   struct mpool_pool_config *set);
int mpool_settings_sizes(const struct mpool_config *cfg,
			 const struct mpool_pool_config *set, u32 *sizes);

#endif /* _MPOOL_SETTINGS_H */
