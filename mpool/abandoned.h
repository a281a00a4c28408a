/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was left to pins when pools ended.
 */
#ifndef _MPOOL_ABANDONED_H
#define _MPOOL_ABANDONED_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include <uapi/linux/mpool.h>

/* Entries that are kept; the totals are of all. */
#define MPOOL_ABANDONED_KEPT	64

/**
 * struct mpool_abandoned - buffers of one class and user
 * @pool: the pool's name; it is gone, and another one may have the name
 * @size: bytes of each
 * @nr: how many
 * @uid: whose locked memory they were; invalid: nobody's
 * @when: seconds since boot
 */
struct mpool_abandoned {
	char pool[MPOOL_NAME_LEN];
	size_t size;
	unsigned int nr;
	kuid_t uid;
	time64_t when;
};

/**
 * struct mpool_abandoned_total - since the module was loaded
 * @entries: entries there were
 * @buffers: buffers in them
 * @bytes: bytes of these
 */
struct mpool_abandoned_total {
	u64 entries;
	u64 buffers;
	u64 bytes;
};

void mpool_abandoned_add(struct mpool_abandoned *entry);
unsigned int mpool_abandoned_get(struct mpool_abandoned *entries,
				 struct mpool_abandoned_total *total);

#endif /* _MPOOL_ABANDONED_H */
