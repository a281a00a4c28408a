/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Views for people under /sys/kernel/debug/mpool.
 */
#ifndef _MPOOL_DEBUGFS_H
#define _MPOOL_DEBUGFS_H

#include <linux/types.h>

struct dentry;
struct mpool;
struct seq_file;

void mpool_debugfs_init(void);
void mpool_debugfs_exit(void);
void mpool_debugfs_percent(struct seq_file *m, u64 part, u64 whole);
void mpool_debugfs_add_abandoned(struct dentry *dir);
void mpool_debugfs_add_clients(struct mpool *pool, struct dentry *dir);
void mpool_debugfs_add_leaks(struct mpool *pool, struct dentry *dir);
void mpool_debugfs_add_leases(struct mpool *pool, struct dentry *dir);
void mpool_debugfs_add_stats(struct mpool *pool, struct dentry *dir);

#endif /* _MPOOL_DEBUGFS_H */
