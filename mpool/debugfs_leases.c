// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds which buffer, since when.
 *
 * A record is a handful of one client's leases, copied under the client's
 * lock and printed without it.  Between two reads no lock is held: the
 * iterator remembers the client by its number, which grows along the list,
 * and goes on behind it when it is gone.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>

#include "client.h"
#include "debugfs.h"
#include "pool.h"
#include "window.h"

/**
 * struct iter - where a reader is
 * @pool: whose leases
 * @client: the client of the record, valid while clients_lock is held
 * @id: its number
 * @pos: the record's place among its slots
 * @next_pos: behind the record
 * @nr: leases in the record
 * @slots: copies of them
 */
struct iter {
	struct mpool *pool;
	struct mpool_client *client;
	u64 id;
	unsigned long pos;
	unsigned long next_pos;
	unsigned int nr;
	struct mpool_slot slots[MPOOL_SLOT_CHUNK];
};

/* Fills in the first record at or behind the place where the reader is. */
static void *fill(struct iter *it)
{
	struct mpool_client *client;

	lockdep_assert_held(&it->pool->clients_lock);
	list_for_each_entry(client, &it->pool->clients, node) {
		if (client->id < it->id)
			continue;
		if (client->id > it->id)
			it->pos = 0;
		it->id = client->id;
		it->client = client;
		it->next_pos = it->pos;
		it->nr = mpool_slots_snapshot(&client->window->slots,
					      &it->next_pos, it->slots);
		if (it->nr)
			return it;
	}
	return NULL;
}

static void *leases_start(struct seq_file *m, loff_t *index)
{
	struct iter *it = m->private;

	mutex_lock(&it->pool->clients_lock);
	if (*index == 0) {
		it->id = 0;
		it->pos = 0;
		return SEQ_START_TOKEN;
	}
	return fill(it);
}

static void *leases_next(struct seq_file *m, void *v, loff_t *index)
{
	struct iter *it = m->private;

	++*index;
	if (v != SEQ_START_TOKEN)
		it->pos = it->next_pos;
	return fill(it);
}

static void leases_stop(struct seq_file *m, void *v)
{
	struct iter *it = m->private;

	mutex_unlock(&it->pool->clients_lock);
}

static void show_lease(struct seq_file *m, const struct iter *it,
		       const struct mpool_slot *slot, u32 now)
{
	const struct mpool_holder *holder = &slot->holder;
	const struct mpool_client *client = it->client;

	/* Names last, and escaped: they may hold anything. */
	seq_printf(m, "%#018llx %8u %8u %8d %8d %6llu %*pE (%*pE)\n",
		   mpool_slot_handle(slot->gen, slot->id),
		   it->pool->sizes[mpool_slot_index(slot->id)],
		   now - holder->since, holder->pid, client->pid, client->id,
		   (int)strnlen(holder->comm, TASK_COMM_LEN), holder->comm,
		   (int)strnlen(client->comm, TASK_COMM_LEN), client->comm);
}

static int leases_show(struct seq_file *m, void *v)
{
	struct iter *it = m->private;
	u32 now = ktime_get_boottime_seconds();
	unsigned int i;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%-18s %8s %8s %8s %8s %6s %s\n", "handle", "size",
			   "age", "pid", "opener", "client",
			   "names (opener's)");
		return 0;
	}
	for (i = 0; i < it->nr; i++)
		show_lease(m, it, &it->slots[i], now);
	return 0;
}

static const struct seq_operations leases_ops = {
	.start = leases_start,
	.next = leases_next,
	.stop = leases_stop,
	.show = leases_show,
};

static int leases_open(struct inode *inode, struct file *file)
{
	struct iter *it = __seq_open_private(file, &leases_ops, sizeof(*it));

	if (!it)
		return -ENOMEM;
	it->pool = inode->i_private;
	return 0;
}

static const struct file_operations leases_fops = {
	.owner = THIS_MODULE,
	.open = leases_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/**
 * mpool_debugfs_add_leases() - the view of a pool's leases
 * @pool: the pool
 * @dir: its directory
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_add_leases(struct mpool *pool, struct dentry *dir)
{
	debugfs_create_file("leases", 0400, dir, pool, &leases_fops);
}
