/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What allocating one buffer and allocating many have in common.
 */
#ifndef _MPOOL_ALLOC_H
#define _MPOOL_ALLOC_H

#include <linux/gfp.h>
#include <linux/types.h>

#include "buf.h"
#include "class.h"
#include "pool.h"

/* Where memory lies is the pool's matter, not an allocation's. */
#define MPOOL_GFP_REFUSED	(GFP_ZONEMASK | __GFP_COMP | __GFP_THISNODE)
/* Allocations that need more than a pop. */
#define MPOOL_GFP_SPECIAL	(MPOOL_GFP_REFUSED | __GFP_ZERO)

void *mpool_alloc_slow(struct mpool_class *cls, gfp_t gfp, long timeout,
		       size_t asked, unsigned long caller);
void mpool_free_one(struct mpool_class *cls, void *buf, unsigned long caller);
struct mpool_class *mpool_class_make(struct mpool *pool, unsigned int index,
				     gfp_t gfp);

/* Turns ALLOCATED into FREE, for exactly one of all who try. */
static __always_inline bool mpool_claim_at(unsigned long *at,
					   unsigned long class_tag)
{
	return mpool_claim(at, class_tag, MPOOL_FREE - MPOOL_ALLOCATED);
}

static __always_inline bool mpool_tag_claim(const void *buf, bool paged,
					    unsigned long class_tag)
{
	return mpool_claim_at(mpool_tag_at(buf, paged), class_tag);
}

/* The class that a tag names in @pool, or NULL. */
static __always_inline struct mpool_class *
mpool_tag_class(struct mpool *pool, unsigned long tag)
{
	unsigned long plain = tag ^ pool->cookie;

	if (unlikely(plain >= pool->tag_limit))
		return NULL;
	return mpool_pool_peek(pool, plain >> MPOOL_TAG_CLASS_SHIFT);
}

/* The class for a size, made if the caller may make it, asked for otherwise. */
static __always_inline struct mpool_class *
mpool_size_class(struct mpool *pool, size_t size, gfp_t gfp)
{
	unsigned int index = mpool_pool_index(pool, size);
	struct mpool_class *cls = mpool_pool_peek(pool, index);

	return likely(cls) ? cls : mpool_class_make(pool, index, gfp);
}

#endif /* _MPOOL_ALLOC_H */
