/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hit path does when somebody traces it: out of line, and called in
 * tail position, so that the path itself keeps its registers and pays a nop.
 */
#ifndef _MPOOL_TRACED_H
#define _MPOOL_TRACED_H

#include <linux/gfp.h>
#include <linux/types.h>

struct mpool_class;

void *mpool_traced_alloc(struct mpool_class *cls, void *buf, size_t asked,
			 gfp_t gfp, unsigned long caller);
void mpool_traced_bulk(struct mpool_class *cls, unsigned int nr, void **bufs,
		       size_t asked, gfp_t gfp, unsigned long caller);

#endif /* _MPOOL_TRACED_H */
