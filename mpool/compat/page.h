/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a page-aligned address in the direct map to its struct page, and what
 * addresses the direct map may have.
 *
 * virt_to_page() allows for addresses of the kernel's image, by a branch; a
 * buffer never lies there.  Where struct pages stand in one array, and have a
 * power of two as their size, the way is a shift and an addition.
 */
#ifndef _MPOOL_COMPAT_PAGE_H
#define _MPOOL_COMPAT_PAGE_H

#include <linux/log2.h>
#include <linux/mm.h>

/* Where page->private of the first page of the direct map stands, shifted. */
extern unsigned long mpool_private_bias;

static __always_inline bool mpool_page_array(void)
{
	return (IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP) ||
		IS_ENABLED(CONFIG_FLATMEM)) &&
	       is_power_of_2(sizeof(struct page));
}

#define MPOOL_PRIVATE_SHIFT	(PAGE_SHIFT - ilog2(sizeof(struct page)))

static inline unsigned long mpool_private_bias_init(void)
{
	unsigned long first = PAGE_OFFSET;

	return (unsigned long)&virt_to_page((void *)first)->private -
	       (first >> MPOOL_PRIVATE_SHIFT);
}

static __always_inline unsigned long *mpool_page_private(const void *buf)
{
	if (mpool_page_array())
		return (unsigned long *)(((unsigned long)buf >>
					  MPOOL_PRIVATE_SHIFT) +
					 mpool_private_bias);
	return &virt_to_page(buf)->private;
}

/*
 * On x86-64, what has its highest bit set and lies below the direct map is
 * memory, or mapped nowhere.
 */
static __always_inline bool mpool_upper_half(void)
{
	return IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_UML);
}

/*
 * Only memory of the system, and holes, lie from PAGE_OFFSET up to here; what
 * is mapped elsewhere, devices among it, begins above.
 */
static __always_inline unsigned long mpool_map_end(void)
{
	return mpool_upper_half() ? VMALLOC_START : (unsigned long)high_memory;
}

/* Do all addresses lie there, of which @all is the and, and @any the or? */
static __always_inline bool mpool_map_holds(unsigned long all,
					    unsigned long any)
{
	if (mpool_upper_half() ? (long)all >= 0 : all < PAGE_OFFSET)
		return false;
	return any < mpool_map_end();
}

#endif /* _MPOOL_COMPAT_PAGE_H */
