// SPDX-License-Identifier: GPL-2.0
/*
 * Seats; seats.h says what they are for.
 *
 * A CPU's @busy says whether it stands.  Only the CPU itself makes that a seat,
 * with interrupts off, in the preemption-off section that has read @slow as 0;
 * only who holds drain_mutex takes it away, when nobody is or comes inside the
 * CPU's magazine.  So no buffer is ever in the magazine of a CPU that stands.
 */
#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>

#include "class.h"
#include "magazine.h"
#include "seats.h"

/* Where they are not, nobody ever stands, and @seats says nothing. */
static bool seats_are_few(const struct mpool_class *cls)
{
	return cls->nr_seats < num_possible_cpus();
}

/**
 * mpool_seats_init() - have all CPUs stand, if there are not seats for all
 * @cls: the class; its per-CPU part is there, and nobody uses it yet
 */
void mpool_seats_init(struct mpool_class *cls)
{
	int cpu;

	atomic_set(&cls->seats, cls->nr_seats);
	if (!seats_are_few(cls))
		return;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(cls->cpus, cpu)->busy = MPOOL_CPU_STANDS;
}

/**
 * mpool_seat_take() - a seat for this CPU
 * @cls: the class
 *
 * Context: any but NMI; preemption is off, and @slow was read as 0 since.
 * Return: true when it has one now that it did not have.
 */
bool mpool_seat_take(struct mpool_class *cls)
{
	struct mpool_cpu *cpu = this_cpu_ptr(cls->cpus);
	unsigned long flags;
	bool done = false;

	if (READ_ONCE(cpu->busy) != MPOOL_CPU_STANDS)
		return false;
	if (!atomic_read(&cls->seats)) {
		/* Once: all who stand would write the same line. */
		if (!READ_ONCE(cls->stood))
			WRITE_ONCE(cls->stood, true);
		return false;
	}
	/* Or an interrupt would take a second one for the same CPU. */
	local_irq_save(flags);
	if (READ_ONCE(cpu->busy) == MPOOL_CPU_STANDS &&
	    atomic_dec_if_positive(&cls->seats) >= 0) {
		WRITE_ONCE(cpu->busy, MPOOL_CPU_FREE);
		done = true;
	}
	local_irq_restore(flags);
	return done;
}

/**
 * mpool_seat_leave() - have a CPU stand
 * @cls: the class, its drain_mutex held
 * @cpu: the CPU's part of it, empty; nobody is or comes inside
 */
void mpool_seat_leave(struct mpool_class *cls, struct mpool_cpu *cpu)
{
	lockdep_assert_held(&cls->drain_mutex);
	if (!seats_are_few(cls) || cpu->busy != MPOOL_CPU_FREE)
		return;
	WRITE_ONCE(cpu->busy, MPOOL_CPU_STANDS);
	atomic_inc(&cls->seats);
}

/**
 * mpool_seats_crowded() - has a CPU found no seat since this was asked last
 * @cls: the class
 *
 * Context: any.
 * Return: true once for any number of times that one stood.
 */
bool mpool_seats_crowded(struct mpool_class *cls)
{
	return READ_ONCE(cls->stood) && xchg(&cls->stood, false);
}
