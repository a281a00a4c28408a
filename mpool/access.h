/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may do what with a pool.
 */
#ifndef _MPOOL_ACCESS_H
#define _MPOOL_ACCESS_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct mpool;
struct mpool_pool_config;

/**
 * struct mpool_access - what decides on rights, as it was at one moment
 * @uid: owner
 * @gid: group
 * @mode: permission bits
 */
struct mpool_access {
	kuid_t uid;
	kgid_t gid;
	unsigned int mode;
};

struct mpool_access mpool_access_get(const struct mpool *pool);
bool mpool_pool_may_attach(const struct mpool *pool);
bool mpool_pool_may_control(const struct mpool *pool);
int mpool_access_change(const struct mpool *pool,
			const struct mpool_pool_config *change, u64 mask,
			bool trusted, struct mpool_access *to);
void mpool_access_set(struct mpool *pool, const struct mpool_access *to);

#endif /* _MPOOL_ACCESS_H */
