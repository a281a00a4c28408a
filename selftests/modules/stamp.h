/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mark all over a buffer, that says whether anybody else wrote there.
 */
#ifndef _MPOOL_SELFTESTS_STAMP_H
#define _MPOOL_SELFTESTS_STAMP_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* Words of a buffer that are stamped, at most. */
#define STAMP_WORDS	16U

/* Begins a buffer; the words repeat @value, up to the buffer's last bytes. */
struct stamp {
	struct llist_node node;
	u64 value;
	u32 size;
	u32 index;
};

static inline unsigned int stamp_words(u32 size)
{
	return min_t(u32, STAMP_WORDS, (size - sizeof(struct stamp)) / 8);
}

static inline u64 *stamp_word(struct stamp *s, unsigned int i)
{
	u32 room = s->size - sizeof(*s);
	/* The last word of all, then evenly down. */
	u32 step = max_t(u32, room / STAMP_WORDS & ~7U, 8);

	return (void *)s + s->size - 8 - i * step;
}

/* @index is the caller's. */
static inline struct stamp *stamp_write(void *buf, u32 size, u32 index)
{
	static atomic64_t next;
	struct stamp *s = buf;
	unsigned int i;

	s->value = atomic64_inc_return(&next);
	s->size = size;
	s->index = index;
	for (i = 0; i < stamp_words(size); i++)
		*stamp_word(s, i) = s->value + i;
	return s;
}

/* @size: what it has to be. */
static inline bool stamp_intact(struct stamp *s, u32 size)
{
	unsigned int i;

	if (s->size != size)
		return false;
	for (i = 0; i < stamp_words(size); i++) {
		if (*stamp_word(s, i) != s->value + i)
			return false;
	}
	return true;
}

/* From here on it is not intact. */
static inline void stamp_remove(struct stamp *s)
{
	s->value = ~s->value;
}

#endif /* _MPOOL_SELFTESTS_STAMP_H */
