/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debugged pools: poison, red zones, and records of who had a buffer.
 *
 * Their classes have no magazines, so that every allocation and free comes by
 * the slow path, and is looked at there; the hit path knows nothing of it.
 * Where no pool is debugged, the slow path has a nop for each hook.
 */
#ifndef _MPOOL_DEBUG_H
#define _MPOOL_DEBUG_H

#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/types.h>

#include "class.h"

DECLARE_STATIC_KEY_FALSE(mpool_debug_key);

int mpool_debug_begin(struct mpool *pool);
void mpool_debug_end(struct mpool *pool);
void mpool_debug_new(struct mpool_class *cls, void *buf);
void mpool_debug_alloc(struct mpool_class *cls, void *buf, size_t asked,
		       gfp_t gfp, unsigned long caller);
void mpool_debug_free(struct mpool_class *cls, void *buf, unsigned long caller);
void mpool_debug_leave(struct mpool_class *cls, void *buf);

/* Is some pool debugged? */
static __always_inline bool mpool_debug_any(void)
{
	return static_branch_unlikely(&mpool_debug_key);
}

/* Is this class debugged? */
static __always_inline bool mpool_debugs(const struct mpool_class *cls)
{
	return mpool_debug_any() && cls->records;
}

#endif /* _MPOOL_DEBUG_H */
