// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is about pools: each call opens the device for itself.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* Pools, classes or clients that may come while room is made for them. */
#define SPARE	8

static int call_once(unsigned int cmd, void *arg)
{
	int fd = mpl_device(), err;

	if (fd < 0)
		return fd;
	err = mpl_call(fd, cmd, arg);
	close(fd);
	return err;
}

int mpl_info(struct mpool_info *info)
{
	*info = (struct mpool_info){ .size = sizeof(*info) };
	return call_once(MPOOL_IOC_INFO, info);
}

int mpl_create(const char *pool, const struct mpool_pool_config *config)
{
	struct mpool_pool_create create = { .size = sizeof(create) };
	int err = mpl_set_name(create.name, pool);

	if (err)
		return err;
	if (config)
		create.config = *config;
	return call_once(MPOOL_IOC_POOL_CREATE, &create);
}

int mpl_config(const char *pool, struct mpool_pool_config *config, __u64 mask)
{
	struct mpool_pool_configure arg = {
		.size = sizeof(arg),
		.mask = mask,
	};
	int err = mpl_set_name(arg.name, pool);

	if (err)
		return err;
	if (mask)
		arg.config = *config;
	err = call_once(MPOOL_IOC_POOL_CONFIG, &arg);
	if (!err)
		*config = arg.config;
	return err;
}

int mpl_destroy(const char *pool)
{
	struct mpool_pool_destroy destroy = { .size = sizeof(destroy) };
	int err = mpl_set_name(destroy.name, pool);

	return err ? err : call_once(MPOOL_IOC_POOL_DESTROY, &destroy);
}

int mpl_trim(const char *pool, unsigned int max_age_ms, __u64 *bytes)
{
	struct mpool_trim trim = {
		.size = sizeof(trim),
		.max_age_ms = max_age_ms,
	};
	int err = mpl_set_name(trim.name, pool);

	if (!err)
		err = call_once(MPOOL_IOC_TRIM, &trim);
	if (!err && bytes)
		*bytes = trim.bytes;
	return err;
}

int mpl_revoke(const char *pool, __u64 client, __u64 handle, __u64 *revoked)
{
	struct mpool_revoke revoke = {
		.size = sizeof(revoke),
		.client = client,
		.handle = handle,
	};
	int err = mpl_set_name(revoke.name, pool);

	if (!err)
		err = call_once(MPOOL_IOC_REVOKE, &revoke);
	if (!err && revoked)
		*revoked = revoke.revoked;
	return err;
}

/*
 * Asks for a table, with room for more each time until all of it fits.
 * @count and @address are fields of the ioctl's argument @arg.
 */
static int call_table(unsigned int cmd, void *arg, __u32 *count,
		      __u64 *address, size_t entry_size, void **table)
{
	__u32 room = SPARE;
	void *entries;
	int err;

	for (;;) {
		entries = calloc(room, entry_size);
		if (!entries)
			return -ENOMEM;
		*count = room;
		*address = (uintptr_t)entries;
		err = call_once(cmd, arg);
		if (!err && *count <= room)
			break;
		free(entries);
		if (err)
			return err;
		room = *count + SPARE;
	}
	*table = entries;
	return 0;
}

int mpl_list(struct mpool_pool_entry **pools, unsigned int *count)
{
	struct mpool_pool_list list = {
		.size = sizeof(list),
		.entry_size = sizeof(**pools),
	};
	void *table;
	int err;

	err = call_table(MPOOL_IOC_POOL_LIST, &list, &list.count, &list.pools,
			 sizeof(**pools), &table);
	if (err)
		return err;
	*pools = table;
	*count = list.count;
	return 0;
}

int mpl_clients(const char *pool, struct mpool_client_entry **clients,
		unsigned int *count)
{
	struct mpool_clients answer = {
		.size = sizeof(answer),
		.entry_size = sizeof(**clients),
	};
	void *table;
	int err;

	err = mpl_set_name(answer.name, pool);
	if (!err)
		err = call_table(MPOOL_IOC_CLIENTS, &answer, &answer.count,
				 &answer.clients, sizeof(**clients), &table);
	if (err)
		return err;
	*clients = table;
	*count = answer.count;
	return 0;
}

int mpl_stats(const char *pool, struct mpool_stats *stats,
	      struct mpool_class_stats **classes)
{
	struct mpool_stats answer = {
		.size = sizeof(answer),
		.entry_size = sizeof(**classes),
	};
	void *table;
	int err;

	err = mpl_set_name(answer.name, pool);
	if (err)
		return err;
	if (!classes) {
		err = call_once(MPOOL_IOC_STATS, &answer);
	} else {
		err = call_table(MPOOL_IOC_STATS, &answer, &answer.count,
				 &answer.classes, sizeof(**classes), &table);
		if (!err)
			*classes = table;
	}
	if (err)
		return err;
	answer.classes = 0;
	*stats = answer;
	return 0;
}
