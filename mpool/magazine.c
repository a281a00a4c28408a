// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines and depots; magazine.h says who may touch what, and when.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "class.h"
#include "cpu.h"
#include "magazine.h"
#include "supply.h"

DEFINE_PER_CPU(struct mpool_cpu, mpool_cpu_closed) = { .busy = 1 };

/**
 * mpool_magazine_peak() - so many are out of the depots now, for users
 * @cls: the class
 *
 * Context: any but NMI.
 */
void mpool_magazine_peak(struct mpool_class *cls)
{
	int out = atomic_read(&cls->out);
	int old = atomic_read(&cls->peak);

	while (out > old && !atomic_try_cmpxchg(&cls->peak, &old, out))
		;
}

static struct mpool_depot *depot_here(struct mpool_class *cls)
{
	return cls->depots[numa_mem_id()];
}

/* Buffers left the depots; @peak: for users, and not for the system. */
static void depot_took(struct mpool_class *cls, unsigned int nr, bool peak)
{
	atomic_add(nr, &cls->out);
	if (peak)
		mpool_magazine_peak(cls);
}

/* Exchanges an empty magazine for one with buffers; depot locked. */
static struct mpool_mag *depot_exchange(struct mpool_class *cls,
					struct mpool_depot *depot,
					struct mpool_mag *empty)
{
	struct mpool_mag *mag;

	lockdep_assert_held(&depot->lock);
	if (depot->nr_full) {
		mag = list_first_entry(&depot->full, struct mpool_mag, node);
		/* The empty one first: nobody else may find too few. */
		mpool_supply_put(cls, empty);
		list_del(&mag->node);
		depot->nr_full--;
	} else if (depot->partial->nr) {
		mag = depot->partial;
		empty->nr = 0;
		depot->partial = empty;
	} else {
		return NULL;
	}
	WRITE_ONCE(depot->nr, depot->nr - mag->nr);
	return mag;
}

static struct mpool_mag *depot_take(struct mpool_class *cls, int node,
				    struct mpool_mag *empty)
{
	struct mpool_depot *depot = cls->depots[node];
	struct mpool_mag *mag;
	unsigned long flags;

	if (!READ_ONCE(depot->nr))
		return NULL;
	raw_spin_lock_irqsave(&depot->lock, flags);
	mag = depot_exchange(cls, depot, empty);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return mag;
}

static void depot_add_full(struct mpool_depot *depot, struct mpool_mag *mag)
{
	lockdep_assert_held(&depot->lock);
	mag->stamp = jiffies;
	list_add(&mag->node, &depot->full);
	depot->nr_full++;
}

/* Fills both of a CPU's magazines' places again; @cpu is the caller's. */
bool mpool_magazine_refill(struct mpool_class *cls, struct mpool_cpu *cpu)
{
	struct mpool_mag *mag;
	int here, node;

	if (cpu->prev_nr) {
		swap(cpu->loaded, cpu->prev);
		cpu->nr = cpu->prev_nr;
		cpu->prev_nr = 0;
		return true;
	}
	here = numa_mem_id();
	mag = depot_take(cls, here, cpu->loaded);
	if (!mag) {
		for_each_node(node) {
			if (node != here)
				mag = depot_take(cls, node, cpu->loaded);
			if (mag)
				break;
		}
	}
	if (!mag)
		return false;
	depot_took(cls, mag->nr, true);
	cpu->loaded = mag;
	cpu->nr = mag->nr;
	cpu->refills++;
	return true;
}

/* Makes room in a CPU's loaded magazine; @cpu is the caller's. */
void mpool_magazine_spill(struct mpool_class *cls, struct mpool_cpu *cpu)
{
	struct mpool_depot *depot;
	struct mpool_mag *empty;
	unsigned long flags;

	if (cpu->prev_nr) {
		depot = depot_here(cls);
		empty = mpool_supply_get(cls);
		if (unlikely(!empty))
			return;
		cpu->prev->nr = cpu->prev_nr;
		raw_spin_lock_irqsave(&depot->lock, flags);
		depot_add_full(depot, cpu->prev);
		WRITE_ONCE(depot->nr, depot->nr + cpu->prev_nr);
		raw_spin_unlock_irqrestore(&depot->lock, flags);
		atomic_sub(cpu->prev_nr, &cls->out);
		cpu->prev = empty;
	}
	swap(cpu->loaded, cpu->prev);
	cpu->prev_nr = cpu->nr;
	cpu->nr = 0;
}

static void *depot_pop(struct mpool_class *cls, struct mpool_depot *depot)
{
	struct mpool_mag *mag;

	lockdep_assert_held(&depot->lock);
	if (!depot->partial->nr) {
		if (!depot->nr_full)
			return NULL;
		mag = list_first_entry(&depot->full, struct mpool_mag, node);
		mpool_supply_put(cls, depot->partial);
		list_del(&mag->node);
		depot->nr_full--;
		depot->partial = mag;
	}
	WRITE_ONCE(depot->nr, depot->nr - 1);
	return depot->partial->bufs[--depot->partial->nr];
}

static void depot_push(struct mpool_class *cls, struct mpool_depot *depot,
		       void *buf)
{
	struct mpool_mag *mag = depot->partial;
	struct mpool_mag *empty;

	lockdep_assert_held(&depot->lock);
	if (mag->nr == cls->mag_size) {
		empty = mpool_supply_get(cls);
		if (WARN_ON_ONCE(!empty))
			return;
		depot_add_full(depot, mag);
		empty->nr = 0;
		depot->partial = empty;
		mag = empty;
	}
	mag->bufs[mag->nr++] = buf;
	mag->stamp = jiffies;
	WRITE_ONCE(depot->nr, depot->nr + 1);
}

/**
 * mpool_depot_get() - take one free buffer from a depot, the nearest first
 * @cls: the class
 *
 * Context: any but NMI; either the class's lock is held, or preemption is off
 * and @slow was read as 0 since.
 * Return: the buffer, still MPOOL_FREE, or NULL.
 */
void *mpool_depot_get(struct mpool_class *cls)
{
	int here = numa_mem_id(), node = here;
	void *buf = NULL;
	unsigned long flags;

	do {
		struct mpool_depot *depot = cls->depots[node];

		if (READ_ONCE(depot->nr)) {
			raw_spin_lock_irqsave(&depot->lock, flags);
			buf = depot_pop(cls, depot);
			if (buf)
				depot->allocs++;
			raw_spin_unlock_irqrestore(&depot->lock, flags);
		}
		node = next_node_in(node, node_possible_map);
	} while (!buf && node != here);
	if (buf)
		depot_took(cls, 1, true);
	return buf;
}

static void depot_put(struct mpool_class *cls, void *buf,
		      unsigned int freed)
{
	struct mpool_depot *depot = depot_here(cls);
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	depot_push(cls, depot, buf);
	depot->frees += freed;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	atomic_dec(&cls->out);
}

/**
 * mpool_depot_put() - bring one free buffer to the near depot
 * @cls: the class
 * @buf: the buffer, MPOOL_FREE, nobody's
 *
 * Not counted as a free.
 *
 * Context: as mpool_depot_get().
 */
void mpool_depot_put(struct mpool_class *cls, void *buf)
{
	depot_put(cls, buf, 0);
}

/**
 * mpool_depot_free() - mpool_depot_put() of a user's free, counted as such
 * @cls: the class
 * @buf: the buffer, MPOOL_FREE, nobody's
 *
 * Context: as mpool_depot_get().
 */
void mpool_depot_free(struct mpool_class *cls, void *buf)
{
	depot_put(cls, buf, 1);
}

/**
 * mpool_magazine_get() - take one free buffer, by magazine or depot
 * @cls: the class
 *
 * Context: any but NMI.
 * Return: the buffer, still MPOOL_FREE, or NULL when there is none, or the
 * class is slow.
 */
void *mpool_magazine_get(struct mpool_class *cls)
{
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
	void *buf = NULL;

	if (cpu) {
		if (cpu->nr || mpool_magazine_refill(cls, cpu)) {
			buf = cpu->loaded->bufs[--cpu->nr];
			cpu->allocs++;
		}
		mpool_cpu_leave(cpu);
		return buf;
	}
	/* An interrupt amid its own task's allocation, or a slow class. */
	preempt_disable();
	/* As in mpool_cpu_enter(). */
	if (!smp_load_acquire(&cls->slow))
		buf = mpool_depot_get(cls);
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
	struct mpool_cpu *cpu = mpool_cpu_enter(cls);
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

static unsigned int depot_take_old(struct mpool_class *cls,
				   struct mpool_depot *depot, unsigned long age,
				   unsigned int nr, void **bufs)
{
	unsigned long now = jiffies;
	struct mpool_mag *mag;
	unsigned int n = 0;

	lockdep_assert_held(&depot->lock);
	while (n < nr && depot->nr_full) {
		mag = list_last_entry(&depot->full, struct mpool_mag, node);
		if (age && time_before(now, mag->stamp + age))
			return n;
		while (n < nr && mag->nr)
			bufs[n++] = mag->bufs[--mag->nr];
		if (!mag->nr) {
			list_del(&mag->node);
			depot->nr_full--;
			mpool_supply_put(cls, mag);
		}
	}
	mag = depot->partial;
	if (age && time_before(now, mag->stamp + age))
		return n;
	while (n < nr && mag->nr)
		bufs[n++] = mag->bufs[--mag->nr];
	return n;
}

/**
 * mpool_depot_take_old() - take idle buffers, least recently used first
 * @cls: the class, its lock held
 * @age: jiffies that a buffer must have been idle, 0 for any
 * @nr: most buffers
 * @bufs: where to
 *
 * Return: how many were taken; they are MPOOL_FREE and the caller's.
 */
unsigned int mpool_depot_take_old(struct mpool_class *cls, unsigned long age,
				  unsigned int nr, void **bufs)
{
	unsigned int n = 0, got;
	int node;

	lockdep_assert_held(&cls->lock);
	for_each_node(node) {
		struct mpool_depot *depot = cls->depots[node];

		raw_spin_lock(&depot->lock);
		got = depot_take_old(cls, depot, age, nr - n, bufs + n);
		WRITE_ONCE(depot->nr, depot->nr - got);
		raw_spin_unlock(&depot->lock);
		n += got;
	}
	depot_took(cls, n, false);
	return n;
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

/* Free buffers in all depots; exact under the class's lock while it is slow. */
unsigned long mpool_depot_count(const struct mpool_class *cls)
{
	unsigned long nr = 0;
	int node;

	for_each_node(node)
		nr += READ_ONCE(cls->depots[node]->nr);
	return nr;
}

/**
 * mpool_magazine_flush_cpu() - empty one CPU's magazines into the depot
 * @cls: the class, its drain_mutex held
 * @cpu: a CPU inside whose magazine nobody is: dead, or the class is slow and
 *	a grace period has passed
 */
void mpool_magazine_flush_cpu(struct mpool_class *cls, int cpu)
{
	struct mpool_cpu *c = per_cpu_ptr(cls->cpus, cpu);

	lockdep_assert_held(&cls->drain_mutex);
	while (c->nr)
		mpool_depot_put(cls, c->loaded->bufs[--c->nr]);
	while (c->prev_nr)
		mpool_depot_put(cls, c->prev->bufs[--c->prev_nr]);
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
	cls->cpu = cls->slow ? &mpool_cpu_closed : cls->cpus;
	return 0;
}

/**
 * mpool_magazine_init() - make a class's magazines and depots
 * @cls: the class; mag_size and cpu_cap are set
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM, after which mpool_magazine_exit() is still due.
 */
int mpool_magazine_init(struct mpool_class *cls)
{
	int err;

	raw_spin_lock_init(&cls->mag_lock);
	INIT_LIST_HEAD(&cls->empty);
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
	if (!cls->depots)
		return;
	for_each_node(node) {
		if (cls->depots[node])
			kfree(cls->depots[node]->partial);
		kfree(cls->depots[node]);
	}
	kfree(cls->depots);
}
