/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When the magazines do not do: drains, the reserve, and waiting in turn.
 */
#ifndef _MPOOL_WAIT_H
#define _MPOOL_WAIT_H

#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/wait.h>

/*
 * Who waits tries again after so long, lest a buffer could be made; mempool_alloc()
 * sleeps no longer either.
 */
#define MPOOL_WAIT_SLICE_NS	(5ULL * NSEC_PER_SEC)

struct mpool_class;

/**
 * struct mpool_wait_else - what ends a wait beside a buffer of the class
 * @queue: woken by whoever may have made it so, after that
 * @look: is it so?  Called without locks, may sleep.  The place in the queue is
 *	lost when it says so, and it is not asked again: what it saw it has to have
 * @pace: nanoseconds to the next look if nobody wakes @queue, for what nobody
 *	tells of; 0: MPOOL_WAIT_SLICE_NS; @look may change it
 */
struct mpool_wait_else {
	wait_queue_head_t *queue;
	bool (*look)(struct mpool_wait_else *other);
	u64 pace;
};

/**
 * struct mpool_wait_how - how somebody waits for a buffer
 * @state: TASK_KILLABLE or TASK_INTERRUPTIBLE
 * @deadline: absolute CLOCK_MONOTONIC, KTIME_MAX for no limit
 * @reserve: a reserve is for this one, too; @grow looks there when all else fails
 * @grow: tries to make a buffer; called without locks, may sleep; an ERR_PTR
 *	ends the wait
 * @arg: for @grow
 * @other: what would do as well, or NULL
 */
struct mpool_wait_how {
	unsigned int state;
	ktime_t deadline;
	bool reserve;
	void *(*grow)(struct mpool_class *cls, void *arg);
	void *arg;
	struct mpool_wait_else *other;
};

void mpool_wait_init(struct mpool_class *cls);
void mpool_slow_begin(struct mpool_class *cls);
void mpool_slow_end(struct mpool_class *cls);
void mpool_drain_begin(struct mpool_class *cls);
void mpool_drain_end(struct mpool_class *cls);
void mpool_drain_dead_cpu(struct mpool_class *cls, int cpu);
void mpool_reserve_empty(struct mpool_class *cls);
void *mpool_reserve_get(struct mpool_class *cls);
bool mpool_has_waiters(struct mpool_class *cls);
void *mpool_slow_get(struct mpool_class *cls, gfp_t gfp);
void mpool_slow_put(struct mpool_class *cls, void *buf, bool freed);
void mpool_wait_kick(struct mpool_class *cls);
void mpool_wait_grown(struct mpool_class *cls, int err);
void *mpool_wait(struct mpool_class *cls, const struct mpool_wait_how *how);

#endif /* _MPOOL_WAIT_H */
