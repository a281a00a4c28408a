/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client's slots: the places in its window that leases stand in, and the
 * handles that name them.
 *
 * A slot goes through
 *
 *   free -> reserved -> live -> dying -> free
 *
 * Free slots are on their class's stack.  A reserved or dying slot belongs to
 * the one who took it there, and shows nobody a buffer; it holds none, or one
 * whose mappings are being taken away.  All changes happen under the lock.
 */
#ifndef _MPOOL_SLOTS_H
#define _MPOOL_SLOTS_H

#include <linux/bits.h>
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

/* Slots made at once; they take most of a page. */
#define MPOOL_SLOT_CHUNK	64

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

/**
 * struct mpool_slot - one place in the window
 * @desc: the buffer that stands in it; NULL unless live
 * @next: link on the stack of free slots
 * @gen: generation that was given last; 0: none
 * @id: class and number, as in a handle; constant
 * @holder: of the last lease
 *
 * All protected by the slots' lock; @gen of a reserved slot may be read by
 * who reserved it.
 */
struct mpool_slot {
	struct mpool_desc *desc;
	struct mpool_slot *next;
	u32 gen;
	u32 id;
	struct mpool_holder holder;
};

/**
 * struct mpool_slot_class - the slots of one size class
 * @free: stack of free ones, so that those used last, whose page tables are
 *	there, come first; @lock
 * @made: slots made; written under @grow and @lock
 * @live: leases that stand; @lock
 * @capacity: most slots; constant
 */
struct mpool_slot_class {
	struct mpool_slot *free;
	u32 made;
	u32 live;
	u32 capacity;
};

/**
 * struct mpool_slots - all slots of a client
 * @lock: protects them; inside mmap_lock, since faults take it, so nothing is
 *	allocated or copied to or from processes under it
 * @grow: one who makes slots; may allocate under it
 * @chunks: the slots by id / MPOOL_SLOT_CHUNK; only grows
 * @classes: by index, @nr_classes of them
 * @nr_classes: constant
 */
struct mpool_slots {
	spinlock_t lock;	/* protects the slots */
	struct mutex grow;	/* protects the making of slots */
	struct xarray chunks;
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

static inline u64 mpool_slot_handle(u32 gen, u32 id)
{
	return ((u64)gen << MPOOL_GEN_SHIFT) | id;
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
struct mpool_slot *mpool_slots_find(struct mpool_slots *slots, u32 id);
unsigned int mpool_slots_drain(struct mpool_slots *slots, unsigned long *pos,
			       struct mpool_desc **descs);
unsigned int mpool_slots_snapshot(struct mpool_slots *slots, unsigned long *pos,
				  struct mpool_slot *copies);
unsigned int mpool_slots_live(struct mpool_slots *slots);

#endif /* _MPOOL_SLOTS_H */
