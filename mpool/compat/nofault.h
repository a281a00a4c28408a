/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a word that may not be there: a bad pointer handed to a free must
 * become a report, not an oops.  The access is one instruction with an entry
 * in the exception table, and no sanitizer looks at it.
 */
#ifndef _MPOOL_COMPAT_NOFAULT_H
#define _MPOOL_COMPAT_NOFAULT_H

#include <linux/types.h>
#include <linux/uaccess.h>

static __always_inline bool mpool_read_nofault(u64 *dst, const void *src)
{
	__get_kernel_nofault(dst, src, u64, fault);
	return true;
fault:
	return false;
}

#endif /* _MPOOL_COMPAT_NOFAULT_H */
