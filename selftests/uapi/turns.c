// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits for leases gets them in the end: nobody holds what another waits
 * for, and memory that lies idle in another class is no reason to wait.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MS	1000000ULL
#define LARGE	65536UL
/* Far above what any machine needs, so that only "never" fails. */
#define LONG_MS	40000ULL

FIXTURE(turns)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[16];
};

FIXTURE_SETUP(turns)
{
	struct mpool_pool_config cfg = {
		.max = { 16, 16, 16 },
		.max_bytes = 16 * LARGE,
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
}

FIXTURE_TEARDOWN(turns)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

struct waiter {
	pthread_t thread;
	int fd;
	unsigned int flags;
	__u64 length;
	unsigned int count;
	int result;
	struct mpool_lease leases[16];
};

/* Waits for its leases, and gives them back at once. */
static void *wait_and_release(void *arg)
{
	struct waiter *w = arg;

	w->result = mt_lease_wait(w->fd, w->flags, w->length, w->count,
				  mt_now() + LONG_MS * MS, w->leases);
	if (w->result > 0)
		mt_release_leases(w->fd, w->leases, w->result);
	return NULL;
}

/* Two wait for what is leased, it comes back one by one, and both get all. */
static void served(struct __test_metadata *_metadata, int fd,
		   const struct mpool_lease *leases, struct waiter *waiters)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&waiters[i].thread, NULL,
					    wait_and_release, &waiters[i]));
	mt_sleep_ms(100);
	for (i = 0; i < 16; i++) {
		mt_sleep_ms(5);
		EXPECT_EQ(0, mt_release_one(fd, leases[i].handle));
	}
	for (i = 0; i < 2; i++)
		pthread_join(waiters[i].thread, NULL);
	for (i = 0; i < 2; i++)
		ASSERT_EQ((int)waiters[i].count, waiters[i].result);
}

/* Each could get some of what the other needs, and neither ever all. */
TEST_F(turns, two_who_want_all)
{
	struct waiter waiters[2] = {
		{ .flags = MPOOL_LEASE_ALL, .length = 1, .count = 12 },
		{ .flags = MPOOL_LEASE_ALL, .length = 1, .count = 12 },
	};
	struct mt_client clients[2];
	unsigned int i;

	ASSERT_EQ(16, mt_lease(self->client.fd, 1, 16, self->leases));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mt_client_open(&clients[i], self->pool.name));
		waiters[i].fd = clients[i].fd;
	}
	served(_metadata, self->client.fd, self->leases, waiters);
	for (i = 0; i < 2; i++)
		mt_client_close(&clients[i]);
}

/*
 * The same with two sizes: what each of them lacks is the pool's bytes.  Whose
 * size is given back has an advantage, so that it is a third one.
 */
TEST_F(turns, two_sizes_that_want_all)
{
	struct waiter waiters[2] = {
		{ .flags = MPOOL_LEASE_ALL, .length = LARGE, .count = 12 },
		{ .flags = MPOOL_LEASE_ALL, .length = LARGE / 4 * 3, .count = 16 },
	};
	struct mt_client clients[2];
	unsigned int i, round;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mt_client_open(&clients[i], self->pool.name));
		waiters[i].fd = clients[i].fd;
	}
	for (round = 0; round < 5; round++) {
		ASSERT_EQ(16, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL,
					    LARGE / 8 * 7, 16,
					    mt_now() + LONG_MS * MS,
					    self->leases));
		served(_metadata, self->client.fd, self->leases, waiters);
	}
	for (i = 0; i < 2; i++)
		mt_client_close(&clients[i]);
}

/* All of what can never be there is not collected, nor waited for. */
TEST_F(turns, more_than_there_can_be)
{
	struct mpool_pool_config cfg = { .max_bytes = 8 * LARGE };
	struct waiter w = { .fd = self->client.fd };

	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_BYTES));
	EXPECT_EQ(-ENOSPC, mt_lease_wait(w.fd, MPOOL_LEASE_ALL, LARGE, 9,
					 MPOOL_FOREVER, w.leases));
	EXPECT_EQ(8, mt_lease_wait(w.fd, MPOOL_LEASE_ALL, LARGE, 8, 0,
				   w.leases));
	EXPECT_EQ(0, mt_release_leases(w.fd, w.leases, 8));
	/* Of a tier, */
	cfg.tier_max_bytes[1] = 6 * LARGE;
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_BYTES_MEDIUM));
	EXPECT_EQ(-ENOSPC, mt_lease_wait(w.fd, MPOOL_LEASE_ALL, LARGE, 7,
					 MPOOL_FOREVER, w.leases));
	/* and beside the reserve, which is nobody's to lease. */
	EXPECT_EQ(0, mt_trim(self->pool.fd, self->pool.name, 0, NULL));
	cfg.reserve = 2;
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_RESERVE));
	EXPECT_EQ(-ENOSPC, mt_lease_wait(w.fd, MPOOL_LEASE_ALL, MT_PAGE, 15,
					 MPOOL_FOREVER, w.leases));
	EXPECT_EQ(14, mt_lease_wait(w.fd, MPOOL_LEASE_ALL, MT_PAGE, 14, 0,
				    w.leases));
	EXPECT_EQ(0, mt_release_leases(w.fd, w.leases, 14));
}

/* What is in hand while somebody waits for more is in the books. */
TEST_F(turns, held_while_waiting)
{
	struct waiter w = {
		.flags = MPOOL_LEASE_ALL, .length = 1, .count = 12,
	};
	struct mpool_stats stats;
	struct mt_client client;
	unsigned int i;

	ASSERT_EQ(16, mt_lease(self->client.fd, 1, 16, self->leases));
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	w.fd = client.fd;
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, wait_and_release, &w));
	mt_sleep_ms(50);
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 8));
	/* 8 are still out; 8 the waiter gets, and 4 he waits for. */
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
		if (stats.total.leased == 16)
			break;
		mt_sleep_ms(10);
	}
	EXPECT_EQ(16, stats.total.leased);
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases + 8, 8));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(12, w.result);
	mt_client_close(&client);
}

/* The pool's bytes are all in one class, and come back there. */
TEST_F(turns, room_made_by_another_class)
{
	struct waiter w = { .length = 1, .count = 1 };
	struct mt_client client;

	ASSERT_EQ(16, mt_lease(self->client.fd, LARGE, 16, self->leases));
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	w.fd = client.fd;
	EXPECT_EQ(-EAGAIN, mt_lease(client.fd, 1, 1, w.leases));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, wait_and_release, &w));
	mt_sleep_ms(100);
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 16));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(1, w.result);
	/* Most of what the other class had is left to it. */
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	EXPECT_LE(14, mt_lease(self->client.fd, LARGE, 16, self->leases));
	mt_client_close(&client);
}

TEST_HARNESS_MAIN
