/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking at, and changing, a word that may not be there: a bad pointer handed
 * to a free must become a report, not an oops.  The accesses are single
 * instructions with an entry in the exception table, and no sanitizer looks at
 * them.
 */
#ifndef _MPOOL_COMPAT_CLAIM_H
#define _MPOOL_COMPAT_CLAIM_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/alternative.h>
#include <asm/asm.h>

/*
 * The word at @src, which is aligned, or 0 when nothing is there.
 *
 * Not __get_kernel_nofault(): its entry in the table warns of an address that
 * is not canonical, and here any may come.
 */
static __always_inline unsigned long
mpool_read_nofault(const unsigned long *src)
{
	unsigned long word = 0;

	asm volatile("1: movq %[src], %[word]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : [word] "+r" (word) : [src] "m" (*src));
	return word;
}

/*
 * Adds @delta, a constant, to @word if that is @old, for exactly one of all who
 * try; false when it is another one, or nothing is there.  @word is aligned.
 */
static __always_inline bool mpool_claim(unsigned long *word, unsigned long old,
					int delta)
{
	/*
	 * Without outputs, so that a loop keeps @old in its register: what a
	 * failure leaves there is undone.  A fault leaves it alone.
	 */
	asm goto("1: " LOCK_PREFIX "cmpxchgq %[new], %[word]\n"
		 "je 2f\n"
		 "leaq %c[undo](%[new]), %[old]\n"
		 "3: jmp %l[failed]\n"
		 "2:\n"
		 _ASM_EXTABLE(1b, 3b)
		 : : [word] "m" (*word), [old] "a" (old),
		     [new] "r" (old + delta), [undo] "i" (-delta)
		 : "memory", "cc"
		 : failed);
	return true;
failed:
	return false;
}
#else
static __always_inline unsigned long
mpool_read_nofault(const unsigned long *src)
{
	unsigned long word;

	/* The direct map of user-mode Linux has no holes. */
	if (IS_ENABLED(CONFIG_UML))
		return READ_ONCE(*src);
	__get_kernel_nofault(&word, src, unsigned long, fault);
	return word;
fault:
	return 0;
}

static __always_inline bool mpool_claim(unsigned long *word, unsigned long old,
					int delta)
{
	/* Compared first, since what is not ours may not even be written. */
	return likely(mpool_read_nofault(word) == old) &&
	       likely(try_cmpxchg(word, &old, old + delta));
}
#endif

#endif /* _MPOOL_COMPAT_CLAIM_H */
