/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client that waits: for events, or for room to lease.
 */
#ifndef _MPOOL_WATCH_H
#define _MPOOL_WATCH_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "events.h"

struct eventfd_ctx;
struct file;
struct mpool_client;
struct poll_table_struct;

/**
 * struct mpool_watch - what a client watches
 * @sub: its events
 * @lock: one who changes or reads at a time
 * @record_size: bytes of a record, as the reader knows it; @lock
 * @leak_age: seconds after which a lease is suspect; while no @leaks runs
 * @wide: leases of all the pool's clients are looked at; likewise
 * @seen: leases given until then, seconds of CLOCK_BOOTTIME, were reported
 * @leaks: looks for leaks
 */
struct mpool_watch {
	struct mpool_subscriber sub;
	struct mutex lock;	/* one who changes or reads at a time */
	u32 record_size;
	u32 leak_age;
	bool wide;
	s64 seen;
	struct delayed_work leaks;
};

void mpool_watch_init(struct mpool_client *client);
void mpool_watch_exit(struct mpool_client *client);
void mpool_watch_stop(struct mpool_client *client);
int mpool_watch_set(struct mpool_client *client,
		    const struct mpool_events *events,
		    struct eventfd_ctx *eventfd, bool wide);
ssize_t mpool_watch_read(struct mpool_client *client, char __user *to,
			 size_t len, bool wait);
__poll_t mpool_watch_poll(struct mpool_client *client, struct file *file,
			  struct poll_table_struct *table);

#endif /* _MPOOL_WATCH_H */
