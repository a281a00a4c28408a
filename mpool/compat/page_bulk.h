/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Single pages, many by one call: alloc_pages_bulk_array() became
 * alloc_pages_bulk() in Linux 6.14.
 */
#ifndef _MPOOL_COMPAT_PAGE_BULK_H
#define _MPOOL_COMPAT_PAGE_BULK_H

#include <linux/gfp.h>

#ifndef alloc_pages_bulk
#define alloc_pages_bulk(gfp, nr, pages)	alloc_pages_bulk_array(gfp, nr, pages)
#endif

#endif /* _MPOOL_COMPAT_PAGE_BULK_H */
