/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test programs of /dev/mpool share.
 *
 * Functions return 0 (or a count) or a negative errno, so that a test says in
 * one line what it expects.  None of them ends the program.
 */
#ifndef _MPOOL_TEST_H
#define _MPOOL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <linux/mpool.h>

#ifdef __KSELFTEST_HARNESS_H
#include "harness.h"
#endif
#include "task.h"
#include "touch.h"

#define MT_DEVICE	"/dev/mpool"
#define MT_PAGE		4096UL
#define MT_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/**
 * struct mt_pool - a pool that lives as long as one test
 * @fd: an open file that is attached to nothing
 * @name: of the pool
 */
struct mt_pool {
	int fd;
	char name[MPOOL_NAME_LEN];
};

/**
 * struct mt_client - an attached file and a mapping of its whole window
 * @fd: the file, or -1
 * @win: where the window is, or NULL
 * @size: of the window
 * @min_size: of ATTACH
 * @max_size: of ATTACH
 */
struct mt_client {
	int fd;
	char *win;
	__u64 size;
	__u32 min_size;
	__u32 max_size;
};

/*
 * Flags of a thread's ATTACH, STRICT unless a test is about what clients keep:
 * most tests want to see what happens when a buffer leaves its client.
 */
extern __thread __u32 mt_attach_flags;

int mt_open(int flags);
int mt_call(int fd, unsigned int cmd, void *arg);
int mt_create(int fd, const char *name, const struct mpool_pool_config *cfg);
int mt_destroy(int fd, const char *name);
/* Changes the settings in @mask; then @cfg has all of them. */
int mt_config(int fd, const char *name, struct mpool_pool_config *cfg,
	      __u64 mask);
int mt_attach(int fd, const char *name, struct mpool_attach *attach);
int mt_trim(int fd, const char *name, __u32 max_age_ms, __u64 *bytes);
int mt_stats(int fd, const char *name, struct mpool_stats *stats);
int mt_class(int fd, const char *name, __u64 size,
	     struct mpool_class_stats *cls);
/* The same, of the pool that @fd is attached to; all bits set: there is none. */
struct mpool_class_stats mt_class_now(int fd, __u64 size);

/* Waits until it was waited for in the class @waits times, since it is there. */
int mt_await_waits(int fd, __u64 size, __u64 waits);

/* Leases @count buffers without waiting; returns how many were granted. */
int mt_lease(int fd, __u64 length, __u32 count,
	     struct mpool_lease *leases);
int mt_lease_wait(int fd, __u32 flags, __u64 length, __u32 count,
		  __u64 deadline_ns, struct mpool_lease *leases);
int mt_release(int fd, const __u64 *handles, __u32 count,
	       __u32 *bad_index);
int mt_release_leases(int fd, const struct mpool_lease *leases,
		      __u32 count);
int mt_release_one(int fd, __u64 handle);

/* A pool for the test; the end checks that all came back, and ends it. */
int mt_setup(struct mt_pool *pool, const struct mpool_pool_config *cfg);
int mt_teardown(struct mt_pool *pool);
/* Waits until nothing is out and the counters balance; else says what is off */
int mt_quiet(int fd, const char *name, unsigned int nr_clients);
/* Waits until nothing is left to be zeroed: what is idle can be leased now. */
int mt_await_clean(int fd, const char *name);
/* Waits until @quarantined buffers of the pool are in quarantine. */
int mt_await_quarantine(int fd, const char *name, __u64 quarantined);

int mt_client_open(struct mt_client *client, const char *name);
void mt_client_close(struct mt_client *client);

/* Where a lease can be written and read. */
static inline unsigned char *mt_at(const struct mt_client *client,
				   const struct mpool_lease *lease)
{
	return (unsigned char *)client->win + lease->offset;
}

/* The number of the client that has a lease; the last of several. 0: none. */
__u64 mt_client_id(const char *pool, __u64 handle);
int mt_revoke(int fd, const char *pool, __u64 client, __u64 handle,
	      __u64 *revoked);

/* Lets others than root open the device, or forbids it again. */
int mt_public_device(bool yes);

#endif /* _MPOOL_TEST_H */
