// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of misuse: one line each, rate-limited, without a stack of our own,
 * since the caller's address says where to look.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mpool.h>
#include <linux/printk.h>

#include "buf.h"
#include "class.h"
#include "pool.h"
#include "report.h"

static const char *state_says(unsigned int state)
{
	switch (state) {
	case MPOOL_FREE:
		return "double free";
	case MPOOL_ALLOCATED:
		return "free with another class";
	case MPOOL_LEASED:
		return "free of a leased buffer";
	case MPOOL_QUARANTINED:
		return "free of a quarantined buffer";
	default:
		return "free of a corrupted buffer";
	}
}

/**
 * mpool_report_bad_free() - say why a free was refused, and count it
 * @pool: the pool it was meant for
 * @cls: the class, or NULL when the pointer was to tell it
 * @buf: the pointer; any value
 * @caller: who called
 *
 * Context: any but NMI.
 */
void mpool_report_bad_free(struct mpool *pool, struct mpool_class *cls,
			   const void *buf, unsigned long caller)
{
	const char *what = "free of a foreign pointer";
	unsigned long plain, tag = mpool_tag_read(buf);
	unsigned int index;

	if (tag) {
		plain = tag ^ pool->cookie;
		index = plain >> MPOOL_TAG_CLASS_SHIFT & MPOOL_TAG_CLASS_MASK;
		if (!(plain >> MPOOL_TAG_COOKIE_SHIFT) &&
		    index < pool->nr_classes) {
			what = state_says(plain & MPOOL_TAG_STATE);
			cls = cls ?: mpool_pool_peek(pool, index);
		}
	}
	if (cls)
		atomic64_inc(&cls->bad_frees);
	else
		atomic64_inc(&pool->bad_frees);
	pr_err_ratelimited("%s: %s %p refused, by %pS\n", pool->name, what, buf,
			   (void *)caller);
}
