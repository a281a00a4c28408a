/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is measured with many buffers at a time: getting and putting so many, to
 * be inlined where they are timed.
 */
#ifndef _BENCH_SUBJECTS_BULK_H
#define _BENCH_SUBJECTS_BULK_H

#include <linux/string.h>

#include "../../../mpool/compat/mempool.h"
#include "../../../mpool/compat/page_bulk.h"
#include "subjects.h"

typedef bool (*bench_get_t)(struct bench_set *s, unsigned int nr, void **bufs);
typedef void (*bench_put_t)(struct bench_set *s, unsigned int nr, void **bufs);

static __always_inline bool bench_mpool_get(struct bench_set *s,
					    unsigned int nr, void **bufs)
{
	unsigned int got = mpool_class_alloc_bulk(s->cls, GFP_KERNEL, nr, bufs);

	if (likely(got == nr))
		return true;
	mpool_class_free_bulk(s->cls, got, bufs);
	return false;
}

static __always_inline void bench_mpool_put(struct bench_set *s,
					    unsigned int nr, void **bufs)
{
	mpool_class_free_bulk(s->cls, nr, bufs);
}

static __always_inline bool bench_mpool_size_get(struct bench_set *s,
						 unsigned int nr, void **bufs)
{
	unsigned int got;

	got = mpool_alloc_bulk(s->pool, s->size, GFP_KERNEL, nr, bufs);
	if (likely(got == nr))
		return true;
	mpool_free_bulk(s->pool, got, bufs);
	return false;
}

static __always_inline void bench_mpool_size_put(struct bench_set *s,
						 unsigned int nr, void **bufs)
{
	mpool_free_bulk(s->pool, nr, bufs);
}

/* All or none; the number of them on 6.1, a truth from 7.2 on. */
static __always_inline bool bench_kmem_cache_get(struct bench_set *s,
						 unsigned int nr, void **bufs)
{
	return kmem_cache_alloc_bulk(s->cache, GFP_KERNEL, nr, bufs);
}

static __always_inline void bench_kmem_cache_put(struct bench_set *s,
						 unsigned int nr, void **bufs)
{
	kmem_cache_free_bulk(s->cache, nr, bufs);
}

/* Who has no call for many makes as many calls. */
static __always_inline bool bench_each_get(struct bench_set *s,
					   unsigned int nr, void **bufs,
					   bench_alloc_t alloc, bench_free_t free)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		bufs[i] = alloc(s);
		if (unlikely(!bufs[i]))
			goto none;
	}
	return true;
none:
	while (i)
		free(s, bufs[--i]);
	return false;
}

static __always_inline void bench_each_put(struct bench_set *s,
					   unsigned int nr, void **bufs,
					   bench_free_t free)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		free(s, bufs[i]);
}

/* kmalloc() has a call for many frees alone. */
static __always_inline bool bench_kmalloc_get(struct bench_set *s,
					      unsigned int nr, void **bufs)
{
	return bench_each_get(s, nr, bufs, bench_kmalloc_alloc,
			      bench_kmalloc_free);
}

static __always_inline void bench_kmalloc_put(struct bench_set *s,
					      unsigned int nr, void **bufs)
{
	kfree_bulk(nr, bufs);
}

static __always_inline bool bench_mempool_get(struct bench_set *s,
					      unsigned int nr, void **bufs)
{
	return mpool_mempool_get(s->reserve, GFP_KERNEL, nr, bufs);
}

static __always_inline void bench_mempool_put(struct bench_set *s,
					      unsigned int nr, void **bufs)
{
	mpool_mempool_put(s->reserve, nr, bufs);
}

static __always_inline bool bench_alloc_pages_get(struct bench_set *s,
						  unsigned int nr, void **bufs)
{
	return bench_each_get(s, nr, bufs, bench_alloc_pages_alloc,
			      bench_alloc_pages_free);
}

static __always_inline void bench_alloc_pages_put(struct bench_set *s,
						  unsigned int nr, void **bufs)
{
	bench_each_put(s, nr, bufs, bench_alloc_pages_free);
}

/*
 * Single pages by one call: it fills what is NULL, and may fill less than all.
 * There is none that frees many.
 */
static __always_inline bool bench_pages_bulk_get(struct bench_set *s,
						 unsigned int nr, void **bufs)
{
	unsigned long was, got = 0;

	memset(bufs, 0, nr * sizeof(*bufs));
	do {
		was = got;
		got = alloc_pages_bulk(GFP_KERNEL, nr, (struct page **)bufs);
		if (likely(got == nr))
			return true;
	} while (got > was);
	bench_each_put(s, got, bufs, bench_alloc_pages_free);
	return false;
}

static __always_inline bool bench_page_pool_get(struct bench_set *s,
						unsigned int nr, void **bufs)
{
	return bench_each_get(s, nr, bufs, bench_page_pool_alloc,
			      bench_page_pool_free);
}

static __always_inline void bench_page_pool_put(struct bench_set *s,
						unsigned int nr, void **bufs)
{
	bench_each_put(s, nr, bufs, bench_page_pool_free);
}

static __always_inline bool bench_bare_get(struct bench_set *s,
					   unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i;
	void **objs;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	b->nr -= nr;
	objs = b->objs + b->nr;
	for (i = 0; i < nr; i++)
		bufs[i] = objs[i];
	preempt_enable();
	return true;
}

static __always_inline void bench_bare_put(struct bench_set *s,
					   unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i;
	void **objs;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	objs = b->objs + b->nr;
	for (i = 0; i < nr; i++)
		objs[i] = bufs[i];
	b->nr += nr;
	preempt_enable();
}

static __always_inline bool bench_bare_irq_get(struct bench_set *s,
					       unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i, got = 0;
	void **objs;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	if (likely(!READ_ONCE(b->busy))) {
		WRITE_ONCE(b->busy, 1);
		barrier();
		got = min(nr, b->nr);
		b->nr -= got;
		objs = b->objs + b->nr;
		for (i = 0; i < got; i++)
			bufs[i] = objs[i];
		barrier();
		WRITE_ONCE(b->busy, 0);
	}
	preempt_enable();
	return got == nr;
}

static __always_inline void bench_bare_irq_put(struct bench_set *s,
					       unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i, room;
	void **objs;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	if (likely(!READ_ONCE(b->busy))) {
		WRITE_ONCE(b->busy, 1);
		barrier();
		room = min(nr, BENCH_HELD_MAX - b->nr);
		objs = b->objs + b->nr;
		for (i = 0; i < room; i++)
			objs[i] = bufs[i];
		b->nr += room;
		barrier();
		WRITE_ONCE(b->busy, 0);
	}
	preempt_enable();
}

/*
 * SUBJECT(name, get, put) for each subject that @s has: first those with a call
 * for many of their own, then those for whom it is a loop, or half of one.
 */
#define BENCH_EACH_BULK(s)						\
do {									\
	SUBJECT("mpool", bench_mpool_get, bench_mpool_put);		\
	SUBJECT("mpool-size", bench_mpool_size_get,			\
		bench_mpool_size_put);					\
	SUBJECT("kmem_cache", bench_kmem_cache_get,			\
		bench_kmem_cache_put);					\
	BENCH_EACH_LOOP(s);						\
} while (0)

#define BENCH_EACH_LOOP(s)						\
do {									\
	const struct bench_set *of = (s);				\
									\
	SUBJECT("kmalloc", bench_kmalloc_get, bench_kmalloc_put);	\
	SUBJECT("mempool", bench_mempool_get, bench_mempool_put);	\
	SUBJECT("bare", bench_bare_get, bench_bare_put);		\
	SUBJECT("bare-irq", bench_bare_irq_get, bench_bare_irq_put);	\
	if (of->size >= PAGE_SIZE)					\
		SUBJECT("alloc_pages", bench_alloc_pages_get,		\
			bench_alloc_pages_put);				\
	if (of->size == PAGE_SIZE)					\
		SUBJECT("alloc_pages_bulk", bench_pages_bulk_get,	\
			bench_alloc_pages_put);				\
	if (of->pages)							\
		SUBJECT("page_pool", bench_page_pool_get,		\
			bench_page_pool_put);				\
} while (0)

#endif /* _BENCH_SUBJECTS_BULK_H */
