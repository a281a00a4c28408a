/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Telling those who asked what happens to a pool.
 */
#ifndef _MPOOL_EVENTS_H
#define _MPOOL_EVENTS_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <uapi/linux/mpool.h>

struct eventfd_ctx;
struct mpool;
struct mpool_class;
struct work_struct;

/*
 * Records that wait to be read.  Repeated events share one, so that this many
 * different things happen before somebody who reads once a second.
 */
#define MPOOL_EVENTS_MAX	64

/**
 * struct mpool_subscriber - one who wants to be told
 * @node: among the pool's; its events_lock
 * @mask: MPOOL_EVENT_*; @lock
 * @lock: protects what follows; inside the pool's events_lock; process context
 *	only
 * @head: oldest record
 * @nr: records that wait; glanced at without @lock
 * @records: a ring
 * @eventfd: with a reference, or NULL
 * @wait: who waits for records
 */
struct mpool_subscriber {
	struct list_head node;
	u32 mask;
	spinlock_t lock;	/* protects the ring and eventfd */
	unsigned int head;
	unsigned int nr;
	struct mpool_event *records;
	struct eventfd_ctx *eventfd;
	wait_queue_head_t wait;
};

void mpool_subscriber_init(struct mpool_subscriber *sub);
void mpool_subscriber_exit(struct mpool_subscriber *sub, struct mpool *pool);
int mpool_subscribe(struct mpool_subscriber *sub, struct mpool *pool, u32 mask,
		    struct eventfd_ctx *eventfd);
bool mpool_subscriber_take(struct mpool_subscriber *sub,
			   struct mpool_event *event);
void mpool_subscriber_put_back(struct mpool_subscriber *sub,
			       const struct mpool_event *event);
void mpool_subscriber_post(struct mpool_subscriber *sub, u32 type, u64 size,
			   u64 value, u64 client, u64 count);
void mpool_events_raise(struct mpool *pool, u32 type, u64 size, u64 value,
			u64 count);
void mpool_events_fn(struct work_struct *work);
void mpool_events_exhausted(struct mpool_class *cls);

#endif /* _MPOOL_EVENTS_H */
