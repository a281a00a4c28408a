// SPDX-License-Identifier: GPL-2.0
/*
 * Each open file of /dev/mpool has an inode of its own, so that the mappings
 * of one client can be zapped without touching those of the others.  The
 * inodes live on a filesystem that is mounted nowhere.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "pseudo.h"

/* "mpoo" */
#define MPOOL_SUPER_MAGIC	0x6d706f6f

static struct vfsmount *mnt;

static int init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, MPOOL_SUPER_MAGIC) ? 0 : -ENOMEM;
}

/*
 * No owner: a mount keeps its filesystem's module, and ours would then keep
 * itself.  Open files keep the module by their file operations.
 */
static struct file_system_type pseudo_fs = {
	.name = "mpool",
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

/**
 * mpool_pseudo_init() - mount the filesystem inside the kernel
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_pseudo_init(void)
{
	mnt = kern_mount(&pseudo_fs);
	return PTR_ERR_OR_ZERO(mnt);
}

/**
 * mpool_pseudo_exit() - undo mpool_pseudo_init(); no inode is left
 *
 * Context: process, may sleep.
 */
void mpool_pseudo_exit(void)
{
	kern_unmount(mnt);
}

/**
 * mpool_pseudo_inode() - an inode for one client's mappings
 *
 * Its size is without limit: core mm maps no huge page beyond a file's end.
 *
 * Context: process, may sleep.
 * Return: the inode, to be dropped by iput(), or ERR_PTR(-ENOMEM).
 */
struct inode *mpool_pseudo_inode(void)
{
	struct inode *inode = alloc_anon_inode(mnt->mnt_sb);

	if (!IS_ERR(inode))
		i_size_write(inode, MAX_LFS_FILESIZE);
	return inode;
}
