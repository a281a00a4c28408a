/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool in which somebody waits at the limit of bytes.
 */
#ifndef _MPOOL_STARVE_H
#define _MPOOL_STARVE_H

struct mpool;
struct mpool_class;

void mpool_starve_join(struct mpool *pool, struct mpool_class *cls);
void mpool_starve_begin(struct mpool *pool);
void mpool_starve_end(struct mpool *pool);

#endif /* _MPOOL_STARVE_H */
