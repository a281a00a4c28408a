/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Empty magazines of a class, so many that a free never needs memory.
 */
#ifndef _MPOOL_SUPPLY_H
#define _MPOOL_SUPPLY_H

#include <linux/gfp.h>
#include <linux/types.h>

struct mpool_class;
struct mpool_mag;

struct mpool_mag *mpool_supply_make(struct mpool_class *cls, gfp_t gfp,
				    int node);
void mpool_supply_put(struct mpool_class *cls, struct mpool_mag *mag);
void mpool_supply_put_all(struct mpool_class *cls, struct list_head *mags,
			  unsigned int nr);
struct mpool_mag *mpool_supply_get(struct mpool_class *cls);
unsigned int mpool_supply_get_all(struct mpool_class *cls,
				  struct list_head *mags, unsigned int nr);
int mpool_magazine_provide(struct mpool_class *cls, gfp_t gfp);
void mpool_magazine_surplus(struct mpool_class *cls);

#endif /* _MPOOL_SUPPLY_H */
