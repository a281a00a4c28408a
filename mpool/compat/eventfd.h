/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signalling an eventfd: by any number up to 6.7, by one since then.
 */
#ifndef _MPOOL_COMPAT_EVENTFD_H
#define _MPOOL_COMPAT_EVENTFD_H

#include <linux/eventfd.h>
#include <linux/version.h>

static inline void mpool_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

#endif /* _MPOOL_COMPAT_EVENTFD_H */
