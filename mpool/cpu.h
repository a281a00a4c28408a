/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside a CPU's magazine: the few instructions of the hit path.
 */
#ifndef _MPOOL_CPU_H
#define _MPOOL_CPU_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "class.h"

/*
 * From here to mpool_cpu_leave() the magazine is the caller's: @busy keeps
 * interrupts of this CPU out, preemption off keeps tasks and drainers out.
 * NULL: an interrupt hit its own task inside, the CPU has no seat, or the
 * class is slow.
 */
static __always_inline struct mpool_cpu *mpool_cpu_enter(struct mpool_class *cls)
{
	struct mpool_cpu *cpu;

	preempt_disable();
	/*
	 * What a drainer wrote to the magazine comes before it opened the
	 * class; what is read here depends on the address.
	 */
	cpu = this_cpu_ptr(READ_ONCE(cls->cpu));
	/*
	 * This CPU alone writes it.  An interrupt between this look and the
	 * write below has set it and reset it when we go on, so that either
	 * value that was looked at still holds, and one byte is not torn.
	 * Not READ_ONCE(), which costs an instruction: a volatile byte is
	 * loaded first, and not compared where it stands.
	 */
	if (unlikely(data_race(cpu->busy))) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(cpu->busy, MPOOL_CPU_INSIDE);
	barrier();
	/* A per-CPU address never is NULL; the callers' tests cost nothing. */
	if (!cpu)
		__builtin_unreachable();
	return cpu;
}

static __always_inline void mpool_cpu_leave(struct mpool_cpu *cpu)
{
	barrier();
	WRITE_ONCE(cpu->busy, MPOOL_CPU_FREE);
	preempt_enable();
}

#endif /* _MPOOL_CPU_H */
