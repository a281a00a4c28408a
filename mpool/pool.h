/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool: its settings and its table of size classes.
 */
#ifndef _MPOOL_POOL_H
#define _MPOOL_POOL_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/mpool.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "turn.h"

/* Also the most that a u8 of the look-up tables and a tag can name. */
#define MPOOL_CLASSES_MAX	128
/* Names an entry that is always NULL. */
#define MPOOL_NO_CLASS		MPOOL_CLASSES_MAX

/* Small sizes are looked up by 16 bytes, larger ones by the page. */
#define MPOOL_SMALL_SHIFT	4
#define MPOOL_SMALL_SLOTS	(PAGE_SIZE >> MPOOL_SMALL_SHIFT)
#define MPOOL_PAGE_SLOTS	(MPOOL_SIZE_MAX >> PAGE_SHIFT)

/**
 * struct mpool_marks - a pool's watermarks, and who hears of them
 * @lock: protects the next four; nothing but a work queue's lock inside
 * @low: percent, 0: off
 * @high: percent, 0: off
 * @above: use has reached the high one, and not come down to the low one
 * @raised: events that subscribers have not been told of
 * @work: tells them
 */
struct mpool_marks {
	raw_spinlock_t lock;
	unsigned int low;
	unsigned int high;
	bool above;
	unsigned int raised;
	struct work_struct work;
};

/**
 * struct mpool - a pool
 * @cookie: random, in the bits above MPOOL_TAG_COOKIE_SHIFT; constant
 * @tag_limit: what plain tags, without the cookie, are below; constant
 * @nr_classes: entries of @sizes and @classes; constant
 * @max_size: largest class, bytes; constant
 * @classes: by index, and one more that stays NULL; NULL until first use, then
 *	constant until the pool goes
 *	(published by smp_store_release under @lock)
 * @small: index of the smallest class that holds a size below a page
 * @paged: the same for whole pages
 * @sizes: bytes of each class, ascending; constant
 * @name: constant
 * @ref: users: the registry, kernel holders, clients
 * @rcu: for the end
 * @node: registry's hash; changed under its mutex, read under RCU
 * @list: registry's list; changed under its mutex, read under SRCU
 * @settings: with defaults filled in; changed under @lock, each field by
 *	WRITE_ONCE, by configure.c alone; read under @lock, or one field at a
 *	time by READ_ONCE, or by mpool_pool_access() what decides on rights.
 *	Its uid and gid are nobody's: see @uid and @gid
 * @ctor: see struct mpool_config; constant
 * @reset: constant
 * @arg: constant
 * @owner: the module that @ctor and @reset are of, or NULL: there are none, or
 *	they never go; constant
 * @access: for readers of @uid, @gid and settings.mode, who may not see half
 *	of a change; written under @lock
 * @uid: owner; @access
 * @gid: group; @access
 * @debugged: counted in mpool_debug_key; constant
 * @owned: the registry's own reference is there (made by parameter or ioctl)
 * @allowance: bytes that it counts with against allowance.c's; 0: it does not;
 *	constant
 * @lock: making of classes, changes of settings
 * @bytes: memory backed
 * @max_bytes: most of it; READ_ONCE, written under @lock
 * @tier_bytes: memory backed, by tier
 * @tier_max: most of it; as @max_bytes
 * @marks: watermarks
 * @starve_lock: protects changes of @starved, and what follows from it; leaf
 *	but for the classes' locks, nothing is allocated under it
 * @starved: waiters that only bytes of @max_bytes keep waiting; while there
 *	are any all classes are slow, so that what comes back is seen
 * @bad_frees: frees refused that no class could be told for
 * @events_lock: protects @subscribers
 * @subscribers: who wants to be told of events; see events.h
 * @events_work: tells them of what happened where nobody could be told
 * @room: who polls for room to lease
 * @turn: of who waits for the pool's bytes with buffers in hand
 * @keepers_lock: protects @keepers, and keeps them while they are asked
 * @keepers: who may keep idle buffers; see recall.h
 * @clients_lock: protects @clients, @shares and @payers
 * @clients: attached open files
 * @shares: what users have together; see quota.h
 * @payers: memory cgroups that clients are in; see payer.h
 * @nr_clients: how many
 * @make_work: makes the classes of @wanted
 * @wanted: classes an atomic allocation missed
 * @cleanup: ageing
 * @dir: debugfs
 */
struct mpool {
	unsigned long cookie;
	unsigned long tag_limit;
	unsigned int nr_classes;
	u32 max_size;
	u8 small[MPOOL_SMALL_SLOTS];
	u8 paged[MPOOL_PAGE_SLOTS];
	struct mpool_class *classes[MPOOL_CLASSES_MAX + 1];
	u32 sizes[MPOOL_CLASSES_MAX];

	char name[MPOOL_NAME_LEN];
	refcount_t ref;
	struct rcu_head rcu;
	struct rhash_head node;
	struct list_head list;
	struct mpool_pool_config settings;
	void (*ctor)(void *buf, size_t size, void *arg);
	void (*reset)(void *buf, size_t size, void *arg);
	void *arg;
	struct module *owner;
	seqcount_mutex_t access;
	kuid_t uid;
	kgid_t gid;
	bool debugged;
	bool owned;
	u64 allowance;
	struct mutex lock;		/* making of classes, settings */
	atomic_long_t bytes;
	unsigned long max_bytes;
	atomic_long_t tier_bytes[MPOOL_NR_TIERS];
	unsigned long tier_max[MPOOL_NR_TIERS];
	struct mpool_marks marks;
	struct mutex starve_lock;	/* protects changes of starved */
	atomic_t starved;
	atomic64_t bad_frees;
	struct mutex events_lock;	/* protects subscribers */
	struct list_head subscribers;
	struct work_struct events_work;
	wait_queue_head_t room;
	struct mpool_turn turn;
	struct mutex keepers_lock;	/* protects keepers */
	struct list_head keepers;
	struct mutex clients_lock;	/* protects clients, shares, payers */
	struct list_head clients;
	struct list_head shares;
	struct list_head payers;
	atomic_t nr_clients;
	struct work_struct make_work;
	DECLARE_BITMAP(wanted, MPOOL_CLASSES_MAX);
	struct delayed_work cleanup;
	struct dentry *dir;
};

static inline enum mpool_tier mpool_tier(size_t size)
{
	if (size < PAGE_SIZE)
		return MPOOL_SMALL;
	return size <= SZ_64K ? MPOOL_MEDIUM : MPOOL_LARGE;
}

struct mpool *mpool_pool_new(const char *name, const struct mpool_config *cfg);
void mpool_pool_end(struct mpool *pool);
void mpool_pool_stats(struct mpool *pool, struct mpool_class_stats *total);
struct mpool_class *mpool_pool_class(struct mpool *pool, unsigned int index);
void mpool_pool_tier_limits(struct mpool *pool,
			    const struct mpool_pool_config *set);
bool mpool_pool_idle(struct mpool *pool);
bool mpool_pool_pinned(struct mpool *pool);
void mpool_pool_want(struct mpool *pool, unsigned int index);

/* Index of the class that serves @size, or MPOOL_NO_CLASS. */
static __always_inline unsigned int mpool_pool_index(const struct mpool *pool,
						     size_t size)
{
	/* A size of 0 wraps, and is above every limit. */
	if (likely(size - 1 < PAGE_SIZE))
		return pool->small[(size - 1) >> MPOOL_SMALL_SHIFT];
	if (likely(size - 1 < MPOOL_SIZE_MAX))
		return pool->paged[(size - 1) >> PAGE_SHIFT];
	return MPOOL_NO_CLASS;
}

/* A class in being, or NULL. */
static __always_inline struct mpool_class *
mpool_pool_peek(const struct mpool *pool, unsigned long index)
{
	/*
	 * Pairs with the release when the class was complete: what is read of
	 * it depends on the address, so that no fence is wanted, which an
	 * acquiring load is on some machines, user-mode Linux among them.
	 */
	return READ_ONCE(pool->classes[index]);
}

#endif /* _MPOOL_POOL_H */
