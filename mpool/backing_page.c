// SPDX-License-Identifier: GPL-2.0
/*
 * Classes of whole pages: physically contiguous, with a descriptor each.
 *
 * Powers of two of pages are one compound page: a single count says whether
 * anything reaches it, and it can be mapped by one entry.  Other multiples
 * are split pages, each with a count of its own.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "backing.h"
#include "class.h"
#include "node.h"
#include "pages.h"
#include "record.h"

unsigned long mpool_private_bias __ro_after_init;

/* Descriptors of all classes and pools. */
static struct kmem_cache *desc_cache;
/* The same with a record behind, for debugged pools. */
static struct kmem_cache *debug_cache;

static struct kmem_cache *cache_of(const struct mpool_class *cls)
{
	return cls->records ? debug_cache : desc_cache;
}

static unsigned int page_count_of(const struct mpool_class *cls)
{
	return cls->size >> PAGE_SHIFT;
}

static size_t page_payload(const struct mpool_class *cls)
{
	return cls->size;
}

static int page_init(struct mpool_class *cls)
{
	unsigned int nr = page_count_of(cls);

	cls->order = is_power_of_2(nr) ? ilog2(nr) : -1;
	return 0;
}

static struct page *page_alloc_split(unsigned int nr, gfp_t gfp, int node)
{
	unsigned int order = get_order(nr << PAGE_SHIFT);
	struct page *page = alloc_pages_node(node, gfp, order);
	unsigned int i;

	if (!page)
		return NULL;
	split_page(page, order);
	for (i = nr; i < 1U << order; i++)
		__free_page(page + i);
	return page;
}

static struct page *page_alloc(const struct mpool_class *cls, gfp_t gfp,
			       int node)
{
	if (cls->order < 0)
		return page_alloc_split(page_count_of(cls), gfp, node);
	if (cls->order)
		gfp |= __GFP_COMP;
	return alloc_pages_node(node, gfp, cls->order);
}

static void *page_make(struct mpool_class *cls, gfp_t gfp, int node)
{
	struct mpool_desc *desc;

	desc = mpool_node_kmem(cache_of(cls),
			       gfp & ~(__GFP_ZERO | __GFP_ACCOUNT), node);
	if (!desc)
		return NULL;
	desc->page = page_alloc(cls, gfp, node);
	if (!desc->page) {
		kmem_cache_free(cache_of(cls), desc);
		return NULL;
	}
	desc->addr = page_address(desc->page);
	desc->cls = cls;
	/* What the system left in it is not for a client to read. */
	desc->owner = gfp & __GFP_ZERO ? MPOOL_OWNER_CLEAN : MPOOL_OWNER_KERNEL;
	desc->polls = 0;
	INIT_LIST_HEAD(&desc->node);
	desc->next = NULL;
	desc->page->lru.prev = (struct list_head *)desc;
	/* A fault maps a folio whole whose index fits its file; not its last user's. */
	page_folio(desc->page)->index = 0;
	mpool_desc_set(desc, cls->tag, MPOOL_FREE);
	return desc->addr;
}

static unsigned int page_alloc_bulk(struct mpool_class *cls, gfp_t gfp,
				    int node, unsigned int nr,
				    void **bufs)
{
	unsigned int got;

	for (got = 0; got < nr; got++) {
		bufs[got] = page_make(cls, gfp, node);
		if (!bufs[got])
			break;
	}
	return got;
}

static void page_free_bulk(struct mpool_class *cls, unsigned int nr,
			   void **bufs)
{
	unsigned int i, p;

	for (i = 0; i < nr; i++) {
		struct mpool_desc *desc = mpool_desc(bufs[i]);

		/* A stale pointer must not find its old tag. */
		set_page_private(desc->page, 0);
		if (cls->order >= 0) {
			__free_pages(desc->page, cls->order);
		} else {
			for (p = 0; p < page_count_of(cls); p++)
				__free_page(desc->page + p);
		}
		kmem_cache_free(cache_of(cls), desc);
	}
}

/**
 * mpool_pages_pinned() - does anything but the pool reach a buffer's pages
 * @desc: a buffer of pages, mapped nowhere any more
 *
 * A momentary reference of somebody who scans pages reads as a pin too: true
 * is "later", never a fault.
 *
 * Context: any.
 * Return: true while a page's count is above the pool's own.
 */
bool mpool_pages_pinned(const struct mpool_desc *desc)
{
	unsigned int i, nr;

	if (desc->cls->order >= 0)
		return page_count(desc->page) != 1;
	nr = page_count_of(desc->cls);
	for (i = 0; i < nr; i++)
		if (page_count(desc->page + i) != 1)
			return true;
	return false;
}

const struct mpool_backing_ops mpool_backing_page = {
	.init = page_init,
	.alloc = page_alloc_bulk,
	.free = page_free_bulk,
	.payload = page_payload,
};

/**
 * mpool_backing_page_init() - once, before the first class of pages
 *
 * Return: 0 or -ENOMEM.
 */
int __init mpool_backing_page_init(void)
{
	mpool_private_bias = mpool_private_bias_init();
	desc_cache = KMEM_CACHE(mpool_desc, 0);
	debug_cache = kmem_cache_create("mpool_desc_debug",
					sizeof(struct mpool_desc) +
					sizeof(struct mpool_record),
					__alignof__(struct mpool_record), 0,
					NULL);
	if (desc_cache && debug_cache)
		return 0;
	mpool_backing_page_exit();
	return -ENOMEM;
}

/**
 * mpool_backing_page_exit() - after the last class of pages
 */
void mpool_backing_page_exit(void)
{
	kmem_cache_destroy(debug_cache);
	kmem_cache_destroy(desc_cache);
}
