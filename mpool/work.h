/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The work queue of all background work: zeroing, ageing, looking at pins.
 */
#ifndef _MPOOL_WORK_H
#define _MPOOL_WORK_H

#include <linux/workqueue.h>

/* Unbound, since it is memory traffic that no CPU's cache gains from. */
extern struct workqueue_struct *mpool_wq;

#endif /* _MPOOL_WORK_H */
