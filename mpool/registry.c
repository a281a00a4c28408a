// SPDX-License-Identifier: GPL-2.0
/*
 * Names of pools.
 *
 * Look-up takes no lock: a hash under RCU, and a reference that is only had
 * while there is one.  Looking at pools takes neither lock nor reference: what
 * is seen in an SRCU section does not end before the section does.
 *
 * A pool is made, and ended, without the mutex: the one may take millions of
 * buffers, the other waits for grace periods, and others' pools need not.  Its
 * name is taken meanwhile, and found by nobody, so that its caches and
 * directories never meet those of a namesake.  Who would make one waits until
 * the first is there, and he is refused, or is gone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/wait.h>

#include "allowance.h"
#include "compat/export.h"
#include "hold.h"
#include "pool.h"
#include "registry.h"

static const struct rhashtable_params params = {
	.key_len = MPOOL_NAME_LEN,
	.key_offset = offsetof(struct mpool, name),
	.head_offset = offsetof(struct mpool, node),
	.automatic_shrinking = true,
};

static struct rhashtable table;
/* In order of name; changed, like the table, under the mutex, read by SRCU. */
static LIST_HEAD(pools_list);
static DEFINE_MUTEX(pools_mutex);
DEFINE_STATIC_SRCU(pools_srcu);
static unsigned int nr_pools;
static const struct mpool_registry_observer *observer;

/* A pool on its way in or out, on the stack of whose doing it is. */
struct passing {
	struct list_head node;
	char name[MPOOL_NAME_LEN];
};

/* Guarded by the mutex. */
static LIST_HEAD(passings);
/* How many have passed, written under the mutex; wakes who waits for one. */
static unsigned int nr_passed;
static DECLARE_WAIT_QUEUE_HEAD(passed);

/**
 * mpool_name_valid() - is this a name for a pool
 * @name: NUL-terminated
 *
 * Return: true for 1 to 31 of A-Z a-z 0-9 _ . - that do not begin with a dot,
 * but for "summary" and "abandoned", since a pool's name is a directory's in
 * debugfs, beside the files of these names, and part of a cache's.
 */
bool mpool_name_valid(const char *name)
{
	size_t i, len = strnlen(name, MPOOL_NAME_LEN);

	if (!len || len == MPOOL_NAME_LEN || name[0] == '.')
		return false;
	/* Beside the pools' directories, debugfs has files of these names. */
	if (!strcmp(name, "summary") || !strcmp(name, "abandoned"))
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("_.-", name[i])))
			return false;
	return true;
}

static void list_add_sorted(struct mpool *pool)
{
	struct mpool *other;

	list_for_each_entry(other, &pools_list, list)
		if (strcmp(pool->name, other->name) < 0)
			break;
	/* Before @other; at the end when there is none. */
	list_add_tail_rcu(&pool->list, &other->list);
}

static bool is_passing(const char *name)
{
	struct passing *p;

	lockdep_assert_held(&pools_mutex);
	list_for_each_entry(p, &passings, node)
		if (!strcmp(p->name, name))
			return true;
	return false;
}

/* Takes the mutex, as soon as no pool of that name is being made or ends. */
static int lock_name(const char *name)
{
	unsigned int seen;

	mutex_lock(&pools_mutex);
	while (is_passing(name)) {
		seen = nr_passed;
		mutex_unlock(&pools_mutex);
		if (wait_event_killable(passed, READ_ONCE(nr_passed) != seen))
			return -EINTR;
		mutex_lock(&pools_mutex);
	}
	return 0;
}

/* Its name is the pool's own, or nobody's, from here on. */
static void has_passed(struct passing *passing)
{
	lockdep_assert_held(&pools_mutex);
	list_del(&passing->node);
	WRITE_ONCE(nr_passed, nr_passed + 1);
	wake_up_all(&passed);
}

/* Takes a name that no pool has. */
static int name_take(struct passing *making)
{
	int err = lock_name(making->name);

	if (err)
		return err;
	if (rhashtable_lookup_fast(&table, making->name, params))
		err = -EEXIST;
	else
		list_add(&making->node, &passings);
	mutex_unlock(&pools_mutex);
	return err;
}

static void name_give_back(struct passing *making)
{
	mutex_lock(&pools_mutex);
	has_passed(making);
	mutex_unlock(&pools_mutex);
}

/* The name is the pool's own in the same hold that it is found in. */
static int publish(struct mpool *pool, struct passing *making)
{
	int err;

	mutex_lock(&pools_mutex);
	err = rhashtable_insert_fast(&table, &pool->node, params);
	if (!err) {
		has_passed(making);
		list_add_sorted(pool);
		nr_pools++;
		if (observer)
			observer->added(pool);
	}
	mutex_unlock(&pools_mutex);
	return err;
}

/* Its name is the caller's, and the pool's own if this succeeds. */
static struct mpool *pool_make(struct passing *making,
			       const struct mpool_config *cfg, bool owned,
			       u64 allowance, struct module *owner)
{
	struct mpool *pool = mpool_pool_new(making->name, cfg);
	int err;

	if (IS_ERR(pool))
		return pool;
	pool->owned = owned;
	pool->allowance = allowance;
	if (pool->ctor || pool->reset)
		pool->owner = owner;
	err = publish(pool, making);
	if (err) {
		mpool_pool_end(pool);
		return ERR_PTR(err);
	}
	return pool;
}

static struct mpool *pool_add(const char *name, const struct mpool_config *cfg,
			      bool owned, u64 allowance,
			      struct module *owner)
{
	struct passing making = {};
	struct mpool *pool;
	int err;

	if (!mpool_name_valid(name))
		return ERR_PTR(-EINVAL);
	strscpy(making.name, name, sizeof(making.name));
	err = name_take(&making);
	if (err)
		return ERR_PTR(err);
	/* Who waits for a name has nothing that others may lack. */
	if (allowance)
		err = mpool_allowance_take(allowance);
	pool = ERR_PTR(err);
	if (!err) {
		mpool_hold(MPOOL_HOLD_MAKING);
		pool = pool_make(&making, cfg, owned, allowance, owner);
		if (IS_ERR(pool) && allowance)
			mpool_allowance_put(allowance);
	}
	/* The name is free once nothing is left of the pool. */
	if (IS_ERR(pool))
		name_give_back(&making);
	return pool;
}

/**
 * mpool_registry_add() - make a pool and give it a name
 * @name: the name
 * @cfg: the configuration, or NULL
 * @owned: made by parameter or ioctl: the registry keeps the reference
 *
 * While a pool of the same name is made or ends, this waits for that, killably:
 * -EEXIST is said of a pool that can be found.  Nobody else waits for the making,
 * nor finds the pool before it is whole.
 *
 * Context: process, may sleep.
 * Return: the pool; ERR_PTR(-EINVAL), ERR_PTR(-EEXIST), ERR_PTR(-ENOMEM),
 * ERR_PTR(-ENOSPC); ERR_PTR(-EINTR): a fatal signal came, and nothing is left
 * of the pool.
 */
struct mpool *mpool_registry_add(const char *name,
				 const struct mpool_config *cfg, bool owned)
{
	return pool_add(name, cfg, owned, 0, NULL);
}

/**
 * mpool_registry_add_allowed() - the same, by ioctl without CAP_SYS_ADMIN
 * @name: the name
 * @cfg: the configuration; its max_bytes, not 0, count against the allowance of
 *	all such pools until this one is gone
 *
 * Context: as mpool_registry_add().
 * Return: likewise; ERR_PTR(-EDQUOT): there is not that much left.
 */
struct mpool *mpool_registry_add_allowed(const char *name,
					 const struct mpool_config *cfg)
{
	return pool_add(name, cfg, true, cfg->settings.max_bytes, NULL);
}

/* The last reference is gone; the mutex is held, and let go meanwhile. */
static void pool_remove(struct mpool *pool)
{
	u64 allowance = pool->allowance;
	struct passing ending;

	lockdep_assert_held(&pools_mutex);
	strscpy(ending.name, pool->name, sizeof(ending.name));
	list_del_rcu(&pool->list);
	nr_pools--;
	if (observer)
		observer->removed(pool);
	rhashtable_remove_fast(&table, &pool->node, params);
	list_add(&ending.node, &passings);
	mutex_unlock(&pools_mutex);
	/* Who found it by then may be looking at it still. */
	synchronize_srcu(&pools_srcu);
	mpool_pool_end(pool);
	if (allowance)
		mpool_allowance_put(allowance);
	mutex_lock(&pools_mutex);
	has_passed(&ending);
}

/*
 * A buffer that is left to a pin is no pool's memory any more.  Who could end
 * pools like that, and make others in their place, had no limit.
 */
static bool may_abandon(struct mpool *pool, bool trusted)
{
	return trusted || !pool->allowance || !mpool_pool_pinned(pool);
}

/**
 * mpool_registry_remove() - destroy a pool that parameter or ioctl made
 * @pool: the pool; the caller has a reference, which goes with success.  It may
 *	be one of mpool_registry_get(): such a pool has no callbacks, and holds
 *	no module
 * @trusted: the caller has CAP_SYS_ADMIN
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY while others have references or buffers, also by a pin, if
 * it was made without CAP_SYS_ADMIN and is to be ended so; -EPERM for a pool
 * that a kernel user made.
 */
int mpool_registry_remove(struct mpool *pool, bool trusted)
{
	int err = -EBUSY;

	mutex_lock(&pools_mutex);
	if (!pool->owned) {
		err = -EPERM;
	} else if (refcount_read(&pool->ref) == 2 && mpool_pool_idle(pool) &&
		   may_abandon(pool, trusted)) {
		mpool_hold(MPOOL_HOLD_IDLE);
		/* The caller's; what is left is the registry's own. */
		refcount_dec(&pool->ref);
		if (!refcount_dec_if_one(&pool->ref)) {
			refcount_inc(&pool->ref);
		} else if (!may_abandon(pool, trusted)) {
			/* By who came and went between; nobody comes now. */
			refcount_set(&pool->ref, 2);
		} else {
			pool_remove(pool);
			err = 0;
		}
	}
	mutex_unlock(&pools_mutex);
	return err;
}

/**
 * __mpool_create() - mpool_create(), which says by whom it is called
 * @name: the name
 * @cfg: the configuration, copied; or NULL
 * @owner: the module that has the configuration's callbacks, if it has any
 *
 * Context: process, may sleep.
 * Return: as mpool_create().
 */
struct mpool *__mpool_create(const char *name, const struct mpool_config *cfg,
			     struct module *owner)
{
	might_sleep();
	if (!name)
		return ERR_PTR(-EINVAL);
	return pool_add(name, cfg, false, 0, owner);
}
EXPORT_SYMBOL_NS_GPL(__mpool_create, MPOOL_NS);

/*
 * Not before it is live: were its init function to fail, the module would go
 * whoever had it.
 */
static bool owner_get(struct module *owner)
{
	return !owner || (READ_ONCE(owner->state) == MODULE_STATE_LIVE &&
			  try_module_get(owner));
}

/*
 * The owner is there as long as his pool can be found, and freed after a grace
 * period.  He comes first: a reference without him, for however short a time,
 * could make that which he puts on his way out not the last.
 */
static struct mpool *pool_find(const char *name, bool pin)
{
	char key[MPOOL_NAME_LEN] = {};
	struct mpool *pool;

	if (!name || !mpool_name_valid(name))
		return NULL;
	strscpy(key, name, sizeof(key));
	rcu_read_lock();
	pool = rhashtable_lookup(&table, key, params);
	if (pool && pin && !owner_get(pool->owner))
		pool = NULL;
	if (pool && !refcount_inc_not_zero(&pool->ref)) {
		if (pin)
			module_put(pool->owner);
		pool = NULL;
	}
	rcu_read_unlock();
	return pool;
}

/**
 * mpool_find() - find a pool by name
 * @name: the name
 *
 * The reference holds no module.  Of a pool with a ctor or reset that another
 * module made it has to be put before that module goes: who finds such a pool has
 * its module in use, by a symbol or by try_module_get(), or hears of its end.
 *
 * Context: any but NMI.
 * Return: the pool with a reference, to be given up by mpool_put(), or NULL.
 */
struct mpool *mpool_find(const char *name)
{
	return pool_find(name, false);
}
EXPORT_SYMBOL_NS_GPL(mpool_find, MPOOL_NS);

/**
 * mpool_registry_get() - find a pool for a process
 * @name: the name
 *
 * A process keeps a reference for as long as it likes: in a call, while memory
 * that it names is not to be had, or attached.  So it holds the module whose
 * callbacks the pool has.
 *
 * Context: any but NMI.
 * Return: the pool with a reference, to be given up by mpool_registry_put(); or
 * NULL, also while the module that made it is loading or going.
 */
struct mpool *mpool_registry_get(const char *name)
{
	return pool_find(name, true);
}

/**
 * mpool_registry_put() - give up a reference of mpool_registry_get()
 * @pool: the pool
 *
 * Context: process, may sleep.
 */
void mpool_registry_put(struct mpool *pool)
{
	struct module *owner = pool->owner;

	mpool_put(pool);
	/* Were it the last, the pool's end is over. */
	module_put(owner);
}

/**
 * mpool_put() - give up a reference
 * @pool: the pool, or NULL
 *
 * The last reference ends the pool.  All its buffers have to be back by then;
 * those that are not are reported, and their memory is lost.  When a module goes
 * that made a pool with a ctor or reset, its own reference has to be the last.
 *
 * Context: process, may sleep.
 */
void mpool_put(struct mpool *pool)
{
	might_sleep();
	if (!pool || !refcount_dec_and_mutex_lock(&pool->ref, &pools_mutex))
		return;
	pool_remove(pool);
	mutex_unlock(&pools_mutex);
}
EXPORT_SYMBOL_NS_GPL(mpool_put, MPOOL_NS);

/**
 * mpool_name() - a pool's name
 * @pool: the pool
 *
 * Context: any.
 * Return: the name, valid as long as the caller's reference.
 */
const char *mpool_name(const struct mpool *pool)
{
	return pool->name;
}
EXPORT_SYMBOL_NS_GPL(mpool_name, MPOOL_NS);

/**
 * mpool_registry_count() - how many pools there are
 *
 * Return: a snapshot.
 */
unsigned int mpool_registry_count(void)
{
	return READ_ONCE(nr_pools);
}

/**
 * mpool_registry_visit() - look at all pools, in order of name
 * @visit: called for each, in an SRCU section; may sleep, but not make or end a
 *	pool, nor put one
 * @arg: for @visit
 *
 * Looking takes no reference, so that it never makes a pool busy for who
 * would destroy it, and no lock, so that it waits for nobody who makes or ends
 * one.  A pool that ends meanwhile is there until the section ends: its classes
 * are, while it has neither users nor a name.
 *
 * Context: process, may sleep.
 */
void mpool_registry_visit(void (*visit)(struct mpool *pool, void *arg),
			  void *arg)
{
	struct mpool *pool;
	int section;

	section = srcu_read_lock(&pools_srcu);
	list_for_each_entry_srcu(pool, &pools_list, list,
				 srcu_read_lock_held(&pools_srcu))
		visit(pool, arg);
	srcu_read_unlock(&pools_srcu, section);
}

/**
 * mpool_registry_look() - look at one pool
 * @name: its name
 * @look: called as mpool_registry_visit() says
 * @arg: for @look
 *
 * Context: process, may sleep.
 * Return: what @look returns; -ENOENT: there is no such pool.
 */
int mpool_registry_look(const char *name,
			int (*look)(struct mpool *pool, void *arg), void *arg)
{
	char key[MPOOL_NAME_LEN] = {};
	int ret = -ENOENT, section;
	struct mpool *pool;

	if (!mpool_name_valid(name))
		return ret;
	strscpy(key, name, sizeof(key));
	section = srcu_read_lock(&pools_srcu);
	pool = rhashtable_lookup_fast(&table, key, params);
	if (pool)
		ret = look(pool, arg);
	srcu_read_unlock(&pools_srcu, section);
	return ret;
}

/**
 * mpool_registry_observe() - hear of pools that come and go
 * @who: the one observer, or NULL for none; told of all there are at once
 *
 * Context: process, may sleep.
 */
void mpool_registry_observe(const struct mpool_registry_observer *who)
{
	struct mpool *pool;

	mutex_lock(&pools_mutex);
	observer = who;
	list_for_each_entry(pool, &pools_list, list)
		if (who)
			who->added(pool);
	mutex_unlock(&pools_mutex);
}

/**
 * mpool_registry_init() - before the first pool
 *
 * Return: 0 or -ENOMEM.
 */
int __init mpool_registry_init(void)
{
	return rhashtable_init(&table, &params);
}

/**
 * mpool_registry_exit() - end the pools that are left, and the registry
 *
 * Nobody can be using a pool, or making one: clients hold the module by their
 * open files, kernel users by its symbols.  One that never put its pool is
 * reported.
 *
 * Context: process, may sleep.
 */
void mpool_registry_exit(void)
{
	struct mpool *pool;

	mutex_lock(&pools_mutex);
	while (!list_empty(&pools_list)) {
		pool = list_first_entry(&pools_list, struct mpool, list);
		if (!pool->owned)
			pr_err("%s: never put by the module that created it\n",
			       pool->name);
		pool_remove(pool);
	}
	mutex_unlock(&pools_mutex);
	rhashtable_destroy(&table);
}
