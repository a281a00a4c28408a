// SPDX-License-Identifier: GPL-2.0
/*
 * The memory cgroups that a pool's clients are in.
 *
 * A client's is that of the task that attached it, for as long as the file is
 * open: as with sockets and io_uring, whoever has the file later, or moves the
 * task, does not move the charge.  A payer stands for one cgroup in one pool
 * while it has clients there.
 */
#include <linux/list.h>
#include <linux/mutex.h>

#include "class.h"
#include "payer.h"
#include "payers.h"
#include "pool.h"
#include "recall.h"

/**
 * mpool_payers_join() - a payer has a client more
 * @pool: the pool; its clients_lock is held
 * @payer: of mpool_payer_new(), or NULL; put if its cgroup has one already
 *
 * Context: process.
 * Return: who it is, for mpool_payers_leave().
 */
struct mpool_payer *mpool_payers_join(struct mpool *pool,
				      struct mpool_payer *payer)
{
	struct mpool_payer *p;

	lockdep_assert_held(&pool->clients_lock);
	if (!payer)
		return NULL;
	list_for_each_entry(p, &pool->payers, node) {
		if (p->memcg == payer->memcg) {
			mpool_payer_put(payer);
			p->clients++;
			return p;
		}
	}
	payer->clients = 1;
	list_add_tail(&payer->node, &pool->payers);
	return payer;
}

/* What lies idle for a payer, in all classes. */
static void each_shelf(struct mpool *pool, struct mpool_payer *payer,
		       void (*fn)(struct mpool_class *cls,
				  struct mpool_shelf *shelf))
{
	struct mpool_class *cls;
	struct mpool_shelf *shelf;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		shelf = cls ? mpool_shelf(cls, payer) : NULL;
		if (shelf)
			fn(cls, shelf);
	}
}

/**
 * mpool_payers_leave() - a payer has a client less
 * @pool: the pool
 * @payer: of mpool_payers_join()
 *
 * With its last client a payer's idle buffers go to the system, so that no
 * cgroup that was removed stays for their sake.
 *
 * Context: process, may sleep; takes the pool's clients_lock.
 */
void mpool_payers_leave(struct mpool *pool, struct mpool_payer *payer)
{
	bool last;

	if (!payer)
		return;
	mutex_lock(&pool->clients_lock);
	last = !--payer->clients;
	if (last)
		list_del_init(&payer->node);
	mutex_unlock(&pool->clients_lock);
	if (!last)
		return;
	each_shelf(pool, payer, mpool_shelf_close);
	mpool_payer_put(payer);
}

/**
 * mpool_payers_yield() - make room below a cgroup's limit
 * @pool: the pool
 * @payer: a payer whose cgroup refused a charge
 *
 * No shrinker is called for this: what is idle for the payer in the pool, kept
 * by its clients or on its shelves, goes to the system.
 *
 * Context: process, sleeps; as for mpool_recall().
 */
void mpool_payers_yield(struct mpool *pool, struct mpool_payer *payer)
{
	mpool_recall_payer(pool, payer);
	each_shelf(pool, payer, mpool_shelf_clear);
}
