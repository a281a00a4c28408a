/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmpool: leases from mpool's pools, without the ioctls.  See libmpool(3).
 *
 * Functions that can fail return a negative errno, the one that <linux/mpool.h>
 * names for the ioctl below, and have changed nothing then.  What a caller gets
 * from a successful one is said beside each.
 *
 * Different threads may use one client at once.
 */
#ifndef _LIBMPOOL_H
#define _LIBMPOOL_H

#include <stddef.h>

#include <linux/mpool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One open file of /dev/mpool attached to a pool, and its window, mapped. */
struct mpl_client;

/* Clients: mpl_open(3) */
int mpl_open(struct mpl_client **client, const char *pool);
int mpl_open_flags(struct mpl_client **client, const char *pool,
		   unsigned int flags);
void mpl_close(struct mpl_client *client);
int mpl_fd(const struct mpl_client *client);
const char *mpl_pool(const struct mpl_client *client);
size_t mpl_max_size(const struct mpl_client *client);

/* Leases: mpl_lease(3) */
int mpl_lease(struct mpl_client *client, size_t length,
	      struct mpool_lease *lease);
int mpl_lease_many(struct mpl_client *client, size_t length,
		   struct mpool_lease *leases, unsigned int count,
		   unsigned int flags, __u64 deadline_ns);
__u64 mpl_deadline(unsigned int ms);
int mpl_release(struct mpl_client *client, const struct mpool_lease *lease);
int mpl_release_many(struct mpl_client *client,
		     const struct mpool_lease *leases, unsigned int count);

/* Between leases and pointers: mpl_pointer(3) */
void *mpl_pointer(const struct mpl_client *client,
		  const struct mpool_lease *lease);
int mpl_find(struct mpl_client *client, const void *pointer,
	     struct mpool_lease *lease);

/* What happens to the pool: mpl_events(3) */
int mpl_events(struct mpl_client *client, unsigned int mask, int eventfd,
	       unsigned int leak_age_ms);
int mpl_read_events(struct mpl_client *client, struct mpool_event *events,
		    unsigned int count);

/* Another process's window: mpl_send(3) */
int mpl_send(const struct mpl_client *client, int sock);
int mpl_receive(struct mpl_client **client, int sock);

/* Pools: mpl_create(3) */
int mpl_info(struct mpool_info *info);
int mpl_list(struct mpool_pool_entry **pools, unsigned int *count);
int mpl_create(const char *pool, const struct mpool_pool_config *config);
int mpl_config(const char *pool, struct mpool_pool_config *config, __u64 mask);
int mpl_destroy(const char *pool);
int mpl_stats(const char *pool, struct mpool_stats *stats,
	      struct mpool_class_stats **classes);
int mpl_clients(const char *pool, struct mpool_client_entry **clients,
		unsigned int *count);
int mpl_revoke(const char *pool, __u64 client, __u64 handle, __u64 *revoked);
int mpl_trim(const char *pool, unsigned int max_age_ms, __u64 *bytes);

#ifdef __cplusplus
}
#endif

#endif /* _LIBMPOOL_H */
