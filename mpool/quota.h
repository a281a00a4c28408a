/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locked memory: leased pages against RLIMIT_MEMLOCK.
 */
#ifndef _MPOOL_QUOTA_H
#define _MPOOL_QUOTA_H

struct user_struct;

/**
 * struct mpool_quota - whose account a client's leases go to
 * @user: who opened the file, with a reference; NULL: nobody's (CAP_IPC_LOCK)
 */
struct mpool_quota {
	struct user_struct *user;
};

void mpool_quota_init(struct mpool_quota *quota);
void mpool_quota_exit(struct mpool_quota *quota);
unsigned int mpool_quota_room(const struct mpool_quota *quota,
			      unsigned int nr, unsigned int pages);
unsigned int mpool_quota_charge(struct mpool_quota *quota, unsigned int nr,
				unsigned int pages);
void mpool_quota_uncharge(struct mpool_quota *quota, unsigned int nr,
			  unsigned int pages);

#endif /* _MPOOL_QUOTA_H */
