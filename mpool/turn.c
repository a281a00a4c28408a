// SPDX-License-Identifier: GPL-2.0
/*
 * Turns of those who wait with something in hand that others wait for.
 */
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "turn.h"
#include "wait.h"

/*
 * Who waits for a turn has no place to lose, and so comes for what ends his wait
 * otherwise: as soon as nobody minds who waits anyway.
 */
#define LOOK_NS	(100 * NSEC_PER_MSEC)

void mpool_turn_init(struct mpool_turn *turn)
{
	init_waitqueue_head(&turn->queue);
}

/**
 * mpool_turn_wait() - wait for one's turn
 * @turn: the turn; nothing that others wait for is in the caller's hands
 * @deadline: absolute CLOCK_MONOTONIC, KTIME_MAX for no limit
 * @other: what would do as well, or NULL
 *
 * Context: process, sleeps.
 * Return: 0, and the turn is the caller's; -EINTR; -ETIMEDOUT; -EAGAIN: there is
 * what @other looks for.
 */
int mpool_turn_wait(struct mpool_turn *turn, ktime_t deadline,
		    struct mpool_wait_else *other)
{
	ktime_t until, left, now;
	int err;

	for (;;) {
		if (other && other->look(other))
			return -EAGAIN;
		now = ktime_get();
		until = deadline;
		if (other)
			until = min(until, ktime_add_ns(now, LOOK_NS));
		left = until;
		if (until != KTIME_MAX)
			left = ktime_sub(until, now);
		if (left <= 0)
			return -ETIMEDOUT;
		err = wait_event_interruptible_hrtimeout(turn->queue,
							 mpool_turn_try(turn),
							 left);
		if (err == -ERESTARTSYS)
			return -EINTR;
		if (err != -ETIME)
			return err;
		if (until == deadline)
			return -ETIMEDOUT;
	}
}

/**
 * mpool_turn_end() - let the next one
 * @turn: the caller's turn
 *
 * Context: any.
 */
void mpool_turn_end(struct mpool_turn *turn)
{
	/* What was collected, or given back, comes before the next turn. */
	smp_store_release(&turn->taken, 0);
	wake_up(&turn->queue);
}
