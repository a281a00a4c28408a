// SPDX-License-Identifier: GPL-2.0
/* Who is measured by the memory that he takes, not by time. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../../../mpool/compat/page_pool.h"
#include "taker.h"

static const char * const names[] = {
	[TAKER_MPOOL] = "mpool",
	[TAKER_KMEM_CACHE] = "kmem_cache",
	[TAKER_KMALLOC] = "kmalloc",
	[TAKER_MEMPOOL] = "mempool",
	[TAKER_ALLOC_PAGES] = "alloc_pages",
	[TAKER_PAGE_POOL] = "page_pool",
};

/**
 * taker_can() - does one have buffers of a size
 * @kind: who
 * @size: bytes
 *
 * Return: whether he does.
 */
bool taker_can(enum taker_kind kind, unsigned int size)
{
	switch (kind) {
	case TAKER_ALLOC_PAGES:
		return size >= PAGE_SIZE;
	case TAKER_PAGE_POOL:
		return size >= PAGE_SIZE && IS_ENABLED(CONFIG_PAGE_POOL);
	default:
		return true;
	}
}

/* As its users make one: with a ring of the length that is usual. */
static struct page_pool *pages_make(unsigned int size)
{
	const struct page_pool_params params = {
		.order = get_order(size),
		.nid = NUMA_NO_NODE,
	};

	return IS_ENABLED(CONFIG_PAGE_POOL) ? page_pool_create(&params) : NULL;
}

/**
 * taker_make() - bring one into being
 * @t: the taker
 * @kind: who
 * @size: bytes of a buffer
 * @cfg: of an mpool
 *
 * Return: 0 or an error, with nothing made.
 */
int taker_make(struct taker *t, enum taker_kind kind, unsigned int size,
	       const struct mpool_config *cfg)
{
	*t = (struct taker) { .kind = kind, .name = names[kind], .size = size };
	switch (kind) {
	case TAKER_MPOOL:
		t->pool = mpool_create("bench", cfg);
		return PTR_ERR_OR_ZERO(t->pool);
	case TAKER_KMEM_CACHE:
	case TAKER_MEMPOOL:
		t->cache = kmem_cache_create("mpool_bench", size, 0, 0, NULL);
		if (!t->cache)
			return -ENOMEM;
		if (kind == TAKER_KMEM_CACHE)
			return 0;
		t->reserve = mempool_create_slab_pool(1, t->cache);
		if (t->reserve)
			return 0;
		kmem_cache_destroy(t->cache);
		return -ENOMEM;
	case TAKER_PAGE_POOL:
		t->pages = pages_make(size);
		return PTR_ERR_OR_ZERO(t->pages);
	default:
		return 0;
	}
}

/**
 * taker_end() - the end of one
 * @t: the taker, with all buffers back
 */
void taker_end(struct taker *t)
{
	if (t->pool)
		mpool_put(t->pool);
	mempool_destroy(t->reserve);
	kmem_cache_destroy(t->cache);
	if (t->pages)
		page_pool_destroy(t->pages);
}

/**
 * taker_alloc() - one buffer
 * @t: the taker
 *
 * Return: it, or the first of its pages' descriptors, for taker_free(); or NULL.
 */
void *taker_alloc(struct taker *t)
{
	switch (t->kind) {
	case TAKER_MPOOL:
		return mpool_alloc(t->pool, t->size, GFP_KERNEL);
	case TAKER_KMEM_CACHE:
		return kmem_cache_alloc(t->cache, GFP_KERNEL);
	case TAKER_KMALLOC:
		return kmalloc(t->size, GFP_KERNEL);
	case TAKER_MEMPOOL:
		return mempool_alloc(t->reserve, GFP_KERNEL);
	case TAKER_ALLOC_PAGES:
		return alloc_pages(GFP_KERNEL, get_order(t->size));
	case TAKER_PAGE_POOL:
		return page_pool_alloc_pages(t->pages, GFP_KERNEL);
	default:
		return NULL;
	}
}

/**
 * taker_free() - give one back
 * @t: the taker
 * @p: what taker_alloc() gave
 */
void taker_free(struct taker *t, void *p)
{
	switch (t->kind) {
	case TAKER_MPOOL:
		mpool_free(t->pool, p);
		break;
	case TAKER_KMEM_CACHE:
		kmem_cache_free(t->cache, p);
		break;
	case TAKER_KMALLOC:
		kfree(p);
		break;
	case TAKER_MEMPOOL:
		mempool_free(p, t->reserve);
		break;
	case TAKER_ALLOC_PAGES:
		__free_pages(p, get_order(t->size));
		break;
	case TAKER_PAGE_POOL:
		page_pool_put_full_page(t->pages, p, false);
		break;
	default:
		break;
	}
}
