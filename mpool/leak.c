// SPDX-License-Identifier: GPL-2.0
/*
 * What kernel users have not given back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mpool.h>
#include <linux/printk.h>

#include "class.h"
#include "compat/stack.h"
#include "leak.h"
#include "pool.h"
#include "stats.h"
#include "trace.h"

static mpool_leak_source_fn leak_source;

/**
 * mpool_leak_set_source() - name who has records of allocations
 * @source: the source, or NULL for none; the one before may still be running
 *	until a grace period has passed
 *
 * Context: process.
 */
void mpool_leak_set_source(mpool_leak_source_fn source)
{
	WRITE_ONCE(leak_source, source);
}

struct visit {
	struct mpool_class *cls;
	mpool_leak_visit_fn *fn;
	void *arg;
};

/* The size is the class's: a source need not say it. */
static void visit_sized(const struct mpool_leak *leak, void *arg)
{
	struct mpool_leak sized = *leak;
	struct visit *v = arg;

	sized.size = v->cls->size;
	v->fn(&sized, v->arg);
}

/**
 * mpool_leak_visit_class() - look at what kernel users hold of a class
 * @cls: the class
 * @visit: told of each group of buffers, and of those that no source knows
 * @arg: for @visit
 *
 * Context: process.
 */
void mpool_leak_visit_class(struct mpool_class *cls, mpool_leak_visit_fn *visit,
			    void *arg)
{
	mpool_leak_source_fn source = READ_ONCE(leak_source);
	struct visit v = { cls, visit, arg };
	struct mpool_leak rest = {};
	struct mpool_class_stats st;
	u64 known = 0;

	if (source)
		known = source(cls, visit_sized, &v);
	mpool_class_stats(cls, &st);
	if (st.allocated <= known)
		return;
	rest.nr = st.allocated - known;
	visit_sized(&rest, &v);
}

/**
 * mpool_leak_visit_pool() - look at what kernel users hold of a pool
 * @pool: the pool
 * @visit: see mpool_leak_visit_class()
 * @arg: for @visit
 *
 * Context: process.
 */
void mpool_leak_visit_pool(struct mpool *pool, mpool_leak_visit_fn *visit,
			   void *arg)
{
	struct mpool_class *cls;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			mpool_leak_visit_class(cls, visit, arg);
	}
}

/**
 * mpool_leak_age() - how long the oldest has been out
 * @leak: the group
 *
 * Return: ms; 0 also when nobody knows.
 */
u64 mpool_leak_age(const struct mpool_leak *leak)
{
	u64 now = ktime_get_boottime_ns();

	if (!leak->since || leak->since > now)
		return 0;
	return div_u64(now - leak->since, NSEC_PER_MSEC);
}

/**
 * mpool_leak_caller() - who called for the buffers of a group
 * @leak: the group
 *
 * Return: the first address of its stack; 0: nobody knows.
 */
unsigned long mpool_leak_caller(const struct mpool_leak *leak)
{
	unsigned long *entries;

	if (leak->caller)
		return leak->caller;
	return mpool_stack_fetch(leak->stack, &entries) ? entries[0] : 0;
}

/**
 * mpool_leak_report() - say what is out, in the kernel log and to who traces
 * @pool: the pool
 * @leak: the group
 *
 * Context: process.
 */
void mpool_leak_report(const struct mpool *pool, const struct mpool_leak *leak)
{
	/* Names are escaped: a process calls itself what it likes. */
	int name = strnlen(leak->comm, TASK_COMM_LEN);
	unsigned long caller = mpool_leak_caller(leak);
	u64 age = mpool_leak_age(leak);
	unsigned long *entries;
	unsigned int nr, i;

	trace_mpool_leak(pool->name, leak->size, leak->nr, age, caller,
			 leak->pid, leak->comm, leak->leased);
	if (!leak->since)
		pr_warn("%s: %llu of %u bytes unreturned\n", pool->name,
			leak->nr, leak->size);
	else if (caller)
		pr_warn("%s: %llu of %u bytes unreturned, oldest %llu s, by %pS, pid %d (%*pE)\n",
			pool->name, leak->nr, leak->size, div_u64(age, 1000),
			(void *)caller, leak->pid, name, leak->comm);
	else
		pr_warn("%s: %llu of %u bytes unreturned, oldest %llu s, %sby pid %d (%*pE)\n",
			pool->name, leak->nr, leak->size, div_u64(age, 1000),
			leak->leased ? "leased " : "", leak->pid, name,
			leak->comm);
	nr = mpool_stack_fetch(leak->stack, &entries);
	for (i = 0; i < nr; i++)
		pr_warn("    %pS\n", (void *)entries[i]);
}

struct report {
	struct mpool *pool;
	u64 nr;
};

static void report_one(const struct mpool_leak *leak, void *arg)
{
	struct report *report = arg;

	mpool_leak_report(report->pool, leak);
	report->nr += leak->nr;
}

/**
 * mpool_leak_report_class() - say what kernel users hold of a class
 * @cls: the class
 *
 * Context: process.
 * Return: how many buffers.
 */
u64 mpool_leak_report_class(struct mpool_class *cls)
{
	struct report report = { .pool = cls->pool };

	mpool_leak_visit_class(cls, report_one, &report);
	return report.nr;
}
