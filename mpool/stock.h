/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers of a page class on their way between owners: clean ones ready to
 * lease, dirty ones to be zeroed, and those that something still reaches.
 */
#ifndef _MPOOL_STOCK_H
#define _MPOOL_STOCK_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "shelf.h"
#include "turn.h"

struct mpool_class;
struct mpool_desc;
struct mpool_payer;
struct user_struct;

/**
 * struct mpool_stock - a class's lease stock
 * @lock: protects the shelves, the lists and their counts, and when @pin_work
 *	is due
 * @own: what nobody is charged for; the kernel may have it, too
 * @shelves: @own, and those of payers
 * @orphans: still reached by a pin, and their payer has gone
 * @nr_clean: on all shelves
 * @nr_dirty: likewise
 * @nr_quarantined: likewise, and in @orphans
 * @busy: dirty ones in the cleaner's hands, 0 or 1; written under @lock
 * @passes: how many it has put down; written under @lock, waited for
 * @turn: of who waits for more with buffers of the class in hand
 * @ended: no work may be queued any more
 * @pin_armed: @pin_work is to run, and has not begun to look; @lock
 * @pin_due: when, in jiffies, then; only ever brought forward; @lock
 * @leased: held by clients
 * @cached: kept by clients after release
 * @abandoned: given up to a pin
 * @leases: leases given
 * @releases: leases ended
 * @zeroed: cleared by the worker
 * @zeroed_sync: cleared by a lease
 * @clean_work: zeroes @dirty
 * @pin_work: looks whether @quarantine is still reached
 * @recall_work: calls @cached back
 * @grow_work: makes clean ones ahead of their lease
 */
struct mpool_stock {
	spinlock_t lock;	/* protects the lists and counts */
	struct mpool_shelf own;
	struct list_head shelves;
	struct list_head orphans;
	unsigned int nr_clean;
	unsigned int nr_dirty;
	unsigned int nr_quarantined;
	unsigned int busy;
	unsigned int passes;
	struct mpool_turn turn;
	bool ended;
	bool pin_armed;
	unsigned long pin_due;
	atomic_t leased;
	atomic_t cached;
	atomic_t abandoned;
	atomic64_t leases;
	atomic64_t releases;
	atomic64_t zeroed;
	atomic64_t zeroed_sync;
	struct work_struct clean_work;
	struct delayed_work pin_work;
	struct work_struct recall_work;
	struct work_struct grow_work;
};

void mpool_stock_init(struct mpool_class *cls);
void mpool_stock_stop(struct mpool_class *cls);
void mpool_stock_exit(struct mpool_class *cls);
struct mpool_desc *mpool_stock_take_clean(struct mpool_class *cls,
					  struct mpool_payer *payer);
struct mpool_desc *mpool_stock_take_dirty(struct mpool_class *cls,
					  struct mpool_payer *payer);
struct mpool_desc *mpool_stock_take_others(struct mpool_class *cls,
					   struct mpool_payer *payer);
void mpool_stock_add_clean(struct mpool_class *cls, struct mpool_payer *payer,
			   struct mpool_desc *desc);
void mpool_stock_push_dirty(struct mpool_class *cls, struct mpool_shelf *shelf,
			    struct mpool_desc *desc);
bool mpool_stock_add_dirty(struct mpool_class *cls, struct mpool_payer *payer,
			   struct user_struct *user, struct mpool_desc *desc);
unsigned int mpool_stock_return(struct mpool_class *cls,
				struct mpool_payer *payer,
				struct user_struct *user, unsigned int nr,
				struct mpool_desc **descs);
unsigned int mpool_stock_return_cached(struct mpool_class *cls,
				       struct mpool_payer *payer,
				       struct user_struct *user,
				       unsigned int nr,
				       struct mpool_desc **descs);
void mpool_stock_keep(struct mpool_class *cls, unsigned int nr);
void mpool_stock_unkeep(struct mpool_class *cls, unsigned int nr);
void *mpool_stock_replace(struct mpool_class *cls, gfp_t gfp);
struct mpool_desc *mpool_stock_steal(struct mpool_class *cls, bool sleep);
unsigned int mpool_stock_shrink(struct mpool_class *cls, unsigned long age,
				unsigned int most);
void mpool_stock_await(struct mpool_class *cls);
void mpool_stock_settle(struct mpool_class *cls);
void mpool_desc_clean(struct mpool_desc *desc);

#endif /* _MPOOL_STOCK_H */
