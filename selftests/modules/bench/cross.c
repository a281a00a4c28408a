// SPDX-License-Identifier: GPL-2.0
/*
 * One thread allocates what others, on other CPUs, free.
 *
 * Buffers go through a ring for each who frees.  Head and tail move by CHUNK,
 * so that the ring costs little beside what is measured; "bare" is the ring
 * alone, with nothing allocated.
 *
 * cross: nobody looks at the buffers.  cross-used: a line of each is written
 * before it is passed on, and read before it is freed, as buffers are that have
 * something in them.
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "bench.h"
#include "crew.h"
#include "subjects_bulk.h"

#define RING	1024
#define CHUNK	32
/* Some milliseconds a run: a thread's start costs microseconds. */
#define PASSED	65536

/* Written by who allocates, by who frees; each on lines of its own. */
struct ring {
	unsigned int head ____cacheline_aligned;
	unsigned int tail ____cacheline_aligned;
	void *slots[RING] ____cacheline_aligned;
};

static struct ring rings[CREW_MAX - 1];

/* The first line of a buffer, @p or the page that it names. */
static __always_inline long *line_of(void *p, bool page)
{
	return page ? page_address((struct page *)p) : p;
}

static __always_inline int pass(void *arg, bool bulk, bool used, bool page,
				bench_get_t get, bench_put_t put,
				bench_alloc_t alloc, bench_free_t free)
{
	struct crew_member *me = arg;
	struct crew *c = me->crew;
	const unsigned int nr = c->nr - 1;
	/* chunks for each ring; the first member allocates for all */
	const unsigned int chunks = PASSED / CHUNK / nr;
	unsigned int chunk, i, r = 0, spun = 0;
	struct ring *ring;
	void **slots;

	if (me->index) {
		ring = &rings[me->index - 1];
		ring->head = 0;
		ring->tail = 0;
	}
	crew_begin(c);
	if (!me->index) {
		for (chunk = 0; chunk < chunks * nr; chunk++) {
			ring = &rings[r];
			r = r + 1 < nr ? r + 1 : 0;
			/* the slots were read before the tail moved */
			while (ring->head - smp_load_acquire(&ring->tail) >
			       RING - CHUNK)
				crew_relax(&spun);
			slots = &ring->slots[ring->head % RING];
			if (bulk && unlikely(!get(c->s, CHUNK, slots)))
				goto none;
			for (i = 0; !bulk && i < CHUNK; i++) {
				slots[i] = alloc(c->s);
				if (unlikely(!slots[i]))
					goto none;
				if (used)
					WRITE_ONCE(*line_of(slots[i], page), i);
			}
			/* the slots are written */
			smp_store_release(&ring->head, ring->head + CHUNK);
		}
	} else {
		for (chunk = 0; chunk < chunks; chunk++) {
			/* pairs with the release of head above */
			while (smp_load_acquire(&ring->head) == ring->tail) {
				crew_relax(&spun);
				if (unlikely(READ_ONCE(c->bad)))
					return crew_end(c);
			}
			slots = &ring->slots[ring->tail % RING];
			if (bulk)
				put(c->s, CHUNK, slots);
			for (i = 0; !bulk && i < CHUNK; i++) {
				if (used)
					READ_ONCE(*line_of(slots[i], page));
				free(c->s, slots[i]);
			}
			/* the slots are read */
			smp_store_release(&ring->tail, ring->tail + CHUNK);
		}
	}
	return crew_end(c);
none:
	WRITE_ONCE(c->bad, true);
	while (!bulk && i--)
		free(c->s, slots[i]);
	return crew_end(c);
}

static __always_inline void *nothing_alloc(struct bench_set *s)
{
	return s;
}

static __always_inline void nothing_free(struct bench_set *s, void *p)
{
	barrier_data(p);
}

#define SUBJECT(id, alloc, free)					\
static int pass_##id(void *arg)						\
{									\
	return pass(arg, false, false, false, NULL, NULL, alloc, free);	\
}

#define SUBJECT_USED(id, page, alloc, free)				\
static int pass_used_##id(void *arg)					\
{									\
	return pass(arg, false, true, page, NULL, NULL, alloc, free);	\
}

#define SUBJECT_BULK(id, get, put)					\
static int pass_bulk_##id(void *arg)					\
{									\
	return pass(arg, true, false, false, get, put, NULL, NULL);	\
}

SUBJECT(mpool, bench_mpool_alloc, bench_mpool_free)
SUBJECT(mpool_size, bench_mpool_size_alloc, bench_mpool_size_free)
SUBJECT(kmem_cache, bench_kmem_cache_alloc, bench_kmem_cache_free)
SUBJECT(kmalloc, bench_kmalloc_alloc, bench_kmalloc_free)
SUBJECT(mempool, bench_mempool_alloc, bench_mempool_free)
SUBJECT(alloc_pages, bench_alloc_pages_alloc, bench_alloc_pages_free)
SUBJECT(page_pool, bench_page_pool_alloc, bench_page_pool_free)
SUBJECT(bare, nothing_alloc, nothing_free)
SUBJECT_USED(mpool, false, bench_mpool_alloc, bench_mpool_free)
SUBJECT_USED(mpool_size, false, bench_mpool_size_alloc, bench_mpool_size_free)
SUBJECT_USED(kmem_cache, false, bench_kmem_cache_alloc, bench_kmem_cache_free)
SUBJECT_USED(kmalloc, false, bench_kmalloc_alloc, bench_kmalloc_free)
SUBJECT_USED(mempool, false, bench_mempool_alloc, bench_mempool_free)
SUBJECT_USED(alloc_pages, true, bench_alloc_pages_alloc, bench_alloc_pages_free)
SUBJECT_USED(page_pool, true, bench_page_pool_alloc, bench_page_pool_free)
SUBJECT_BULK(mpool, bench_mpool_get, bench_mpool_put)
SUBJECT_BULK(mpool_size, bench_mpool_size_get, bench_mpool_size_put)
SUBJECT_BULK(kmem_cache, bench_kmem_cache_get, bench_kmem_cache_put)
SUBJECT_BULK(kmalloc, bench_kmalloc_get, bench_kmalloc_put)
SUBJECT_BULK(mempool, bench_mempool_get, bench_mempool_put)
SUBJECT_BULK(pages_bulk, bench_pages_bulk_get, bench_alloc_pages_put)

static const struct {
	const char *shape;
	const char *name;
	unsigned int batch;
	bool pages;
	int (*fn)(void *member);
} subjects[] = {
	{ "cross", "mpool", 1, false, pass_mpool },
	{ "cross", "mpool-size", 1, false, pass_mpool_size },
	{ "cross", "kmem_cache", 1, false, pass_kmem_cache },
	{ "cross", "kmalloc", 1, false, pass_kmalloc },
	{ "cross", "mempool", 1, false, pass_mempool },
	{ "cross", "alloc_pages", 1, true, pass_alloc_pages },
	{ "cross", "page_pool", 1, true, pass_page_pool },
	{ "cross", "bare", 1, false, pass_bare },
	{ "cross", "mpool", CHUNK, false, pass_bulk_mpool },
	{ "cross", "mpool-size", CHUNK, false, pass_bulk_mpool_size },
	{ "cross", "kmem_cache", CHUNK, false, pass_bulk_kmem_cache },
	{ "cross", "kmalloc", CHUNK, false, pass_bulk_kmalloc },
	{ "cross", "mempool", CHUNK, false, pass_bulk_mempool },
	{ "cross", "alloc_pages_bulk", CHUNK, true, pass_bulk_pages_bulk },
	{ "cross-used", "mpool", 1, false, pass_used_mpool },
	{ "cross-used", "mpool-size", 1, false, pass_used_mpool_size },
	{ "cross-used", "kmem_cache", 1, false, pass_used_kmem_cache },
	{ "cross-used", "kmalloc", 1, false, pass_used_kmalloc },
	{ "cross-used", "mempool", 1, false, pass_used_mempool },
	{ "cross-used", "alloc_pages", 1, true, pass_used_alloc_pages },
	{ "cross-used", "page_pool", 1, true, pass_used_page_pool },
};

static int at_size(struct seq_file *m, struct bench_set *s)
{
	struct crew c = { .s = s, .m = m };
	struct crew_size sizes[2];
	unsigned int i, nr, n = 0;

	/* one on each other CPU; more would wait for each other */
	for (nr = 2; nr <= min(num_online_cpus(), 4U); nr *= 2)
		sizes[n++] = (struct crew_size) {
			nr, (u64)PASSED / CHUNK / (nr - 1) * (nr - 1) * CHUNK,
		};
	for (i = 0; i < ARRAY_SIZE(subjects); i++) {
		if (subjects[i].pages && !s->pages)
			continue;
		crew_measure(&c, sizes, n, subjects[i].shape, subjects[i].name,
			     subjects[i].batch, subjects[i].fn);
	}
	return 0;
}

/**
 * bench_cross() - one allocates, others free; nothing on one CPU
 * @m: where to
 *
 * Return: 0, or an error that a set could not be made.
 */
int bench_cross(struct seq_file *m)
{
	static const unsigned int sizes[] = { 256, 1024, 4096 };

	if (num_online_cpus() < 2)
		return 0;
	return bench_each_size(m, sizes, ARRAY_SIZE(sizes), at_size);
}
