/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is measured with many buffers at a time: getting and putting so many, to
 * be inlined where they are timed.
 */
#ifndef _BENCH_SUBJECTS_BULK_H
#define _BENCH_SUBJECTS_BULK_H

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

static __always_inline bool bench_bare_get(struct bench_set *s,
					   unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	b->nr -= nr;
	for (i = 0; i < nr; i++)
		bufs[i] = b->objs[b->nr + i];
	preempt_enable();
	return true;
}

static __always_inline void bench_bare_put(struct bench_set *s,
					   unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	for (i = 0; i < nr; i++)
		b->objs[b->nr + i] = bufs[i];
	b->nr += nr;
	preempt_enable();
}

static __always_inline bool bench_bare_irq_get(struct bench_set *s,
					       unsigned int nr, void **bufs)
{
	struct bench_bare *b;
	unsigned int i, got = 0;

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	if (likely(!READ_ONCE(b->busy))) {
		WRITE_ONCE(b->busy, 1);
		barrier();
		got = min(nr, b->nr);
		b->nr -= got;
		for (i = 0; i < got; i++)
			bufs[i] = b->objs[b->nr + i];
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

	preempt_disable();
	b = this_cpu_ptr(&bench_bare);
	if (likely(!READ_ONCE(b->busy))) {
		WRITE_ONCE(b->busy, 1);
		barrier();
		room = min(nr, BENCH_HELD_MAX - b->nr);
		for (i = 0; i < room; i++)
			b->objs[b->nr + i] = bufs[i];
		b->nr += room;
		barrier();
		WRITE_ONCE(b->busy, 0);
	}
	preempt_enable();
}

#define BENCH_EACH_BULK()						\
do {									\
	SUBJECT("mpool", bench_mpool_get, bench_mpool_put);		\
	SUBJECT("mpool-size", bench_mpool_size_get,			\
		bench_mpool_size_put);					\
	SUBJECT("kmem_cache", bench_kmem_cache_get,			\
		bench_kmem_cache_put);					\
	SUBJECT("bare", bench_bare_get, bench_bare_put);		\
	SUBJECT("bare-irq", bench_bare_irq_get, bench_bare_irq_put);	\
} while (0)

#endif /* _BENCH_SUBJECTS_BULK_H */
