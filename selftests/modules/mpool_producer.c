// SPDX-License-Identifier: GPL-2.0
/*
 * A user of the exported symbols: producers fill buffers from a pool with
 * records, one consumer proves each record and gives its buffer back.
 *
 * Producers run as tasks, and one from a timer in hardirq context.  Loading
 * runs the whole round trip; it fails with -EIO when a record is not what it
 * was, a buffer is handed out twice, or the counters do not balance.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/crc32.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/random.h>
#include <linux/sizes.h>

#include "../../mpool/compat/export.h"
#include "../../mpool/compat/timer.h"

static char *pool = "producer";
module_param(pool, charp, 0444);
MODULE_PARM_DESC(pool, "Name of the pool to make, or to use if it is there");

static unsigned int count = 4000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Records of each producer");

static unsigned int tasks = 3;
module_param(tasks, uint, 0444);
MODULE_PARM_DESC(tasks, "Producers that are tasks, 1 to 16");

static bool corrupt;
module_param(corrupt, bool, 0444);
MODULE_PARM_DESC(corrupt, "Spoil one record, to see that it is noticed");

#define TASKS_MAX	16
#define RECORD_MAX	SZ_16K
#define IRQ_PERIOD_NS	(200 * NSEC_PER_USEC)

/* Lies at the beginning of a buffer; the payload follows. */
struct record {
	struct llist_node node;
	u32 producer;
	u32 sequence;
	u32 length;
	u32 crc;
	u8 payload[];
};

static struct mpool *mp;
static LLIST_HEAD(queue);
static atomic_t running;
static atomic_t failed;
static atomic_t missed;
static atomic_t produced;
static unsigned int consumed;
static struct hrtimer timer;
static unsigned int timer_left;

/* Repeatable, differs for each record, and from record to record. */
static u32 pattern(u32 producer, u32 sequence)
{
	return (producer + 1) * 0x9e3779b1U ^ sequence * 0x85ebca6bU;
}

static void fill(struct record *r, u32 producer, u32 sequence, u32 length)
{
	u32 word = pattern(producer, sequence), i;

	r->producer = producer;
	r->sequence = sequence;
	r->length = length;
	for (i = 0; i < length; i++)
		r->payload[i] = word >> (i % 4 * 8) ^ i;
	r->crc = crc32_le(~0U, r->payload, length);
}

static bool proves(const struct record *r)
{
	u32 word = pattern(r->producer, r->sequence), i;

	if (crc32_le(~0U, r->payload, r->length) != r->crc)
		return false;
	for (i = 0; i < r->length; i++)
		if (r->payload[i] != (u8)(word >> (i % 4 * 8) ^ i))
			return false;
	return true;
}

static bool produce(u32 producer, u32 sequence, gfp_t gfp)
{
	u32 length = 1 + get_random_u32() % (RECORD_MAX - sizeof(struct record));
	struct record *r;

	/* Mostly small ones, as in life. */
	if (sequence % 8)
		length = 1 + length % 1024;
	r = mpool_alloc(mp, sizeof(*r) + length, gfp);
	if (!r)
		return false;
	fill(r, producer, sequence, length);
	if (corrupt && producer == 0 && sequence == count / 2)
		r->payload[length / 2] ^= 1;
	atomic_inc(&produced);
	llist_add(&r->node, &queue);
	return true;
}

static int producer_fn(void *arg)
{
	u32 me = (uintptr_t)arg, i;

	for (i = 0; i < count; i++) {
		if (!produce(me, i, GFP_KERNEL))
			atomic_inc(&failed);
		cond_resched();
	}
	atomic_dec(&running);
	return 0;
}

/* In hardirq context a class that is not there yet, or full, is a miss. */
static enum hrtimer_restart timer_fn(struct hrtimer *t)
{
	if (!produce(TASKS_MAX, timer_left, GFP_ATOMIC))
		atomic_inc(&missed);
	if (!--timer_left) {
		atomic_dec(&running);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(t, ns_to_ktime(IRQ_PERIOD_NS));
	return HRTIMER_RESTART;
}

static void consume(void)
{
	struct llist_node *list = llist_del_all(&queue);
	struct record *r, *next;

	llist_for_each_entry_safe(r, next, list, node) {
		if (!proves(r)) {
			pr_err("record %u of producer %u is not what it was\n",
			       r->sequence, r->producer);
			atomic_inc(&failed);
		}
		mpool_free(mp, r);
		consumed++;
	}
}

static bool balanced(void)
{
	struct mpool_class_stats st;
	unsigned int i;
	bool yes;

	/* A cleanup may be under way, with buffers in its hands. */
	for (i = 0; i < 100; i++) {
		mpool_get_stats(mp, &st);
		yes = st.allocs == st.frees && !st.allocated && !st.bad_frees &&
		      st.backed == st.free_cpu + st.free_depot + st.clean +
				   st.dirty + st.reserve + st.quarantined;
		if (yes)
			break;
		msleep(20);
	}
	pr_info("%llu allocations, %llu hits, %llu depot hits, %llu misses, peak %llu\n",
		st.allocs, st.hits, st.depot_hits, st.misses, st.peak);
	return yes;
}

static int run(void)
{
	struct task_struct *task;
	unsigned int i;

	timer_left = max(count / 4, 1U);
	atomic_set(&running, tasks + 1);
	for (i = 0; i < tasks; i++) {
		task = kthread_run(producer_fn, (void *)(uintptr_t)i,
				   "mpool_producer/%u", i);
		if (IS_ERR(task)) {
			atomic_inc(&failed);
			atomic_dec(&running);
		}
	}
	mpool_hrtimer_setup(&timer, timer_fn, CLOCK_MONOTONIC,
			    HRTIMER_MODE_REL_HARD);
	hrtimer_start(&timer, ns_to_ktime(IRQ_PERIOD_NS),
		      HRTIMER_MODE_REL_HARD);
	while (atomic_read(&running)) {
		consume();
		usleep_range(100, 200);
	}
	hrtimer_cancel(&timer);
	consume();
	pr_info("%u records, %d missed in interrupts, %d failed\n", consumed,
		atomic_read(&missed), atomic_read(&failed));
	if (consumed != atomic_read(&produced) || atomic_read(&failed))
		return -EIO;
	return balanced() ? 0 : -EIO;
}

static int __init producer_init(void)
{
	int err;

	if (!tasks || tasks > TASKS_MAX || !count)
		return -EINVAL;
	mp = mpool_find(pool) ?: mpool_create(pool, NULL);
	if (IS_ERR(mp))
		return PTR_ERR(mp);
	err = run();
	if (err)
		mpool_put(mp);
	return err;
}

static void __exit producer_exit(void)
{
	mpool_put(mp);
}

module_init(producer_init);
module_exit(producer_exit);

MODULE_DESCRIPTION("Round trips of records through buffers of mpool");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
