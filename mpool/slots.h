/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client's slots: the places in its window that leases stand in, and the
 * handles that name them.
 *
 * A slot goes through
 *
 *   free -> reserved -> live -> dying -> free
 *              ^                  |  ^
 *              '------ kept <-----'  |
 *                       '------------'
 *
 * Free slots are on their class's list.  A reserved or dying slot belongs to
 * the one who took it there, and shows nobody a buffer; it holds none, or one
 * whose mappings are being taken away, or stay.  A kept slot's lease is over,
 * but its buffer is the client's still, and mapped as it was.  All changes
 * happen under the lock.
 *
 * A class below half a page has its leases carved from pages (slots_carve.c).
 * Each chunk of its slots is one page's pieces, and goes through
 *
 *   bare -> carved -> dying -> bare
 *             ^        |  ^
 *             '- kept -'--'
 *
 * with its first slot in the place of the page as a whole, in lists too, when it
 * is dying or kept: no piece of it is leased then.
 */
#ifndef _MPOOL_SLOTS_H
#define _MPOOL_SLOTS_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct mpool_desc;

/* A handle: generation, class, number of the slot in its class. */
#define MPOOL_SLOT_BITS		24
#define MPOOL_SLOTS_MAX		BIT(MPOOL_SLOT_BITS)
#define MPOOL_GEN_SHIFT		32

/*
 * Slots made at once; they take most of a page.  As many as a page has pieces of
 * the smallest class, so that the pieces of a page are one chunk.
 */
#define MPOOL_SLOT_CHUNK	64

/*
 * Bytes of the smallest piece of a page, for a bit to each.  A smaller one would
 * share a cache line with others as well.
 */
#define MPOOL_PIECE_MIN		(PAGE_SIZE / MPOOL_SLOT_CHUNK)

/*
 * Pinned pages that a lease looks at before it has another page carved: so many
 * cost less than that does, and all get their turn.
 */
#define MPOOL_SLOTS_LOOKS	4

/**
 * struct mpool_holder - who leased, for those who look for leaks
 * @pid: process, in the initial pid namespace
 * @since: seconds of CLOCK_BOOTTIME
 * @comm: name of the task
 */
struct mpool_holder {
	pid_t pid;
	u32 since;
	char comm[TASK_COMM_LEN];
};

enum mpool_slot_state {
	MPOOL_SLOT_FREE,	/* or reserved, or dying: nobody's to see */
	MPOOL_SLOT_LIVE,	/* a lease stands in it */
	MPOOL_SLOT_KEPT,	/* nothing but the client's buffer does */
};

/**
 * struct mpool_slot - one place in the window
 * @desc: the buffer that stands in it; meaningless unless live or kept
 * @node: among the free or the kept ones of its class; a page's first piece is in
 *	a list for all of them, the others in none
 * @idle: which pieces of the page may be taken; in the second one's slot
 * @used: pieces of the page that are reserved, live or dying; in the second
 *	one's slot
 * @nr_withheld: pieces of the page that are; in the second one's slot
 * @gen: generation that was given last; 0: none
 * @id: class and number, as in a handle; constant
 * @state: enum mpool_slot_state
 * @revoked: the last lease was taken back
 * @withheld: a piece that was released when its page was pinned, and is not to
 *	be taken before that is over
 * @holder: of the last lease; for a kept one, @since is when that ended
 *
 * All protected by the slots' lock; @gen of a reserved slot may be read by
 * who reserved it.
 */
struct mpool_slot {
	struct mpool_desc *desc;
	union {
		struct list_head node;
		struct {
			u64 idle;
			u32 used;
			u32 nr_withheld;
		};
	};
	u32 gen;
	u32 id;
	u8 state;
	bool revoked;
	bool withheld;
	struct mpool_holder holder;
};

/**
 * struct mpool_slot_class - the slots of one size class
 * @free: free ones, those used last, whose page tables are there, first; of
 *	pieces, chunks without a page; @lock
 * @kept: kept ones, those released last, whose lines are warm, first; @lock
 * @partial: carved pages with idle pieces and no withheld ones, those used last
 *	first; @lock
 * @mixed: carved pages with both; @lock
 * @pinned: carved pages without idle pieces, but with withheld ones; those
 *	first that nobody has looked at for longest; @lock
 * @pages: carved pages that are neither kept nor dying; @lock
 * @nr_withheld: pieces of theirs that are; @lock, glanced at without
 * @nr_pinned: the pages they are of; @lock, glanced at without
 * @nr_idle: pieces of theirs that may be taken; @lock, glanced at without
 * @pieces: slots that a page is carved into; 0: each has a buffer; constant
 * @nr_kept: how many; @lock, glanced at without
 * @made: slots made; written under @grow and @lock
 * @live: leases that stand; @lock
 * @capacity: most slots; constant
 */
struct mpool_slot_class {
	struct list_head free;
	struct list_head kept;
	struct list_head partial;
	struct list_head mixed;
	struct list_head pinned;
	u32 pages;
	u32 nr_withheld;
	u32 nr_pinned;
	u32 nr_idle;
	u32 pieces;
	u32 nr_kept;
	u32 made;
	u32 live;
	u32 capacity;
};

/**
 * struct mpool_slots - all slots of a client
 * @lock: protects them; inside mmap_lock, since faults take it, so nothing is
 *	allocated or copied to or from processes under it
 * @grow: one who makes slots; may allocate under it
 * @chunks: arrays of slots by id / MPOOL_SLOT_CHUNK; only grows
 * @nr_kept: kept slots of all classes; @lock, glanced at without
 * @classes: by index, @nr_classes of them
 * @nr_classes: constant
 */
struct mpool_slots {
	spinlock_t lock;	/* protects the slots */
	struct mutex grow;	/* protects the making of slots */
	struct xarray chunks;
	u32 nr_kept;
	struct mpool_slot_class *classes;
	unsigned int nr_classes;
};

/**
 * struct mpool_hold - a slot, and the buffer on its way into or out of it
 * @slot: reserved or dying
 * @desc: the buffer
 */
struct mpool_hold {
	struct mpool_slot *slot;
	struct mpool_desc *desc;
};

static inline u32 mpool_slot_id(unsigned int index, u32 nr)
{
	return (index << MPOOL_SLOT_BITS) | nr;
}

static inline unsigned int mpool_slot_index(u32 id)
{
	return id >> MPOOL_SLOT_BITS;
}

static inline u32 mpool_slot_nr(u32 id)
{
	return id & (MPOOL_SLOTS_MAX - 1);
}

/* Where a piece lies in the page that it was carved from; 0 for whole buffers. */
static inline unsigned int mpool_slot_inside(const struct mpool_slots *slots,
					     u32 id, u32 size)
{
	if (!slots->classes[mpool_slot_index(id)].pieces)
		return 0;
	return mpool_slot_nr(id) % MPOOL_SLOT_CHUNK * size;
}

static inline u64 mpool_slot_handle(u32 gen, u32 id)
{
	return ((u64)gen << MPOOL_GEN_SHIFT) | id;
}

/* Slots in each chunk of a class. */
static inline unsigned int mpool_slots_in_chunk(const struct mpool_slots *slots,
						u32 id)
{
	return slots->classes[mpool_slot_index(id)].pieces ?: MPOOL_SLOT_CHUNK;
}

int mpool_slots_init(struct mpool_slots *slots, unsigned int nr_classes);
void mpool_slots_exit(struct mpool_slots *slots);
int mpool_slots_reserve(struct mpool_slots *slots, unsigned int index,
			unsigned int nr, bool all, struct mpool_hold *holds);
void mpool_slots_free(struct mpool_slots *slots, unsigned int nr,
		      const struct mpool_hold *holds);
void mpool_slots_publish(struct mpool_slots *slots, unsigned int nr,
			 const struct mpool_hold *holds,
			 const struct mpool_holder *holder);
int mpool_slots_kill(struct mpool_slots *slots, unsigned int nr,
		     const u64 *handles, struct mpool_hold *holds, u32 *bad);
unsigned int mpool_slots_reuse(struct mpool_slots *slots, unsigned int index,
			       unsigned int nr, struct mpool_hold *holds);
bool mpool_slots_unkeep(struct mpool_slots *slots, unsigned int index,
			struct mpool_hold *hold);
bool mpool_slots_keepable(const struct mpool_slots *slots,
			  const struct mpool_hold *hold);
void mpool_slots_keep(struct mpool_slots *slots, unsigned int nr,
		      const struct mpool_hold *holds, u32 now);
unsigned int mpool_slots_evict(struct mpool_slots *slots, unsigned int index,
			       unsigned int nr, u32 until,
			       struct mpool_hold *holds);
unsigned int mpool_slots_coldest(struct mpool_slots *slots);
int mpool_slots_revoke(struct mpool_slots *slots, u64 handle,
		       struct mpool_hold *hold);
unsigned int mpool_slots_revoke_all(struct mpool_slots *slots,
				    unsigned long *pos,
				    struct mpool_hold *holds);
struct mpool_slot *mpool_slots_find(struct mpool_slots *slots, u32 id);
int mpool_slots_add_chunk(struct mpool_slots *slots, unsigned int index);
unsigned int mpool_slots_drain(struct mpool_slots *slots, unsigned long *pos,
			       struct mpool_desc **descs, unsigned int *kept);
unsigned int mpool_slots_snapshot(struct mpool_slots *slots, unsigned long *pos,
				  struct mpool_slot *copies);
unsigned int mpool_slots_live(struct mpool_slots *slots);

/* slots_carve.c */
unsigned int mpool_slots_carve(struct mpool_slots *slots, unsigned int index,
			       unsigned int nr, struct mpool_hold *holds,
			       unsigned int *unkept);
int mpool_slots_add_page(struct mpool_slots *slots, unsigned int index,
			 struct mpool_desc *page, unsigned int nr,
			 struct mpool_hold *holds);
unsigned int mpool_slots_uncarve(struct mpool_slots *slots, unsigned int nr,
				 struct mpool_hold *holds, bool used);
unsigned int mpool_slots_carve_idle(struct mpool_slots *slots,
				    unsigned int index, unsigned int least,
				    unsigned int nr, struct mpool_hold *holds);
void mpool_slots_look(struct mpool_slots *slots, unsigned int index);
bool mpool_slots_has_idle(struct mpool_slots *slots, unsigned int index);
struct mpool_desc *mpool_slots_page(const struct mpool_slots *slots,
				    struct mpool_slot *slot);
bool mpool_slots_worn(const struct mpool_slots *slots,
		      struct mpool_slot *slot);
void mpool_slots_strip(struct mpool_slots *slots, struct mpool_slot *slot);

#endif /* _MPOOL_SLOTS_H */
