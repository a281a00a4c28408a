/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Getting buffers of pages for clients.
 */
#ifndef _MPOOL_LEASE_H
#define _MPOOL_LEASE_H

#include <linux/ktime.h>
#include <linux/types.h>

struct mpool;
struct mpool_class;
struct mpool_desc;
struct mpool_payer;
struct mpool_wait_else;

/* Deadlines for mpool_lease_take(), beside an absolute time. */
#define MPOOL_DEADLINE_NOW	((ktime_t)0)
/* As NOW, but to find nothing is no failure: the caller has some, or goes on. */
#define MPOOL_DEADLINE_TRY	((ktime_t)-1)
#define MPOOL_DEADLINE_NEVER	KTIME_MAX

int mpool_lease_take(struct mpool_class *cls, struct mpool_payer *payer,
		     u32 owner, unsigned int nr, bool all, ktime_t deadline,
		     struct mpool_desc **descs);
int mpool_lease_take_unless(struct mpool_class *cls, struct mpool_payer *payer,
			    u32 owner, unsigned int nr, bool all,
			    ktime_t deadline, struct mpool_wait_else *other,
			    struct mpool_desc **descs);

#endif /* _MPOOL_LEASE_H */
