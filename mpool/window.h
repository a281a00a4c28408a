/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client's window: where its leases stand, and how they are mapped.
 *
 * Each page class has a region of the window, cut into slots.  A slot's stride
 * is the buffer size rounded up to a power of two, and so is its alignment:
 * huge pages stand at multiples of their size.  The largest class comes first,
 * which makes every base aligned with no gap between regions.
 *
 * Unless the client is strict, or the pool has no class of one page, the regions
 * of the classes below half a page follow: pages, each with as many pieces as fit.
 */
#ifndef _MPOOL_WINDOW_H
#define _MPOOL_WINDOW_H

#include <linux/types.h>

#include "slots.h"

struct address_space;
struct mpool;
struct mpool_mapping;

/**
 * struct mpool_region - the part of a window that a size class has
 * @base: offset of its first slot
 * @size: bytes of a buffer, or of a piece
 * @shift: log2 of the stride, of a page if it is for pieces
 */
struct mpool_region {
	u64 base;
	u32 size;
	u32 shift;
};

/**
 * struct mpool_window - where a client's leases stand
 * @mapping: of the client's own inode
 * @slots: what stands where
 * @size: bytes from offset 0 to the end of the last region
 * @first: index of the smallest page class
 * @carved: indexes below have pieces; 0: none has
 * @nr: size classes of the pool
 * @regions: by class; those from @carved to @first are unused
 *
 * All constant, but for what @slots says of itself.
 */
struct mpool_window {
	struct address_space *mapping;
	struct mpool_slots slots;
	u64 size;
	unsigned int first;
	unsigned int carved;
	unsigned int nr;
	struct mpool_region regions[];
};

/* The class that the buffers of a class's leases are of. */
static inline unsigned int
mpool_window_backing(const struct mpool_window *window, unsigned int index)
{
	return index < window->carved ? window->first : index;
}

/* Where a slot's buffer or piece begins, in the window. */
static inline u64 mpool_window_offset(const struct mpool_window *window, u32 id)
{
	const struct mpool_region *region;
	u64 nr = mpool_slot_nr(id);

	region = &window->regions[mpool_slot_index(id)];
	if (mpool_slot_index(id) < window->carved)
		return region->base +
		       (nr / MPOOL_SLOT_CHUNK << region->shift) +
		       mpool_slot_inside(&window->slots, id, region->size);
	return region->base + (nr << region->shift);
}

struct mpool_window *mpool_window_new(const struct mpool *pool,
				      struct address_space *mapping,
				      bool strict);
void mpool_window_free(struct mpool_window *window);
int mpool_window_mmap(struct mpool_window *window, struct mpool_mapping *m);
bool mpool_window_pinned(const struct mpool_desc *desc);
void mpool_window_zap(struct mpool_window *window, unsigned int nr,
		      struct mpool_hold *holds);

#endif /* _MPOOL_WINDOW_H */
