// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads at once, each for itself: pairs by 1 to 8 threads, and a
 * hundred allocations, then their frees, by 1 and by 10.
 */
#include "bench.h"
#include "crew.h"
#include "subjects.h"

/* A millisecond or more a run: a thread's start costs microseconds. */
#define PAIRS_FULL	65536
#define PAIRS_QUICK	16384
#define HUNDRED		100

/* Pairs of a thread in a run; the same for all while a group runs. */
static unsigned int thread_pairs;

/*
 * A page_pool may be allocated from in one place at a time, so each thread has
 * one of its own: sets that differ from the crew's by that.
 */
static struct bench_set own_sets[CREW_MAX];

static __always_inline struct bench_set *set_of(const struct crew_member *me,
						bool own)
{
	return own ? &own_sets[me->index] : me->crew->s;
}

static __always_inline int pairs(void *arg, bool own, bench_alloc_t alloc,
				 bench_free_t free)
{
	struct crew_member *me = arg;
	struct bench_set *s = set_of(me, own);
	const unsigned int nr = thread_pairs;
	unsigned int i;
	void *p;

	crew_begin(me->crew);
	for (i = 0; i < nr; i++) {
		p = alloc(s);
		if (unlikely(!p)) {
			WRITE_ONCE(me->crew->bad, true);
			break;
		}
		barrier_data(p);
		free(s, p);
	}
	return crew_end(me->crew);
}

static __always_inline int hundreds(void *arg, bool own, bench_alloc_t alloc,
				    bench_free_t free)
{
	struct crew_member *me = arg;
	struct bench_set *s = set_of(me, own);
	void **held = s->held + me->index * HUNDRED;
	const unsigned int hundreds_each = thread_pairs / HUNDRED;
	unsigned int i, n;

	crew_begin(me->crew);
	for (i = 0; i < hundreds_each; i++) {
		for (n = 0; n < HUNDRED; n++) {
			held[n] = alloc(s);
			if (unlikely(!held[n])) {
				WRITE_ONCE(me->crew->bad, true);
				break;
			}
		}
		while (n)
			free(s, held[--n]);
	}
	return crew_end(me->crew);
}

#define PAIRS(id, own)							\
static int pairs_##id(void *arg)					\
{									\
	return pairs(arg, own, bench_##id##_alloc, bench_##id##_free);	\
}

#define HUNDREDS(id, own)						\
static int hundreds_##id(void *arg)					\
{									\
	return hundreds(arg, own, bench_##id##_alloc, bench_##id##_free);	\
}

PAIRS(mpool, false)
PAIRS(mpool_size, false)
PAIRS(kmem_cache, false)
PAIRS(kmalloc, false)
PAIRS(mempool, false)
PAIRS(alloc_pages, false)
PAIRS(page_pool, true)
PAIRS(bare, false)
PAIRS(bare_irq, false)

HUNDREDS(mpool, false)
HUNDREDS(mpool_size, false)
HUNDREDS(kmem_cache, false)
HUNDREDS(kmalloc, false)
HUNDREDS(mempool, false)
HUNDREDS(alloc_pages, false)
HUNDREDS(page_pool, true)
HUNDREDS(bare, false)
HUNDREDS(bare_irq, false)

static const struct {
	const char *name;
	int (*pairs)(void *member);
	int (*hundreds)(void *member);
	bool pages;
} subjects[] = {
	{ "mpool", pairs_mpool, hundreds_mpool },
	{ "mpool-size", pairs_mpool_size, hundreds_mpool_size },
	{ "kmem_cache", pairs_kmem_cache, hundreds_kmem_cache },
	{ "kmalloc", pairs_kmalloc, hundreds_kmalloc },
	{ "mempool", pairs_mempool, hundreds_mempool },
	{ "alloc_pages", pairs_alloc_pages, hundreds_alloc_pages, true },
	{ "page_pool", pairs_page_pool, hundreds_page_pool, true },
	{ "bare", pairs_bare, hundreds_bare },
	{ "bare-irq", pairs_bare_irq, hundreds_bare_irq },
};

static void own_sets_end(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own_sets); i++)
		if (own_sets[i].pages)
			page_pool_destroy(own_sets[i].pages);
	memset(own_sets, 0, sizeof(own_sets));
}

static int own_sets_make(const struct bench_set *s)
{
	unsigned int i;

	for (i = 0; s->pages && i < ARRAY_SIZE(own_sets); i++) {
		own_sets[i] = *s;
		own_sets[i].pages = bench_page_pool(s->size);
		if (!own_sets[i].pages) {
			own_sets_end();
			return -ENOMEM;
		}
	}
	return 0;
}

static void by_threads(struct seq_file *m, struct bench_set *s)
{
	struct crew c = { .s = s, .m = m };
	struct crew_size sizes[8], hundreds[2];
	unsigned int i, nr, n = 0;

	for (nr = 1; nr <= 8; nr = bench_quick ? nr * 2 : nr + 1)
		sizes[n++] = (struct crew_size) { nr, (u64)nr * thread_pairs };
	for (i = 0, nr = 1; nr <= 10; nr += 9)
		hundreds[i++] = (struct crew_size) {
			nr, (u64)nr * (thread_pairs / HUNDRED) * HUNDRED,
		};
	for (i = 0; i < ARRAY_SIZE(subjects); i++) {
		if (subjects[i].pages && s->size < PAGE_SIZE)
			continue;
		crew_measure(&c, sizes, n, "threads", subjects[i].name, 1,
			     subjects[i].pairs);
		crew_measure(&c, hundreds, ARRAY_SIZE(hundreds), "hundred",
			     subjects[i].name, HUNDRED, subjects[i].hundreds);
	}
}

static int at_size(struct seq_file *m, struct bench_set *s)
{
	int err = own_sets_make(s);

	if (!err)
		by_threads(m, s);
	own_sets_end();
	return err;
}

/**
 * bench_threads() - each thread for itself; nothing on a machine of one CPU
 * @m: where to
 *
 * Return: 0, or an error that a set could not be made.
 */
int bench_threads(struct seq_file *m)
{
	static const unsigned int sizes[] = { 256, 1024, 4096 };

	if (num_online_cpus() < 2)
		return 0;
	thread_pairs = bench_quick ? PAIRS_QUICK : PAIRS_FULL;
	return bench_each_size(m, sizes, ARRAY_SIZE(sizes), at_size);
}
