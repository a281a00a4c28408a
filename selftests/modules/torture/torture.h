/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What those who allocate and those who disturb them have in common.
 */
#ifndef _MPOOL_SELFTESTS_TORTURE_H
#define _MPOOL_SELFTESTS_TORTURE_H

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/types.h>

#define TASKS_MAX	64
/* Time for the last waiters and leases; nobody holds a buffer then. */
#define PATIENCE	(30 * HZ)

enum where { TASK, SOFTIRQ, HARDIRQ, HRTIMER, NR_WHERE };

struct mpool;

/**
 * struct torture - one run
 * @pool: what is tortured
 * @sizes: of the buffers in use; constant, as all but @stop and counters is
 * @nr_sizes: how many
 * @tasks: those who allocate
 * @nr_tasks: how many
 * @max: about what the classes may back
 * @reserve: of each class, at most; 0 stays 0
 * @node: whose memory they are of, NUMA_NO_NODE for any
 * @scarce: memory may be had or not (fault injection), so that who waits may go without where no
 *	reserve says otherwise
 * @stop: nobody begins anything any more; WRITE_ONCE once
 * @wrong: what should not have been
 * @had: buffers that were had, and proved, by who had them
 * @missed: times that there was none
 * @timeouts: waits that ended so
 * @killed: the same
 * @without: waits without limit that ended for want of memory
 * @bulk_all: all that were asked for
 * @bulk_none: and none, because they were not all there
 * @configured: how often settings were changed
 * @pressed: how often a node's memory was all taken
 */
struct torture {
	struct mpool *pool;
	const u32 *sizes;
	unsigned int nr_sizes;
	struct task_struct *tasks[TASKS_MAX];
	unsigned int nr_tasks;
	unsigned int max;
	unsigned int reserve;
	int node;
	bool scarce;
	bool stop;
	atomic_t wrong;
	atomic_long_t had[NR_WHERE];
	atomic_long_t missed[NR_WHERE];
	atomic_t timeouts;
	atomic_t killed;
	atomic_t without;
	atomic_t bulk_all;
	atomic_t bulk_none;
	atomic_t configured;
	atomic_t pressed;
};

/* Who calls this is one of those whose allocations the script lets fail. */
static inline void torture_may_fail(void)
{
#ifdef CONFIG_FAULT_INJECTION
	current->make_it_fail = 1;
#endif
}

void torture_disturb(struct torture *t);
void torture_peace(struct torture *t);
int torture_verdict(struct torture *t);

#endif /* _MPOOL_SELFTESTS_TORTURE_H */
