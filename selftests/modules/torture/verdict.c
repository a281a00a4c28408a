// SPDX-License-Identifier: GPL-2.0
/*
 * What came of it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/mpool.h>
#include <linux/printk.h>

#include "../balance.h"
#include "torture.h"

static const char * const where_names[] = {
	"task", "softirq", "hardirq", "hrtimer"
};

/* Processes stop by themselves, when they read that nothing runs any more. */
static void await_leases(struct torture *t, struct mpool_class_stats *st)
{
	unsigned long end = jiffies + PATIENCE;

	do {
		msleep(20);
		mpool_get_stats(t->pool, st);
	} while ((st->leased || st->cached || st->quarantined) &&
		 time_before(jiffies, end));
	if (st->leased || st->cached || st->quarantined) {
		pr_err("%llu leases did not end\n", st->leased + st->cached);
		atomic_inc(&t->wrong);
	}
}

/**
 * torture_verdict() - say what was done, and whether all of it was right
 * @t: the run, with nobody at work any more
 *
 * Return: 0 or -EIO.
 */
int torture_verdict(struct torture *t)
{
	struct mpool_class_stats st;
	unsigned int i;
	int err;

	await_leases(t, &st);
	err = atomic_read(&t->wrong) ? -EIO : 0;
	for (i = 0; i < t->nr_sizes; i++) {
		if (!balance_class(t->pool, t->sizes[i]))
			err = -EIO;
	}
	for (i = 0; i < NR_WHERE; i++) {
		pr_info("%s: %ld buffers had and proved, %ld times none\n",
			where_names[i], atomic_long_read(&t->had[i]),
			atomic_long_read(&t->missed[i]));
		if (!atomic_long_read(&t->had[i]))
			err = -EIO;
	}
	mpool_get_stats(t->pool, &st);
	pr_info("%llu hits, %llu depot hits, %llu misses, %llu waits (%d timed out, %d killed), %llu leases, %llu grown, %llu shrunk\n",
		st.hits, st.depot_hits, st.misses, st.waits,
		atomic_read(&t->timeouts), atomic_read(&t->killed), st.leases,
		st.grown, st.shrunk);
	pr_info("%d bulks whole, %d none, %d times configured, %d nodes pressed, %d waited in vain, %d wrong\n",
		atomic_read(&t->bulk_all), atomic_read(&t->bulk_none),
		atomic_read(&t->configured), atomic_read(&t->pressed),
		atomic_read(&t->without),
		atomic_read(&t->wrong));
	return err;
}
