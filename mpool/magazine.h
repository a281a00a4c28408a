/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU magazines over per-node depots (Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001).
 *
 * A CPU's magazines belong to whoever runs on it with preemption off and
 * holds @busy; an interrupt that finds @busy set goes to the depot, whose
 * lock is only ever held with interrupts off.  The hit path therefore takes
 * no lock, masks nothing and writes only lines of its own CPU.
 *
 * Who must see every free buffer makes the class slow: sets @slow, puts
 * mpool_cpu_closed, always busy, in the magazines' place, and waits for an
 * expedited grace period.  Each use of a magazine, and each exchange with a
 * depot, happens in the preemption-off section (an RCU reader) that has found
 * the magazines in their place, or has read @slow as 0; so after the grace
 * period nobody is inside a magazine, nobody enters one, and the drainer may
 * empty them from anywhere.
 */
#ifndef _MPOOL_MAGAZINE_H
#define _MPOOL_MAGAZINE_H

#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/percpu-defs.h>
#include <linux/types.h>

#include "depot.h"

struct mpool_class;

/**
 * enum mpool_busy - may a CPU's magazines be entered
 * @MPOOL_CPU_FREE: they may
 * @MPOOL_CPU_INSIDE: somebody on this CPU is inside
 * @MPOOL_CPU_STANDS: the CPU has no seat (seats.h); they are empty
 */
enum mpool_busy {
	MPOOL_CPU_FREE,
	MPOOL_CPU_INSIDE,
	MPOOL_CPU_STANDS,
};

/**
 * struct mpool_cpu - a CPU's part of a class
 * @busy: enum mpool_busy; a byte, as @prev_nr is two, that all of this but
 *	@refills fits a cache line
 * @nr: buffers in @loaded; as wide as an index is
 * @loaded: magazine that allocations and frees use
 * @prev: the one loaded before; always full or empty, so that a workload that
 *	swings around a magazine's edge finds one more (hysteresis)
 * @prev_nr: buffers in @prev; at most MAG_OBJECTS
 * @allocs: allocations served here, but those of @sized
 * @sized: hits by size
 * @asked: bytes that these asked for, less what others were given that they
 *	had not asked for: so @sized times the size, less @asked, is the slack
 *	of all, and a hit pays one addition for it
 * @frees: frees taken here
 * @refills: allocations of those that took a magazine from the depot
 */
struct mpool_cpu {
	u8 busy;
	u16 prev_nr;
	unsigned long nr;
	struct mpool_mag *loaded;
	struct mpool_mag *prev;
	u64 allocs;
	u64 sized;
	u64 asked;
	u64 frees;
	u64 refills;
} ____cacheline_aligned;

/**
 * struct mpool_idle - since when nothing was done with a CPU's magazines
 * @ops: allocations and frees that had been counted there at the last look
 * @since: jiffies of the first look that found as many
 */
struct mpool_idle {
	u64 ops;
	unsigned long since;
};

/* Stands in for a class's magazines while nobody may enter them; constant. */
DECLARE_PER_CPU(struct mpool_cpu, mpool_cpu_closed);

int mpool_magazine_init(struct mpool_class *cls);
void mpool_magazine_exit(struct mpool_class *cls);

struct mpool_cpu *mpool_magazine_enter(struct mpool_class *cls);

/* For who is inside a CPU's magazine, by that or by cpu.h. */
bool mpool_magazine_refill(struct mpool_class *cls, struct mpool_cpu *cpu,
			   gfp_t gfp);
void mpool_magazine_spill(struct mpool_class *cls, struct mpool_cpu *cpu);

void *mpool_magazine_get(struct mpool_class *cls, gfp_t gfp);
bool mpool_magazine_put(struct mpool_class *cls, void *buf);
unsigned long mpool_magazine_look(struct mpool_class *cls);
void mpool_magazine_flush_cpu(struct mpool_class *cls, int cpu);

unsigned long mpool_magazine_count(const struct mpool_class *cls);

#endif /* _MPOOL_MAGAZINE_H */
