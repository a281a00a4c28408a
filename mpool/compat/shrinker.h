/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shrinkers are embedded and registered before Linux 6.7, allocated after.  What
 * they free, but for slabs, counts as progress if they say so.
 */
#ifndef _MPOOL_COMPAT_SHRINKER_H
#define _MPOOL_COMPAT_SHRINKER_H

#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/version.h>

typedef unsigned long (*mpool_shrink_fn)(struct shrinker *shrinker,
					 struct shrink_control *sc);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *mpool_shrinker_add(const char *name,
						  mpool_shrink_fn count,
						  mpool_shrink_fn scan)
{
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return shrinker;
}

static inline void mpool_shrinker_del(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}
#else
static inline struct shrinker *mpool_shrinker_add(const char *name,
						  mpool_shrink_fn count,
						  mpool_shrink_fn scan)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
	if (register_shrinker(shrinker, "%s", name)) {
		kfree(shrinker);
		return NULL;
	}
	return shrinker;
}

static inline void mpool_shrinker_del(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#endif

static inline unsigned long *mpool_reclaimed(struct reclaim_state *state)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return &state->reclaimed;
#else
	return &state->reclaimed_slab;
#endif
}

/* Pages, not of a slab, that this task gave to the system. */
static inline void mpool_shrinker_freed(unsigned long pages)
{
	if (current->reclaim_state)
		*mpool_reclaimed(current->reclaim_state) += pages;
}

#endif /* _MPOOL_COMPAT_SHRINKER_H */
