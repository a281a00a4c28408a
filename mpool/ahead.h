/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers made ahead of their lease.
 */
#ifndef _MPOOL_AHEAD_H
#define _MPOOL_AHEAD_H

struct mpool_class;
struct mpool_payer;
struct work_struct;

void mpool_ahead_grow(struct mpool_class *cls, struct mpool_payer *payer,
		      unsigned int target);
void mpool_ahead_fn(struct work_struct *work);

#endif /* _MPOOL_AHEAD_H */
