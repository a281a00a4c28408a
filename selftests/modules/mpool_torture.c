// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: allocation and free from tasks, softirq and hardirq on
 * all CPUs, frees on other CPUs than the allocation, bulk calls, waiting with
 * and without a timeout, trimming and resizing, on a pool too small for it.
 *
 * Each buffer is stamped at both ends when it is had, and the stamp proved
 * before it is given back: a buffer in two hands, or one written by the pool
 * while it is out, is found.  Loading runs for @seconds and fails with -EIO
 * when a stamp was wrong or the counters do not balance at the end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timer.h>

#include "../../mpool/compat/export.h"
#include "../../mpool/compat/timer.h"

static unsigned int seconds = 5;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "How long to run");

static unsigned int tasks = 6;
module_param(tasks, uint, 0444);
MODULE_PARM_DESC(tasks, "Tasks that allocate, 1 to 64");

static unsigned int max = 96;
module_param(max, uint, 0444);
MODULE_PARM_DESC(max, "Buffers a class may back; few make tasks wait");

static unsigned int reserve;
module_param(reserve, uint, 0444);
MODULE_PARM_DESC(reserve, "Buffers of each class set aside");

#define TASKS_MAX	64
#define HELD		24
#define BULK		8
#define IRQ_NS		(250 * NSEC_PER_USEC)

/* Begins a buffer; its last eight bytes repeat the stamp. */
struct stamp {
	struct llist_node node;
	u64 value;
	u32 size;
};

static const u32 sizes[] = { 64, 192, 1024, 3072, SZ_4K, SZ_8K, SZ_16K + SZ_4K };

static struct mpool *mp;
static LLIST_HEAD(mail);
static atomic64_t next_stamp;
static atomic_t wrong;
static atomic64_t ops;
static bool stop;

struct percpu_timers {
	struct hrtimer hard;
	struct timer_list soft;
	struct rnd_state rnd;
};

static DEFINE_PER_CPU(struct percpu_timers, timers);

static u32 pick(struct rnd_state *rnd)
{
	return sizes[prandom_u32_state(rnd) % ARRAY_SIZE(sizes)];
}

static u64 *tail_of(struct stamp *s)
{
	return (void *)s + s->size - sizeof(u64);
}

static struct stamp *stamp(void *buf, u32 size)
{
	struct stamp *s = buf;

	s->value = atomic64_inc_return(&next_stamp);
	s->size = size;
	*tail_of(s) = s->value;
	return s;
}

static void prove(struct stamp *s)
{
	if (s->size > SZ_64K || *tail_of(s) != s->value) {
		atomic_inc(&wrong);
		pr_err("a buffer of %u bytes lost its stamp %llu\n", s->size,
		       s->value);
	}
	/* A second proof of the same buffer must not pass. */
	s->value = ~s->value;
}

static void put(struct stamp *s)
{
	prove(s);
	mpool_free(mp, s);
	atomic64_inc(&ops);
}

static void read_mail(void)
{
	struct llist_node *list = llist_del_all(&mail);
	struct stamp *s, *next;

	llist_for_each_entry_safe(s, next, list, node)
		put(s);
}

static void in_interrupt_step(struct rnd_state *rnd)
{
	u32 size = pick(rnd);
	void *buf = mpool_alloc(mp, size, GFP_ATOMIC);

	if (buf)
		llist_add(&stamp(buf, size)->node, &mail);
	if (prandom_u32_state(rnd) % 4 == 0)
		read_mail();
}

static enum hrtimer_restart hard_fn(struct hrtimer *t)
{
	struct percpu_timers *pt = container_of(t, struct percpu_timers, hard);

	in_interrupt_step(&pt->rnd);
	if (READ_ONCE(stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(t, ns_to_ktime(IRQ_NS));
	return HRTIMER_RESTART;
}

static void soft_fn(struct timer_list *t)
{
	struct percpu_timers *pt = container_of(t, struct percpu_timers, soft);
	struct rnd_state rnd;

	prandom_seed_state(&rnd, jiffies);
	in_interrupt_step(&rnd);
	if (!READ_ONCE(stop))
		mod_timer(&pt->soft, jiffies + 1);
}

/* What a task holds; given back as a whole before it may wait for more. */
struct hands {
	struct stamp *held[HELD];
	unsigned int nr;
	struct rnd_state rnd;
};

static void drop(struct hands *h)
{
	while (h->nr)
		put(h->held[--h->nr]);
}

static void step_single(struct hands *h)
{
	u32 r = prandom_u32_state(&h->rnd), size = pick(&h->rnd);
	void *buf;

	if (r % 8 == 0) {
		/* Waits without limit only with empty hands. */
		drop(h);
		buf = mpool_alloc(mp, size, GFP_KERNEL);
	} else if (r % 8 == 1) {
		buf = mpool_alloc_timeout(mp, size, GFP_KERNEL, r % 3);
	} else {
		buf = mpool_alloc(mp, size, GFP_NOWAIT | __GFP_NOWARN);
	}
	if (!buf)
		return;
	if (r % 16 < 4)
		llist_add(&stamp(buf, size)->node, &mail);
	else
		h->held[h->nr++] = stamp(buf, size);
}

static void step_bulk(struct hands *h)
{
	void *bufs[BULK];
	unsigned int i, got;
	u32 size = pick(&h->rnd);

	got = mpool_alloc_bulk(mp, size, GFP_NOWAIT | __GFP_NOWARN, BULK, bufs);
	for (i = 0; i < got; i++)
		stamp(bufs[i], size);
	for (i = 0; i < got; i++)
		prove(bufs[i]);
	mpool_free_bulk(mp, got, bufs);
	atomic64_add(got, &ops);
}

static int task_fn(void *arg)
{
	struct hands *h = arg;

	while (!kthread_should_stop()) {
		u32 r = prandom_u32_state(&h->rnd);

		if (h->nr == HELD || r % 32 == 0)
			drop(h);
		else if (r % 8 == 1)
			step_bulk(h);
		else
			step_single(h);
		if (r % 16 == 2)
			read_mail();
		if (READ_ONCE(stop))
			drop(h);
		cond_resched();
	}
	drop(h);
	return 0;
}

/* On each CPU, so that its timers begin there. */
static void timers_start(void *unused)
{
	struct percpu_timers *pt = this_cpu_ptr(&timers);

	hrtimer_start(&pt->hard, ns_to_ktime(IRQ_NS), HRTIMER_MODE_REL_HARD);
	mod_timer(&pt->soft, jiffies + 1);
}

static void timers_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct percpu_timers *pt = per_cpu_ptr(&timers, cpu);

		prandom_seed_state(&pt->rnd, cpu + 1);
		mpool_hrtimer_setup(&pt->hard, hard_fn, CLOCK_MONOTONIC,
				    HRTIMER_MODE_REL_HARD);
		timer_setup(&pt->soft, soft_fn, 0);
	}
}

static void timers_stop(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct percpu_timers *pt = per_cpu_ptr(&timers, cpu);

		hrtimer_cancel(&pt->hard);
		timer_delete_sync(&pt->soft);
	}
}

static void disturb(void)
{
	unsigned long end = jiffies + seconds * HZ;
	struct rnd_state rnd;
	unsigned int i = 0;

	prandom_seed_state(&rnd, 42);
	while (time_before(jiffies, end)) {
		u32 r = prandom_u32_state(&rnd);

		msleep(5 + r % 20);
		if (i++ % 4 == 0)
			mpool_trim(mp, r % 2 ? 0 : 10);
		else
			mpool_resize(mp, r % 2, max / 2 + r / 2 % max);
		read_mail();
	}
}

static u64 parts(const struct mpool_class_stats *st)
{
	return st->free_cpu + st->free_depot + st->clean + st->dirty +
	       st->reserve;
}

static bool balanced(void)
{
	struct mpool_class_stats st;
	unsigned int i;

	/* A cleanup may be under way, with buffers in its hands. */
	for (i = 0; i < 100; i++) {
		mpool_get_stats(mp, &st);
		if (st.backed == parts(&st))
			break;
		msleep(20);
	}
	pr_info("%lld frees proved, %llu hits, %llu depot hits, %llu misses, %llu waits, %llu fails, %u wrong\n",
		atomic64_read(&ops), st.hits, st.depot_hits, st.misses,
		st.waits, st.fails, atomic_read(&wrong));
	if (st.allocs == st.frees && !st.bad_frees && st.backed == parts(&st))
		return true;
	pr_err("out of balance: %llu allocs, %llu frees, %llu bad, %llu backed, %llu free\n",
	       st.allocs, st.frees, st.bad_frees, st.backed, parts(&st));
	return false;
}

static int run(struct hands *hands, struct task_struct **task)
{
	unsigned int i, nr;

	for (nr = 0; nr < tasks; nr++) {
		prandom_seed_state(&hands[nr].rnd, 1000 + nr);
		task[nr] = kthread_run(task_fn, &hands[nr],
				       "mpool_torture/%u", nr);
		if (IS_ERR(task[nr]))
			break;
	}
	timers_setup();
	on_each_cpu(timers_start, NULL, 1);
	disturb();
	WRITE_ONCE(stop, true);
	timers_stop();
	/* Who waits is served by what is read, and by the others' stopping. */
	for (i = 0; i < 20; i++) {
		read_mail();
		msleep(20);
	}
	for (i = 0; i < nr; i++)
		kthread_stop(task[i]);
	read_mail();
	if (nr < tasks || atomic_read(&wrong))
		return -EIO;
	return balanced() ? 0 : -EIO;
}

static int __init torture_init(void)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { max, max, max },
			.initial = { 8, 8, 8 },
			.reserve = reserve ?: MPOOL_NONE,
			.cleanup_interval_ms = 50,
			.max_age_ms = 20,
			.shrink_percent = 90,
		},
	};
	struct task_struct **task;
	struct hands *hands;
	int err = -ENOMEM;

	if (!tasks || tasks > TASKS_MAX || max < 16)
		return -EINVAL;
	hands = kcalloc(tasks, sizeof(*hands), GFP_KERNEL);
	task = kcalloc(tasks, sizeof(*task), GFP_KERNEL);
	mp = mpool_create("torture", &cfg);
	if (IS_ERR(mp)) {
		err = PTR_ERR(mp);
	} else {
		if (hands && task)
			err = run(hands, task);
		mpool_put(mp);
	}
	kfree(task);
	kfree(hands);
	return err;
}

static void __exit torture_exit(void)
{
}

module_init(torture_init);
module_exit(torture_exit);

MODULE_DESCRIPTION("mpool under everything at once");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
