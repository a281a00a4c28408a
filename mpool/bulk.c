// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing many buffers at a time, for kernel users.
 *
 * A magazine's worth, or 32, goes in one section with preemption off: that
 * bounds it, however many are asked for.
 */
#include <linux/export.h>
#include <linux/mpool.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "alloc.h"
#include "class.h"
#include "compat/export.h"
#include "cpu.h"
#include "trace.h"
#include "traced.h"

/*
 * How far the loops below are unrolled: by 16 the counting adds less than a
 * tenth to the three instructions that a buffer takes.
 */
#define UNROLL	16

/*
 * Most that pass the magazines by in one section with preemption off, and in one
 * hold of a depot's lock: what callers take at a time, as NAPI's budget of 64
 * in two halves, and half of what a magazine moves at most.
 */
#define DIRECT	32U

/* clang does not unroll a loop that an asm goto leaves, and warns of it. */
#ifdef CONFIG_CC_IS_CLANG
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

/* Nothing where KASAN is not. */
static __always_inline void bulk_show(const struct mpool_class *cls,
				      unsigned long nr, void **bufs)
{
	unsigned long i;

	for (i = 0; IS_ENABLED(CONFIG_KASAN_GENERIC) && i < nr; i++)
		mpool_buf_show(cls, bufs[i]);
}

static __always_inline void bulk_hide(const struct mpool_class *cls,
				      unsigned long nr, void **bufs)
{
	unsigned long i;

	for (i = 0; IS_ENABLED(CONFIG_KASAN_GENERIC) && i < nr; i++)
		mpool_buf_hide(cls, bufs[i]);
}

/* Takes @nr from the top of a magazine; @paged is known when compiling. */
static __always_inline void bulk_pop(struct mpool_cpu *cpu, unsigned long tag,
				     unsigned long nr, void **bufs, bool paged)
{
	void **from = cpu->loaded->bufs + cpu->nr - nr, *buf;
	unsigned long i = 0, k;

	cpu->nr -= nr;
	cpu->allocs += nr;
	for (; i + UNROLL <= nr; i += UNROLL) {
#pragma GCC unroll 16
		for (k = 0; k < UNROLL; k++) {
			buf = from[i + k];
			mpool_tag_set(buf, paged, tag, MPOOL_ALLOCATED);
			bufs[i + k] = buf;
		}
	}
	for (; i < nr; i++) {
		buf = from[i];
		mpool_tag_set(buf, paged, tag, MPOOL_ALLOCATED);
		bufs[i] = buf;
	}
}

/*
 * Where @nr are more than two magazines, how many of them pass these by, to or
 * from the depot: one hold of its lock then does what each magazine would do.
 */
static unsigned int bulk_direct(const struct mpool_class *cls, unsigned int nr)
{
	nr = min(nr, DIRECT);
	return nr > 2 * cls->cpu_cap ? nr : 0;
}

/* Up to @nr from the depot; in a context of mpool_depot_get_many(). */
static unsigned int bulk_fetch(struct mpool_class *cls, gfp_t gfp,
			       unsigned int nr, void **bufs)
{
	unsigned int i;

	nr = mpool_depot_get_many(cls, gfp, nr, bufs);
	for (i = 0; i < nr; i++)
		mpool_tag_set(bufs[i], cls->paged, cls->tag, MPOOL_ALLOCATED);
	return nr;
}

/*
 * Amid an allocation or a free of this CPU's own task, or without a seat, the
 * depot is all there is: as for one buffer, but with one hold of its lock.
 */
static unsigned int bulk_get_past(struct mpool_class *cls, gfp_t gfp,
				  unsigned int nr, void **bufs)
{
	unsigned int got = 0;

	preempt_disable();
	/* As in mpool_cpu_enter(). */
	if (!smp_load_acquire(&cls->slow))
		got = bulk_fetch(cls, gfp, min(nr, DIRECT), bufs);
	preempt_enable();
	bulk_show(cls, got, bufs);
	return got;
}

/* Up to @nr of what magazine and depot have. */
static unsigned int bulk_get(struct mpool_class *cls, gfp_t gfp,
			     unsigned int nr, void **bufs)
{
	struct mpool_cpu *cpu = mpool_magazine_enter(cls);
	unsigned int direct = bulk_direct(cls, nr);

	if (!cpu)
		return bulk_get_past(cls, gfp, nr, bufs);
	if (direct && !cpu->nr && !cpu->prev_nr) {
		nr = bulk_fetch(cls, gfp, direct, bufs);
	} else if (cpu->nr || mpool_magazine_refill(cls, cpu, gfp)) {
		nr = min_t(unsigned long, nr, cpu->nr);
		if (cls->paged)
			bulk_pop(cpu, cls->tag, nr, bufs, true);
		else
			bulk_pop(cpu, cls->tag, nr, bufs, false);
	} else {
		nr = 0;
	}
	mpool_cpu_leave(cpu);
	bulk_show(cls, nr, bufs);
	return nr;
}

/* Counted and traced as one buffer is by mpool_alloc_slow(). */
static unsigned int alloc_ready(struct mpool_class *cls, gfp_t gfp,
				unsigned int nr, void **bufs, size_t asked,
				unsigned long caller)
{
	unsigned int got;

	if (gfp & MPOOL_GFP_SPECIAL)
		return 0;
	got = bulk_get(cls, gfp, nr, bufs);
	if (got && asked != cls->size)
		mpool_slack_add(cls, (u64)got * (cls->size - asked));
	if (got && tracepoint_enabled(mpool_alloc))
		mpool_traced_bulk(cls, got, bufs, asked, gfp, caller);
	return got;
}

static noinline unsigned int
alloc_bulk_slow(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
		void **bufs, size_t asked, unsigned long caller)
{
	unsigned int done = 0, got;

	while (done < nr) {
		got = alloc_ready(cls, gfp, nr - done, bufs + done, asked,
				  caller);
		if (!got) {
			/* What a miss has made besides is ready for the next. */
			bufs[done] = mpool_alloc_slow(cls, gfp, done ? 0 :
						      MAX_SCHEDULE_TIMEOUT,
						      asked, caller);
			if (!bufs[done])
				break;
			got = 1;
		}
		done += got;
	}
	return done;
}

/* Mostly the magazine has them all; in the end a jump, or nothing. */
static __always_inline unsigned int
alloc_bulk(struct mpool_class *cls, gfp_t gfp, unsigned int nr, void **bufs,
	   size_t asked, unsigned long caller)
{
	struct mpool_cpu *cpu;

	/* As one of them would. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_alloc(gfp);
	if (unlikely(gfp & MPOOL_GFP_SPECIAL) || unlikely(asked != cls->size) ||
	    tracepoint_enabled(mpool_alloc))
		goto slow;
	cpu = mpool_cpu_enter(cls);
	if (unlikely(!cpu))
		goto slow;
	if (unlikely(cpu->nr < nr)) {
		mpool_cpu_leave(cpu);
		goto slow;
	}
	if (cls->paged)
		bulk_pop(cpu, cls->tag, nr, bufs, true);
	else
		bulk_pop(cpu, cls->tag, nr, bufs, false);
	mpool_cpu_leave(cpu);
	bulk_show(cls, nr, bufs);
	return nr;
slow:
	return alloc_bulk_slow(cls, gfp, nr, bufs, asked, caller);
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
	return alloc_bulk(cls, gfp, nr, bufs, cls->size, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_alloc_bulk, MPOOL_NS);

static bool alloc_all(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
		      void **bufs, size_t asked, unsigned long caller)
{
	unsigned int got = alloc_bulk(cls, gfp, nr, bufs, asked, caller);

	if (likely(got == nr))
		return true;
	mpool_class_free_bulk(cls, got, bufs);
	return false;
}

/**
 * mpool_class_alloc_all() - allocate several buffers, or none
 * @cls: the class
 * @gfp: as for mpool_class_alloc_bulk()
 * @nr: how many
 * @bufs: where to; not defined after a failure
 *
 * Context: any but NMI that @gfp fits.
 * Return: true, or false when fewer than @nr were to be had; those went back.
 */
bool mpool_class_alloc_all(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
			   void **bufs)
{
	return alloc_all(cls, gfp, nr, bufs, cls->size, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_alloc_all, MPOOL_NS);

/**
 * mpool_alloc_bulk() - allocate several buffers of one size
 * @pool: the pool
 * @size: bytes of each, 1 to the pool's largest class
 * @gfp: as for mpool_class_alloc_bulk()
 * @nr: how many
 * @bufs: where to
 *
 * Context: any but NMI that @gfp fits.
 * Return: how many were allocated, 0 to @nr; of a class that is not in being as
 * mpool_alloc().
 */
unsigned int mpool_alloc_bulk(struct mpool *pool, size_t size, gfp_t gfp,
			      unsigned int nr, void **bufs)
{
	struct mpool_class *cls = mpool_size_class(pool, size, gfp);

	return cls ? alloc_bulk(cls, gfp, nr, bufs, size, _RET_IP_) : 0;
}
EXPORT_SYMBOL_NS_GPL(mpool_alloc_bulk, MPOOL_NS);

/**
 * mpool_alloc_all() - allocate several buffers of one size, or none
 * @pool: the pool
 * @size: bytes of each, 1 to the pool's largest class
 * @gfp: as for mpool_class_alloc_bulk()
 * @nr: how many
 * @bufs: where to; not defined after a failure
 *
 * Context: any but NMI that @gfp fits.
 * Return: true, or false when fewer than @nr were to be had; those went back.  Of a
 * class that is not in being as mpool_alloc().
 */
bool mpool_alloc_all(struct mpool *pool, size_t size, gfp_t gfp,
		     unsigned int nr, void **bufs)
{
	struct mpool_class *cls = mpool_size_class(pool, size, gfp);

	return cls && alloc_all(cls, gfp, nr, bufs, size, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_alloc_all, MPOOL_NS);

/*
 * One look at all pointers.  No bit that alignment forbids is set in any if it
 * is in none of them ored; none is above what is at least the greatest of
 * them, nor below what is at most the least.  A true is as good as
 * mpool_buf_plausible() of each; memory that lies around a high power of two
 * may make it false where each alone is plausible.
 */
static __always_inline bool bulk_plausible(unsigned long nr, void **bufs,
					   bool paged)
{
	unsigned long unit = paged ? PAGE_SIZE : sizeof(struct mpool_head);
	unsigned long any = 0, all = ~0UL;
	unsigned long i = 0, k;

	for (; i + UNROLL <= nr; i += UNROLL) {
		/* Each takes its operand from memory, in one instruction. */
#pragma GCC unroll 16
		for (k = 0; k < UNROLL; k++)
			any |= (unsigned long)bufs[i + k];
		barrier();
#pragma GCC unroll 16
		for (k = 0; k < UNROLL; k++)
			all &= (unsigned long)bufs[i + k];
	}
	for (; i < nr; i++) {
		any |= (unsigned long)bufs[i];
		all &= (unsigned long)bufs[i];
	}
	return !(any & (unit - 1)) && mpool_map_holds(all, any);
}

/*
 * Claims plausible pointers into a magazine with room for @nr, until the first
 * that is not the class's; returns how many.
 */
static __always_inline unsigned long
bulk_push(struct mpool_cpu *cpu, unsigned long tag, unsigned long nr,
	  void **bufs, bool paged)
{
	void **to = cpu->loaded->bufs + cpu->nr, *buf;
	unsigned long i = 0, k;

	/* By eights, so that only a failure has to know which it was. */
	for (; i + 8 <= nr; i += 8) {
#pragma GCC unroll 8
		for (k = 0; k < 8; k++) {
			buf = bufs[i + k];
			if (unlikely(!mpool_tag_claim(buf, paged, tag))) {
				i += k;
				goto out;
			}
			to[i + k] = buf;
		}
	}
	for (; i < nr; i++) {
		buf = bufs[i];
		if (unlikely(!mpool_tag_claim(buf, paged, tag)))
			break;
		to[i] = buf;
	}
out:
	cpu->nr += i;
	cpu->frees += i;
	return i;
}

/*
 * Claims up to @nr and brings them to the depot; in a context of
 * mpool_depot_free_many().
 */
static unsigned int bulk_store(struct mpool_class *cls, unsigned int nr,
			       void **bufs)
{
	/* The depot sorts them by nodes; the array is the caller's. */
	void *claimed[DIRECT];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (unlikely(!mpool_tag_claim(bufs[i], cls->paged, cls->tag)))
			break;
		claimed[i] = bufs[i];
	}
	bulk_hide(cls, i, claimed);
	if (i)
		mpool_depot_free_many(cls, i, claimed);
	return i;
}

/* As bulk_get_past(). */
static unsigned int bulk_put_past(struct mpool_class *cls, unsigned int nr,
				  void **bufs)
{
	unsigned int done = 0;

	preempt_disable();
	/* As in mpool_cpu_enter(). */
	if (!smp_load_acquire(&cls->slow))
		done = bulk_store(cls, min(nr, DIRECT), bufs);
	preempt_enable();
	return done;
}

/* Returns how many of @bufs are in; 0 if the first one is not for here. */
static unsigned int bulk_put(struct mpool_class *cls, unsigned int nr,
			     void **bufs)
{
	struct mpool_cpu *cpu = mpool_magazine_enter(cls);
	unsigned int direct = bulk_direct(cls, nr);

	if (!cpu)
		return bulk_put_past(cls, nr, bufs);
	if (direct && cpu->nr >= cls->cpu_cap) {
		nr = bulk_store(cls, direct, bufs);
		mpool_cpu_leave(cpu);
		return nr;
	}
	if (cpu->nr >= cls->cpu_cap)
		mpool_magazine_spill(cls, cpu);
	nr = min_t(unsigned long, nr, cls->cpu_cap - cpu->nr);
	nr = cls->paged ? bulk_push(cpu, cls->tag, nr, bufs, true) :
			  bulk_push(cpu, cls->tag, nr, bufs, false);
	bulk_hide(cls, nr, bufs);
	mpool_cpu_leave(cpu);
	return nr;
}

static noinline void free_bulk_slow(struct mpool_class *cls, unsigned int nr,
				    void **bufs, unsigned long caller)
{
	unsigned int done = 0, got;
	/* A reset, too, needs each in its hands: free_cap is 0 then. */
	bool bulk = !tracepoint_enabled(mpool_free) && cls->free_cap &&
		    (cls->paged ? bulk_plausible(nr, bufs, true) :
				  bulk_plausible(nr, bufs, false));

	while (done < nr) {
		got = bulk ? bulk_put(cls, nr - done, bufs + done) : 0;
		if (!got) {
			/* One that is refused, or a class that is slow. */
			mpool_free_one(cls, bufs[done], caller);
			got = 1;
		}
		done += got;
	}
}

static __always_inline void free_bulk(struct mpool_class *cls, unsigned int nr,
				      void **bufs, unsigned long caller)
{
	bool paged = cls->paged;
	unsigned long done = 0;
	struct mpool_cpu *cpu;

	if (tracepoint_enabled(mpool_free) ||
	    unlikely(!(paged ? bulk_plausible(nr, bufs, true) :
			       bulk_plausible(nr, bufs, false))))
		goto slow;
	cpu = mpool_cpu_enter(cls);
	if (unlikely(!cpu))
		goto slow;
	if (likely(cpu->nr + nr <= cls->free_cap))
		done = paged ? bulk_push(cpu, cls->tag, nr, bufs, true) :
			       bulk_push(cpu, cls->tag, nr, bufs, false);
	bulk_hide(cls, done, bufs);
	mpool_cpu_leave(cpu);
	if (likely(done == nr))
		return;
slow:
	free_bulk_slow(cls, nr - done, bufs + done, caller);
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
	free_bulk(cls, nr, bufs, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(mpool_class_free_bulk, MPOOL_NS);

static struct mpool_class *buf_class(struct mpool *pool, const void *buf)
{
	return mpool_tag_class(pool, mpool_tag_read(buf));
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
		free_bulk_slow(cls, run - i, bufs + i, _RET_IP_);
		i = run;
	}
}
EXPORT_SYMBOL_NS_GPL(mpool_free_bulk, MPOOL_NS);
