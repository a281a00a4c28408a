// SPDX-License-Identifier: GPL-2.0
/*
 * What a client may have of its pool, and of the system.
 *
 * Of the pool: the client itself, and the user who opened its file over all his
 * clients, have limits of buffers and of bytes, which are the pool's settings.
 * They hold for everybody, whatever he may otherwise, and as they are at the
 * time of the lease: lowering one takes nothing away.
 *
 * Of the system: leased memory cannot be swapped, so it counts as locked.  It
 * goes to the account of the user who opened the file, as io_uring's and the
 * network stack's pinned memory does, and not to an mm: a file outlives the
 * process that opened it, and whoever closes it last must be able to settle the
 * account without another process's mmap_lock.  The account and the exemption
 * are the opener's; the limit is that of the task that leases, who may have got
 * the file from the opener.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "pool.h"
#include "quota.h"

/**
 * mpool_quota_init() - open an account for a client
 * @quota: the client's
 *
 * Context: process; current is the opener.
 */
void mpool_quota_init(struct mpool_quota *quota)
{
	quota->uid = current_uid();
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

/**
 * mpool_share_new() - a share for mpool_quota_attach()
 *
 * Context: process, may sleep.
 * Return: it, to be given to mpool_quota_attach(), or NULL.
 */
struct mpool_share *mpool_share_new(void)
{
	return kzalloc(sizeof(struct mpool_share), GFP_KERNEL_ACCOUNT);
}

/**
 * mpool_quota_attach() - the client is one of a pool's
 * @quota: the client's
 * @pool: the pool
 * @share: a new one; freed if the user has one already
 *
 * Context: process; the pool's clients_lock is held.
 */
void mpool_quota_attach(struct mpool_quota *quota, struct mpool *pool,
			struct mpool_share *share)
{
	struct mpool_share *s;

	lockdep_assert_held(&pool->clients_lock);
	quota->pool = pool;
	list_for_each_entry(s, &pool->shares, node) {
		if (uid_eq(s->uid, quota->uid)) {
			kfree(share);
			share = s;
			goto found;
		}
	}
	share->uid = quota->uid;
	list_add(&share->node, &pool->shares);
found:
	share->clients++;
	quota->share = share;
}

/**
 * mpool_quota_detach() - the client is none of the pool's any more
 * @quota: the client's; all was uncharged
 *
 * Context: process; takes the pool's clients_lock.
 */
void mpool_quota_detach(struct mpool_quota *quota)
{
	struct mpool *pool = quota->pool;

	mutex_lock(&pool->clients_lock);
	if (!--quota->share->clients) {
		list_del(&quota->share->node);
		kfree(quota->share);
	}
	mutex_unlock(&pool->clients_lock);
}

/* Bounds of one account. */
struct bounds {
	long buffers;
	long pages;
};

/* Settings of 0 are no limit; a part of a page is none. */
static struct bounds bounds_of(u32 buffers, u64 bytes)
{
	return (struct bounds) {
		buffers ?: LONG_MAX,
		bytes ? min_t(u64, bytes >> PAGE_SHIFT, LONG_MAX) : LONG_MAX,
	};
}

static struct bounds own_bounds(const struct mpool_quota *quota)
{
	const struct mpool_pool_config *set = &quota->pool->settings;

	return bounds_of(READ_ONCE(set->client_max),
			 READ_ONCE(set->client_max_bytes));
}

static struct bounds share_bounds(const struct mpool_quota *quota)
{
	const struct mpool_pool_config *set = &quota->pool->settings;

	return bounds_of(READ_ONCE(set->user_max),
			 READ_ONCE(set->user_max_bytes));
}

static long locked_limit(void)
{
	return min_t(unsigned long, rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT,
		     LONG_MAX);
}

/* How many of @nr times @unit fit beside @used. */
static unsigned int fit(long used, long limit, unsigned int nr,
			unsigned int unit)
{
	if (used >= limit)
		return 0;
	return min_t(unsigned long, nr, (limit - used) / unit);
}

static unsigned int grab(atomic_long_t *used, long limit, unsigned int nr,
			 unsigned int unit)
{
	long now = atomic_long_read(used);
	unsigned int n;

	do {
		n = fit(now, limit, nr, unit);
		if (!n)
			return 0;
	} while (!atomic_long_try_cmpxchg(used, &now, now + (long)n * unit));
	return n;
}

static void account_uncharge(struct mpool_account *account, unsigned int nr,
			     unsigned int pages)
{
	if (!nr)
		return;
	atomic_long_sub(nr, &account->buffers);
	atomic_long_sub((long)nr * pages, &account->pages);
}

static unsigned int account_charge(struct mpool_account *account,
				   struct bounds bounds, unsigned int nr,
				   unsigned int pages)
{
	unsigned int n = grab(&account->buffers, bounds.buffers, nr, 1);
	unsigned int m = grab(&account->pages, bounds.pages, n, pages);

	if (m < n)
		atomic_long_sub(n - m, &account->buffers);
	return m;
}

static unsigned int account_room(const struct mpool_account *account,
				 struct bounds bounds, unsigned int nr,
				 unsigned int pages)
{
	nr = fit(atomic_long_read(&account->buffers), bounds.buffers, nr, 1);
	return fit(atomic_long_read(&account->pages), bounds.pages, nr, pages);
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
	nr = account_room(&quota->own, own_bounds(quota), nr, pages);
	nr = account_room(&quota->share->account, share_bounds(quota), nr,
			  pages);
	if (!quota->user)
		return nr;
	return fit(atomic_long_read(&quota->user->locked_vm), locked_limit(),
		   nr, pages);
}

static bool account_over(const struct mpool_account *account,
			 struct bounds bounds)
{
	return atomic_long_read(&account->buffers) > bounds.buffers ||
	       atomic_long_read(&account->pages) > bounds.pages;
}

/**
 * mpool_quota_over() - is there more than may be
 * @quota: the client's
 *
 * A limit that was lowered is passed by what is leased, and by what is kept,
 * which is charged no more when it is leased again.
 *
 * Context: any.
 * Return: yes or no.
 */
bool mpool_quota_over(const struct mpool_quota *quota)
{
	return account_over(&quota->own, own_bounds(quota)) ||
	       account_over(&quota->share->account, share_bounds(quota));
}

/**
 * mpool_quota_charge() - charge buffers, as many as the limits allow
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
	unsigned int own, shared, locked;

	own = account_charge(&quota->own, own_bounds(quota), nr, pages);
	shared = account_charge(&quota->share->account, share_bounds(quota),
				own, pages);
	locked = shared;
	if (quota->user)
		locked = grab(&quota->user->locked_vm, locked_limit(), shared,
			      pages);
	account_uncharge(&quota->share->account, shared - locked, pages);
	account_uncharge(&quota->own, own - locked, pages);
	return locked;
}

/**
 * mpool_quota_part() - the buffers left the client for the pool
 * @quota: the client's
 * @nr: buffers
 * @pinned: how many of them went to quarantine, where they stay charged to the
 *	user as locked memory
 * @pages: pages of each
 *
 * Context: any.
 */
void mpool_quota_part(struct mpool_quota *quota, unsigned int nr,
		      unsigned int pinned, unsigned int pages)
{
	if (quota->user)
		atomic_long_sub((long)(nr - pinned) * pages,
				&quota->user->locked_vm);
	account_uncharge(&quota->share->account, nr, pages);
	account_uncharge(&quota->own, nr, pages);
}

/**
 * mpool_quota_uncharge() - the buffers will not be the client's
 * @quota: the client's
 * @nr: buffers
 * @pages: pages of each
 *
 * Context: any.
 */
void mpool_quota_uncharge(struct mpool_quota *quota, unsigned int nr,
			  unsigned int pages)
{
	mpool_quota_part(quota, nr, 0, pages);
}
