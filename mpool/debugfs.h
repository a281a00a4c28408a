/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Views for people under /sys/kernel/debug/mpool.
 */
#ifndef _MPOOL_DEBUGFS_H
#define _MPOOL_DEBUGFS_H

struct dentry;
struct mpool;

void mpool_debugfs_init(void);
void mpool_debugfs_exit(void);
void mpool_debugfs_add_leases(struct mpool *pool, struct dentry *dir);

#endif /* _MPOOL_DEBUGFS_H */
