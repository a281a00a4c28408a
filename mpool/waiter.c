// SPDX-License-Identifier: GPL-2.0
/*
 * One task's wait in a class's queue: what it looks at before it sleeps, and
 * what ends it.
 *
 * It ends with a buffer by hand-over (wait.c), with one that the waiter made, at a
 * deadline, by a signal, or since there is what the waiter would have as well.
 * Each kick makes it look again, and it does so by itself in slices.
 */
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "class.h"
#include "hist.h"
#include "recall.h"
#include "pool.h"
#include "starve.h"
#include "trace.h"
#include "wait.h"
#include "waiter.h"

static void wait_sleep(struct mpool_waiter *w, const struct mpool_wait_how *how)
{
	ktime_t until = min(w->slice, how->deadline), now;

	if (how->other)
		until = min(until, w->look_at);
	set_current_state(how->state);
	if (!READ_ONCE(w->buf) && !READ_ONCE(w->look) && !READ_ONCE(w->retry) &&
	    !signal_pending_state(how->state, current))
		schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	now = ktime_get();
	if (how->other && ktime_compare(now, w->look_at) >= 0)
		WRITE_ONCE(w->look, true);
	if (ktime_compare(now, w->slice) >= 0)
		WRITE_ONCE(w->retry, true);
}

static void wait_tell(struct mpool_class *cls, int err, u64 ns)
{
	mpool_hist_count(&cls->wait_ns, ns);
	trace_mpool_wait(cls->pool->name, cls->size, err, ns);
}

/* For this waiter alone, wherever he stands: who is first is to try to make one. */
static int other_woken(struct wait_queue_entry *entry, unsigned int mode,
		       int flags, void *key)
{
	struct mpool_waiter *w = container_of(entry, struct mpool_waiter, entry);

	WRITE_ONCE(w->look, true);
	return wake_up_process(w->task);
}

/* Before the first look: who wakes the queue looks for waiters behind a barrier. */
static void other_join(struct mpool_waiter *w)
{
	if (!w->how->other)
		return;
	init_waitqueue_func_entry(&w->entry, other_woken);
	add_wait_queue(w->how->other->queue, &w->entry);
}

static void other_leave(struct mpool_waiter *w)
{
	if (w->how->other)
		remove_wait_queue(w->how->other->queue, &w->entry);
}

static bool other_ends(struct mpool_waiter *w)
{
	struct mpool_wait_else *other = w->how->other;

	if (!READ_ONCE(w->look))
		return false;
	/* Who wakes from here on is for the next round. */
	smp_store_mb(w->look, false);
	if (other->look(other))
		return true;
	/* Absolute: kicks that are in vain do not put it off. */
	w->look_at = ktime_add_ns(ktime_get(), other->pace ?: MPOOL_WAIT_SLICE_NS);
	return false;
}

/*
 * Nothing was made.  Is there a reason to try again sooner than to sleep?
 *
 * What other classes give back is told to those who starve only.  So what came
 * back between the refusal and this look was told to nobody: it shows as room.
 * Once for each sleep, since it may also be that there is no memory.
 */
static bool wait_again(struct mpool_class *cls, struct mpool_waiter *w)
{
	if (atomic_read(&cls->backed) >= (int)READ_ONCE(cls->max))
		return false;
	/* One look for both: nothing can come in between. */
	if (mpool_class_has_room(cls)) {
		if (w->looked)
			return false;
		w->looked = true;
		return true;
	}
	if (w->starving)
		return false;
	mpool_starve_begin(cls->pool);
	w->starving = true;
	return true;
}

/**
 * mpool_wait() - wait in turn for a buffer
 * @cls: the class
 * @how: state, deadline, and what may make a buffer meanwhile
 *
 * Context: process, sleeps.
 * Return: a buffer, MPOOL_FREE; ERR_PTR(-EINTR), ERR_PTR(-ETIMEDOUT),
 * ERR_PTR(-EAGAIN): what @how has beside, or what its grow gave up for.
 */
void *mpool_wait(struct mpool_class *cls, const struct mpool_wait_how *how)
{
	struct mpool_waiter w = {
		.task = current,
		.how = how,
		.look = how->other,
		.retry = true,
	};
	u64 start = ktime_get_ns();
	void *made = NULL, *buf;
	int err = 0;

	trace_mpool_wait_begin(cls->pool->name, cls->size);
	other_join(&w);
	if (mpool_waiter_join(cls, &w)) {
		/* Nobody else's drain can be trusted to come after us. */
		mpool_drain_begin(cls);
		mpool_drain_end(cls);
	}
	atomic64_inc(&cls->waits);
	/* From here on nobody keeps more; what is kept comes by and by. */
	if (cls->paged)
		mpool_recall_later(cls);
	while (!READ_ONCE(w.buf)) {
		if (other_ends(&w)) {
			err = -EAGAIN;
			break;
		}
		if (READ_ONCE(w.retry)) {
			w.slice = ktime_add_ns(ktime_get(), MPOOL_WAIT_SLICE_NS);
			/* A kick from here on is for the next round. */
			smp_store_mb(w.retry, false);
			made = how->grow(cls, how->arg);
			err = PTR_ERR_OR_ZERO(made);
			if (err)
				made = NULL;
			if (made || err)
				break;
			if (wait_again(cls, &w)) {
				WRITE_ONCE(w.retry, true);
				continue;
			}
			if (!how->reserve)
				mpool_waiter_pass(cls);
		}
		if (signal_pending_state(how->state, current))
			err = -EINTR;
		else if (ktime_compare(ktime_get(), how->deadline) >= 0)
			err = -ETIMEDOUT;
		if (err)
			break;
		wait_sleep(&w, how);
		w.looked = false;
	}
	other_leave(&w);
	if (w.starving)
		mpool_starve_end(cls->pool);
	buf = mpool_waiter_leave(cls, &w);
	wait_tell(cls, buf || made ? 0 : err, ktime_get_ns() - start);
	if (!made)
		return buf ?: ERR_PTR(err);
	/* What was made may be this waiter's alone, the other is anybody's. */
	if (buf)
		mpool_slow_put(cls, buf, true);
	return made;
}
