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
#include <linux/wait.h>
#include <linux/workqueue.h>

struct mpool_class;
struct mpool_desc;
struct user_struct;

/**
 * struct mpool_stock - a class's lease stock
 * @lock: protects the lists and their counts; process context only
 * @clean: zeroed, nobody's; last come, first taken
 * @dirty: written by a client that gave them back; last come first
 * @quarantine: still reached by a pin; oldest first
 * @nr_clean: in @clean
 * @nr_dirty: in @dirty
 * @nr_quarantined: in @quarantine
 * @busy: dirty ones in the cleaner's hands
 * @collecting: somebody waits with buffers in hand
 * @turn: who waits for @collecting
 * @ended: no work may be queued any more
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
 * @grow_to: how many the class shall back then
 */
struct mpool_stock {
	spinlock_t lock;	/* protects the lists and counts */
	struct list_head clean;
	struct list_head dirty;
	struct list_head quarantine;
	unsigned int nr_clean;
	unsigned int nr_dirty;
	unsigned int nr_quarantined;
	unsigned int busy;
	unsigned int collecting;
	wait_queue_head_t turn;
	bool ended;
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
	unsigned int grow_to;
};

void mpool_stock_init(struct mpool_class *cls);
void mpool_stock_stop(struct mpool_class *cls);
void mpool_stock_exit(struct mpool_class *cls);
struct mpool_desc *mpool_stock_take_clean(struct mpool_class *cls);
struct mpool_desc *mpool_stock_take_dirty(struct mpool_class *cls);
void mpool_stock_add_clean(struct mpool_class *cls, struct mpool_desc *desc);
void mpool_stock_push_dirty(struct mpool_class *cls, struct mpool_desc *desc);
bool mpool_stock_add_dirty(struct mpool_class *cls, struct user_struct *user,
			   struct mpool_desc *desc);
unsigned int mpool_stock_return(struct mpool_class *cls,
				struct user_struct *user, unsigned int nr,
				struct mpool_desc **descs);
unsigned int mpool_stock_return_cached(struct mpool_class *cls,
				       struct user_struct *user,
				       unsigned int nr,
				       struct mpool_desc **descs);
void mpool_stock_keep(struct mpool_class *cls, unsigned int nr);
void mpool_stock_unkeep(struct mpool_class *cls, unsigned int nr);
struct mpool_desc *mpool_stock_steal(struct mpool_class *cls, bool sleep);
unsigned int mpool_stock_shrink(struct mpool_class *cls, unsigned long age,
				unsigned int most);
void mpool_stock_settle(struct mpool_class *cls);
void mpool_stock_grow(struct mpool_class *cls, unsigned int target);
void mpool_desc_clean(struct mpool_desc *desc);

#endif /* _MPOOL_STOCK_H */
