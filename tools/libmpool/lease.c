// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leasing, releasing, and what pointer belongs to what lease.
 */
#include <errno.h>
#include <stdint.h>
#include <time.h>

#include "client.h"

static int reserve(struct mpl_client *client, unsigned int count)
{
	int err;

	pthread_mutex_lock(&client->lock);
	err = mpl_table_reserve(&client->table, count);
	pthread_mutex_unlock(&client->lock);
	return err;
}

/* Enters the @granted ones, and gives back the room of the others. */
static void enter(struct mpl_client *client, const struct mpool_lease *leases,
		  unsigned int granted, unsigned int count)
{
	unsigned int i;

	pthread_mutex_lock(&client->lock);
	mpl_table_unreserve(&client->table, count - granted);
	for (i = 0; i < granted; i++)
		mpl_table_add(&client->table, &leases[i]);
	pthread_mutex_unlock(&client->lock);
}

int mpl_lease_many(struct mpl_client *client, size_t length,
		   struct mpool_lease *leases, unsigned int count,
		   unsigned int flags, __u64 deadline_ns)
{
	struct mpool_lease_req req = {
		.size = sizeof(req),
		.flags = flags,
		.length = length,
		.count = count,
		.deadline_ns = deadline_ns,
		.leases = (uintptr_t)leases,
	};
	int err;

	if (!count || count > MPOOL_BATCH_MAX)
		return -EINVAL;
	err = reserve(client, count);
	if (err)
		return err;
	err = mpl_call(client->fd, MPOOL_IOC_LEASE, &req);
	if (err)
		req.granted = 0;
	enter(client, leases, req.granted, count);
	return err ? err : (int)req.granted;
}

int mpl_lease(struct mpl_client *client, size_t length,
	      struct mpool_lease *lease)
{
	int got = mpl_lease_many(client, length, lease, 1, 0, 0);

	return got < 0 ? got : 0;
}

__u64 mpl_deadline(unsigned int ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec + ms * 1000000ULL;
}

/*
 * Takes leases out of the table; their room stays theirs.  Before the kernel
 * has them back, since another thread's lease may stand there right after.
 */
static unsigned int forget(struct mpl_client *client,
			   const struct mpool_lease *leases, unsigned int count,
			   bool *known)
{
	unsigned int i, nr = 0;

	pthread_mutex_lock(&client->lock);
	for (i = 0; i < count; i++) {
		known[i] = mpl_table_remove(&client->table, &leases[i]);
		nr += known[i];
	}
	pthread_mutex_unlock(&client->lock);
	return nr;
}

static void remember(struct mpl_client *client,
		     const struct mpool_lease *leases, unsigned int count,
		     const bool *known)
{
	unsigned int i;

	pthread_mutex_lock(&client->lock);
	for (i = 0; i < count; i++)
		if (known[i])
			mpl_table_add(&client->table, &leases[i]);
	pthread_mutex_unlock(&client->lock);
}

int mpl_release_many(struct mpl_client *client,
		     const struct mpool_lease *leases, unsigned int count)
{
	__u64 handles[MPOOL_BATCH_MAX];
	bool known[MPOOL_BATCH_MAX];
	struct mpool_release rel = {
		.size = sizeof(rel),
		.handles = (uintptr_t)handles,
		.count = count,
	};
	unsigned int i, nr;
	int err;

	if (!count || count > MPOOL_BATCH_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++)
		handles[i] = leases[i].handle;
	nr = forget(client, leases, count, known);
	err = mpl_call(client->fd, MPOOL_IOC_RELEASE, &rel);
	if (err) {
		/* One that is dead is not to be remembered. */
		nr = (err == -ESTALE || err == -EKEYREVOKED) &&
		     known[rel.bad_index];
		if (nr)
			known[rel.bad_index] = false;
		remember(client, leases, count, known);
	}
	pthread_mutex_lock(&client->lock);
	mpl_table_unreserve(&client->table, nr);
	pthread_mutex_unlock(&client->lock);
	return err;
}

int mpl_release(struct mpl_client *client, const struct mpool_lease *lease)
{
	return mpl_release_many(client, lease, 1);
}

void *mpl_pointer(const struct mpl_client *client,
		  const struct mpool_lease *lease)
{
	return (char *)client->window + lease->offset;
}

int mpl_find(struct mpl_client *client, const void *pointer,
	     struct mpool_lease *lease)
{
	uintptr_t offset = (uintptr_t)pointer - (uintptr_t)client->window;
	const struct mpool_lease *found = NULL;

	if (offset < client->attach.window_size) {
		pthread_mutex_lock(&client->lock);
		found = mpl_table_find(&client->table, offset);
		if (found)
			*lease = *found;
		pthread_mutex_unlock(&client->lock);
	}
	return found ? 0 : -ENOENT;
}
