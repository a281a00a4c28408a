/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mempool_alloc_bulk() and mempool_free_bulk() came with Linux 6.19; before
 * them there is a call for one element alone.
 */
#ifndef _MPOOL_COMPAT_MEMPOOL_H
#define _MPOOL_COMPAT_MEMPOOL_H

#include <linux/mempool.h>
#include <linux/types.h>

/* All or nothing: without a call for many, as many calls. */
static inline bool mpool_mempool_get(mempool_t *pool, gfp_t gfp,
				     unsigned int nr, void **elems)
{
	unsigned int i;

#ifdef mempool_alloc_bulk
	/* More than it reserves is no use of it. */
	if (nr <= pool->min_nr && gfpflags_allow_blocking(gfp))
		return !mempool_alloc_bulk(pool, elems, nr);
#endif
	for (i = 0; i < nr; i++) {
		elems[i] = mempool_alloc(pool, gfp);
		if (!elems[i])
			break;
	}
	if (i == nr)
		return true;
	while (i)
		mempool_free(elems[--i], pool);
	return false;
}

static inline void mpool_mempool_put(mempool_t *pool, unsigned int nr,
				     void **elems)
{
	unsigned int i = 0;

#ifdef mempool_alloc_bulk
	/* What the reserve does not want is the caller's to free. */
	i = mempool_free_bulk(pool, elems, nr);
#endif
	for (; i < nr; i++)
		mempool_free(elems[i], pool);
}

#endif /* _MPOOL_COMPAT_MEMPOOL_H */
