/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share.  A test's pools and threads belong to it from kt_init()
 * to kt_exit(), which ends them however the test ended, and expects every
 * pool's counters to balance with nothing left out.
 */
#ifndef _MPOOL_KUNIT_HELPERS_H
#define _MPOOL_KUNIT_HELPERS_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mpool.h>
#include <linux/sched.h>

#include "class.h"
#include "lease.h"
#include "pool.h"

struct kt_thread;

/* Long enough for a slow machine, short enough for a test that fails. */
#define KT_PATIENCE	(20 * HZ)

/* Before a waiter would have looked by itself: MPOOL_WAIT_SLICE_NS is 5 s. */
#define KT_AT_ONCE	(3 * HZ)

/* Polls until @cond holds; its value is @cond's last one. */
#define KT_UNTIL(cond)							\
({									\
	unsigned long __end = jiffies + KT_PATIENCE;			\
	bool __ok;							\
									\
	while (!(__ok = (cond)) && time_before(jiffies, __end))		\
		usleep_range(500, 1000);				\
	__ok;								\
})

#define KT_SUITE(area)							\
	struct kunit_suite mpool_##area##_suite = {			\
		.name = "mpool_" #area,					\
		.init = kt_init,					\
		.exit = kt_exit,					\
		.test_cases = area##_cases,				\
	}

int kt_init(struct kunit *test);
void kt_exit(struct kunit *test);

struct mpool *kt_pool(struct kunit *test, const struct mpool_config *cfg);
struct mpool *kt_pool_max(struct kunit *test, unsigned int max);
struct mpool *kt_tight_pool(struct kunit *test);
struct mpool_class *kt_class(struct kunit *test, struct mpool *pool,
			     size_t size);
struct mpool_class *kt_class_max(struct kunit *test, size_t size,
				 unsigned int max);

struct mpool_class_stats kt_stats(struct mpool_class *cls);
u64 kt_sum(const struct mpool_class_stats *st);
bool kt_balanced(struct mpool_class *cls);

void **kt_array(struct kunit *test, unsigned int nr);
void **kt_take(struct kunit *test, struct mpool_class *cls, unsigned int nr);
void *kt_alloc_timed(struct mpool_class *cls, u64 *longest);
void kt_give(struct mpool_class *cls, unsigned int nr, void **bufs);
struct mpool_desc *kt_lease(struct kunit *test, struct mpool_class *cls);
void kt_return(struct mpool_class *cls, struct mpool_desc *desc);
bool kt_is_zero(const void *buf, size_t size);

void kt_stay_on(struct kunit *test, int cpu);
int kt_other_cpu(struct kunit *test);

struct kt_thread *kt_start(struct kunit *test, int cpu, int (*fn)(void *arg),
			   void *arg);
bool kt_ended(struct kt_thread *t);
bool kt_asleep(struct kt_thread *t);
void kt_kill(struct kt_thread *t);
int kt_join(struct kunit *test, struct kt_thread *t);
int kt_run_on(struct kunit *test, int cpu, int (*fn)(void *arg), void *arg);

/* Who wants a buffer, and has it then. */
struct kt_want {
	struct mpool_class *cls;
	void *buf;
};

int kt_want_one(void *want);
void kt_served_at_once(struct kunit *test, struct kt_want *w,
		       struct kt_thread *t);

/* User-mode Linux is preemptible, so that the first does nothing; its ticks do not preempt. */
static inline void kt_resched(void)
{
	cond_resched();
	if (need_resched())
		schedule();
}

static inline enum mpool_state kt_state(const struct mpool_class *cls,
					const void *buf)
{
	return *mpool_tag_at(buf, cls->paged) ^ cls->tag ^ MPOOL_ALLOCATED;
}

/* Bytes are counted by 64 bits, all else by 32. */
static inline bool kt_setting_is_wide(size_t offset)
{
	return (offset >= offsetof(struct mpool_pool_config, max_bytes) &&
		offset < offsetof(struct mpool_pool_config, low_percent)) ||
	       (offset >= offsetof(struct mpool_pool_config, client_max_bytes) &&
		offset < offsetof(struct mpool_pool_config, client_max));
}

#endif /* _MPOOL_KUNIT_HELPERS_H */
