/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/page_pool.h was split in Linux 6.6; what its users call stands in
 * net/page_pool/helpers.h from then on.
 */
#ifndef _MPOOL_COMPAT_PAGE_POOL_H
#define _MPOOL_COMPAT_PAGE_POOL_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

#endif /* _MPOOL_COMPAT_PAGE_POOL_H */
