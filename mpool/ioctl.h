/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One ioctl under way, and who serves it.
 *
 * A handler gets its structure whole in kernel memory, unknown parts refused
 * and missing ones zero.  It checks all of it, and answers before it does
 * what cannot be undone, so that a bad address fails a call that has changed
 * nothing.
 */
#ifndef _MPOOL_IOCTL_H
#define _MPOOL_IOCTL_H

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/uaccess.h>

struct mpool_client;

/**
 * struct mpool_call - one ioctl
 * @client: the open file
 * @arg: the structure, as this kernel knows it
 * @ksize: bytes of it
 * @usize: bytes of it that the caller knows
 * @uarg: where the caller has it
 */
struct mpool_call {
	struct mpool_client *client;
	void *arg;
	u32 ksize;
	u32 usize;
	void __user *uarg;
};

/* Writes the structure back, as far as the caller knows it. */
static inline int mpool_call_answer(const struct mpool_call *call)
{
	if (copy_to_user(call->uarg, call->arg, min(call->usize, call->ksize)))
		return -EFAULT;
	return 0;
}

int mpool_ioctl_info(struct mpool_call *call);
int mpool_ioctl_pool_create(struct mpool_call *call);
int mpool_ioctl_pool_destroy(struct mpool_call *call);
int mpool_ioctl_pool_list(struct mpool_call *call);
int mpool_ioctl_pool_config(struct mpool_call *call);
int mpool_ioctl_attach(struct mpool_call *call);
int mpool_ioctl_lease(struct mpool_call *call);
int mpool_ioctl_release(struct mpool_call *call);
int mpool_ioctl_stats(struct mpool_call *call);
int mpool_ioctl_events(struct mpool_call *call);
int mpool_ioctl_revoke(struct mpool_call *call);
int mpool_ioctl_trim(struct mpool_call *call);
int mpool_ioctl_clients(struct mpool_call *call);

bool mpool_ioctl_name_valid(const char *name);

#endif /* _MPOOL_IOCTL_H */
