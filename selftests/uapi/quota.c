// SPDX-License-Identifier: GPL-2.0
/*
 * Shares of a pool: what a client may have, and a user with all of his.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MAX	64
#define SIZE	(2 * MT_PAGE)

FIXTURE(quota)
{
	struct mt_pool pool;
	struct mt_client clients[3];
	struct mpool_lease leases[MAX];
	struct mpool_lease more[MAX];
};

FIXTURE_SETUP(quota)
{
	struct mpool_pool_config cfg = {
		.max = { MAX, MAX, MAX },
		.mode = 0606,
		.client_max = 8,
		.client_max_bytes = 12 * MT_PAGE,
		.user_max = 20,
		.user_max_bytes = 30 * MT_PAGE,
	};
	int i;

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, mt_client_open(&self->clients[i],
					    self->pool.name));
}

FIXTURE_TEARDOWN(quota)
{
	int i;

	for (i = 0; i < 3; i++)
		mt_client_close(&self->clients[i]);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int lease_all(int fd, __u64 size, __u32 nr, struct mpool_lease *leases)
{
	return mt_lease_wait(fd, MPOOL_LEASE_ALL, size, nr, 0, leases);
}

TEST_F(quota, buffers_of_a_client)
{
	int fd = self->clients[0].fd;

	EXPECT_EQ(-EDQUOT, lease_all(fd, MT_PAGE, 9, self->leases));
	EXPECT_EQ(8, mt_lease(fd, MT_PAGE, 9, self->leases));
	EXPECT_EQ(-EDQUOT, mt_lease(fd, MT_PAGE, 1, self->more));
	/* Nor does it wait for it. */
	EXPECT_EQ(-EDQUOT, mt_lease_wait(fd, 0, MT_PAGE, 1, MPOOL_FOREVER,
					 self->more));
	ASSERT_EQ(0, mt_release_leases(fd, self->leases, 3));
	EXPECT_EQ(3, mt_lease(fd, MT_PAGE, 5, self->leases));
	/* It is its own alone. */
	EXPECT_EQ(8, mt_lease(self->clients[1].fd, MT_PAGE, 9, self->more));
}

TEST_F(quota, bytes_of_a_client)
{
	int fd = self->clients[0].fd;

	EXPECT_EQ(6, mt_lease(fd, SIZE, 8, self->leases));
	EXPECT_EQ(-EDQUOT, mt_lease(fd, MT_PAGE, 1, self->more));
	ASSERT_EQ(0, mt_release_one(fd, self->leases[0].handle));
	/* What is kept makes room for what is wanted. */
	EXPECT_EQ(2, mt_lease(fd, MT_PAGE, 8, self->more));
	EXPECT_EQ(-EDQUOT, mt_lease(fd, SIZE, 1, self->leases));
}

TEST_F(quota, of_a_user)
{
	EXPECT_EQ(8, mt_lease(self->clients[0].fd, MT_PAGE, 8, self->leases));
	EXPECT_EQ(8, mt_lease(self->clients[1].fd, MT_PAGE, 8, self->more));
	EXPECT_EQ(4, mt_lease(self->clients[2].fd, MT_PAGE, 8,
			      self->leases + 8));
	EXPECT_EQ(-EDQUOT, mt_lease(self->clients[2].fd, MT_PAGE, 1,
				    self->leases + 12));
	/* What one of his keeps, another one may have. */
	ASSERT_EQ(0, mt_release_leases(self->clients[0].fd, self->leases, 8));
	EXPECT_EQ(4, mt_lease(self->clients[2].fd, MT_PAGE, 8,
			      self->leases + 12));
}

TEST_F(quota, bytes_of_a_user)
{
	EXPECT_EQ(6, mt_lease(self->clients[0].fd, SIZE, 8, self->leases));
	EXPECT_EQ(6, mt_lease(self->clients[1].fd, SIZE, 8, self->more));
	EXPECT_EQ(3, mt_lease(self->clients[2].fd, SIZE, 8, self->leases + 8));
	EXPECT_EQ(-EDQUOT, lease_all(self->clients[2].fd, SIZE, 1,
				     self->leases + 11));
}

static int as_nobody(void *arg)
{
	struct mpool_lease leases[MAX];
	int fd;

	if (mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR);
	if (mt_attach(fd, arg, NULL))
		return 2;
	return mt_lease(fd, MT_PAGE, 8, leases) == 8 ? 0 : 3;
}

TEST_F(quota, another_user_has_his_own)
{
	int i;

	for (i = 0; i < 3; i++)
		mt_lease(self->clients[i].fd, MT_PAGE, 8, self->leases);
	ASSERT_EQ(0, mt_public_device(true));
	EXPECT_EQ(0, mt_in_child(as_nobody, self->pool.name));
	EXPECT_EQ(0, mt_public_device(false));
}

/* A page that leases are carved from is one buffer. */
TEST_F(quota, carved)
{
	struct mpool_lease *leases = calloc(1024, sizeof(*leases));

	ASSERT_NE(NULL, leases);
	EXPECT_EQ(8 * 64, mt_lease(self->clients[0].fd, 64, 1024, leases));
	EXPECT_EQ(-EDQUOT, mt_lease(self->clients[0].fd, 64, 1, self->more));
	EXPECT_EQ(0, mt_release_one(self->clients[0].fd, leases[9].handle));
	EXPECT_EQ(1, mt_lease(self->clients[0].fd, 64, 1, self->more));
	free(leases);
}

/* For leases to come: lowering one takes nothing away. */
TEST_F(quota, changed_while_running)
{
	struct mpool_pool_config cfg = { .client_max = 2, .user_max = 0 };
	int fd = self->clients[0].fd;

	EXPECT_EQ(5, mt_lease(fd, MT_PAGE, 5, self->leases));
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_CLIENT_MAX |
			       MPOOL_CONFIG_USER_MAX));
	EXPECT_EQ(2, cfg.client_max);
	EXPECT_EQ(0, cfg.user_max);
	EXPECT_EQ(12 * MT_PAGE, cfg.client_max_bytes);
	EXPECT_EQ(-EDQUOT, mt_lease(fd, MT_PAGE, 1, self->more));
	ASSERT_EQ(0, mt_release_leases(fd, self->leases, 4));
	EXPECT_EQ(1, mt_lease(fd, MT_PAGE, 5, self->leases));
	cfg.client_max = 0;
	cfg.client_max_bytes = 0;
	cfg.user_max_bytes = 0;
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_CLIENT_MAX |
			       MPOOL_CONFIG_CLIENT_MAX_BYTES |
			       MPOOL_CONFIG_USER_MAX_BYTES));
	EXPECT_EQ(MAX - 2, mt_lease(fd, MT_PAGE, MAX, self->more));
}

TEST_F(quota, out_of_range)
{
	struct mpool_pool_config cfg = { .client_max_bytes = MT_PAGE - 1 };

	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_CLIENT_MAX_BYTES));
	cfg.user_max_bytes = 1;
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_USER_MAX_BYTES));
	cfg.user_max = 1U << 24;
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_USER_MAX));
}

/* Many at once: never more than may be, and nothing is lost. */
struct racer {
	pthread_t thread;
	int fd;
	__u64 until;
	long *out;
	long most;
	const char *what;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	unsigned int seed = (uintptr_t)arg;
	struct mpool_lease leases[8];
	long out;
	int nr;

	while (mt_now() < r->until) {
		nr = mt_lease(r->fd, MT_PAGE, 1 + rand_r(&seed) % 8, leases);
		if (nr == -EDQUOT || nr == -EAGAIN)
			continue;
		if (nr < 0) {
			r->what = "lease";
			break;
		}
		out = __atomic_add_fetch(r->out, nr, __ATOMIC_SEQ_CST);
		if (out > r->most)
			r->most = out;
		__atomic_sub_fetch(r->out, nr, __ATOMIC_SEQ_CST);
		if (mt_release_leases(r->fd, leases, nr))
			r->what = "release";
	}
	return NULL;
}

TEST_F(quota, holds_in_a_race)
{
	struct racer racers[6] = {};
	long out = 0;
	int i;

	for (i = 0; i < 6; i++) {
		racers[i].fd = self->clients[i % 3].fd;
		racers[i].until = mt_now() + 2000000000ULL;
		racers[i].out = &out;
		ASSERT_EQ(0, pthread_create(&racers[i].thread, NULL, race,
					    &racers[i]));
	}
	for (i = 0; i < 6; i++) {
		pthread_join(racers[i].thread, NULL);
		EXPECT_EQ(NULL, racers[i].what);
		EXPECT_GE(20, racers[i].most);
	}
	/* All that there was to have is to be had. */
	EXPECT_EQ(8, lease_all(self->clients[0].fd, MT_PAGE, 8, self->leases));
	EXPECT_EQ(8, lease_all(self->clients[1].fd, MT_PAGE, 8, self->more));
}

static long long shown(const char *pool, int column)
{
	char path[128], line[256], *p = NULL;
	long long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/mpool/%s/clients", pool);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f) && fgets(line, sizeof(line), f))
		p = strtok(line, "\n ");
	while (p && column--)
		p = strtok(NULL, "\n ");
	if (p)
		value = atoll(p);
	if (f)
		fclose(f);
	return value;
}

TEST_F(quota, shown)
{
	ASSERT_EQ(3, mt_lease(self->clients[0].fd, SIZE, 3, self->leases));
	ASSERT_EQ(MAX, mt_lease(self->clients[0].fd, 64, MAX, self->more));
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd,
				    self->leases[0].handle));
	EXPECT_EQ(getpid(), shown(self->pool.name, 1));
	EXPECT_EQ(0, shown(self->pool.name, 2));
	EXPECT_EQ(66, shown(self->pool.name, 3));
	EXPECT_EQ(4, shown(self->pool.name, 4));
	EXPECT_EQ(7 * 4, shown(self->pool.name, 5));
	EXPECT_EQ(8, shown(self->pool.name, 6));
}

TEST_HARNESS_MAIN
