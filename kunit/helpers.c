// SPDX-License-Identifier: GPL-2.0
/*
 * What the suites share.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "helpers.h"

#define MAX_POOLS	8

struct kt {
	struct mpool *pools[MAX_POOLS];
	unsigned int nr_pools;
	struct list_head threads;
};

struct kt_thread {
	struct list_head node;
	struct task_struct *task;
	struct completion done;
	int (*fn)(void *arg);
	void *arg;
	int ret;
	bool begun;
};

int kt_init(struct kunit *test)
{
	struct kt *kt = kzalloc(sizeof(*kt), GFP_KERNEL);

	if (!kt)
		return -ENOMEM;
	INIT_LIST_HEAD(&kt->threads);
	test->priv = kt;
	/*
	 * What is made where depends on the node, and what is had at once on
	 * the CPU: a test that counts stays on one.
	 */
	return set_cpus_allowed_ptr(current,
				    cpumask_of(cpumask_first(cpu_online_mask)));
}

static void thread_end(struct kunit *test, struct kt_thread *t)
{
	if (!wait_for_completion_timeout(&t->done, 3 * KT_PATIENCE)) {
		KUNIT_FAIL(test, "a thread of the test does not end");
		send_sig(SIGKILL, t->task, 1);
		wait_for_completion(&t->done);
	}
	kthread_stop(t->task);
	put_task_struct(t->task);
	list_del_init(&t->node);
}

static void pool_check(struct kunit *test, struct mpool *pool)
{
	struct mpool_class_stats st;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *cls = mpool_pool_peek(pool, i);

		if (!cls)
			continue;
		/* What is made ahead counts as backed first, then as grown. */
		flush_work(&cls->stock.grow_work);
		KUNIT_EXPECT_TRUE_MSG(test, KT_UNTIL(kt_balanced(cls)),
				      "counters of size %u", cls->size);
		st = kt_stats(cls);
		KUNIT_EXPECT_EQ(test, st.allocated, 0ULL);
		KUNIT_EXPECT_EQ(test, st.leased, 0ULL);
		KUNIT_EXPECT_EQ(test, st.grown - st.shrunk, st.backed);
		KUNIT_EXPECT_LE(test, st.backed, st.max);
		KUNIT_EXPECT_TRUE(test, list_empty(&cls->waiters));
	}
}

void kt_exit(struct kunit *test)
{
	struct kt *kt = test->priv;
	struct kt_thread *t, *next;

	if (!kt)
		return;
	list_for_each_entry_safe(t, next, &kt->threads, node)
		thread_end(test, t);
	while (kt->nr_pools) {
		struct mpool *pool = kt->pools[--kt->nr_pools];

		pool_check(test, pool);
		mpool_put(pool);
	}
	test->priv = NULL;
	kfree(kt);
}

/* A pool of the test's own, with a name that no other one has. */
struct mpool *kt_pool(struct kunit *test, const struct mpool_config *cfg)
{
	static atomic_t number;
	struct kt *kt = test->priv;
	char name[MPOOL_NAME_LEN];
	struct mpool *pool;

	KUNIT_ASSERT_LT(test, kt->nr_pools, (unsigned int)MAX_POOLS);
	snprintf(name, sizeof(name), "kunit-%d", atomic_inc_return(&number));
	pool = mpool_create(name, cfg);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	kt->pools[kt->nr_pools++] = pool;
	return pool;
}

/* One limit for all tiers, and no buffer made ahead of its use. */
struct mpool *kt_pool_max(struct kunit *test, unsigned int max)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { max, max, max },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_size = SZ_1M,
			.growth_percent = 100,
		},
	};

	return kt_pool(test, &cfg);
}

/* A pool of 16 pages. */
struct mpool *kt_tight_pool(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_64K,
			.growth_percent = 100,
		},
	};

	return kt_pool(test, &cfg);
}

struct mpool_class *kt_class(struct kunit *test, struct mpool *pool,
			     size_t size)
{
	struct mpool_class *cls = mpool_class_get(pool, size);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cls);
	return cls;
}

struct mpool_class *kt_class_max(struct kunit *test, size_t size,
				 unsigned int max)
{
	return kt_class(test, kt_pool_max(test, max), size);
}

struct mpool_class_stats kt_stats(struct mpool_class *cls)
{
	struct mpool_class_stats st;

	mpool_class_stats(cls, &st);
	return st;
}

/* Where all backed buffers of a quiet class are. */
u64 kt_sum(const struct mpool_class_stats *st)
{
	return st->free_cpu + st->free_depot + st->clean + st->dirty +
	       st->reserve + st->allocated + st->leased + st->cached +
	       st->quarantined;
}

bool kt_balanced(struct mpool_class *cls)
{
	struct mpool_class_stats st = kt_stats(cls);

	return kt_sum(&st) == st.backed;
}

void **kt_array(struct kunit *test, unsigned int nr)
{
	void **bufs = kunit_kzalloc(test, max(nr, 1U) * sizeof(*bufs),
				    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bufs);
	return bufs;
}

void **kt_take(struct kunit *test, struct mpool_class *cls, unsigned int nr)
{
	void **bufs = kt_array(test, nr);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		bufs[i] = mpool_class_alloc(cls, GFP_KERNEL | __GFP_NORETRY);
		if (bufs[i])
			continue;
		kt_give(cls, i, bufs);
		KUNIT_ASSERT_NOT_NULL(test, bufs[i]);
	}
	return bufs;
}

void kt_give(struct mpool_class *cls, unsigned int nr, void **bufs)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		mpool_class_free(cls, bufs[i]);
}

/* Waits for a buffer; @longest: ns that one has taken at most. */
void *kt_alloc_timed(struct mpool_class *cls, u64 *longest)
{
	u64 start = ktime_get_ns();
	void *buf = mpool_class_alloc(cls, GFP_KERNEL);

	*longest = max(*longest, ktime_get_ns() - start);
	return buf;
}

struct mpool_desc *kt_lease(struct kunit *test, struct mpool_class *cls)
{
	struct mpool_desc *desc;
	int got = mpool_lease_take(cls, NULL, MPOOL_OWNER_CLIENT, 1, true,
				   MPOOL_DEADLINE_NOW, &desc);

	KUNIT_ASSERT_EQ(test, got, 1);
	return desc;
}

void kt_return(struct mpool_class *cls, struct mpool_desc *desc)
{
	mpool_stock_return(cls, NULL, NULL, 1, &desc);
}

bool kt_is_zero(const void *buf, size_t size)
{
	return !memchr_inv(buf, 0, size);
}

/* Tests run on the first CPU; one that looks at another's magazine goes there. */
void kt_stay_on(struct kunit *test, int cpu)
{
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)),
			0);
}

/* Another CPU than the first, where the test is, or comes back to. */
int kt_other_cpu(struct kunit *test)
{
	int here = cpumask_first(cpu_online_mask);
	int other = cpumask_next(here, cpu_online_mask);

	if (other >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	kt_stay_on(test, here);
	return other;
}

static int thread_fn(void *arg)
{
	struct kt_thread *t = arg;

	allow_signal(SIGKILL);
	WRITE_ONCE(t->begun, true);
	t->ret = t->fn(t->arg);
	complete(&t->done);
	return 0;
}

/* Runs @fn in a thread, on @cpu unless that is negative. */
struct kt_thread *kt_start(struct kunit *test, int cpu, int (*fn)(void *arg),
			   void *arg)
{
	struct kt_thread *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct kt *kt = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->fn = fn;
	t->arg = arg;
	init_completion(&t->done);
	t->task = kthread_create(thread_fn, t, "mpool_kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->task);
	get_task_struct(t->task);
	list_add(&t->node, &kt->threads);
	if (cpu >= 0)
		kthread_bind(t->task, cpu);
	wake_up_process(t->task);
	return t;
}

bool kt_ended(struct kt_thread *t)
{
	return completion_done(&t->done);
}

/*
 * Is a thread blocked, in whatever it was started for?  Before that kthread() has
 * it look parked for a moment, when it is not to be killed yet.
 */
bool kt_asleep(struct kt_thread *t)
{
	return READ_ONCE(t->begun) && !kt_ended(t) && !task_is_running(t->task);
}

void kt_kill(struct kt_thread *t)
{
	send_sig(SIGKILL, t->task, 1);
}

/* Waits for a thread, and gives what its function returned. */
int kt_join(struct kunit *test, struct kt_thread *t)
{
	thread_end(test, t);
	return t->ret;
}

int kt_run_on(struct kunit *test, int cpu, int (*fn)(void *arg), void *arg)
{
	return kt_join(test, kt_start(test, cpu, fn, arg));
}

int kt_want_one(void *want)
{
	struct kt_want *w = want;

	w->buf = mpool_class_alloc(w->cls, GFP_KERNEL);
	return w->buf ? 0 : -ENOMEM;
}

/* Joins who waited, and gives back what he got. */
void kt_served_at_once(struct kunit *test, struct kt_want *w,
		       struct kt_thread *t)
{
	unsigned long begin = jiffies;

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(t)));
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, begin + KT_AT_ONCE));
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	mpool_class_free(w->cls, w->buf);
	KUNIT_EXPECT_EQ(test, atomic_read(&w->cls->pool->starved), 0);
}
