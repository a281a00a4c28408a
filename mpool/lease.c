// SPDX-License-Identifier: GPL-2.0
/*
 * Getting buffers of pages for clients: zeroed ones first, then those that
 * cost a zeroing, then new ones, then in turn with everybody who waits.
 *
 * A client whose memory a cgroup is charged for has what was made for that
 * cgroup, and a client that nobody is charged for has no such.  What is idle for
 * others is of use at a limit only: then it is replaced.  So whatever comes to
 * be idle helps whoever waits, and no wait depends on whose it was.
 */
#include <linux/err.h>
#include <linux/sched.h>

#include "ahead.h"
#include "class.h"
#include "events.h"
#include "lease.h"
#include "limits.h"
#include "pages.h"
#include "payer.h"
#include "payers.h"
#include "pool.h"
#include "recall.h"
#include "reclaim.h"
#include "trace.h"
#include "turn.h"
#include "use.h"
#include "wait.h"

/* Buffers taken out of a depot at a time, staged on the stack. */
#define BATCH	16

/* New memory; a payer's is not tried hard for, or tasks would be killed. */
#define GFP_LEASE	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN)

/**
 * struct take - a lease on its way to buffers
 * @cls: of what class
 * @payer: who is charged for them, or NULL: nobody
 * @descs: what it has
 * @nr: how many it wants
 * @need: how many it needs
 * @got: how many it has
 * @owner: the client
 * @alone: it has the pool's turn
 * @done: it needs no more, since @other was found
 * @other: what would do as well, or NULL
 * @wait: the same, for the queue
 */
struct take {
	struct mpool_class *cls;
	struct mpool_payer *payer;
	struct mpool_desc **descs;
	unsigned int nr;
	unsigned int need;
	unsigned int got;
	u32 owner;
	bool alone;
	bool done;
	struct mpool_lease_else *other;
	struct mpool_wait_else wait;
};

/* From here on the buffer is the client's, and is counted as such. */
static void take_add(struct take *t, struct mpool_desc *desc)
{
	desc->owner = t->owner;
	mpool_desc_set(desc, t->cls->tag, MPOOL_LEASED);
	atomic_inc(&t->cls->stock.leased);
	t->descs[t->got++] = desc;
}

/* Gives back what no process has seen yet: it is as clean as it came. */
static void take_undo(struct take *t)
{
	struct mpool_desc *desc;

	if (!t->got)
		return;
	while (t->got) {
		desc = t->descs[--t->got];
		desc->owner = MPOOL_OWNER_CLEAN;
		mpool_desc_set(desc, t->cls->tag, MPOOL_FREE);
		atomic_dec(&t->cls->stock.leased);
		mpool_stock_add_clean(t->cls, t->payer, desc);
	}
	/* Others may have looked meanwhile. */
	mpool_use_changed(t->cls);
}

static void take_clean(struct take *t)
{
	struct mpool_desc *desc;

	while (t->got < t->nr) {
		desc = mpool_stock_take_clean(t->cls, t->payer);
		if (!desc)
			return;
		take_add(t, desc);
	}
}

static void take_dirty(struct take *t)
{
	struct mpool_desc *desc;

	while (t->got < t->nr) {
		desc = mpool_stock_take_dirty(t->cls, t->payer);
		if (!desc)
			return;
		mpool_desc_clean(desc);
		atomic64_inc(&t->cls->stock.zeroed_sync);
		take_add(t, desc);
	}
}

/* In place of a buffer that is charged to others, or to nobody. */
static int take_replaced(struct take *t, void *buf)
{
	buf = mpool_payer_replace(t->payer, t->cls, GFP_LEASE, buf);
	if (!buf)
		return -ENOMEM;
	take_add(t, mpool_desc(buf));
	return 0;
}

/*
 * From the kernel's side to a client's: what a kernel user wrote must go, and
 * what a kernel user left pinned may not be handed out.  Once given to the
 * stock a buffer is the stock's, whatever that finds when it looks itself.
 */
static int take_from_kernel(struct take *t, void *buf)
{
	struct mpool_desc *desc = mpool_desc(buf);

	if (mpool_pages_pinned(desc)) {
		mpool_stock_add_dirty(t->cls, NULL, NULL, desc);
		return 0;
	}
	if (t->payer)
		return take_replaced(t, buf);
	mpool_desc_clean(desc);
	atomic64_inc(&t->cls->stock.zeroed_sync);
	take_add(t, desc);
	return 0;
}

static int take_depot(struct take *t)
{
	struct mpool_class *cls = t->cls;
	void *bufs[BATCH];
	unsigned int i, got;
	unsigned long flags;
	int err = 0;

	while (!err && t->got < t->nr) {
		raw_spin_lock_irqsave(&cls->lock, flags);
		got = 0;
		if (list_empty(&cls->waiters))
			got = mpool_depot_take_cold(cls,
						    min(t->nr - t->got,
							(unsigned int)BATCH),
						    bufs);
		raw_spin_unlock_irqrestore(&cls->lock, flags);
		if (!got)
			break;
		for (i = 0; !err && i < got; i++)
			err = take_from_kernel(t, bufs[i]);
		if (i == got)
			continue;
		for (; i < got; i++)
			mpool_slow_put(cls, bufs[i], false);
		/* Others may have looked meanwhile. */
		mpool_wait_kick(cls);
	}
	return err;
}

/* What stands below the class's limit in this client's way. */
static int take_others(struct take *t)
{
	struct mpool_desc *desc;
	int err = 0;

	while (!err && t->got < t->nr) {
		desc = mpool_stock_take_others(t->cls, t->payer);
		if (!desc)
			break;
		err = take_replaced(t, desc->addr);
	}
	return err;
}

/*
 * What this client needs is made here, zeroed; what growth makes beyond that
 * is zeroed by a worker, and nobody waits for it.
 */
static int take_new(struct take *t)
{
	unsigned int target = mpool_payer_target(t->payer, t->cls);
	unsigned int before = t->got;
	void *bufs[BATCH];
	int i, got = 0;

	while (t->got < t->nr) {
		got = mpool_payer_grow(t->payer, t->cls,
				       GFP_LEASE | __GFP_NORETRY,
				       min(t->nr - t->got, (unsigned int)BATCH),
				       bufs);
		if (got < 0)
			break;
		mpool_depot_peak(t->cls);
		for (i = 0; i < got; i++)
			take_add(t, mpool_desc(bufs[i]));
	}
	mpool_wait_grown(t->cls, got);
	if (t->got > before)
		mpool_ahead_grow(t->cls, t->payer, target);
	return min(got, 0);
}

static void take_idle(struct take *t, bool full)
{
	take_clean(t);
	take_dirty(t);
	if (full)
		take_others(t);
}

/*
 * Waits for what the workers have in their hands.  Who grows a class has no end
 * before a limit, and at one no more than the one in his hands.
 */
static void settle(struct mpool_class *cls)
{
	if (mpool_limits_full(cls, NULL) || !mpool_class_has_room(cls))
		mpool_stock_settle(cls);
	else
		mpool_stock_await(cls);
}

/*
 * Also what the workers have in their hands, when they have no more to take, and
 * what they put down between the looks at what is clean and at what is dirty.
 */
static void take_settled(struct take *t, bool full)
{
	take_idle(t, full);
	if (t->got == t->nr)
		return;
	settle(t->cls);
	take_idle(t, full);
}

/* The CPUs' magazines, and what the workers have in their hands. */
static void take_hidden(struct take *t, bool full)
{
	struct mpool_class *cls = t->cls;

	take_settled(t, full);
	/* The kernel's are replaced when nothing else can be. */
	if (t->payer && !full)
		return;
	/* A grace period that finds nothing would be anybody's to ask for. */
	if (t->got == t->nr || !mpool_magazine_count(cls))
		return;
	mpool_drain_begin(cls);
	/* Those in the depot are zeroed, or replaced: nobody waits for that. */
	mpool_drain_end(cls);
	take_depot(t);
}

/* A buffer in the place of what is idle in another class, if anything is. */
static bool take_squeezed(struct take *t, const struct mpool_class *other)
{
	return (READ_ONCE(other->stock.nr_clean) ||
		READ_ONCE(other->stock.nr_dirty)) &&
	       mpool_reclaim_squeeze(t->cls) && !take_new(t);
}

/* What clients keep and do not use; last, since they lose their mappings. */
static void take_kept(struct take *t, bool full)
{
	struct mpool *pool = t->cls->pool;
	struct mpool_class *cls;
	unsigned int i;

	mpool_recall(t->cls, t->nr - t->got, 0);
	take_settled(t, full || !t->payer);
	if (t->got || !full || mpool_limits_full(t->cls, NULL))
		return;
	/* The pool's bytes may be kept in other classes. */
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (!cls || cls == t->cls || !cls->paged)
			continue;
		if (cls->tier != t->cls->tier &&
		    !mpool_class_tier_has_room(t->cls))
			continue;
		mpool_recall(cls, DIV_ROUND_UP(t->cls->size, cls->size), 0);
		/* The worker that was asked before may have been faster. */
		if (take_squeezed(t, cls))
			return;
		settle(cls);
		if (take_squeezed(t, cls))
			return;
	}
}

/* At the cgroup's own limit: nobody else's memory is a help. */
static int take_yielded(struct take *t)
{
	if (t->got >= t->need)
		return -ENOMEM;
	mpool_payers_yield(t->cls->pool, t->payer);
	return take_new(t);
}

/* At the class's limit, or the pool's: what is idle there for others. */
static int take_full(struct take *t)
{
	int err = take_others(t);

	if (!err && t->payer)
		err = take_depot(t);
	/* The place of the one that was to be replaced is free. */
	if (err == -ENOMEM && t->payer)
		err = take_yielded(t);
	return err ?: -ENOSPC;
}

/* How many leases of the class there can be at best. */
static unsigned int take_limit(struct mpool_class *cls)
{
	unsigned long bytes = min(READ_ONCE(cls->pool->max_bytes),
				  READ_ONCE(cls->pool->tier_max[cls->tier]));

	return min_t(unsigned long, READ_ONCE(cls->lease_max),
		     bytes / mpool_class_cost(cls));
}

/* All that can be had without waiting for anybody; who waits comes first. */
static int take_now(struct take *t)
{
	int err;

	if (mpool_has_waiters(t->cls))
		return -ENOSPC;
	take_clean(t);
	take_dirty(t);
	if (!t->payer)
		take_depot(t);
	err = take_new(t);
	if (err == -ENOMEM && t->payer)
		err = take_yielded(t);
	if (err == -ENOSPC)
		err = take_full(t);
	if (err == -ENOSPC && !t->got && mpool_reclaim_squeeze(t->cls))
		err = take_new(t);
	if (err)
		take_hidden(t, err == -ENOSPC);
	if (t->got < t->nr && !(err == -ENOMEM && t->payer))
		take_kept(t, err == -ENOSPC);
	return t->got < t->nr ? err : 0;
}

/*
 * Where the pool's bytes are what lacks, what is in hand may be what others wait
 * for, in other classes.
 */
static bool take_may_wait(struct take *t)
{
	struct mpool_class *cls = t->cls;

	if (!t->got || t->alone ||
	    atomic_read(&cls->backed) >= (int)READ_ONCE(cls->max) ||
	    mpool_class_has_room(cls))
		return true;
	t->alone = mpool_turn_try(&cls->pool->turn);
	return t->alone;
}

static int grow_one(struct take *t, void **buf)
{
	int got = mpool_payer_grow(t->payer, t->cls, GFP_LEASE, 1, buf);

	if (got == -ENOMEM && t->payer) {
		mpool_payers_yield(t->cls->pool, t->payer);
		got = mpool_payer_grow(t->payer, t->cls, GFP_LEASE, 1, buf);
	}
	return min(got, 0);
}

/*
 * For the first in the queue, when something may have come into the stock.  Who
 * is refused by his cgroup leaves it: there may be others behind.
 */
static void *take_grow(struct mpool_class *cls, void *arg)
{
	struct take *t = arg;
	struct mpool_desc *desc;
	void *buf;
	int err;

	/* A limit that was lowered meanwhile: what is in hand would stay there. */
	if (t->need > 1 && t->need > take_limit(cls))
		return ERR_PTR(-ENOSPC);
	desc = mpool_stock_take_clean(cls, t->payer);
	if (desc)
		return desc->addr;
	desc = mpool_stock_take_dirty(cls, t->payer);
	if (desc) {
		mpool_desc_clean(desc);
		atomic64_inc(&cls->stock.zeroed_sync);
		return desc->addr;
	}
	err = grow_one(t, &buf);
	if (!err)
		return buf;
	if (err == -ENOSPC || !t->payer) {
		desc = mpool_stock_take_others(cls, t->payer);
		if (desc) {
			buf = mpool_payer_replace(t->payer, cls, GFP_LEASE,
						  desc->addr);
			if (buf)
				return buf;
			/* Its place is free. */
			err = grow_one(t, &buf);
			if (!err)
				return buf;
		}
	}
	if (err == -ENOSPC && mpool_reclaim_squeeze(cls)) {
		err = grow_one(t, &buf);
		if (!err)
			return buf;
	}
	if (err == -ENOMEM && t->payer)
		return ERR_PTR(err);
	return take_may_wait(t) ? NULL : ERR_PTR(-EDEADLK);
}

static bool take_look(struct mpool_wait_else *wait)
{
	struct take *t = container_of(wait, struct take, wait);

	t->done = t->other->look(t->other, t->got);
	wait->pace = t->other->pace;
	return t->done;
}

static int take_wait(struct take *t, ktime_t deadline)
{
	struct mpool_wait_how how = {
		.state = TASK_INTERRUPTIBLE,
		.deadline = deadline,
		.grow = take_grow,
		.arg = t,
		.other = t->other ? &t->wait : NULL,
	};
	void *buf = mpool_wait(t->cls, &how);
	struct mpool_desc *desc;
	int err;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	desc = mpool_desc(buf);
	if (desc->owner == MPOOL_OWNER_CLEAN) {
		take_add(t, desc);
		return 0;
	}
	/* By hand-over from a kernel user's free: counted as his allocation. */
	atomic64_inc(&t->cls->moved);
	err = take_from_kernel(t, buf);
	if (err == -ENOMEM && t->payer)
		err = take_yielded(t);
	/* Somebody was faster: in the queue again. */
	return err == -ENOSPC ? 0 : err;
}

static int take_turn(struct take *t, struct mpool_turn *turn, ktime_t deadline)
{
	if (mpool_turn_try(turn))
		return 0;
	take_undo(t);
	return mpool_turn_wait(turn, deadline, t->other ? &t->wait : NULL);
}

static int take_until(struct take *t, unsigned int need, ktime_t deadline)
{
	int err = 0;

	while (!err && !t->done && t->got < need)
		err = take_wait(t, deadline);
	return t->done ? 0 : err;
}

/*
 * One who wants all may wait with some in hand, but only one at a time: two
 * could wait for each other's.  The others wait for their turn empty-handed.
 * Of a class's buffers that is one in the class, of the pool's bytes one in the
 * pool: a turn of the pool for both would have everybody wait for one whose
 * class alone is at its limit.
 */
static int take_all(struct take *t, ktime_t deadline)
{
	struct mpool_turn *turn = &t->cls->stock.turn;
	int err = take_turn(t, turn, deadline);

	if (err)
		return t->done ? 0 : err;
	err = take_until(t, t->nr, deadline);
	if (err == -EDEADLK) {
		err = take_turn(t, &t->cls->pool->turn, deadline);
		t->alone = !err;
		if (!err)
			err = take_until(t, t->nr, deadline);
		else if (t->done)
			err = 0;
	}
	if (err)
		take_undo(t);
	if (t->alone)
		mpool_turn_end(&t->cls->pool->turn);
	mpool_turn_end(turn);
	return err;
}

/**
 * mpool_lease_take_unless() - get buffers for a client
 * @cls: a class of pages
 * @payer: who is charged for them, with a client; NULL: nobody
 * @owner: the client, MPOOL_OWNER_CLIENT or above
 * @nr: how many are wanted
 * @all: fewer are none
 * @deadline: until when to wait for the first (for all with @all)
 * @other: what ends a wait beside them, or NULL
 * @descs: where to
 *
 * Buffers come zeroed, as MPOOL_LEASED.
 *
 * Context: process, may sleep.
 * Return: how many, @nr with @all, but fewer, or 0, if @other has ended the wait;
 * -EAGAIN when none can be had now and @deadline is MPOOL_DEADLINE_NOW or _TRY;
 * -ETIMEDOUT; -EINTR; -ENOSPC when @all are more than the class, its tier or the
 * pool may ever have, also if that was lowered meanwhile; -ENOMEM when the system
 * has no memory, or the payer's cgroup may have no more.
 */
int mpool_lease_take_unless(struct mpool_class *cls, struct mpool_payer *payer,
			    u32 owner, unsigned int nr, bool all,
			    ktime_t deadline, struct mpool_lease_else *other,
			    struct mpool_desc **descs)
{
	unsigned int need = all ? nr : 1;
	struct take t = {
		.cls = cls, .payer = payer, .descs = descs, .nr = nr,
		.need = need, .owner = owner, .other = other,
		.wait = { other ? other->queue : NULL, take_look },
	};
	int err;

	if (all && nr > take_limit(cls))
		return -ENOSPC;
	err = mpool_shelf_open(cls, payer);
	if (err)
		return err;
	err = take_now(&t);
	if (t.got < need && deadline == MPOOL_DEADLINE_TRY) {
		take_undo(&t);
		return err == -ENOMEM ? err : -EAGAIN;
	}
	if (t.got < need)
		trace_mpool_exhaust(cls->pool->name, cls->size,
				    READ_ONCE(cls->max),
				    atomic_long_read(&cls->pool->bytes),
				    READ_ONCE(cls->pool->max_bytes), GFP_KERNEL,
				    err, err != -ENOMEM &&
				    deadline != MPOOL_DEADLINE_NOW);
	if (t.got < need)
		mpool_events_exhausted(cls);
	if (t.got < need && err != -ENOMEM) {
		err = -EAGAIN;
		if (deadline != MPOOL_DEADLINE_NOW)
			err = all ? take_all(&t, deadline) :
				    take_until(&t, need, deadline);
	}
	if (t.got < need && !t.done) {
		take_undo(&t);
		atomic64_inc(&cls->fails);
		return err;
	}
	atomic64_add(t.got, &cls->stock.leases);
	mpool_use_changed(cls);
	return t.got;
}
