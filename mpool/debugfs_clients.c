// SPDX-License-Identifier: GPL-2.0
/*
 * Who are a pool's clients and how much they have; what they have carved from
 * pages; which cgroups are charged for it.
 */
#include <linux/debugfs.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "class.h"
#include "client.h"
#include "compat/memcg.h"
#include "debugfs.h"
#include "payer.h"
#include "pool.h"
#include "window.h"

/**
 * struct carved - what all clients of a pool have of a class
 * @clients: who have a page of it
 * @leases: pieces leased
 * @pages: with a piece in use
 * @kept: without
 * @withheld: pieces released while their page was pinned
 */
struct carved {
	u64 clients;
	u64 leases;
	u64 pages;
	u64 kept;
	u64 withheld;
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
	sum->withheld += sc->nr_withheld;
	spin_unlock(&slots->lock);
}

static int carved_show(struct seq_file *m, void *v)
{
	struct mpool *pool = m->private;
	struct mpool_client *client;
	struct carved sum;
	unsigned int i;
	u64 bytes;

	seq_printf(m, "%8s %8s %10s %10s %10s %10s %12s %7s\n", "size",
		   "clients", "leases", "pinned", "pages", "kept", "bytes",
		   "waste %");
	for (i = 0; i < pool->nr_classes && pool->sizes[i] < PAGE_SIZE; i++) {
		sum = (struct carved) {};
		mutex_lock(&pool->clients_lock);
		list_for_each_entry(client, &pool->clients, node)
			add_client(&sum, client, i);
		mutex_unlock(&pool->clients_lock);
		if (!sum.clients)
			continue;
		bytes = (sum.pages + sum.kept) << PAGE_SHIFT;
		seq_printf(m, "%8u %8llu %10llu %10llu %10llu %10llu %12llu",
			   pool->sizes[i], sum.clients, sum.leases,
			   sum.withheld, sum.pages, sum.kept, bytes);
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
 * struct paid - what a payer has in all classes of a pool
 * @buffers: charged, also those in use
 * @bytes: of them
 * @clean: idle
 * @dirty: idle
 * @quarantined: pinned
 */
struct paid {
	u64 buffers;
	u64 bytes;
	u64 clean;
	u64 dirty;
	u64 quarantined;
};

static void add_paid(struct paid *sum, struct mpool_class *cls,
		     const struct mpool_payer *payer)
{
	struct mpool_shelf *shelf = mpool_shelf(cls, payer);
	unsigned int backed;

	if (!shelf)
		return;
	backed = atomic_read(&shelf->backed);
	sum->buffers += backed;
	sum->bytes += (u64)backed * cls->size;
	sum->clean += READ_ONCE(shelf->clean.nr);
	sum->dirty += READ_ONCE(shelf->dirty.nr);
	sum->quarantined += READ_ONCE(shelf->nr_quarantined);
}

static void show_payer(struct seq_file *m, struct mpool *pool,
		       const struct mpool_payer *payer, char *path)
{
	struct mpool_class *cls;
	struct paid sum = {};
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls)
			add_paid(&sum, cls, payer);
	}
	mpool_memcg_path(payer->memcg, path, PATH_MAX);
	seq_printf(m, "%10llu %8u %10llu %12llu %8llu %8llu %8llu ",
		   mpool_memcg_ino(payer->memcg), payer->clients, sum.buffers,
		   sum.bytes, sum.clean, sum.dirty, sum.quarantined);
	seq_escape(m, path, " \t\n\\");
	seq_putc(m, '\n');
}

static int payers_show(struct seq_file *m, void *v)
{
	struct mpool *pool = m->private;
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);
	struct mpool_payer *payer;

	if (!path)
		return -ENOMEM;
	seq_printf(m, "%10s %8s %10s %12s %8s %8s %8s %s\n", "cgroup",
		   "clients", "buffers", "bytes", "clean", "dirty", "pinned",
		   "path");
	mutex_lock(&pool->clients_lock);
	list_for_each_entry(payer, &pool->payers, node)
		show_payer(m, pool, payer, path);
	mutex_unlock(&pool->clients_lock);
	kfree(path);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(payers);

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
	debugfs_create_file("payers", 0400, dir, pool, &payers_fops);
}
