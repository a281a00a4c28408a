/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The symbol namespace is a token before Linux 6.13 and a string from then
 * on; both stand behind MPOOL_NS.
 */
#ifndef _MPOOL_COMPAT_EXPORT_H
#define _MPOOL_COMPAT_EXPORT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define MPOOL_NS	"MPOOL"
#else
#define MPOOL_NS	MPOOL
#endif

#endif /* _MPOOL_COMPAT_EXPORT_H */
