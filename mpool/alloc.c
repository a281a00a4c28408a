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

#include "class.h"
#include "compat/export.h"
#include "cpu.h"
#include "pool.h"
#include "reclaim.h"
#include "report.h"

/* Where memory lies is the pool's matter, not an allocation's. */
#define GFP_REFUSED	(GFP_ZONEMASK | __GFP_COMP | __GFP_THISNODE)
/* Allocations that need more than a pop. */
#define GFP_SPECIAL	(GFP_REFUSED | __GFP_ZERO)

static __always_inline void *obj_give(struct mpool_class *cls,
				      struct mpool_obj *obj)
{
	/* The object is ours alone: no other CPU can be writing its tag. */
	WRITE_ONCE(obj->tag, mpool_obj_tag(obj, cls->tag, MPOOL_ALLOCATED));
	return mpool_obj_buf(cls, obj);
}

/* Turns ALLOCATED into FREE, for exactly one of all who try. */
static __always_inline bool obj_claim(u64 class_tag, struct mpool_obj *obj,
				      u64 tag)
{
	u64 want = mpool_obj_tag(obj, class_tag, MPOOL_ALLOCATED);

	/* Compared first, since what is not ours may not even be written. */
	return likely(tag == want) &&
	       likely(try_cmpxchg(&obj->tag, &want,
				  want ^ MPOOL_ALLOCATED ^ MPOOL_FREE));
}

/* The object of a buffer that was the caller's until now, or NULL. */
static __always_inline struct mpool_obj *buf_claim(struct mpool_map map,
						   u64 class_tag, bool paged,
						   const void *buf)
{
	struct mpool_obj *obj;
	u64 tag;

	if (paged) {
		if (unlikely(!mpool_obj_paged(map, buf, &obj, &tag)))
			return NULL;
	} else if (unlikely(!mpool_obj_small(map, buf, &obj, &tag))) {
		return NULL;
	}
	if (unlikely(!obj_claim(class_tag, obj, tag)))
		return NULL;
	/* What holds a tag is not at NULL; the callers' tests cost nothing. */
	if (!obj)
		__builtin_unreachable();
	return obj;
}

struct grow_how {
	gfp_t gfp;
	int err;
};

static struct mpool_obj *alloc_grow(struct mpool_class *cls, void *arg)
{
	struct grow_how *how = arg;
	struct mpool_desc *desc;
	struct mpool_obj *obj;

	obj = mpool_class_grow_batch(cls, how->gfp, &how->err);
	if (!obj && how->err == -ENOSPC && gfpflags_allow_blocking(how->gfp) &&
	    mpool_reclaim_squeeze(cls))
		obj = mpool_class_grow_batch(cls, how->gfp, &how->err);
	if (!obj && cls->paged) {
		desc = mpool_stock_steal(cls,
					 gfpflags_allow_blocking(how->gfp));
		obj = desc ? &desc->obj : NULL;
	}
	if (obj)
		atomic64_inc(&cls->misses);
	return obj;
}

static bool may_wait(struct mpool_class *cls, const struct grow_how *how,
		     long timeout)
{
	if (!gfpflags_allow_blocking(how->gfp) || timeout <= 0 ||
	    how->gfp & __GFP_NORETRY)
		return false;
	/* Out of memory below the limit, only a reserve promises a return. */
	return how->err == -ENOSPC || cls->reserve_target;
}

static struct mpool_obj *alloc_wait(struct mpool_class *cls,
				    struct grow_how *grow, long timeout)
{
	struct mpool_wait_how how = {
		.state = TASK_KILLABLE,
		.deadline = KTIME_MAX,
		.grow = alloc_grow,
		.arg = grow,
		.counted = true,
	};
	struct mpool_obj *obj;

	if (timeout != MAX_SCHEDULE_TIMEOUT)
		how.deadline = ktime_add_ns(ktime_get(),
					    jiffies_to_nsecs(timeout));
	obj = mpool_wait(cls, &how);
	return IS_ERR(obj) ? NULL : obj;
}

/* Other CPUs' magazines may hold what is to be had nowhere else. */
static struct mpool_obj *alloc_drain(struct mpool_class *cls)
{
	struct mpool_obj *obj;

	if (!mpool_magazine_count(cls))
		return NULL;
	mpool_drain_begin(cls);
	obj = mpool_slow_get(cls);
	mpool_drain_end(cls);
	return obj;
}

static struct mpool_obj *alloc_obj(struct mpool_class *cls, gfp_t gfp,
				   long timeout)
{
	struct grow_how how = { .gfp = gfp & ~__GFP_ZERO, .err = -ENOSPC };
	struct mpool_obj *obj;

	obj = mpool_magazine_get(cls);
	if (!obj && READ_ONCE(cls->slow))
		obj = mpool_slow_get(cls);
	if (obj)
		return obj;
	/* Who waits comes first, also for what could be made. */
	if (!mpool_has_waiters(cls))
		obj = alloc_grow(cls, &how);
	if (!obj && gfpflags_allow_blocking(gfp))
		obj = alloc_drain(cls) ?: mpool_reserve_get(cls);
	if (!obj && may_wait(cls, &how, timeout))
		obj = alloc_wait(cls, &how, timeout);
	return obj;
}

static noinline void *alloc_slow(struct mpool_class *cls, gfp_t gfp,
				 long timeout)
{
	struct mpool_obj *obj;
	void *buf;

	if (WARN_ON_ONCE(gfp & GFP_REFUSED))
		return NULL;
	might_alloc(gfp);
	obj = alloc_obj(cls, gfp, timeout);
	if (unlikely(!obj)) {
		atomic64_inc(&cls->fails);
		return NULL;
	}
	buf = obj_give(cls, obj);
	if (gfp & __GFP_ZERO)
		memset(buf, 0, cls->size);
	return buf;
}

/**
 * mpool_class_alloc() - allocate a buffer of a class looked up before
 * @cls: the class, from mpool_class_get()
 * @gfp: GFP_KERNEL and the like, which may wait: at the class's or the pool's
 *	limit in turn and until a buffer comes back or the task is killed, with
 *	__GFP_NORETRY not at all; GFP_NOWAIT, GFP_ATOMIC, which fail at once,
 *	possibly while another CPU holds free buffers; __GFP_ZERO zeroes.
 *	Zones and __GFP_COMP are refused.
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
	struct mpool_cpu *cpu;
	struct mpool_obj *obj;

	/* A hit never sleeps; a caller that may not must hear of it anyway. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_alloc(gfp);
	if (likely(!(gfp & GFP_SPECIAL))) {
		cpu = mpool_cpu_enter(cls);
		if (likely(cpu)) {
			if (likely(cpu->nr)) {
				obj = cpu->loaded->objs[--cpu->nr];
				cpu->allocs++;
				mpool_cpu_leave(cpu);
				return obj_give(cls, obj);
			}
			mpool_cpu_leave(cpu);
		}
	}
	return alloc_slow(cls, gfp, MAX_SCHEDULE_TIMEOUT);
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
	return alloc_slow(cls, gfp, timeout);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_alloc_timeout, MPOOL_NS);

static noinline void free_slow(struct mpool_class *cls, struct mpool_obj *obj)
{
	if (!mpool_magazine_put(cls, obj))
		mpool_slow_put(cls, obj, true);
}

static noinline void free_reset(struct mpool_class *cls, struct mpool_obj *obj)
{
	cls->reset(mpool_obj_buf(cls, obj), cls->size, cls->arg);
	free_slow(cls, obj);
}

static __always_inline void free_claimed(struct mpool_class *cls,
					 struct mpool_obj *obj)
{
	struct mpool_cpu *cpu;

	if (unlikely(cls->reset))
		return free_reset(cls, obj);
	cpu = mpool_cpu_enter(cls);
	if (likely(cpu)) {
		if (likely(cpu->nr < cls->cpu_cap)) {
			cpu->loaded->objs[cpu->nr++] = obj;
			cpu->frees++;
			mpool_cpu_leave(cpu);
			return;
		}
		mpool_cpu_leave(cpu);
	}
	free_slow(cls, obj);
}

static __always_inline void free_one(struct mpool_class *cls, void *buf,
				     unsigned long caller)
{
	struct mpool_obj *obj = buf_claim(mpool_direct_map(), cls->tag,
					  cls->paged, buf);

	if (likely(obj))
		free_claimed(cls, obj);
	else if (buf)
		mpool_report_bad_free(cls->pool, cls, buf, caller);
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
	free_one(cls, buf, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_free, MPOOL_NS);

/* The class that a tag names in @pool, or NULL. */
static __always_inline struct mpool_class *
tag_class(struct mpool *pool, const struct mpool_obj *obj, u64 tag)
{
	u64 plain = tag ^ (u64)(unsigned long)obj ^ pool->cookie;

	if (unlikely(plain >= (u64)pool->nr_classes << MPOOL_TAG_CLASS_SHIFT))
		return NULL;
	return mpool_pool_peek(pool, plain >> MPOOL_TAG_CLASS_SHIFT);
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
	struct mpool_obj *obj;
	u64 tag;

	if (likely(mpool_obj_any(buf, &obj, &tag))) {
		cls = tag_class(pool, obj, tag);
		if (likely(cls) && obj_claim(cls->tag, obj, tag))
			return free_claimed(cls, obj);
	}
	if (buf)
		mpool_report_bad_free(pool, NULL, buf, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_free, MPOOL_NS);

/* The class for a size, made if the caller may sleep, asked for otherwise. */
static noinline struct mpool_class *class_make(struct mpool *pool,
					       unsigned int index, gfp_t gfp)
{
	struct mpool_class *cls;
	unsigned int flags;

	if (index == MPOOL_NO_CLASS)
		return NULL;
	if (!gfpflags_allow_blocking(gfp)) {
		mpool_pool_want(pool, index);
		return NULL;
	}
	/* The class is made with GFP_KERNEL: hold it to what the caller may. */
	if (!(gfp & __GFP_IO)) {
		flags = memalloc_noio_save();
		cls = mpool_pool_class(pool, index);
		memalloc_noio_restore(flags);
	} else if (!(gfp & __GFP_FS)) {
		flags = memalloc_nofs_save();
		cls = mpool_pool_class(pool, index);
		memalloc_nofs_restore(flags);
	} else {
		cls = mpool_pool_class(pool, index);
	}
	return IS_ERR(cls) ? NULL : cls;
}

static __always_inline struct mpool_class *size_class(struct mpool *pool,
						      size_t size, gfp_t gfp)
{
	unsigned int index = mpool_pool_index(pool, size);
	struct mpool_class *cls = NULL;

	if (likely(index != MPOOL_NO_CLASS))
		cls = mpool_pool_peek(pool, index);
	return likely(cls) ? cls : class_make(pool, index, gfp);
}

/**
 * mpool_alloc() - allocate a buffer
 * @pool: the pool
 * @size: bytes, 1 to the pool's largest class
 * @gfp: as for mpool_class_alloc()
 *
 * An allocation that may not sleep, of a size whose class is not in being
 * yet, fails and has the class made in the background; mpool_class_get()
 * beforehand avoids that.
 *
 * Context: any but NMI that @gfp fits.
 * Return: a buffer of @size bytes at least, the caller's until mpool_free();
 * or NULL, also for a size of 0 or too large.
 */
void *mpool_alloc(struct mpool *pool, size_t size, gfp_t gfp)
{
	struct mpool_class *cls = size_class(pool, size, gfp);

	return likely(cls) ? mpool_class_alloc(cls, gfp) : NULL;
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
 * Return: a buffer, or NULL.
 */
void *mpool_alloc_timeout(struct mpool *pool, size_t size, gfp_t gfp,
			  long timeout)
{
	struct mpool_class *cls = size_class(pool, size, gfp);

	return cls ? mpool_class_alloc_timeout(cls, gfp, timeout) : NULL;
}
EXPORT_SYMBOL_NS_GPL(mpool_alloc_timeout, MPOOL_NS);

/* What magazine and depot have, in one go; @paged is known when compiling. */
static __always_inline unsigned int
bulk_get(struct mpool_class *cls, unsigned int nr, void **bufs, bool paged)
{
	const u64 tag = cls->tag ^ MPOOL_ALLOCATED;
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
	struct mpool_obj **top, *obj;
	unsigned int done = 0, end;

	if (!cpu)
		return 0;
	while (done < nr && (cpu->nr || mpool_magazine_refill(cls, cpu))) {
		top = cpu->loaded->objs + cpu->nr;
		end = done + min(nr - done, cpu->nr);
		cpu->nr -= end - done;
		for (; done < end; done++) {
			obj = *--top;
			WRITE_ONCE(obj->tag, tag ^ (u64)(unsigned long)obj);
			bufs[done] = paged ? mpool_obj_desc(obj)->addr :
					     (void *)(obj + 1);
		}
	}
	cpu->allocs += done;
	mpool_cpu_leave(cpu);
	return done;
}

/**
 * mpool_class_alloc_bulk() - allocate several buffers
 * @cls: the class
 * @gfp: as for mpool_class_alloc(); only the first buffer is waited for, since
 *	two who wait with buffers in hand could wait for each other
 * @nr: how many
 * @bufs: where to
 *
 * Context: any but NMI that @gfp fits.
 * Return: how many were allocated, 0 to @nr; they stand at the beginning.
 */
unsigned int mpool_class_alloc_bulk(struct mpool_class *cls, gfp_t gfp,
				    unsigned int nr, void **bufs)
{
	unsigned int done = 0;

	if (likely(!(gfp & GFP_SPECIAL)))
		done = cls->paged ? bulk_get(cls, nr, bufs, true) :
				    bulk_get(cls, nr, bufs, false);
	while (unlikely(done < nr)) {
		bufs[done] = alloc_slow(cls, gfp,
					done ? 0 : MAX_SCHEDULE_TIMEOUT);
		if (!bufs[done])
			break;
		done++;
	}
	return done;
}
EXPORT_SYMBOL_NS_GPL(mpool_class_alloc_bulk, MPOOL_NS);

/**
 * mpool_alloc_bulk() - allocate several buffers of one size
 * @pool: the pool
 * @size: bytes of each, 1 to the pool's largest class
 * @gfp: as for mpool_class_alloc_bulk()
 * @nr: how many
 * @bufs: where to
 *
 * Context: any but NMI that @gfp fits.
 * Return: how many were allocated, 0 to @nr.
 */
unsigned int mpool_alloc_bulk(struct mpool *pool, size_t size, gfp_t gfp,
			      unsigned int nr, void **bufs)
{
	struct mpool_class *cls = size_class(pool, size, gfp);

	return cls ? mpool_class_alloc_bulk(cls, gfp, nr, bufs) : 0;
}
EXPORT_SYMBOL_NS_GPL(mpool_alloc_bulk, MPOOL_NS);

/*
 * Claims buffers into the magazine from @to on, until @nr or the first that
 * is not the class's; returns how many.
 */
static __always_inline unsigned int
bulk_claim(const struct mpool_class *cls, unsigned int nr, void **bufs,
	   struct mpool_obj **to, bool paged)
{
	const struct mpool_map map = mpool_direct_map();
	const u64 tag = cls->tag;
	struct mpool_obj *obj;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		obj = buf_claim(map, tag, paged, bufs[i]);
		if (unlikely(!obj))
			break;
		to[i] = obj;
	}
	return i;
}

/* Returns how many of @bufs are in; the next one, if any, is not for here. */
static __always_inline unsigned int
bulk_put(struct mpool_class *cls, unsigned int nr, void **bufs, bool paged)
{
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
	unsigned int done = 0, room, got;

	if (!cpu)
		return 0;
	while (done < nr) {
		if (unlikely(cpu->nr >= cls->cpu_cap))
			mpool_magazine_spill(cls, cpu);
		room = min(nr - done, cls->cpu_cap - cpu->nr);
		got = bulk_claim(cls, room, bufs + done,
				 cpu->loaded->objs + cpu->nr, paged);
		cpu->nr += got;
		done += got;
		if (unlikely(got < room || !room))
			break;
	}
	cpu->frees += done;
	mpool_cpu_leave(cpu);
	return done;
}

/**
 * mpool_class_free_bulk() - give several buffers back to their class
 * @cls: the class they were allocated from
 * @nr: how many
 * @bufs: the buffers
 *
 * Context: any but NMI.
 */
void mpool_class_free_bulk(struct mpool_class *cls, unsigned int nr,
			   void **bufs)
{
	unsigned int i = 0;

	while (i < nr) {
		if (likely(!cls->reset))
			i += cls->paged ?
			     bulk_put(cls, nr - i, bufs + i, true) :
			     bulk_put(cls, nr - i, bufs + i, false);
		/* One that is refused, or a magazine that is not to be had. */
		if (unlikely(i < nr))
			free_one(cls, bufs[i++], _RET_IP_);
	}
}
EXPORT_SYMBOL_NS_GPL(mpool_class_free_bulk, MPOOL_NS);

static struct mpool_class *buf_class(struct mpool *pool, const void *buf)
{
	struct mpool_obj *obj;
	u64 tag;

	return mpool_obj_any(buf, &obj, &tag) ? tag_class(pool, obj, tag) : NULL;
}

/**
 * mpool_free_bulk() - give several buffers back to their pool
 * @pool: the pool they were allocated from
 * @nr: how many
 * @bufs: the buffers, of any sizes; runs of one size are fastest
 *
 * Context: any but NMI.
 */
void mpool_free_bulk(struct mpool *pool, unsigned int nr, void **bufs)
{
	unsigned int i = 0, run;

	while (i < nr) {
		struct mpool_class *cls = buf_class(pool, bufs[i]);

		if (!cls) {
			mpool_free(pool, bufs[i++]);
			continue;
		}
		run = i + 1;
		while (run < nr && buf_class(pool, bufs[run]) == cls)
			run++;
		mpool_class_free_bulk(cls, run - i, bufs + i);
		i = run;
	}
}
EXPORT_SYMBOL_NS_GPL(mpool_free_bulk, MPOOL_NS);
