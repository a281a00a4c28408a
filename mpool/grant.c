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
#include "wait.h"
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
		struct mpool_wait_else *other, struct mpool_desc **descs)
{
	unsigned int pages = class_pages(cls), charged;
	int got;

	/* Whoever is over the limit neither waits nor has memory made. */
	charged = room(client, nr, pages);
	if (!charged || (all && charged < nr))
		return -EDQUOT;
	got = mpool_lease_take_unless(cls, client->payer, client->owner, charged,
				      all, deadline, other, descs);
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

	got = take(client, cls, nr, all, deadline, NULL, grant->descs);
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

/*
 * How long a lease waits while pieces are withheld, before it looks whether their
 * pins are over, of which nobody tells: as long as nobody minds who waits anyway,
 * and between the first and the last pace of quarantine's looks.
 */
#define LOOK_NS	(100 * NSEC_PER_MSEC)

/**
 * struct piecework - a lease of pieces, on its way
 * @client: whose
 * @cls: of pages
 * @nr: pieces wanted
 * @all: fewer will not do
 * @pages: that it waits for
 * @more: of them, since pages had worn pieces, or others took what was idle
 * @grant: what it has
 * @other: what it would have as well: pieces of the client's own pages
 */
struct piecework {
	struct mpool_client *client;
	struct mpool_class *cls;
	unsigned int nr;
	bool all;
	unsigned int pages;
	unsigned int more;
	struct mpool_grant *grant;
	struct mpool_wait_else other;
};

/* How many pages it takes beside so many idle pieces that the client has. */
static unsigned int pages_beside(const struct piecework *work, unsigned int own)
{
	unsigned int missing = work->nr - min(work->nr, own);

	if (!missing)
		return 0;
	return min(missing, pages_for(work->client, work->grant->index,
				      missing) + work->more);
}

/* Has up to @pages carved, for pieces that are missing; how many were. */
static int take_pages(struct piecework *work, unsigned int pages,
		      ktime_t deadline, struct mpool_wait_else *other)
{
	struct mpool_client *client = work->client;
	struct mpool_slots *slots = &client->window->slots;
	struct mpool_grant *grant = work->grant;
	int taken, got = 0, i;

	taken = take(client, work->cls, pages, work->all, deadline, other,
		     grant->descs);
	if (taken < 0)
		return taken;
	for (i = 0; i < taken && grant->nr < work->nr; i++) {
		got = mpool_slots_add_page(slots, grant->index, grant->descs[i],
					   work->nr - grant->nr,
					   grant->holds + grant->nr);
		if (got < 0)
			break;
		grant->nr += got;
	}
	give_up(client, work->cls, taken - i, grant->descs + i);
	/* Some are enough, unless all are wanted. */
	return got < 0 && (work->all || !i) ? got : i;
}

/* Goes on while there are pages: of one with worn pieces there are fewer. */
static void take_more(struct piecework *work)
{
	struct mpool_grant *grant = work->grant;
	int pages, got;

	while (grant->nr < work->nr) {
		pages = pages_for(work->client, grant->index,
				  work->nr - grant->nr);
		got = take_pages(work, pages, MPOOL_DEADLINE_TRY, NULL);
		if (got < pages)
			break;
	}
}

/* Has pieces of the client's own pages, also of all whose pins are over. */
static unsigned int carve_own(struct piecework *work)
{
	struct mpool_grant *grant = work->grant;
	struct mpool_slots *slots = &work->client->window->slots;
	/* Each time some of them are looked at, and they are fewer than that. */
	unsigned int looks = READ_ONCE(slots->classes[grant->index].nr_withheld);

	do {
		grant->nr += mpool_keep_carve(work->client, grant->index,
					      work->nr - grant->nr,
					      grant->holds + grant->nr);
		cond_resched();
	} while (looks-- && grant->nr < work->nr);
	return grant->nr;
}

/* Would it wait for fewer pages, now that some of the withheld may be idle? */
static bool look_at_withheld(struct piecework *work)
{
	unsigned int own = carve_own(work);

	/* Nobody is woken: who missed them for a moment looks as often. */
	mpool_keep_uncarve(work->client, own, work->grant->holds);
	work->grant->nr = 0;
	return pages_beside(work, own) < work->pages;
}

/*
 * Leaving the queue is worth it only for what the next wait is less for: so each
 * look is true once, and two threads do not make each other look for ever.
 */
static bool look_at_own(struct mpool_wait_else *other)
{
	struct piecework *work = container_of(other, struct piecework, other);
	struct mpool_slots *slots = &work->client->window->slots;
	struct mpool_slot_class *sc = &slots->classes[work->grant->index];
	unsigned int withheld = READ_ONCE(sc->nr_withheld);
	unsigned int idle = READ_ONCE(sc->nr_idle);

	other->pace = withheld ? LOOK_NS : 0;
	if (!work->all) {
		while (!idle && withheld--)
			idle = mpool_slots_has_idle(slots, work->grant->index);
		return idle;
	}
	if (pages_beside(work, idle) < work->pages)
		return true;
	return withheld && pages_beside(work, idle + withheld) < work->pages &&
	       look_at_withheld(work);
}

/* Undoes what was carved; pages that it empties are kept, or leave. */
static void uncarve(struct piecework *work)
{
	if (!work->grant->nr)
		return;
	mpool_keep_uncarve(work->client, work->grant->nr, work->grant->holds);
	work->grant->nr = 0;
	/* Other threads may have looked meanwhile. */
	mpool_keep_tell(work->client);
}

static bool enough(const struct piecework *work)
{
	return work->grant->nr == work->nr || (work->grant->nr && !work->all);
}

/* From pages that the client has, and what can be had without waiting. */
static bool fill_now(struct piecework *work)
{
	struct mpool_grant *grant = work->grant;

	grant->nr = mpool_keep_carve(work->client, grant->index, work->nr,
				     grant->holds);
	if (!grant->nr)
		return false;
	take_more(work);
	if (enough(work))
		return true;
	uncarve(work);
	return false;
}

/*
 * Waits for pages, and adds what the client has by then.  When worn pieces make
 * it need more pages than it waited for, it waits for all of them anew; a page
 * has one piece at least, so that ends with a page for each.
 */
static int fill_fresh(struct piecework *work, ktime_t deadline)
{
	struct mpool_grant *grant = work->grant;
	int got;

	got = take_pages(work, work->pages, deadline, &work->other);
	if (got < 0)
		return got;
	if (grant->nr < work->nr)
		grant->nr += mpool_keep_carve(work->client, grant->index,
					      work->nr - grant->nr,
					      grant->holds + grant->nr);
	if (grant->nr == work->nr || (unsigned int)got < work->pages)
		return 0;
	work->more += pages_for(work->client, grant->index,
				work->nr - grant->nr);
	take_more(work);
	return 0;
}

/* From pages whose pins are over, when no other is to be had. */
static bool fill_last(struct piecework *work)
{
	if (!carve_own(work))
		return false;
	if (work->all)
		take_more(work);
	if (enough(work))
		return true;
	uncarve(work);
	return false;
}

/*
 * As fill_buffers().  No piece is in hand while it waits: those of a page keep it
 * from others, who may have what this one lacks.
 */
static int fill_pieces(struct piecework *work, ktime_t deadline)
{
	struct mpool_slot_class *sc;
	int err;

	sc = &work->client->window->slots.classes[work->grant->index];
	for (;;) {
		if (fill_now(work))
			return 0;
		work->pages = pages_beside(work, READ_ONCE(sc->nr_idle));
		err = work->pages ? fill_fresh(work, deadline) : 0;
		if (!err && enough(work))
			return 0;
		uncarve(work);
		/* There are some by now, or fewer pages will do. */
		if (!err || (err == -EAGAIN && deadline != MPOOL_DEADLINE_NOW))
			continue;
		return err != -EINTR && fill_last(work) ? 0 : err;
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
	if (is_piece(client, index)) {
		struct piecework work = {
			.client = client,
			.cls = cls,
			.nr = nr,
			.all = all,
			.grant = grant,
			.other = { &client->pieces, look_at_own },
		};

		err = fill_pieces(&work, deadline);
	} else {
		err = fill_buffers(client, cls, nr, all, deadline, grant);
	}
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
