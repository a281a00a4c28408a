// SPDX-License-Identifier: GPL-2.0
/*
 * Writing KASAN's shadow: kasan_poison() and kasan_unpoison() are not exported.
 */
#ifdef CONFIG_KASAN_GENERIC

#include <linux/kasan.h>
#include <linux/string.h>

#include "kasan.h"

/* As in mm/kasan/kasan.h, which modules cannot see: they name the report. */
#define SHADOW_PAGE_FREE	0xff
#define SHADOW_SLAB_FREE	0xfb

static void set_shadow(const void *addr, size_t size, u8 value)
{
	/* The bare one: the shadow is nothing that KASAN would look at. */
	__memset(kasan_mem_to_shadow(addr), value,
		 size >> KASAN_SHADOW_SCALE_SHIFT);
}

/**
 * mpool_kasan_poison() - from now on a use is a fault
 * @addr: in the direct map; multiple of 16
 * @size: bytes; multiple of 16
 * @paged: a buffer of pages, and not of a slab
 *
 * Context: any.
 */
void mpool_kasan_poison(const void *addr, size_t size, bool paged)
{
	BUILD_BUG_ON(KASAN_SHADOW_SCALE_SHIFT > 4);
	set_shadow(addr, size, paged ? SHADOW_PAGE_FREE : SHADOW_SLAB_FREE);
}

/**
 * mpool_kasan_unpoison() - from now on it may be used
 * @addr: as for mpool_kasan_poison()
 * @size: likewise
 *
 * Context: any.
 */
void mpool_kasan_unpoison(const void *addr, size_t size)
{
	set_shadow(addr, size, 0);
}

/**
 * mpool_kasan_poisoned() - would a use be a fault
 * @addr: in the direct map
 *
 * Context: any.
 * Return: true when it would.
 */
bool mpool_kasan_poisoned(const void *addr)
{
	return READ_ONCE(*(s8 *)kasan_mem_to_shadow(addr)) < 0;
}

#endif /* CONFIG_KASAN_GENERIC */
