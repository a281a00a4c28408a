// SPDX-License-Identifier: GPL-2.0
/*
 * What goes on beside allocations and frees: memory gets short, buffers are given
 * back, limits and settings change, counters are read, waiters are killed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "../press.h"
#include "torture.h"

static unsigned int press_first;
module_param(press_first, uint, 0444);
MODULE_PARM_DESC(press_first, "Node where memory runs short first, but for the pool's own");

static int press_fn(void *arg)
{
	struct torture *t = arg;
	int nid = press_next((t->node < 0 ? (int)press_first : t->node) - 1);

	/* Who takes memory slower than others give it back takes it for ever. */
	set_user_nice(current, MIN_NICE);
	while (!kthread_should_stop()) {
		if (!READ_ONCE(t->stop)) {
			press(nid, &t->stop);
			atomic_add(!READ_ONCE(t->stop), &t->pressed);
			nid = press_next(nid);
		}
		schedule_timeout_interruptible(HZ);
	}
	return 0;
}

static int trim_fn(void *arg)
{
	struct torture *t = arg;
	struct rnd_state rnd;

	torture_may_fail();
	prandom_seed_state(&rnd, 42);
	while (!kthread_should_stop()) {
		u32 r = prandom_u32_state(&rnd);

		msleep(5 + r % 30);
		mpool_trim(t->pool, r % 2 ? 0 : 10);
	}
	return 0;
}

static int resize_fn(void *arg)
{
	struct torture *t = arg;
	struct rnd_state rnd;

	torture_may_fail();
	prandom_seed_state(&rnd, 43);
	while (!kthread_should_stop()) {
		u32 r = prandom_u32_state(&rnd);

		msleep(3 + r % 20);
		mpool_resize(t->pool, r % MPOOL_NR_TIERS, t->max / 2 + r / 4 % t->max);
	}
	return 0;
}

/*
 * Any setting, at any time.  Bytes are fewer than all classes may back, and more
 * than their reserves are, so that classes have to make room for each other.
 */
static int configure_fn(void *arg)
{
	struct torture *t = arg;
	u64 mask = MPOOL_CONFIG_GROWTH_PERCENT | MPOOL_CONFIG_SHRINK_PERCENT |
		   MPOOL_CONFIG_CLEANUP_INTERVAL_MS | MPOOL_CONFIG_MAX_AGE_MS |
		   MPOOL_CONFIG_MAX_BYTES | MPOOL_CONFIG_ADAPTIVE |
		   MPOOL_CONFIG_MAX_BYTES_SMALL |
		   MPOOL_CONFIG_MAX_BYTES_MEDIUM |
		   MPOOL_CONFIG_MAX_BYTES_LARGE |
		   MPOOL_CONFIG_LOW_PERCENT | MPOOL_CONFIG_HIGH_PERCENT;
	struct rnd_state rnd;
	int err;

	if (t->reserve)
		mask |= MPOOL_CONFIG_RESERVE;
	torture_may_fail();
	prandom_seed_state(&rnd, 45);
	while (!kthread_should_stop()) {
		u32 r = prandom_u32_state(&rnd);
		struct mpool_pool_config set = {
			.flags = r & 8 ? MPOOL_POOL_ADAPTIVE : 0,
			.growth_percent = 100 + r % 200,
			.shrink_percent = 1 + r / 4 % 100,
			.cleanup_interval_ms = 10 + r / 16 % 100,
			.max_age_ms = 1 + r / 64 % 50,
			.reserve = 1 + r / 256 % (t->reserve ?: 1),
			.max_bytes = SZ_4M + (r >> 24) * SZ_128K,
			/* 0 is none */
			.tier_max_bytes = {
				(r >> 20) % 8 * SZ_64K,
				(r >> 21) % 8 * SZ_2M,
				(r >> 22) % 8 * SZ_2M,
			},
			.low_percent = 1 + (r >> 10) % 50,
			.high_percent = 51 + (r >> 12) % 50,
		};

		msleep(5 + r % 50);
		err = mpool_configure(t->pool, &set, mask);
		if (!err)
			atomic_inc(&t->configured);
		/* A larger reserve may find no memory, and no room. */
		if (!err || err == -ENOMEM || err == -ENOSPC)
			continue;
		atomic_inc(&t->wrong);
		pr_err("settings could not be changed: %d\n", err);
	}
	return 0;
}

static int read_fn(void *arg)
{
	struct torture *t = arg;
	struct mpool_class_stats st;
	unsigned int i = 0;

	while (!kthread_should_stop()) {
		usleep_range(2000, 3000);
		mpool_get_stats(t->pool, &st);
		mpool_class_get_stats(t->pool, t->sizes[i++ % t->nr_sizes], &st);
	}
	return 0;
}

static int kill_fn(void *arg)
{
	struct torture *t = arg;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 44);
	while (!kthread_should_stop()) {
		u32 r = prandom_u32_state(&rnd);

		usleep_range(1000, 1100 + r % 10000);
		send_sig(SIGKILL, t->tasks[r / 16 % t->nr_tasks], 1);
	}
	return 0;
}

static int (* const disturbers[])(void *arg) = {
	trim_fn, resize_fn, configure_fn, read_fn, kill_fn, press_fn
};

static struct task_struct *threads[ARRAY_SIZE(disturbers)];

/* Until torture_peace(). */
void torture_disturb(struct torture *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(disturbers); i++) {
		/* Others find memory only where there are other nodes. */
		if (disturbers[i] == press_fn && press_next(-1) < 0)
			continue;
		threads[i] = kthread_run(disturbers[i], t, "mpool_disturb/%u",
					 i);
	}
}

void torture_peace(struct torture *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(disturbers); i++) {
		if (!IS_ERR_OR_NULL(threads[i]))
			kthread_stop(threads[i]);
	}
}
