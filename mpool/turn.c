// SPDX-License-Identifier: GPL-2.0
/*
 * Turns of those who wait with something in hand that others wait for.
 */
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "turn.h"

void mpool_turn_init(struct mpool_turn *turn)
{
	init_waitqueue_head(&turn->queue);
}

/**
 * mpool_turn_wait() - wait for one's turn
 * @turn: the turn; nothing that others wait for is in the caller's hands
 * @deadline: absolute CLOCK_MONOTONIC, KTIME_MAX for no limit
 *
 * Context: process, sleeps.
 * Return: 0, and the turn is the caller's; -EINTR; -ETIMEDOUT.
 */
int mpool_turn_wait(struct mpool_turn *turn, ktime_t deadline)
{
	ktime_t left = KTIME_MAX;
	int err;

	if (deadline != KTIME_MAX)
		left = ktime_sub(deadline, ktime_get());
	if (left <= 0)
		return -ETIMEDOUT;
	err = wait_event_interruptible_hrtimeout(turn->queue,
						 mpool_turn_try(turn), left);
	return err == -ERESTARTSYS ? -EINTR : err == -ETIME ? -ETIMEDOUT : err;
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
