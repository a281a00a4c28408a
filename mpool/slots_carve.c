// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of classes below half a page: pieces carved from the client's own pages.
 *
 * The pieces of a page are a chunk of slots, and the page's place in the window
 * is that of its first slot.  Pieces are taken from pages that have some idle
 * before a page without any is used, so that pages become empty; an empty one
 * is kept, or leaves the client, as any released buffer does, with the first
 * slot of its chunk in its place.
 *
 * Of a page that is pinned nobody knows which pieces are.  What is released then
 * is withheld: a transfer that is under way would overwrite the next lease's
 * bytes, though they be the same client's, or send them instead of its own.
 */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "buf.h"
#include "compat/mapcount.h"
#include "slots.h"

/* The first piece of the page, whose desc is the page while any is used. */
static struct mpool_slot *chunk_of(struct mpool_slot *slot)
{
	return slot - mpool_slot_nr(slot->id) % MPOOL_SLOT_CHUNK;
}

/* What all pieces share lies in the second one's slot: there always is one. */
static struct mpool_slot *shared(struct mpool_slot *chunk)
{
	return chunk + 1;
}

static void count_idle(struct mpool_slot_class *sc, int more)
{
	WRITE_ONCE(sc->nr_idle, sc->nr_idle + more);
}

/* Takes up to @nr idle pieces, at least one, of a page. */
static unsigned int take(struct mpool_slot_class *sc, struct mpool_slot *chunk,
			 unsigned int nr, struct mpool_hold *holds)
{
	unsigned int i, piece;

	for (i = 0; i < nr && shared(chunk)->idle; i++) {
		piece = __ffs64(shared(chunk)->idle);
		shared(chunk)->idle &= ~BIT_ULL(piece);
		shared(chunk)->used++;
		holds[i].slot = chunk + piece;
		holds[i].desc = chunk->desc;
	}
	count_idle(sc, -(int)i);
	if (shared(chunk)->idle)
		return i;
	if (unlikely(shared(chunk)->nr_withheld))
		list_move_tail(&chunk->node, &sc->pinned);
	else
		list_del_init(&chunk->node);
	return i;
}

/* As mpool_window_pinned(): all that maps it are page tables. */
static bool is_pinned(const struct mpool_slot *chunk)
{
	struct page *page = chunk->desc->page;
	int refs = page_ref_count(page);

	/* A mapping that goes meanwhile reads as a pin, not as none. */
	smp_rmb();
	return refs != 1 + mpool_page_mapcount(page);
}

static void withhold(struct mpool_slot_class *sc, struct mpool_slot *chunk,
		     struct mpool_slot *slot)
{
	slot->withheld = true;
	WRITE_ONCE(sc->nr_withheld, sc->nr_withheld + 1);
	if (shared(chunk)->nr_withheld++)
		return;
	WRITE_ONCE(sc->nr_pinned, sc->nr_pinned + 1);
	if (shared(chunk)->idle)
		list_move(&chunk->node, &sc->mixed);
	else
		list_add_tail(&chunk->node, &sc->pinned);
}

/* The pin is over, or the page's life as a carved one; what was withheld. */
static u64 let_go(struct mpool_slot_class *sc, struct mpool_slot *chunk)
{
	unsigned int i;
	u64 mask = 0;

	for (i = 0; i < sc->pieces; i++) {
		if (chunk[i].withheld)
			mask |= BIT_ULL(i);
		chunk[i].withheld = false;
	}
	WRITE_ONCE(sc->nr_withheld,
		   sc->nr_withheld - shared(chunk)->nr_withheld);
	WRITE_ONCE(sc->nr_pinned, sc->nr_pinned - 1);
	shared(chunk)->nr_withheld = 0;
	return mask;
}

/* A piece that may be taken from now on. */
static void offer(struct mpool_slot_class *sc, struct mpool_slot *chunk,
		  unsigned int piece)
{
	if (!shared(chunk)->idle) {
		if (unlikely(shared(chunk)->nr_withheld))
			list_move(&chunk->node, &sc->mixed);
		else
			list_add(&chunk->node, &sc->partial);
	}
	shared(chunk)->idle |= BIT_ULL(piece);
	count_idle(sc, 1);
}

/* The withheld ones, too. */
static void offer_withheld(struct mpool_slot_class *sc,
			   struct mpool_slot *chunk)
{
	u64 pieces = let_go(sc, chunk);

	shared(chunk)->idle |= pieces;
	count_idle(sc, hweight64(pieces));
	list_move(&chunk->node, &sc->partial);
}

/* Looks at some pages of a list whose pins may be over. */
static void look(struct mpool_slot_class *sc, struct list_head *list)
{
	struct mpool_slot *chunk;
	unsigned int i;

	for (i = 0; i < MPOOL_SLOTS_LOOKS && !list_empty(list); i++) {
		chunk = list_first_entry(list, struct mpool_slot, node);
		if (is_pinned(chunk))
			list_move_tail(&chunk->node, list);
		else
			offer_withheld(sc, chunk);
	}
}

/* A page with idle pieces; those are left that pins hold for who needs more. */
static struct mpool_slot *find_idle(struct mpool_slot_class *sc)
{
	struct list_head *list = &sc->partial;

	if (list_empty(list))
		list = &sc->mixed;
	return list_first_entry_or_null(list, struct mpool_slot, node);
}

/* The pieces that can be leased still: handles are never used twice. */
static u64 usable(const struct mpool_slot_class *sc,
		  const struct mpool_slot *chunk)
{
	unsigned int i;
	u64 mask = 0;

	for (i = 0; i < sc->pieces; i++)
		if (chunk[i].gen != U32_MAX)
			mask |= BIT_ULL(i);
	return mask;
}

/**
 * mpool_slots_worn() - can no piece of a page be leased any more
 * @slots: the table
 * @slot: of a piece; the whole chunk is the caller's, or the lock is held
 *
 * Context: any.
 * Return: true when all of the chunk's slots are at the end of their generations.
 */
bool mpool_slots_worn(const struct mpool_slots *slots, struct mpool_slot *slot)
{
	const struct mpool_slot_class *sc;
	const struct mpool_slot *chunk = chunk_of(slot);
	unsigned int i;

	sc = &slots->classes[mpool_slot_index(slot->id)];
	for (i = 0; i < sc->pieces; i++)
		if (chunk[i].gen != U32_MAX)
			return false;
	return true;
}

static void carve(struct mpool_slot_class *sc, struct mpool_slot *chunk,
		  struct mpool_desc *page)
{
	chunk->desc = page;
	shared(chunk)->used = 0;
	/* Not none: such a chunk is neither bare nor kept. */
	shared(chunk)->idle = usable(sc, chunk);
	count_idle(sc, hweight64(shared(chunk)->idle));
	sc->pages++;
	list_add(&chunk->node, &sc->partial);
}

/**
 * mpool_slots_carve() - reserve pieces of pages that the client has
 * @slots: the table
 * @index: of a carved class
 * @nr: pieces wanted
 * @holds: slots and the pages they are pieces of
 * @unkept: how many of the pages had been kept
 *
 * Context: process; takes the lock.
 * Return: pieces taken, 0 to @nr.
 */
unsigned int mpool_slots_carve(struct mpool_slots *slots, unsigned int index,
			       unsigned int nr, struct mpool_hold *holds,
			       unsigned int *unkept)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	struct mpool_slot *chunk;
	struct mpool_hold hold;
	unsigned int got = 0;

	*unkept = 0;
	spin_lock(&slots->lock);
	while (got < nr) {
		chunk = find_idle(sc);
		if (!chunk && !list_empty(&sc->pinned)) {
			look(sc, &sc->pinned);
			chunk = find_idle(sc);
		}
		if (!chunk) {
			if (!mpool_slots_unkeep(slots, index, &hold))
				break;
			++*unkept;
			chunk = chunk_of(hold.slot);
			carve(sc, chunk, hold.desc);
		}
		got += take(sc, chunk, nr - got, holds + got);
	}
	spin_unlock(&slots->lock);
	return got;
}

/**
 * mpool_slots_carve_idle() - reserve idle pieces, if there are enough
 * @slots: the table
 * @index: of a carved class
 * @least: fewer are none; at least 1
 * @nr: pieces wanted, at least @least
 * @holds: slots and the pages they are pieces of
 *
 * Context: process; takes the lock.
 * Return: pieces taken, @least to @nr, or 0.
 */
unsigned int mpool_slots_carve_idle(struct mpool_slots *slots,
				    unsigned int index, unsigned int least,
				    unsigned int nr, struct mpool_hold *holds)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	unsigned int got = 0;

	spin_lock(&slots->lock);
	if (sc->nr_idle >= least)
		while (got < nr && sc->nr_idle)
			got += take(sc, find_idle(sc), nr - got, holds + got);
	spin_unlock(&slots->lock);
	return got;
}

/**
 * mpool_slots_look() - look whether pins are over
 * @slots: the table
 * @index: of a carved class
 *
 * So often as there are pages with withheld pieces for each MPOOL_SLOTS_LOOKS, it
 * has looked at all of them.
 *
 * Context: process; takes the lock.
 */
void mpool_slots_look(struct mpool_slots *slots, unsigned int index)
{
	struct mpool_slot_class *sc = &slots->classes[index];

	spin_lock(&slots->lock);
	look(sc, &sc->mixed);
	look(sc, &sc->pinned);
	spin_unlock(&slots->lock);
}

/**
 * mpool_slots_has_idle() - would mpool_slots_carve() find a piece
 * @slots: the table
 * @index: of a carved class
 *
 * Context: process; takes the lock.
 * Return: false also when it would not by so few looks as it takes.
 */
bool mpool_slots_has_idle(struct mpool_slots *slots, unsigned int index)
{
	struct mpool_slot_class *sc = &slots->classes[index];

	if (!READ_ONCE(sc->nr_idle) && READ_ONCE(sc->nr_withheld))
		mpool_slots_look(slots, index);
	return READ_ONCE(sc->nr_idle);
}

static struct mpool_slot *find_bare(struct mpool_slots *slots,
				    unsigned int index)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	struct mpool_slot *chunk;

	lockdep_assert_held(&slots->lock);
	chunk = list_first_entry_or_null(&sc->free, struct mpool_slot, node);
	if (chunk)
		list_del_init(&chunk->node);
	return chunk;
}

/**
 * mpool_slots_add_page() - carve a page, and reserve pieces of it
 * @slots: the table
 * @index: of a carved class
 * @page: the client's, as any leased buffer is
 * @nr: pieces wanted, at least 1
 * @holds: slots, and the page
 *
 * Context: process, may sleep and allocate.
 * Return: pieces taken, at least 1; -ENOSPC: no place for the page in the
 * window; -ENOMEM.
 */
int mpool_slots_add_page(struct mpool_slots *slots, unsigned int index,
			 struct mpool_desc *page, unsigned int nr,
			 struct mpool_hold *holds)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	struct mpool_slot *chunk;
	int got = 0, err = 0;

	for (;;) {
		spin_lock(&slots->lock);
		chunk = find_bare(slots, index);
		if (chunk) {
			carve(sc, chunk, page);
			got = take(sc, chunk, nr, holds);
		}
		spin_unlock(&slots->lock);
		if (got)
			return got;
		if (err)
			return err;
		/* Somebody else may take what is made here: look again. */
		mutex_lock(&slots->grow);
		err = mpool_slots_add_chunk(slots, index);
		mutex_unlock(&slots->grow);
	}
}

/* One piece less in use; true when it was the page's last. */
static bool put_piece(struct mpool_slot_class *sc, struct mpool_slot *chunk,
		      struct mpool_slot *slot, bool used)
{
	if (--shared(chunk)->used) {
		if (slot->gen == U32_MAX)
			return false;
		if (used && unlikely(is_pinned(chunk))) {
			withhold(sc, chunk, slot);
			return false;
		}
		offer(sc, chunk, slot - chunk);
		if (used && unlikely(shared(chunk)->nr_withheld))
			offer_withheld(sc, chunk);
		return false;
	}
	if (unlikely(shared(chunk)->nr_withheld))
		let_go(sc, chunk);
	list_del_init(&chunk->node);
	count_idle(sc, -(int)hweight64(shared(chunk)->idle));
	sc->pages--;
	return true;
}

/**
 * mpool_slots_uncarve() - give back pieces that are reserved or dying
 * @slots: the table
 * @nr: how many
 * @holds: pieces, and whole buffers, which are left as they are
 * @used: they were leases; else nobody has had them, and no pin is theirs
 *
 * A page none of whose pieces is used any more is dying, and stands in @holds
 * from then on: as a whole buffer, to be kept, or freed after its mappings are
 * gone.
 *
 * Context: process; takes the lock.
 * Return: how many whole buffers are in @holds now, at its front.
 */
unsigned int mpool_slots_uncarve(struct mpool_slots *slots, unsigned int nr,
				 struct mpool_hold *holds, bool used)
{
	struct mpool_slot *chunk;
	struct mpool_slot_class *sc;
	unsigned int i, whole = 0;

	spin_lock(&slots->lock);
	for (i = 0; i < nr; i++) {
		struct mpool_hold hold = holds[i];

		sc = &slots->classes[mpool_slot_index(hold.slot->id)];
		if (sc->pieces) {
			chunk = chunk_of(hold.slot);
			if (!put_piece(sc, chunk, hold.slot, used))
				continue;
			hold.slot = chunk;
		}
		holds[whole++] = hold;
	}
	spin_unlock(&slots->lock);
	return whole;
}

/**
 * mpool_slots_page() - the page that a piece is carved from
 * @slots: the table
 * @slot: of a piece, or any other
 *
 * Context: the lock is held, or nobody else uses the table any more.
 * Return: the page, or NULL when none of its pieces is in use, or the slot's
 * class has none.
 */
struct mpool_desc *mpool_slots_page(const struct mpool_slots *slots,
				    struct mpool_slot *slot)
{
	struct mpool_slot *chunk = chunk_of(slot);

	if (!slots->classes[mpool_slot_index(slot->id)].pieces ||
	    !shared(chunk)->used)
		return NULL;
	return chunk->desc;
}

/**
 * mpool_slots_strip() - the page of a dying chunk is gone
 * @slots: the table
 * @slot: the first of the chunk
 *
 * Context: the lock is held.
 */
void mpool_slots_strip(struct mpool_slots *slots, struct mpool_slot *slot)
{
	struct mpool_slot *chunk = chunk_of(slot);
	struct mpool_slot_class *sc;

	lockdep_assert_held(&slots->lock);
	sc = &slots->classes[mpool_slot_index(slot->id)];
	if (!mpool_slots_worn(slots, chunk))
		list_add(&chunk->node, &sc->free);
}
