// SPDX-License-Identifier: GPL-2.0
/*
 * Leases on their way to a client: from what it kept, or from the pool, into
 * slots of its window, and charged.
 */
#include <linux/err.h>
#include <linux/math.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "class.h"
#include "client.h"
#include "grant.h"
#include "keep.h"
#include "lease.h"
#include "pool.h"
#include "trace.h"
#include "window.h"

static unsigned int class_pages(const struct mpool_class *cls)
{
	return cls->size >> PAGE_SHIFT;
}

/* One piece of memory, its parts in order of their alignment. */
static int grant_alloc(struct mpool_grant *grant, unsigned int nr)
{
	void *mem = kvmalloc_array(nr, sizeof(*grant->leases) +
				   sizeof(*grant->holds) +
				   sizeof(*grant->descs), GFP_KERNEL_ACCOUNT);

	if (!mem)
		return -ENOMEM;
	grant->leases = mem;
	grant->holds = (void *)(grant->leases + nr);
	grant->descs = (void *)(grant->holds + nr);
	return 0;
}

/* Gives up buffers without a slot, which were taken and charged. */
static void give_up(struct mpool_client *client, struct mpool_class *cls,
		    unsigned int nr, struct mpool_desc **descs)
{
	unsigned int pinned;

	if (!nr)
		return;
	pinned = mpool_stock_return(cls, client->payer, client->quota.user, nr,
				    descs);
	mpool_quota_part(&client->quota, nr, pinned, class_pages(cls));
}

/* How many buffers may be charged; what is kept idle makes room. */
static unsigned int room(struct mpool_client *client, unsigned int nr,
			 unsigned int pages)
{
	unsigned int fits = mpool_quota_room(&client->quota, nr, pages);

	if (fits == nr)
		return nr;
	mpool_keep_yield(client);
	return mpool_quota_room(&client->quota, nr, pages);
}

/* Waits for buffers, and charges them; how many. */
static int take(struct mpool_client *client, struct mpool_class *cls,
		unsigned int nr, bool all, ktime_t deadline,
		struct mpool_desc **descs)
{
	unsigned int pages = class_pages(cls), charged;
	int got;

	/* Whoever is over the limit neither waits nor has memory made. */
	charged = room(client, nr, pages);
	if (!charged || (all && charged < nr))
		return -EDQUOT;
	got = mpool_lease_take(cls, client->payer, client->owner, charged, all,
			       deadline, descs);
	if (got < 0)
		return got;

	/*
	 * Charged only now: who waits for long must not keep the user's other
	 * processes from memory that it does not have.
	 */
	charged = mpool_quota_charge(&client->quota, got, pages);
	if (charged < got && all) {
		mpool_quota_uncharge(&client->quota, charged, pages);
		charged = 0;
	}
	if (charged < got)
		mpool_stock_return(cls, client->payer, NULL, got - charged,
				   descs + charged);
	return charged ? (int)charged : -EDQUOT;
}

/* Takes buffers from the pool, and gives them slots. */
static int take_fresh(struct mpool_client *client, struct mpool_class *cls,
		      unsigned int nr, bool all, ktime_t deadline,
		      struct mpool_grant *grant)
{
	struct mpool_hold *holds = grant->holds + grant->nr;
	int got, placed, i;

	got = take(client, cls, nr, all, deadline, grant->descs);
	if (got < 0)
		return got;
	placed = mpool_slots_reserve(&client->window->slots, cls->index, got,
				     all, holds);
	if (placed < 0) {
		give_up(client, cls, got, grant->descs);
		return placed;
	}
	give_up(client, cls, got - placed, grant->descs + placed);
	for (i = 0; i < placed; i++)
		holds[i].desc = grant->descs[i];
	grant->nr += placed;
	return 0;
}

/*
 * What the client kept, then what the pool has.  Nobody waits with kept ones
 * in hand: two who want all could wait for each other's.
 */
static int fill_buffers(struct mpool_client *client, struct mpool_class *cls,
			unsigned int nr, bool all, ktime_t deadline,
			struct mpool_grant *grant)
{
	unsigned int kept;
	int err;

	kept = mpool_keep_take(client, cls->index, nr, grant->holds);
	grant->nr = kept;
	if (kept == nr)
		return 0;
	if (!kept)
		return take_fresh(client, cls, nr, all, deadline, grant);
	err = take_fresh(client, cls, nr - kept, all, MPOOL_DEADLINE_TRY,
			 grant);
	if (!err || !all)
		return 0;
	grant->nr = 0;
	mpool_keep_give_up(client, kept, grant->holds);
	return take_fresh(client, cls, nr, all, deadline, grant);
}

/* Pages that so many pieces need where none is worn. */
static unsigned int pages_for(const struct mpool_client *client,
			      unsigned int index, unsigned int nr)
{
	return DIV_ROUND_UP(nr, client->window->slots.classes[index].pieces);
}

/* Has up to @pages carved, for up to @nr pieces in all; how many were. */
static int take_pages(struct mpool_client *client, struct mpool_class *cls,
		      unsigned int pages, unsigned int nr, bool all,
		      ktime_t deadline, struct mpool_grant *grant)
{
	struct mpool_slots *slots = &client->window->slots;
	int taken, got = 0, i;

	taken = take(client, cls, pages, all, deadline, grant->descs);
	if (taken < 0)
		return taken;
	for (i = 0; i < taken && grant->nr < nr; i++) {
		got = mpool_slots_add_page(slots, grant->index, grant->descs[i],
					   nr - grant->nr,
					   grant->holds + grant->nr);
		if (got < 0)
			break;
		grant->nr += got;
	}
	give_up(client, cls, taken - i, grant->descs + i);
	/* Some are enough, unless all are wanted. */
	return got < 0 && (all || !i) ? got : i;
}

/* Goes on while there are pages: of one with worn pieces there are fewer. */
static void take_more(struct mpool_client *client, struct mpool_class *cls,
		      unsigned int nr, bool all, struct mpool_grant *grant)
{
	int pages, got;

	while (grant->nr < nr) {
		pages = pages_for(client, grant->index, nr - grant->nr);
		got = take_pages(client, cls, pages, nr, all,
				 MPOOL_DEADLINE_TRY, grant);
		if (got < pages)
			break;
	}
}

/* Undoes what was carved; pages that it empties are kept, or leave. */
static void uncarve(struct mpool_client *client, struct mpool_grant *grant)
{
	mpool_keep_uncarve(client, grant->nr, grant->holds);
	grant->nr = 0;
}

/*
 * As fill_buffers(), from pages that the client has, then of new ones.  When
 * worn pieces make it need more pages than it waited for, it waits for all of
 * them anew; a page has one piece at least, so that ends with @nr pages.
 */
static int fill_idle(struct mpool_client *client, struct mpool_class *cls,
		     unsigned int nr, bool all, ktime_t deadline,
		     struct mpool_grant *grant)
{
	unsigned int pages = pages_for(client, grant->index, nr), missing;
	int got;

	grant->nr = mpool_keep_carve(client, grant->index, nr, grant->holds);
	if (grant->nr) {
		take_more(client, cls, nr, all, grant);
		if (grant->nr == nr || !all)
			return 0;
		uncarve(client, grant);
	}
	for (;;) {
		got = take_pages(client, cls, pages, nr, all, deadline, grant);
		if (got < 0)
			break;
		if (grant->nr == nr || got < pages)
			return 0;
		missing = pages_for(client, grant->index, nr - grant->nr);
		take_more(client, cls, nr, all, grant);
		if (grant->nr == nr || !all)
			return 0;
		uncarve(client, grant);
		pages = min(nr, pages + missing);
	}
	uncarve(client, grant);
	return got;
}

/* Looks at each page whose pieces are withheld, when no other is to be had. */
static bool fill_withheld(struct mpool_client *client, struct mpool_class *cls,
			  unsigned int nr, bool all, struct mpool_grant *grant)
{
	struct mpool_slots *slots = &client->window->slots;
	/* Each time some of them are looked at, and they are fewer than that. */
	unsigned int looks = READ_ONCE(slots->classes[grant->index].nr_withheld);

	for (; looks && grant->nr < nr; looks--) {
		grant->nr += mpool_keep_carve(client, grant->index,
					      nr - grant->nr,
					      grant->holds + grant->nr);
		cond_resched();
	}
	if (grant->nr && all)
		take_more(client, cls, nr, all, grant);
	if (grant->nr == nr || (grant->nr && !all))
		return true;
	uncarve(client, grant);
	return false;
}

/*
 * How long a lease waits while pieces are withheld, before it looks whether their
 * pins are over, of which nobody tells: as long as nobody minds who waits anyway,
 * and between the first and the last pace of quarantine's looks.
 */
#define LOOK_NS	(100 * NSEC_PER_MSEC)

/* As fill_idle(); what is withheld is had as soon as may be seen. */
static int fill_pieces(struct mpool_client *client, struct mpool_class *cls,
		       unsigned int nr, bool all, ktime_t deadline,
		       struct mpool_grant *grant)
{
	struct mpool_slot_class *sc;
	ktime_t until;
	int err;

	sc = &client->window->slots.classes[grant->index];
	for (;;) {
		until = deadline;
		if (READ_ONCE(sc->nr_withheld))
			until = min(until, ktime_add_ns(ktime_get(), LOOK_NS));
		err = fill_idle(client, cls, nr, all, until, grant);
		if (err != -EAGAIN && err != -ETIMEDOUT && err != -EDQUOT)
			return err;
		if (READ_ONCE(sc->nr_withheld) &&
		    fill_withheld(client, cls, nr, all, grant))
			return 0;
		/* What was withheld may have been offered just now. */
		if (err != -ETIMEDOUT || until == deadline)
			return err;
	}
}

/* Is a lease of this class a piece of a page? */
static bool is_piece(const struct mpool_client *client, unsigned int index)
{
	return index < client->window->carved;
}

/* What the process will be told. */
static void tell(const struct mpool_client *client, struct mpool_grant *grant)
{
	struct mpool_window *window = client->window;
	struct mpool_slot *slot;
	unsigned int i;

	for (i = 0; i < grant->nr; i++) {
		slot = grant->holds[i].slot;
		grant->leases[i] = (struct mpool_lease) {
			.handle = mpool_slot_handle(slot->gen + 1, slot->id),
			.offset = mpool_window_offset(window, slot->id),
			.length = client->pool->sizes[grant->index],
		};
	}
}

static void *address_of(const struct mpool_client *client,
			const struct mpool_hold *hold)
{
	u32 id = hold->slot->id;

	return hold->desc->addr +
	       mpool_slot_inside(&client->window->slots, id,
				 client->pool->sizes[mpool_slot_index(id)]);
}

static void publish(struct mpool_client *client, const struct mpool_grant *grant)
{
	struct mpool_holder holder = {
		.pid = task_tgid_nr(current),
		.since = ktime_get_boottime_seconds(),
	};
	unsigned int i;

	get_task_comm(holder.comm, current);
	/* Before another thread can release them. */
	for (i = 0; trace_mpool_lease_enabled() && i < grant->nr; i++)
		trace_mpool_lease(client->pool->name, grant->leases[i].length,
				  client->id, grant->leases[i].handle,
				  address_of(client, &grant->holds[i]));
	mpool_slots_publish(&client->window->slots, grant->nr, grant->holds,
			    &holder);
}

/**
 * mpool_grant_make() - lease
 * @client: attached
 * @index: of a class of its pool that its window has a region for
 * @nr: leases wanted, 1 to MPOOL_BATCH_MAX
 * @all: fewer will not do
 * @deadline: how long to wait for buffers, as for mpool_lease_take()
 * @grant: filled in: what the process is to be told
 *
 * The leases stand when it returns, and others may release or revoke them: the
 * process may take as long as it likes to be told, and is not to have anything
 * meanwhile that nobody sees.
 *
 * Context: process, sleeps, allocates.
 * Return: 0, and @grant has to be freed; -EAGAIN, -ETIMEDOUT, -EINTR: no
 * buffers; -EDQUOT: the limit of locked memory; -ENOSPC: no slot free in the
 * window; -ENOMEM.
 */
int mpool_grant_make(struct mpool_client *client, unsigned int index,
		     unsigned int nr, bool all, ktime_t deadline,
		     struct mpool_grant *grant)
{
	struct mpool_class *cls;
	int err;

	cls = mpool_pool_class(client->pool,
			       mpool_window_backing(client->window, index));
	if (IS_ERR(cls))
		return PTR_ERR(cls);
	err = grant_alloc(grant, nr);
	if (err)
		return err;
	grant->index = index;
	grant->nr = 0;
	WRITE_ONCE(client->asked, index);
	if (unlikely(mpool_quota_over(&client->quota)))
		mpool_keep_yield(client);
	if (is_piece(client, index))
		err = fill_pieces(client, cls, nr, all, deadline, grant);
	else
		err = fill_buffers(client, cls, nr, all, deadline, grant);
	if (err) {
		mpool_grant_free(grant);
		return err;
	}
	tell(client, grant);
	publish(client, grant);
	return 0;
}

/**
 * mpool_grant_undo() - end leases that the process could not be told of
 * @client: attached
 * @grant: made; those of its leases that have ended already stay so
 *
 * Context: process, sleeps.
 */
void mpool_grant_undo(struct mpool_client *client, struct mpool_grant *grant)
{
	struct mpool_slots *slots = &client->window->slots;
	struct mpool_hold *hold = grant->holds;
	unsigned int i;
	u64 handle;
	u32 bad;

	for (i = 0; i < grant->nr; i++) {
		handle = grant->leases[i].handle;
		if (mpool_slots_kill(slots, 1, &handle, hold, &bad))
			continue;
		mpool_client_trace_release(client, handle, hold->desc);
		hold++;
	}
	grant->nr = hold - grant->holds;
	mpool_keep_release(client, grant->nr, grant->holds, client->keeps);
}

/**
 * mpool_grant_free() - the process was told, or the leases were undone
 * @grant: made
 *
 * Context: process, may sleep.
 */
void mpool_grant_free(struct mpool_grant *grant)
{
	kvfree(grant->leases);
}
