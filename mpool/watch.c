// SPDX-License-Identifier: GPL-2.0
/*
 * What a client waits for: poll(), read(), and the look for leaks.
 */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "class.h"
#include "client.h"
#include "pool.h"
#include "watch.h"
#include "window.h"
#include "work.h"

/*
 * A lease is reported at most a second and a quarter of its age late; not
 * looked for more than four times a second, since ages are whole seconds, and
 * once a minute at least.
 */
#define LOOK_MIN_MS	250
#define LOOK_MAX_MS	60000

struct suspects {
	u64 nr;
	u64 handle;
	u32 id;
	u32 since;
};

/* Leases of @client given in (@from, @to]. */
static void find_suspects(struct mpool_client *client, s64 from, s64 to,
			  struct mpool_slot *copies, struct suspects *found)
{
	const struct mpool_slot *slot;
	unsigned long pos = 0;
	unsigned int i, nr;

	*found = (struct suspects) { .since = U32_MAX };
	while ((nr = mpool_slots_snapshot(&client->window->slots, &pos,
					  copies))) {
		for (i = 0; i < nr; i++) {
			slot = &copies[i];
			if (slot->holder.since <= from ||
			    slot->holder.since > to)
				continue;
			found->nr++;
			if (slot->holder.since >= found->since)
				continue;
			found->since = slot->holder.since;
			found->id = slot->id;
			found->handle = mpool_slot_handle(slot->gen, slot->id);
		}
		cond_resched();
	}
}

static void look_at(struct mpool_client *client, struct mpool_watch *watch,
		    s64 to, struct mpool_slot *copies)
{
	struct suspects found;
	u32 size;

	find_suspects(client, watch->seen, to, copies, &found);
	if (!found.nr)
		return;
	size = client->pool->sizes[mpool_slot_index(found.id)];
	mpool_subscriber_post(&watch->sub, MPOOL_EVENT_LEAK, size,
			      found.handle, client->id, found.nr);
}

static void look(struct mpool_client *watcher, struct mpool_slot *copies)
{
	struct mpool_watch *watch = &watcher->watch;
	struct mpool *pool = watcher->pool;
	struct mpool_client *client;
	/* Both are cut to whole seconds: one more, and none is too young. */
	s64 to = (s64)ktime_get_boottime_seconds() - watch->leak_age - 1;

	if (watch->wide) {
		mutex_lock(&pool->clients_lock);
		list_for_each_entry(client, &pool->clients, node)
			look_at(client, watch, to, copies);
		mutex_unlock(&pool->clients_lock);
	} else {
		/* Its end waits for this work. */
		look_at(watcher, watch, to, copies);
	}
	watch->seen = to;
}

static unsigned long look_again(const struct mpool_watch *watch)
{
	return msecs_to_jiffies(clamp_t(u64, watch->leak_age * 250ULL,
					LOOK_MIN_MS, LOOK_MAX_MS));
}

static void leaks_fn(struct work_struct *work)
{
	struct mpool_watch *watch = container_of(to_delayed_work(work),
						 struct mpool_watch, leaks);
	struct mpool_client *client = container_of(watch, struct mpool_client,
						   watch);
	struct mpool_slot *copies;

	copies = kmalloc_array(MPOOL_SLOT_CHUNK, sizeof(*copies), GFP_KERNEL);
	/* Without memory, the next look finds the same. */
	if (copies)
		look(client, copies);
	kfree(copies);
	queue_delayed_work(mpool_wq, &watch->leaks, look_again(watch));
}

/**
 * mpool_watch_init() - a client that watches nothing
 * @client: the client
 *
 * Context: process.
 */
void mpool_watch_init(struct mpool_client *client)
{
	struct mpool_watch *watch = &client->watch;

	mpool_subscriber_init(&watch->sub);
	mutex_init(&watch->lock);
	INIT_DELAYED_WORK(&watch->leaks, leaks_fn);
}

/**
 * mpool_watch_stop() - it is told nothing any more
 * @client: attached
 *
 * Context: process, may sleep; before the client leaves the pool's list.
 */
void mpool_watch_stop(struct mpool_client *client)
{
	cancel_delayed_work_sync(&client->watch.leaks);
	mpool_subscriber_exit(&client->watch.sub, client->pool);
}

/**
 * mpool_watch_exit() - undo mpool_watch_init()
 * @client: the client
 *
 * Context: process.
 */
void mpool_watch_exit(struct mpool_client *client)
{
	mutex_destroy(&client->watch.lock);
}

/**
 * mpool_watch_set() - say what a client wants to be told
 * @client: attached
 * @events: checked
 * @eventfd: the client's on success, or NULL
 * @wide: suspect leases of other clients are its business, too
 *
 * Context: process, may sleep.
 * Return: 0; -ENOMEM; -EINTR: killed, while a read() of the file waits for its
 * memory.
 */
int mpool_watch_set(struct mpool_client *client,
		    const struct mpool_events *events,
		    struct eventfd_ctx *eventfd, bool wide)
{
	struct mpool_watch *watch = &client->watch;
	int err;

	if (mutex_lock_killable(&watch->lock))
		return -EINTR;
	err = mpool_subscribe(&watch->sub, client->pool, events->mask,
			      eventfd);
	if (err)
		goto unlock;
	cancel_delayed_work_sync(&watch->leaks);
	watch->record_size = events->record_size;
	watch->leak_age = DIV_ROUND_UP(events->leak_age_ms, MSEC_PER_SEC);
	watch->wide = wide;
	/* What is suspect already is reported, too. */
	watch->seen = S64_MIN;
	if (events->mask & MPOOL_EVENT_LEAK)
		queue_delayed_work(mpool_wq, &watch->leaks, 0);
unlock:
	mutex_unlock(&watch->lock);
	return err;
}

/* One record, as long as the reader knows it. */
static int tell(const struct mpool_watch *watch, char __user *to,
		const struct mpool_event *event)
{
	size_t n = min_t(size_t, watch->record_size, sizeof(*event));

	if (copy_to_user(to, event, n) ||
	    clear_user(to + n, watch->record_size - n))
		return -EFAULT;
	return 0;
}

static ssize_t read_records(struct mpool_watch *watch, char __user *to,
			    size_t len)
{
	struct mpool_event event;
	size_t done = 0;

	lockdep_assert_held(&watch->lock);
	if (!watch->record_size || len < watch->record_size)
		return -EINVAL;
	while (len - done >= watch->record_size &&
	       mpool_subscriber_take(&watch->sub, &event)) {
		if (tell(watch, to + done, &event)) {
			mpool_subscriber_put_back(&watch->sub, &event);
			return done ?: -EFAULT;
		}
		done += watch->record_size;
	}
	return done ?: -EAGAIN;
}

/**
 * mpool_watch_read() - read events
 * @client: attached
 * @to: where to
 * @len: bytes of it
 * @wait: for the first one
 *
 * Context: process, may sleep.
 * Return: bytes, of whole records; -EINVAL: nothing is subscribed, or less
 * than a record; -EAGAIN: none, without @wait; -ERESTARTSYS; -EFAULT.
 */
ssize_t mpool_watch_read(struct mpool_client *client, char __user *to,
			 size_t len, bool wait)
{
	struct mpool_watch *watch = &client->watch;
	ssize_t n;

	for (;;) {
		/* Another read() may wait for its memory in there. */
		if (mutex_lock_interruptible(&watch->lock))
			return -ERESTARTSYS;
		n = read_records(watch, to, len);
		mutex_unlock(&watch->lock);
		if (n != -EAGAIN || !wait)
			return n;
		if (wait_event_interruptible(watch->sub.wait,
					     READ_ONCE(watch->sub.nr)))
			return -ERESTARTSYS;
	}
}

/* Would a lease be served now?  A look: who leases next may find otherwise. */
static bool lease_ready(struct mpool *pool, unsigned int index)
{
	struct mpool_class *cls = mpool_pool_peek(pool, index);
	size_t size = pool->sizes[index];
	unsigned int tier = mpool_tier(size);
	struct mpool_stock *stock;

	if (!cls)
		return atomic_long_read(&pool->bytes) + size <=
		       READ_ONCE(pool->max_bytes) &&
		       atomic_long_read(&pool->tier_bytes[tier]) + size <=
		       READ_ONCE(pool->tier_max[tier]);
	stock = &cls->stock;
	if (mpool_has_waiters(cls))
		return false;
	if (READ_ONCE(stock->nr_clean) || READ_ONCE(stock->nr_dirty) ||
	    READ_ONCE(stock->busy) || atomic_read(&stock->cached) ||
	    mpool_depot_count(cls) || mpool_magazine_count(cls))
		return true;
	return atomic_read(&cls->backed) < (int)READ_ONCE(cls->max) &&
	       mpool_class_has_room(cls);
}

static bool can_lease(const struct mpool_client *client)
{
	struct mpool_window *window = client->window;
	unsigned int index = READ_ONCE(client->asked);

	if (index < window->carved && mpool_slots_has_idle(&window->slots, index))
		return true;
	return lease_ready(client->pool, mpool_window_backing(window, index));
}

/**
 * mpool_watch_poll() - what would not wait now
 * @client: attached
 * @file: its file
 * @table: where to be woken
 *
 * Context: process.
 * Return: EPOLLIN with an event to read, EPOLLOUT when a lease of the class
 * asked for last would be served.
 */
__poll_t mpool_watch_poll(struct mpool_client *client, struct file *file,
			  struct poll_table_struct *table)
{
	__poll_t mask = 0;

	poll_wait(file, &client->watch.sub.wait, table);
	poll_wait(file, &client->pool->room, table);
	/* In both queues before the looks; pairs with mpool_wait_kick(). */
	smp_mb();
	if (READ_ONCE(client->watch.sub.nr))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (can_lease(client))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}
