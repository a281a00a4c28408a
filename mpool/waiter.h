/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A place in a class's queue.
 */
#ifndef _MPOOL_WAITER_H
#define _MPOOL_WAITER_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>

struct mpool_class;
struct mpool_wait_how;
struct task_struct;

/**
 * struct mpool_waiter - who waits for a buffer; lies on his stack
 * @node: among the class's waiters, or empty; the class's lock
 * @reserve_node: among those who may have of a reserve, as @node, if he may
 * @task: to be woken; constant
 * @entry: in the queue of how->other
 * @how: what for; constant
 * @buf: handed over; written under the class's lock, with @node taken out
 * @look: he is to look at what how->other has; as @retry
 * @retry: he is to try to make one; set by anybody who can see him, cleared by himself
 * @starving: he has raised the pool's count of those who starve; his own
 * @looked: he has looked at room that he was refused, since he slept; his own
 * @slice: when he tries again without being told; his own
 * @look_at: when he looks again without being told; his own
 */
struct mpool_waiter {
	struct list_head node;
	struct list_head reserve_node;
	struct task_struct *task;
	struct wait_queue_entry entry;
	const struct mpool_wait_how *how;
	void *buf;
	bool look;
	bool retry;
	bool starving;
	bool looked;
	ktime_t slice;
	ktime_t look_at;
};

bool mpool_waiter_join(struct mpool_class *cls, struct mpool_waiter *w);
void *mpool_waiter_leave(struct mpool_class *cls, struct mpool_waiter *w);
void mpool_waiter_pass(struct mpool_class *cls);

#endif /* _MPOOL_WAITER_H */
