/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who holds a pool's buffers: kernel users, and the processes that lease.
 */
#ifndef _MPOOL_HOLDERS_H
#define _MPOOL_HOLDERS_H

#include "leak.h"

struct mpool;

int mpool_holders_visit(struct mpool *pool, mpool_leak_visit_fn *visit,
			void *arg);

#endif /* _MPOOL_HOLDERS_H */
