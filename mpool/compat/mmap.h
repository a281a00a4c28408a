/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file says to a mapping of it.  .mmap is handed the mapping itself,
 * before it is in its place, and may write to all of it.  Kernels to come have
 * .mmap_prepare alone: it is handed a description, before there is any mapping,
 * so that nothing has to be undone when it refuses.  7.2 has both, and one file
 * may have one of them.
 */
#ifndef _MPOOL_COMPAT_MMAP_H
#define _MPOOL_COMPAT_MMAP_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/version.h>

/**
 * struct mpool_mapping - a mapping that somebody asks for
 * @flags: VM_* that he asks for
 * @pgoff: its first page in the file
 * @pages: how many
 * @set: answer: VM_* that it gets as well
 * @clear: answer: VM_* that it does not get
 * @ops: answer
 * @private: answer: its vm_private_data
 */
struct mpool_mapping {
	unsigned long flags;
	unsigned long pgoff;
	unsigned long pages;
	unsigned long set;
	unsigned long clear;
	const struct vm_operations_struct *ops;
	void *private;
};

typedef int mpool_judge(struct file *file, struct mpool_mapping *m);

/*
 * MPOOL_MMAP is the member of struct file_operations, MPOOL_MMAP_ARGS what it is
 * handed, and mpool_mmap_by(judge) what it does with that.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)

#define MPOOL_MMAP	mmap_prepare
#define MPOOL_MMAP_ARGS	struct vm_area_desc *desc
#define mpool_mmap_by(judge)	mmap_by(judge, desc)

static inline int mmap_by(mpool_judge *judge, struct vm_area_desc *desc)
{
	struct mpool_mapping m = {
		.flags = vma_flags_to_legacy(desc->vma_flags),
		.pgoff = desc->pgoff,
		.pages = (desc->end - desc->start) >> PAGE_SHIFT,
	};
	int err = judge(desc->file, &m);

	if (err)
		return err;
	vma_desc_set_flags_mask(desc, legacy_to_vma_flags(m.set));
	vma_desc_clear_flags_mask(desc, legacy_to_vma_flags(m.clear));
	desc->vm_ops = m.ops;
	desc->private_data = m.private;
	return 0;
}

#else

#define MPOOL_MMAP	mmap
#define MPOOL_MMAP_ARGS	struct file *file, struct vm_area_struct *vma
#define mpool_mmap_by(judge)	mmap_by(judge, file, vma)

/* Written in place up to 6.2, by functions that know locks since then. */
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

static inline int mmap_by(mpool_judge *judge, struct file *file,
			  struct vm_area_struct *vma)
{
	struct mpool_mapping m = {
		.flags = vma->vm_flags,
		.pgoff = vma->vm_pgoff,
		.pages = vma_pages(vma),
	};
	int err = judge(file, &m);

	if (err)
		return err;
	mpool_vma_change_flags(vma, m.set, m.clear);
	vma->vm_ops = m.ops;
	vma->vm_private_data = m.private;
	return 0;
}

#endif

#endif /* _MPOOL_COMPAT_MMAP_H */
