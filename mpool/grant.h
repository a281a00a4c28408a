/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leases on their way to a client.
 */
#ifndef _MPOOL_GRANT_H
#define _MPOOL_GRANT_H

#include <linux/ktime.h>
#include <linux/types.h>

struct mpool_client;
struct mpool_desc;
struct mpool_hold;
struct mpool_lease;

/**
 * struct mpool_grant - leases on their way to a client
 * @index: their size class
 * @nr: how many
 * @leases: what the process is told
 * @holds: slots and buffers
 * @descs: buffers that have no slot yet
 */
struct mpool_grant {
	unsigned int index;
	unsigned int nr;
	struct mpool_lease *leases;
	struct mpool_hold *holds;
	struct mpool_desc **descs;
};

int mpool_grant_make(struct mpool_client *client, unsigned int index,
		     unsigned int nr, bool all, ktime_t deadline,
		     struct mpool_grant *grant);
void mpool_grant_undo(struct mpool_client *client, struct mpool_grant *grant);
void mpool_grant_free(struct mpool_grant *grant);

#endif /* _MPOOL_GRANT_H */
