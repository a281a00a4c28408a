// SPDX-License-Identifier: GPL-2.0
/*
 * How many buffers a class sets aside, from its beginning or while it is used.
 */
#include <linux/err.h>
#include <linux/minmax.h>

#include "class.h"
#include "reclaim.h"
#include "reserve.h"

/* Idle ones of the kernel's side; nobody's allocation, and counted as none. */
static void *take_idle(struct mpool_class *cls)
{
	unsigned long flags;
	void *buf = NULL;

	raw_spin_lock_irqsave(&cls->lock, flags);
	mpool_depot_take_old(cls, 0, 1, &buf);
	raw_spin_unlock_irqrestore(&cls->lock, flags);
	return buf;
}

static void *take_stock(struct mpool_class *cls)
{
	struct mpool_desc *desc;

	if (!cls->paged)
		return NULL;
	desc = mpool_stock_steal(cls, true);
	return desc ? desc->addr : NULL;
}

/* At a limit, what is idle for somebody who is charged for it. */
static int take_charged(struct mpool_class *cls, void **buf)
{
	if (!cls->paged)
		return -ENOSPC;
	*buf = mpool_stock_replace(cls, GFP_KERNEL);
	return *buf ? 0 : -ENOSPC;
}

static int take_new(struct mpool_class *cls, void **buf)
{
	int got = mpool_class_grow(cls, GFP_KERNEL, 1, buf);

	if (got == -ENOSPC && mpool_reclaim_squeeze(cls))
		got = mpool_class_grow(cls, GFP_KERNEL, 1, buf);
	mpool_wait_grown(cls, got);
	if (got == -ENOSPC)
		return take_charged(cls, buf);
	return min(got, 0);
}

/* @made: how many had to be made for it */
static int fill(struct mpool_class *cls, unsigned int *made)
{
	void *buf;
	int err;

	/* What is idle is in the depots after this, while it is short. */
	if (atomic_read(&cls->backed)) {
		mpool_drain_begin(cls);
		mpool_drain_end(cls);
	}
	while (READ_ONCE(cls->nr_reserve) < cls->reserve_target) {
		buf = take_idle(cls) ?: take_stock(cls);
		if (!buf) {
			err = take_new(cls, &buf);
			if (err)
				return err;
			++*made;
		}
		/* Who waits comes first, also before a reserve. */
		mpool_slow_put(cls, buf, false);
	}
	return 0;
}

/**
 * mpool_reserve_set() - change how many buffers are set aside
 * @cls: the class, new or in use; its pool's lock is held
 * @target: how many there shall be
 *
 * More are taken from what is idle, and then made; fewer leave the rest idle.
 * Who may sleep can have the first ones before the last is there.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC at a limit, -ENOMEM, and the reserve is as it was.
 */
int mpool_reserve_set(struct mpool_class *cls, unsigned int target)
{
	unsigned int old = cls->reserve_target, made = 0;
	int err = 0;

	mpool_reserve_retarget(cls, target);
	if (target > old)
		err = fill(cls, &made);
	if (err) {
		mpool_reserve_retarget(cls, old);
		mpool_class_shrink(cls, 0, made);
	}
	return err;
}
