// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing, for kernel users.
 *
 * The hit path is what stands in mpool_class_alloc() and mpool_class_free():
 * everything else is out of line.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mpool.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "alloc.h"
#include "class.h"
#include "compat/export.h"
#include "cpu.h"
#include "debug.h"
#include "pool.h"
#include "events.h"
#include "recall.h"
#include "reclaim.h"
#include "report.h"
#include "trace.h"
#include "traced.h"
#include "use.h"

struct grow_how {
	gfp_t gfp;
	int err;
};

/*
 * How to ask the system for memory.  Who may sleep and has a reserve to fall
 * back on must come to that: the page allocator would try without an end for
 * small orders, with tasks killed or, where the file system may not be called,
 * with nothing done.  So as mempool_alloc() asks; nor is what the system itself
 * has for emergencies taken by who frees memory.
 */
static gfp_t grow_gfp(const struct mpool_class *cls, gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp) && READ_ONCE(cls->reserve_target))
		gfp |= __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	return gfp;
}

static void *grow_any(struct mpool_class *cls, struct grow_how *how)
{
	gfp_t gfp = grow_gfp(cls, how->gfp);
	struct mpool_desc *desc;
	void *buf;

	buf = mpool_class_grow_batch(cls, gfp, &how->err);
	if (!buf && how->err == -ENOSPC && gfpflags_allow_blocking(gfp) &&
	    mpool_reclaim_squeeze(cls))
		buf = mpool_class_grow_batch(cls, gfp, &how->err);
	if (buf || !cls->paged)
		return buf;
	desc = mpool_stock_steal(cls, gfpflags_allow_blocking(gfp));
	if (desc)
		return desc->addr;
	if (how->err == -ENOSPC && gfpflags_allow_blocking(gfp))
		return mpool_stock_replace(cls, gfp);
	return NULL;
}

static void alloc_missed(struct mpool_class *cls, gfp_t gfp, int err, u64 start)
{
	u64 ns = ktime_get_ns() - start;

	if (!err) {
		atomic64_inc(&cls->misses);
		mpool_hist_count(&cls->miss_ns, ns);
		mpool_use_changed(cls);
	}
	trace_mpool_miss(cls->pool->name, cls->size, gfp, err, ns);
}

static void *alloc_grow(struct mpool_class *cls, void *arg)
{
	struct grow_how *how = arg;
	u64 start = ktime_get_ns();
	void *buf = grow_any(cls, how);

	alloc_missed(cls, how->gfp, buf ? 0 : how->err, start);
	return buf;
}

/* In the queue.  A reserve that was made larger came to nobody's hands. */
static void *alloc_again(struct mpool_class *cls, void *arg)
{
	return alloc_grow(cls, arg) ?: mpool_reserve_get(cls);
}

static bool may_wait(struct mpool_class *cls, const struct grow_how *how,
		     long timeout)
{
	if (!gfpflags_allow_blocking(how->gfp) || timeout <= 0 ||
	    how->gfp & __GFP_NORETRY)
		return false;
	/* Out of memory below the limit, only a reserve promises a return. */
	return how->err == -ENOSPC || READ_ONCE(cls->reserve_target);
}

/* jiffies_to_nsecs() itself counts 72 minutes at most: 32 bits of us. */
static ktime_t alloc_deadline(long timeout)
{
	ktime_t span = ktime_set(timeout / HZ, jiffies_to_nsecs(timeout % HZ));

	return ktime_add_safe(ktime_get(), span);
}

static void *alloc_wait(struct mpool_class *cls, struct grow_how *grow,
			long timeout)
{
	struct mpool_wait_how how = {
		.state = TASK_KILLABLE,
		.deadline = KTIME_MAX,
		.reserve = true,
		.grow = alloc_again,
		.arg = grow,
	};
	void *buf;

	if (timeout != MAX_SCHEDULE_TIMEOUT)
		how.deadline = alloc_deadline(timeout);
	buf = mpool_wait(cls, &how);
	return IS_ERR(buf) ? NULL : buf;
}

/* Other CPUs' magazines may hold what is to be had nowhere else. */
static void *alloc_drain(struct mpool_class *cls)
{
	void *buf;

	if (!mpool_magazine_count(cls))
		return NULL;
	mpool_drain_begin(cls);
	buf = mpool_slow_get(cls, 0);
	mpool_drain_end(cls);
	return buf;
}

static void *alloc_ready(struct mpool_class *cls, gfp_t gfp)
{
	void *buf = mpool_magazine_get(cls, gfp);

	if (!buf && READ_ONCE(cls->slow))
		buf = mpool_slow_get(cls, gfp);
	return buf;
}

/*
 * Only other nodes have free ones.  One of this node, made of memory that it
 * has to spare, stays near for all its life; theirs would go home from each
 * free, and have to be fetched again.
 */
static void *alloc_near(struct mpool_class *cls, gfp_t gfp)
{
	void *buf = NULL;
	u64 start;

	if (!mpool_has_waiters(cls)) {
		start = ktime_get_ns();
		buf = mpool_class_grow_near(cls, gfp);
		if (buf)
			alloc_missed(cls, gfp, 0, start);
	}
	/* As who may not sleep, and so is given what there is. */
	return buf ?: alloc_ready(cls, gfp & ~__GFP_DIRECT_RECLAIM);
}

static void *alloc_buf(struct mpool_class *cls, gfp_t gfp, long timeout)
{
	/* A buffer is many users' in its life, and none is charged for it. */
	struct grow_how how = {
		.gfp = gfp & ~(__GFP_ZERO | __GFP_ACCOUNT),
		.err = -ENOSPC,
	};
	void *buf;
	bool wait;

	buf = alloc_ready(cls, gfp);
	if (!buf && mpool_depot_withheld(cls, gfp))
		buf = alloc_near(cls, how.gfp);
	if (buf)
		return buf;
	/* Who waits comes first, also for what could be made. */
	if (!mpool_has_waiters(cls)) {
		buf = alloc_grow(cls, &how);
		mpool_wait_grown(cls, how.err);
	}
	if (!buf && gfpflags_allow_blocking(gfp))
		buf = alloc_drain(cls) ?: mpool_reserve_get(cls);
	if (buf)
		return buf;
	wait = may_wait(cls, &how, timeout);
	trace_mpool_exhaust(cls->pool->name, cls->size, READ_ONCE(cls->max),
			    atomic_long_read(&cls->pool->bytes),
			    READ_ONCE(cls->pool->max_bytes), gfp, how.err,
			    wait);
	return wait ? alloc_wait(cls, &how, timeout) : NULL;
}

/**
 * mpool_alloc_slow() - an allocation that is no hit, or not known to be one
 * @cls: the class
 * @gfp: how
 * @timeout: jiffies that it may wait
 * @asked: bytes that were asked for
 * @caller: by whom
 *
 * Context: any but NMI that @gfp fits.
 * Return: a buffer, or NULL.
 */
noinline void *mpool_alloc_slow(struct mpool_class *cls, gfp_t gfp,
				long timeout, size_t asked,
				unsigned long caller)
{
	void *buf;

	if (WARN_ON_ONCE(gfp & MPOOL_GFP_REFUSED))
		return NULL;
	might_alloc(gfp);
	buf = alloc_buf(cls, gfp, timeout);
	if (unlikely(!buf)) {
		/* For the next one: taking them back sleeps. */
		if (cls->paged)
			mpool_recall_later(cls);
		atomic64_inc(&cls->fails);
		mpool_events_exhausted(cls);
		return NULL;
	}
	mpool_buf_show(cls, buf);
	if (mpool_debugs(cls))
		mpool_debug_alloc(cls, buf, asked, gfp, caller);
	else if (gfp & __GFP_ZERO)
		memset(buf, 0, cls->size);
	mpool_tag_set(buf, cls->paged, cls->tag, MPOOL_ALLOCATED);
	if (asked != cls->size)
		mpool_slack_add(cls, cls->size - asked);
	if (trace_mpool_alloc_enabled())
		mpool_traced_alloc(cls, buf, asked, gfp, caller);
	return buf;
}

/* @by_size, known when compiling: fewer bytes may be @asked for than given. */
static __always_inline void *alloc_one(struct mpool_class *cls, gfp_t gfp,
				       bool by_size, size_t asked)
{
	struct mpool_cpu *cpu;
	unsigned long nr;
	void *buf;

	/* A hit never sleeps; a caller that may not must hear of it anyway. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_alloc(gfp);
	if (unlikely(gfp & MPOOL_GFP_SPECIAL))
		goto slow;
	cpu = mpool_cpu_enter(cls);
	if (unlikely(!cpu))
		goto slow;
	nr = cpu->nr;
	if (unlikely(!nr)) {
		mpool_cpu_leave(cpu);
		goto slow;
	}
	buf = cpu->loaded->bufs[nr - 1];
	/* Counted in memory, by one instruction: nr is not worth a register. */
	barrier();
	cpu->nr--;
	if (by_size) {
		cpu->sized++;
		cpu->asked += asked;
	} else {
		cpu->allocs++;
	}
	mpool_cpu_leave(cpu);
	mpool_buf_show(cls, buf);
	mpool_tag_set(buf, mpool_buf_paged(buf), cls->tag, MPOOL_ALLOCATED);
	/* A nop, and in the end a jump: no register has to be kept for it. */
	if (tracepoint_enabled(mpool_alloc))
		return mpool_traced_alloc(cls, buf, by_size ? asked : cls->size,
					  gfp, _RET_IP_);
	return buf;
slow:
	return mpool_alloc_slow(cls, gfp, MAX_SCHEDULE_TIMEOUT,
				by_size ? asked : cls->size, _RET_IP_);
}

/**
 * mpool_class_alloc() - allocate a buffer of a class looked up before
 * @cls: the class, from mpool_class_get()
 * @gfp: GFP_KERNEL and the like, which may wait: at the class's or the pool's
 *	limit in turn and until a buffer comes back or the task is killed, with
 *	__GFP_NORETRY not at all; GFP_NOWAIT, GFP_ATOMIC, which fail at once,
 *	possibly while another CPU holds free buffers; __GFP_ZERO zeroes.
 *	Zones, __GFP_COMP and __GFP_THISNODE are refused; __GFP_ACCOUNT charges
 *	nobody, since a buffer has many users in its life.
 *
 * A hit takes no lock and masks no interrupts.
 *
 * Context: any but NMI that @gfp fits.
 * Return: mpool_class_size() bytes, the caller's until mpool_class_free() or
 * mpool_free(), aligned to 16 bytes below a page and to a page from there on;
 * or NULL.
 */
void *mpool_class_alloc(struct mpool_class *cls, gfp_t gfp)
{
	return alloc_one(cls, gfp, false, 0);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_alloc, MPOOL_NS);

/**
 * mpool_class_alloc_timeout() - mpool_class_alloc() with a limit to waiting
 * @cls: the class
 * @gfp: as for mpool_class_alloc()
 * @timeout: jiffies; 0 does not wait, MAX_SCHEDULE_TIMEOUT has no limit
 *
 * Context: any but NMI that @gfp fits.
 * Return: a buffer, or NULL.
 */
void *mpool_class_alloc_timeout(struct mpool_class *cls, gfp_t gfp,
				long timeout)
{
	return mpool_alloc_slow(cls, gfp, timeout, cls->size, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_alloc_timeout, MPOOL_NS);

static noinline void free_slow(struct mpool_class *cls, void *buf,
			       unsigned long caller)
{
	if (mpool_debugs(cls))
		mpool_debug_free(cls, buf, caller);
	if (cls->reset)
		cls->reset(buf, cls->size, cls->arg);
	mpool_buf_hide(cls, buf);
	if (!mpool_magazine_put(cls, buf))
		mpool_slow_put(cls, buf, true);
}

/* Before anybody can have the buffer: its next allocation is told of later. */
static noinline void free_traced(struct mpool_class *cls, void *buf,
				 unsigned long caller)
{
	trace_mpool_free(cls->pool->name, cls->size, buf, caller);
	free_slow(cls, buf, caller);
}

/*
 * A buffer whose tag has been claimed.  A @caller of 0 is who called the
 * function that this is inlined in: read here, so that it is read only in need.
 */
static __always_inline void free_claimed(struct mpool_class *cls, void *buf,
					 unsigned long caller)
{
	struct mpool_cpu *cpu;
	unsigned long nr;

	if (tracepoint_enabled(mpool_free))
		return free_traced(cls, buf, caller ?: _RET_IP_);
	cpu = mpool_cpu_enter(cls);
	if (unlikely(!cpu))
		return free_slow(cls, buf, caller ?: _RET_IP_);
	nr = cpu->nr;
	if (unlikely(nr >= cls->free_cap)) {
		mpool_cpu_leave(cpu);
		return free_slow(cls, buf, caller ?: _RET_IP_);
	}
	mpool_buf_hide(cls, buf);
	cpu->loaded->bufs[nr] = buf;
	/* As in alloc_one(). */
	barrier();
	cpu->nr++;
	cpu->frees++;
	mpool_cpu_leave(cpu);
}

static __always_inline void free_one(struct mpool_class *cls, void *buf,
				     unsigned long caller)
{
	/* Where the other kind of class has its tags, none of @cls is found. */
	if (likely(mpool_buf_plausible(buf)) &&
	    likely(mpool_tag_claim(buf, mpool_buf_paged(buf), cls->tag)))
		free_claimed(cls, buf, caller);
	else if (buf)
		mpool_report_bad_free(cls->pool, cls, buf, caller ?: _RET_IP_);
}

/**
 * mpool_class_free() - give a buffer back to its class
 * @cls: the class it was allocated from
 * @buf: the buffer, or NULL; the class's from here on
 *
 * A buffer that is free already, or was never the class's, is reported,
 * counted (bad_frees) and left alone.
 *
 * Context: any but NMI.
 */
void mpool_class_free(struct mpool_class *cls, void *buf)
{
	free_one(cls, buf, 0);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_free, MPOOL_NS);

/**
 * mpool_free_one() - mpool_class_free() on behalf of a caller
 * @cls: the class
 * @buf: the pointer; any value
 * @caller: who called, for a report
 *
 * Context: any but NMI.
 */
void mpool_free_one(struct mpool_class *cls, void *buf, unsigned long caller)
{
	free_one(cls, buf, caller);
}

/**
 * mpool_free() - give a buffer back to its pool
 * @pool: the pool it was allocated from
 * @buf: the buffer, or NULL; the pool's from here on
 *
 * Finds the class by itself.  Misuse is treated as by mpool_class_free().
 *
 * Context: any but NMI.
 */
void mpool_free(struct mpool *pool, void *buf)
{
	struct mpool_class *cls;
	unsigned long *at;

	if (likely(mpool_buf_plausible(buf))) {
		at = mpool_tag_at(buf, mpool_buf_paged(buf));
		cls = mpool_tag_class(pool, mpool_read_nofault(at));
		if (likely(cls) && likely(mpool_claim_at(at, cls->tag)))
			return free_claimed(cls, buf, 0);
	}
	if (buf)
		mpool_report_bad_free(pool, NULL, buf, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_free, MPOOL_NS);

/*
 * Making a class takes locks that others hold while they allocate with
 * GFP_KERNEL: the pool's, and the slab allocator's own.  What they wait for may be
 * memory that this very caller writes out; it may even be the same task, come
 * here from within its allocation.  So it is for who could have begun such an
 * allocation himself, and not for who sees to it that others' end.
 */
static bool may_make(gfp_t gfp)
{
	const gfp_t all = __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS;

	return (current_gfp_context(gfp) & all) == all &&
	       !(current->flags & PF_MEMALLOC);
}

/* There is no class that could count it. */
static void class_absent(const struct mpool *pool, unsigned int index, gfp_t gfp,
			 int err)
{
	trace_mpool_exhaust(pool->name, pool->sizes[index], 0,
			    atomic_long_read(&pool->bytes),
			    READ_ONCE(pool->max_bytes), gfp, err, false);
}

/**
 * mpool_class_make() - the class for an allocation that found none in being
 * @pool: the pool
 * @index: which, or MPOOL_NO_CLASS
 * @gfp: what the allocation may; the task's scopes count, too
 *
 * Context: as @gfp says.
 * Return: the class, or NULL: there is none, or it is asked for only.
 */
struct mpool_class *mpool_class_make(struct mpool *pool, unsigned int index,
				     gfp_t gfp)
{
	struct mpool_class *cls;

	if (index == MPOOL_NO_CLASS)
		return NULL;
	if (!may_make(gfp)) {
		mpool_pool_want(pool, index);
		class_absent(pool, index, gfp, -EAGAIN);
		return NULL;
	}
	cls = mpool_pool_class(pool, index);
	if (!IS_ERR(cls))
		return cls;
	class_absent(pool, index, gfp, PTR_ERR(cls));
	return NULL;
}

/* By a call in the end: the hit path keeps no register for it. */
static noinline void *alloc_absent(struct mpool *pool, unsigned int index,
				   size_t size, gfp_t gfp, unsigned long caller)
{
	struct mpool_class *cls = mpool_class_make(pool, index, gfp);

	return cls ? mpool_alloc_slow(cls, gfp, MAX_SCHEDULE_TIMEOUT, size,
				      caller) : NULL;
}

/**
 * mpool_alloc() - allocate a buffer
 * @pool: the pool
 * @size: bytes, 1 to the pool's largest class
 * @gfp: as for mpool_class_alloc()
 *
 * An allocation that may not sleep, or not call into I/O or file systems (by
 * its flags, or the task's memalloc_noio_save() and the like), of a size whose
 * class is not in being yet, fails and has the class made in the background;
 * mpool_class_get() beforehand avoids that.
 *
 * Context: any but NMI that @gfp fits.
 * Return: a buffer of @size bytes at least, the caller's until mpool_free();
 * or NULL, also for a size of 0 or too large.
 */
void *mpool_alloc(struct mpool *pool, size_t size, gfp_t gfp)
{
	unsigned int index = mpool_pool_index(pool, size);
	struct mpool_class *cls = mpool_pool_peek(pool, index);

	if (unlikely(!cls))
		return alloc_absent(pool, index, size, gfp, _RET_IP_);
	return alloc_one(cls, gfp, true, size);
}
EXPORT_SYMBOL_NS_GPL(mpool_alloc, MPOOL_NS);

/**
 * mpool_alloc_timeout() - mpool_alloc() with a limit to waiting
 * @pool: the pool
 * @size: bytes, 1 to the pool's largest class
 * @gfp: as for mpool_class_alloc()
 * @timeout: jiffies; 0 does not wait, MAX_SCHEDULE_TIMEOUT has no limit
 *
 * Context: any but NMI that @gfp fits.
 * Return: a buffer, or NULL; of a class that is not in being as mpool_alloc().
 */
void *mpool_alloc_timeout(struct mpool *pool, size_t size, gfp_t gfp,
			  long timeout)
{
	struct mpool_class *cls = mpool_size_class(pool, size, gfp);

	return cls ? mpool_alloc_slow(cls, gfp, timeout, size, _RET_IP_) : NULL;
}
EXPORT_SYMBOL_NS_GPL(mpool_alloc_timeout, MPOOL_NS);
