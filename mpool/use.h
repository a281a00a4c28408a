/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of a pool is in use: watermarks, and the recent peak that an
 * adaptive pool goes by.
 */
#ifndef _MPOOL_USE_H
#define _MPOOL_USE_H

#include <linux/compiler.h>

#include "class.h"

struct mpool;
struct mpool_pool_config;

/* Why somebody has to know of use, in mpool_class.watch. */
#define MPOOL_WATCH_PEAK	1U
#define MPOOL_WATCH_MARKS	2U

void mpool_use_init(struct mpool *pool);
void mpool_use_exit(struct mpool *pool);
void mpool_use_watch(struct mpool *pool, const struct mpool_pool_config *set);
unsigned int mpool_use_flags(const struct mpool_pool_config *set);
unsigned int mpool_use_now(const struct mpool_class *cls);
void mpool_use_look(struct mpool_class *cls, unsigned int more);
void mpool_watermark_check(struct mpool *pool);

/*
 * Use of a class rose or fell.  Called where buffers pass a depot, the backing
 * or a client, and never on a hit.  @more can be in use before the next call:
 * those that a CPU has fetched.  Any context but NMI.
 */
static inline void mpool_use_rises(struct mpool_class *cls, unsigned int more)
{
	if (unlikely(READ_ONCE(cls->watch)))
		mpool_use_look(cls, more);
}

static inline void mpool_use_changed(struct mpool_class *cls)
{
	mpool_use_rises(cls, 0);
}

#endif /* _MPOOL_USE_H */
