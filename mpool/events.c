// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a pool, and those who read them.
 *
 * An event that is like the last record which nobody has read yet is added to
 * it: so a pool that fails a thousand times a second fills no ring, and needs
 * no memory.  Where buffers are handed out nobody is told, since there may be
 * many to tell: it is counted, and a worker tells.  With nobody subscribed it
 * is a look at an empty list.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "class.h"
#include "compat/eventfd.h"
#include "events.h"
#include "pool.h"
#include "work.h"

/**
 * mpool_subscriber_init() - one who is told nothing yet
 * @sub: the subscriber
 *
 * Context: any.
 */
void mpool_subscriber_init(struct mpool_subscriber *sub)
{
	INIT_LIST_HEAD(&sub->node);
	spin_lock_init(&sub->lock);
	init_waitqueue_head(&sub->wait);
}

/**
 * mpool_subscriber_exit() - end it, whether it subscribed or not
 * @sub: the subscriber
 * @pool: the pool
 *
 * Context: process, may sleep.
 */
void mpool_subscriber_exit(struct mpool_subscriber *sub, struct mpool *pool)
{
	mutex_lock(&pool->events_lock);
	list_del_init(&sub->node);
	mutex_unlock(&pool->events_lock);
	/* Who knows the subscriber otherwise looks at the mask under its lock. */
	spin_lock(&sub->lock);
	sub->mask = 0;
	spin_unlock(&sub->lock);
	if (sub->eventfd)
		eventfd_ctx_put(sub->eventfd);
	kfree(sub->records);
}

/**
 * mpool_subscribe() - say what one wants to be told, instead of before
 * @sub: the subscriber; one call at a time
 * @pool: the pool
 * @mask: MPOOL_EVENT_*; 0: nothing.  Records of other events are dropped.
 * @eventfd: signalled with each event; the subscriber's on success; or NULL
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_subscribe(struct mpool_subscriber *sub, struct mpool *pool, u32 mask,
		    struct eventfd_ctx *eventfd)
{
	struct mpool_event *records = NULL;
	struct eventfd_ctx *old;

	if (!sub->records) {
		records = kcalloc(MPOOL_EVENTS_MAX, sizeof(*records),
				  GFP_KERNEL_ACCOUNT);
		if (!records)
			return -ENOMEM;
	}
	mutex_lock(&pool->events_lock);
	spin_lock(&sub->lock);
	if (records)
		sub->records = records;
	sub->head = 0;
	WRITE_ONCE(sub->nr, 0);
	old = sub->eventfd;
	sub->eventfd = eventfd;
	WRITE_ONCE(sub->mask, mask);
	spin_unlock(&sub->lock);
	list_del_init(&sub->node);
	if (mask)
		list_add(&sub->node, &pool->subscribers);
	mutex_unlock(&pool->events_lock);
	if (old)
		eventfd_ctx_put(old);
	return 0;
}

static struct mpool_event *record(struct mpool_subscriber *sub, unsigned int i)
{
	return &sub->records[(sub->head + i) % MPOOL_EVENTS_MAX];
}

/* Each revocation names its lease, so these are not added up. */
static bool alike(const struct mpool_event *a, u32 type, u64 size, u64 client)
{
	return a->type == type && a->length == size && a->client == client &&
	       type != MPOOL_EVENT_REVOKED;
}

static const struct mpool_event *take(struct mpool_subscriber *sub)
{
	const struct mpool_event *event = record(sub, 0);

	sub->head = (sub->head + 1) % MPOOL_EVENTS_MAX;
	WRITE_ONCE(sub->nr, sub->nr - 1);
	return event;
}

/* The record after it, which is there, says so. */
static void lose(struct mpool_subscriber *sub, const struct mpool_event *event)
{
	struct mpool_event *next = record(sub, 0);
	u64 lost = event->lost + event->count + next->lost;

	next->lost = min_t(u64, lost, U32_MAX);
}

static void enter(struct mpool_subscriber *sub, u32 type, u64 size, u64 value,
		  u64 client, u64 count)
{
	struct mpool_event *event;

	lockdep_assert_held(&sub->lock);
	if (sub->nr) {
		event = record(sub, sub->nr - 1);
		if (alike(event, type, size, client)) {
			event->time_ns = ktime_get_ns();
			event->value = value;
			event->count += count;
			return;
		}
	}
	/* The oldest goes: what holds now is not to be missed. */
	if (sub->nr == MPOOL_EVENTS_MAX)
		lose(sub, take(sub));
	event = record(sub, sub->nr);
	*event = (struct mpool_event) {
		.type = type,
		.time_ns = ktime_get_ns(),
		.length = size,
		.value = value,
		.client = client,
		.count = count,
	};
	WRITE_ONCE(sub->nr, sub->nr + 1);
}

/**
 * mpool_subscriber_post() - tell one of them, if he asked for it
 * @sub: the subscriber
 * @type: MPOOL_EVENT_*
 * @size: of the class's buffers, or 0
 * @value: as struct mpool_event says
 * @client: whom it is about, or 0
 * @count: how many times it happened
 *
 * Context: process.
 */
void mpool_subscriber_post(struct mpool_subscriber *sub, u32 type, u64 size,
			   u64 value, u64 client, u64 count)
{
	spin_lock(&sub->lock);
	if (sub->mask & type) {
		enter(sub, type, size, value, client, count);
		if (sub->eventfd)
			mpool_eventfd_signal(sub->eventfd);
		wake_up_interruptible_poll(&sub->wait, EPOLLIN | EPOLLRDNORM);
	}
	spin_unlock(&sub->lock);
}

/**
 * mpool_subscriber_take() - take the oldest record
 * @sub: the subscriber
 * @event: where to
 *
 * Context: process.
 * Return: false when there is none.
 */
bool mpool_subscriber_take(struct mpool_subscriber *sub,
			   struct mpool_event *event)
{
	bool some;

	spin_lock(&sub->lock);
	some = sub->nr;
	if (some)
		*event = *take(sub);
	spin_unlock(&sub->lock);
	return some;
}

/**
 * mpool_subscriber_put_back() - undo mpool_subscriber_take()
 * @sub: the subscriber
 * @event: what could not be told; lost when the ring has filled up meanwhile,
 *	dropped when nothing is subscribed any more
 *
 * Context: process.
 */
void mpool_subscriber_put_back(struct mpool_subscriber *sub,
			       const struct mpool_event *event)
{
	spin_lock(&sub->lock);
	if (sub->nr == MPOOL_EVENTS_MAX) {
		lose(sub, event);
	} else if (sub->mask) {
		sub->head = (sub->head + MPOOL_EVENTS_MAX - 1) %
			    MPOOL_EVENTS_MAX;
		*record(sub, 0) = *event;
		WRITE_ONCE(sub->nr, sub->nr + 1);
	}
	spin_unlock(&sub->lock);
}

/**
 * mpool_events_raise() - tell all who asked for it
 * @pool: the pool that it happened to
 * @type: MPOOL_EVENT_*
 * @size: of the class's buffers, or 0
 * @value: as struct mpool_event says
 * @count: how many times it happened
 *
 * Context: process, may sleep.
 */
void mpool_events_raise(struct mpool *pool, u32 type, u64 size, u64 value,
			u64 count)
{
	struct mpool_subscriber *sub;

	mutex_lock(&pool->events_lock);
	list_for_each_entry(sub, &pool->subscribers, node) {
		mpool_subscriber_post(sub, type, size, value, 0, count);
		cond_resched();
	}
	mutex_unlock(&pool->events_lock);
}

/**
 * mpool_events_exhausted() - a class had nothing to give
 * @cls: the class
 *
 * Context: any but NMI.
 */
void mpool_events_exhausted(struct mpool_class *cls)
{
	/* Mostly nobody listens. */
	if (list_empty_careful(&cls->pool->subscribers))
		return;
	atomic_inc(&cls->untold);
	queue_work(mpool_wq, &cls->pool->events_work);
}

/**
 * mpool_events_fn() - tells of what was counted
 * @work: events_work of a pool
 */
void mpool_events_fn(struct work_struct *work)
{
	struct mpool *pool = container_of(work, struct mpool, events_work);
	unsigned int i, count;

	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (!cls)
			continue;
		count = atomic_xchg(&cls->untold, 0);
		if (count)
			mpool_events_raise(pool, MPOOL_EVENT_EXHAUSTED,
					   cls->size,
					   atomic_read(&cls->backed), count);
	}
}
