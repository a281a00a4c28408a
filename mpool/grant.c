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

/* Waits for buffers, of which @least may do, and charges them; how many. */
static int take(struct mpool_client *client, struct mpool_class *cls,
		unsigned int least, unsigned int nr, bool all, ktime_t deadline,
		struct mpool_lease_else *other, struct mpool_desc **descs)
{
	unsigned int pages = class_pages(cls), charged;
	int got;

	/* Whoever is over the limit as it is neither waits nor has memory made. */
	charged = room(client, nr, pages);
	if (!charged || (all && charged < least))
		return -EDQUOT;
	got = mpool_lease_take_unless(cls, client->payer, client->owner,
				      all ? nr : charged, all, deadline, other,
				      descs);
	if (got <= 0)
		return got;

	/*
	 * Charged only now: who waits for long must not keep the user's other
	 * processes from memory that it does not have.
	 */
	charged = mpool_quota_charge(&client->quota, got, pages);
	if (charged < got && all && !(other && other->look(other, charged))) {
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

	got = take(client, cls, nr, nr, all, deadline, NULL, grant->descs);
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

/*
 * How long a lease waits while pieces are withheld, before it looks whether their
 * pins are over, of which nobody tells: as long as nobody minds who waits anyway,
 * and between the first and the last pace of quarantine's looks.  Each time it
 * looks at so many pages at most, which takes a hundredth of that.
 */
#define LOOK_NS		(100 * NSEC_PER_MSEC)
#define LOOK_PAGES	4096

/**
 * struct piecework - a lease of pieces, on its way
 * @client: whose
 * @cls: of pages
 * @sc: of pieces
 * @nr: pieces wanted
 * @all: fewer will not do
 * @more: pages wanted, since of some that there were, pieces were worn
 * @looked: when it looked at pins last; 0: it did not
 * @grant: what it has
 * @other: what it would have as well: pieces of the client's own pages
 */
struct piecework {
	struct mpool_client *client;
	struct mpool_class *cls;
	struct mpool_slot_class *sc;
	unsigned int nr;
	bool all;
	unsigned int more;
	ktime_t looked;
	struct mpool_grant *grant;
	struct mpool_lease_else other;
};

static unsigned int missing(const struct piecework *work)
{
	return work->nr - work->grant->nr;
}

static bool enough(const struct piecework *work)
{
	return !missing(work) || (work->grant->nr && !work->all);
}

/* Pages that so many pieces need where none is worn. */
static unsigned int pages_for(const struct piecework *work, unsigned int nr)
{
	return DIV_ROUND_UP(nr, work->sc->pieces);
}

/* Others may have looked while its pieces were in hand, or not there yet. */
static void tell_others(const struct piecework *work)
{
	if (READ_ONCE(work->sc->nr_idle))
		mpool_keep_tell(work->client);
}

/* Has up to @pages carved, for pieces that are missing; how many were. */
static int take_pages(struct piecework *work, unsigned int least,
		      unsigned int pages, ktime_t deadline,
		      struct mpool_lease_else *other)
{
	struct mpool_client *client = work->client;
	struct mpool_slots *slots = &client->window->slots;
	struct mpool_grant *grant = work->grant;
	int taken, got = 0, i;

	taken = take(client, work->cls, least, pages, work->all, deadline,
		     other, grant->descs);
	if (taken < 0)
		return taken;
	for (i = 0; i < taken && missing(work); i++) {
		got = mpool_slots_add_page(slots, grant->index, grant->descs[i],
					   missing(work),
					   grant->holds + grant->nr);
		if (got < 0)
			break;
		grant->nr += got;
	}
	give_up(client, work->cls, taken - i, grant->descs + i);
	if (i)
		tell_others(work);
	/* Some are enough, unless all are wanted. */
	return got < 0 && (work->all || !i) ? got : i;
}

/* Goes on while there are pages: of one with worn pieces there are fewer. */
static void take_more(struct piecework *work)
{
	int pages, got;

	while (missing(work)) {
		pages = pages_for(work, missing(work));
		got = take_pages(work, pages, pages, MPOOL_DEADLINE_TRY, NULL);
		if (got < pages)
			break;
	}
}

/* From pages that the client has, kept ones too. */
static void take_own(struct piecework *work)
{
	struct mpool_grant *grant = work->grant;

	grant->nr += mpool_keep_carve(work->client, grant->index, missing(work),
				      grant->holds + grant->nr);
}

/* Undoes what was carved; pages that it empties are kept, or leave. */
static void uncarve(struct piecework *work)
{
	if (!work->grant->nr)
		return;
	mpool_keep_uncarve(work->client, work->grant->nr, work->grant->holds);
	work->grant->nr = 0;
	tell_others(work);
}

/* From pages that the client has, and what can be had without waiting. */
static bool fill_now(struct piecework *work)
{
	take_own(work);
	if (!work->grant->nr)
		return false;
	take_more(work);
	if (enough(work))
		return true;
	uncarve(work);
	return false;
}

/* How many pages it may look at for pins that are over, now. */
static int pages_to_look_at(struct piecework *work)
{
	ktime_t now = ktime_get();

	/* Who is told of each release is not to look each time. */
	if (work->looked && ktime_sub(now, work->looked) < LOOK_NS)
		return 0;
	work->looked = now;
	return min_t(u32, READ_ONCE(work->sc->nr_pinned), LOOK_PAGES);
}

/* Has the client's own pieces, if they do beside pages that were got. */
static bool look_at_own(struct mpool_lease_else *other, unsigned int got)
{
	struct piecework *work = container_of(other, struct piecework, other);
	struct mpool_slots *slots = &work->client->window->slots;
	struct mpool_grant *grant = work->grant;
	int pages = pages_to_look_at(work);
	unsigned int least = 1, beside;
	bool withheld;

	/* They did not do: it may not have so many pages as it got. */
	if (grant->nr)
		return false;
	if (work->all) {
		beside = (got - min(got, work->more)) * work->sc->pieces;
		least = max(work->nr - min(work->nr, beside), 1U);
	}
	for (;;) {
		/* Before: who lets them go tells nobody, but then some are idle. */
		withheld = READ_ONCE(work->sc->nr_withheld);
		grant->nr = mpool_slots_carve_idle(slots, grant->index, least,
						   work->nr, grant->holds);
		if (grant->nr || pages <= 0)
			break;
		mpool_slots_look(slots, grant->index);
		pages -= MPOOL_SLOTS_LOOKS;
		cond_resched();
	}
	other->pace = withheld ? LOOK_NS : 0;
	return grant->nr;
}

/*
 * Waits for pages, or for own pieces.  When worn pieces make it need more pages
 * than it waited for, it waits for all of them anew; a page has one piece at
 * least, so that ends with a page for each.
 */
static int fill_waiting(struct piecework *work, ktime_t deadline)
{
	unsigned int idle = min(READ_ONCE(work->sc->nr_idle), work->nr);
	int pages = min(work->nr, pages_for(work, work->nr) + work->more);
	int got;

	got = take_pages(work, pages_for(work, work->nr - idle), pages,
			 deadline, &work->other);
	if (got >= 0 && missing(work))
		take_own(work);
	if (got < 0)
		return enough(work) ? 0 : got;
	if (work->all || got == pages)
		take_more(work);
	return 0;
}

/* Also from pages whose pins are over, when no other is to be had. */
static bool fill_last(struct piecework *work)
{
	struct mpool_slots *slots = &work->client->window->slots;
	u32 pages = READ_ONCE(work->sc->nr_pinned), looks;

	for (looks = 0; looks < pages; looks += MPOOL_SLOTS_LOOKS) {
		mpool_slots_look(slots, work->grant->index);
		cond_resched();
	}
	return fill_now(work);
}

/*
 * As fill_buffers().  No piece is in hand while it waits: those of a page keep it
 * from others, who may have what this one lacks.
 */
static int fill_pieces(struct piecework *work, ktime_t deadline)
{
	int err;

	for (;;) {
		if (fill_now(work))
			return 0;
		err = fill_waiting(work, deadline);
		if (!err && enough(work))
			return 0;
		if (!err)
			work->more += pages_for(work, missing(work));
		uncarve(work);
		if (err)
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
			.sc = &client->window->slots.classes[index],
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
