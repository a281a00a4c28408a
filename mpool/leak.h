/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers that somebody has not given back: how many, since when, by whom.
 *
 * In production a kernel user's buffers are counted and no more, since a
 * record of each would be written on the hit path.  A source, where there is
 * one, knows sites and ages; of leases both are known in any case (holders.h).
 */
#ifndef _MPOOL_LEAK_H
#define _MPOOL_LEAK_H

#include <linux/sched.h>
#include <linux/stackdepot.h>
#include <linux/types.h>

struct mpool;
struct mpool_class;

/**
 * struct mpool_leak - buffers of one size that are out, by one site or holder
 * @size: bytes of each
 * @nr: how many
 * @since: when the oldest of them was taken, ns of CLOCK_BOOTTIME; 0: nobody
 *	knows
 * @stack: where kernel users allocated them, the first address being in who
 *	called mpool; 0: nobody knows
 * @caller: the first address of @stack, which may be known without it; or 0
 * @leased: by a process, and not by a kernel user
 * @pid: process, in the initial pid namespace; 0: nobody knows
 * @comm: its name then
 */
struct mpool_leak {
	u32 size;
	u64 nr;
	u64 since;
	depot_stack_handle_t stack;
	unsigned long caller;
	bool leased;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* Is told of each; may not keep the pointer. */
typedef void mpool_leak_visit_fn(const struct mpool_leak *leak, void *arg);

/*
 * Who has a record of each allocation of a class visits them, grouped by
 * site, and says how many buffers that were; it fills in nr, since, stack,
 * pid and comm.
 */
typedef u64 (*mpool_leak_source_fn)(struct mpool_class *cls,
				    mpool_leak_visit_fn *visit, void *arg);

void mpool_leak_set_source(mpool_leak_source_fn source);
void mpool_leak_visit_class(struct mpool_class *cls, mpool_leak_visit_fn *visit,
			    void *arg);
void mpool_leak_visit_pool(struct mpool *pool, mpool_leak_visit_fn *visit,
			   void *arg);
unsigned long mpool_leak_caller(const struct mpool_leak *leak);
u64 mpool_leak_age(const struct mpool_leak *leak);
void mpool_leak_report(const struct mpool *pool, const struct mpool_leak *leak);
u64 mpool_leak_report_class(struct mpool_class *cls);

#endif /* _MPOOL_LEAK_H */
