/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How large a class's reserve is; wait.c takes from it and fills it again.
 */
#ifndef _MPOOL_RESERVE_H
#define _MPOOL_RESERVE_H

struct mpool_class;

int mpool_reserve_set(struct mpool_class *cls, unsigned int target);

#endif /* _MPOOL_RESERVE_H */
