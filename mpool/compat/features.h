/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the running kernel lets processes do with leased memory.  Nothing can
 * be probed here: the behaviour changed, and no name with it.
 */
#ifndef _MPOOL_COMPAT_FEATURES_H
#define _MPOOL_COMPAT_FEATURES_H

#include <linux/version.h>

#include <uapi/linux/mpool.h>

/* A fault maps all pages of a compound page that the mapping covers. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
#define MPOOL_HAS_FAULT_AROUND	MPOOL_FEATURE_FAULT_AROUND
#else
#define MPOOL_HAS_FAULT_AROUND	0
#endif

/* io_uring refused to register what is mapped from a file. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MPOOL_HAS_URING_REGISTER	MPOOL_FEATURE_URING_REGISTER
#else
#define MPOOL_HAS_URING_REGISTER	0
#endif

#define MPOOL_FEATURES	(MPOOL_HAS_FAULT_AROUND | MPOOL_HAS_URING_REGISTER)

#endif /* _MPOOL_COMPAT_FEATURES_H */
