/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is measured by the memory that he takes, not by time.
 */
#ifndef _BENCH_TAKER_H
#define _BENCH_TAKER_H

#include <linux/mempool.h>
#include <linux/mpool.h>
#include <linux/types.h>

struct page_pool;

enum taker_kind {
	TAKER_MPOOL,
	TAKER_KMEM_CACHE,
	TAKER_KMALLOC,
	TAKER_MEMPOOL,
	TAKER_ALLOC_PAGES,
	TAKER_PAGE_POOL,
	TAKERS,
};

/**
 * struct taker - one of them
 * @kind: which
 * @name: the subject
 * @size: bytes of a buffer
 * @pool: of an mpool
 * @cache: of a kmem_cache, and of a mempool_t
 * @reserve: of a mempool_t
 * @pages: of a page_pool
 */
struct taker {
	enum taker_kind kind;
	const char *name;
	unsigned int size;
	struct mpool *pool;
	struct kmem_cache *cache;
	mempool_t *reserve;
	struct page_pool *pages;
};

bool taker_can(enum taker_kind kind, unsigned int size);
int taker_make(struct taker *t, enum taker_kind kind, unsigned int size,
	       const struct mpool_config *cfg);
void taker_end(struct taker *t);
void *taker_alloc(struct taker *t);
void taker_free(struct taker *t, void *p);

#endif /* _BENCH_TAKER_H */
