/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library's files share and its callers do not see.
 */
#ifndef _LIBMPOOL_CLIENT_H
#define _LIBMPOOL_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "libmpool.h"

#define MPL_DEVICE	"/dev/mpool"

#define mpl_hidden	__attribute__((visibility("hidden")))

/**
 * struct mpl_table - leases by their place in the window
 * @slots: open addressing, linear probing; a handle of 0 is an empty slot
 * @size: of @slots, a power of two, or 0
 * @used: leases in it, and room promised to ones that are being asked for
 */
struct mpl_table {
	struct mpool_lease *slots;
	size_t size;
	size_t used;
};

/**
 * struct mpl_client - see libmpool.h
 * @fd: open file of the device
 * @window: the mapping, for its whole life
 * @attach: what ATTACH answered
 * @lock: protects @table
 * @table: leases made through this client
 */
struct mpl_client {
	int fd;
	void *window;
	struct mpool_attach attach;
	pthread_mutex_t lock;
	struct mpl_table table;
};

/* client.c */
mpl_hidden int mpl_call(int fd, unsigned int cmd, void *arg);
mpl_hidden int mpl_device(void);
mpl_hidden int mpl_set_name(char *to, const char *pool);
mpl_hidden int mpl_client_new(struct mpl_client **client, int fd,
			      const struct mpool_attach *attach);

/* table.c */
mpl_hidden int mpl_table_reserve(struct mpl_table *table, size_t nr);
mpl_hidden void mpl_table_unreserve(struct mpl_table *table, size_t nr);
mpl_hidden void mpl_table_add(struct mpl_table *table,
			      const struct mpool_lease *lease);
mpl_hidden bool mpl_table_remove(struct mpl_table *table,
				 const struct mpool_lease *lease);
mpl_hidden const struct mpool_lease *
mpl_table_find(const struct mpl_table *table, __u64 offset);
mpl_hidden void mpl_table_free(struct mpl_table *table);

#endif /* _LIBMPOOL_CLIENT_H */
