/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a size class, its tier and its pool may have.
 */
#ifndef _MPOOL_LIMITS_H
#define _MPOOL_LIMITS_H

#include <linux/types.h>

struct mpool_class;

/**
 * struct mpool_limits - limits of a class that are not in force (yet)
 * @max: most buffers backed
 * @tier_bytes: most bytes of its tier
 * @bytes: most bytes of its pool
 */
struct mpool_limits {
	unsigned int max;
	unsigned long tier_bytes;
	unsigned long bytes;
};

unsigned int mpool_limits_take(struct mpool_class *cls,
			       const struct mpool_limits *trial,
			       unsigned int nr);
void mpool_limits_put(struct mpool_class *cls, unsigned int nr);
bool mpool_limits_full(const struct mpool_class *cls,
		       const struct mpool_limits *trial);
long mpool_limits_tier_lacks(const struct mpool_class *cls,
			     const struct mpool_limits *trial);
long mpool_limits_lacks(const struct mpool_class *cls,
			const struct mpool_limits *trial);

#endif /* _MPOOL_LIMITS_H */
