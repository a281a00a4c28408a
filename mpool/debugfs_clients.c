// SPDX-License-Identifier: GPL-2.0
/*
 * Who are a pool's clients and how much they have; what they have carved from
 * pages.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uidgid.h>

#include "client.h"
#include "debugfs.h"
#include "pool.h"
#include "window.h"

/**
 * struct carved - what all clients of a pool have of a class
 * @clients: who have a page of it
 * @leases: pieces leased
 * @pages: with a piece in use
 * @kept: without
 */
struct carved {
	u64 clients;
	u64 leases;
	u64 pages;
	u64 kept;
};

static void add_client(struct carved *sum, struct mpool_client *client,
		       unsigned int index)
{
	struct mpool_slots *slots = &client->window->slots;
	struct mpool_slot_class *sc = &slots->classes[index];

	/* A strict client's pages have no pieces. */
	if (index >= client->window->carved)
		return;
	spin_lock(&slots->lock);
	sum->clients += sc->pages || sc->nr_kept;
	sum->leases += sc->live;
	sum->pages += sc->pages;
	sum->kept += sc->nr_kept;
	spin_unlock(&slots->lock);
}

static int carved_show(struct seq_file *m, void *v)
{
	struct mpool *pool = m->private;
	struct mpool_client *client;
	struct carved sum;
	unsigned int i;
	u64 bytes;

	seq_printf(m, "%8s %8s %10s %10s %10s %12s %7s\n", "size", "clients",
		   "leases", "pages", "kept", "bytes", "waste %");
	for (i = 0; i < pool->nr_classes && pool->sizes[i] < PAGE_SIZE; i++) {
		sum = (struct carved) {};
		mutex_lock(&pool->clients_lock);
		list_for_each_entry(client, &pool->clients, node)
			add_client(&sum, client, i);
		mutex_unlock(&pool->clients_lock);
		if (!sum.clients)
			continue;
		bytes = (sum.pages + sum.kept) << PAGE_SHIFT;
		seq_printf(m, "%8u %8llu %10llu %10llu %10llu %12llu",
			   pool->sizes[i], sum.clients, sum.leases, sum.pages,
			   sum.kept, bytes);
		mpool_debugfs_percent(m, bytes - min(bytes, sum.leases *
						     pool->sizes[i]), bytes);
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(carved);

/* Names last, and escaped: they may hold anything. */
static void show_client(struct seq_file *m, struct mpool_client *client)
{
	const struct mpool_account *own = &client->quota.own;

	seq_printf(m, "%8llu %8d %10u %8u %8ld %10ld %10ld %6s %*pE\n",
		   client->id, client->pid,
		   from_kuid_munged(seq_user_ns(m), client->quota.uid),
		   mpool_slots_live(&client->window->slots),
		   atomic_long_read(&own->buffers),
		   atomic_long_read(&own->pages) << (PAGE_SHIFT - 10),
		   atomic_long_read(&client->kept_pages) << (PAGE_SHIFT - 10),
		   client->keeps ? "-" : "strict",
		   (int)strnlen(client->comm, TASK_COMM_LEN), client->comm);
}

static int clients_show(struct seq_file *m, void *v)
{
	struct mpool *pool = m->private;
	struct mpool_client *client;

	seq_printf(m, "%8s %8s %10s %8s %8s %10s %10s %6s %s\n", "client", "pid",
		   "uid", "leases", "buffers", "KiB", "kept KiB", "mode",
		   "name");
	mutex_lock(&pool->clients_lock);
	list_for_each_entry(client, &pool->clients, node)
		show_client(m, client);
	mutex_unlock(&pool->clients_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clients);

/**
 * mpool_debugfs_add_clients() - the views of a pool's clients
 * @pool: the pool
 * @dir: its directory
 *
 * Context: process, may sleep.
 */
void mpool_debugfs_add_clients(struct mpool *pool, struct dentry *dir)
{
	debugfs_create_file("clients", 0400, dir, pool, &clients_fops);
	debugfs_create_file("carved", 0400, dir, pool, &carved_fops);
}
