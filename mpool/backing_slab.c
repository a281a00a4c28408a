// SPDX-License-Identifier: GPL-2.0
/*
 * Classes below a page: a kmem_cache whose objects are a header and the
 * payload, and behind that a record where the pool is debugged.
 */
#include <linux/mpool.h>
#include <linux/slab.h>

#include "class.h"
#include "node.h"
#include "pool.h"
#include "record.h"

/*
 * With objects at multiples of 32 a payload stands 16 above one, and never
 * begins a page: that tells a small buffer from one of pages.
 */
#define SLAB_ALIGN	32

static size_t slab_payload(const struct mpool_class *cls)
{
	return ALIGN(sizeof(struct mpool_head) + cls->size +
		     mpool_record_space(cls), SLAB_ALIGN);
}

static int slab_init(struct mpool_class *cls)
{
	cls->cache_name = kasprintf(GFP_KERNEL, "mpool-%s-%u", cls->pool->name,
				    cls->size);
	if (!cls->cache_name)
		return -ENOMEM;
	/* All of the payload may be copied to and from user memory. */
	cls->cache = kmem_cache_create_usercopy(cls->cache_name,
						slab_payload(cls), SLAB_ALIGN,
						0, sizeof(struct mpool_head),
						cls->size, NULL);
	return cls->cache ? 0 : -ENOMEM;
}

static void slab_exit(struct mpool_class *cls)
{
	kmem_cache_destroy(cls->cache);
}

static void *slab_mark(struct mpool_class *cls, struct mpool_head *head)
{
	head->tag = mpool_tag(cls->tag, MPOOL_FREE);
	head->next = NULL;
	return head + 1;
}

static unsigned int slab_alloc(struct mpool_class *cls, gfp_t gfp, int node,
			       unsigned int nr, void **bufs)
{
	unsigned int i, got = 0;

	/*
	 * Bulk needs interrupts on, and knows no node.  It is all or nothing,
	 * and says so by a count or, on later kernels, by a bool.
	 */
	if (nr > 1 && node == NUMA_NO_NODE && gfpflags_allow_blocking(gfp) &&
	    kmem_cache_alloc_bulk(cls->cache, gfp, nr, bufs))
		got = nr;
	while (got < nr) {
		bufs[got] = mpool_node_kmem(cls->cache, gfp, node);
		if (!bufs[got])
			break;
		got++;
	}
	for (i = 0; i < got; i++)
		bufs[i] = slab_mark(cls, bufs[i]);
	return got;
}

static void slab_free(struct mpool_class *cls, unsigned int nr, void **bufs)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct mpool_head *head = mpool_head(bufs[i]);

		/* A stale pointer must not find its old tag. */
		WRITE_ONCE(head->tag, 0);
		kmem_cache_free(cls->cache, head);
	}
}

/* SLUB keeps some empty slabs of each cache for what may come next. */
static void slab_tidy(struct mpool_class *cls)
{
	kmem_cache_shrink(cls->cache);
}

const struct mpool_backing_ops mpool_backing_slab = {
	.tidy = slab_tidy,
	.init = slab_init,
	.exit = slab_exit,
	.alloc = slab_alloc,
	.free = slab_free,
	.payload = slab_payload,
};
