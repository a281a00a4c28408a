/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the lease stock asks of buffers of pages.
 */
#ifndef _MPOOL_PAGES_H
#define _MPOOL_PAGES_H

#include <linux/types.h>

struct mpool_desc;

bool mpool_pages_pinned(const struct mpool_desc *desc);

#endif /* _MPOOL_PAGES_H */
