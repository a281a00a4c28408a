// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines; magazine.h says who may touch what, and when.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "class.h"
#include "cpu.h"
#include "magazine.h"
#include "seats.h"
#include "supply.h"
#include "use.h"

DEFINE_PER_CPU(struct mpool_cpu, mpool_cpu_closed) = {
	.busy = MPOOL_CPU_INSIDE,
};

/*
 * Gives a CPU a loaded magazine again; @cpu is the caller's.  @gfp says what
 * the allocation may do if this fails.
 */
bool mpool_magazine_refill(struct mpool_class *cls, struct mpool_cpu *cpu,
			   gfp_t gfp)
{
	struct mpool_mag *mag;

	if (cpu->prev_nr) {
		swap(cpu->loaded, cpu->prev);
		cpu->nr = cpu->prev_nr;
		cpu->prev_nr = 0;
		return true;
	}
	mag = mpool_depot_fetch(cls, cpu->loaded, gfp);
	if (!mag)
		return false;
	mpool_use_rises(cls, mag->nr);
	cpu->loaded = mag;
	cpu->nr = mag->nr;
	cpu->refills++;
	return true;
}

/* Makes room in a CPU's loaded magazine; @cpu is the caller's. */
void mpool_magazine_spill(struct mpool_class *cls, struct mpool_cpu *cpu)
{
	struct mpool_mag *empty;

	if (cpu->prev_nr) {
		cpu->prev->nr = cpu->prev_nr;
		empty = mpool_depot_store(cls, cpu->prev);
		if (unlikely(!empty))
			return;
		cpu->prev = empty;
		cpu->prev_nr = 0;
		mpool_use_changed(cls);
	}
	swap(cpu->loaded, cpu->prev);
	cpu->prev_nr = cpu->nr;
	cpu->nr = 0;
}

/*
 * mpool_cpu_enter(), for who misses anyway: with a seat for this CPU, if that is
 * what lacks.
 */
struct mpool_cpu *mpool_magazine_enter(struct mpool_class *cls)
{
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
	bool done = false;

	if (cpu)
		return cpu;
	preempt_disable();
	/* As in mpool_cpu_enter(). */
	if (!smp_load_acquire(&cls->slow))
		done = mpool_seat_take(cls);
	preempt_enable();
	return done ? mpool_cpu_enter(cls) : NULL;
}

/**
 * mpool_magazine_get() - take one free buffer, by magazine or depot
 * @cls: the class
 * @gfp: of the allocation; see mpool_depot_get()
 *
 * Context: any but NMI.
 * Return: the buffer, still MPOOL_FREE, or NULL when there is none, or the
 * class is slow.
 */
void *mpool_magazine_get(struct mpool_class *cls, gfp_t gfp)
{
	struct mpool_cpu *cpu = mpool_magazine_enter(cls);
	void *buf = NULL;

	if (cpu) {
		if (cpu->nr || mpool_magazine_refill(cls, cpu, gfp)) {
			buf = cpu->loaded->bufs[--cpu->nr];
			cpu->allocs++;
		}
		mpool_cpu_leave(cpu);
		return buf;
	}
	/* Amid this CPU's own task's allocation, no seat, or a slow class. */
	preempt_disable();
	/* As in mpool_cpu_enter(). */
	if (!smp_load_acquire(&cls->slow))
		buf = mpool_depot_get(cls, gfp);
	preempt_enable();
	return buf;
}

/**
 * mpool_magazine_put() - give one free buffer back, by magazine or depot
 * @cls: the class
 * @buf: the buffer, MPOOL_FREE, nobody's
 *
 * Context: any but NMI.
 * Return: false when the class is slow, and the buffer still the caller's.
 */
bool mpool_magazine_put(struct mpool_class *cls, void *buf)
{
	struct mpool_cpu *cpu = mpool_magazine_enter(cls);
	bool done = false;

	if (cpu) {
		if (cpu->nr >= cls->cpu_cap)
			mpool_magazine_spill(cls, cpu);
		if (likely(cpu->nr < cls->cpu_cap)) {
			cpu->loaded->bufs[cpu->nr++] = buf;
			cpu->frees++;
			done = true;
		}
		mpool_cpu_leave(cpu);
		return done;
	}
	preempt_disable();
	/* As in mpool_cpu_enter(). */
	if (!smp_load_acquire(&cls->slow)) {
		mpool_depot_free(cls, buf);
		done = true;
	}
	preempt_enable();
	return done;
}

/* Free buffers in all magazines; a snapshot while they are in use. */
unsigned long mpool_magazine_count(const struct mpool_class *cls)
{
	unsigned long nr = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);

		/* Whoever needs it exact has the class slow. */
		nr += data_race(c->nr + c->prev_nr);
	}
	return nr;
}

/* What a CPU's magazines have been used for; one that is torn is another. */
static u64 cpu_ops(const struct mpool_cpu *c)
{
	/* Read at different moments, as everywhere in statistics. */
	return data_race(c->allocs + c->sized + c->frees);
}

/* Since when a CPU has done nothing with its magazines; now, if it has. */
static unsigned long idle_since(struct mpool_class *cls, int cpu, u64 ops)
{
	struct mpool_idle *idle = &cls->idle[cpu];

	lockdep_assert_held(&cls->drain_mutex);
	if (idle->ops != ops) {
		idle->ops = ops;
		idle->since = jiffies;
	}
	return idle->since;
}

/**
 * mpool_magazine_look() - note which CPUs have used their magazines
 * @cls: the class
 *
 * Done at each cleanup, so that what lies in a magazine ages as what lies in
 * a depot does, though nothing is written for that on a hit.
 *
 * Context: process, may sleep; takes drain_mutex.
 * Return: how many buffers lie in magazines that were used since the last look,
 * and so may have been in use themselves.
 */
unsigned long mpool_magazine_look(struct mpool_class *cls)
{
	unsigned long busy = 0;
	int cpu;

	mutex_lock(&cls->drain_mutex);
	for_each_possible_cpu(cpu) {
		const struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);
		u64 ops = cpu_ops(c);

		if (ops != cls->idle[cpu].ops) {
			/* A snapshot does, as in mpool_magazine_count(). */
			busy += data_race(c->nr + c->prev_nr);
		}
		idle_since(cls, cpu, ops);
	}
	mutex_unlock(&cls->drain_mutex);
	return busy;
}

/**
 * mpool_magazine_flush_cpu() - empty one CPU's magazines into the depots
 * @cls: the class, its drain_mutex held
 * @cpu: a CPU inside whose magazine nobody is: dead, or the class is slow and
 *	a grace period has passed
 */
void mpool_magazine_flush_cpu(struct mpool_class *cls, int cpu)
{
	struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);
	/* What is in there is no younger than the CPU's last use of it. */
	unsigned long stamp = idle_since(cls, cpu, cpu_ops(c));
	int node = cpu_to_mem(cpu);

	mpool_depot_put_all(cls, node, c->prev_nr, c->prev->bufs, stamp);
	c->prev_nr = 0;
	mpool_depot_put_all(cls, node, c->nr, c->loaded->bufs, stamp);
	c->nr = 0;
	mpool_seat_leave(cls, c);
}

static int depots_init(struct mpool_class *cls)
{
	struct mpool_depot *depot;
	int node;

	cls->depots = kcalloc(nr_node_ids, sizeof(*cls->depots), GFP_KERNEL);
	if (!cls->depots)
		return -ENOMEM;
	for_each_node(node) {
		int near = node_online(node) ? node : NUMA_NO_NODE;

		depot = kzalloc_node(sizeof(*depot), GFP_KERNEL, near);
		if (!depot)
			return -ENOMEM;
		cls->depots[node] = depot;
		raw_spin_lock_init(&depot->lock);
		INIT_LIST_HEAD(&depot->full);
		depot->partial = mpool_supply_make(cls, GFP_KERNEL, near);
		if (!depot->partial)
			return -ENOMEM;
		depot->partial->stamp = jiffies;
		cls->nr_mags++;
	}
	return 0;
}

static int cpus_init(struct mpool_class *cls)
{
	struct mpool_cpu *c;
	int cpu;

	cls->cpus = alloc_percpu(struct mpool_cpu);
	if (!cls->cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		int near = cpu_online(cpu) ? cpu_to_mem(cpu) : NUMA_NO_NODE;

		c = per_cpu_ptr(cls->cpus, cpu);
		c->loaded = mpool_supply_make(cls, GFP_KERNEL, near);
		c->prev = mpool_supply_make(cls, GFP_KERNEL, near);
		if (!c->loaded || !c->prev)
			return -ENOMEM;
		cls->nr_mags += 2;
	}
	mpool_seats_init(cls);
	cls->cpu = cls->slow ? &mpool_cpu_closed : cls->cpus;
	return 0;
}

/**
 * mpool_magazine_init() - make a class's magazines and depots
 * @cls: the class; mag_size, cpu_cap and nr_seats are set
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM, after which mpool_magazine_exit() is still due.
 */
int mpool_magazine_init(struct mpool_class *cls)
{
	int err;

	raw_spin_lock_init(&cls->mag_lock);
	INIT_LIST_HEAD(&cls->empty);
	cls->idle = kcalloc(nr_cpu_ids, sizeof(*cls->idle), GFP_KERNEL);
	if (!cls->idle)
		return -ENOMEM;
	err = depots_init(cls);
	if (err)
		return err;
	return cpus_init(cls);
}

/**
 * mpool_magazine_exit() - free what mpool_magazine_init() made
 * @cls: the class, without a buffer
 */
void mpool_magazine_exit(struct mpool_class *cls)
{
	struct mpool_mag *mag, *next;
	int cpu, node;

	list_for_each_entry_safe(mag, next, &cls->empty, node)
		kfree(mag);
	if (cls->cpus) {
		for_each_possible_cpu(cpu) {
			kfree(per_cpu_ptr(cls->cpus, cpu)->loaded);
			kfree(per_cpu_ptr(cls->cpus, cpu)->prev);
		}
		free_percpu(cls->cpus);
	}
	kfree(cls->idle);
	if (!cls->depots)
		return;
	for_each_node(node) {
		if (cls->depots[node])
			kfree(cls->depots[node]->partial);
		kfree(cls->depots[node]);
	}
	kfree(cls->depots);
}
