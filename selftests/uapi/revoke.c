// SPDX-License-Identifier: GPL-2.0
/*
 * REVOKE: leases taken back from who holds them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <fcntl.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define NR	8
#define SIZE	(3 * MT_PAGE)

FIXTURE(revoke)
{
	struct mt_pool pool;
	struct mt_client holder;
	struct mt_client other;
	struct mpool_lease leases[NR];
	struct mpool_lease kept;
	__u64 id;
	__u64 revoked;
	__u32 bad;
	unsigned char c;
};

FIXTURE_SETUP(revoke)
{
	struct mpool_pool_config cfg = {
		.max = { NR + 1, NR + 1, NR + 1 },
		.mode = 0606,
	};

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->holder, self->pool.name));
	ASSERT_EQ(NR, mt_lease(self->holder.fd, SIZE, NR, self->leases));
	ASSERT_EQ(1, mt_lease(self->holder.fd, SIZE, 1, &self->kept));
	self->id = mt_client_id(self->pool.name, self->leases[0].handle);
	ASSERT_NE(0, self->id);
}

FIXTURE_TEARDOWN(revoke)
{
	mt_client_close(&self->holder);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static long leased(const struct mt_pool *pool)
{
	struct mpool_stats stats;
	int err = mt_stats(pool->fd, pool->name, &stats);

	return err ? err : (long)(stats.total.leased + stats.total.cached);
}

static char *at(const struct mt_client *client, const struct mpool_lease *l)
{
	return client->win + l->offset;
}

TEST_F(revoke, one)
{
	const __u64 handles[] = { self->leases[1].handle,
				  self->leases[2].handle };
	int i;

	for (i = 0; i < NR; i++)
		memset(at(&self->holder, &self->leases[i]), i + 1, SIZE);
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, self->id,
			       self->leases[2].handle, &self->revoked));
	EXPECT_EQ(1, self->revoked);
	EXPECT_EQ(SIGBUS, mt_peek(at(&self->holder, &self->leases[2]),
				  &self->c));
	EXPECT_EQ(SIGBUS, mt_poke(at(&self->holder, &self->leases[2]) +
				  2 * MT_PAGE, 1));
	EXPECT_TRUE(mt_all(at(&self->holder, &self->leases[1]), 2, SIZE));
	EXPECT_TRUE(mt_all(at(&self->holder, &self->leases[3]), 4, SIZE));
	EXPECT_EQ(NR, leased(&self->pool));
	/* Said as what it is, and all or nothing as ever. */
	EXPECT_EQ(-EKEYREVOKED, mt_release(self->holder.fd, handles, 2,
					   &self->bad));
	EXPECT_EQ(1, self->bad);
	EXPECT_EQ(NR, leased(&self->pool));
	EXPECT_EQ(-EKEYREVOKED, mt_revoke(self->pool.fd, self->pool.name,
					  self->id, self->leases[2].handle,
					  NULL));
	/* Another has it, without a byte. */
	ASSERT_EQ(1, mt_lease_wait(self->other.fd, 0, SIZE, 1,
				   mt_now() + 10000000000ULL, &self->kept));
	EXPECT_TRUE(mt_all(at(&self->other, &self->kept), 0, SIZE));
}

/* Once another lease stands there, the old handle is as dead as any. */
TEST_F(revoke, then_leased_again)
{
	struct mpool_lease lease;

	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, self->id,
			       self->leases[2].handle, NULL));
	ASSERT_EQ(1, mt_lease_wait(self->holder.fd, 0, SIZE, 1,
				   mt_now() + 10000000000ULL, &lease));
	EXPECT_EQ(self->leases[2].offset, lease.offset);
	EXPECT_EQ(-ESTALE, mt_release_one(self->holder.fd,
					  self->leases[2].handle));
	EXPECT_EQ(0, mt_release_one(self->holder.fd, lease.handle));
	EXPECT_EQ(-ESTALE, mt_release_one(self->holder.fd, lease.handle));
}

/* What is kept goes as well. */
TEST_F(revoke, all)
{
	int i;

	memset(at(&self->holder, &self->kept), 1, SIZE);
	ASSERT_EQ(0, mt_release_one(self->holder.fd, self->kept.handle));
	EXPECT_EQ(0, mt_peek(at(&self->holder, &self->kept), &self->c));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, self->id, 0,
			       &self->revoked));
	EXPECT_EQ(NR, self->revoked);
	EXPECT_EQ(0, leased(&self->pool));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(SIGBUS, mt_peek(at(&self->holder, &self->leases[i]),
					  &self->c));
		EXPECT_EQ(-EKEYREVOKED, mt_release_one(self->holder.fd,
						       self->leases[i].handle));
	}
	EXPECT_EQ(SIGBUS, mt_peek(at(&self->holder, &self->kept), &self->c));
	EXPECT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, self->id, 0,
			       &self->revoked));
	EXPECT_EQ(0, self->revoked);
	/* The client itself is as good as before. */
	EXPECT_EQ(NR, mt_lease_wait(self->holder.fd, MPOOL_LEASE_ALL, SIZE, NR,
				    mt_now() + 10000000000ULL, self->leases));
}

TEST_F(revoke, nobody_and_nothing)
{
	__u64 handle = self->leases[0].handle;

	EXPECT_EQ(-ENOENT, mt_revoke(self->pool.fd, "nobody-s", self->id,
				     handle, NULL));
	EXPECT_EQ(-ESRCH, mt_revoke(self->pool.fd, self->pool.name,
				    self->id + 1000, handle, NULL));
	EXPECT_EQ(-ESRCH, mt_revoke(self->pool.fd, self->pool.name, 0, 0,
				    NULL));
	EXPECT_EQ(-ENOENT, mt_revoke(self->pool.fd, self->pool.name, self->id,
				     handle + (1ULL << 32), NULL));
	EXPECT_EQ(-ENOENT, mt_revoke(self->pool.fd, self->pool.name, self->id,
				     ~0ULL, NULL));
	EXPECT_EQ(0, mt_release_one(self->holder.fd, handle));
	EXPECT_EQ(-ESTALE, mt_revoke(self->pool.fd, self->pool.name, self->id,
				     handle, NULL));
	EXPECT_EQ(NR + 1, leased(&self->pool));
}

struct stranger {
	const char *name;
	__u64 id;
};

static int strange(void *arg)
{
	struct stranger *s = arg;
	int fd;

	if (mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR);
	if (mt_attach(fd, s->name, NULL))
		return 2;
	return mt_revoke(fd, s->name, s->id, 0, NULL) == -EPERM ? 0 : 3;
}

TEST_F(revoke, by_a_stranger)
{
	struct stranger s = { self->pool.name, self->id };

	ASSERT_EQ(0, mt_public_device(true));
	EXPECT_EQ(0, mt_in_child(strange, &s));
	ASSERT_EQ(0, mt_public_device(false));
	EXPECT_EQ(NR + 1, leased(&self->pool));
}

TEST_F(revoke, pinned)
{
	struct iovec iov = { at(&self->holder, &self->leases[0]), MT_PAGE };
	struct mpool_stats stats;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	memset(iov.iov_base, 0x77, MT_PAGE);
	ASSERT_EQ((ssize_t)MT_PAGE, vmsplice(fds[1], &iov, 1, 0));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, self->id, 0,
			       NULL));
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(1, stats.total.quarantined);
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, mt_await_quarantine(self->holder.fd, "", 0));
}

struct churn {
	pthread_t thread;
	struct mt_client *client;
	bool stop;
	unsigned long wrong;
	unsigned long cycles;
	unsigned long revoked;
};

static void *churn(void *arg)
{
	struct churn *c = arg;
	struct mpool_lease leases[4];
	int i, nr, err;

	while (!__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
		nr = mt_lease(c->client->fd, SIZE, 4, leases);
		for (i = 0; i < nr; i++)
			mt_poke(at(c->client, leases + i), 1);
		for (i = 0; i < nr; i++) {
			err = mt_release_one(c->client->fd, leases[i].handle);
			if (err == -EKEYREVOKED)
				c->revoked++;
			else if (err)
				c->wrong++;
		}
		if (nr > 0)
			__atomic_fetch_add(&c->cycles, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Against a holder who leases, touches and releases. */
TEST_F_TIMEOUT(revoke, in_the_middle, 180)
{
	struct churn c = { .client = &self->holder };
	__u64 end = mt_now() + 2000000000ULL;

	ASSERT_EQ(0, mt_release_leases(self->holder.fd, self->leases, NR));
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, churn, &c));
	/* However late it begins. */
	while (mt_now() < end || !__atomic_load_n(&c.cycles, __ATOMIC_RELAXED))
		ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name,
				       self->id, 0, NULL));
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	pthread_join(c.thread, NULL);
	EXPECT_EQ(0, c.wrong);
	printf("# %lu cycles, %lu leases revoked\n", c.cycles, c.revoked);
	EXPECT_LT(0, c.cycles);
}

TEST_HARNESS_MAIN
