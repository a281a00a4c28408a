// SPDX-License-Identifier: GPL-2.0
/*
 * What was left to pins when pools ended.
 *
 * The pages are somebody else's by then: with the last pin they go to the
 * system, nobody is told, and whoever has them next may use all of struct page.
 * So nothing here leads to them, and an entry says what was, not what is.  A
 * reference of our own would tell, but keep the memory beyond the pin, and the
 * module beyond its unloading.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/timekeeping.h>

#include "abandoned.h"

static DEFINE_MUTEX(lock);
/* All guarded by it; the oldest entry makes room for the next one. */
static struct mpool_abandoned kept[MPOOL_ABANDONED_KEPT];
static struct mpool_abandoned_total total;

/**
 * mpool_abandoned_add() - remember buffers that the pool has let go of
 * @entry: what they were; the time is filled in
 *
 * Context: process, may sleep.
 */
void mpool_abandoned_add(struct mpool_abandoned *entry)
{
	entry->when = ktime_get_boottime_seconds();
	mutex_lock(&lock);
	kept[total.entries % MPOOL_ABANDONED_KEPT] = *entry;
	total.entries++;
	total.buffers += entry->nr;
	total.bytes += (u64)entry->nr * entry->size;
	mutex_unlock(&lock);
}

/**
 * mpool_abandoned_get() - what is remembered, of one moment
 * @entries: where to, the oldest first, MPOOL_ABANDONED_KEPT of them; or NULL
 * @sum: of all there ever were
 *
 * Context: process, may sleep.
 * Return: how many entries.
 */
unsigned int mpool_abandoned_get(struct mpool_abandoned *entries,
				 struct mpool_abandoned_total *sum)
{
	unsigned int nr, i;

	mutex_lock(&lock);
	*sum = total;
	nr = min_t(u64, total.entries, MPOOL_ABANDONED_KEPT);
	for (i = 0; entries && i < nr; i++)
		entries[i] = kept[(total.entries - nr + i) %
				  MPOOL_ABANDONED_KEPT];
	mutex_unlock(&lock);
	return nr;
}
