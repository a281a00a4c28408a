// SPDX-License-Identifier: GPL-2.0
/*
 * Giving memory back.
 *
 * The shrinker takes from depots and lease stock alone: it may be called from
 * within anybody's allocation, and can neither wait for a grace period nor
 * for a mutex.  A worker empties magazines for it, for a later call to find.
 * Ageing runs in a worker, and empties magazines first.
 */
#include <linux/cpuhotplug.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "ahead.h"
#include "class.h"
#include "compat/shrinker.h"
#include "limits.h"
#include "pool.h"
#include "recall.h"
#include "reclaim.h"
#include "seats.h"
#include "use.h"
#include "work.h"

/*
 * All classes, the one shrunk last at the end.  classes_sem says which there
 * are: written by who adds and takes away, and while a CPU dies; only tried by
 * the shrinker, for reading, since it may be called from within an allocation
 * anywhere.  Several may shrink at a time, kswapd of each node and whoever
 * needs memory: one that was turned away for another's sake would find no
 * progress and, in the end, call the OOM killer.  classes_turn is for the
 * order among these, and for the list of those whose magazines are to be emptied.
 */
static LIST_HEAD(classes);
static LIST_HEAD(to_drain);
static unsigned int nr_classes;
static DECLARE_RWSEM(classes_sem);
static DEFINE_SPINLOCK(classes_turn);
static struct shrinker *shrinker;
static int hotplug_state;

static unsigned long class_idle(const struct mpool_class *cls)
{
	return mpool_depot_count(cls) + READ_ONCE(cls->stock.nr_clean) +
	       READ_ONCE(cls->stock.nr_dirty) +
	       atomic_read(&cls->stock.cached);
}

/*
 * Buffers given back between two looks whether somebody else is to run.  The
 * dearest are nearly 4 MiB of single pages: 32 of them are 30,000 pages to free, some
 * ms; others' are done in microseconds, and one look for 32 costs nothing beside
 * that.  It is what mpool_class_shrink() takes in one hold of the class's lock,
 * too.
 */
#define ROUND	32

/* Lease stock first: what the kernel has is at hand for a hit. */
static unsigned int reclaim_some(struct mpool_class *cls, unsigned long age,
				 unsigned int most)
{
	unsigned int done = 0;

	if (cls->paged)
		done = mpool_stock_shrink(cls, age, most);
	return done + mpool_class_shrink(cls, age, most - done);
}

static unsigned int in_rounds(struct mpool_class *cls, unsigned long age,
			      unsigned int most,
			      unsigned int (*shrink)(struct mpool_class *cls,
						     unsigned long age,
						     unsigned int most))
{
	unsigned int done = 0, want, got;

	do {
		want = min_t(unsigned int, most - done, ROUND);
		got = shrink(cls, age, want);
		done += got;
		cond_resched();
	} while (got && got == want);
	return done;
}

/* What lies in depots and stock, or is on its way there; no less than that. */
static unsigned int class_at_hand(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned int nr = mpool_depot_count(cls);

	if (!cls->paged)
		return nr;
	/* Dirty ones become clean meanwhile: one look at all. */
	spin_lock_irq(&stock->lock);
	nr += stock->nr_clean + stock->nr_dirty + stock->busy;
	spin_unlock_irq(&stock->lock);
	return nr;
}

/**
 * mpool_reclaim_class() - give a class's idle buffers back to the system
 * @cls: the class
 * @age: jiffies that they must have been idle, 0 for any
 * @most: how many at most
 * @drain: those in magazines too
 *
 * Magazines are emptied first, and work again while the buffers go: that may
 * be 2^24 of them, for which the class would be slow, and a CPU that dies would
 * wait.  What is used meanwhile stays; what comes to be idle meanwhile may
 * stay as well, so that there is an end to it.
 *
 * Context: process, may sleep.
 * Return: how many were given back.
 */
unsigned int mpool_reclaim_class(struct mpool_class *cls, unsigned long age,
				 unsigned int most, bool drain)
{
	if (drain) {
		mpool_drain_begin(cls);
		most = min(most, class_at_hand(cls));
		mpool_drain_end(cls);
	}
	return in_rounds(cls, age, most, reclaim_some);
}

/*
 * Not more often under lasting pressure, since whoever uses his magazine has it
 * filled again.
 */
#define DRAIN_EVERY	HZ

static void drain_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(drain_work, drain_fn);
/* When it last ran; read without a lock, for want of anything that matters. */
static unsigned long drained;

static struct mpool_class *drain_next(void)
{
	struct mpool_class *cls;

	spin_lock(&classes_turn);
	cls = list_first_entry_or_null(&to_drain, struct mpool_class, drain);
	if (cls)
		list_del_init(&cls->drain);
	spin_unlock(&classes_turn);
	return cls;
}

/* One at a time: who makes or ends a class waits for a grace period at most. */
static bool drain_one(void)
{
	struct mpool_class *cls;

	down_read(&classes_sem);
	cls = drain_next();
	if (cls) {
		mpool_drain_begin(cls);
		mpool_drain_end(cls);
	}
	up_read(&classes_sem);
	return cls;
}

static void drain_fn(struct work_struct *work)
{
	WRITE_ONCE(drained, jiffies);
	while (drain_one())
		cond_resched();
}

static void drain_later(struct mpool_class *cls)
{
	unsigned long since = jiffies - READ_ONCE(drained);

	if (!mpool_magazine_count(cls))
		return;
	spin_lock(&classes_turn);
	if (list_empty(&cls->drain))
		list_add_tail(&cls->drain, &to_drain);
	spin_unlock(&classes_turn);
	queue_delayed_work(mpool_wq, &drain_work,
			   since < DRAIN_EVERY ? DRAIN_EVERY - since : 0);
}

/* Only asked when there is nothing else, since it is a look at every CPU. */
static unsigned long count_magazines(void)
{
	struct mpool_class *cls;
	unsigned long nr = 0;

	list_for_each_entry(cls, &classes, reclaim) {
		nr = mpool_magazine_count(cls);
		if (nr)
			return DIV_ROUND_UP(nr * mpool_class_cost(cls),
					    PAGE_SIZE);
	}
	return 0;
}

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	struct mpool_class *cls;
	unsigned long pages = 0;

	if (!down_read_trylock(&classes_sem))
		return 0;
	spin_lock(&classes_turn);
	list_for_each_entry(cls, &classes, reclaim)
		pages += DIV_ROUND_UP(class_idle(cls) * mpool_class_cost(cls),
				      PAGE_SIZE);
	if (!pages)
		pages = count_magazines();
	spin_unlock(&classes_turn);
	up_read(&classes_sem);
	return pages ?: SHRINK_EMPTY;
}

/* The class shrunk longest ago is the next, and then the last. */
static struct mpool_class *shrink_next(void)
{
	struct mpool_class *cls;

	spin_lock(&classes_turn);
	cls = list_first_entry(&classes, struct mpool_class, reclaim);
	list_move_tail(&cls->reclaim, &classes);
	spin_unlock(&classes_turn);
	return cls;
}

/* Returns the pages that a class gave, @want or a few more if it had them. */
static unsigned long shrink_class(struct mpool_class *cls, unsigned long want)
{
	unsigned long cost = mpool_class_cost(cls), done;

	done = DIV_ROUND_UP(want * PAGE_SIZE, cost);
	/* The kernel asks for 128 pages at a time, and looks who is to run. */
	done = reclaim_some(cls, 0, min(done, 1UL << 16));
	done = DIV_ROUND_UP(done * cost, PAGE_SIZE);
	if (done < want)
		drain_later(cls);
	if (!cls->paged)
		return done;
	/* Of slabs the slab allocator says it. */
	mpool_shrinker_freed(done);
	/* Found in the stock by a later call. */
	if (done < want)
		mpool_recall_later(cls);
	return done;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long freed = 0;
	unsigned int left;

	if (!down_read_trylock(&classes_sem))
		return SHRINK_STOP;
	for (left = nr_classes; left && freed < sc->nr_to_scan; left--)
		freed += shrink_class(shrink_next(), sc->nr_to_scan - freed);
	up_read(&classes_sem);
	return freed ?: SHRINK_STOP;
}

/*
 * What a trial is for may lack much: its limits may be far below what is backed.
 * Those in force do not lack more than a buffer, or for what is in use.
 */
static long squeeze_need(struct mpool_class *cls,
			 const struct mpool_limits *trial)
{
	long lacks = mpool_limits_lacks(cls, trial);

	if (lacks <= 0)
		return 0;
	return trial ? lacks : (long)mpool_class_cost(cls);
}

static void squeeze(struct mpool_class *cls, const struct mpool_limits *trial,
		    bool drain)
{
	struct mpool *pool = cls->pool;
	unsigned int i;
	long need;

	for (i = 0; i < pool->nr_classes; i++) {
		struct mpool_class *other = mpool_pool_peek(pool, i);

		if (!other || other == cls)
			continue;
		need = squeeze_need(cls, trial);
		if (!need)
			return;
		/* At the tier's limit, others' memory is no help. */
		if (other->tier != cls->tier &&
		    mpool_limits_tier_lacks(cls, trial) > 0)
			continue;
		/* Too late for this look; the worker wakes who waits. */
		if (drain && other->paged)
			mpool_recall_later(other);
		if (drain && !mpool_magazine_count(other))
			continue;
		mpool_reclaim_class(other, 0,
				    DIV_ROUND_UP(need, mpool_class_cost(other)),
				    drain);
	}
}

/**
 * mpool_reclaim_squeeze_for() - make room in a pool within given limits
 * @cls: the class that hit the pool's limit of bytes
 * @trial: the limits; NULL: those in force
 *
 * Takes idle buffers of the pool's other classes, no more than are needed;
 * those in magazines only when depots and stocks had none.
 *
 * Context: process, may sleep.
 * Return: whether there is room now for a buffer of the class.
 */
bool mpool_reclaim_squeeze_for(struct mpool_class *cls,
			       const struct mpool_limits *trial)
{
	/* At its own limit, others' memory is no help. */
	if (mpool_limits_full(cls, trial))
		return false;
	squeeze(cls, trial, false);
	squeeze(cls, trial, true);
	return mpool_limits_lacks(cls, trial) <= 0;
}

/**
 * mpool_reclaim_squeeze() - make room in a pool for a buffer of one class
 * @cls: the class that hit the pool's limit of bytes
 *
 * Context: process, may sleep.
 * Return: as mpool_reclaim_squeeze_for(), with the limits in force.
 */
bool mpool_reclaim_squeeze(struct mpool_class *cls)
{
	return mpool_reclaim_squeeze_for(cls, NULL);
}

/* For buffers that nobody has asked for. */
#define GFP_IDLE	(GFP_KERNEL | __GFP_NORETRY)

/*
 * Gives back what has been idle for long, down to @keep.  Of a slab's objects
 * a few keep all of it from the system, and those that were used last lie
 * anywhere.  So when most are to go all that are old go, and those to be kept
 * are made again, side by side.
 */
static void give_back(struct mpool_class *cls, unsigned int age_ms,
		      unsigned int keep)
{
	unsigned int backed = atomic_read(&cls->backed), most, done;
	bool anew;

	if (backed <= keep)
		return;
	anew = !cls->paged && backed / 2 > keep;
	most = anew ? UINT_MAX : backed - keep;
	done = mpool_reclaim_class(cls, msecs_to_jiffies(age_ms), most, true);
	/*
	 * What clients keep is last, since they may lease it again without a
	 * fault.  What they give back now has been idle for as long.
	 */
	if (cls->paged && done < most) {
		most = mpool_recall(cls, most - done, age_ms);
		done += in_rounds(cls, 0, most, mpool_stock_shrink);
	}
	if (!done)
		return;
	mpool_class_tidy(cls);
	/* As many as may be had, as at a first use. */
	if (anew)
		mpool_class_fill(cls, GFP_IDLE, keep);
}

/*
 * An adaptive pool backs what was in use at most in this interval and the one
 * before, and a quarter more.  Two intervals, so that what comes with each
 * one does not go between; a quarter, which is what magazines may hold, so
 * that no CPU misses while others keep that much.  A change of load is in the
 * target after one interval when use rises, and after two when it falls; the
 * third finds nothing to do.
 *
 * Between two looks at use lies what a CPU takes and gives back within its
 * magazines.  @busy of those lie in magazines that were used.
 */
static void adapt(struct mpool_class *cls, unsigned long busy)
{
	unsigned int use = mpool_use_now(cls), peak, target;

	peak = max_t(unsigned int, atomic_xchg(&cls->recent, use), use + busy);
	target = max(peak, cls->peak_before);
	cls->peak_before = peak;
	target += DIV_ROUND_UP(target, 4);
	target = clamp(target, READ_ONCE(cls->reserve_target),
		       READ_ONCE(cls->max));
	if (atomic_read(&cls->backed) > (int)target)
		give_back(cls, 0, target);
	else if (cls->paged && atomic64_read(&cls->stock.leases))
		mpool_ahead_grow(cls, NULL, target);
	else
		mpool_class_fill(cls, GFP_IDLE, target);
}

/**
 * mpool_reclaim_age() - one cleanup of one class
 * @cls: the class
 *
 * When less than shrink_percent of the class is in use, buffers idle for
 * longer than max_age go, least recently used first, down to initial.  In an
 * adaptive pool the recent peak of use decides instead.
 *
 * Context: process, may sleep.
 */
void mpool_reclaim_age(struct mpool_class *cls)
{
	const struct mpool_pool_config *set = &cls->pool->settings;
	unsigned int backed = atomic_read(&cls->backed);
	unsigned long busy = mpool_magazine_look(cls);
	struct mpool_class_stats st;
	u64 used;

	if (mpool_seats_crowded(cls)) {
		mpool_drain_begin(cls);
		mpool_drain_end(cls);
	}
	if (READ_ONCE(set->flags) & MPOOL_POOL_ADAPTIVE)
		return adapt(cls, busy);
	mpool_class_stats(cls, &st);
	used = st.allocated + st.leased + st.quarantined;
	if (used * 100 >= (u64)backed * READ_ONCE(set->shrink_percent))
		return;
	give_back(cls, READ_ONCE(set->max_age_ms),
		  max(READ_ONCE(cls->initial),
		      READ_ONCE(cls->reserve_target)));
}

/**
 * mpool_reclaim_add() - a class is there
 * @cls: the class
 */
void mpool_reclaim_add(struct mpool_class *cls)
{
	down_write(&classes_sem);
	list_add(&cls->reclaim, &classes);
	nr_classes++;
	up_write(&classes_sem);
}

/**
 * mpool_reclaim_del() - a class goes
 * @cls: the class; not used by the shrinker or hotplug once this returned
 */
void mpool_reclaim_del(struct mpool_class *cls)
{
	down_write(&classes_sem);
	list_del_init(&cls->reclaim);
	list_del_init(&cls->drain);
	nr_classes--;
	up_write(&classes_sem);
}

static int cpu_dead(unsigned int cpu)
{
	struct mpool_class *cls;

	down_write(&classes_sem);
	list_for_each_entry(cls, &classes, reclaim)
		mpool_drain_dead_cpu(cls, cpu);
	up_write(&classes_sem);
	return 0;
}

/**
 * mpool_reclaim_init() - register with the kernel
 *
 * Return: 0 or a negative errno.
 */
int mpool_reclaim_init(void)
{
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						  "mpool:prepare", NULL,
						  cpu_dead);
	if (hotplug_state < 0)
		return hotplug_state;
	shrinker = mpool_shrinker_add("mpool", shrink_count, shrink_scan);
	if (shrinker)
		return 0;
	cpuhp_remove_state_nocalls(hotplug_state);
	return -ENOMEM;
}

/**
 * mpool_reclaim_exit() - undo mpool_reclaim_init()
 */
void mpool_reclaim_exit(void)
{
	mpool_shrinker_del(shrinker);
	cancel_delayed_work_sync(&drain_work);
	cpuhp_remove_state_nocalls(hotplug_state);
}
