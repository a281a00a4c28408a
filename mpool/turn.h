/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A turn: one at a time, and the others sleep until a deadline or a signal.  A
 * mutex cannot be waited for so.
 */
#ifndef _MPOOL_TURN_H
#define _MPOOL_TURN_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/wait.h>

struct mpool_wait_else;

/**
 * struct mpool_turn - whose turn it is
 * @taken: somebody's; changed by cmpxchg
 * @queue: who waits
 */
struct mpool_turn {
	unsigned int taken;
	wait_queue_head_t queue;
};

void mpool_turn_init(struct mpool_turn *turn);
int mpool_turn_wait(struct mpool_turn *turn, ktime_t deadline,
		    struct mpool_wait_else *other);
void mpool_turn_end(struct mpool_turn *turn);

/* True: it is the caller's, until mpool_turn_end(). */
static inline bool mpool_turn_try(struct mpool_turn *turn)
{
	return !cmpxchg(&turn->taken, 0, 1);
}

#endif /* _MPOOL_TURN_H */
