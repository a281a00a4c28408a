// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds a pool's buffers, in a few lines: kernel users by site where that
 * is known, processes that lease by process and size.
 */
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mpool.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "client.h"
#include "compat/export.h"
#include "holders.h"
#include "pool.h"
#include "window.h"

/*
 * Groups of a client that are added up at a time.  A client's leases are of
 * few processes and sizes; one of more has some of its groups in two parts.
 */
#define GROUPS	64

/**
 * struct look - a walk over the leases of a pool
 * @pool: whose
 * @visit: whom to tell
 * @arg: for @visit
 * @slots: copies of slots
 * @nr: groups in use
 * @groups: of the client that is looked at
 */
struct look {
	struct mpool *pool;
	mpool_leak_visit_fn *visit;
	void *arg;
	struct mpool_slot slots[MPOOL_SLOT_CHUNK];
	unsigned int nr;
	struct mpool_leak groups[GROUPS];
};

static void look_tell(struct look *look)
{
	unsigned int i;

	for (i = 0; i < look->nr; i++)
		look->visit(&look->groups[i], look->arg);
	look->nr = 0;
}

static struct mpool_leak *look_group(struct look *look, u32 size, pid_t pid)
{
	struct mpool_leak *group;
	unsigned int i;

	for (i = 0; i < look->nr; i++)
		if (look->groups[i].size == size && look->groups[i].pid == pid)
			return &look->groups[i];
	if (look->nr == GROUPS)
		look_tell(look);
	group = &look->groups[look->nr++];
	*group = (struct mpool_leak) {
		.size = size,
		.pid = pid,
		.leased = true,
	};
	return group;
}

static void look_lease(struct look *look, const struct mpool_slot *slot)
{
	const struct mpool_holder *holder = &slot->holder;
	u64 since = max(holder->since, 1U) * (u64)NSEC_PER_SEC;
	struct mpool_leak *group;

	group = look_group(look, look->pool->sizes[mpool_slot_index(slot->id)],
			   holder->pid);
	group->nr++;
	if (group->since && group->since <= since)
		return;
	group->since = since;
	memcpy(group->comm, holder->comm, sizeof(group->comm));
}

static void look_client(struct look *look, struct mpool_client *client)
{
	unsigned long pos = 0;
	unsigned int i, nr;

	while ((nr = mpool_slots_snapshot(&client->window->slots, &pos,
					  look->slots)))
		for (i = 0; i < nr; i++)
			look_lease(look, &look->slots[i]);
	look_tell(look);
}

/**
 * mpool_holders_visit() - look at everything that is out of a pool
 * @pool: the pool
 * @visit: told of each group of buffers; may not attach or close clients
 * @arg: for @visit
 *
 * Context: process, may sleep; takes the pool's clients_lock.
 * Return: 0 or -ENOMEM.
 */
int mpool_holders_visit(struct mpool *pool, mpool_leak_visit_fn *visit,
			void *arg)
{
	struct mpool_client *client;
	struct look *look;

	look = kmalloc(sizeof(*look), GFP_KERNEL);
	if (!look)
		return -ENOMEM;
	look->pool = pool;
	look->visit = visit;
	look->arg = arg;
	look->nr = 0;
	mpool_leak_visit_pool(pool, visit, arg);
	mutex_lock(&pool->clients_lock);
	list_for_each_entry(client, &pool->clients, node)
		look_client(look, client);
	mutex_unlock(&pool->clients_lock);
	kfree(look);
	return 0;
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
 * mpool_report_leaks() - say in the kernel log who holds buffers of a pool
 * @pool: the pool
 *
 * One line for each site or process and size: how many buffers, since when,
 * by whom, as far as that is known; and a mpool_leak event for who traces.
 * To be called where everything should be back, before the last mpool_put().
 *
 * Context: process, may sleep.
 * Return: how many buffers are out, or -ENOMEM.
 */
long mpool_report_leaks(struct mpool *pool)
{
	struct report report = { .pool = pool };
	int err;

	might_sleep();
	err = mpool_holders_visit(pool, report_one, &report);
	return err ?: (long)report.nr;
}
EXPORT_SYMBOL_NS_GPL(mpool_report_leaks, MPOOL_NS);
