// SPDX-License-Identifier: GPL-2.0
/*
 * Records of a debugged pool's buffers: kept, looked up, added up.
 */
#include <linux/mpool.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "compat/stack.h"
#include "pool.h"
#include "record.h"

/*
 * Sites that a report names at most, for each class.  What further ones hold
 * is counted among what nobody knows of.
 */
#define SITES	64

/* Classes with records, for who has nothing but a pointer. */
static LIST_HEAD(classes);
static DEFINE_RAW_SPINLOCK(classes_lock);

/**
 * mpool_records_init() - prepare a class for records
 * @cls: the class, without a buffer yet
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mpool_records_init(struct mpool_class *cls)
{
	struct mpool_records *records = kzalloc(sizeof(*records), GFP_KERNEL);
	unsigned long flags;

	if (!records)
		return -ENOMEM;
	raw_spin_lock_init(&records->lock);
	INIT_LIST_HEAD(&records->out);
	records->cls = cls;
	cls->records = records;
	raw_spin_lock_irqsave(&classes_lock, flags);
	list_add(&records->node, &classes);
	raw_spin_unlock_irqrestore(&classes_lock, flags);
	mpool_leak_set_source(mpool_record_leaks);
	return 0;
}

/**
 * mpool_records_exit() - undo mpool_records_init(), if that was
 * @cls: the class, without a buffer
 *
 * Context: process.
 */
void mpool_records_exit(struct mpool_class *cls)
{
	unsigned long flags;

	if (!cls->records)
		return;
	raw_spin_lock_irqsave(&classes_lock, flags);
	list_del(&cls->records->node);
	raw_spin_unlock_irqrestore(&classes_lock, flags);
	kfree(cls->records);
}

/**
 * mpool_record_new() - a buffer was made
 * @cls: a class with records
 * @buf: the buffer, the caller's
 *
 * Context: any but NMI.
 */
void mpool_record_new(struct mpool_class *cls, void *buf)
{
	struct mpool_record *record = mpool_record(cls, buf);

	memset(record, 0, sizeof(*record));
	INIT_LIST_HEAD(&record->node);
	record->buf = buf;
}

static struct mpool_site site_here(unsigned long caller)
{
	struct mpool_site site = {
		.when = ktime_get_boottime_ns(),
		.caller = caller,
		.stack = mpool_stack_save(caller),
	};

	if (in_task()) {
		site.pid = task_pid_nr(current);
		/* A copy that is cut by a change of name is still terminated. */
		strscpy(site.comm, current->comm, sizeof(site.comm));
	} else {
		strscpy(site.comm, "interrupt", sizeof(site.comm));
	}
	return site;
}

/**
 * mpool_record_alloc() - a buffer goes to a kernel user
 * @cls: a class with records
 * @buf: the buffer, the caller's
 * @asked: bytes that were asked for
 * @caller: by whom
 *
 * Context: any but NMI.
 */
void mpool_record_alloc(struct mpool_class *cls, void *buf, size_t asked,
			unsigned long caller)
{
	struct mpool_record *record = mpool_record(cls, buf);
	struct mpool_site site = site_here(caller);
	unsigned long flags;

	record->asked = asked;
	raw_spin_lock_irqsave(&cls->records->lock, flags);
	record->alloc = site;
	memset(&record->free, 0, sizeof(record->free));
	list_add_tail(&record->node, &cls->records->out);
	raw_spin_unlock_irqrestore(&cls->records->lock, flags);
}

/**
 * mpool_record_free() - a kernel user has given a buffer back
 * @cls: a class with records
 * @buf: the buffer, the caller's
 * @caller: who gave it back
 *
 * Context: any but NMI.
 */
void mpool_record_free(struct mpool_class *cls, void *buf,
		       unsigned long caller)
{
	struct mpool_record *record = mpool_record(cls, buf);
	struct mpool_site site = site_here(caller);
	unsigned long flags;

	raw_spin_lock_irqsave(&cls->records->lock, flags);
	record->free = site;
	list_del_init(&record->node);
	raw_spin_unlock_irqrestore(&cls->records->lock, flags);
}

/* By its tag; what only looks like a buffer has no record of its own address. */
static struct mpool_record *find_tagged(struct mpool_class *cls,
					const void *buf, unsigned long tag)
{
	struct mpool_record *record;

	if (mpool_buf_paged(buf) != cls->paged ||
	    (tag ^ cls->tag) & ~MPOOL_TAG_STATE)
		return NULL;
	record = mpool_record(cls, buf);
	if (mpool_read_nofault((unsigned long *)&record->buf) !=
	    (unsigned long)buf)
		return NULL;
	return record;
}

/* One that a user has: its tag may have been written over. */
static struct mpool_record *find_out(struct mpool_class *cls, const void *buf)
{
	struct mpool_record *record;

	lockdep_assert_held(&cls->records->lock);
	list_for_each_entry(record, &cls->records->out, node)
		if (record->buf == buf)
			return record;
	return NULL;
}

static bool find_in(struct mpool_class *cls, const void *buf,
		    unsigned long tag, struct mpool_found *found)
{
	struct mpool_record *record = NULL;

	raw_spin_lock(&cls->records->lock);
	if (tag)
		record = find_tagged(cls, buf, tag);
	found->tagged = record;
	if (!record)
		record = find_out(cls, buf);
	if (record)
		found->record = *record;
	raw_spin_unlock(&cls->records->lock);
	if (!record)
		return false;
	strscpy(found->pool, cls->pool->name, sizeof(found->pool));
	found->size = cls->size;
	found->state = tag & MPOOL_TAG_STATE;
	return true;
}

/**
 * mpool_record_find() - what is known of a pointer
 * @buf: the pointer; any value
 * @found: where to
 *
 * Looks through the records of all debugged pools: for reports alone.
 *
 * Context: any but NMI.
 * Return: true when it is a buffer with a record.
 */
bool mpool_record_find(const void *buf, struct mpool_found *found)
{
	struct mpool_records *records;
	unsigned long flags, tag = mpool_tag_read(buf);
	bool done = false;

	raw_spin_lock_irqsave(&classes_lock, flags);
	list_for_each_entry(records, &classes, node) {
		done = find_in(records->cls, buf, tag, found);
		if (done)
			break;
	}
	raw_spin_unlock_irqrestore(&classes_lock, flags);
	return done;
}

/* Adds one to its site's group; the oldest comes first and names it. */
static unsigned int leak_add(struct mpool_leak *groups, unsigned int nr,
			     const struct mpool_site *site)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (groups[i].stack != site->stack ||
		    groups[i].caller != site->caller)
			continue;
		groups[i].nr++;
		return nr;
	}
	if (nr == SITES)
		return nr;
	groups[nr] = (struct mpool_leak) {
		.nr = 1,
		.since = site->when,
		.stack = site->stack,
		.caller = site->caller,
		.pid = site->pid,
	};
	memcpy(groups[nr].comm, site->comm, sizeof(groups[nr].comm));
	return nr + 1;
}

/**
 * mpool_record_leaks() - who has buffers of a class, by site
 * @cls: the class
 * @visit: told of each site
 * @arg: for @visit
 *
 * Context: process, may sleep.
 * Return: how many buffers @visit was told of.
 */
u64 mpool_record_leaks(struct mpool_class *cls, mpool_leak_visit_fn *visit,
		       void *arg)
{
	struct mpool_records *records = cls->records;
	struct mpool_record *record;
	struct mpool_leak *groups;
	unsigned int nr = 0, i;
	u64 bufs = 0;

	if (!records)
		return 0;
	groups = kcalloc(SITES, sizeof(*groups), GFP_KERNEL);
	if (!groups)
		return 0;
	raw_spin_lock_irq(&records->lock);
	list_for_each_entry(record, &records->out, node)
		nr = leak_add(groups, nr, &record->alloc);
	raw_spin_unlock_irq(&records->lock);
	for (i = 0; i < nr; i++) {
		visit(&groups[i], arg);
		bufs += groups[i].nr;
	}
	kfree(groups);
	return bufs;
}
