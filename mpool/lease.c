// SPDX-License-Identifier: GPL-2.0
/*
 * Getting buffers of pages for clients: zeroed ones first, then those that
 * cost a zeroing, then new ones, then in turn with everybody who waits.
 */
#include <linux/err.h>
#include <linux/sched.h>

#include "class.h"
#include "lease.h"
#include "pages.h"
#include "reclaim.h"

/* Objects taken out of a depot at a time, staged on the stack. */
#define BATCH	16

struct take {
	struct mpool_class *cls;
	struct mpool_desc **descs;
	unsigned int nr;
	unsigned int got;
};

static void take_add(struct take *t, struct mpool_desc *desc)
{
	t->descs[t->got++] = desc;
}

static void take_clean(struct take *t)
{
	struct mpool_desc *desc;

	while (t->got < t->nr) {
		desc = mpool_stock_take_clean(t->cls);
		if (!desc)
			return;
		take_add(t, desc);
	}
}

static void take_dirty(struct take *t)
{
	struct mpool_desc *desc;

	while (t->got < t->nr) {
		desc = mpool_stock_take_dirty(t->cls);
		if (!desc)
			return;
		mpool_desc_clean(desc);
		atomic64_inc(&t->cls->stock.zeroed_sync);
		take_add(t, desc);
	}
}

/*
 * From the kernel's side to a client's: what a kernel user wrote must go, and
 * what a kernel user left pinned may not be handed out.
 */
static bool take_from_kernel(struct take *t, struct mpool_obj *obj)
{
	struct mpool_desc *desc = mpool_obj_desc(obj);

	if (mpool_pages_pinned(desc) && !mpool_stock_add_dirty(t->cls, desc))
		return false;
	mpool_desc_clean(desc);
	atomic64_inc(&t->cls->stock.zeroed_sync);
	take_add(t, desc);
	return true;
}

static void take_depot(struct take *t)
{
	struct mpool_class *cls = t->cls;
	struct mpool_obj *objs[BATCH];
	unsigned int i, got;
	unsigned long flags;

	while (t->got < t->nr) {
		raw_spin_lock_irqsave(&cls->lock, flags);
		got = 0;
		if (list_empty(&cls->waiters))
			got = mpool_depot_take_old(cls, 0,
						   min(t->nr - t->got,
						       (unsigned int)BATCH),
						   objs);
		raw_spin_unlock_irqrestore(&cls->lock, flags);
		if (!got)
			return;
		for (i = 0; i < got; i++)
			take_from_kernel(t, objs[i]);
	}
}

static int take_new(struct take *t)
{
	struct mpool_obj *objs[BATCH];
	int i, got;

	while (t->got < t->nr) {
		got = mpool_class_grow(t->cls, GFP_KERNEL | __GFP_ZERO |
				       __GFP_NOWARN | __GFP_NORETRY,
				       min(t->nr - t->got, (unsigned int)BATCH),
				       objs);
		if (got < 0)
			return got;
		for (i = 0; i < got; i++)
			take_add(t, mpool_obj_desc(objs[i]));
	}
	return 0;
}

/* All that can be had without waiting for anybody. */
static int take_now(struct take *t)
{
	int err;

	take_clean(t);
	if (mpool_has_waiters(t->cls))
		return t->got < t->nr ? -ENOSPC : 0;
	take_dirty(t);
	take_depot(t);
	err = take_new(t);
	if (err == -ENOSPC && mpool_reclaim_squeeze(t->cls))
		err = take_new(t);
	if (!err)
		return 0;
	/* The CPUs' magazines may hold what is missing. */
	mpool_drain_begin(t->cls);
	take_depot(t);
	mpool_drain_end(t->cls);
	return t->got < t->nr ? err : 0;
}

/* For the first in the queue, when something may have come into the stock. */
static struct mpool_obj *take_grow(struct mpool_class *cls, void *arg)
{
	struct take *t = arg, one = { cls, t->descs + t->got, 1, 0 };

	take_clean(&one);
	take_dirty(&one);
	if (!one.got)
		take_new(&one);
	return one.got ? &one.descs[0]->obj : NULL;
}

static int take_wait(struct take *t, ktime_t deadline)
{
	struct mpool_wait_how how = {
		.state = TASK_INTERRUPTIBLE,
		.deadline = deadline,
		.grow = take_grow,
		.arg = t,
	};
	struct mpool_obj *obj = mpool_wait(t->cls, &how);
	struct mpool_desc *desc;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	desc = mpool_obj_desc(obj);
	if (desc->owner == MPOOL_OWNER_CLEAN) {
		take_add(t, desc);
		return 0;
	}
	/* By hand-over from a kernel user's free: counted as his allocation. */
	atomic64_inc(&t->cls->moved);
	take_from_kernel(t, obj);
	return 0;
}

static void take_undo(struct take *t)
{
	while (t->got)
		mpool_stock_add_clean(t->cls, t->descs[--t->got]);
}

/**
 * mpool_lease_take() - get buffers for a client
 * @cls: a class of pages
 * @owner: the client, MPOOL_OWNER_CLIENT or above
 * @nr: how many are wanted
 * @all: fewer are none
 * @deadline: until when to wait for the first (for all with @all)
 * @descs: where to
 *
 * Buffers come zeroed, as MPOOL_LEASED.
 *
 * Context: process, may sleep.
 * Return: how many, @nr with @all; -EAGAIN when none can be had now and
 * @deadline is MPOOL_DEADLINE_NOW; -ETIMEDOUT; -EINTR; -ENOMEM when the system
 * has no memory.
 */
int mpool_lease_take(struct mpool_class *cls, u32 owner, unsigned int nr,
		     bool all, ktime_t deadline, struct mpool_desc **descs)
{
	struct take t = { cls, descs, nr, 0 };
	unsigned int need = all ? nr : 1, i;
	int err = take_now(&t);

	while (t.got < need) {
		if (err == -ENOMEM)
			break;
		err = -EAGAIN;
		if (deadline == MPOOL_DEADLINE_NOW)
			break;
		err = take_wait(&t, deadline);
		if (err)
			break;
	}
	if (t.got < need) {
		take_undo(&t);
		atomic64_inc(&cls->fails);
		return err;
	}
	for (i = 0; i < t.got; i++) {
		descs[i]->owner = owner;
		WRITE_ONCE(descs[i]->obj.tag,
			   mpool_obj_tag(&descs[i]->obj, cls->tag,
					 MPOOL_LEASED));
	}
	atomic_add(t.got, &cls->stock.leased);
	atomic64_add(t.got, &cls->stock.leases);
	return t.got;
}
