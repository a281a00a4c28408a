/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a class gets its memory: behind one small table of operations.
 */
#ifndef _MPOOL_BACKING_H
#define _MPOOL_BACKING_H

#include <linux/gfp.h>
#include <linux/types.h>

struct mpool_class;

/* What is asked of a buffer's own memory, and of nothing that goes with it. */
#define MPOOL_GFP_PAGES	(__GFP_ZERO | __GFP_THISNODE | __GFP_ACCOUNT)

/**
 * struct mpool_backing_ops - one kind of backing
 * @init: makes what the class needs before the first buffer; may sleep
 * @exit: undoes @init, when no buffer is left
 * @alloc: makes up to @nr buffers with MPOOL_FREE tags, returns how many; in
 *	atomic context @nr is 1 and @gfp says so
 * @free: gives buffers back to the system; any context with interrupts on or
 *	off
 * @payload: bytes the system holds for a buffer, for max_bytes
 * @tidy: after many were given back: has the system have their memory; may
 *	sleep; or NULL
 */
struct mpool_backing_ops {
	int (*init)(struct mpool_class *cls);
	void (*exit)(struct mpool_class *cls);
	unsigned int (*alloc)(struct mpool_class *cls, gfp_t gfp, int node,
			      unsigned int nr, void **bufs);
	void (*free)(struct mpool_class *cls, unsigned int nr,
		     void **bufs);
	size_t (*payload)(const struct mpool_class *cls);
	void (*tidy)(struct mpool_class *cls);
};

extern const struct mpool_backing_ops mpool_backing_slab;
extern const struct mpool_backing_ops mpool_backing_page;

int mpool_backing_page_init(void);
void mpool_backing_page_exit(void);

#endif /* _MPOOL_BACKING_H */
