// SPDX-License-Identifier: GPL-2.0
/*
 * The supply of magazines: always one for who has a full one to put away.
 */
#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include "class.h"
#include "magazine.h"
#include "supply.h"

/*
 * Magazines that are not full ones: two with each CPU, and with each depot
 * the partial one and one that a take by age left half empty.
 */
static unsigned int mag_fixed(void)
{
	return 2 * (num_possible_cpus() + num_possible_nodes());
}

/**
 * mpool_supply_make() - allocate a magazine
 * @cls: the class
 * @gfp: how to allocate
 * @node: near which node, or NUMA_NO_NODE
 *
 * Return: an empty one, the caller's and not counted yet; or NULL.
 */
struct mpool_mag *mpool_supply_make(struct mpool_class *cls, gfp_t gfp,
				    int node)
{
	struct mpool_mag *mag;

	mag = kmalloc_node(struct_size(mag, bufs, cls->mag_size),
			   gfp | __GFP_NOWARN, node);
	if (mag) {
		INIT_LIST_HEAD(&mag->node);
		mag->nr = 0;
	}
	return mag;
}

static void mag_count(struct mpool_class *cls, int nr)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->mag_lock, flags);
	cls->nr_mags += nr;
	raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
}

/**
 * mpool_supply_put() - bring back an empty magazine
 * @cls: the class
 * @mag: nobody's, empty
 *
 * Context: any but NMI.
 */
void mpool_supply_put(struct mpool_class *cls, struct mpool_mag *mag)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->mag_lock, flags);
	list_add(&mag->node, &cls->empty);
	cls->nr_empty++;
	raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
}

/**
 * mpool_supply_put_all() - bring back empty magazines
 * @cls: the class
 * @mags: nobody's, empty; left without any
 * @nr: how many
 *
 * Context: any but NMI.
 */
void mpool_supply_put_all(struct mpool_class *cls, struct list_head *mags,
			  unsigned int nr)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->mag_lock, flags);
	list_splice_init(mags, &cls->empty);
	cls->nr_empty += nr;
	raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
}

/**
 * mpool_supply_get() - fetch an empty magazine in place of a full one
 * @cls: the class
 *
 * Cannot come back empty-handed for somebody with a full magazine in hand:
 * magazines number at least mag_fixed() + floor(backed / mag_size), CPUs and
 * depots keep mag_fixed() of them, and at most floor(backed / mag_size) can
 * be full, the one in hand included.
 *
 * Context: any but NMI.
 * Return: a magazine; NULL, with a warning, should the above not hold.
 */
struct mpool_mag *mpool_supply_get(struct mpool_class *cls)
{
	struct mpool_mag *mag;
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->mag_lock, flags);
	mag = list_first_entry_or_null(&cls->empty, struct mpool_mag, node);
	if (mag) {
		list_del(&mag->node);
		cls->nr_empty--;
	}
	raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
	WARN_ON_ONCE(!mag);
	return mag;
}

/**
 * mpool_supply_get_all() - fetch empty magazines for as many full ones' buffers
 * @cls: the class
 * @mags: where to
 * @nr: how many
 *
 * As mpool_supply_get(): @nr times mag_size buffers in hand are as many full
 * magazines.
 *
 * Context: any but NMI.
 * Return: how many; fewer, with a warning, should the above not hold.
 */
unsigned int mpool_supply_get_all(struct mpool_class *cls,
				  struct list_head *mags, unsigned int nr)
{
	struct list_head *last = &cls->empty;
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->mag_lock, flags);
	for (; n < nr && last->next != &cls->empty; n++)
		last = last->next;
	list_cut_position(mags, &cls->empty, last);
	cls->nr_empty -= n;
	raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
	WARN_ON_ONCE(n < nr);
	return n;
}

/*
 * Under the lock, as mpool_magazine_surplus() looks: who grows has counted
 * itself in backed before, so whichever of the two comes second sees the
 * other's.
 */
static bool mag_short(struct mpool_class *cls)
{
	unsigned long flags;
	bool few;

	raw_spin_lock_irqsave(&cls->mag_lock, flags);
	few = cls->nr_mags < mag_fixed() +
	      atomic_read(&cls->backed) / cls->mag_size;
	raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
	return few;
}

/**
 * mpool_magazine_provide() - see that there are magazines for all backed
 * @cls: the class; backed already counts what is about to be made
 * @gfp: how to allocate
 *
 * Return: 0 or -ENOMEM.
 */
int mpool_magazine_provide(struct mpool_class *cls, gfp_t gfp)
{
	struct mpool_mag *mag;

	while (mag_short(cls)) {
		mag = mpool_supply_make(cls, gfp, NUMA_NO_NODE);
		if (!mag)
			return -ENOMEM;
		mpool_supply_put(cls, mag);
		mag_count(cls, 1);
	}
	return 0;
}

/**
 * mpool_magazine_surplus() - free magazines that the backed no longer need
 * @cls: the class
 */
void mpool_magazine_surplus(struct mpool_class *cls)
{
	struct mpool_mag *mag;
	unsigned long flags;

	do {
		mag = NULL;
		raw_spin_lock_irqsave(&cls->mag_lock, flags);
		if (cls->nr_empty && cls->nr_mags > mag_fixed() +
		    atomic_read(&cls->backed) / cls->mag_size) {
			mag = list_last_entry(&cls->empty, struct mpool_mag,
					      node);
			list_del(&mag->node);
			cls->nr_empty--;
			cls->nr_mags--;
		}
		raw_spin_unlock_irqrestore(&cls->mag_lock, flags);
		kfree(mag);
	} while (mag);
}
