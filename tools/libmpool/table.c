// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which lease stands at an offset of the window.
 *
 * Room is made before the kernel is asked, so that a lease that was given can
 * always be entered.
 */
#include <errno.h>
#include <stdlib.h>

#include "client.h"

/* Fibonacci hashing; offsets are multiples of 16, of pages mostly. */
static size_t home(const struct mpl_table *table, __u64 offset)
{
	__u64 hash = (offset >> 4) * 0x9e3779b97f4a7c15ULL;

	return (hash >> 32) & (table->size - 1);
}

/* The slot of @offset, or the empty one where it would go; there is one. */
static struct mpool_lease *slot_of(const struct mpl_table *table,
				   __u64 offset)
{
	size_t i = home(table, offset);

	while (table->slots[i].handle && table->slots[i].offset != offset)
		i = (i + 1) & (table->size - 1);
	return &table->slots[i];
}

/* A table of twice the size; never more than half of it is used. */
static int grow(struct mpl_table *table, size_t size)
{
	struct mpl_table bigger = { .size = size, .used = table->used };
	size_t i;

	bigger.slots = calloc(size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; i < table->size; i++)
		if (table->slots[i].handle)
			*slot_of(&bigger, table->slots[i].offset) =
				table->slots[i];
	free(table->slots);
	*table = bigger;
	return 0;
}

int mpl_table_reserve(struct mpl_table *table, size_t nr)
{
	size_t size = table->size ? table->size : 64;
	int err;

	while (size / 2 < table->used + nr)
		size *= 2;
	if (size != table->size) {
		err = grow(table, size);
		if (err)
			return err;
	}
	table->used += nr;
	return 0;
}

void mpl_table_unreserve(struct mpl_table *table, size_t nr)
{
	table->used -= nr;
}

/* Room was reserved. */
void mpl_table_add(struct mpl_table *table, const struct mpool_lease *lease)
{
	struct mpool_lease *slot = slot_of(table, lease->offset);

	/* Ended behind our back: revoked, or released through the same file. */
	if (slot->handle)
		table->used--;
	/* Of two in one place the later one lives; its handle is greater. */
	if (slot->handle < lease->handle)
		*slot = *lease;
}

/*
 * Closes the gap, so that probing need not step over what is gone.  The room
 * stays reserved: the lease may yet come back.
 */
bool mpl_table_remove(struct mpl_table *table, const struct mpool_lease *lease)
{
	size_t mask = table->size - 1, gap, i;
	struct mpool_lease *slot;

	if (!table->size)
		return false;
	slot = slot_of(table, lease->offset);
	if (!slot->handle || slot->handle != lease->handle)
		return false;
	gap = slot - table->slots;
	for (i = (gap + 1) & mask; table->slots[i].handle; i = (i + 1) & mask) {
		size_t h = home(table, table->slots[i].offset);

		/* It may move back if its home is not behind the gap. */
		if (((i - h) & mask) >= ((i - gap) & mask)) {
			table->slots[gap] = table->slots[i];
			gap = i;
		}
	}
	table->slots[gap].handle = 0;
	return true;
}

const struct mpool_lease *mpl_table_find(const struct mpl_table *table,
					 __u64 offset)
{
	const struct mpool_lease *slot;

	if (!table->size)
		return NULL;
	slot = slot_of(table, offset);
	return slot->handle ? slot : NULL;
}

void mpl_table_free(struct mpl_table *table)
{
	free(table->slots);
}
