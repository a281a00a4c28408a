/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changing a mapping's flags: written in place up to 6.2, by functions that
 * know about the locks of a mapping since then.
 */
#ifndef _MPOOL_COMPAT_VMA_H
#define _MPOOL_COMPAT_VMA_H

#include <linux/mm.h>
#include <linux/version.h>

static inline void mpool_vma_change_flags(struct vm_area_struct *vma,
					  unsigned long set,
					  unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

#endif /* _MPOOL_COMPAT_VMA_H */
