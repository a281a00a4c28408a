// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers that something still reaches when their lease has ended.
 *
 * A pinned page, or a momentary reference, keeps a buffer here.  Nothing
 * signals the last unpin, so it is looked at again, with back-off.
 *
 * A pin keeps memory locked that nobody leases any more: so it stays on the
 * account of the user whose lease it was, or a process could pin, release and
 * lease again, past all limits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/user.h>
#include <linux/string.h>

#include "abandoned.h"
#include "class.h"
#include "pages.h"
#include "pool.h"
#include "quarantine.h"
#include "use.h"
#include "work.h"

/*
 * Transfers end within milliseconds; what is pinned for longer (registered
 * buffers) is pinned for seconds, and not worth a look more often than that.
 */
#define POLL_FIRST_MS	10
#define POLL_MAX_MS	1000

/* Users whose references one look gives up; they lie on the stack. */
#define USERS		32

/**
 * struct look - one look at a quarantine
 * @asked: somebody asked for it; how often it was in vain does not count
 * @delay: ms until the next one, 0: none is needed
 * @more: there were more users than @users holds
 * @gone: buffers whose payer has gone, for the system
 * @nr: entries of @users
 * @users: whose references are to be put, with no lock held
 * @refs: how many of each
 */
struct look {
	bool asked;
	unsigned int delay;
	bool more;
	struct list_head gone;
	unsigned int nr;
	struct user_struct *users[USERS];
	unsigned int refs[USERS];
};

/*
 * Has the quarantine looked at in @ms, or before.  A look that is due sooner
 * stays: a timer set anew by each buffer that comes would never end.
 */
static void look_in(struct mpool_stock *stock, unsigned int ms)
{
	unsigned long delay = msecs_to_jiffies(ms), due = jiffies + delay;

	lockdep_assert_held(&stock->lock);
	if (stock->ended)
		return;
	if (stock->pin_armed && !time_before(due, stock->pin_due))
		return;
	stock->pin_armed = true;
	stock->pin_due = due;
	mod_delayed_work(mpool_wq, &stock->pin_work, delay);
}

/**
 * mpool_quarantine_add() - a buffer has to wait until nothing reaches it
 * @cls: a class of pages
 * @shelf: of who is charged for it, and has a client
 * @user: whose locked memory it is, and stays meanwhile; NULL: nobody's
 * @desc: a buffer that no page-table entry reaches, nobody's
 *
 * Context: process.
 */
void mpool_quarantine_add(struct mpool_class *cls, struct mpool_shelf *shelf,
			  struct user_struct *user, struct mpool_desc *desc)
{
	struct mpool_stock *stock = &cls->stock;
	unsigned long flags;

	spin_lock_irqsave(&stock->lock, flags);
	mpool_desc_set(desc, cls->tag, MPOOL_QUARANTINED);
	desc->locked = user ? get_uid(user) : NULL;
	desc->polls = 0;
	list_add_tail(&desc->node, &shelf->quarantine);
	WRITE_ONCE(shelf->nr_quarantined, shelf->nr_quarantined + 1);
	WRITE_ONCE(stock->nr_quarantined, stock->nr_quarantined + 1);
	look_in(stock, POLL_FIRST_MS);
	spin_unlock_irqrestore(&stock->lock, flags);
}

/* Returns who was charged, with the reference. */
static struct user_struct *uncharge(struct mpool_desc *desc)
{
	struct user_struct *user = desc->locked;

	if (user)
		atomic_long_sub(desc->cls->size >> PAGE_SHIFT,
				&user->locked_vm);
	desc->locked = NULL;
	return user;
}

/* Where a user's references are counted; NULL when there are more users than that. */
static unsigned int *refs_of(struct look *l, struct user_struct *user)
{
	unsigned int i = l->nr;

	/* Mostly the one before. */
	while (i--)
		if (l->users[i] == user)
			return &l->refs[i];
	if (l->nr == USERS)
		return NULL;
	l->users[l->nr] = user;
	l->refs[l->nr] = 0;
	return &l->refs[l->nr++];
}

/* 2^7 times the first delay is above the last one. */
static unsigned int back_off(struct mpool_desc *desc)
{
	desc->polls = min(desc->polls + 1, 7U);
	return min(POLL_FIRST_MS << desc->polls, POLL_MAX_MS);
}

/* What nothing reaches any more is dirty; without a @shelf it is nobody's. */
static void look_at(struct mpool_class *cls, struct mpool_shelf *shelf,
		    struct list_head *list, struct look *l)
{
	struct mpool_stock *stock = &cls->stock;
	struct mpool_desc *desc, *next;
	unsigned int mine, *refs;

	lockdep_assert_held(&stock->lock);
	list_for_each_entry_safe(desc, next, list, node) {
		if (mpool_pages_pinned(desc)) {
			if (l->asked)
				continue;
			mine = back_off(desc);
			l->delay = l->delay ? min(l->delay, mine) : mine;
			continue;
		}
		if (desc->locked) {
			refs = refs_of(l, desc->locked);
			if (!refs) {
				l->more = true;
				return;
			}
			uncharge(desc);
			++*refs;
		}
		WRITE_ONCE(stock->nr_quarantined, stock->nr_quarantined - 1);
		if (shelf) {
			WRITE_ONCE(shelf->nr_quarantined,
				   shelf->nr_quarantined - 1);
			mpool_stock_push_dirty(cls, shelf, desc);
		} else {
			mpool_desc_set(desc, cls->tag, MPOOL_FREE);
			list_move(&desc->node, &l->gone);
		}
	}
}

static void look_through(struct mpool_class *cls, struct look *l)
{
	struct mpool_stock *stock = &cls->stock;
	struct mpool_shelf *shelf;

	list_for_each_entry(shelf, &stock->shelves, node)
		look_at(cls, shelf, &shelf->quarantine, l);
	look_at(cls, NULL, &stock->orphans, l);
}

/* True when it has to be done again: its hands were full. */
static bool look_once(struct mpool_class *cls, bool asked)
{
	struct mpool_stock *stock = &cls->stock;
	struct look l = { .asked = asked };
	struct mpool_desc *desc, *next;
	unsigned long flags;
	void *buf;

	INIT_LIST_HEAD(&l.gone);
	spin_lock_irqsave(&stock->lock, flags);
	/* The work's own look: what comes from here on needs another one. */
	if (!asked)
		stock->pin_armed = false;
	look_through(cls, &l);
	/* The work comes again at once, and counts none of them twice. */
	if (l.more && !asked)
		l.delay = 1;
	if (l.delay)
		look_in(stock, l.delay);
	spin_unlock_irqrestore(&stock->lock, flags);
	while (l.nr--)
		while (l.refs[l.nr]--)
			free_uid(l.users[l.nr]);
	list_for_each_entry_safe(desc, next, &l.gone, node) {
		list_del_init(&desc->node);
		buf = desc->addr;
		mpool_class_give_back(cls, 1, &buf);
	}
	return l.more;
}

static void look(struct mpool_class *cls, bool asked)
{
	while (look_once(cls, asked) && asked)
		;
	/* What is in quarantine counts as used. */
	mpool_use_changed(cls);
	mpool_wait_kick(cls);
}

/**
 * mpool_quarantine_fn() - look whether buffers are still reached
 * @work: pin_work of a class's stock
 */
void mpool_quarantine_fn(struct work_struct *work)
{
	struct mpool_class *cls = container_of(to_delayed_work(work),
					       struct mpool_class,
					       stock.pin_work);

	look(cls, false);
}

/**
 * mpool_quarantine_look() - look now, and not when it is time
 * @pool: the pool, all of its classes
 *
 * For who stands at a limit that may be full of what was unpinned since.
 *
 * Context: process.
 */
void mpool_quarantine_look(struct mpool *pool)
{
	struct mpool_class *cls;
	unsigned int i;

	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (cls && READ_ONCE(cls->stock.nr_quarantined))
			look(cls, true);
	}
}

/* Buffers of one user follow each other, for the most part. */
static void tell(struct mpool_abandoned *left)
{
	if (!left->nr)
		return;
	pr_info("%s: %u buffers of %zu bytes left to whoever has them pinned\n",
		left->pool, left->nr, left->size);
	mpool_abandoned_add(left);
	left->nr = 0;
}

static void abandon(struct mpool_stock *stock, struct mpool_abandoned *left,
		    kuid_t uid)
{
	if (!uid_eq(left->uid, uid))
		tell(left);
	left->uid = uid;
	left->nr++;
	atomic_inc(&stock->abandoned);
}

/**
 * mpool_quarantine_exit() - end a quarantine
 * @cls: a class whose stock was stopped, and that no payer has a shelf in
 *
 * A buffer that a pin still reaches is abandoned to it: the pool lets go, and
 * the pin's last put gives the pages to the system.  Nothing waits for that,
 * and nothing hears of it: so here the account ends, while the memory is still
 * locked.  It takes the pool's owner to have it so far, and CAP_SYS_ADMIN for a
 * pool that was made without; and no client is left.
 *
 * Context: process, may sleep.
 */
void mpool_quarantine_exit(struct mpool_class *cls)
{
	struct mpool_stock *stock = &cls->stock;
	struct mpool_desc *desc, *next;
	struct mpool_abandoned left = { .size = cls->size };
	struct user_struct *user;
	void *buf;

	strscpy(left.pool, cls->pool->name, sizeof(left.pool));
	list_splice_tail_init(&stock->own.quarantine, &stock->orphans);
	list_for_each_entry_safe(desc, next, &stock->orphans, node) {
		list_del_init(&desc->node);
		stock->nr_quarantined--;
		user = uncharge(desc);
		if (mpool_pages_pinned(desc))
			abandon(stock, &left, user ? user->uid : INVALID_UID);
		if (user)
			free_uid(user);
		buf = desc->addr;
		mpool_class_give_back(cls, 1, &buf);
	}
	tell(&left);
}
