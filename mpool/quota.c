// SPDX-License-Identifier: GPL-2.0
/*
 * Leased memory cannot be swapped, so it counts as locked.  It goes to the
 * account of the user who opened the file, as io_uring's and the network
 * stack's pinned memory does, and not to an mm: a file outlives the process
 * that opened it, and whoever closes it last must be able to settle the
 * account without another process's mmap_lock.
 *
 * The account and the exemption are the opener's; the limit is that of the
 * task that leases, who may have got the file from the opener.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>

#include "quota.h"

/**
 * mpool_quota_init() - open an account for a client
 * @quota: the client's
 *
 * Context: process; current is the opener.
 */
void mpool_quota_init(struct mpool_quota *quota)
{
	quota->user = NULL;
	if (!ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK))
		quota->user = get_uid(current_user());
}

/**
 * mpool_quota_exit() - close it; all was uncharged
 * @quota: the client's
 *
 * Context: process.
 */
void mpool_quota_exit(struct mpool_quota *quota)
{
	if (quota->user)
		free_uid(quota->user);
}

/* How many of @nr buffers of @pages fit beside @used pages. */
static unsigned int fit(unsigned long used, unsigned int nr, unsigned int pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (used >= limit)
		return 0;
	return min_t(unsigned long, nr, (limit - used) / pages);
}

/**
 * mpool_quota_room() - what could be charged now
 * @quota: the client's
 * @nr: buffers wanted
 * @pages: pages of each
 *
 * A glance, before anybody waits for buffers or memory is made for them; the
 * charge decides.
 *
 * Context: any.
 * Return: how many of the buffers would fit.
 */
unsigned int mpool_quota_room(const struct mpool_quota *quota,
			      unsigned int nr, unsigned int pages)
{
	if (!quota->user)
		return nr;
	return fit(atomic_long_read(&quota->user->locked_vm), nr, pages);
}

/**
 * mpool_quota_charge() - charge buffers, as many as the limit allows
 * @quota: the client's
 * @nr: buffers wanted
 * @pages: pages of each
 *
 * Context: any.
 * Return: how many buffers were charged, 0 to @nr.
 */
unsigned int mpool_quota_charge(struct mpool_quota *quota, unsigned int nr,
				unsigned int pages)
{
	unsigned int n;
	long used;

	if (!quota->user)
		return nr;
	used = atomic_long_read(&quota->user->locked_vm);
	do {
		n = fit(used, nr, pages);
		if (!n)
			return 0;
	} while (!atomic_long_try_cmpxchg(&quota->user->locked_vm, &used,
					  used + (long)n * pages));
	return n;
}

/**
 * mpool_quota_uncharge() - the buffers left the client
 * @quota: the client's
 * @nr: buffers
 * @pages: pages of each
 *
 * Context: any.
 */
void mpool_quota_uncharge(struct mpool_quota *quota, unsigned int nr,
			  unsigned int pages)
{
	if (quota->user)
		atomic_long_sub((long)nr * pages, &quota->user->locked_vm);
}
