/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pseudo filesystem that clients' inodes live on.
 */
#ifndef _MPOOL_PSEUDO_H
#define _MPOOL_PSEUDO_H

struct inode;

int mpool_pseudo_init(void);
void mpool_pseudo_exit(void);
struct inode *mpool_pseudo_inode(void);

#endif /* _MPOOL_PSEUDO_H */
