/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks, each kept once by the kernel's stack depot.  A kernel may be without
 * one; a stack is 0 then, and the caller's address is all that is known.
 */
#ifndef _MPOOL_COMPAT_STACK_H
#define _MPOOL_COMPAT_STACK_H

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>

/* Deeper than that, stacks tell of system calls and not of users of pools. */
#define MPOOL_STACK_DEPTH	24

#if IS_ENABLED(CONFIG_STACKDEPOT) && IS_ENABLED(CONFIG_STACKTRACE)
/* Once before the first stack is kept; may sleep, may be called again. */
static inline int mpool_stack_init(void)
{
	return stack_depot_init();
}

/* The stack from the return address @caller on outwards. */
static inline depot_stack_handle_t mpool_stack_save(unsigned long caller)
{
	unsigned long entries[MPOOL_STACK_DEPTH];
	unsigned int nr, i;

	nr = stack_trace_save(entries, MPOOL_STACK_DEPTH, 0);
	for (i = 0; i < nr && entries[i] != caller; i++)
		;
	/* Not to be seen where functions were optimised away: all of it. */
	if (i == nr)
		i = 0;
	return stack_depot_save(entries + i, nr - i, GFP_NOWAIT | __GFP_NOWARN);
}

static inline unsigned int mpool_stack_fetch(depot_stack_handle_t stack,
					     unsigned long **entries)
{
	return stack ? stack_depot_fetch(stack, entries) : 0;
}
#else
static inline int mpool_stack_init(void)
{
	return 0;
}

static inline depot_stack_handle_t mpool_stack_save(unsigned long caller)
{
	return 0;
}

static inline unsigned int mpool_stack_fetch(depot_stack_handle_t stack,
					     unsigned long **entries)
{
	return 0;
}
#endif

#endif /* _MPOOL_COMPAT_STACK_H */
