// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing many buffers at a time, for kernel users.
 *
 * A magazine's worth goes in one section with preemption off: that bounds it,
 * however many are asked for.
 */
#include <linux/export.h>
#include <linux/mpool.h>
#include <linux/sched.h>

#include "alloc.h"
#include "class.h"
#include "compat/export.h"
#include "cpu.h"
#include "trace.h"
#include "traced.h"

/* Up to @nr of what magazine and depot have; @paged is known when compiling. */
static __always_inline unsigned int
bulk_get(struct mpool_class *cls, unsigned int nr, void **bufs, bool paged)
{
	const unsigned long tag = cls->tag;
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
	unsigned long i, n;
	void **from, *buf;

	if (unlikely(!cpu))
		return 0;
	if (unlikely(!cpu->nr) && !mpool_magazine_refill(cls, cpu)) {
		mpool_cpu_leave(cpu);
		return 0;
	}
	n = min_t(unsigned long, nr, cpu->nr);
	cpu->nr -= n;
	cpu->allocs += n;
	from = cpu->loaded->bufs + cpu->nr;
#pragma GCC unroll 8
	for (i = 0; i < n; i++) {
		buf = from[i];
		mpool_tag_set(buf, paged, tag, MPOOL_ALLOCATED);
		bufs[i] = buf;
	}
	mpool_cpu_leave(cpu);
	return n;
}

static unsigned int alloc_bulk(struct mpool_class *cls, gfp_t gfp,
			       unsigned int nr, void **bufs, size_t asked,
			       unsigned long caller)
{
	unsigned int done = 0, got;

	while (done < nr && likely(!(gfp & MPOOL_GFP_SPECIAL))) {
		got = cls->paged ?
		      bulk_get(cls, nr - done, bufs + done, true) :
		      bulk_get(cls, nr - done, bufs + done, false);
		if (unlikely(!got))
			break;
		done += got;
	}
	if (asked != cls->size && done)
		mpool_slack_add(cls, (u64)done * (cls->size - asked));
	if (tracepoint_enabled(mpool_alloc))
		mpool_traced_bulk(cls, done, bufs, asked, gfp, caller);
	while (unlikely(done < nr)) {
		bufs[done] = mpool_alloc_slow(cls, gfp, done ? 0 :
					      MAX_SCHEDULE_TIMEOUT, asked,
					      caller);
		if (!bufs[done])
			break;
		done++;
	}
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
 * Return: how many were allocated, 0 to @nr.
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
 * Return: true, or false when fewer than @nr were to be had; those went back.
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
static __always_inline bool bulk_plausible(unsigned int nr, void **bufs,
					   bool paged)
{
	unsigned long unit = paged ? PAGE_SIZE : sizeof(struct mpool_head);
	unsigned long any = 0, all = ~0UL;
	unsigned long i;

	/* Two loops: each takes its operand from memory, in one instruction. */
#pragma GCC unroll 8
	for (i = 0; i < nr; i++)
		any |= (unsigned long)bufs[i];
#pragma GCC unroll 8
	for (i = 0; i < nr; i++)
		all &= (unsigned long)bufs[i];
	return !(any & (unit - 1)) && mpool_map_holds(all, any);
}

/*
 * Claims plausible pointers into the magazine from @to on, until @nr or the
 * first that is not the class's; returns how many.
 */
static __always_inline unsigned long
bulk_claim(unsigned long tag, unsigned long nr, void **bufs, void **to,
	   bool paged)
{
	unsigned long i = 0, k;
	void *buf;

	/* By fours, so that only a failure has to know which it was. */
	for (; i + 4 <= nr; i += 4) {
#pragma GCC unroll 4
		for (k = 0; k < 4; k++) {
			buf = bufs[i + k];
			if (unlikely(!mpool_tag_claim(buf, paged, tag)))
				return i + k;
			to[i + k] = buf;
		}
	}
	for (; i < nr; i++) {
		buf = bufs[i];
		if (unlikely(!mpool_tag_claim(buf, paged, tag)))
			break;
		to[i] = buf;
	}
	return i;
}

/* Returns how many of @bufs are in; the next one, if any, is not for here. */
static __always_inline unsigned int
bulk_put(struct mpool_class *cls, unsigned int nr, void **bufs, bool paged)
{
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
	unsigned long n;

	if (unlikely(!cpu))
		return 0;
	if (unlikely(cpu->nr >= cls->cpu_cap))
		mpool_magazine_spill(cls, cpu);
	n = min_t(unsigned long, nr, cls->cpu_cap - cpu->nr);
	n = bulk_claim(cls->tag, n, bufs, cpu->loaded->bufs + cpu->nr, paged);
	cpu->nr += n;
	cpu->frees += n;
	mpool_cpu_leave(cpu);
	return n;
}

static __always_inline unsigned int
bulk_free(struct mpool_class *cls, unsigned int nr, void **bufs, bool paged)
{
	unsigned int done = 0, got;

	/* A reset needs each in its hands: free_cap is 0 then. */
	if (unlikely(!cls->free_cap) || unlikely(!bulk_plausible(nr, bufs, paged)))
		return 0;
	do {
		got = bulk_put(cls, nr - done, bufs + done, paged);
		done += got;
	} while (unlikely(done < nr) && got);
	return done;
}

static void free_bulk(struct mpool_class *cls, unsigned int nr, void **bufs,
		      unsigned long caller)
{
	unsigned int i = 0;

	if (!tracepoint_enabled(mpool_free))
		i = cls->paged ? bulk_free(cls, nr, bufs, true) :
				 bulk_free(cls, nr, bufs, false);
	/*
	 * From one that is refused, or a magazine that is not to be had, on;
	 * all of them when somebody traces.
	 */
	for (; unlikely(i < nr); i++)
		mpool_free_one(cls, bufs[i], caller);
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
	unsigned long tag;

	return mpool_tag_read(buf, &tag) ? mpool_tag_class(pool, tag) : NULL;
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
		free_bulk(cls, run - i, bufs + i, _RET_IP_);
		i = run;
	}
}
EXPORT_SYMBOL_NS_GPL(mpool_free_bulk, MPOOL_NS);
