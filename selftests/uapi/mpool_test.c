// SPDX-License-Identifier: GPL-2.0
/*
 * What the test programs of /dev/mpool share.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mpool_test.h"

/* Pins are looked at again after a second at the latest; busy machines lag. */
#define QUIET_MS	30000

__thread __u32 mt_attach_flags = MPOOL_ATTACH_STRICT;

int mt_open(int flags)
{
	int fd = open(MT_DEVICE, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int mt_call(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

/* Into a field that is zero.  One without an end is for the module to see. */
static void set_name(char *to, const char *name)
{
	memcpy(to, name, strnlen(name, MPOOL_NAME_LEN));
}

int mt_create(int fd, const char *name, const struct mpool_pool_config *cfg)
{
	struct mpool_pool_create arg = { .size = sizeof(arg) };

	set_name(arg.name, name);
	if (cfg)
		arg.config = *cfg;
	return mt_call(fd, MPOOL_IOC_POOL_CREATE, &arg);
}

int mt_config(int fd, const char *name, struct mpool_pool_config *cfg,
	      __u64 mask)
{
	struct mpool_pool_configure arg = {
		.size = sizeof(arg),
		.mask = mask,
		.config = *cfg,
	};
	int err;

	set_name(arg.name, name);
	err = mt_call(fd, MPOOL_IOC_POOL_CONFIG, &arg);
	if (!err)
		*cfg = arg.config;
	return err;
}

int mt_destroy(int fd, const char *name)
{
	struct mpool_pool_destroy arg = { .size = sizeof(arg) };

	set_name(arg.name, name);
	return mt_call(fd, MPOOL_IOC_POOL_DESTROY, &arg);
}

int mt_attach(int fd, const char *name, struct mpool_attach *attach)
{
	struct mpool_attach arg = {
		.size = sizeof(arg),
		.flags = mt_attach_flags,
	};
	int err;

	set_name(arg.name, name);
	err = mt_call(fd, MPOOL_IOC_ATTACH, &arg);
	if (!err && attach)
		*attach = arg;
	return err;
}

int mt_trim(int fd, const char *name, __u32 max_age_ms, __u64 *bytes)
{
	struct mpool_trim arg = {
		.size = sizeof(arg),
		.max_age_ms = max_age_ms,
	};
	int err;

	set_name(arg.name, name);
	err = mt_call(fd, MPOOL_IOC_TRIM, &arg);
	if (!err && bytes)
		*bytes = arg.bytes;
	return err;
}

int mt_stats(int fd, const char *name, struct mpool_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	set_name(stats->name, name);
	return mt_call(fd, MPOOL_IOC_STATS, stats);
}

/* All classes; how many there are. */
static int classes_of(int fd, const char *name,
		      struct mpool_class_stats *classes, unsigned int nr)
{
	struct mpool_stats stats = {
		.size = sizeof(stats),
		.classes = (uintptr_t)classes,
		.count = nr,
		.entry_size = sizeof(*classes),
	};
	int err;

	set_name(stats.name, name);
	err = mt_call(fd, MPOOL_IOC_STATS, &stats);
	if (err)
		return err;
	return stats.count > nr ? -ENOBUFS : (int)stats.count;
}

int mt_class(int fd, const char *name, __u64 size,
	     struct mpool_class_stats *cls)
{
	struct mpool_class_stats classes[128];
	int i, nr = classes_of(fd, name, classes, MT_ARRAY_SIZE(classes));

	for (i = 0; i < nr; i++) {
		if (classes[i].size != size)
			continue;
		*cls = classes[i];
		return 0;
	}
	return nr < 0 ? nr : -ENOENT;
}

struct mpool_class_stats mt_class_now(int fd, __u64 size)
{
	struct mpool_class_stats st;

	memset(&st, 0xff, sizeof(st));
	mt_class(fd, "", size, &st);
	return st;
}

int mt_lease_wait(int fd, __u32 flags, __u64 length, __u32 count,
		  __u64 deadline_ns, struct mpool_lease *leases)
{
	struct mpool_lease_req arg = {
		.size = sizeof(arg),
		.flags = flags,
		.length = length,
		.count = count,
		.deadline_ns = deadline_ns,
		.leases = (uintptr_t)leases,
	};
	sigset_t old;
	int err;

	/* As documented: it can be made again as it is. */
	do {
		err = mt_call(fd, MPOOL_IOC_LEASE, &arg);
	} while (err == -EINTR && mt_disturbed() &&
		 (!deadline_ns || mt_now() < deadline_ns));
	/* On a busy machine the next signal is always there before the end. */
	if (err == -EINTR && mt_disturbed()) {
		mt_hold_signals(&old);
		err = mt_call(fd, MPOOL_IOC_LEASE, &arg);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	return err ? err : (int)arg.granted;
}

int mt_lease(int fd, __u64 length, __u32 count,
	     struct mpool_lease *leases)
{
	return mt_lease_wait(fd, 0, length, count, 0, leases);
}

int mt_release(int fd, const __u64 *handles, __u32 count,
	       __u32 *bad_index)
{
	struct mpool_release arg = {
		.size = sizeof(arg),
		.handles = (uintptr_t)handles,
		.count = count,
		.bad_index = ~0U,
	};
	int err = mt_call(fd, MPOOL_IOC_RELEASE, &arg);

	if (bad_index)
		*bad_index = arg.bad_index;
	return err;
}

int mt_release_leases(int fd, const struct mpool_lease *leases,
		      __u32 count)
{
	__u64 handles[MPOOL_BATCH_MAX];
	__u32 i;

	for (i = 0; i < count; i++)
		handles[i] = leases[i].handle;
	return mt_release(fd, handles, count, NULL);
}

int mt_release_one(int fd, __u64 handle)
{
	return mt_release(fd, &handle, 1, NULL);
}

int mt_setup(struct mt_pool *pool, const struct mpool_pool_config *cfg)
{
	int err;

	memset(pool, 0, sizeof(*pool));
	snprintf(pool->name, sizeof(pool->name), "test-%d", getpid());
	pool->fd = mt_open(O_RDWR);
	if (pool->fd < 0)
		return pool->fd;
	err = mt_create(pool->fd, pool->name, cfg);
	if (err)
		close(pool->fd);
	return err;
}

int mt_teardown(struct mt_pool *pool)
{
	int err = mt_quiet(pool->fd, pool->name, 0);

	if (!err) {
		err = mt_destroy(pool->fd, pool->name);
		if (err)
			printf("# %s: cannot be destroyed: %s\n", pool->name,
			       strerror(-err));
	}
	close(pool->fd);
	return err;
}

static bool off(bool say, __u64 size, const char *what, __u64 is,
		__u64 should)
{
	if (is != should && say)
		printf("# class %llu: %s is %llu instead of %llu\n",
		       size, what, is,
		       should);
	return is != should;
}

static bool class_quiet(const struct mpool_class_stats *st, bool say)
{
	bool bad = false;

	bad |= off(say, st->size, "allocated", st->allocated, 0);
	bad |= off(say, st->size, "leased", st->leased, 0);
	bad |= off(say, st->size, "cached", st->cached, 0);
	bad |= off(say, st->size, "quarantined", st->quarantined, 0);
	bad |= off(say, st->size, "abandoned", st->abandoned, 0);
	bad |= off(say, st->size, "bad_frees", st->bad_frees, 0);
	bad |= off(say, st->size, "releases", st->releases, st->leases);
	bad |= off(say, st->size, "backed", st->backed,
		   st->free_cpu + st->free_depot + st->clean + st->dirty +
		   st->reserve + st->allocated + st->leased + st->cached +
		   st->quarantined);
	bad |= off(say, st->size, "grown less shrunk",
		   st->grown - st->shrunk, st->backed);
	return !bad;
}

static int pool_quiet(int fd, const char *name, unsigned int nr_clients,
		      bool say)
{
	struct mpool_class_stats classes[128];
	struct mpool_stats stats;
	__u64 bytes = 0;
	int i, nr, err = mt_stats(fd, name, &stats);
	bool quiet = true;

	if (err)
		return err;
	nr = classes_of(fd, name, classes, MT_ARRAY_SIZE(classes));
	if (nr < 0)
		return nr;
	for (i = 0; i < nr; i++) {
		quiet &= class_quiet(&classes[i], say);
		bytes += classes[i].backed * classes[i].size;
	}
	quiet &= !off(say, 0, "nr_clients", stats.nr_clients, nr_clients);
	/* What pages back is to be exact; headers come on top of small ones. */
	quiet &= stats.bytes >= bytes;
	if (say && stats.bytes < bytes)
		printf("# bytes is %llu, buffers have %llu\n",
		       stats.bytes,
		       bytes);
	return quiet ? 0 : -EBUSY;
}

int mt_quiet(int fd, const char *name, unsigned int nr_clients)
{
	unsigned int ms;
	int err;

	for (ms = 0; ms < QUIET_MS; ms += 10) {
		err = pool_quiet(fd, name, nr_clients, false);
		if (err != -EBUSY)
			return err;
		mt_sleep_ms(10);
	}
	return pool_quiet(fd, name, nr_clients, true);
}

int mt_await_clean(int fd, const char *name)
{
	struct mpool_stats stats;
	unsigned int ms;
	int err;

	for (ms = 0; ms < QUIET_MS; ms++) {
		err = mt_stats(fd, name, &stats);
		if (err || !stats.total.dirty)
			return err;
		mt_sleep_ms(1);
	}
	return -ETIMEDOUT;
}

int mt_await_quarantine(int fd, const char *name, __u64 quarantined)
{
	struct mpool_stats stats;
	unsigned int ms;
	int err;

	for (ms = 0; ms < QUIET_MS; ms += 10) {
		err = mt_stats(fd, name, &stats);
		if (err || stats.total.quarantined == quarantined)
			return err;
		mt_sleep_ms(10);
	}
	return -ETIMEDOUT;
}

int mt_await_waits(int fd, __u64 size, __u64 waits)
{
	struct mpool_class_stats st;
	unsigned int ms;
	int err;

	for (ms = 0; ms < QUIET_MS; ms += 2) {
		err = mt_class(fd, "", size, &st);
		if (err || st.waits >= waits)
			return err;
		mt_sleep_ms(2);
	}
	return -ETIMEDOUT;
}

int mt_client_open(struct mt_client *client, const char *name)
{
	struct mpool_attach attach;
	void *win;
	int err;

	memset(client, 0, sizeof(*client));
	client->fd = mt_open(O_RDWR);
	if (client->fd < 0)
		return client->fd;
	err = mt_attach(client->fd, name, &attach);
	if (err)
		goto fail;
	client->size = attach.window_size;
	client->min_size = attach.min_size;
	client->max_size = attach.max_size;
	win = mmap(NULL, client->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   client->fd, 0);
	err = -errno;
	if (win == MAP_FAILED)
		goto fail;
	client->win = win;
	return 0;

fail:
	close(client->fd);
	client->fd = -1;
	return err;
}

void mt_client_close(struct mt_client *client)
{
	if (client->win)
		munmap(client->win, client->size);
	if (client->fd > 0)
		close(client->fd);
	client->win = NULL;
	client->fd = -1;
}

__u64 mt_client_id(const char *pool, __u64 handle)
{
	unsigned long long client, found = 0, seen;
	char path[128], line[256];
	FILE *view;

	snprintf(path, sizeof(path), "/sys/kernel/debug/mpool/%s/leases", pool);
	view = fopen(path, "r");
	if (!view)
		return 0;
	while (fgets(line, sizeof(line), view))
		if (sscanf(line, "%llx %*u %*u %*d %*d %llu", &seen,
			   &client) == 2 && seen == handle)
			found = client;
	fclose(view);
	return found;
}

int mt_revoke(int fd, const char *pool, __u64 client, __u64 handle,
	      __u64 *revoked)
{
	struct mpool_revoke arg = {
		.size = sizeof(arg),
		.client = client,
		.handle = handle,
	};
	int err;

	set_name(arg.name, pool);
	err = mt_call(fd, MPOOL_IOC_REVOKE, &arg);
	if (revoked)
		*revoked = arg.revoked;
	return err;
}

int mt_public_device(bool yes)
{
	return chmod(MT_DEVICE, yes ? 0666 : 0600) ? -errno : 0;
}
