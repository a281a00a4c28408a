/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands for a free or used buffer inside mpool: its address, and a tag.
 *
 * The tag is the one word that decides.  It names the pool (random bits above
 * MPOOL_TAG_COOKIE_SHIFT), the class in the pool and the state, and it stands
 * where only mpool writes: a small buffer has a header right before the
 * payload, a buffer of whole pages has it in page->private of its first page.
 * A word of anybody else's memory passes for a tag once in 2^64 times.
 *
 * The address is no part of the tag.  It would cost two of twelve
 * instructions in bulk, and guard against no more than a header copied along
 * with a payload that is then freed at the copy's place: who can read one tag
 * could compute the others from it.
 */
#ifndef _MPOOL_BUF_H
#define _MPOOL_BUF_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>

#include "compat/claim.h"
#include "compat/page.h"

struct user_struct;

enum mpool_state {
	MPOOL_FREE = 1,		/* magazine, depot, stock or reserve */
	MPOOL_ALLOCATED = 2,	/* a kernel user's */
	MPOOL_LEASED = 3,	/* a client's */
	MPOOL_QUARANTINED = 4,	/* nobody's, but something still reaches it */
};

/* Bits of a tag: state, class in the pool, cookie. */
#define MPOOL_TAG_STATE		0xfUL
#define MPOOL_TAG_CLASS_SHIFT	4
#define MPOOL_TAG_CLASS_MASK	0xffUL
#define MPOOL_TAG_COOKIE_SHIFT	12

/**
 * struct mpool_head - what stands before a buffer below a page
 * @tag: see above; changed by cmpxchg where two owners could race for it
 * @next: link in a list of free buffers
 */
struct mpool_head {
	unsigned long tag;
	void *next;
} __aligned(16);

/* Who wrote a buffer of pages last; clients count from MPOOL_OWNER_CLIENT. */
enum {
	MPOOL_OWNER_CLEAN,	/* nobody since it was zeroed */
	MPOOL_OWNER_KERNEL,
	MPOOL_OWNER_CLIENT,
};

/**
 * struct mpool_desc - descriptor of a buffer of whole pages
 * @addr: where the buffer begins; page aligned
 * @page: its first page; page->lru.prev leads back to the descriptor
 * @cls: its class; constant
 * @next: link in the reserve; the class's lock
 * @stamp: jiffies when it came into the lease stock; the class's stock
 *	lock while it is in there
 * @locked: whose locked memory it still is in quarantine, with a reference, or
 *	NULL; the class's stock lock
 * @owner: MPOOL_OWNER_*; belongs to whoever holds the buffer
 * @polls: times quarantine looked in vain; the class's stock lock
 * @node: link in a stock or quarantine list; the class's stock lock
 */
struct mpool_desc {
	void *addr;
	struct page *page;
	struct mpool_class *cls;
	union {
		void *next;
		unsigned long stamp;
		struct user_struct *locked;
	};
	u32 owner;
	u32 polls;
	struct list_head node;
};

static __always_inline struct mpool_head *mpool_head(const void *buf)
{
	return (struct mpool_head *)buf - 1;
}

/* The descriptor of a buffer that is known to be one of pages. */
static inline struct mpool_desc *mpool_desc(const void *buf)
{
	/*
	 * Free for the owner of pages that are on no list of the system's;
	 * lru.next is not, since its lowest bit marks tail pages.
	 */
	return (struct mpool_desc *)virt_to_page(buf)->lru.prev;
}

/* Where the tag of a buffer stands; @buf is one, of a class that is @paged. */
static __always_inline unsigned long *mpool_tag_at(const void *buf, bool paged)
{
	return paged ? mpool_page_private(buf) : &mpool_head(buf)->tag;
}

/* A class's tag with another state; classes keep that of their allocated. */
static __always_inline unsigned long mpool_tag(unsigned long class_tag,
					       enum mpool_state state)
{
	return class_tag - MPOOL_ALLOCATED + state;
}

/* The state of a buffer that the caller holds alone. */
static __always_inline void mpool_tag_set(const void *buf, bool paged,
					  unsigned long class_tag,
					  enum mpool_state state)
{
	WRITE_ONCE(*mpool_tag_at(buf, paged), mpool_tag(class_tag, state));
}

static inline void mpool_desc_set(struct mpool_desc *desc,
				  unsigned long class_tag,
				  enum mpool_state state)
{
	mpool_tag_set(desc->addr, true, class_tag, state);
}

/*
 * Could @buf, any value at all, be a buffer?  What can is aligned, so that no
 * locked access is split, and lies where nothing but memory is mapped.
 */
static __always_inline bool mpool_buf_plausible(const void *buf)
{
	unsigned long addr = (unsigned long)buf;

	return likely(mpool_map_holds(addr, addr)) &&
	       likely(!(addr & (sizeof(struct mpool_head) - 1)));
}

/* A small payload follows its header, and so never begins a page. */
static __always_inline bool mpool_buf_paged(const void *buf)
{
	return !offset_in_page(buf);
}

/*
 * The tag of what may be a buffer; 0 where there is nothing to be read.  What
 * is no buffer has no tag of a class, and no class's tag is 0.
 */
static __always_inline unsigned long mpool_tag_read(const void *buf)
{
	if (unlikely(!mpool_buf_plausible(buf)))
		return 0;
	return mpool_read_nofault(mpool_tag_at(buf, mpool_buf_paged(buf)));
}

#endif /* _MPOOL_BUF_H */
