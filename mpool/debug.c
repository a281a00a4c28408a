// SPDX-License-Identifier: GPL-2.0
/*
 * What is looked at when a buffer of a debugged pool changes hands.
 *
 *	small:	| header: tag | red zone 8 | payload | red zone 16 | record |
 *	pages:	| payload |		(record behind the descriptor)
 *
 * Of the payload, what is behind the bytes that were asked for is red zone
 * too.  A buffer of pages that was asked for whole has none: nothing but its
 * neighbours' memory is there.
 */
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/poison.h>
#include <linux/string.h>

#include "compat/stack.h"
#include "debug.h"
#include "pool.h"
#include "record.h"
#include "report.h"

DEFINE_STATIC_KEY_FALSE(mpool_debug_key);

/* Written by sysfs; counts for pools that are made from then on. */
static bool debug;
module_param(debug, bool, 0644);
MODULE_PARM_DESC(debug, "Debug all pools made from now on: poison, red zones, sites (default: N)");

/**
 * mpool_debug_begin() - have a new pool debugged, if it is to be
 * @pool: the pool, configured, without a class
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_debug_begin(struct mpool *pool)
{
	int err;

	if (READ_ONCE(debug))
		pool->settings.flags |= MPOOL_POOL_DEBUG;
	if (!(pool->settings.flags & MPOOL_POOL_DEBUG))
		return 0;
	err = mpool_stack_init();
	if (err)
		return err;
	static_branch_inc(&mpool_debug_key);
	pool->debugged = true;
	return 0;
}

/**
 * mpool_debug_end() - a pool is gone, with all its classes
 * @pool: the pool
 *
 * Context: process, may sleep.
 */
void mpool_debug_end(struct mpool *pool)
{
	if (pool->debugged)
		static_branch_dec(&mpool_debug_key);
}

/* What a constructor or a reset left in a free buffer is its next user's. */
static bool has_content(const struct mpool_class *cls)
{
	return cls->ctor || cls->reset;
}

static void arm_behind(struct mpool_class *cls, void *buf)
{
	if (!cls->paged)
		memset(buf + cls->size, SLUB_RED_ACTIVE, MPOOL_REDZONE);
}

/* Bytes that no user may write: @from the payload's beginning, and on. */
static size_t zone_behind(const struct mpool_class *cls, size_t from)
{
	return cls->size - from + (cls->paged ? 0 : MPOOL_REDZONE);
}

static void check(struct mpool_class *cls, void *buf, const char *what,
		  const void *from, size_t len, u8 value, const char *when,
		  unsigned long caller)
{
	struct mpool_damage damage = {
		.what = what,
		.when = when,
		.at = memchr_inv(from, value, len),
		.end = from + len,
		.value = value,
		.caller = caller,
	};

	if (likely(!damage.at))
		return;
	atomic64_inc(&cls->records->damaged);
	mpool_report_damage(cls, buf, &damage);
}

static void check_free(struct mpool_class *cls, void *buf, const char *when,
		       unsigned long caller)
{
	struct mpool_record *record = mpool_record(cls, buf);

	if (record->poisoned)
		check(cls, buf, "write after free", buf, cls->size, POISON_FREE,
		      when, caller);
	record->poisoned = false;
	if (cls->paged)
		return;
	check(cls, buf, "write after free, behind the buffer", buf + cls->size,
	      MPOOL_REDZONE, SLUB_RED_ACTIVE, when, caller);
	arm_behind(cls, buf);
}

/**
 * mpool_debug_new() - a buffer was made
 * @cls: a debugged class
 * @buf: the buffer, the caller's
 *
 * Context: any but NMI.
 */
void mpool_debug_new(struct mpool_class *cls, void *buf)
{
	mpool_record_new(cls, buf);
	arm_behind(cls, buf);
}

/**
 * mpool_debug_alloc() - look at a buffer that goes to a kernel user
 * @cls: a debugged class
 * @buf: the buffer, the caller's
 * @asked: bytes that were asked for
 * @gfp: how; with __GFP_ZERO it is zeroed here
 * @caller: by whom
 *
 * Context: any but NMI.
 */
void mpool_debug_alloc(struct mpool_class *cls, void *buf, size_t asked,
		       gfp_t gfp, unsigned long caller)
{
	check_free(cls, buf, "when allocated", caller);
	if (has_content(cls))
		asked = cls->size;
	if (gfp & __GFP_ZERO)
		memset(buf, 0, asked);
	else if (!has_content(cls))
		memset(buf, POISON_INUSE, asked);
	memset(buf + asked, SLUB_RED_ACTIVE, cls->size - asked);
	if (!cls->paged)
		memset(&mpool_head(buf)->next, SLUB_RED_ACTIVE, sizeof(void *));
	mpool_record_alloc(cls, buf, asked, caller);
}

/**
 * mpool_debug_free() - look at a buffer that a kernel user gave back
 * @cls: a debugged class
 * @buf: the buffer, MPOOL_FREE and the caller's
 * @caller: who gave it back
 *
 * Context: any but NMI.
 */
void mpool_debug_free(struct mpool_class *cls, void *buf, unsigned long caller)
{
	struct mpool_record *record = mpool_record(cls, buf);

	if (!cls->paged)
		check(cls, buf, "write before the buffer",
		      &mpool_head(buf)->next, sizeof(void *), SLUB_RED_ACTIVE,
		      "when freed", caller);
	check(cls, buf, "write behind the buffer", buf + record->asked,
	      zone_behind(cls, record->asked), SLUB_RED_ACTIVE, "when freed",
	      caller);
	arm_behind(cls, buf);
	mpool_record_free(cls, buf, caller);
	if (has_content(cls))
		return;
	memset(buf, POISON_FREE, cls->size);
	record->poisoned = true;
}

/**
 * mpool_debug_leave() - look at a free buffer that leaves the kernel's side
 * @cls: a debugged class
 * @buf: the buffer, MPOOL_FREE and the caller's: to be zeroed for a client,
 *	or given back to the system
 *
 * Context: any but NMI.
 */
void mpool_debug_leave(struct mpool_class *cls, void *buf)
{
	check_free(cls, buf, "when it was no longer kept", 0);
}
