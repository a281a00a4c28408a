// SPDX-License-Identifier: GPL-2.0
/*
 * What a client keeps of what it released.
 *
 * A released buffer stays where it stood, mapped and unzeroed, for as long as
 * it is the same client that could lease it next: nothing is shown to anybody
 * that he has not written himself.  The handle is dead, new faults on it are
 * refused; mappings that are there stay, and an access through them after the
 * release goes unnoticed.  A client that wants to notice attaches as strict,
 * and keeps nothing.
 *
 * A buffer that somebody has pinned is not kept: a transfer may still be under
 * way, and the next lease's bytes would be overwritten by it.
 *
 * Before a buffer leaves the client, its mappings are taken away on all CPUs.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/timekeeping.h>

#include "class.h"
#include "client.h"
#include "keep.h"
#include "pool.h"
#include "quarantine.h"
#include "registry.h"
#include "window.h"

/*
 * What one client may keep.  The count: a quarter of the largest batch, since
 * what cannot be kept costs a zap that is shared by neighbours.  The bytes: 32
 * buffers of 1 MiB, as one batch; more than a second-level cache holds, so
 * that keeping more saves faults, but no longer cache misses.
 */
#define KEEP_MAX	(MPOOL_BATCH_MAX / 4)
#define KEEP_PAGES	(SZ_32M >> PAGE_SHIFT)

/* Buffers taken apart at once; they lie on the stack. */
#define BATCH		32

static struct mpool_class *class_of(const struct mpool_client *client,
				    const struct mpool_hold *hold)
{
	unsigned int index = mpool_slot_index(hold->slot->id);

	/* By the slot, which stays: the buffer may be gone already. */
	return mpool_pool_peek(client->pool,
			       mpool_window_backing(client->window, index));
}

static unsigned int pages_of(const struct mpool_class *cls)
{
	return cls->size >> PAGE_SHIFT;
}

/* Out of the client; all of one class.  The slots are dying. */
static void retire(struct mpool_client *client, struct mpool_class *cls,
		   unsigned int nr, struct mpool_hold *holds)
{
	struct mpool_window *window = client->window;
	struct mpool_desc *descs[BATCH];
	unsigned int i, pinned;

	mpool_window_zap(window, nr, holds);
	mpool_slots_free(&window->slots, nr, holds);
	for (i = 0; i < nr; i++)
		descs[i] = holds[i].desc;
	pinned = mpool_stock_return_cached(cls, client->payer,
					   client->quota.user, nr, descs);
	mpool_quota_part(&client->quota, nr, pinned, pages_of(cls));
}

/* What stands in one region: buffers of its class, or pages of pieces. */
static unsigned int shed_region(struct mpool_client *client, unsigned int index,
				unsigned int nr, u32 until)
{
	struct mpool_window *window = client->window;
	struct mpool_slots *slots = &window->slots;
	struct mpool_hold holds[BATCH];
	unsigned int done = 0, n;
	struct mpool_class *cls;

	/* No more than there are now: the client may be adding to them. */
	nr = min(nr, READ_ONCE(slots->classes[index].nr_kept));
	if (!nr)
		return 0;
	cls = mpool_pool_peek(client->pool, mpool_window_backing(window, index));
	while (done < nr) {
		n = mpool_slots_evict(slots, index,
				      min(nr - done, (unsigned int)BATCH),
				      until, holds);
		if (!n)
			break;
		atomic_long_sub(n * pages_of(cls), &client->kept_pages);
		retire(client, cls, n, holds);
		done += n;
	}
	return done;
}

static unsigned int shed_class(struct mpool_client *client, unsigned int index,
			       unsigned int nr, u32 until)
{
	unsigned int i, done = shed_region(client, index, nr, until);

	if (index != client->window->first)
		return done;
	for (i = 0; i < client->window->carved && done < nr; i++)
		done += shed_region(client, i, nr - done, until);
	return done;
}

static unsigned int shed(struct mpool_keeper *keeper, struct mpool_class *cls,
			 unsigned int nr, u32 until)
{
	struct mpool_client *client = container_of(keeper, struct mpool_client,
						   keeper);
	unsigned int i, done = 0;

	if (cls)
		return shed_class(client, cls->index, nr, until);
	for (i = 0; i < client->window->nr && done < nr; i++)
		done += shed_region(client, i, nr - done, until);
	return done;
}

/**
 * mpool_keep_init() - a client that is attached may keep buffers
 * @client: the client
 *
 * Context: process, may sleep.
 */
void mpool_keep_init(struct mpool_client *client)
{
	client->keeper.shed = shed;
	client->keeper.user = client->quota.user;
	client->keeper.share = client->quota.share;
	client->keeper.payer = client->payer;
	mpool_keeper_add(client->pool, &client->keeper);
}

/**
 * mpool_keep_exit() - nobody asks for its buffers any more
 * @client: initialized
 *
 * What it keeps is for mpool_slots_drain().
 *
 * Context: process, may sleep.
 */
void mpool_keep_exit(struct mpool_client *client)
{
	mpool_keeper_del(client->pool, &client->keeper);
}

static bool above_bounds(const struct mpool_client *client)
{
	return READ_ONCE(client->window->slots.nr_kept) > KEEP_MAX ||
	       atomic_long_read(&client->kept_pages) > KEEP_PAGES;
}

/* In this class, or for bytes that any class may give back. */
static bool waited_for(struct mpool_class *cls)
{
	return mpool_has_waiters(cls) || atomic_read(&cls->pool->starved);
}

static bool keepable(const struct mpool_slots *slots,
		     const struct mpool_hold *hold)
{
	/* Who waits comes first, and would have it called back at once. */
	return mpool_slots_keepable(slots, hold) &&
	       !waited_for(hold->desc->cls) &&
	       !mpool_window_pinned(hold->desc);
}

/* Calls @fn for each run of one class. */
static void each_class(struct mpool_client *client, unsigned int nr,
		       const struct mpool_hold *holds,
		       void (*fn)(struct mpool_client *client,
				  struct mpool_class *cls, unsigned int nr))
{
	struct mpool_class *cls;
	unsigned int i, n;

	for (i = 0; i < nr; i += n) {
		cls = class_of(client, &holds[i]);
		for (n = 1; i + n < nr; n++)
			if (class_of(client, &holds[i + n]) != cls)
				break;
		fn(client, cls, n);
	}
}

static void count_kept(struct mpool_client *client, struct mpool_class *cls,
		       unsigned int nr)
{
	atomic_long_add(nr * pages_of(cls), &client->kept_pages);
	mpool_stock_keep(cls, nr);
}

static void shed_if_waited_for(struct mpool_client *client,
			       struct mpool_class *cls, unsigned int nr)
{
	if (waited_for(cls))
		shed_class(client, cls->index, UINT_MAX, U32_MAX);
	/* What is kept can be leased by whoever polls for it. */
	mpool_wait_kick(cls);
}

/* Keeps what can be kept; moves the rest to the front, and says how many. */
static unsigned int keep_put(struct mpool_client *client, unsigned int nr,
			     struct mpool_hold *holds)
{
	struct mpool_slots *slots = &client->window->slots;
	unsigned int rest = 0, end = nr;

	while (rest < end) {
		if (!keepable(slots, &holds[rest])) {
			rest++;
			continue;
		}
		end--;
		swap(holds[rest], holds[end]);
	}
	nr -= end;
	holds += end;
	if (!nr)
		return rest;

	/* Counted first: once they can be found, they may be gone. */
	each_class(client, nr, holds, count_kept);
	mpool_slots_keep(slots, nr, holds, ktime_get_boottime_seconds());
	while (above_bounds(client)) {
		unsigned int index = mpool_slots_coldest(slots);

		if (index == slots->nr_classes ||
		    !shed_region(client, index, BATCH, U32_MAX))
			break;
	}
	/* What is kept is counted; pairs with mpool_recall_later(). */
	smp_mb();
	each_class(client, nr, holds, shed_if_waited_for);
	return rest;
}

/**
 * mpool_keep_take() - lease again what is kept
 * @client: attached
 * @index: of the size class, which is in being
 * @nr: how many are wanted
 * @holds: filled in: slots, reserved, and buffers as they were left
 *
 * Context: process.
 * Return: how many, 0 to @nr.
 */
unsigned int mpool_keep_take(struct mpool_client *client, unsigned int index,
			     unsigned int nr, struct mpool_hold *holds)
{
	struct mpool_class *cls;
	unsigned int got;

	got = mpool_slots_reuse(&client->window->slots, index, nr, holds);
	if (got) {
		cls = mpool_pool_peek(client->pool, index);
		atomic_long_sub(got * pages_of(cls), &client->kept_pages);
		mpool_stock_unkeep(cls, got);
	}
	return got;
}

/**
 * mpool_keep_carve() - reserve pieces of pages that the client has
 * @client: attached
 * @index: of a carved class
 * @nr: how many are wanted
 * @holds: filled in
 *
 * Context: process.
 * Return: how many, 0 to @nr.
 */
unsigned int mpool_keep_carve(struct mpool_client *client, unsigned int index,
			      unsigned int nr, struct mpool_hold *holds)
{
	struct mpool_window *window = client->window;
	unsigned int got, unkept;
	struct mpool_class *cls;

	got = mpool_slots_carve(&window->slots, index, nr, holds, &unkept);
	if (unkept) {
		cls = mpool_pool_peek(client->pool, window->first);
		atomic_long_sub(unkept * pages_of(cls), &client->kept_pages);
		mpool_stock_unkeep(cls, unkept);
		/* There may be more pieces than are wanted here. */
		mpool_keep_tell(client);
	}
	return got;
}

/**
 * mpool_keep_give_up() - undo mpool_keep_take(), and give the buffers back
 * @client: attached
 * @nr: how many
 * @holds: of one class
 *
 * Context: process, sleeps.
 */
void mpool_keep_give_up(struct mpool_client *client, unsigned int nr,
			struct mpool_hold *holds)
{
	struct mpool_class *cls;
	unsigned int n;

	for (; nr; nr -= n, holds += n) {
		n = min_t(unsigned int, nr, BATCH);
		cls = class_of(client, holds);
		mpool_stock_keep(cls, n);
		retire(client, cls, n, holds);
	}
}

/* Returns buffers that nobody reaches any more, class by class. */
static void give_back(struct mpool_client *client, unsigned int nr,
		      const struct mpool_hold *holds)
{
	struct mpool_desc *descs[MPOOL_SLOT_CHUNK];
	struct mpool_class *cls;
	unsigned int i = 0, n, pinned;

	while (i < nr) {
		cls = holds[i].desc->cls;
		for (n = 0; n < MPOOL_SLOT_CHUNK && i < nr; n++, i++) {
			if (holds[i].desc->cls != cls)
				break;
			descs[n] = holds[i].desc;
		}
		pinned = mpool_stock_return(cls, client->payer,
					    client->quota.user, n, descs);
		mpool_quota_part(&client->quota, n, pinned, pages_of(cls));
	}
}

/**
 * mpool_keep_tell() - pieces may be idle: let those who wait for them look
 * @client: attached
 *
 * Context: process.
 */
void mpool_keep_tell(struct mpool_client *client)
{
	/* The pieces before the look for who waits; pairs with mpool_wait(). */
	if (wq_has_sleeper(&client->pieces))
		wake_up(&client->pieces);
}

/* To the client, or else to the pool; @used: they were leases. */
static void put(struct mpool_client *client, unsigned int nr,
		struct mpool_hold *holds, bool used, bool keep)
{
	struct mpool_window *window = client->window;
	unsigned int ended = nr;

	if (window->carved)
		nr = mpool_slots_uncarve(&window->slots, nr, holds, used);
	/* Whoever polls the client's file, or waits, can lease the pieces. */
	if (nr < ended) {
		mpool_wait_kick(mpool_pool_peek(client->pool, window->first));
		if (used)
			mpool_keep_tell(client);
	}
	if (keep)
		nr = keep_put(client, nr, holds);
	if (!nr)
		return;
	mpool_window_zap(window, nr, holds);
	mpool_slots_free(&window->slots, nr, holds);
	give_back(client, nr, holds);
}

/**
 * mpool_keep_uncarve() - undo mpool_keep_carve(), and the carving of new pages
 * @client: attached
 * @nr: how many
 * @holds: pieces, which were no lease; used up
 *
 * Pages that it empties are kept, or leave.
 *
 * Context: process, sleeps.
 */
void mpool_keep_uncarve(struct mpool_client *client, unsigned int nr,
			struct mpool_hold *holds)
{
	put(client, nr, holds, false, true);
}

/**
 * mpool_keep_release() - leases have ended
 * @client: attached
 * @nr: how many
 * @holds: slots, dying, and buffers; used up
 * @keep: the client may keep them
 *
 * What is not kept is with the pool when it returns, and not mapped any more.
 * Pieces stay mapped as long as there are others in use in their page.
 *
 * Context: process, sleeps.
 */
void mpool_keep_release(struct mpool_client *client, unsigned int nr,
			struct mpool_hold *holds, bool keep)
{
	put(client, nr, holds, true, keep);
}

/**
 * mpool_keep_drop() - give back all that is kept
 * @client: attached, on its pool's list
 *
 * Context: process, sleeps.
 */
void mpool_keep_drop(struct mpool_client *client)
{
	shed(&client->keeper, NULL, UINT_MAX, U32_MAX);
}

static void yield_in(struct mpool *pool, void *arg)
{
	mpool_recall_user(pool, arg);
	/* What was unpinned is locked memory until somebody looks. */
	mpool_quarantine_look(pool);
}

/**
 * mpool_keep_yield() - make room in the accounts that a client is counted in
 * @client: attached; one of them is full
 *
 * All clients of the user, in all pools if it is about locked memory, give back
 * what they keep: what is not in use is not to stand in the way of what could be.
 * Nobody is waited for who makes or ends a pool: the lease that this is for may be
 * one that does not wait.
 *
 * Context: process, sleeps.
 */
void mpool_keep_yield(struct mpool_client *client)
{
	mpool_recall_share(client->pool, client->quota.share);
	if (client->quota.user)
		mpool_registry_visit(yield_in, client->quota.user);
}
