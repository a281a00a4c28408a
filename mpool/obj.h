/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands for a free or used buffer inside mpool.
 *
 * A small buffer carries its object as a header right before the payload; a
 * buffer of whole pages has it in a descriptor, which page->private of its
 * first page leads to.  The tag is the one word that decides: it names the
 * pool (52 random bits less the state), the class in the pool and the state,
 * all keyed by the object's own address, so that neither a copy of it, nor a
 * stale one, nor anybody else's memory passes for a buffer.
 */
#ifndef _MPOOL_OBJ_H
#define _MPOOL_OBJ_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>

#include "compat/nofault.h"

enum mpool_state {
	MPOOL_FREE = 1,		/* magazine, depot, stock or reserve */
	MPOOL_ALLOCATED = 2,	/* a kernel user's */
	MPOOL_LEASED = 3,	/* a client's */
	MPOOL_QUARANTINED = 4,	/* nobody's, but something still reaches it */
};

/* Bits of a tag, before it is keyed: state, class in the pool, cookie. */
#define MPOOL_TAG_STATE		0xfULL
#define MPOOL_TAG_CLASS_SHIFT	4
#define MPOOL_TAG_CLASS_MASK	0xffULL
#define MPOOL_TAG_COOKIE_SHIFT	12

/**
 * struct mpool_obj - head of every buffer's bookkeeping
 * @tag: see above; changed by cmpxchg where two owners could race for it
 * @next: link in a list of free objects; the owner's otherwise
 */
struct mpool_obj {
	u64 tag;
	struct mpool_obj *next;
} __aligned(16);

/* Who wrote a buffer of pages last; clients count from MPOOL_OWNER_CLIENT. */
enum {
	MPOOL_OWNER_CLEAN,	/* nobody since it was zeroed */
	MPOOL_OWNER_KERNEL,
	MPOOL_OWNER_CLIENT,
};

/**
 * struct mpool_desc - descriptor of a buffer of whole pages
 * @obj: state
 * @addr: where the buffer begins; page aligned
 * @page: its first page
 * @cls: its class; constant
 * @owner: MPOOL_OWNER_*; belongs to whoever holds the buffer
 * @polls: times quarantine looked in vain; the class's stock lock
 * @node: link in a stock or quarantine list; the class's stock lock
 */
struct mpool_desc {
	struct mpool_obj obj;
	void *addr;
	struct page *page;
	struct mpool_class *cls;
	u32 owner;
	u32 polls;
	struct list_head node;
};

static inline u64 mpool_obj_tag(const struct mpool_obj *obj, u64 class_tag,
				enum mpool_state state)
{
	return class_tag ^ (u64)(unsigned long)obj ^ state;
}

static inline struct mpool_desc *mpool_obj_desc(struct mpool_obj *obj)
{
	return container_of(obj, struct mpool_desc, obj);
}

/* Keys page->private; random, written once before the first buffer. */
extern unsigned long mpool_page_secret;

/* What page->private of a buffer's first page says, and its inverse. */
static inline unsigned long mpool_page_key(unsigned long word, const void *addr)
{
	return word ^ mpool_page_secret ^ (unsigned long)addr;
}

/* Where the direct map of memory lies; read once for many buffers. */
struct mpool_map {
	unsigned long base;
	unsigned long size;
};

static __always_inline struct mpool_map mpool_direct_map(void)
{
	return (struct mpool_map) {
		.base = PAGE_OFFSET,
		.size = (unsigned long)high_memory - PAGE_OFFSET,
	};
}

static __always_inline bool mpool_in_map(struct mpool_map map,
					 unsigned long addr)
{
	return addr - map.base < map.size;
}

/*
 * The object of a buffer below a page, or of whole pages, and its tag.  @buf
 * may be any value at all: false when there is nothing to be read; what is no
 * object of a class has another tag than its.
 */
static __always_inline bool mpool_obj_small(struct mpool_map map,
					    const void *buf,
					    struct mpool_obj **obj, u64 *tag)
{
	unsigned long addr = (unsigned long)buf - sizeof(struct mpool_obj);

	*obj = (struct mpool_obj *)addr;
	return likely(mpool_in_map(map, addr)) && mpool_read_nofault(tag, *obj);
}

static __always_inline bool mpool_obj_paged(struct mpool_map map,
					    const void *buf,
					    struct mpool_obj **obj, u64 *tag)
{
	unsigned long addr = (unsigned long)buf;
	u64 private;

	if (unlikely(!mpool_in_map(map, addr)) ||
	    unlikely(!mpool_read_nofault(&private,
					 &virt_to_page(buf)->private)))
		return false;
	addr = mpool_page_key(private, buf);
	*obj = (struct mpool_obj *)addr;
	return likely(mpool_in_map(map, addr)) && mpool_read_nofault(tag, *obj);
}

/* A small payload follows its header, and so never begins a page. */
static __always_inline bool mpool_obj_any(const void *buf,
					  struct mpool_obj **obj, u64 *tag)
{
	if (offset_in_page(buf))
		return mpool_obj_small(mpool_direct_map(), buf, obj, tag);
	return mpool_obj_paged(mpool_direct_map(), buf, obj, tag);
}

#endif /* _MPOOL_OBJ_H */
