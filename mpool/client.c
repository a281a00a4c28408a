// SPDX-License-Identifier: GPL-2.0
/*
 * Leases of one open file: attaching, releasing, revoking, and its end.  How they
 * are given stands in grant.c.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "class.h"
#include "client.h"
#include "keep.h"
#include "lease.h"
#include "payer.h"
#include "payers.h"
#include "pool.h"
#include "pseudo.h"
#include "registry.h"
#include "stock.h"
#include "trace.h"
#include "window.h"

static atomic64_t last_id;

/*
 * An owner's name recurs after four billion opens.  What its first bearer
 * wrote was zeroed long before, when he gave it back or in the background.
 */
static u32 owner_of(u64 id)
{
	return MPOOL_OWNER_CLIENT + id % (U32_MAX - MPOOL_OWNER_CLIENT);
}

/**
 * mpool_client_open() - a client for a file that is being opened
 *
 * Context: process, may sleep; current is the opener.
 * Return: the client or ERR_PTR(-ENOMEM).
 */
struct mpool_client *mpool_client_open(void)
{
	struct mpool_client *client;
	struct inode *inode;

	client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);
	if (!client)
		return ERR_PTR(-ENOMEM);
	inode = mpool_pseudo_inode();
	if (IS_ERR(inode)) {
		kfree(client);
		return ERR_CAST(inode);
	}
	client->inode = inode;
	client->pid = task_tgid_nr(current);
	get_task_comm(client->comm, current);
	mutex_init(&client->bind);
	init_waitqueue_head(&client->pieces);
	INIT_LIST_HEAD(&client->node);
	mpool_quota_init(&client->quota);
	mpool_watch_init(client);
	return client;
}

static unsigned int class_pages(const struct mpool_class *cls)
{
	return cls->size >> PAGE_SHIFT;
}

/**
 * mpool_client_trace_release() - the tracepoint of a lease's end
 * @client: attached
 * @handle: of the lease; 0 at the end of the client, which needs none to find
 *	the buffer
 * @desc: the buffer
 *
 * Context: process.
 */
void mpool_client_trace_release(const struct mpool_client *client, u64 handle,
				const struct mpool_desc *desc)
{
	u32 size = desc->cls->size, id = lower_32_bits(handle);
	unsigned int inside = 0;

	if (handle) {
		size = client->pool->sizes[mpool_slot_index(id)];
		inside = mpool_slot_inside(&client->window->slots, id, size);
	}
	trace_mpool_release(client->pool->name, size, client->id, handle,
			    desc->addr + inside);
}

/* Takes all leases back; no mapping is left, so there is nothing to zap. */
static void drain(struct mpool_client *client)
{
	struct user_struct *user = client->quota.user;
	struct mpool_payer *payer = client->payer;
	struct mpool_desc *descs[MPOOL_SLOT_CHUNK];
	struct mpool_class *cls;
	unsigned long pos = 0;
	unsigned int i, nr, kept, pinned;

	while ((nr = mpool_slots_drain(&client->window->slots, &pos, descs,
				       &kept))) {
		cls = descs[0]->cls;
		for (i = kept; trace_mpool_release_enabled() && i < nr; i++)
			mpool_client_trace_release(client, 0, descs[i]);
		pinned = 0;
		if (kept)
			pinned = mpool_stock_return_cached(cls, payer, user,
							   kept, descs);
		if (nr > kept)
			pinned += mpool_stock_return(cls, payer, user,
						     nr - kept, descs + kept);
		mpool_quota_part(&client->quota, nr, pinned, class_pages(cls));
		cond_resched();
	}
}

static void detach(struct mpool_client *client)
{
	struct mpool *pool = client->pool;

	mpool_watch_stop(client);
	/* First out of sight of all others: drain() takes no lock. */
	if (client->keeps)
		mpool_keep_exit(client);
	mutex_lock(&pool->clients_lock);
	list_del(&client->node);
	mutex_unlock(&pool->clients_lock);
	drain(client);
	mpool_payers_leave(pool, client->payer);
	mpool_quota_detach(&client->quota);
	mpool_window_free(client->window);
	atomic_dec(&pool->nr_clients);
	mpool_registry_put(pool);
}

/**
 * mpool_client_close() - end of the file, hence of all its mappings
 * @client: the client
 *
 * Context: process, may sleep; nobody else knows the client any more.
 */
void mpool_client_close(struct mpool_client *client)
{
	if (client->window)
		detach(client);
	mpool_quota_exit(&client->quota);
	mpool_watch_exit(client);
	mutex_destroy(&client->bind);
	iput(client->inode);
	kfree(client);
}

/**
 * mpool_client_attach() - bind a client to a pool
 * @client: the client
 * @pool: the pool; on success the caller's reference, of mpool_registry_get(), is
 *	the client's
 * @window: laid out for it; on success the client's
 * @strict: it keeps nothing that it releases
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY: attached already; -ENOMEM.
 */
int mpool_client_attach(struct mpool_client *client, struct mpool *pool,
			struct mpool_window *window, bool strict)
{
	struct mpool_share *share = mpool_share_new();
	struct mpool_payer *payer;
	int err;

	if (!share)
		return -ENOMEM;
	err = mpool_payer_new(pool, &payer);
	if (err) {
		kfree(share);
		return err;
	}
	mutex_lock(&client->bind);
	if (client->window) {
		mpool_payer_put(payer);
		kfree(share);
		err = -EBUSY;
		goto unlock;
	}
	mutex_lock(&pool->clients_lock);
	mpool_quota_attach(&client->quota, pool, share);
	client->payer = mpool_payers_join(pool, payer);
	client->id = atomic64_inc_return(&last_id);
	client->owner = owner_of(client->id);
	client->pool = pool;
	client->keeps = !strict;
	client->asked = window->first;
	/* Whoever sees the window sees all of the client. */
	smp_store_release(&client->window, window);
	list_add_tail(&client->node, &pool->clients);
	atomic_inc(&pool->nr_clients);
	mutex_unlock(&pool->clients_lock);
	if (client->keeps)
		mpool_keep_init(client);
unlock:
	mutex_unlock(&client->bind);
	return err;
}

/**
 * mpool_client_release() - end leases, all or none
 * @client: attached
 * @nr: how many, 1 to MPOOL_BATCH_MAX
 * @handles: which
 * @bad: on -ESTALE, -EKEYREVOKED and -ENOENT, the first one refused
 *
 * Context: process, sleeps.
 * Return: 0; -ESTALE: released before, or twice in the list; -EKEYREVOKED:
 * taken back; -ENOENT: never given; -ENOMEM.
 */
int mpool_client_release(struct mpool_client *client, unsigned int nr,
			 const u64 *handles, u32 *bad)
{
	struct mpool_window *window = client->window;
	struct mpool_hold *holds;
	unsigned int i;
	int err;

	holds = kvmalloc_array(nr, sizeof(*holds), GFP_KERNEL_ACCOUNT);
	if (!holds)
		return -ENOMEM;
	err = mpool_slots_kill(&window->slots, nr, handles, holds, bad);
	if (err)
		goto free_holds;

	for (i = 0; trace_mpool_release_enabled() && i < nr; i++)
		mpool_client_trace_release(client, handles[i], holds[i].desc);
	mpool_keep_release(client, nr, holds, client->keeps);
free_holds:
	kvfree(holds);
	return err;
}

/* To the pool, whatever the client would like to keep. */
static void take_back(struct mpool_client *client, unsigned int nr,
		      struct mpool_hold *holds)
{
	u64 handles[MPOOL_SLOT_CHUNK];
	unsigned int i;
	u32 size;

	/* The slots are dying, and their generation stays. */
	for (i = 0; i < nr; i++) {
		handles[i] = mpool_slot_handle(holds[i].slot->gen,
					       holds[i].slot->id);
		mpool_client_trace_release(client, handles[i], holds[i].desc);
	}
	mpool_keep_release(client, nr, holds, false);
	for (i = 0; i < nr; i++) {
		size = client->pool->sizes[mpool_slot_index(lower_32_bits(handles[i]))];
		mpool_subscriber_post(&client->watch.sub, MPOOL_EVENT_REVOKED,
				      size, handles[i], client->id, 1);
	}
}

static u64 revoke_all(struct mpool_client *client, struct mpool_hold *holds)
{
	unsigned long pos = 0;
	unsigned int nr;
	u64 all = 0;

	while ((nr = mpool_slots_revoke_all(&client->window->slots, &pos,
					    holds))) {
		take_back(client, nr, holds);
		all += nr;
		cond_resched();
	}
	/* He may have attached just now, and be no keeper yet. */
	mpool_keep_drop(client);
	return all;
}

static struct mpool_client *find(struct mpool *pool, u64 id)
{
	struct mpool_client *client;

	lockdep_assert_held(&pool->clients_lock);
	list_for_each_entry(client, &pool->clients, node)
		if (client->id == id)
			return client;
	return NULL;
}

/**
 * mpool_client_revoke() - take leases back from who holds them
 * @pool: the pool
 * @id: of the client
 * @handle: of one lease, or 0 for all, and for what the client keeps
 * @revoked: how many leases ended
 *
 * When it returns, no mapping reaches the buffers.  The client stays, and may
 * lease again.
 *
 * Context: process, sleeps; takes clients_lock, by which the client stays.
 * Return: 0; -ESRCH: no such client; -ESTALE, -EKEYREVOKED, -ENOENT: as for
 * mpool_client_release(); -ENOMEM.
 */
int mpool_client_revoke(struct mpool *pool, u64 id, u64 handle, u64 *revoked)
{
	struct mpool_client *client;
	struct mpool_hold *holds;
	int err = -ESRCH;

	holds = kmalloc_array(MPOOL_SLOT_CHUNK, sizeof(*holds), GFP_KERNEL);
	if (!holds)
		return -ENOMEM;
	mutex_lock(&pool->clients_lock);
	client = find(pool, id);
	if (!client)
		goto unlock;
	if (!handle) {
		*revoked = revoke_all(client, holds);
		err = 0;
		goto unlock;
	}
	err = mpool_slots_revoke(&client->window->slots, handle, holds);
	if (!err) {
		take_back(client, 1, holds);
		*revoked = 1;
	}
unlock:
	mutex_unlock(&pool->clients_lock);
	kfree(holds);
	return err;
}
