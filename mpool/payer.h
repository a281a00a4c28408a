/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is charged for leased memory: a memory cgroup, in one pool.
 *
 * NULL stands for nobody: clients in the root cgroup, and kernel users.
 */
#ifndef _MPOOL_PAYER_H
#define _MPOOL_PAYER_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct mem_cgroup;
struct mpool;
struct mpool_class;
struct mpool_shelf;

/**
 * struct mpool_payer - a memory cgroup whose tasks have clients of a pool
 * @memcg: the cgroup, with a reference; constant
 * @ref: the clients together are one, a worker with something in hand is one
 * @nr: entries of @shelves
 * @clients: how many; pool's clients_lock
 * @node: among the pool's payers; pool's clients_lock
 * @shelves: its idle buffers, by class index; NULL until its first lease in
 *	the class, then constant (release, acquire)
 */
struct mpool_payer {
	struct mem_cgroup *memcg;
	refcount_t ref;
	unsigned int nr;
	unsigned int clients;
	struct list_head node;
	struct mpool_shelf *shelves[];
};

int mpool_payer_new(const struct mpool *pool, struct mpool_payer **payer);
void mpool_payer_put(struct mpool_payer *payer);
int mpool_payer_grow(struct mpool_payer *payer, struct mpool_class *cls,
		     gfp_t gfp, unsigned int nr, void **bufs);
void *mpool_payer_replace(struct mpool_payer *payer, struct mpool_class *cls,
			  gfp_t gfp, void *buf);
unsigned int mpool_payer_target(const struct mpool_payer *payer,
				const struct mpool_class *cls);

static inline void mpool_payer_hold(struct mpool_payer *payer)
{
	if (payer)
		refcount_inc(&payer->ref);
}

#endif /* _MPOOL_PAYER_H */
