/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools of those who have no CAP_SYS_ADMIN.
 */
#ifndef _MPOOL_ALLOWANCE_H
#define _MPOOL_ALLOWANCE_H

#include <linux/types.h>

struct mpool_pool_config;

int mpool_allowance_check(struct mpool_pool_config *set);
int mpool_allowance_take(u64 bytes);
void mpool_allowance_put(u64 bytes);

#endif /* _MPOOL_ALLOWANCE_H */
