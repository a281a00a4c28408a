/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The uapi header of this name, where a module outside the kernel's tree finds it:
 * uapi/linux/mpool.h includes it by the name that programs have for it.
 */
#ifndef _LINUX_MPOOL_STATS_H
#define _LINUX_MPOOL_STATS_H

#include <uapi/linux/mpool_stats.h>

#endif /* _LINUX_MPOOL_STATS_H */
