// SPDX-License-Identifier: GPL-2.0
/*
 * Slots whose lease is over and whose buffer stays the client's.
 */
#include <linux/limits.h>
#include <linux/list.h>

#include "slots.h"

static void unkeep(struct mpool_slots *slots, struct mpool_slot_class *sc,
		   struct mpool_slot *slot, struct mpool_hold *hold)
{
	list_del(&slot->node);
	slot->state = MPOOL_SLOT_FREE;
	WRITE_ONCE(sc->nr_kept, sc->nr_kept - 1);
	WRITE_ONCE(slots->nr_kept, slots->nr_kept - 1);
	hold->slot = slot;
	hold->desc = slot->desc;
}

/**
 * mpool_slots_unkeep() - reserve the slot that was kept last, with its buffer
 * @slots: the table
 * @index: of the size class
 * @hold: filled in
 *
 * Context: the lock is held.
 * Return: false when none is kept.
 */
bool mpool_slots_unkeep(struct mpool_slots *slots, unsigned int index,
			struct mpool_hold *hold)
{
	struct mpool_slot_class *sc = &slots->classes[index];

	lockdep_assert_held(&slots->lock);
	if (list_empty(&sc->kept))
		return false;
	unkeep(slots, sc, list_first_entry(&sc->kept, struct mpool_slot, node),
	       hold);
	return true;
}

/**
 * mpool_slots_keepable() - may a dying slot keep its buffer
 * @slots: the table
 * @hold: the slot; of pieces, the first one of a page
 *
 * Context: process; the slot is the caller's, or the page's slots are.
 * Return: false at the end of the slot's generations, or of all of them.
 */
bool mpool_slots_keepable(const struct mpool_slots *slots,
			  const struct mpool_hold *hold)
{
	/* A slot whose handles are used up could not be leased again. */
	if (slots->classes[mpool_slot_index(hold->slot->id)].pieces)
		return !mpool_slots_worn(slots, hold->slot);
	return hold->slot->gen != U32_MAX;
}

/**
 * mpool_slots_keep() - let dying or reserved slots keep their buffers
 * @slots: the table
 * @nr: how many
 * @holds: slots and buffers, keepable; not the caller's any more
 * @now: seconds of CLOCK_BOOTTIME
 *
 * No fault finds the buffers, but mappings made before stay.
 *
 * Context: process; takes the lock.
 */
void mpool_slots_keep(struct mpool_slots *slots, unsigned int nr,
		      const struct mpool_hold *holds, u32 now)
{
	struct mpool_slot_class *sc;
	struct mpool_slot *slot;
	unsigned int i;

	spin_lock(&slots->lock);
	for (i = 0; i < nr; i++) {
		slot = holds[i].slot;
		sc = &slots->classes[mpool_slot_index(slot->id)];
		slot->desc = holds[i].desc;
		slot->state = MPOOL_SLOT_KEPT;
		slot->holder.since = now;
		list_add(&slot->node, &sc->kept);
		WRITE_ONCE(sc->nr_kept, sc->nr_kept + 1);
	}
	WRITE_ONCE(slots->nr_kept, slots->nr_kept + nr);
	spin_unlock(&slots->lock);
}

/**
 * mpool_slots_reuse() - reserve kept slots, with their buffers
 * @slots: the table
 * @index: of the size class
 * @nr: slots wanted
 * @holds: filled in
 *
 * Context: process; takes the lock.
 * Return: slots taken, 0 to @nr.
 */
unsigned int mpool_slots_reuse(struct mpool_slots *slots, unsigned int index,
			       unsigned int nr, struct mpool_hold *holds)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	unsigned int i;

	/* Mostly of use to those who keep; the others pay a look. */
	if (!READ_ONCE(sc->nr_kept))
		return 0;
	spin_lock(&slots->lock);
	for (i = 0; i < nr; i++)
		if (!mpool_slots_unkeep(slots, index, &holds[i]))
			break;
	spin_unlock(&slots->lock);
	return i;
}

/**
 * mpool_slots_evict() - take buffers away from kept slots, coldest first
 * @slots: the table
 * @index: of the size class
 * @nr: how many at most
 * @until: only those kept since then or before, seconds of CLOCK_BOOTTIME
 * @holds: where slots and buffers go; dying, the caller's now
 *
 * Context: process; takes the lock.
 * Return: how many; fewer than @nr when no more are there.
 */
unsigned int mpool_slots_evict(struct mpool_slots *slots, unsigned int index,
			       unsigned int nr, u32 until,
			       struct mpool_hold *holds)
{
	struct mpool_slot_class *sc = &slots->classes[index];
	struct mpool_slot *slot;
	unsigned int i;

	if (!READ_ONCE(sc->nr_kept))
		return 0;
	spin_lock(&slots->lock);
	for (i = 0; i < nr && !list_empty(&sc->kept); i++) {
		slot = list_last_entry(&sc->kept, struct mpool_slot, node);
		if (slot->holder.since > until)
			break;
		unkeep(slots, sc, slot, &holds[i]);
	}
	spin_unlock(&slots->lock);
	return i;
}

/**
 * mpool_slots_coldest() - the class that has not been used for longest
 * @slots: the table
 *
 * Context: process; takes the lock.
 * Return: index of the class whose last kept slot is the oldest of all, or
 * nr_classes when nothing is kept.
 */
unsigned int mpool_slots_coldest(struct mpool_slots *slots)
{
	unsigned int i, coldest = slots->nr_classes;
	struct mpool_slot *slot;
	u32 since = U32_MAX;

	spin_lock(&slots->lock);
	for (i = 0; i < slots->nr_classes; i++) {
		if (list_empty(&slots->classes[i].kept))
			continue;
		slot = list_last_entry(&slots->classes[i].kept,
				       struct mpool_slot, node);
		if (slot->holder.since < since || coldest == slots->nr_classes) {
			since = slot->holder.since;
			coldest = i;
		}
	}
	spin_unlock(&slots->lock);
	return coldest;
}
