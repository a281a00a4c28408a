/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/mpool.
 */
#ifndef _MPOOL_CHARDEV_H
#define _MPOOL_CHARDEV_H

int mpool_chardev_init(void);
void mpool_chardev_exit(void);

#endif /* _MPOOL_CHARDEV_H */
