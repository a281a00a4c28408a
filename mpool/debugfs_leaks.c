// SPDX-License-Identifier: GPL-2.0
/*
 * What is out of a pool, by whom, since when.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>

#include "compat/stack.h"
#include "debugfs.h"
#include "holders.h"
#include "pool.h"

static void show_stack(struct seq_file *m, const struct mpool_leak *leak)
{
	unsigned long *entries;
	unsigned int i, nr = mpool_stack_fetch(leak->stack, &entries);

	for (i = 0; i < nr; i++)
		seq_printf(m, "\t%pS\n", (void *)entries[i]);
	if (!nr && mpool_leak_caller(leak))
		seq_printf(m, "\t%pS\n", (void *)mpool_leak_caller(leak));
}

static void show_leak(const struct mpool_leak *leak, void *arg)
{
	struct seq_file *m = arg;

	seq_printf(m, "%-6s %8u %8llu", leak->leased ? "leased" : "kernel",
		   leak->size, leak->nr);
	if (leak->since)
		seq_printf(m, " %8llu %8d", div_u64(mpool_leak_age(leak), 1000),
			   leak->pid);
	else
		seq_printf(m, " %8s %8s", "-", "-");
	/* Names last, and escaped: they may hold anything. */
	seq_printf(m, " %*pE\n", (int)strnlen(leak->comm, TASK_COMM_LEN),
		   leak->comm);
	show_stack(m, leak);
}

static int leaks_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%-6s %8s %8s %8s %8s %s\n", "by", "size", "nr",
		   "oldest", "pid", "name");
	return mpool_holders_visit(m->private, show_leak, m);
}
DEFINE_SHOW_ATTRIBUTE(leaks);

/**
 * mpool_debugfs_add_leaks() - the view of what is out of a pool
 * @pool: the pool
 * @dir: its directory
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_add_leaks(struct mpool *pool, struct dentry *dir)
{
	debugfs_create_file("leaks", 0400, dir, pool, &leaks_fops);
}
