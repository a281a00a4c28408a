/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is measured: an allocation and a free of each, to be inlined where they
 * are timed.
 */
#ifndef _BENCH_SUBJECTS_H
#define _BENCH_SUBJECTS_H

#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "../../../mpool/alloc.h"
#include "../../../mpool/compat/page_pool.h"
#include "bench.h"

typedef void *(*bench_alloc_t)(struct bench_set *s);
typedef void (*bench_free_t)(struct bench_set *s, void *p);

static __always_inline void *bench_mpool_alloc(struct bench_set *s)
{
	return mpool_class_alloc(s->cls, GFP_NOWAIT);
}

static __always_inline void bench_mpool_free(struct bench_set *s, void *p)
{
	mpool_class_free(s->cls, p);
}

static __always_inline void *bench_mpool_size_alloc(struct bench_set *s)
{
	return mpool_alloc(s->pool, s->size, GFP_NOWAIT);
}

static __always_inline void bench_mpool_size_free(struct bench_set *s, void *p)
{
	mpool_free(s->pool, p);
}

static __always_inline void *bench_kmem_cache_alloc(struct bench_set *s)
{
	return kmem_cache_alloc(s->cache, GFP_NOWAIT);
}

static __always_inline void bench_kmem_cache_free(struct bench_set *s, void *p)
{
	kmem_cache_free(s->cache, p);
}

static __always_inline void *bench_kmalloc_alloc(struct bench_set *s)
{
	return kmalloc(s->size, GFP_NOWAIT);
}

static __always_inline void bench_kmalloc_free(struct bench_set *s, void *p)
{
	kfree(p);
}

static __always_inline void *bench_mempool_alloc(struct bench_set *s)
{
	return mempool_alloc(s->reserve, GFP_NOWAIT);
}

static __always_inline void bench_mempool_free(struct bench_set *s, void *p)
{
	mempool_free(p, s->reserve);
}

static __always_inline void *bench_alloc_pages_alloc(struct bench_set *s)
{
	return alloc_pages(GFP_NOWAIT, s->order);
}

static __always_inline void bench_alloc_pages_free(struct bench_set *s, void *p)
{
	__free_pages(p, s->order);
}

/* Outside of its own softirq a page_pool recycles through a ring. */
static __always_inline void *bench_page_pool_alloc(struct bench_set *s)
{
	if (!IS_ENABLED(CONFIG_PAGE_POOL))
		return NULL;
	return page_pool_alloc_pages(s->pages, GFP_NOWAIT);
}

static __always_inline void bench_page_pool_free(struct bench_set *s, void *p)
{
	page_pool_put_full_page(s->pages, p, false);
}

/* Inside of it, through an array: the caller vouches for the context. */
static __always_inline void bench_page_pool_direct_free(struct bench_set *s,
							void *p)
{
	page_pool_put_full_page(s->pages, p, true);
}

/*
 * The bare limit: a per-CPU array, safe from preemption and from nothing else.
 * Nothing bounds it: a group's task stays on its CPU, so that an array gets back
 * what it gave.
 */
struct bench_bare {
	unsigned int busy;
	unsigned int nr;
	void **objs;
};

DECLARE_PER_CPU(struct bench_bare, bench_bare);

static __always_inline void *bench_bare_alloc(struct bench_set *s)
{
	struct bench_bare *b;
	void *p;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	p = b->objs[--b->nr];
	preempt_enable();
	return p;
}

static __always_inline void bench_bare_free(struct bench_set *s, void *p)
{
	struct bench_bare *b;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	b->objs[b->nr++] = p;
	preempt_enable();
}

/*
 * The same, safe from interrupts of its own CPU as well, and bounded: what an
 * array costs that can be used from anywhere, without any check or count.
 */
static __always_inline void *bench_bare_irq_alloc(struct bench_set *s)
{
	struct bench_bare *b;
	void *p = NULL;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	if (likely(!READ_ONCE(b->busy))) {
		WRITE_ONCE(b->busy, 1);
		barrier();
		if (likely(b->nr))
			p = b->objs[--b->nr];
		barrier();
		WRITE_ONCE(b->busy, 0);
	}
	preempt_enable();
	return p;
}

static __always_inline void bench_bare_irq_free(struct bench_set *s, void *p)
{
	struct bench_bare *b;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	if (likely(!READ_ONCE(b->busy))) {
		WRITE_ONCE(b->busy, 1);
		barrier();
		if (likely(b->nr < BENCH_HELD_MAX))
			b->objs[b->nr++] = p;
		barrier();
		WRITE_ONCE(b->busy, 0);
	}
	preempt_enable();
}

/*
 * That one with mpool's checks: what mpool_class_alloc() and mpool_class_free()
 * do to tell a double free, a foreign pointer and another class's buffer, by the
 * same inline functions.  Less "bare-irq" it is what they cost.
 */
#define BENCH_TAG	(0x123456789abcd000UL + MPOOL_ALLOCATED)

static __always_inline void *bench_checked_alloc(struct bench_set *s)
{
	void *p = bench_bare_irq_alloc(s);

	if (likely(p))
		mpool_tag_set(p, mpool_buf_paged(p), BENCH_TAG, MPOOL_ALLOCATED);
	return p;
}

static __always_inline void bench_checked_free(struct bench_set *s, void *p)
{
	if (likely(mpool_buf_plausible(p)) &&
	    likely(mpool_tag_claim(p, mpool_buf_paged(p), BENCH_TAG)))
		bench_bare_irq_free(s, p);
	else
		WARN_ON_ONCE(1);
}

/*
 * SUBJECT(name, alloc, free) for each subject that @s has; the user defines it.
 * The functions are constants there, and so are inlined.
 */
#define BENCH_EACH(s)							\
do {									\
	SUBJECT("mpool", bench_mpool_alloc, bench_mpool_free);		\
	SUBJECT("mpool-size", bench_mpool_size_alloc,			\
		bench_mpool_size_free);					\
	SUBJECT("kmem_cache", bench_kmem_cache_alloc,			\
		bench_kmem_cache_free);					\
	SUBJECT("kmalloc", bench_kmalloc_alloc, bench_kmalloc_free);	\
	SUBJECT("mempool", bench_mempool_alloc, bench_mempool_free);	\
	SUBJECT("bare", bench_bare_alloc, bench_bare_free);		\
	SUBJECT("bare-irq", bench_bare_irq_alloc, bench_bare_irq_free);	\
	if ((s)->size >= PAGE_SIZE)					\
		SUBJECT("alloc_pages", bench_alloc_pages_alloc,		\
			bench_alloc_pages_free);			\
} while (0)

#endif /* _BENCH_SUBJECTS_H */
