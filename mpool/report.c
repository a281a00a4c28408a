// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of misuse, rate-limited.  One line in production, without a stack of
 * our own, since the caller's address says where to look; of a debugged pool's
 * buffers a block, with who had it last.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/math64.h>
#include <linux/mpool.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#include "buf.h"
#include "class.h"
#include "compat/stack.h"
#include "debug.h"
#include "pool.h"
#include "record.h"
#include "report.h"

/* Bytes of what is there instead that are shown. */
#define SHOWN	16

static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
			      DEFAULT_RATELIMIT_BURST);

/* Two reports at once do not mix their lines. */
static DEFINE_RAW_SPINLOCK(say_lock);

static const char *state_says(unsigned int state)
{
	switch (state) {
	case MPOOL_FREE:
		return "double free";
	case MPOOL_ALLOCATED:
		return "free with another class";
	case MPOOL_LEASED:
		return "free of a leased buffer";
	case MPOOL_QUARANTINED:
		return "free of a quarantined buffer";
	default:
		return "free of a corrupted buffer";
	}
}

static const char *state_name(unsigned int state)
{
	switch (state) {
	case MPOOL_FREE:
		return "free";
	case MPOOL_ALLOCATED:
		return "allocated";
	case MPOOL_LEASED:
		return "leased";
	case MPOOL_QUARANTINED:
		return "in quarantine";
	default:
		return "in no state";
	}
}

static void say_stack(const struct mpool_site *site)
{
	unsigned long *entries;
	unsigned int nr = mpool_stack_fetch(site->stack, &entries), i;

	for (i = 0; i < nr; i++)
		pr_err("    %pS\n", (void *)entries[i]);
	if (!nr)
		pr_err("    %pS\n", (void *)site->caller);
}

static void say_site(const char *what, const struct mpool_site *site)
{
	u64 now = ktime_get_boottime_ns();

	if (!site->when)
		return;
	/* Names are escaped: a process calls itself what it likes. */
	pr_err("  %s %llu us ago by pid %d (%*pE), at\n", what,
	       div_u64(now > site->when ? now - site->when : 0, NSEC_PER_USEC),
	       site->pid, (int)strnlen(site->comm, TASK_COMM_LEN), site->comm);
	say_stack(site);
}

static void say_record(const struct mpool_record *record)
{
	say_site("allocated", &record->alloc);
	say_site("freed", &record->free);
}

static void say_found(const struct mpool_found *found)
{
	pr_err("  a buffer of %u bytes of pool %s, %s, %u of them asked for\n",
	       found->size, found->pool,
	       found->tagged ? state_name(found->state) :
			       "its header written over",
	       found->record.asked);
	say_record(&found->record);
}

/* What only a record tells. */
static const char *found_says(const struct mpool *pool, const char *what,
			      const struct mpool_found *found)
{
	if (!found->tagged)
		return "write before the buffer, free of";
	if (strcmp(found->pool, pool->name))
		return "free of another pool's buffer";
	return what;
}

/**
 * mpool_report_bad_free() - say why a free was refused, and count it
 * @pool: the pool it was meant for
 * @cls: the class, or NULL when the pointer was to tell it
 * @buf: the pointer; any value
 * @caller: who called
 *
 * Context: any but NMI.
 */
void mpool_report_bad_free(struct mpool *pool, struct mpool_class *cls,
			   const void *buf, unsigned long caller)
{
	const char *what = "free of a foreign pointer";
	unsigned long plain, flags, tag = mpool_tag_read(buf);
	struct mpool_found found;
	unsigned int index;
	bool known;

	if (tag) {
		plain = tag ^ pool->cookie;
		index = plain >> MPOOL_TAG_CLASS_SHIFT & MPOOL_TAG_CLASS_MASK;
		if (!(plain >> MPOOL_TAG_COOKIE_SHIFT) &&
		    index < pool->nr_classes) {
			what = state_says(plain & MPOOL_TAG_STATE);
			cls = cls ?: mpool_pool_peek(pool, index);
		}
	}
	if (cls)
		atomic64_inc(&cls->bad_frees);
	else
		atomic64_inc(&pool->bad_frees);
	if (!__ratelimit(&limit))
		return;
	known = mpool_debug_any() && mpool_record_find(buf, &found);
	if (known)
		what = found_says(pool, what, &found);
	raw_spin_lock_irqsave(&say_lock, flags);
	pr_err("%s: %s %p refused, by %pS\n", pool->name, what, buf,
	       (void *)caller);
	if (known)
		say_found(&found);
	raw_spin_unlock_irqrestore(&say_lock, flags);
}

static unsigned long count_bad(const struct mpool_damage *damage)
{
	unsigned long nr = 0;
	const u8 *p;

	for (p = damage->at; p < damage->end; p++)
		nr += *p != damage->value;
	return nr;
}

/**
 * mpool_report_damage() - say that a buffer was written where nobody may
 * @cls: a debugged class
 * @buf: the buffer, the caller's
 * @damage: what was found
 *
 * Context: any but NMI.
 */
void mpool_report_damage(struct mpool_class *cls, const void *buf,
			 const struct mpool_damage *damage)
{
	const struct mpool_record *record = mpool_record(cls, buf);
	int shown = min_t(long, damage->end - damage->at, SHOWN);
	unsigned long flags;

	if (!__ratelimit(&limit))
		return;
	raw_spin_lock_irqsave(&say_lock, flags);
	pr_err("%s: %s %p of %u bytes, %u of them asked for, found %s\n",
	       cls->pool->name, damage->what, buf, cls->size, record->asked,
	       damage->when);
	pr_err("  at offset %td: %*ph, where all should be %02x; %lu bytes differ\n",
	       damage->at - (const u8 *)buf, shown, damage->at, damage->value,
	       count_bad(damage));
	if (damage->caller)
		pr_err("  %s by %pS\n", damage->when, (void *)damage->caller);
	say_record(record);
	raw_spin_unlock_irqrestore(&say_lock, flags);
}
