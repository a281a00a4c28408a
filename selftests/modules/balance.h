/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does a class that is quiet add up, with nothing out?
 */
#ifndef _MPOOL_SELFTESTS_BALANCE_H
#define _MPOOL_SELFTESTS_BALANCE_H

#include <linux/delay.h>
#include <linux/mpool.h>
#include <linux/printk.h>

static inline u64 balance_free(const struct mpool_class_stats *st)
{
	return st->free_cpu + st->free_depot + st->clean + st->dirty +
	       st->reserve;
}

static inline bool balance_quiet(const struct mpool_class_stats *st)
{
	return st->allocs == st->frees && !st->bad_frees && !st->allocated &&
	       st->backed == balance_free(st);
}

/* Sleeps. A class that was never made is balanced. */
static inline bool balance_class(struct mpool *pool, u32 size)
{
	struct mpool_class_stats st;
	unsigned int i;

	/* A cleanup may be under way, with buffers in its hands. */
	for (i = 0; i < 100; i++) {
		if (mpool_class_get_stats(pool, size, &st) ||
		    balance_quiet(&st))
			return true;
		msleep(20);
	}
	pr_err("class of %u out of balance: %llu allocs, %llu frees, %llu bad, %llu out, %llu backed, %llu free\n",
	       size, st.allocs, st.frees, st.bad_frees, st.allocated,
	       st.backed, balance_free(&st));
	return false;
}

#endif /* _MPOOL_SELFTESTS_BALANCE_H */
