// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that somebody is charged for.
 *
 * Modules can charge a memory cgroup in one way: by allocating for it.  So what
 * a client leases is made for its cgroup, and stays that cgroup's until it goes
 * back to the system: no idle buffer is handed to a client of another cgroup,
 * or to the kernel.  Whoever needs its place in the class has it replaced.
 *
 * The charge that a limit refuses fails the allocation, and kills nobody: all
 * of this is allocated with __GFP_NORETRY (try_charge_memcg()).  Descriptors
 * and magazines are nobody's: they are less than 2 % of it.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "class.h"
#include "compat/memcg.h"
#include "payer.h"
#include "pool.h"
#include "shelf.h"

/**
 * mpool_payer_new() - who pays for what the calling task leases
 * @pool: in which pool
 * @payer: where to; NULL when it is nobody
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_payer_new(const struct mpool *pool, struct mpool_payer **payer)
{
	struct mem_cgroup *memcg = mpool_memcg_get();
	struct mpool_payer *p;

	*payer = NULL;
	if (!memcg)
		return 0;
	p = kzalloc(struct_size(p, shelves, pool->nr_classes),
		    GFP_KERNEL_ACCOUNT);
	if (!p) {
		mem_cgroup_put(memcg);
		return -ENOMEM;
	}
	p->memcg = memcg;
	p->nr = pool->nr_classes;
	refcount_set(&p->ref, 1);
	INIT_LIST_HEAD(&p->node);
	*payer = p;
	return 0;
}

/**
 * mpool_payer_put() - give up a reference; with the last one it ends
 * @payer: a payer, or NULL
 *
 * Context: any with interrupts on.
 */
void mpool_payer_put(struct mpool_payer *payer)
{
	unsigned int i;

	if (!payer || !refcount_dec_and_test(&payer->ref))
		return;
	for (i = 0; i < payer->nr; i++)
		kfree(payer->shelves[i]);
	mem_cgroup_put(payer->memcg);
	kfree(payer);
}

/**
 * mpool_payer_grow() - make buffers that somebody is charged for
 * @payer: who, with a shelf in the class; or NULL
 * @cls: a class of pages
 * @gfp: how to allocate
 * @nr: how many at most
 * @bufs: where to
 *
 * Context: process, as @gfp says.
 * Return: as mpool_class_grow(); -ENOMEM also when the cgroup's limit refuses.
 */
int mpool_payer_grow(struct mpool_payer *payer, struct mpool_class *cls,
		     gfp_t gfp, unsigned int nr, void **bufs)
{
	struct mem_cgroup *old;
	int got;

	if (!payer)
		return mpool_class_grow(cls, gfp, nr, bufs);
	old = set_active_memcg(payer->memcg);
	got = mpool_class_grow(cls, gfp | __GFP_ACCOUNT | __GFP_NORETRY, nr,
			       bufs);
	set_active_memcg(old);
	if (got > 0)
		atomic_add(got, &mpool_shelf(cls, payer)->backed);
	return got;
}

/**
 * mpool_payer_replace() - have one's own buffer in place of another's
 * @payer: who is charged for it, with a shelf in the class; or NULL
 * @cls: a class of pages
 * @gfp: how to allocate
 * @buf: MPOOL_FREE and the caller's; goes to the system, whatever comes of it
 *
 * The place below all limits passes from one to the other, and nobody can have
 * it meanwhile.
 *
 * Context: process, as @gfp says.
 * Return: a buffer as mpool_class_grow() makes them, or NULL: no memory.
 */
void *mpool_payer_replace(struct mpool_payer *payer, struct mpool_class *cls,
			  gfp_t gfp, void *buf)
{
	struct mem_cgroup *old;

	if (!payer)
		return mpool_class_replace(cls, gfp, buf);
	old = set_active_memcg(payer->memcg);
	buf = mpool_class_replace(cls, gfp | __GFP_ACCOUNT | __GFP_NORETRY,
				  buf);
	set_active_memcg(old);
	if (buf)
		atomic_inc(&mpool_shelf(cls, payer)->backed);
	return buf;
}

/**
 * mpool_payer_target() - where a lease that finds nothing should take a class
 * @payer: who is charged, with a shelf in the class; or NULL
 * @cls: a class of pages
 *
 * By growth_percent of what the payer itself has there: others' use is no
 * reason to charge it for more.
 *
 * Context: any.
 * Return: how many the payer should have; the whole class with NULL.
 */
unsigned int mpool_payer_target(const struct mpool_payer *payer,
				const struct mpool_class *cls)
{
	u64 growth = READ_ONCE(cls->pool->settings.growth_percent);
	u64 has;

	if (!payer)
		return mpool_class_target(cls);
	has = atomic_read(&payer->shelves[cls->index]->backed);
	return min_t(u64, div_u64(has * growth, 100), INT_MAX);
}
