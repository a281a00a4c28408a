/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Getting buffers of pages for clients.
 */
#ifndef _MPOOL_LEASE_H
#define _MPOOL_LEASE_H

#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/wait.h>

struct mpool;
struct mpool_class;
struct mpool_desc;
struct mpool_payer;

/* Deadlines for mpool_lease_take(), beside an absolute time. */
#define MPOOL_DEADLINE_NOW	((ktime_t)0)
/* As NOW, but to find nothing is no failure: the caller has some, or goes on. */
#define MPOOL_DEADLINE_TRY	((ktime_t)-1)
#define MPOOL_DEADLINE_NEVER	KTIME_MAX

/**
 * struct mpool_lease_else - what ends a wait for buffers beside them
 * @queue: woken by whoever may have made it so, after that
 * @look: will @got buffers do?  Called without locks, may sleep, with these
 *	buffers or the class's turn in hand; it has then what it saw
 * @pace: as in struct mpool_wait_else
 */
struct mpool_lease_else {
	wait_queue_head_t *queue;
	bool (*look)(struct mpool_lease_else *other, unsigned int got);
	u64 pace;
};

int mpool_lease_take_unless(struct mpool_class *cls, struct mpool_payer *payer,
			    u32 owner, unsigned int nr, bool all,
			    ktime_t deadline, struct mpool_lease_else *other,
			    struct mpool_desc **descs);

/* As mpool_lease_take_unless(), with nothing beside. */
static inline int mpool_lease_take(struct mpool_class *cls,
				   struct mpool_payer *payer, u32 owner,
				   unsigned int nr, bool all, ktime_t deadline,
				   struct mpool_desc **descs)
{
	return mpool_lease_take_unless(cls, payer, owner, nr, all, deadline,
				       NULL, descs);
}

#endif /* _MPOOL_LEASE_H */
