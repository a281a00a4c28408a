// SPDX-License-Identifier: GPL-2.0
/*
 * LEASE: lengths, counts, limits and waiting.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MS	1000000ULL
/* Buffers that a class of the test's pool may have. */
#define MAX	16

FIXTURE(lease)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[64];
};

FIXTURE_SETUP(lease)
{
	struct mpool_pool_config cfg = {
		.max_size = 1 << 20,
		.max = { MAX, MAX, MAX },
		.mode = 0606,
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
}

FIXTURE_TEARDOWN(lease)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Four to a doubling, of whole pages. */
static __u64 next_size(__u64 size)
{
	__u64 power = MT_PAGE;

	while (power * 2 <= size)
		power *= 2;
	return size + (power / 4 > MT_PAGE ? power / 4 : MT_PAGE);
}

static bool fits(const struct mt_client *client, const struct mpool_lease *l,
		 __u64 length, __u64 size)
{
	return l->handle && l->length == size && l->length >= length &&
	       !(l->offset % MT_PAGE) && l->offset < client->size &&
	       l->length <= client->size - l->offset;
}

/* A length gets the smallest class that holds it, at both of its bounds. */
TEST_F(lease, every_size_class)
{
	__u64 lengths[3], before = 0, size;
	struct mpool_lease lease;
	unsigned int i;

	for (size = MT_PAGE; size <= 1 << 20; size = next_size(size)) {
		lengths[0] = before + 1;
		lengths[1] = size - 1;
		lengths[2] = size;
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(1, mt_lease(self->client.fd, lengths[i], 1,
					      &lease));
			EXPECT_TRUE(fits(&self->client, &lease, lengths[i],
					 size)) {
				TH_LOG("%llu: class %llu, got %llu at %#llx",
				       lengths[i], size, lease.length,
				       lease.offset);
			}
			EXPECT_EQ(0, mt_release_one(self->client.fd,
						    lease.handle));
		}
		before = size;
	}
	EXPECT_EQ(self->client.max_size, before);
	EXPECT_EQ(self->client.min_size, MT_PAGE);
}

TEST_F(lease, bad_lengths)
{
	static const __u64 above[] = {
		(1 << 20) + 1, 1ULL << 32, (1ULL << 32) + 1, 1ULL << 63,
		~0ULL - 4095, ~0ULL,
	};
	struct mpool_lease lease = {};
	size_t i;

	EXPECT_EQ(-EINVAL, mt_lease(self->client.fd, 0, 1, &lease));
	for (i = 0; i < MT_ARRAY_SIZE(above); i++)
		EXPECT_EQ(-EMSGSIZE, mt_lease(self->client.fd, above[i], 1,
					      &lease)) {
			TH_LOG("with length number %zu", i);
		}
	/* A failure writes nothing. */
	EXPECT_TRUE(mt_all(&lease, 0, sizeof(lease)));
	EXPECT_EQ(1, mt_lease(self->client.fd, 1 << 20, 1, &lease));
}

TEST_F(lease, bad_counts)
{
	struct mpool_lease lease;

	EXPECT_EQ(-EINVAL, mt_lease(self->client.fd, 1, 0, &lease));
	EXPECT_EQ(-EINVAL, mt_lease(self->client.fd, 1, MPOOL_BATCH_MAX + 1,
				    &lease));
	EXPECT_EQ(-EINVAL, mt_lease(self->client.fd, 1, 1U << 31, &lease));
	EXPECT_EQ(-EINVAL, mt_lease(self->client.fd, 1, ~0U, &lease));
	/* Times the size of an entry, it would be little. */
	EXPECT_EQ(-EINVAL, mt_lease(self->client.fd, 1, 0x0aaaaaab, &lease));
}

TEST_F(lease, unknown_flags)
{
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, mt_lease_wait(self->client.fd, 1U << bit, 1,
						 1, 0, self->leases));
		EXPECT_EQ(-EINVAL, mt_lease_wait(self->client.fd,
						 1U << bit | MPOOL_LEASE_ALL, 1,
						 1, 0, self->leases));
	}
}

TEST_F(lease, not_attached)
{
	struct mpool_lease lease;

	EXPECT_EQ(-ENOTCONN, mt_lease(self->pool.fd, 1, 1, &lease));
	EXPECT_EQ(-ENOTCONN, mt_release_one(self->pool.fd, 1ULL << 32));
}

FIXTURE(batch)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease *leases;
};

FIXTURE_SETUP(batch)
{
	struct mpool_pool_config cfg = {
		.max_size = MT_PAGE,
		.max = { 0, MPOOL_BATCH_MAX + 8, 0 },
		.max_bytes = 64 << 20,
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	self->leases = calloc(MPOOL_BATCH_MAX + 1, sizeof(*self->leases));
	ASSERT_NE(NULL, self->leases);
}

FIXTURE_TEARDOWN(batch)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int by_offset(const void *a, const void *b)
{
	const struct mpool_lease *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

TEST_F(batch, largest)
{
	int i, nr = MPOOL_BATCH_MAX;

	ASSERT_EQ(nr, mt_lease(self->client.fd, 1, nr, self->leases));
	EXPECT_TRUE(mt_all(self->leases + nr, 0, sizeof(*self->leases)));
	/* Each stands for itself, and works. */
	qsort(self->leases, nr, sizeof(*self->leases), by_offset);
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, mt_poke(self->client.win + self->leases[i].offset,
				     i % 251));
		if (i)
			ASSERT_LE(self->leases[i - 1].offset + MT_PAGE,
				  self->leases[i].offset);
	}
	for (i = 0; i < nr; i++)
		ASSERT_EQ(i % 251, (unsigned char)
			  self->client.win[self->leases[i].offset]);
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, nr));
}

TEST_F(batch, of_all_buffers)
{
	int nr = MPOOL_BATCH_MAX;

	ASSERT_EQ(nr, mt_lease(self->client.fd, 1, nr, self->leases));
	/* Eight are left. */
	EXPECT_EQ(-EAGAIN, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 1, 9,
					 0, self->leases));
	EXPECT_EQ(8, mt_lease(self->client.fd, 1, 9, self->leases));
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, 1, 1, self->leases));
}

TEST_F(lease, partial_at_the_limit)
{
	struct mpool_class_stats cls;

	EXPECT_EQ(MAX, mt_lease(self->client.fd, MT_PAGE, MAX + 1,
				self->leases));
	EXPECT_TRUE(mt_all(self->leases + MAX, 0, sizeof(self->leases[0])));
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, MT_PAGE, 1,
				    self->leases + MAX));
	ASSERT_EQ(0, mt_class(self->client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(MAX, cls.leased);
	EXPECT_EQ(MAX, cls.backed);
	EXPECT_EQ(1, cls.fails);
	/* Other classes have limits of their own. */
	EXPECT_EQ(1, mt_lease(self->client.fd, 2 * MT_PAGE, 1,
			      self->leases + MAX));
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX + 1));
}

TEST_F(lease, all_or_nothing)
{
	struct mpool_stats stats;

	/* More than there can ever be is not worth waiting for. */
	EXPECT_EQ(-ENOSPC, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 1,
					 MAX + 1, MPOOL_FOREVER, self->leases));
	EXPECT_TRUE(mt_all(self->leases, 0, sizeof(self->leases)));
	ASSERT_EQ(1, mt_lease(self->client.fd, 1, 1, self->leases + MAX));
	EXPECT_EQ(-EAGAIN, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 1,
					 MAX, 0, self->leases));
	EXPECT_TRUE(mt_all(self->leases, 0, MAX * sizeof(self->leases[0])));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases + MAX, 1));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(0, stats.total.leased);
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	EXPECT_EQ(MAX, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 1, MAX,
				     0, self->leases));
}

TEST_F(lease, limit_of_the_pool)
{
	struct mpool_pool_config cfg = { .max_bytes = 6 * MT_PAGE };
	struct mt_client client;
	struct mpool_stats stats;

	ASSERT_EQ(0, mt_create(self->pool.fd, "limited", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "limited"));
	EXPECT_EQ(6, mt_lease(client.fd, MT_PAGE, 7, self->leases));
	EXPECT_EQ(-EAGAIN, mt_lease(client.fd, 2 * MT_PAGE, 1,
				    self->leases + 6));
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_EQ(6 * MT_PAGE, stats.bytes);
	/* What is idle in one class makes room in another. */
	EXPECT_EQ(0, mt_release_leases(client.fd, self->leases, 2));
	EXPECT_EQ(0, mt_await_clean(client.fd, ""));
	EXPECT_EQ(1, mt_lease(client.fd, 2 * MT_PAGE, 1, self->leases + 6));
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_GE(6 * MT_PAGE, stats.bytes);
	mt_client_close(&client);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "limited", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "limited"));
}

/* Waiting: nothing is left, until somebody gives back. */
FIXTURE(wait)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[MAX];
};

FIXTURE_SETUP(wait)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(MAX, mt_lease(self->client.fd, 1, MAX, self->leases));
}

FIXTURE_TEARDOWN(wait)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

TEST_F(wait, until_the_deadline)
{
	struct mpool_lease lease;
	__u64 start = mt_now();

	EXPECT_EQ(-ETIMEDOUT, mt_lease_wait(self->client.fd, 0, 1, 1,
					    start + 100 * MS, &lease));
	EXPECT_LE(start + 100 * MS, mt_now());
	EXPECT_GT(start + 10000 * MS, mt_now());
	/* One that has passed, however long ago. */
	EXPECT_EQ(-ETIMEDOUT, mt_lease_wait(self->client.fd, 0, 1, 1, 1,
					    &lease));
	EXPECT_EQ(-EAGAIN, mt_lease_wait(self->client.fd, 0, 1, 1, 0, &lease));
	/* Between the last one that a clock can show, and for ever. */
	EXPECT_EQ(-EINVAL, mt_lease_wait(self->client.fd, 0, 1, 1, 1ULL << 63,
					 &lease));
	EXPECT_EQ(-EINVAL, mt_lease_wait(self->client.fd, 0, 1, 1,
					 MPOOL_FOREVER - 1, &lease));
}

/* A deadline that has passed does not matter while there are buffers. */
TEST_F(wait, not_needed)
{
	struct mpool_lease lease;

	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	EXPECT_EQ(1, mt_lease_wait(self->client.fd, 0, 1, 1, 1, &lease));
	EXPECT_EQ(0, mt_release_one(self->client.fd, lease.handle));
	EXPECT_EQ(1, mt_lease_wait(self->client.fd, 0, 1, 1, MPOOL_FOREVER,
				   &lease));
}

struct releaser {
	int fd;
	unsigned int count;
	unsigned int each;
	const struct mpool_lease *leases;
};

static void *release_slowly(void *arg)
{
	struct releaser *r = arg;
	unsigned int i;

	/* Somebody is to wait by then. */
	mt_await_waits(r->fd, MT_PAGE, 1);
	for (i = 0; i < r->count; i += r->each) {
		mt_sleep_ms(50);
		mt_release_leases(r->fd, r->leases + i, r->each);
	}
	return NULL;
}

TEST_F(wait, for_a_release)
{
	struct releaser r = { self->client.fd, 1, 1, self->leases };
	struct mpool_class_stats cls;
	struct mpool_lease lease;
	__u64 start = mt_now();
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, release_slowly, &r));
	EXPECT_EQ(1, mt_lease_wait(self->client.fd, 0, 1, 4,
				   start + 20000 * MS, &lease));
	EXPECT_LE(start + 50 * MS, mt_now());
	pthread_join(thread, NULL);
	ASSERT_EQ(0, mt_class(self->client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(MAX, cls.leased);
	EXPECT_LE(1, cls.waits);
}

TEST_F(wait, for_all_of_them)
{
	struct releaser r = { self->client.fd, 4, 2, self->leases };
	struct mpool_lease leases[4];
	__u64 start = mt_now();
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, release_slowly, &r));
	EXPECT_EQ(4, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 1, 4,
				   MPOOL_FOREVER, leases));
	EXPECT_LE(start + 100 * MS, mt_now());
	pthread_join(thread, NULL);
}

/* All of them that come too late go back where they were. */
TEST_F(wait, in_vain_for_all)
{
	struct releaser r = { self->client.fd, 4, 4, self->leases };
	struct mpool_lease leases[5];
	struct mpool_stats stats;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, release_slowly, &r));
	EXPECT_EQ(-ETIMEDOUT, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 1,
					    5, mt_now() + 500 * MS, leases));
	pthread_join(thread, NULL);
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(MAX - 4, stats.total.leased);
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	EXPECT_EQ(4, mt_lease(self->client.fd, 1, 5, leases));
}

struct waiter {
	int fd;
	int result;
	struct mpool_lease lease;
};

static void *wait_for_ever(void *arg)
{
	struct waiter *w = arg;

	w->result = mt_lease_wait(w->fd, 0, 1, 1, MPOOL_FOREVER, &w->lease);
	return NULL;
}

/* Another client's release serves this one, in turn. */
TEST_F(wait, for_another_client)
{
	struct waiter waiters[4];
	pthread_t threads[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		waiters[i].fd = mt_open(O_RDWR);
		ASSERT_EQ(0, mt_attach(waiters[i].fd, self->pool.name, NULL));
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, wait_for_ever,
					    &waiters[i]));
	}
	for (i = 0; i < 4; i++) {
		mt_sleep_ms(20);
		EXPECT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[i].handle));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(1, waiters[i].result);
		close(waiters[i].fd);
	}
}

static void nothing(int sig)
{
	(void)sig;
}

TEST_F(wait, interrupted)
{
	struct sigaction act = { .sa_handler = nothing };
	struct waiter w = { .fd = self->client.fd };
	struct mpool_lease leases[2];
	pthread_t thread;

	if (mt_disturbed())
		SKIP(return, "calls are made again here");
	ASSERT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_ever, &w));
	mt_sleep_ms(100);
	/* Again until it sleeps: a signal may come before it does. */
	while (pthread_kill(thread, SIGUSR1) == 0 &&
	       pthread_tryjoin_np(thread, NULL) == EBUSY)
		mt_sleep_ms(20);
	EXPECT_EQ(-EINTR, w.result);
	EXPECT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	EXPECT_EQ(1, mt_lease(self->client.fd, 1, 2, leases));
}

static int wait_in_child(void *arg)
{
	const char *name = arg;
	struct waiter w = { .fd = mt_open(O_RDWR) };

	if (mt_attach(w.fd, name, NULL))
		return 1;
	wait_for_ever(&w);
	return w.result == 1 ? 0 : 2;
}

TEST_F(wait, killed)
{
	int pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(wait_in_child(self->pool.name));
	mt_sleep_ms(200);
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
	EXPECT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	/* It is not kept for the dead. */
	EXPECT_EQ(1, mt_lease(self->client.fd, 1, 2, self->leases));
}

/* The answer cannot be written: nothing was leased. */
TEST_F(lease, bad_result_array)
{
	static const __u64 bad[] = {
		0, 4096, 0x00007ffffffff000ULL, 0x0000800000000000ULL,
		0xffff888000000000ULL, ~0ULL, ~0ULL - 23,
	};
	struct mpool_stats stats;
	char *page = mmap(NULL, 2 * MT_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, 1, 2,
					    (void *)(uintptr_t)bad[i])) {
			TH_LOG("with address %zu of the list", i);
		}
	/* Room for one and a half of two. */
	ASSERT_EQ(0, munmap(page + MT_PAGE, MT_PAGE));
	EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, 1, 2,
				    (void *)(page + MT_PAGE - 36)));
	ASSERT_EQ(0, mprotect(page, MT_PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, 1, 2, (void *)page));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(0, stats.total.leased);
	EXPECT_EQ(0, mt_quiet(self->client.fd, "", 1));
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	/* Neither buffers nor slots were lost. */
	EXPECT_EQ(MAX, mt_lease(self->client.fd, 1, MAX + 1, self->leases));
}

/* What a user without rights could lease, with room for @pages locked. */
struct locked {
	const char *name;
	unsigned long bytes;
	int all;
	int some;
	int again;
	int large;
	int second;
};

static int lease_within_limit(void *arg)
{
	struct locked *l = arg;
	struct rlimit limit = { l->bytes, l->bytes };
	struct mpool_lease leases[8], other[8];
	int fd, fd2;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR);
	fd2 = mt_open(O_RDWR);
	if (mt_attach(fd, l->name, NULL) || mt_attach(fd2, l->name, NULL))
		return 2;
	l->all = mt_lease_wait(fd, MPOOL_LEASE_ALL, 1, 5, 0, leases);
	l->large = mt_lease(fd, 5 * MT_PAGE, 1, leases);
	l->some = mt_lease(fd, 1, 5, leases);
	/* Another file of the same user has no share of its own. */
	l->second = mt_lease(fd2, 1, 1, other);
	if (l->some > 0)
		mt_release_leases(fd, leases, l->some);
	l->again = mt_lease(fd2, 1, 5, other);
	close(fd);
	close(fd2);
	return 0;
}

TEST_F(lease, locked_memory)
{
	struct locked *l = mt_shared(sizeof(*l));
	unsigned int i;

	ASSERT_EQ(0, mt_public_device(true));
	/* Twice: what the first one used was given back at its end. */
	for (i = 0; i < 2; i++) {
		*l = (struct locked){
			.name = self->pool.name,
			.bytes = 4 * MT_PAGE + 100,
		};
		EXPECT_EQ(0, mt_in_child(lease_within_limit, l));
		EXPECT_EQ(-EDQUOT, l->all);
		EXPECT_EQ(-EDQUOT, l->large);
		EXPECT_EQ(4, l->some);
		EXPECT_EQ(-EDQUOT, l->second);
		EXPECT_EQ(4, l->again);
	}
	l->bytes = 0;
	EXPECT_EQ(0, mt_in_child(lease_within_limit, l));
	EXPECT_EQ(-EDQUOT, l->some);
	ASSERT_EQ(0, mt_public_device(false));
}

TEST_HARNESS_MAIN
