/* SPDX-License-Identifier: GPL-2.0 */
/*
 * To KASAN a buffer in a magazine is still allocated: the allocator that it
 * knows gave it to mpool, and has not got it back.  So the state is written
 * into the shadow here, where a use after mpool_free() is then found.  Nothing
 * is left of this on kernels without generic KASAN.
 */
#ifndef _MPOOL_COMPAT_KASAN_H
#define _MPOOL_COMPAT_KASAN_H

#include <linux/types.h>

#ifdef CONFIG_KASAN_GENERIC
void mpool_kasan_poison(const void *addr, size_t size, bool paged);
void mpool_kasan_unpoison(const void *addr, size_t size);
bool mpool_kasan_poisoned(const void *addr);
#else
static inline void mpool_kasan_poison(const void *addr, size_t size,
				      bool paged)
{
}

static inline void mpool_kasan_unpoison(const void *addr, size_t size)
{
}

static inline bool mpool_kasan_poisoned(const void *addr)
{
	return false;
}
#endif

#endif /* _MPOOL_COMPAT_KASAN_H */
