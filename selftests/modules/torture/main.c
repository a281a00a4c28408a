// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, on a pool too small for it: allocation and free, single
 * and in bulk, by size and by class, from tasks, softirq (tasklet), hardirq
 * (irq_work) and hrtimers on all CPUs; frees on other CPUs than the
 * allocation; all or nothing; waiting without limit, with and without I/O, with a
 * timeout, and being killed at it; trimming, resizing, changing the settings and
 * reading the counters meanwhile, on one node and on all, debugged and not.  The
 * script that loads this adds CPU hotplug, the shrinkers, the views, tracepoints,
 * processes that lease, and allocations that fail.
 *
 * Each buffer is stamped all over when it is had, and the stamp proved while
 * it is held and before it is given back: a buffer in two hands, or one that
 * the pool writes while it is out, is found.  Loading runs for @seconds and
 * fails with -EIO when a stamp was wrong, when an allocation failed that may
 * not, when a waiter was forgotten, when a context never got a buffer, or when
 * the counters do not balance at the end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../../../mpool/compat/export.h"
#include "../../../mpool/compat/timer.h"
#include "../stamp.h"
#include "torture.h"

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

static unsigned int node;
module_param(node, uint, 0444);
MODULE_PARM_DESC(node, "Node that all memory is to be of, + 1");

static bool debug;
module_param(debug, bool, 0444);
MODULE_PARM_DESC(debug, "Watch each buffer");

static bool scarce;
module_param(scarce, bool, 0444);
MODULE_PARM_DESC(scarce, "Allocations may fail: only with a reserve is waiting sure");

static bool running;
module_param(running, bool, 0444);
MODULE_PARM_DESC(running, "Says who may lease");

static unsigned int broken;
module_param(broken, uint, 0444);
MODULE_PARM_DESC(broken, "Writes to this many buffers after their free, to see it found");

#define HELD		24
#define BULK		8
/* Pause between two interrupts, beside three times what the last one took. */
#define IRQ_NS		(250 * NSEC_PER_USEC)
/* Letters that one interrupt opens, lest it lasts for milliseconds. */
#define IRQ_MAIL	4

static const u32 sizes[] = {
	64, 192, 1024, 3072, SZ_4K, SZ_8K, SZ_16K + SZ_4K, SZ_64K, SZ_128K,
};

#define SIZES		ARRAY_SIZE(sizes)

/* What interrupts one CPU. Each is never run twice at once, so owns its rnd. */
struct percpu_irqs {
	struct hrtimer timer;
	struct irq_work work;
	struct tasklet_struct tasklet;
	struct rnd_state rnd[NR_WHERE];
};

/* What a task holds. */
struct hands {
	struct stamp *held[HELD];
	unsigned int nr;
	struct rnd_state rnd;
};

static struct torture t;
/* NULL until a task asked for it; then constant. */
static struct mpool_class *classes[SIZES];
static LLIST_HEAD(mail);
static atomic_t to_break, ended;
static DEFINE_PER_CPU(struct percpu_irqs, irqs);

static struct mpool_class *class_of(u32 index, bool wanted)
{
	/* With what class_get() saw. */
	return wanted ? smp_load_acquire(&classes[index]) : NULL;
}

static void class_get(u32 index)
{
	struct mpool_class *cls = mpool_class_get(t.pool, sizes[index]);

	if (IS_ERR(cls))
		return;
	/* It is the same one each time; pairs with class_of(). */
	smp_store_release(&classes[index], cls);
}

static struct stamp *stamp(void *buf, u32 index, enum where where)
{
	atomic_long_inc(&t.had[where]);
	return stamp_write(buf, sizes[index], index);
}

static void prove(struct stamp *s)
{
	if (s->index < SIZES && stamp_intact(s, sizes[s->index]))
		return;
	if (atomic_inc_return(&t.wrong) <= 10)
		pr_err("a buffer of %u bytes lost its stamp %llu\n", s->size,
		       s->value);
}

/* Writes to a buffer after its free, when somebody else may have it. */
static void break_one(struct stamp *s)
{
	static struct stamp *stale;

	s = xchg(&stale, s);
	if (s && atomic_dec_return(&to_break) >= 0)
		s->value++;
}

static void put(struct stamp *s, bool by_class)
{
	struct mpool_class *cls = class_of(s->index % SIZES, by_class);

	prove(s);
	stamp_remove(s);
	if (cls)
		mpool_class_free(cls, s);
	else
		mpool_free(t.pool, s);
	if (unlikely(atomic_read(&to_break) > 0))
		break_one(s);
}

static void *get(u32 index, bool by_class, gfp_t gfp)
{
	struct mpool_class *cls = class_of(index, by_class);

	if (cls)
		return mpool_class_alloc(cls, gfp);
	return mpool_alloc(t.pool, sizes[index], gfp);
}

static void *get_timeout(u32 index, bool by_class, gfp_t gfp, long timeout)
{
	struct mpool_class *cls = class_of(index, by_class);

	if (cls)
		return mpool_class_alloc_timeout(cls, gfp, timeout);
	return mpool_alloc_timeout(t.pool, sizes[index], gfp, timeout);
}

/* Frees what others allocated, elsewhere, as many as told; leaves the rest. */
static void read_mail(unsigned int most)
{
	struct llist_node *list = llist_del_all(&mail), *last;

	while (list && most--) {
		struct llist_node *next = list->next;

		put(llist_entry(list, struct stamp, node), most % 2);
		list = next;
	}
	if (!list)
		return;
	for (last = list; last->next; last = last->next)
		;
	llist_add_batch(list, last, &mail);
}

static unsigned int get_bulk(u32 index, bool by_class, bool all, gfp_t gfp,
			     void **bufs)
{
	struct mpool_class *cls = class_of(index, by_class);
	bool had;

	if (!all)
		return cls ? mpool_class_alloc_bulk(cls, gfp, BULK, bufs) :
			mpool_alloc_bulk(t.pool, sizes[index], gfp, BULK, bufs);
	had = cls ? mpool_class_alloc_all(cls, gfp, BULK, bufs) :
		mpool_alloc_all(t.pool, sizes[index], gfp, BULK, bufs);
	atomic_inc(had ? &t.bulk_all : &t.bulk_none);
	return had ? BULK : 0;
}

static unsigned int bulk(u32 index, bool by_class, bool all, gfp_t gfp,
			 enum where where)
{
	struct mpool_class *cls = class_of(index, by_class);
	unsigned int i, got;
	void *bufs[BULK];

	got = get_bulk(index, by_class, all, gfp, bufs);
	for (i = 0; i < got; i++)
		stamp(bufs[i], index, where);
	for (i = 0; i < got; i++)
		prove(bufs[i]);
	if (cls)
		mpool_class_free_bulk(cls, got, bufs);
	else
		mpool_free_bulk(t.pool, got, bufs);
	return got;
}

static void irq_step(struct percpu_irqs *pi, enum where where)
{
	u32 r = prandom_u32_state(&pi->rnd[where]);
	u32 index = (r >> 16) % SIZES;
	bool by_class = r & 1;
	void *buf;

	if (r % 16 < 2) {
		bulk(index, by_class, r & 64, GFP_ATOMIC | __GFP_NOWARN, where);
	} else {
		buf = get(index, by_class, GFP_ATOMIC | __GFP_NOWARN);
		if (!buf)
			atomic_long_inc(&t.missed[where]);
		else if (r % 16 < 8)
			put(stamp(buf, index, where), !by_class);
		else
			llist_add(&stamp(buf, index, where)->node, &mail);
	}
	if (r % 64 < 32)
		read_mail(IRQ_MAIL);
}

static void hardirq_fn(struct irq_work *work)
{
	irq_step(container_of(work, struct percpu_irqs, work), HARDIRQ);
}

static void softirq_fn(struct tasklet_struct *tasklet)
{
	irq_step(container_of(tasklet, struct percpu_irqs, tasklet), SOFTIRQ);
}

/* The others follow when this one returns, on top of the same task. */
static enum hrtimer_restart hrtimer_fn(struct hrtimer *timer)
{
	struct percpu_irqs *pi = container_of(timer, struct percpu_irqs, timer);
	ktime_t begin = ktime_get();

	if (READ_ONCE(t.stop))
		return HRTIMER_NORESTART;
	irq_step(pi, HRTIMER);
	irq_work_queue(&pi->work);
	tasklet_schedule(&pi->tasklet);
	hrtimer_forward_now(timer, ktime_add_ns(ktime_sub(ktime_get(), begin) * 3,
						IRQ_NS));
	return HRTIMER_RESTART;
}

static int irqs_online(unsigned int cpu)
{
	struct percpu_irqs *pi = per_cpu_ptr(&irqs, cpu);

	if (!READ_ONCE(t.stop))
		hrtimer_start(&pi->timer, ns_to_ktime(IRQ_NS),
			      HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int irqs_offline(unsigned int cpu)
{
	struct percpu_irqs *pi = per_cpu_ptr(&irqs, cpu);

	hrtimer_cancel(&pi->timer);
	irq_work_sync(&pi->work);
	tasklet_kill(&pi->tasklet);
	return 0;
}

static void irqs_setup(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct percpu_irqs *pi = per_cpu_ptr(&irqs, cpu);

		for (i = 0; i < NR_WHERE; i++)
			prandom_seed_state(&pi->rnd[i], cpu * NR_WHERE + i + 1);
		mpool_hrtimer_setup(&pi->timer, hrtimer_fn, CLOCK_MONOTONIC,
				    HRTIMER_MODE_REL_PINNED_HARD);
		init_irq_work(&pi->work, hardirq_fn);
		tasklet_setup(&pi->tasklet, softirq_fn);
	}
}

static void drop(struct hands *h)
{
	while (h->nr) {
		h->nr--;
		put(h->held[h->nr], h->nr % 2);
	}
}

/* Nothing came of waiting without limit: may that be? */
static void waited_in_vain(u32 index)
{
	if (signal_pending(current)) {
		atomic_inc(&t.killed);
	} else if (t.scarce && !t.reserve) {
		atomic_inc(&t.without);
	} else {
		atomic_inc(&t.wrong);
		pr_err("an allocation that waits failed, size %u\n",
		       sizes[index]);
	}
}

/* A first use that may not do all has the class made before. */
static gfp_t waiting(u32 r, u32 index)
{
	static const gfp_t ways[] = { GFP_KERNEL, GFP_NOIO, GFP_NOFS };
	gfp_t way = ways[r % ARRAY_SIZE(ways)];

	if (way != GFP_KERNEL && !class_of(index, true))
		class_get(index);
	return way | __GFP_NOWARN;
}

/* Waits without limit, so only with empty hands; fails only when killed. */
static void *wait_for(struct hands *h, u32 index, bool by_class, gfp_t gfp)
{
	void *buf;

	drop(h);
	buf = get(index, by_class, gfp);
	if (!buf)
		waited_in_vain(index);
	return buf;
}

/* For the first of them, that is; the others may be had or not. */
static void wait_for_bulk(struct hands *h, u32 index, bool by_class, bool all,
			  gfp_t gfp)
{
	drop(h);
	if (!bulk(index, by_class, all, gfp, TASK) && !all)
		waited_in_vain(index);
}

static void step_single(struct hands *h, u32 r, u32 index)
{
	bool by_class = r & 1;
	void *buf;

	if (r % 16 < 3) {
		buf = wait_for(h, index, by_class, waiting(r >> 8, index));
	} else if (r % 16 < 6) {
		buf = get_timeout(index, by_class, waiting(r >> 8, index), r / 16 % 8);
		if (!buf)
			atomic_inc(&t.timeouts);
	} else {
		buf = get(index, by_class, GFP_NOWAIT | __GFP_NOWARN);
		if (!buf)
			atomic_long_inc(&t.missed[TASK]);
	}
	if (!buf)
		return;
	if (r % 64 < 16)
		llist_add(&stamp(buf, index, TASK)->node, &mail);
	else
		h->held[h->nr++] = stamp(buf, index, TASK);
}

static int task_fn(void *arg)
{
	struct hands *h = arg;

	allow_signal(SIGKILL);
	torture_may_fail();
	while (!READ_ONCE(t.stop)) {
		u32 r = prandom_u32_state(&h->rnd), index = (r >> 16) % SIZES;

		if (h->nr == HELD || r % 32 == 0)
			drop(h);
		else if (r % 64 == 1)
			class_get(index);
		else if (r % 64 < 8)
			bulk(index, r & 1, r & 256, GFP_NOWAIT | __GFP_NOWARN,
			     TASK);
		else if (r % 64 == 8)
			wait_for_bulk(h, index, r & 256, r & 512,
				      waiting(r >> 10, index));
		else
			step_single(h, r >> 3, index);
		if (h->nr)
			prove(h->held[r % h->nr]);
		if (r % 16 == 2)
			read_mail(UINT_MAX);
		if (signal_pending(current))
			flush_signals(current);
		cond_resched();
	}
	drop(h);
	atomic_inc(&ended);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

/* Could each of them prove a buffer? */
static bool all_had(void)
{
	unsigned int i;

	for (i = 0; i < NR_WHERE; i++)
		if (!atomic_long_read(&t.had[i]))
			return false;
	return true;
}

/* A machine that is busy otherwise is given another minute for it. */
static void endure(void)
{
	unsigned int left;

	for (left = seconds; left; left--) {
		msleep(1000);
		if (left % 60 == 0)
			pr_info("%u s to go\n", left);
	}
	for (left = 60; left && !all_had(); left--)
		msleep(1000);
}

/* Who still waits is served by the others' stopping; nothing is held then. */
static void await_tasks(unsigned int nr)
{
	unsigned long end = jiffies + PATIENCE;
	unsigned int i;

	while (atomic_read(&ended) < nr && time_before(jiffies, end)) {
		read_mail(UINT_MAX);
		msleep(20);
	}
	if (atomic_read(&ended) < nr) {
		pr_err("%u tasks wait for ever\n", nr - atomic_read(&ended));
		atomic_inc(&t.wrong);
	}
	while (atomic_read(&ended) < nr) {
		for (i = 0; i < nr; i++)
			send_sig(SIGKILL, t.tasks[i], 1);
		msleep(20);
	}
	for (i = 0; i < nr; i++)
		kthread_stop(t.tasks[i]);
	read_mail(UINT_MAX);
}

static int run(struct hands *hands)
{
	unsigned int nr;
	int state;

	for (nr = 0; nr < tasks; nr++) {
		prandom_seed_state(&hands[nr].rnd, 1000 + nr);
		t.tasks[nr] = kthread_create(task_fn, &hands[nr],
					     "mpool_torture/%u", nr);
		if (IS_ERR(t.tasks[nr]))
			break;
		wake_up_process(t.tasks[nr]);
	}
	irqs_setup();
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "mpool_torture:online",
				  irqs_online, irqs_offline);
	if (nr == tasks && state >= 0) {
		torture_disturb(&t);
		WRITE_ONCE(running, true);
		endure();
	}
	WRITE_ONCE(running, false);
	WRITE_ONCE(t.stop, true);
	torture_peace(&t);
	if (state >= 0)
		cpuhp_remove_state(state);
	await_tasks(nr);
	if (nr < tasks || state < 0)
		return -ENOMEM;
	return torture_verdict(&t);
}

static int __init torture_init(void)
{
	struct mpool_config cfg = {
		.settings = {
			.max_size = SZ_128K,
			.max = { max, max, max },
			.initial = { 8, 8, 8 },
			.flags = debug ? MPOOL_POOL_DEBUG : 0,
			.reserve = reserve ?: MPOOL_NONE,
			.node = node,
			.cleanup_interval_ms = 50,
			.max_age_ms = 20,
			.shrink_percent = 90,
		},
	};
	struct hands *hands;
	u32 index;
	int err;

	if (!tasks || tasks > TASKS_MAX || max < 16)
		return -EINVAL;
	t.nr_tasks = tasks;
	t.max = max;
	t.reserve = reserve;
	t.node = (int)node - 1;
	t.scarce = scarce;
	t.sizes = sizes;
	t.nr_sizes = SIZES;
	atomic_set(&to_break, broken);
	hands = kcalloc(tasks, sizeof(*hands), GFP_KERNEL);
	if (!hands)
		return -ENOMEM;
	t.pool = mpool_create("torture", &cfg);
	err = PTR_ERR_OR_ZERO(t.pool);
	if (!err) {
		/* Making a class may fail; a reserve counts from then on. */
		for (index = 0; reserve && index < SIZES; index++)
			class_get(index);
		err = run(hands);
		mpool_put(t.pool);
	}
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
