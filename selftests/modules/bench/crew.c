// SPDX-License-Identifier: GPL-2.0
/*
 * Threads, spread over the CPUs, that begin at one moment.
 *
 * A figure is wall-clock time by operations of all threads together: perfect
 * scaling to two CPUs halves it.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "crew.h"

/**
 * crew_begin() - wait for the others
 * @c: the caller's crew
 */
void crew_begin(struct crew *c)
{
	unsigned int spun = 0;

	if (atomic_inc_return(&c->ready) == c->nr) {
		c->begin = ktime_get_ns();
		c->begin_tsc = bench_tsc();
		/* @begin is there for who ends last */
		smp_store_release(&c->go, true);
		wake_up_all(&c->wait);
	}
	if (c->nr > num_online_cpus()) {
		wait_event(c->wait, READ_ONCE(c->go));
		return;
	}
	/* Who has a CPU to himself begins without being woken. */
	while (!READ_ONCE(c->go))
		crew_relax(&spun);
}

/**
 * crew_end() - a member's work is done
 * @c: its crew
 *
 * Return: 0, for the thread to return.
 */
int crew_end(struct crew *c)
{
	if (atomic_inc_return(&c->gone) == c->nr) {
		c->end_tsc = bench_tsc();
		c->end = ktime_get_ns();
		complete(&c->done);
	}
	return 0;
}

static bool crew_run(struct crew *c, int (*fn)(void *member))
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);
	struct crew_member members[CREW_MAX];
	struct task_struct *tasks[CREW_MAX];

	atomic_set(&c->ready, 0);
	atomic_set(&c->gone, 0);
	c->go = false;
	c->bad = false;
	init_completion(&c->done);
	init_waitqueue_head(&c->wait);
	for (i = 0; i < c->nr; i++) {
		members[i] = (struct crew_member) { .crew = c, .index = i };
		tasks[i] = kthread_create(fn, &members[i], "bench/%u", i);
		if (IS_ERR(tasks[i]))
			break;
		get_task_struct(tasks[i]);
		kthread_bind(tasks[i], cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	if (i < c->nr) {
		c->bad = true;	/* those that were made never run */
	} else {
		for (i = 0; i < c->nr; i++)
			wake_up_process(tasks[i]);
		wait_for_completion(&c->done);
	}
	while (i--) {
		kthread_stop(tasks[i]);
		put_task_struct(tasks[i]);
	}
	return !c->bad;
}

/*
 * A run is one of each number of threads in turn: what a processor does at a
 * moment, its clock's rate above all, then is not there for one number alone.
 */
static bool crew_runs(struct crew *c, const struct crew_size *sizes,
		      unsigned int nr, struct bench_figure *figures,
		      int (*fn)(void *member))
{
	struct bench_figure *f;
	unsigned int i;

	while (bench_more(&figures[0])) {
		for (i = 0; i < nr; i++) {
			f = &figures[i];
			c->nr = sizes[i].nr;
			if (!crew_run(c, fn))
				return false;
			f->ns[f->run] = c->end - c->begin;
			f->tsc[f->run++] = c->end_tsc - c->begin_tsc;
		}
	}
	return true;
}

/**
 * crew_measure() - figures of what a crew does together
 * @c: the crew: what it works on, and where to print
 * @sizes: of how many it is, a figure each
 * @nr: how many figures
 * @shape: what is done
 * @subject: who does it
 * @batch: buffers at a time
 * @fn: what each does, from crew_begin() to crew_end()
 */
void crew_measure(struct crew *c, const struct crew_size *sizes,
		  unsigned int nr, const char *shape, const char *subject,
		  unsigned int batch, int (*fn)(void *member))
{
	struct bench_figure *figures;
	unsigned int i;

	figures = kcalloc(nr, sizeof(*figures), GFP_KERNEL);
	if (!figures)
		return;
	for (i = 0; i < nr; i++)
		figures[i] = *bench_begin(c->s, shape, subject, batch,
					  sizes[i].nr);
	if (crew_runs(c, sizes, nr, figures, fn))
		for (i = 0; i < nr; i++)
			bench_print(c->m, &figures[i], sizes[i].ops);
	kfree(figures);
}
