// SPDX-License-Identifier: GPL-2.0
/*
 * Figures in print: a line each, in hundredths of the unit.
 *
 *   SHAPE SIZE BATCH THREADS SUBJECT UNIT MEDIAN MIN MAX RUNS [KEY=VALUE ...]
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "bench.h"

/* Emulated, figures repeat within a per cent from some hundred rounds on. */
#define OBJECTS_INSN	512
/* Natively a run is to outlast the clock's own 50 ns a thousand times. */
#define OBJECTS_NATIVE	8192

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void print_decimal(struct seq_file *m, u64 num, u64 den)
{
	u64 x = div64_u64(100 * num + den / 2, den);

	seq_printf(m, " %llu.%02llu", div_u64(x, 100), x - 100 * div_u64(x, 100));
}

static void print_runs(struct seq_file *m, const struct bench_figure *f,
		       const char *unit, u64 *runs, u64 den)
{
	/* the first run warmed up */
	unsigned int nr = f->run - 1;

	runs++;
	sort(runs, nr, sizeof(*runs), cmp_u64, NULL);
	seq_printf(m, "%s %u %u %u %s %s", f->shape, f->size, f->batch,
		   f->threads, f->subject, unit);
	print_decimal(m, runs[nr / 2], den);
	print_decimal(m, runs[0], den);
	print_decimal(m, runs[nr - 1], den);
	seq_printf(m, " %u%s%s\n", nr, *f->more ? " " : "", f->more);
}

static void begin(struct bench_figure *f, unsigned int size, const char *shape,
		  const char *subject, unsigned int batch, unsigned int threads)
{
	f->shape = shape;
	f->subject = subject;
	f->size = size;
	f->batch = batch;
	f->threads = threads;
	f->more[0] = 0;
	f->run = 0;
}

/**
 * bench_begin() - begin a figure
 * @s: what it is measured on
 * @shape: what is done
 * @subject: who does it
 * @batch: buffers at a time
 * @threads: how many do it at once
 *
 * Return: the figure, with no runs yet.
 */
struct bench_figure *bench_begin(struct bench_set *s, const char *shape,
				 const char *subject, unsigned int batch,
				 unsigned int threads)
{
	begin(&s->figure, s->size, shape, subject, batch, threads);
	return &s->figure;
}

/* Figures that grow in turn, a run each; groups run one at a time. */
static struct bench_figure figures[BENCH_SUBJECTS];
static unsigned int nr_figures, at, turns;

/**
 * bench_turns_begin() - before the first turn
 */
void bench_turns_begin(void)
{
	nr_figures = 0;
	turns = 0;
}

/**
 * bench_turn() - another turn to do?
 *
 * Context: any, as what is measured.
 * Return: true when each subject is to do a run.
 */
bool bench_turn(void)
{
	at = 0;
	return turns++ <= BENCH_RUNS &&
	       (in_interrupt() || !signal_pending(current));
}

/**
 * bench_mine() - a subject's figure, for one more run
 * @s: what it is measured on
 * @shape: what is done
 * @subject: who does it; all come in each turn, and in the same order
 * @batch: buffers at a time
 *
 * Return: the figure, with the runs of earlier turns.
 */
struct bench_figure *bench_mine(struct bench_set *s, const char *shape,
				const char *subject, unsigned int batch)
{
	struct bench_figure *f = &figures[at];

	if (at + 1 < BENCH_SUBJECTS)
		at++;
	if (at > nr_figures) {
		nr_figures = at;
		begin(f, s->size, shape, subject, batch, 1);
	}
	return f;
}

/*
 * The median of what a figure is of another in the same turn: between two turns
 * the clock's rate may change, and medians of each then be of different rates.
 */
static void note_share(struct bench_figure *f, const struct bench_figure *of)
{
	u64 shares[BENCH_RUNS], share;
	unsigned int i;

	if (f->run <= BENCH_RUNS || of->run <= BENCH_RUNS)
		return;
	for (i = 0; i < BENCH_RUNS; i++)
		shares[i] = div64_u64(1000 * f->ns[i + 1], of->ns[i + 1] ?: 1);
	sort(shares, BENCH_RUNS, sizeof(*shares), cmp_u64, NULL);
	share = shares[BENCH_RUNS / 2];
	snprintf(f->more, sizeof(f->more), "of_%s=%llu.%03llu", of->subject,
		 div_u64(share, 1000), share - 1000 * div_u64(share, 1000));
}

/**
 * bench_print_turns() - all figures after the last turn
 * @m: where to
 * @ops: operations in a run of each
 *
 * With kmem_cache among them each tells what it is of that, "of_kmem_cache=".
 */
void bench_print_turns(struct seq_file *m, u64 ops)
{
	const struct bench_figure *of = NULL;
	unsigned int i;

	for (i = 0; i < nr_figures; i++)
		if (!strcmp(figures[i].subject, "kmem_cache"))
			of = &figures[i];
	for (i = 0; of && i < nr_figures; i++)
		note_share(&figures[i], of);
	for (i = 0; i < nr_figures; i++)
		bench_print(m, &figures[i], ops);
}

/**
 * bench_print() - the figure for one operation
 * @m: where to
 * @f: the figure, with its runs; left without
 * @ops: operations in a run
 */
void bench_print(struct seq_file *m, struct bench_figure *f, u64 ops)
{
	if (f->run > BENCH_RUNS && bench_insn_ns) {
		print_runs(m, f, "insn", f->ns, ops * bench_insn_ns);
	} else if (f->run > BENCH_RUNS) {
		print_runs(m, f, "ns", f->ns, ops);
		print_runs(m, f, "tsc", f->tsc, ops);
	}
	f->run = 0;
}

/**
 * bench_value() - a figure that is counted once, not timed
 * @m: where to
 * @shape: name of what was done
 * @size: bytes of a buffer, or 0
 * @batch: how many
 * @subject: who did it
 * @unit: of the value
 * @num: the value is @num / @den
 * @den: not 0
 */
void bench_value(struct seq_file *m, const char *shape, unsigned int size,
		 unsigned int batch, const char *subject, const char *unit,
		 u64 num, u64 den)
{
	int i;

	seq_printf(m, "%s %u %u 1 %s %s", shape, size, batch, subject, unit);
	for (i = 0; i < 3; i++)
		print_decimal(m, num, den);
	seq_puts(m, " 1\n");
}

unsigned int bench_rounds(unsigned int size, unsigned int objects)
{
	unsigned int most = bench_insn_ns ? OBJECTS_INSN : OBJECTS_NATIVE;

	/* What large ones cost may be their clearing. */
	if (size > 1 << 16)
		most /= 8;
	return max(most / objects, 1U);
}

unsigned int bench_room(unsigned int size, unsigned int want)
{
	return min_t(unsigned long, want, BENCH_BYTES_MAX / size);
}
