// SPDX-License-Identifier: GPL-2.0
/*
 * One buffer at a time, in a task and in a softirq.
 *
 * pair: one is allocated and freed.  held: so many are allocated before the
 * first is freed.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/mm.h>

#include "bench.h"
#include "subjects.h"

static const unsigned int helds[] = { 1, 16, 256, 4096 };

/* A run of each. */
static __always_inline void pair(struct bench_set *s, const char *shape,
				 const char *subject, unsigned int rounds,
				 bench_alloc_t alloc, bench_free_t free)
{
	struct bench_figure *f = bench_mine(s, shape, subject, 1);
	void *p = alloc(s);
	unsigned int i;

	if (!p)
		return;
	free(s, p);
	bench_start(f);
	for (i = 0; i < rounds; i++) {
		p = alloc(s);
		barrier_data(p);
		free(s, p);
	}
	bench_stop(f);
}

static __always_inline void held(struct bench_set *s, const char *shape,
				 const char *subject, unsigned int rounds,
				 unsigned int nr,
				 bench_alloc_t alloc, bench_free_t free)
{
	struct bench_figure *f = bench_mine(s, shape, subject, nr);
	unsigned int i, n;

	bench_start(f);
	for (i = 0; i < rounds; i++) {
		for (n = 0; n < nr; n++) {
			s->held[n] = alloc(s);
			if (unlikely(!s->held[n]))
				goto none;
		}
		for (n = 0; n < nr; n++)
			free(s, s->held[n]);
	}
	bench_stop(f);
	return;
none:
	while (n)
		free(s, s->held[--n]);
}

static void from_task(struct seq_file *m, struct bench_set *s)
{
	unsigned int rounds = bench_rounds(s->size, 1), i, nr;

	bench_each_turn() {
#define SUBJECT(name, alloc, free)	pair(s, "pair", name, rounds, alloc, free)
		BENCH_EACH(s);
		/* One buffer stands for all of them: no shape that holds more. */
		SUBJECT("bare-checked", bench_checked_alloc, bench_checked_free);
		if (s->pages)
			SUBJECT("page_pool", bench_page_pool_alloc,
				bench_page_pool_free);
#undef SUBJECT
	}
	bench_print_turns(m, rounds);

	for (i = 0; i < ARRAY_SIZE(helds); i++) {
		nr = helds[i];
		if (nr != bench_room(s->size, nr))
			continue;
		rounds = bench_rounds(s->size, nr);
		bench_each_turn() {
#define SUBJECT(name, alloc, free) \
	held(s, "held", name, rounds, nr, alloc, free)
			BENCH_EACH(s);
			if (s->pages)
				SUBJECT("page_pool", bench_page_pool_alloc,
					bench_page_pool_free);
#undef SUBJECT
		}
		bench_print_turns(m, (u64)rounds * nr);
	}
}

/*
 * An operation of the documents that the project began with: four buffers,
 * 1,200 bytes in all.  What it costs, and what it takes of the system: a
 * kmalloc is a call, and takes what it gives.
 */
#define OPERATION_SIZE	300
#define OPERATION	4

static int one_operation(struct seq_file *m, struct bench_set *s)
{
	const unsigned int rounds = 1000, each = bench_rounds(s->size, OPERATION);
	struct mpool_class_stats was, is;
	unsigned int i, n;

	bench_each_turn() {
#define SUBJECT(name, alloc, free) \
	held(s, "operation", name, each, OPERATION, alloc, free)
		BENCH_EACH(s);
#undef SUBJECT
	}
	bench_print_turns(m, (u64)each * OPERATION);
	mpool_get_stats(s->pool, &was);
	for (i = 0; i < rounds; i++) {
		for (n = 0; n < OPERATION; n++)
			s->held[n] = bench_mpool_alloc(s);
		while (n)
			bench_mpool_free(s, s->held[--n]);
	}
	mpool_get_stats(s->pool, &is);
	bench_value(m, "operation-calls", s->size, OPERATION, "mpool",
		    "calls", is.misses - was.misses, rounds);
	bench_value(m, "operation-bytes", s->size, OPERATION, "mpool",
		    "bytes", (is.grown - was.grown) * mpool_class_size(s->cls),
		    rounds);
	return 0;
}

/* A page's clearing, for who has to take it off. */
static void clearing(struct seq_file *m, struct bench_set *s)
{
	struct bench_figure *f = bench_begin(s, "clear", "clear_page", 1, 1);
	const unsigned int rounds = 64;
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int i;

	if (!page)
		return;
	while (bench_more(f)) {
		bench_start(f);
		for (i = 0; i < rounds; i++)
			clear_page(page_address(page));
		bench_stop(f);
	}
	bench_print(m, f, rounds);
	__free_page(page);
}

static int pairs_and_held(struct seq_file *m, struct bench_set *s)
{
	from_task(m, s);
	if (s->size == PAGE_SIZE)
		clearing(m, s);
	return 0;
}

/**
 * bench_single() - pair, and held ones, in a task
 * @m: where to
 *
 * Return: 0, or an error that a set could not be made.
 */
int bench_single(struct seq_file *m)
{
	static const unsigned int operation = OPERATION_SIZE;

	return bench_each_size(m, bench_sizes, bench_nr_sizes, pairs_and_held) ?:
	       bench_each_size(m, &operation, 1, one_operation);
}

struct softirq_work {
	struct tasklet_struct tasklet;
	struct completion done;
	struct seq_file *m;
	struct bench_set *s;
};

static void from_softirq(struct tasklet_struct *t)
{
	struct softirq_work *w = from_tasklet(w, t, tasklet);
	const unsigned int nr = bench_room(w->s->size, 256);
	unsigned int rounds = bench_rounds(w->s->size, 1);

	bench_each_turn() {
#define SUBJECT(name, alloc, free) \
	pair(w->s, "softirq-pair", name, rounds, alloc, free)
		BENCH_EACH(w->s);
		if (w->s->pages)
			SUBJECT("page_pool", bench_page_pool_alloc,
				bench_page_pool_direct_free);
#undef SUBJECT
	}
	bench_print_turns(w->m, rounds);
	rounds = bench_rounds(w->s->size, nr);
	bench_each_turn() {
#define SUBJECT(name, alloc, free) \
	held(w->s, "softirq-held", name, rounds, nr, alloc, free)
		BENCH_EACH(w->s);
		if (w->s->pages)
			SUBJECT("page_pool", bench_page_pool_alloc,
				bench_page_pool_direct_free);
#undef SUBJECT
	}
	bench_print_turns(w->m, (u64)rounds * nr);
	complete(&w->done);
}

static int in_softirq_at(struct seq_file *m, struct bench_set *s)
{
	struct softirq_work w = { .m = m, .s = s };

	init_completion(&w.done);
	tasklet_setup(&w.tasklet, from_softirq);
	tasklet_schedule(&w.tasklet);
	wait_for_completion(&w.done);
	tasklet_kill(&w.tasklet);
	return 0;
}

/**
 * bench_softirq() - the same in a softirq, where page_pool is at home
 * @m: where to
 *
 * Return: 0, or an error that a set could not be made.
 */
int bench_softirq(struct seq_file *m)
{
	static const unsigned int sizes[] = { 256, 4096 };

	return bench_each_size(m, sizes, ARRAY_SIZE(sizes), in_softirq_at);
}
