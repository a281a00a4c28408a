/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every ioctl with an argument that succeeds, for attacks that try something on
 * all of them.
 */
#ifndef _ATTACK_CALLS_H
#define _ATTACK_CALLS_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mpool_test.h"

enum call {
	CALL_INFO,
	CALL_CREATE,
	CALL_DESTROY,
	CALL_LIST,
	CALL_CONFIG,
	CALL_ATTACH,
	CALL_LEASE,
	CALL_RELEASE,
	CALL_STATS,
	CALL_TRIM,
	CALL_REVOKE,
	CALL_EVENTS,
	CALL_CLIENTS,
	NR_CALLS
};

/**
 * struct call_desc - one ioctl
 * @name: for messages
 * @cmd: its number
 * @size: bytes of its structure
 * @first: bytes that its first version had, and always will have had
 * @nested: where in it the address of an array stands; 0: it has none
 * @answers: the structure is written back
 * @nomem: it allocates what it cannot do without
 */
struct call_desc {
	const char *name;
	unsigned int cmd;
	__u32 size;
	__u32 first;
	__u32 nested;
	bool answers;
	bool nomem;
};

static const struct call_desc calls[NR_CALLS] = {
	[CALL_INFO] = { "INFO", MPOOL_IOC_INFO, sizeof(struct mpool_info), 32,
			0, true, false },
	[CALL_CREATE] = { "POOL_CREATE", MPOOL_IOC_POOL_CREATE,
			  sizeof(struct mpool_pool_create), 152, 0, false, true },
	[CALL_DESTROY] = { "POOL_DESTROY", MPOOL_IOC_POOL_DESTROY,
			   sizeof(struct mpool_pool_destroy), 40, 0, false, false },
	[CALL_LIST] = { "POOL_LIST", MPOOL_IOC_POOL_LIST,
			sizeof(struct mpool_pool_list), 24,
			offsetof(struct mpool_pool_list, pools), true, true },
	[CALL_CONFIG] = { "POOL_CONFIG", MPOOL_IOC_POOL_CONFIG,
			  sizeof(struct mpool_pool_configure), 160, 0, true, false },
	[CALL_ATTACH] = { "ATTACH", MPOOL_IOC_ATTACH,
			  sizeof(struct mpool_attach), 56, 0, true, true },
	[CALL_LEASE] = { "LEASE", MPOOL_IOC_LEASE,
			 sizeof(struct mpool_lease_req), 40,
			 offsetof(struct mpool_lease_req, leases), true, true },
	[CALL_RELEASE] = { "RELEASE", MPOOL_IOC_RELEASE,
			   sizeof(struct mpool_release), 24,
			   offsetof(struct mpool_release, handles), true, true },
	[CALL_STATS] = { "STATS", MPOOL_IOC_STATS, sizeof(struct mpool_stats),
			 304, offsetof(struct mpool_stats, classes), true, true },
	[CALL_TRIM] = { "TRIM", MPOOL_IOC_TRIM, sizeof(struct mpool_trim), 56,
			0, true, false },
	[CALL_REVOKE] = { "REVOKE", MPOOL_IOC_REVOKE,
			  sizeof(struct mpool_revoke), 64, 0, true, true },
	[CALL_EVENTS] = { "EVENTS", MPOOL_IOC_EVENTS,
			  sizeof(struct mpool_events), 24, 0, false, true },
	[CALL_CLIENTS] = { "CLIENTS", MPOOL_IOC_CLIENTS,
			   sizeof(struct mpool_clients), 56,
			   offsetof(struct mpool_clients, clients), true, true },
};

union call_arg {
	__u32 size;
	struct mpool_info info;
	struct mpool_pool_create create;
	struct mpool_pool_destroy destroy;
	struct mpool_pool_list list;
	struct mpool_pool_configure configure;
	struct mpool_attach attach;
	struct mpool_lease_req lease;
	struct mpool_release release;
	struct mpool_stats stats;
	struct mpool_trim trim;
	struct mpool_revoke revoke;
	struct mpool_events events;
	struct mpool_clients clients;
	char bytes[MT_PAGE];
};

/**
 * struct call_bed - what the calls work on
 * @pool: the pool
 * @length: of what LEASE asks for
 * @count: how many it asks for, at most 4
 * @lease_flags: of LEASE
 * @fd: attached to it, but before ATTACH
 * @second: name of a pool that DESTROY ends and CREATE makes
 * @arg: the argument
 * @nested: room for what it points to
 */
struct call_bed {
	const struct mt_pool *pool;
	__u64 length;
	__u32 count;
	__u32 lease_flags;
	int fd;
	char second[MPOOL_NAME_LEN];
	union call_arg arg;
	union {
		struct mpool_pool_entry entries[4];
		struct mpool_lease leases[4];
		__u64 handles[4];
		struct mpool_class_stats classes[4];
		struct mpool_client_entry clients[4];
		char bytes[MT_PAGE];
	} nested;
};

static inline void call_fill(struct call_bed *bed, enum call call)
{
	union call_arg *arg = &bed->arg;
	const __u64 nested = (uintptr_t)&bed->nested;

	memset(arg, 0, sizeof(*arg));
	arg->size = calls[call].size;
	switch (call) {
	case CALL_CREATE:
		strcpy(arg->create.name, bed->second);
		break;
	case CALL_DESTROY:
		strcpy(arg->destroy.name, bed->second);
		break;
	case CALL_LIST:
		arg->list.pools = nested;
		arg->list.count = 4;
		arg->list.entry_size = sizeof(bed->nested.entries[0]);
		break;
	case CALL_CONFIG:
		arg->configure.mask = MPOOL_CONFIG_MAX_AGE_MS;
		arg->configure.config.max_age_ms = 12345;
		break;
	case CALL_ATTACH:
		strcpy(arg->attach.name, bed->pool->name);
		break;
	case CALL_LEASE:
		arg->lease.flags = bed->lease_flags;
		arg->lease.length = bed->length;
		arg->lease.count = bed->count;
		arg->lease.leases = nested;
		break;
	case CALL_RELEASE:
		arg->release.handles = nested;
		arg->release.count = 2;
		break;
	case CALL_STATS:
		arg->stats.classes = nested;
		arg->stats.count = 4;
		arg->stats.entry_size = sizeof(bed->nested.classes[0]);
		break;
	case CALL_CLIENTS:
		arg->clients.clients = nested;
		arg->clients.count = 4;
		arg->clients.entry_size = sizeof(bed->nested.clients[0]);
		break;
	case CALL_EVENTS:
		arg->events.mask = MPOOL_EVENT_EXHAUSTED;
		arg->events.record_size = sizeof(struct mpool_event);
		arg->events.eventfd = -1;
		break;
	case CALL_REVOKE:
		strcpy(arg->revoke.name, bed->pool->name);
		arg->revoke.handle = bed->nested.handles[0];
		arg->revoke.client = mt_client_id(bed->pool->name,
						  arg->revoke.handle);
		break;
	default:
		break;
	}
}

/* Makes it so that the call would succeed; 0 or a negative errno. */
static inline int call_prepare(struct call_bed *bed,
			       const struct mt_pool *pool, enum call call)
{
	struct mpool_lease leases[2];
	int err = 0, i;

	memset(bed, 0, sizeof(*bed));
	bed->pool = pool;
	bed->length = MT_PAGE;
	bed->count = 2;
	snprintf(bed->second, sizeof(bed->second), "second-%d", getpid());
	bed->fd = mt_open(O_RDWR);
	if (bed->fd < 0)
		return bed->fd;
	if (call != CALL_ATTACH)
		err = mt_attach(bed->fd, pool->name, NULL);
	if (!err && call == CALL_DESTROY)
		err = mt_create(bed->fd, bed->second, NULL);
	if (!err && (call == CALL_RELEASE || call == CALL_REVOKE)) {
		err = mt_lease(bed->fd, 1, 2, leases) == 2 ? 0 : -EAGAIN;
		for (i = 0; !err && i < 2; i++)
			bed->nested.handles[i] = leases[i].handle;
	}
	/* Without a class in being there is nothing to write. */
	if (!err && call == CALL_STATS)
		err = mt_lease(bed->fd, 1, 1, leases) == 1 ? 0 : -EAGAIN;
	call_fill(bed, call);
	return err;
}

static inline void call_finish(struct call_bed *bed)
{
	mt_destroy(bed->pool->fd, bed->second);
	close(bed->fd);
}

#endif /* _ATTACK_CALLS_H */
