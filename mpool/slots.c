// SPDX-License-Identifier: GPL-2.0
/*
 * Handles and slots of a client.
 *
 * A handle carries the generation of its slot at the time of the lease.  The
 * generation grows with every lease and is never used again, so a handle that
 * was released stays dead for ever: a slot whose generation cannot grow any
 * more is not given out again.
 */
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "slots.h"

/**
 * mpool_slots_init() - an empty table
 * @slots: the table; the caller then sets each class's capacity
 * @nr_classes: size classes of the pool
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_slots_init(struct mpool_slots *slots, unsigned int nr_classes)
{
	unsigned int i;

	slots->classes = kcalloc(nr_classes, sizeof(*slots->classes),
				 GFP_KERNEL_ACCOUNT);
	if (!slots->classes)
		return -ENOMEM;
	for (i = 0; i < nr_classes; i++) {
		INIT_LIST_HEAD(&slots->classes[i].free);
		INIT_LIST_HEAD(&slots->classes[i].kept);
		INIT_LIST_HEAD(&slots->classes[i].partial);
		INIT_LIST_HEAD(&slots->classes[i].mixed);
		INIT_LIST_HEAD(&slots->classes[i].pinned);
	}
	slots->nr_classes = nr_classes;
	spin_lock_init(&slots->lock);
	mutex_init(&slots->grow);
	xa_init(&slots->chunks);
	return 0;
}

/**
 * mpool_slots_exit() - free the table; no lease is left in it
 * @slots: the table
 *
 * Context: process, may sleep.
 */
void mpool_slots_exit(struct mpool_slots *slots)
{
	struct mpool_slot *chunk;
	unsigned long pos;

	xa_for_each(&slots->chunks, pos, chunk)
		kfree(chunk);
	xa_destroy(&slots->chunks);
	mutex_destroy(&slots->grow);
	kfree(slots->classes);
}

/* A page's pieces are a chunk, and no more. */
static struct mpool_slot *chunk_new(const struct mpool_slots *slots, u32 first)
{
	unsigned int i, nr = mpool_slots_in_chunk(slots, first);
	struct mpool_slot *chunk;

	chunk = kcalloc(nr, sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return NULL;
	for (i = 0; i < nr; i++)
		chunk[i].id = first + i;
	return chunk;
}

/**
 * mpool_slots_add_chunk() - put a new chunk into the table
 * @slots: the table
 * @index: of the size class
 *
 * Its slots are free then; of pieces, the first one is, for all of them.
 *
 * Context: process, allocates; @slots->grow is held.
 * Return: 0; -ENOSPC: no place left in the window; -ENOMEM.
 */
int mpool_slots_add_chunk(struct mpool_slots *slots, unsigned int index)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	u32 first = mpool_slot_id(index, sc->made);
	struct mpool_slot *chunk;
	u32 nr;
	int err;

	lockdep_assert_held(&slots->grow);
	nr = min_t(u32, MPOOL_SLOT_CHUNK, sc->capacity - sc->made);
	if (!nr)
		return -ENOSPC;
	chunk = chunk_new(slots, first);
	if (!chunk)
		return -ENOMEM;
	err = xa_insert(&slots->chunks, first / MPOOL_SLOT_CHUNK, chunk,
			GFP_KERNEL_ACCOUNT);
	if (err) {
		kfree(chunk);
		return err;
	}

	spin_lock(&slots->lock);
	sc->made += nr;
	if (sc->pieces)
		nr = 1;
	/* The lowest number first, so that a window fills from its start. */
	while (nr)
		list_add(&chunk[--nr].node, &sc->free);
	spin_unlock(&slots->lock);
	return 0;
}

static int grow(struct mpool_slots *slots, unsigned int index)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	bool enough;
	int err = 0;

	mutex_lock(&slots->grow);
	/* Somebody else may have grown, or freed, while we waited. */
	spin_lock(&slots->lock);
	enough = !list_empty(&sc->free);
	spin_unlock(&slots->lock);
	if (!enough)
		err = mpool_slots_add_chunk(slots, index);
	mutex_unlock(&slots->grow);
	return err;
}

static unsigned int pop(struct mpool_slots *slots, struct mpool_slot_class *sc,
			unsigned int nr, struct mpool_hold *holds)
{
	struct mpool_slot *slot;
	unsigned int i;

	spin_lock(&slots->lock);
	for (i = 0; i < nr && !list_empty(&sc->free); i++) {
		slot = list_first_entry(&sc->free, struct mpool_slot, node);
		list_del(&slot->node);
		holds[i].slot = slot;
	}
	spin_unlock(&slots->lock);
	return i;
}

/**
 * mpool_slots_reserve() - take free slots for leases to come
 * @slots: the table
 * @index: of the size class
 * @nr: slots wanted, at least 1
 * @all: fewer will not do
 * @holds: their @slot is filled in
 *
 * A reserved slot's generation is not given yet: a process that guesses the
 * handle is told that it never existed.
 *
 * Context: process, may sleep and allocate.
 * Return: slots taken, at least 1; -ENOSPC: none free in the window; -ENOMEM.
 */
int mpool_slots_reserve(struct mpool_slots *slots, unsigned int index,
			unsigned int nr, bool all, struct mpool_hold *holds)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	unsigned int got = 0;
	int err;

	for (;;) {
		got += pop(slots, sc, nr - got, holds + got);
		if (got == nr)
			return got;
		err = grow(slots, index);
		if (err)
			break;
	}
	if (got && !all)
		return got;
	mpool_slots_free(slots, got, holds);
	return err;
}

/**
 * mpool_slots_free() - give back slots that are reserved or dying
 * @slots: the table
 * @nr: how many
 * @holds: which, but no pieces: whole buffers, and pages that were carved; no
 *	mapping reaches them any more
 *
 * Context: process; takes the lock.
 */
void mpool_slots_free(struct mpool_slots *slots, unsigned int nr,
		      const struct mpool_hold *holds)
{
	struct mpool_slot_class *sc;
	struct mpool_slot *slot;

	spin_lock(&slots->lock);
	while (nr--) {
		slot = holds[nr].slot;
		sc = &slots->classes[mpool_slot_index(slot->id)];
		if (sc->pieces)
			mpool_slots_strip(slots, slot);
		/* Handles are never used twice. */
		else if (slot->gen != U32_MAX)
			list_add(&slot->node, &sc->free);
	}
	spin_unlock(&slots->lock);
}

/**
 * mpool_slots_publish() - put buffers into reserved slots
 * @slots: the table
 * @nr: how many
 * @holds: slots and buffers
 * @holder: who leases
 *
 * From here on, faults find the buffers and the handles can be released.
 *
 * Context: process; takes the lock.
 */
void mpool_slots_publish(struct mpool_slots *slots, unsigned int nr,
			 const struct mpool_hold *holds,
			 const struct mpool_holder *holder)
{
	struct mpool_slot *slot;
	unsigned int i;

	spin_lock(&slots->lock);
	for (i = 0; i < nr; i++) {
		slot = holds[i].slot;
		slot->gen++;
		slot->desc = holds[i].desc;
		slot->state = MPOOL_SLOT_LIVE;
		slot->revoked = false;
		slot->holder = *holder;
		slots->classes[mpool_slot_index(slot->id)].live++;
	}
	spin_unlock(&slots->lock);
}

/**
 * mpool_slots_find() - the slot of an id
 * @slots: the table
 * @id: anything
 *
 * Context: the lock is held.
 * Return: the slot, in any state, or NULL where none was made.
 */
struct mpool_slot *mpool_slots_find(struct mpool_slots *slots, u32 id)
{
	struct mpool_slot *chunk;

	lockdep_assert_held(&slots->lock);
	/* Chunks are only ever added, and freed when nobody looks any more. */
	chunk = xa_load(&slots->chunks, id / MPOOL_SLOT_CHUNK);
	if (!chunk || id % MPOOL_SLOT_CHUNK >= mpool_slots_in_chunk(slots, id))
		return NULL;
	return chunk + id % MPOOL_SLOT_CHUNK;
}

static int kill(struct mpool_slots *slots, u64 handle, struct mpool_hold *hold)
{
	struct mpool_slot *slot = mpool_slots_find(slots, lower_32_bits(handle));
	u32 gen = upper_32_bits(handle);

	if (!slot || !gen || gen > slot->gen)
		return -ENOENT;
	if (gen < slot->gen)
		return -ESTALE;
	if (slot->state != MPOOL_SLOT_LIVE)
		return slot->revoked ? -EKEYREVOKED : -ESTALE;
	hold->slot = slot;
	hold->desc = slot->desc;
	slot->state = MPOOL_SLOT_FREE;
	return 0;
}

/**
 * mpool_slots_kill() - end leases, all or none
 * @slots: the table
 * @nr: how many
 * @handles: what the process said
 * @holds: where slots and buffers go; the caller's now
 * @bad: on failure, which handle was refused
 *
 * No fault finds the buffers any more, but mappings made before still reach
 * them.  The slots are not free until mpool_slots_free(): a lease that came
 * into one too early would be mapped away by who still has to zap it.
 *
 * One hold of the lock, so that of two calls with a common handle one fails
 * as a whole.
 *
 * Context: process; takes the lock.
 * Return: 0; -ESTALE: released before, or twice in the list; -ENOENT: never
 * given.
 */
int mpool_slots_kill(struct mpool_slots *slots, unsigned int nr,
		     const u64 *handles, struct mpool_hold *holds, u32 *bad)
{
	unsigned int i;
	int err = 0;

	spin_lock(&slots->lock);
	for (i = 0; i < nr; i++) {
		err = kill(slots, handles[i], &holds[i]);
		if (err)
			break;
	}
	if (err) {
		*bad = i;
		while (i--)
			holds[i].slot->state = MPOOL_SLOT_LIVE;
	} else {
		while (i--)
			slots->classes[mpool_slot_index(holds[i].slot->id)].live--;
	}
	spin_unlock(&slots->lock);
	return err;
}

static void revoke(struct mpool_slots *slots, struct mpool_slot *slot,
		   struct mpool_hold *hold)
{
	hold->slot = slot;
	hold->desc = slot->desc;
	slot->state = MPOOL_SLOT_FREE;
	slot->revoked = true;
	slots->classes[mpool_slot_index(slot->id)].live--;
}

/**
 * mpool_slots_revoke() - end a lease against its holder's will
 * @slots: the table
 * @handle: which
 * @hold: slot, dying, and buffer
 *
 * Context: process; takes the lock.
 * Return: 0; -ESTALE, -EKEYREVOKED: it has ended; -ENOENT: never given.
 */
int mpool_slots_revoke(struct mpool_slots *slots, u64 handle,
		       struct mpool_hold *hold)
{
	int err;

	spin_lock(&slots->lock);
	err = kill(slots, handle, hold);
	if (!err)
		revoke(slots, hold->slot, hold);
	spin_unlock(&slots->lock);
	return err;
}

/**
 * mpool_slots_revoke_all() - end leases against their holder's will
 * @slots: the table
 * @pos: where to go on; 0 at first, moved behind what was looked at
 * @holds: room for MPOOL_SLOT_CHUNK; slots, dying, and buffers of one class
 *
 * Context: process; takes the lock for each chunk.
 * Return: how many; 0 when none is left.
 */
unsigned int mpool_slots_revoke_all(struct mpool_slots *slots,
				    unsigned long *pos,
				    struct mpool_hold *holds)
{
	unsigned int i, nr = 0;
	struct mpool_slot *chunk;

	xa_for_each_start(&slots->chunks, *pos, chunk, *pos) {
		spin_lock(&slots->lock);
		for (i = 0; i < mpool_slots_in_chunk(slots, chunk->id); i++)
			if (chunk[i].state == MPOOL_SLOT_LIVE)
				revoke(slots, &chunk[i], &holds[nr++]);
		spin_unlock(&slots->lock);
		if (nr) {
			++*pos;
			break;
		}
	}
	return nr;
}

/**
 * mpool_slots_drain() - take what is left, at the client's end
 * @slots: the table
 * @pos: where to go on; 0 at first
 * @descs: room for MPOOL_SLOT_CHUNK buffers; all of one class are put in
 * @kept: how many of them, the first ones, were no lease's
 *
 * Context: process; nobody else uses the table any more.
 * Return: buffers taken; 0 when none is left.
 */
unsigned int mpool_slots_drain(struct mpool_slots *slots, unsigned long *pos,
			       struct mpool_desc **descs, unsigned int *kept)
{
	unsigned int i, nr = 0;
	struct mpool_slot *chunk;

	*kept = 0;
	xa_for_each_start(&slots->chunks, *pos, chunk, *pos) {
		struct mpool_desc *page = mpool_slots_page(slots, chunk);

		/* Its pieces are leases, but one buffer. */
		if (page)
			descs[nr++] = page;
		for (i = 0; i < mpool_slots_in_chunk(slots, chunk->id); i++) {
			struct mpool_slot *slot = &chunk[i];

			if (slot->state == MPOOL_SLOT_FREE || page)
				continue;
			descs[nr++] = slot->desc;
			if (slot->state == MPOOL_SLOT_KEPT) {
				swap(descs[*kept], descs[nr - 1]);
				++*kept;
			}
			slot->state = MPOOL_SLOT_FREE;
		}
		if (nr) {
			++*pos;
			break;
		}
	}
	return nr;
}

/**
 * mpool_slots_snapshot() - copy some live slots, to be shown
 * @slots: the table
 * @pos: where to go on; 0 at first, moved behind what was copied
 * @copies: room for MPOOL_SLOT_CHUNK slots
 *
 * Context: process; takes the lock.
 * Return: slots copied; 0 when none is left.
 */
unsigned int mpool_slots_snapshot(struct mpool_slots *slots, unsigned long *pos,
				  struct mpool_slot *copies)
{
	unsigned int i, nr = 0;
	struct mpool_slot *chunk;

	xa_for_each_start(&slots->chunks, *pos, chunk, *pos) {
		spin_lock(&slots->lock);
		for (i = 0; i < mpool_slots_in_chunk(slots, chunk->id); i++)
			if (chunk[i].state == MPOOL_SLOT_LIVE)
				copies[nr++] = chunk[i];
		spin_unlock(&slots->lock);
		if (nr) {
			++*pos;
			break;
		}
	}
	return nr;
}

/**
 * mpool_slots_live() - leases that stand now
 * @slots: the table
 *
 * Context: process; takes the lock.
 * Return: how many.
 */
unsigned int mpool_slots_live(struct mpool_slots *slots)
{
	unsigned int i, nr = 0;

	spin_lock(&slots->lock);
	for (i = 0; i < slots->nr_classes; i++)
		nr += slots->classes[i].live;
	spin_unlock(&slots->lock);
	return nr;
}
