// SPDX-License-Identifier: GPL-2.0
/*
 * The device: file operations, and the ioctls' common part.
 */
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include <uapi/linux/mpool.h>

#include "chardev.h"
#include "client.h"
#include "compat/mmap.h"
#include "ioctl.h"
#include "pseudo.h"
#include "window.h"

/* Any of the structures; all begin with their size. */
union ioctl_arg {
	u32 size;
	struct mpool_info info;
	struct mpool_pool_create pool_create;
	struct mpool_pool_destroy pool_destroy;
	struct mpool_pool_list pool_list;
	struct mpool_pool_configure pool_configure;
	struct mpool_attach attach;
	struct mpool_lease_req lease;
	struct mpool_release release;
	struct mpool_stats stats;
	struct mpool_trim trim;
	struct mpool_revoke revoke;
	struct mpool_events events;
	struct mpool_clients clients;
};

/**
 * struct ioctl_entry - one command
 * @serve: does it
 * @ksize: bytes of its structure
 * @least: bytes of it that the first version had
 */
struct ioctl_entry {
	int (*serve)(struct mpool_call *call);
	u32 ksize;
	u32 least;
};

#define ENTRY(cmd, fn, type, last)					\
	[_IOC_NR(cmd)] = {						\
		.serve = fn,						\
		.ksize = sizeof(struct type),				\
		.least = offsetofend(struct type, last),		\
	}

static const struct ioctl_entry ioctls[] = {
	ENTRY(MPOOL_IOC_INFO, mpool_ioctl_info, mpool_info, nr_pools),
	ENTRY(MPOOL_IOC_POOL_CREATE, mpool_ioctl_pool_create,
	      mpool_pool_create, config.high_percent),
	ENTRY(MPOOL_IOC_POOL_DESTROY, mpool_ioctl_pool_destroy,
	      mpool_pool_destroy, name),
	ENTRY(MPOOL_IOC_POOL_LIST, mpool_ioctl_pool_list,
	      mpool_pool_list, entry_size),
	ENTRY(MPOOL_IOC_POOL_CONFIG, mpool_ioctl_pool_config,
	      mpool_pool_configure, config.high_percent),
	ENTRY(MPOOL_IOC_ATTACH, mpool_ioctl_attach, mpool_attach, max_size),
	ENTRY(MPOOL_IOC_LEASE, mpool_ioctl_lease, mpool_lease_req, leases),
	ENTRY(MPOOL_IOC_RELEASE, mpool_ioctl_release,
	      mpool_release, bad_index),
	ENTRY(MPOOL_IOC_STATS, mpool_ioctl_stats, mpool_stats, total),
	ENTRY(MPOOL_IOC_TRIM, mpool_ioctl_trim, mpool_trim, bytes),
	ENTRY(MPOOL_IOC_EVENTS, mpool_ioctl_events, mpool_events, leak_age_ms),
	ENTRY(MPOOL_IOC_REVOKE, mpool_ioctl_revoke, mpool_revoke, revoked),
	ENTRY(MPOOL_IOC_CLIENTS, mpool_ioctl_clients,
	      mpool_clients, entry_size),
};

static const struct ioctl_entry *find_ioctl(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (cmd != _IO(MPOOL_IOC_MAGIC, nr) || nr >= ARRAY_SIZE(ioctls))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(ioctls));
	return ioctls[nr].serve ? &ioctls[nr] : NULL;
}

static int fetch_arg(struct mpool_call *call, const struct ioctl_entry *entry)
{
	union ioctl_arg *arg = call->arg;
	int err;

	if (get_user(call->usize, (u32 __user *)call->uarg))
		return -EFAULT;
	if (call->usize < entry->least)
		return -EINVAL;
	/* The kernel's convention: nothing that is meant is so long. */
	if (call->usize > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(arg, entry->ksize, call->uarg, call->usize);
	/* What the first look said counts, were it changed since. */
	arg->size = call->usize;
	return err;
}

static long ioctl(struct file *file, unsigned int cmd, unsigned long argp)
{
	const struct ioctl_entry *entry = find_ioctl(cmd);
	union ioctl_arg arg;
	struct mpool_call call = {
		.client = file->private_data,
		.arg = &arg,
		.uarg = (void __user *)argp,
	};
	int err;

	if (!entry)
		return -ENOTTY;
	call.ksize = entry->ksize;
	err = fetch_arg(&call, entry);
	return err ?: entry->serve(&call);
}

static int open(struct inode *inode, struct file *file)
{
	struct mpool_client *client = mpool_client_open();

	if (IS_ERR(client))
		return PTR_ERR(client);
	file->private_data = client;
	/* Zapping this client's mappings leaves those of others alone. */
	file->f_mapping = client->inode->i_mapping;
	/*
	 * A write fault would set the times of the device node.  The flag is
	 * the node's, since 6.1 and 6.12 look for no such flag of a file.
	 */
	if (!IS_NOCMTIME(inode))
		inode_set_flags(inode, S_NOCMTIME, S_NOCMTIME);
	return stream_open(inode, file);
}

static int release(struct inode *inode, struct file *file)
{
	mpool_client_close(file->private_data);
	return 0;
}

static int judge_mapping(struct file *file, struct mpool_mapping *m)
{
	struct mpool_window *window = mpool_client_window(file->private_data);

	return window ? mpool_window_mmap(window, m) : -ENOTCONN;
}

static int mmap(MPOOL_MMAP_ARGS)
{
	return mpool_mmap_by(judge_mapping);
}

static ssize_t read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct mpool_client *client = file->private_data;

	if (!mpool_client_window(client))
		return -EINVAL;
	return mpool_watch_read(client, to, len,
				!(file->f_flags & O_NONBLOCK));
}

static __poll_t poll(struct file *file, struct poll_table_struct *table)
{
	struct mpool_client *client = file->private_data;

	/* Nothing can be had before ATTACH, and nobody would be woken by it. */
	if (!mpool_client_window(client))
		return EPOLLERR;
	return mpool_watch_poll(client, file, table);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.read = read,
	.poll = poll,
	.open = open,
	.release = release,
	.unlocked_ioctl = ioctl,
	/* Layouts are the same for 32-bit callers; only argp is theirs. */
	.compat_ioctl = compat_ptr_ioctl,
	.MPOOL_MMAP = mmap,
	/* Huge pages need addresses aligned as their offsets are. */
	.get_unmapped_area = thp_get_unmapped_area,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mpool",
	.fops = &fops,
	.mode = 0600,
};

/**
 * mpool_chardev_init() - let processes in
 *
 * Context: process, may sleep; everything below works already.
 * Return: 0; -EEXIST: somebody else has a device of that name; -ENOMEM and
 * what else misc_register() says.
 */
int mpool_chardev_init(void)
{
	int err = mpool_pseudo_init();

	if (err)
		return err;
	err = misc_register(&device);
	if (err)
		mpool_pseudo_exit();
	return err;
}

/**
 * mpool_chardev_exit() - undo mpool_chardev_init(); no file is open
 *
 * Context: process, may sleep.
 */
void mpool_chardev_exit(void)
{
	misc_deregister(&device);
	mpool_pseudo_exit();
}
