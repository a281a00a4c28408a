/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What those who allocate and those who disturb them have in common.
 */
#ifndef _MPOOL_SELFTESTS_TORTURE_H
#define _MPOOL_SELFTESTS_TORTURE_H

#include <linux/atomic.h>
#include <linux/types.h>

#define TASKS_MAX	64

struct mpool;
struct task_struct;

/**
 * struct torture - one run
 * @pool: what is tortured
 * @sizes: of the buffers in use; constant, as all but @stop and counters is
 * @nr_sizes: how many
 * @tasks: those who allocate
 * @nr_tasks: how many
 * @max: about what the classes may back
 * @reserve: of each class, at most; 0 stays 0
 * @stop: nobody begins anything any more; WRITE_ONCE once
 * @wrong: what should not have been
 * @configured: how often settings were changed
 */
struct torture {
	struct mpool *pool;
	const u32 *sizes;
	unsigned int nr_sizes;
	struct task_struct *tasks[TASKS_MAX];
	unsigned int nr_tasks;
	unsigned int max;
	unsigned int reserve;
	bool stop;
	atomic_t wrong;
	atomic_t configured;
};

void torture_disturb(struct torture *t);
void torture_peace(struct torture *t);

#endif /* _MPOOL_SELFTESTS_TORTURE_H */
