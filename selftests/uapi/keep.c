// SPDX-License-Identifier: GPL-2.0
/*
 * What a client keeps of what it released: for itself until somebody wants
 * it, and never so that others could see it.
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
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MAX	16
#define SIZE	(2 * MT_PAGE)

FIXTURE(keep)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease leases[MAX];
	struct mpool_lease again[MAX];
	unsigned char c;
};

FIXTURE_SETUP(keep)
{
	struct mpool_pool_config cfg = {
		.max_size = 1 << 20,
		.max = { MAX, MAX, MAX },
		.mode = 0606,
	};

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	ASSERT_EQ(MAX, mt_lease(self->client.fd, SIZE, MAX, self->leases));
}

FIXTURE_TEARDOWN(keep)
{
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static void fill(const struct mt_client *client,
		 const struct mpool_lease *leases, int nr, int value)
{
	int i;

	for (i = 0; i < nr; i++)
		memset(client->win + leases[i].offset, value, SIZE);
}

/* Resident, or not: no fault is taken to find out. */
static bool mapped(char *p)
{
	__u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)p / MT_PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return entry >> 63;
}

TEST_F(keep, stays_mapped_and_ones_own)
{
	struct mpool_class_stats st;
	int i;

	fill(&self->client, self->leases, MAX, 0x5a);
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	st = mt_class_now(self->client.fd, SIZE);
	EXPECT_EQ(0, st.leased);
	EXPECT_EQ(MAX, st.cached);
	EXPECT_EQ(MAX, st.releases);
	EXPECT_EQ(MAX, st.backed);
	EXPECT_EQ(0, st.dirty + st.clean + st.quarantined);
	/* The handles are dead at once. */
	EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
					  self->leases[3].handle));
	EXPECT_TRUE(mapped(self->client.win + self->leases[3].offset));
	ASSERT_EQ(MAX, mt_lease(self->client.fd, SIZE, MAX, self->again));
	for (i = 0; i < MAX; i++) {
		char *p = self->client.win + self->again[i].offset;

		EXPECT_TRUE(mapped(p));
		EXPECT_TRUE(mapped(p + MT_PAGE));
		EXPECT_TRUE(mt_all(p, 0x5a, SIZE));
		EXPECT_NE(self->leases[i].handle, self->again[i].handle);
	}
	EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
					  self->leases[3].handle));
	st = mt_class_now(self->client.fd, SIZE);
	EXPECT_EQ(MAX, st.leased);
	EXPECT_EQ(0, st.cached);
	EXPECT_EQ(2 * MAX, st.leases);
	EXPECT_EQ(0, st.zeroed + st.zeroed_sync);
}

/*
 * Where no mapping is yet, none comes: the lease is over.  Kernels that map all
 * of a buffer by its first fault have done so before.
 */
TEST_F(keep, no_new_mapping)
{
	struct mpool_info info = { .size = sizeof(info) };
	int second = SIGBUS;

	ASSERT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_INFO, &info));
	if (info.features & MPOOL_FEATURE_FAULT_AROUND)
		second = 0;
	ASSERT_EQ(0, mt_poke(self->client.win + self->leases[0].offset, 1));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 2));
	EXPECT_EQ(0, mt_peek(self->client.win + self->leases[0].offset,
			     &self->c));
	EXPECT_EQ(second, mt_peek(self->client.win + self->leases[0].offset +
				  MT_PAGE, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win + self->leases[1].offset,
				  &self->c));
}

TEST_F(keep, strict_keeps_nothing)
{
	struct mt_client strict;
	struct mpool_lease lease;

	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	mt_attach_flags = MPOOL_ATTACH_STRICT;
	ASSERT_EQ(0, mt_client_open(&strict, self->pool.name));
	ASSERT_EQ(1, mt_lease(strict.fd, SIZE, 1, &lease));
	ASSERT_EQ(0, mt_poke(strict.win + lease.offset, 1));
	ASSERT_EQ(0, mt_release_one(strict.fd, lease.handle));
	EXPECT_EQ(SIGBUS, mt_poke(strict.win + lease.offset, 1));
	EXPECT_FALSE(mapped(strict.win + lease.offset));
	EXPECT_EQ(MAX - 1, mt_class_now(strict.fd, SIZE).cached);
	mt_client_close(&strict);
}

/* Another's lease gets them, without a mapping left and without a byte. */
TEST_F(keep, given_to_who_asks)
{
	int i;

	fill(&self->client, self->leases, MAX, 0x5a);
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	ASSERT_EQ(MAX, mt_lease(self->other.fd, SIZE, MAX, self->again));
	for (i = 0; i < MAX; i++) {
		EXPECT_EQ(SIGBUS, mt_peek(self->client.win +
					  self->leases[i].offset, &self->c));
		EXPECT_TRUE(mt_all(self->other.win + self->again[i].offset, 0,
				   SIZE));
	}
	EXPECT_EQ(0, mt_class_now(self->client.fd, SIZE).cached);
}

/* Some for another, the coldest ones; the rest stays. */
TEST_F(keep, only_what_is_wanted)
{
	__u64 fails;
	int i;

	fill(&self->client, self->leases, 8, 1);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[i].handle));
	ASSERT_EQ(3, mt_lease(self->other.fd, SIZE, 3, self->again));
	EXPECT_EQ(5, mt_class_now(self->client.fd, SIZE).cached);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i >= 3, mapped(self->client.win +
					 self->leases[i].offset));
	/* What a client wants itself, beside what it keeps, is no reason. */
	fails = mt_class_now(self->client.fd, SIZE).fails;
	EXPECT_EQ(5, mt_lease(self->client.fd, SIZE, MAX, self->again));
	EXPECT_EQ(fails, mt_class_now(self->client.fd, SIZE).fails);
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, SIZE, 1, self->again));
	EXPECT_EQ(fails + 1, mt_class_now(self->client.fd, SIZE).fails);
}

struct waiter {
	pthread_t thread;
	int fd;
	int flags;
	int count;
	size_t length;
	int result;
	struct mpool_lease leases[MAX];
};

static void *wait_for(void *arg)
{
	struct waiter *w = arg;

	w->result = mt_lease_wait(w->fd, w->flags, w->length ?: SIZE, w->count,
				  mt_now() + 20000000000ULL, w->leases);
	return NULL;
}

/* With somebody in the queue, what is released goes to him at once. */
TEST_F(keep, not_while_others_wait)
{
	struct waiter w = { .fd = self->other.fd, .count = 1 };
	__u64 start;

	fill(&self->client, self->leases, MAX, 0x5a);
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, wait_for, &w));
	ASSERT_EQ(0, mt_await_waits(self->client.fd, SIZE, 1));
	start = mt_now();
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(1, w.result);
	/* By a wake-up, not by the look of every five seconds. */
	EXPECT_GT(4000000000ULL, mt_now() - start);
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win + self->leases[0].offset,
				  &self->c));
	EXPECT_TRUE(mt_all(self->other.win + w.leases[0].offset, 0, SIZE));
}

/* Both keep a half, and both want all: one after the other has it. */
TEST_F(keep, two_who_keep_and_want_all)
{
	struct waiter w[2] = {
		{ .fd = self->client.fd, .flags = MPOOL_LEASE_ALL },
		{ .fd = self->other.fd, .flags = MPOOL_LEASE_ALL },
	};
	int i, j;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases,
					       MAX));
		ASSERT_EQ(MAX / 2, mt_lease(self->other.fd, SIZE, MAX / 2,
					    self->again));
		ASSERT_EQ(0, mt_release_leases(self->other.fd, self->again,
					       MAX / 2));
		for (j = 0; j < 2; j++) {
			w[j].count = MAX / 2 + 1;
			ASSERT_EQ(0, pthread_create(&w[j].thread, NULL,
						    wait_for, &w[j]));
		}
		/* Who got his gives back, so that the other gets his. */
		ASSERT_EQ(0, mt_await_waits(self->client.fd, SIZE, i + 1));
		while (!__atomic_load_n(&w[0].result, __ATOMIC_ACQUIRE) &&
		       !__atomic_load_n(&w[1].result, __ATOMIC_ACQUIRE))
			mt_sleep_ms(1);
		j = w[0].result ? 0 : 1;
		ASSERT_EQ(MAX / 2 + 1, w[j].result);
		ASSERT_EQ(0, mt_release_leases(w[j].fd, w[j].leases,
					       MAX / 2 + 1));
		pthread_join(w[0].thread, NULL);
		pthread_join(w[1].thread, NULL);
		j = 1 - j;
		ASSERT_EQ(MAX / 2 + 1, w[j].result);
		ASSERT_EQ(0, mt_release_leases(w[j].fd, w[j].leases,
					       MAX / 2 + 1));
		w[0].result = 0;
		w[1].result = 0;
		ASSERT_EQ(MAX, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL,
					     SIZE, MAX,
					     mt_now() + 20000000000ULL,
					     self->leases));
	}
}

TEST_F(keep, trim_takes_it)
{
	struct mpool_class_stats st;

	fill(&self->client, self->leases, MAX, 1);
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	/* Not so old yet. */
	EXPECT_EQ(0, mt_trim(self->client.fd, "", 100000, NULL));
	EXPECT_EQ(MAX, mt_class_now(self->client.fd, SIZE).cached);
	EXPECT_EQ(0, mt_trim(self->client.fd, "", 0, NULL));
	st = mt_class_now(self->client.fd, SIZE);
	EXPECT_EQ(0, st.cached);
	EXPECT_EQ(0, st.dirty + st.clean + st.backed);
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win + self->leases[0].offset,
				  &self->c));
}

TEST_F(keep, close_gives_it_back)
{
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX / 2));
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_class_now(self->other.fd, SIZE).cached);
	EXPECT_EQ(MAX, mt_lease_wait(self->other.fd, MPOOL_LEASE_ALL, SIZE, MAX,
				     mt_now() + 10000000000ULL, self->again));
}

/* A transfer may still be under way: not for the client either. */
TEST_F(keep, not_what_is_pinned)
{
	struct iovec iov = { self->client.win + self->leases[0].offset,
			     MT_PAGE };
	struct mpool_class_stats st;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	fill(&self->client, self->leases, 2, 0x77);
	ASSERT_EQ((ssize_t)MT_PAGE, vmsplice(fds[1], &iov, 1, 0));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 2));
	st = mt_class_now(self->client.fd, SIZE);
	EXPECT_EQ(1, st.cached);
	EXPECT_EQ(1, st.quarantined);
	EXPECT_EQ(SIGBUS, mt_peek(iov.iov_base, &self->c));
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

/* A child that maps it too is no pin. */
TEST_F(keep, two_mappings)
{
	char *twice = mmap(NULL, self->client.size, PROT_READ, MAP_SHARED,
			   self->client.fd, 0);

	ASSERT_NE(MAP_FAILED, twice);
	fill(&self->client, self->leases, MAX, 3);
	EXPECT_EQ(0, mt_peek(twice + self->leases[0].offset, &self->c));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	EXPECT_EQ(MAX, mt_class_now(self->client.fd, SIZE).cached);
	/* Both go when it goes. */
	ASSERT_EQ(MAX, mt_lease(self->other.fd, SIZE, MAX, self->again));
	EXPECT_EQ(SIGBUS, mt_peek(twice + self->leases[0].offset, &self->c));
	munmap(twice, self->client.size);
}

/* A lease that cannot be told is none; nothing is lost. */
TEST_F(keep, failed_answer)
{
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, SIZE, MAX, NULL));
	EXPECT_EQ(0, mt_class_now(self->client.fd, SIZE).leased);
	EXPECT_EQ(MAX, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, SIZE,
				     MAX, mt_now() + 10000000000ULL,
				     self->again));
}

/* A bound of buffers, and one of bytes. */
TEST_F(keep, bounds)
{
	struct mpool_pool_config cfg = {
		.max_size = 1 << 20,
		.max = { 0, 2048, 64 },
		.max_bytes = 128 << 20,
	};
	static struct mpool_lease leases[2048];
	struct mt_client client;
	struct mpool_stats st;

	ASSERT_EQ(0, mt_create(self->pool.fd, "bounds", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "bounds"));
	ASSERT_EQ(2048, mt_lease(client.fd, MT_PAGE, 2048, leases));
	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 2048));
	ASSERT_EQ(0, mt_stats(client.fd, "", &st));
	EXPECT_GE(1024, st.total.cached);
	EXPECT_LT(1024 - 64, st.total.cached);
	ASSERT_EQ(40, mt_lease(client.fd, 1 << 20, 40, leases));
	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 40));
	ASSERT_EQ(0, mt_class(client.fd, "", 1 << 20, &st.total));
	EXPECT_GE(32, st.total.cached);
	EXPECT_LE(8, st.total.cached);
	mt_client_close(&client);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "bounds", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "bounds"));
}

/* Mapped as a whole, by one entry for all of it. */
TEST_F(keep, huge)
{
	struct mpool_pool_config cfg = { .max_size = 2 << 20, .max = { 0, 1, 2 } };
	struct mpool_class_stats st;
	struct mpool_lease lease;
	struct mt_client client;

	ASSERT_EQ(0, mt_create(self->pool.fd, "huge", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "huge"));
	ASSERT_EQ(1, mt_lease(client.fd, 2 << 20, 1, &lease));
	memset(client.win + lease.offset, 0x5a, 2 << 20);
	ASSERT_EQ(0, mt_release_one(client.fd, lease.handle));
	ASSERT_EQ(0, mt_class(client.fd, "", 2 << 20, &st));
	EXPECT_EQ(1, st.cached);
	EXPECT_TRUE(mapped(client.win + lease.offset));
	ASSERT_EQ(1, mt_lease(client.fd, 2 << 20, 1, &lease));
	EXPECT_TRUE(mapped(client.win + lease.offset + (2 << 20) - MT_PAGE));
	EXPECT_TRUE(mt_all(client.win + lease.offset, 0x5a, 2 << 20));
	ASSERT_EQ(0, mt_release_one(client.fd, lease.handle));
	ASSERT_EQ(0, mt_trim(client.fd, "", 0, NULL));
	EXPECT_EQ(SIGBUS, mt_peek(client.win + lease.offset, &self->c));
	mt_client_close(&client);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "huge", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "huge"));
}

/* The pool's bytes are kept in one class, and wanted in another. */
TEST_F(keep, bytes_of_another_class)
{
	struct mpool_pool_config cfg = { .max_bytes = 8 * SIZE };
	struct mt_client client, other;

	ASSERT_EQ(0, mt_create(self->pool.fd, "bytes", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "bytes"));
	ASSERT_EQ(0, mt_client_open(&other, "bytes"));
	ASSERT_EQ(8, mt_lease(client.fd, SIZE, 8, self->again));
	ASSERT_EQ(0, mt_release_leases(client.fd, self->again, 8));
	EXPECT_EQ(1, mt_lease(other.fd, 2 * SIZE, 1, self->again));
	mt_client_close(&client);
	mt_client_close(&other);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "bytes", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "bytes"));
}

/* What is released goes to who waits for bytes, in whatever class. */
TEST_F(keep, not_while_bytes_are_waited_for)
{
	struct mpool_pool_config cfg = { .max_bytes = 8 * SIZE };
	struct mpool_class_stats st = {};
	struct mt_client client, other;
	struct waiter w = { .count = 1, .length = 2 * SIZE };
	__u64 start;

	ASSERT_EQ(0, mt_create(self->pool.fd, "starved", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "starved"));
	ASSERT_EQ(0, mt_client_open(&other, "starved"));
	ASSERT_EQ(8, mt_lease(client.fd, SIZE, 8, self->again));
	w.fd = other.fd;
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, wait_for, &w));
	while (mt_class(client.fd, "", 2 * SIZE, &st) || !st.waits)
		mt_sleep_ms(2);
	/* It is asleep, and has looked at what there is. */
	mt_sleep_ms(200);
	start = mt_now();
	ASSERT_EQ(0, mt_release_leases(client.fd, self->again, 8));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(1, w.result);
	EXPECT_GT(4000000000ULL, mt_now() - start);
	mt_client_close(&client);
	mt_client_close(&other);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "starved", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "starved"));
}

/* Kept memory is locked memory, and gives way to what is wanted. */
static int lease_within_limit(void *arg)
{
	struct rlimit limit = { 4 * MT_PAGE, 4 * MT_PAGE };
	struct mpool_lease leases[8], more[8];
	const char *name = arg;
	int fd, fd2;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR);
	fd2 = mt_open(O_RDWR);
	if (mt_attach(fd, name, NULL) || mt_attach(fd2, name, NULL))
		return 2;
	if (mt_lease(fd, MT_PAGE, 8, leases) != 4 ||
	    mt_lease(fd2, MT_PAGE, 1, more) != -EDQUOT)
		return 3;
	mt_release_leases(fd, leases, 4);
	/* By another file, of another size. */
	if (mt_lease(fd2, 2 * MT_PAGE, 2, more) != 2)
		return 4;
	if (mt_lease(fd, MT_PAGE, 1, leases) != -EDQUOT)
		return 5;
	return 0;
}

TEST_F(keep, locked_memory)
{
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	/* Twice: the first one left nothing behind. */
	EXPECT_EQ(0, mt_in_child(lease_within_limit, self->pool.name));
	EXPECT_EQ(0, mt_in_child(lease_within_limit, self->pool.name));
	ASSERT_EQ(0, mt_public_device(false));
}

struct racer {
	pthread_t thread;
	struct mt_client *client;
	int id;
	__u64 end;
	unsigned long wrong;
	unsigned long cycles;
};

/* What comes is zero or one's own, and stays so while it is held. */
static void *race(void *arg)
{
	struct racer *r = arg;
	struct mpool_lease leases[6];
	unsigned int seed = r->id;
	unsigned char c;
	int i, nr;

	while (mt_now() < r->end || !r->cycles) {
		nr = mt_lease(r->client->fd, SIZE, 1 + rand_r(&seed) % 6,
			      leases);
		for (i = 0; i < nr; i++) {
			char *p = r->client->win + leases[i].offset;

			if (mt_peek(p, &c) || (c && c != r->id))
				r->wrong++;
			if (mt_poke(p, r->id) || mt_poke(p + MT_PAGE, r->id))
				r->wrong++;
		}
		for (i = 0; i < nr; i++)
			if (mt_peek(r->client->win + leases[i].offset, &c) ||
			    c != r->id)
				r->wrong++;
		if (nr <= 0)
			continue;
		if (mt_release_leases(r->client->fd, leases, nr))
			r->wrong++;
		r->cycles++;
	}
	return NULL;
}

/* Memory is short, and somebody tidies up. */
static void *disturb(void *arg)
{
	struct racer *r = arg;
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	while (mt_now() < r->end || !r->cycles) {
		if (write(fd, "2", 1) != 1 || mt_trim(r->client->fd, "", 0, NULL))
			r->wrong++;
		mt_sleep_ms(1);
		r->cycles++;
	}
	close(fd);
	return NULL;
}

/* Clients take each other's, while they lease and release. */
TEST_F_TIMEOUT(keep, clients_compete, 180)
{
	struct mt_client clients[4];
	struct racer racers[5] = {};
	int i;

	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, MAX));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, mt_client_open(&clients[i], self->pool.name));
		racers[i].client = &clients[i];
		racers[i].id = i + 1;
		racers[i].end = mt_now() + 2000000000ULL;
		ASSERT_EQ(0, pthread_create(&racers[i].thread, NULL, race,
					    &racers[i]));
	}
	racers[4].client = &self->client;
	racers[4].end = racers[3].end;
	ASSERT_EQ(0, pthread_create(&racers[4].thread, NULL, disturb,
				    &racers[4]));
	for (i = 0; i < 5; i++) {
		pthread_join(racers[i].thread, NULL);
		EXPECT_EQ(0, racers[i].wrong);
		EXPECT_LT(0, racers[i].cycles);
		if (i < 4)
			mt_client_close(&clients[i]);
	}
	printf("# %lu %lu %lu %lu cycles, %lu times disturbed\n",
	       racers[0].cycles, racers[1].cycles, racers[2].cycles,
	       racers[3].cycles, racers[4].cycles);
}

TEST_HARNESS_MAIN
