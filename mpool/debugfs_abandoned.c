// SPDX-License-Identifier: GPL-2.0
/*
 * What was left to pins when pools ended.
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "abandoned.h"
#include "debugfs.h"

static void show_entry(struct seq_file *m, const struct mpool_abandoned *e,
		       time64_t now)
{
	seq_printf(m, "%-31s %8zu %8u %12llu", e->pool, e->size, e->nr,
		   (u64)e->nr * e->size);
	if (uid_valid(e->uid))
		seq_printf(m, " %10u",
			   from_kuid_munged(seq_user_ns(m), e->uid));
	else
		seq_printf(m, " %10s", "-");
	seq_printf(m, " %8lld\n", now - e->when);
}

static int abandoned_show(struct seq_file *m, void *v)
{
	time64_t now = ktime_get_boottime_seconds();
	struct mpool_abandoned_total total;
	struct mpool_abandoned *entries;
	unsigned int nr, i;

	entries = kmalloc_array(MPOOL_ABANDONED_KEPT, sizeof(*entries),
				GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	nr = mpool_abandoned_get(entries, &total);
	seq_printf(m, "%-31s %8s %8s %12s %10s %8s\n", "pool", "size",
		   "buffers", "bytes", "uid", "age");
	for (i = 0; i < nr; i++)
		show_entry(m, &entries[i], now);
	seq_printf(m, "%-31s %8s %8llu %12llu %10s %8s\n", "total", "",
		   total.buffers, total.bytes, "", "");
	kfree(entries);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(abandoned);

/**
 * mpool_debugfs_add_abandoned() - the view of what pools have left behind
 * @dir: the directory of all views
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_add_abandoned(struct dentry *dir)
{
	debugfs_create_file("abandoned", 0400, dir, NULL, &abandoned_fops);
}
