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

static __always_inline bool mpool_read_nofault(unsigned long *dst,
					       const unsigned long *src)
{
	__get_kernel_nofault(dst, src, unsigned long, fault);
	return true;
fault:
	return false;
}

/*
 * Adds @delta, a constant, to @word if that is @old, for exactly one of all who
 * try; false when it is another one, or nothing is there.  @word is aligned.
 */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/alternative.h>
#include <asm/asm.h>

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
		 "jmp %l[failed]\n"
		 "2:\n"
		 _ASM_EXTABLE(1b, %l[failed])
		 : : [word] "m" (*word), [old] "a" (old),
		     [new] "r" (old + delta), [undo] "i" (-delta)
		 : "memory", "cc"
		 : failed);
	return true;
failed:
	return false;
}
#else
static __always_inline bool mpool_claim(unsigned long *word, unsigned long old,
					int delta)
{
	unsigned long is;

	/* Compared first, since what is not ours may not even be written. */
	return mpool_read_nofault(&is, word) && likely(is == old) &&
	       likely(try_cmpxchg(word, &old, old + delta));
}
#endif

#endif /* _MPOOL_COMPAT_CLAIM_H */
