/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of a debugged pool's buffers: who allocated and freed each last.
 *
 * A record lies in the buffer's own memory, where its user has no business:
 * behind a small payload, and behind the descriptor of a buffer of pages.
 */
#ifndef _MPOOL_RECORD_H
#define _MPOOL_RECORD_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mpool.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/stackdepot.h>

#include "class.h"
#include "leak.h"

/* Bytes between a small payload and its record; keeps that aligned. */
#define MPOOL_REDZONE		16

/**
 * struct mpool_site - a call to mpool
 * @when: ns of CLOCK_BOOTTIME; 0: there was none
 * @caller: return address in who called
 * @stack: the stack from there on; 0: not known
 * @pid: task, in the initial pid namespace; 0 in interrupts
 * @comm: its name then
 */
struct mpool_site {
	u64 when;
	unsigned long caller;
	depot_stack_handle_t stack;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct mpool_record - what is known of a buffer
 * @node: link in struct mpool_records.out while it is a kernel user's, else
 *	empty; the class's records lock
 * @buf: the buffer; constant
 * @alloc: its last allocation; written under the records lock by who holds it
 * @free: its free since then; likewise
 * @asked: bytes that were asked for; belongs to who holds the buffer
 * @poisoned: it is free and filled with poison; likewise
 */
struct mpool_record {
	struct list_head node;
	const void *buf;
	struct mpool_site alloc;
	struct mpool_site free;
	u32 asked;
	bool poisoned;
};

/**
 * struct mpool_records - a class's records
 * @lock: protects @out and the records' sites; innermost but for the lock of
 *	the stack depot, and nests inside that of all classes (record.c)
 * @out: records of buffers that kernel users have, the oldest first
 * @node: link among all classes with records
 * @cls: whose; constant
 * @damaged: how many buffers were found written where nobody may
 */
struct mpool_records {
	raw_spinlock_t lock;
	struct list_head out;
	struct list_head node;
	struct mpool_class *cls;
	atomic64_t damaged;
};

/**
 * struct mpool_found - copies of what is known of a pointer
 * @record: the buffer's
 * @pool: name of its pool
 * @size: of its class, bytes
 * @tagged: its tag is whole, and says @state
 * @state: enum mpool_state, or none of it
 */
struct mpool_found {
	struct mpool_record record;
	char pool[MPOOL_NAME_LEN];
	u32 size;
	bool tagged;
	unsigned int state;
};

int mpool_records_init(struct mpool_class *cls);
void mpool_records_exit(struct mpool_class *cls);
void mpool_record_new(struct mpool_class *cls, void *buf);
void mpool_record_alloc(struct mpool_class *cls, void *buf, size_t asked,
			unsigned long caller);
void mpool_record_free(struct mpool_class *cls, void *buf,
		       unsigned long caller);
bool mpool_record_find(const void *buf, struct mpool_found *found);
u64 mpool_record_leaks(struct mpool_class *cls, mpool_leak_visit_fn *visit,
		       void *arg);

/* Bytes that a small class has behind each payload. */
static inline size_t mpool_record_space(const struct mpool_class *cls)
{
	return cls->records ? MPOOL_REDZONE + sizeof(struct mpool_record) : 0;
}

/* The record of a buffer of a class that has some. */
static inline struct mpool_record *mpool_record(const struct mpool_class *cls,
						const void *buf)
{
	if (cls->paged)
		return (struct mpool_record *)(mpool_desc(buf) + 1);
	return (struct mpool_record *)(buf + cls->size + MPOOL_REDZONE);
}

#endif /* _MPOOL_RECORD_H */
