// SPDX-License-Identifier: GPL-2.0
/*
 * Who may be inside a CPU's magazine: every context, and each amid another.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "compat/timer.h"
#include "helpers.h"
#include "suites.h"

static const unsigned int kinds[] = { 256, SZ_4K, 3 * SZ_4K, SZ_128K,
				      SZ_128K + SZ_32K };

static void kind_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static size_t kind_size(struct kunit *test)
{
	return *(const unsigned int *)test->param_value;
}

#define NR	40

/* What is done in an interrupt, and what came of it. */
struct irq_job {
	struct irq_work work;
	struct tasklet_struct tasklet;
	struct hrtimer timer;
	struct completion done;
	struct mpool_class *cls;
	unsigned int got;
	unsigned int dirty;
	bool context_ok;
};

/* More than the magazines hold, so that all of alloc's sides are seen. */
static void alloc_and_free(struct irq_job *job)
{
	void *bufs[NR];
	unsigned int i;

	for (i = 0; i < NR; i++) {
		bufs[i] = mpool_class_alloc(job->cls, GFP_ATOMIC);
		job->got += !!bufs[i];
		if (bufs[i])
			memset(bufs[i], 0x5a, job->cls->size);
	}
	for (i = 0; i < NR; i++) {
		if (bufs[i] && memchr_inv(bufs[i], 0x5a, job->cls->size))
			job->dirty++;
		mpool_class_free(job->cls, bufs[i]);
	}
}

static void in_irq_work(struct irq_work *work)
{
	struct irq_job *job = container_of(work, struct irq_job, work);

	job->context_ok = in_hardirq() && irqs_disabled();
	alloc_and_free(job);
	complete(&job->done);
}

static void in_tasklet(struct tasklet_struct *t)
{
	struct irq_job *job = container_of(t, struct irq_job, tasklet);

	job->context_ok = in_serving_softirq() && !in_hardirq();
	alloc_and_free(job);
	complete(&job->done);
}

static enum hrtimer_restart in_timer(struct hrtimer *t)
{
	struct irq_job *job = container_of(t, struct irq_job, timer);

	job->context_ok = in_hardirq() && irqs_disabled();
	alloc_and_free(job);
	complete(&job->done);
	return HRTIMER_NORESTART;
}

static struct irq_job *new_job(struct kunit *test)
{
	struct irq_job *job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, job);
	job->cls = kt_class_max(test, kind_size(test), 128);
	init_completion(&job->done);
	init_irq_work(&job->work, in_irq_work);
	tasklet_setup(&job->tasklet, in_tasklet);
	mpool_hrtimer_setup(&job->timer, in_timer, CLOCK_MONOTONIC,
			    HRTIMER_MODE_REL_HARD);
	return job;
}

static void check_job(struct kunit *test, struct irq_job *job)
{
	struct mpool_class_stats st = kt_stats(job->cls);

	KUNIT_EXPECT_TRUE(test, job->context_ok);
	KUNIT_EXPECT_EQ(test, job->got, (unsigned int)NR);
	KUNIT_EXPECT_EQ(test, job->dirty, 0U);
	KUNIT_EXPECT_EQ(test, st.allocs, (u64)NR);
	KUNIT_EXPECT_EQ(test, st.frees, (u64)NR);
	KUNIT_EXPECT_EQ(test, st.allocated, 0ULL);
}

static void from_a_hard_interrupt(struct kunit *test)
{
	struct irq_job *job = new_job(test);

	irq_work_queue(&job->work);
	irq_work_sync(&job->work);
	wait_for_completion(&job->done);
	check_job(test, job);
}

static void from_a_soft_interrupt(struct kunit *test)
{
	struct irq_job *job = new_job(test);

	tasklet_schedule(&job->tasklet);
	wait_for_completion(&job->done);
	tasklet_kill(&job->tasklet);
	check_job(test, job);
}

static void from_a_timer(struct kunit *test)
{
	struct irq_job *job = new_job(test);

	hrtimer_start(&job->timer, ns_to_ktime(NSEC_PER_MSEC),
		      HRTIMER_MODE_REL_HARD);
	wait_for_completion(&job->done);
	hrtimer_cancel(&job->timer);
	check_job(test, job);
}

static void with_interrupts_off(struct kunit *test)
{
	struct irq_job *job = new_job(test);
	unsigned long flags;

	local_irq_save(flags);
	alloc_and_free(job);
	job->context_ok = irqs_disabled();
	local_irq_restore(flags);
	check_job(test, job);
}

static void with_preemption_off(struct kunit *test)
{
	struct irq_job *job = new_job(test);

	preempt_disable();
	job->context_ok = preempt_count();
	alloc_and_free(job);
	preempt_enable();
	check_job(test, job);
}

/* What a CPU's magazines hold. */
static unsigned int held(const struct mpool_cpu *cpu)
{
	return cpu->nr + cpu->prev_nr;
}

/* As an interrupt finds it that came while its task was inside. */
static void amid_its_own_task_the_depot_serves(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 128);
	struct mpool_class_stats before, during, after;
	unsigned int nr = 6 * cls->cpu_cap, was, then, now, busy;
	struct mpool_cpu *cpu;
	void *buf;

	KUNIT_ASSERT_GT(test, cls->cpu_cap, 0U);
	kt_other_cpu(test);
	kt_give(cls, nr, kt_take(test, cls, nr));
	before = kt_stats(cls);

	preempt_disable();
	cpu = this_cpu_ptr(cls->cpus);
	was = held(cpu);
	cpu->busy = 1;
	buf = mpool_class_alloc(cls, GFP_ATOMIC);
	then = held(cpu);
	during = kt_stats(cls);
	mpool_class_free(cls, buf);
	now = held(cpu);
	busy = cpu->busy;
	cpu->busy = 0;
	preempt_enable();

	after = kt_stats(cls);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, then, was);
	KUNIT_EXPECT_EQ(test, now, was);
	/* The flag was left to whom it belongs to. */
	KUNIT_EXPECT_EQ(test, busy, 1U);
	KUNIT_EXPECT_EQ(test, during.free_depot + 1, before.free_depot);
	KUNIT_EXPECT_EQ(test, during.depot_hits, before.depot_hits + 1);
	KUNIT_EXPECT_EQ(test, after.free_depot, before.free_depot);
	KUNIT_EXPECT_EQ(test, after.frees, before.frees + 1);
}

static void amid_its_own_task_in_bulk(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 128);
	unsigned int nr = 4 * cls->cpu_cap, got, was, then, now;
	void **bufs = kt_take(test, cls, nr);
	struct mpool_cpu *cpu;

	kt_other_cpu(test);
	kt_give(cls, nr, bufs);
	preempt_disable();
	cpu = this_cpu_ptr(cls->cpus);
	was = held(cpu);
	cpu->busy = 1;
	got = mpool_class_alloc_bulk(cls, GFP_ATOMIC, cls->cpu_cap, bufs);
	then = held(cpu);
	mpool_class_free_bulk(cls, got, bufs);
	now = held(cpu);
	cpu->busy = 0;
	preempt_enable();
	KUNIT_EXPECT_EQ(test, got, cls->cpu_cap);
	KUNIT_EXPECT_EQ(test, then, was);
	KUNIT_EXPECT_EQ(test, now, was);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 0ULL);
}

/* With nothing in the depot either, an interrupt makes a buffer. */
static void amid_its_own_task_with_an_empty_depot(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 128);
	struct mpool_cpu *cpu;
	void *buf;

	kt_give(cls, 1, kt_take(test, cls, 1));
	preempt_disable();
	cpu = this_cpu_ptr(cls->cpus);
	cpu->busy = 1;
	buf = mpool_class_alloc(cls, GFP_ATOMIC);
	cpu->busy = 0;
	preempt_enable();
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 2ULL);
	mpool_class_free(cls, buf);
}

struct storm {
	struct mpool_class *cls;
	int cpu;
	bool stop;
	atomic_t twice;
	atomic_t served;
};

/* Takes some, marks them as its own, gives them back. */
static void storm_once(struct storm *s)
{
	u64 *bufs[3];
	int i;

	for (i = 0; i < 3; i++) {
		bufs[i] = mpool_class_alloc(s->cls, GFP_ATOMIC);
		if (bufs[i] && xchg(bufs[i], 1))
			atomic_inc(&s->twice);
		if (bufs[i])
			atomic_inc(&s->served);
	}
	for (i = 0; i < 3; i++) {
		if (bufs[i])
			xchg(bufs[i], 0);
		mpool_class_free(s->cls, bufs[i]);
	}
}

static void storm_ipi(void *arg)
{
	storm_once(arg);
}

static int storm_thread(void *arg)
{
	struct storm *s = arg;
	unsigned int i;

	for (i = 0; i < 1500; i++)
		smp_call_function_single(s->cpu, storm_ipi, s, 1);
	WRITE_ONCE(s->stop, true);
	return 0;
}

/* Interrupts hit a task that does nothing but allocate and free. */
static void interrupts_amid_allocations(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, kind_size(test), 64);
	unsigned int nr = cls->max, i;
	void **bufs = kt_take(test, cls, nr);
	struct storm *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct kt_thread *t;
	int other;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < nr; i++)
		*(u64 *)bufs[i] = 0;
	kt_give(cls, nr, bufs);
	other = kt_other_cpu(test);
	s->cls = cls;
	s->cpu = raw_smp_processor_id();
	t = kt_start(test, other, storm_thread, s);
	while (!READ_ONCE(s->stop)) {
		storm_once(s);
		kt_resched();
	}
	kt_join(test, t);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->twice), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&s->served), 3000);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, (u64)nr);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 0ULL);
}

static struct kunit_case cpu_cases[] = {
	KUNIT_CASE_PARAM(from_a_hard_interrupt, kind_gen_params),
	KUNIT_CASE_PARAM(from_a_soft_interrupt, kind_gen_params),
	KUNIT_CASE_PARAM(from_a_timer, kind_gen_params),
	KUNIT_CASE_PARAM(with_interrupts_off, kind_gen_params),
	KUNIT_CASE_PARAM(with_preemption_off, kind_gen_params),
	KUNIT_CASE_PARAM(amid_its_own_task_the_depot_serves, kind_gen_params),
	KUNIT_CASE_PARAM(amid_its_own_task_in_bulk, kind_gen_params),
	KUNIT_CASE_PARAM(amid_its_own_task_with_an_empty_depot,
			 kind_gen_params),
	KUNIT_CASE_PARAM(interrupts_amid_allocations, kind_gen_params),
	{}
};

KT_SUITE(cpu);
