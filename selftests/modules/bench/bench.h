/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the shapes of the benchmark share: what is measured on, the clock, and
 * how a figure is printed.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <linux/ktime.h>
#include <linux/mempool.h>
#include <linux/mpool.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>

/* A median wants an odd number; the first run only warms up. */
#define BENCH_RUNS	9
/* DPDK's largest keep, and so the most pointers that any shape holds. */
#define BENCH_HELD_MAX	32768
/* No shape holds more: the machine's memory is not what is measured. */
#define BENCH_BYTES_MAX	(256UL << 20)

struct page_pool;

/**
 * struct bench_figure - one figure in the making
 * @shape: name of what is done
 * @subject: who does it
 * @size: bytes of a buffer
 * @batch: buffers at a time
 * @threads: how many do it at once
 * @more: further keys, "key=value ...", or empty
 * @run: runs ended, the warm-up included
 * @start_ns: when the current run began
 * @start_tsc: the same
 * @ns: of each run
 * @tsc: the same
 */
struct bench_figure {
	const char *shape;
	const char *subject;
	unsigned int size;
	unsigned int batch;
	unsigned int threads;
	char more[32];
	unsigned int run;
	u64 start_ns;
	u64 start_tsc;
	u64 ns[BENCH_RUNS + 1];
	u64 tsc[BENCH_RUNS + 1];
};

/**
 * struct bench_set - what figures of one size are measured on
 * @size: bytes
 * @order: pages for that
 * @pool: a pool with one class in being
 * @cls: that class
 * @cache: a kmem_cache of the size
 * @reserve: a mempool_t over @cache
 * @pages: a page_pool of @order; NULL below a page or where there is none
 * @bare: what the bare arrays point at, with a tag as a buffer of mpool's has
 * @held: room for BENCH_HELD_MAX pointers
 * @figure: the one being measured; groups run one at a time
 */
struct bench_set {
	unsigned int size;
	unsigned int order;
	struct mpool *pool;
	struct mpool_class *cls;
	struct kmem_cache *cache;
	mempool_t *reserve;
	struct page_pool *pages;
	void *bare;
	void **held;
	struct bench_figure figure;
};

/* Nanoseconds of the guest's time for an instruction; 0: time is time. */
extern unsigned int bench_insn_ns;
/* A subset that takes a minute. */
extern bool bench_quick;

/* get_cycles() is 0 in user-mode Linux; the processor's counter is not. */
static __always_inline u64 bench_tsc(void)
{
#ifdef __x86_64__
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
#else
	return 0;
#endif
}

static __always_inline void bench_start(struct bench_figure *f)
{
	f->start_ns = ktime_get_ns();
	f->start_tsc = bench_tsc();
}

static __always_inline void bench_stop(struct bench_figure *f)
{
	f->tsc[f->run] = bench_tsc() - f->start_tsc;
	f->ns[f->run++] = ktime_get_ns() - f->start_ns;
	if (!in_interrupt())
		cond_resched();
}

/*
 * Another run to do?  The loop is the shape's, so that what is measured stands
 * in it and no call comes in between.
 */
static __always_inline bool bench_more(const struct bench_figure *f)
{
	return f->run <= BENCH_RUNS && (in_interrupt() || !signal_pending(current));
}

struct bench_figure *bench_begin(struct bench_set *s, const char *shape,
				 const char *subject, unsigned int batch,
				 unsigned int threads);

/*
 * A run of each subject, then the next of each: what changes with time, such as
 * the rate of the host's clock, changes for all of them.
 */
#define BENCH_SUBJECTS	16
#define bench_each_turn()	for (bench_turns_begin(); bench_turn();)

void bench_turns_begin(void);
bool bench_turn(void);
struct bench_figure *bench_mine(struct bench_set *s, const char *shape,
				const char *subject, unsigned int batch);
void bench_print_turns(struct seq_file *m, u64 ops);

void bench_print(struct seq_file *m, struct bench_figure *f, u64 ops);
void bench_value(struct seq_file *m, const char *shape, unsigned int size,
		 unsigned int batch, const char *subject, const char *unit,
		 u64 num, u64 den);

/* How often a loop is worth going round: emulated instructions, native ns. */
unsigned int bench_rounds(unsigned int size, unsigned int objects);
/* How many buffers of a set's size may be held, if @want are wanted. */
unsigned int bench_room(unsigned int size, unsigned int want);

struct page_pool *bench_page_pool(unsigned int size);
int bench_each_size(struct seq_file *m, const unsigned int *sizes,
		    unsigned int nr,
		    int (*fn)(struct seq_file *m, struct bench_set *s));

/* Sizes that every shape of one buffer at a time goes through. */
extern const unsigned int bench_sizes[];
extern const unsigned int bench_nr_sizes;

/* The groups of shapes; each runs when its file is read. */
int bench_single(struct seq_file *m);
int bench_bulk(struct seq_file *m);
int bench_matrix(struct seq_file *m);
int bench_softirq(struct seq_file *m);
int bench_threads(struct seq_file *m);
int bench_cross(struct seq_file *m);
int bench_many(struct seq_file *m);
int bench_waste(struct seq_file *m);
int bench_burst(struct seq_file *m);

#endif /* _BENCH_H */
