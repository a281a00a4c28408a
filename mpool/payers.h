/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory cgroups that a pool's clients are in.
 */
#ifndef _MPOOL_PAYERS_H
#define _MPOOL_PAYERS_H

struct mpool;
struct mpool_payer;

struct mpool_payer *mpool_payers_join(struct mpool *pool,
				      struct mpool_payer *payer);
void mpool_payers_leave(struct mpool *pool, struct mpool_payer *payer);
void mpool_payers_yield(struct mpool *pool, struct mpool_payer *payer);

#endif /* _MPOOL_PAYERS_H */
