// SPDX-License-Identifier: GPL-2.0
/*
 * Many buffers by one call: as slab_bulk_test01 of the networking developers'
 * benchmarks does it, and the matrix of DPDK's mempool_perf.
 */
#include "bench.h"
#include "subjects_bulk.h"

/* A run of it. */
static __always_inline void bulk(struct bench_set *s, const char *subject,
				 unsigned int rounds, unsigned int nr,
				 bench_get_t get, bench_put_t put)
{
	struct bench_figure *f = bench_mine(s, "bulk", subject, nr);
	unsigned int i;

	bench_start(f);
	for (i = 0; i < rounds; i++) {
		if (unlikely(!get(s, nr, s->held)))
			return;
		put(s, nr, s->held);
	}
	bench_stop(f);
}

static const unsigned int bulks[] = {
	1, 2, 3, 4, 8, 16, 30, 32, 34, 48, 64, 128, 158, 250,
};

static int bulks_of(struct seq_file *m, struct bench_set *s)
{
	bool all = s->size == 256 || (s->size == 4096 && !bench_quick);
	unsigned int n, nr, rounds;

	for (n = 0; n < ARRAY_SIZE(bulks); n++) {
		nr = bulks[n];
		if (!all && nr != 32)
			continue;
		rounds = bench_rounds(s->size, nr);
		bench_each_turn() {
#define SUBJECT(name, get, put)	bulk(s, name, rounds, nr, get, put)
			BENCH_EACH_BULK(s);
#undef SUBJECT
		}
		bench_print_turns(m, (u64)rounds * nr);
	}
	return 0;
}

/**
 * bench_bulk() - get so many by one call, put them by another
 * @m: where to
 *
 * Return: 0, or an error that a set could not be made.
 */
int bench_bulk(struct seq_file *m)
{
	return bench_each_size(m, bench_sizes, bench_nr_sizes, bulks_of);
}

static __always_inline void cell(struct seq_file *m, struct bench_set *s,
				 const char *subject, unsigned int keep,
				 unsigned int nget, unsigned int nput,
				 bench_get_t get, bench_put_t put)
{
	unsigned int rounds = bench_rounds(s->size, keep), i, n;
	struct bench_figure *f = bench_begin(s, "mempool_perf", subject, nget, 1);

	snprintf(f->more, sizeof(f->more), "put=%u keep=%u", nput, keep);
	while (bench_more(f)) {
		bench_start(f);
		for (i = 0; i < rounds; i++) {
			for (n = 0; n < keep; n += nget)
				if (unlikely(!get(s, nget, s->held + n)))
					goto none;
			for (n = 0; n < keep; n += nput)
				put(s, nput, s->held + n);
		}
		bench_stop(f);
	}
	bench_print(m, f, (u64)rounds * keep);
	return;
none:
	for (i = 0; i < n; i += nget)
		put(s, nget, s->held + i);
}

/* All powers of two, so that get and put divide keep. */
static const unsigned int cells_full[] = { 1, 8, 32, 128, 512 };
static const unsigned int keeps_full[] = { 32, 128, 512, 2048, 8192, 32768 };
static const unsigned int cells_quick[] = { 1, 32, 512 };
static const unsigned int keeps_quick[] = { 32, 2048 };

/*
 * get x put for who has calls for many; for the others, for whom they are loops,
 * equal ones.
 */
static void at_cell(struct seq_file *m, struct bench_set *s, unsigned int keep,
		    unsigned int nget, unsigned int nput)
{
#define SUBJECT(name, get, put) cell(m, s, name, keep, nget, nput, get, put)
	if (nget == nput) {
		BENCH_EACH_BULK(s);
	} else if (s->size < PAGE_SIZE) {
		SUBJECT("mpool", bench_mpool_get, bench_mpool_put);
		SUBJECT("kmem_cache", bench_kmem_cache_get, bench_kmem_cache_put);
	}
#undef SUBJECT
}

static int at_size(struct seq_file *m, struct bench_set *s)
{
	const unsigned int *cells = bench_quick ? cells_quick : cells_full;
	const unsigned int *keeps = bench_quick ? keeps_quick : keeps_full;
	const unsigned int nr_cells = bench_quick ? ARRAY_SIZE(cells_quick) :
						    ARRAY_SIZE(cells_full);
	const unsigned int nr_keeps = bench_quick ? ARRAY_SIZE(keeps_quick) :
						    ARRAY_SIZE(keeps_full);
	unsigned int k, g, p;

	for (k = 0; k < nr_keeps; k++)
		for (g = 0; g < nr_cells; g++)
			for (p = 0; p < nr_cells; p++)
				if (max(cells[g], cells[p]) <= keeps[k])
					at_cell(m, s, keeps[k], cells[g], cells[p]);
	return 0;
}

/**
 * bench_matrix() - gets of so many until so many are kept, then puts
 * @m: where to
 *
 * Return: 0, or an error that a set could not be made.
 */
int bench_matrix(struct seq_file *m)
{
	static const unsigned int sizes[] = { 256, 4096 };

	return bench_each_size(m, sizes, ARRAY_SIZE(sizes), at_size);
}
