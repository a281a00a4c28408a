/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a client may have: shares of its pool, and locked memory.
 */
#ifndef _MPOOL_QUOTA_H
#define _MPOOL_QUOTA_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct mpool;
struct user_struct;

/**
 * struct mpool_account - what somebody has of a pool, leased or kept
 * @buffers: how many; a page that leases are carved from is one
 * @pages: how many they are
 */
struct mpool_account {
	atomic_long_t buffers;
	atomic_long_t pages;
};

/**
 * struct mpool_share - what a user's clients of one pool have together
 * @account: of all of them
 * @uid: who opened their files; constant
 * @clients: how many; pool's clients_lock
 * @node: among the pool's shares; pool's clients_lock
 */
struct mpool_share {
	struct mpool_account account;
	kuid_t uid;
	unsigned int clients;
	struct list_head node;
};

/**
 * struct mpool_quota - where a client's buffers are counted
 * @user: whose locked memory they are, with a reference; NULL: nobody's
 *	(CAP_IPC_LOCK); constant
 * @uid: who opened the file; constant
 * @pool: whose limits hold; set by mpool_quota_attach(), as is the next
 * @share: the user's in the pool
 * @own: the client's in the pool
 */
struct mpool_quota {
	struct user_struct *user;
	kuid_t uid;
	struct mpool *pool;
	struct mpool_share *share;
	struct mpool_account own;
};

void mpool_quota_init(struct mpool_quota *quota);
void mpool_quota_exit(struct mpool_quota *quota);
struct mpool_share *mpool_share_new(void);
void mpool_quota_attach(struct mpool_quota *quota, struct mpool *pool,
			struct mpool_share *share);
void mpool_quota_detach(struct mpool_quota *quota);
unsigned int mpool_quota_room(const struct mpool_quota *quota,
			      unsigned int nr, unsigned int pages);
bool mpool_quota_over(const struct mpool_quota *quota);
unsigned int mpool_quota_charge(struct mpool_quota *quota, unsigned int nr,
				unsigned int pages);
void mpool_quota_uncharge(struct mpool_quota *quota, unsigned int nr,
			  unsigned int pages);
void mpool_quota_part(struct mpool_quota *quota, unsigned int nr,
		      unsigned int pinned, unsigned int pages);

#endif /* _MPOOL_QUOTA_H */
