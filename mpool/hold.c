// SPDX-License-Identifier: GPL-2.0
/*
 * Holding a thread where a test says, for as long as it says:
 * /sys/module/mpool/parameters/hold has the number of a point, or 0, and
 * /sys/module/mpool/parameters/held how many are held now.
 */
#ifdef CONFIG_FAULT_INJECTION

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "hold.h"

/* Written by sysfs alone, under its lock; read without one. */
static unsigned int hold;
module_param(hold, uint, 0600);
MODULE_PARM_DESC(hold, "For tests: the point at which threads are held");

static atomic_t nr_held = ATOMIC_INIT(0);

static int held_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&nr_held));
}

static const struct kernel_param_ops held_ops = {
	.get = held_get,
};

module_param_cb(held, &held_ops, NULL, 0400);
MODULE_PARM_DESC(held, "For tests: threads that are held now");

/**
 * mpool_hold() - stay here while a test wants it so
 * @point: where this is
 *
 * Context: process, may sleep.  A thread that is killed goes on.
 */
void mpool_hold(enum mpool_hold_point point)
{
	if (likely(READ_ONCE(hold) != point))
		return;
	atomic_inc(&nr_held);
	while (READ_ONCE(hold) == point && !fatal_signal_pending(current))
		usleep_range(500, 1000);
	atomic_dec(&nr_held);
}

#endif /* CONFIG_FAULT_INJECTION */
