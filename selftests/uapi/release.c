// SPDX-License-Identifier: GPL-2.0
/*
 * RELEASE: handles good and bad; and what a buffer holds when it comes again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MAX	64
#define NR	8

FIXTURE(release)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[MAX];
	__u64 handles[MAX];
	__u32 bad;
};

FIXTURE_SETUP(release)
{
	struct mpool_pool_config cfg = {
		.max_size = 1 << 20,
		.max = { MAX, MAX, MAX },
	};
	unsigned int i;

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 1, NR, self->leases));
	for (i = 0; i < NR; i++)
		self->handles[i] = self->leases[i].handle;
	self->bad = ~0U;
}

FIXTURE_TEARDOWN(release)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Leases that stand, or what asking said. */
static long leased(int fd, const char *name)
{
	struct mpool_stats stats;
	int err = mt_stats(fd, name, &stats);

	return err ? err : (long)stats.total.leased;
}

TEST_F(release, one_by_one)
{
	int i;

	for (i = 0; i < NR; i++) {
		EXPECT_EQ(0, mt_release(self->client.fd, self->handles + i, 1,
					&self->bad));
		EXPECT_EQ(0, self->bad);
		EXPECT_EQ(NR - 1 - i, leased(self->client.fd, ""));
	}
}

TEST_F(release, stale)
{
	int i;

	EXPECT_EQ(0, mt_release(self->client.fd, self->handles, NR, NULL));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(-ESTALE, mt_release(self->client.fd,
					      self->handles + i, NR - i,
					      &self->bad));
		EXPECT_EQ(0, self->bad);
	}
	/* Still, when others stand in the same places. */
	EXPECT_EQ(NR, mt_lease(self->client.fd, 1, NR, self->leases));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
						  self->handles[i]));
	EXPECT_EQ(NR, leased(self->client.fd, ""));
}

TEST_F(release, twice_in_a_list)
{
	self->handles[NR - 1] = self->handles[2];
	EXPECT_EQ(-ESTALE, mt_release(self->client.fd, self->handles, NR,
				      &self->bad));
	EXPECT_EQ(NR - 1, self->bad);
	EXPECT_EQ(NR, leased(self->client.fd, ""));
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, NR));
}

TEST_F(release, of_another_client)
{
	struct mt_client other;

	ASSERT_EQ(0, mt_client_open(&other, self->pool.name));
	EXPECT_EQ(-ENOENT, mt_release(other.fd, self->handles, NR,
				      &self->bad));
	EXPECT_EQ(0, self->bad);
	EXPECT_EQ(NR, leased(other.fd, ""));
	mt_client_close(&other);
}

TEST_F(release, garbage)
{
	static const __u64 garbage[] = {
		0, 1, 0xffffffff, 1ULL << 32, 1ULL << 63, ~0ULL,
		0xdeadbeefdeadbeefULL, 0x00000001ffffffffULL,
		0xffffffff00000000ULL,
	};
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(garbage); i++) {
		self->bad = ~0U;
		EXPECT_EQ(-ENOENT, mt_release(self->client.fd, garbage + i, 1,
					      &self->bad)) {
			TH_LOG("with %#llx", garbage[i]);
		}
		EXPECT_EQ(0, self->bad);
	}
	EXPECT_EQ(NR, leased(self->client.fd, ""));
}

/* Handles cannot be guessed into being: later generations are not yet. */
TEST_F(release, of_the_future)
{
	EXPECT_EQ(-ENOENT, mt_release_one(self->client.fd,
					  self->handles[0] + (1ULL << 32)));
	EXPECT_EQ(-ENOENT, mt_release_one(self->client.fd,
					  self->handles[0] & 0xffffffff));
	EXPECT_EQ(NR, leased(self->client.fd, ""));
}

/* One bad one among good ones, in each place: nothing happens. */
TEST_F(release, good_and_bad)
{
	struct mpool_lease stale;
	__u64 good;
	__u32 i;

	ASSERT_EQ(1, mt_lease(self->client.fd, 1, 1, &stale));
	ASSERT_EQ(0, mt_release_one(self->client.fd, stale.handle));
	for (i = 0; i < NR; i++) {
		good = self->handles[i];
		self->handles[i] = stale.handle;
		EXPECT_EQ(-ESTALE, mt_release(self->client.fd, self->handles,
					      NR, &self->bad));
		EXPECT_EQ(i, self->bad);
		self->handles[i] = ~0ULL;
		EXPECT_EQ(-ENOENT, mt_release(self->client.fd, self->handles,
					      NR, &self->bad));
		EXPECT_EQ(i, self->bad);
		self->handles[i] = good;
		EXPECT_EQ(NR, leased(self->client.fd, ""));
	}
	/* All of them still reach their buffers. */
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, mt_poke(self->client.win + self->leases[i].offset,
				     1));
	EXPECT_EQ(0, mt_release(self->client.fd, self->handles, NR,
				&self->bad));
	EXPECT_EQ(0, self->bad);
}

TEST_F(release, several_classes_at_once)
{
	struct mpool_lease leases[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		ASSERT_EQ(1, mt_lease(self->client.fd, MT_PAGE << i, 1,
				      leases + i));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, mt_poke(self->client.win + leases[i].offset +
				     leases[i].length - 1, i));
	EXPECT_EQ(0, mt_release_leases(self->client.fd, leases, 6));
	EXPECT_EQ(NR, leased(self->client.fd, ""));
}

TEST_F(release, bad_counts)
{
	EXPECT_EQ(-EINVAL, mt_release(self->client.fd, self->handles, 0, NULL));
	EXPECT_EQ(-EINVAL, mt_release(self->client.fd, self->handles,
				      MPOOL_BATCH_MAX + 1, NULL));
	EXPECT_EQ(-EINVAL, mt_release(self->client.fd, self->handles, ~0U,
				      NULL));
	EXPECT_EQ(NR, leased(self->client.fd, ""));
}

TEST_F(release, bad_array)
{
	char *page = mmap(NULL, 2 * MT_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 *last = (__u64 *)(page + MT_PAGE) - 1;

	ASSERT_EQ(0, munmap(page + MT_PAGE, MT_PAGE));
	*last = self->handles[0];
	EXPECT_EQ(-EFAULT, mt_release(self->client.fd, last, 2, NULL));
	EXPECT_EQ(-EFAULT, mt_release(self->client.fd, NULL, 1, NULL));
	EXPECT_EQ(-EFAULT, mt_release(self->client.fd,
				      (void *)0xffff888000000000UL, 1, NULL));
	EXPECT_EQ(NR, leased(self->client.fd, ""));
	EXPECT_EQ(0, mt_release(self->client.fd, last, 1, NULL));
	EXPECT_EQ(NR - 1, leased(self->client.fd, ""));
}

/* What cannot be answered does not happen. */
TEST_F(release, read_only_answer)
{
	struct mpool_release *arg = mmap(NULL, MT_PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	arg->size = sizeof(*arg);
	arg->handles = (uintptr_t)self->handles;
	arg->count = NR;
	ASSERT_EQ(0, mprotect(arg, MT_PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, mt_call(self->client.fd, MPOOL_IOC_RELEASE, arg));
	EXPECT_EQ(NR, leased(self->client.fd, ""));
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

TEST_F_TIMEOUT(release, handles_are_unique, 240)
{
	enum { ROUNDS = 500, EACH = 8 };
	__u64 *seen = calloc(ROUNDS * EACH, sizeof(*seen));
	struct mpool_lease leases[EACH];
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(EACH, mt_lease(self->client.fd,
					 MT_PAGE << (i % 3), EACH, leases));
		for (j = 0; j < EACH; j++)
			seen[i * EACH + j] = leases[j].handle;
		ASSERT_EQ(0, mt_release_leases(self->client.fd, leases, EACH));
	}
	qsort(seen, ROUNDS * EACH, sizeof(*seen), by_value);
	EXPECT_NE(0, seen[0]);
	for (i = 1; i < ROUNDS * EACH; i++)
		ASSERT_NE(seen[i - 1], seen[i]);
	free(seen);
}

TEST_F_TIMEOUT(release, thousand_cycles, 240)
{
	struct mpool_stats before, after;
	struct mpool_lease leases[4];
	int i;

	ASSERT_EQ(0, mt_stats(self->client.fd, "", &before));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(4, mt_lease(self->client.fd, 1, 4, leases));
		self->client.win[leases[i % 4].offset] = i;
		ASSERT_EQ(0, mt_release_leases(self->client.fd, leases, 4));
	}
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &after));
	EXPECT_EQ(before.total.leased, after.total.leased);
	EXPECT_EQ(before.total.leases + 4000, after.total.leases);
	EXPECT_EQ(before.total.releases + 4000, after.total.releases);
	EXPECT_EQ(before.nr_clients, after.nr_clients);
	/* Reused, not made anew; some wait to be zeroed. */
	EXPECT_GE(MAX, after.total.backed);
	EXPECT_EQ(0, after.total.quarantined);
}

/* Leases @nr, all there are: 0, or an errno. */
static int lease_all(struct mt_client *client, __u64 size, int nr,
		     struct mpool_lease *leases)
{
	int ret = mt_lease_wait(client->fd, MPOOL_LEASE_ALL, size, nr,
				mt_now() + 10000000000ULL, leases);

	if (ret < 0)
		return ret;
	return ret == nr ? 0 : -ENODATA;
}

/* How many of all there are have a byte that is not zero, or an errno. */
static int count_dirty(struct mt_client *client, __u64 size, int nr)
{
	struct mpool_lease leases[MAX];
	int i, dirty = 0, err = lease_all(client, size, nr, leases);

	if (err)
		return err;
	for (i = 0; i < nr; i++)
		dirty += !mt_all(client->win + leases[i].offset, 0,
				 leases[i].length);
	err = mt_release_leases(client->fd, leases, nr);
	return err ? err : dirty;
}

static void scribble(struct mt_client *client, const struct mpool_lease *leases,
		     int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		memset(client->win + leases[i].offset, 0xa5, leases[i].length);
}

FIXTURE(content)
{
	struct mt_pool pool;
	struct mt_client first;
	struct mt_client second;
};

FIXTURE_VARIANT(content)
{
	__u64 size;
	int nr;
};

FIXTURE_VARIANT_ADD(content, page)
{
	.size = MT_PAGE,
	.nr = MAX,
};

FIXTURE_VARIANT_ADD(content, split_pages)
{
	.size = 3 * MT_PAGE,
	.nr = MAX,
};

FIXTURE_VARIANT_ADD(content, compound)
{
	.size = 16 * MT_PAGE,
	.nr = MAX,
};

/* As many bytes as the ones before: each is written and read, emulated, thrice. */
FIXTURE_VARIANT_ADD(content, large)
{
	.size = 80 * MT_PAGE,
	.nr = MAX / 5,
};

FIXTURE_SETUP(content)
{
	struct mpool_pool_config cfg = {
		.max_size = 80 * MT_PAGE,
		.max = { variant->nr, variant->nr, variant->nr },
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->first, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->second, self->pool.name));
}

FIXTURE_TEARDOWN(content)
{
	mt_client_close(&self->first);
	mt_client_close(&self->second);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* As it comes from the system, too. */
TEST_F(content, new_is_zero)
{
	EXPECT_EQ(0, count_dirty(&self->first, variant->size, variant->nr));
}

TEST_F(content, of_another_client_is_zero)
{
	struct mpool_lease leases[MAX];
	int i, nr = variant->nr;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, lease_all(&self->first, variant->size, nr,
				       leases));
		scribble(&self->first, leases, nr);
		ASSERT_EQ(0, mt_release_leases(self->first.fd, leases, nr));
		EXPECT_EQ(0, count_dirty(&self->second, variant->size, nr));
	}
}

/* The holder is gone, and took nothing back himself. */
TEST_F(content, of_a_closed_client_is_zero)
{
	struct mpool_lease leases[MAX];
	int nr = variant->nr;

	ASSERT_EQ(nr, mt_lease(self->first.fd, variant->size, nr, leases));
	scribble(&self->first, leases, nr);
	mt_client_close(&self->first);
	EXPECT_EQ(0, count_dirty(&self->second, variant->size, nr));
}

/* Zero before, but never while it is held. */
TEST_F(content, of_ones_own_stays)
{
	struct mpool_lease keep, others[4];
	int i;

	ASSERT_EQ(1, mt_lease(self->first.fd, variant->size, 1, &keep));
	memset(self->first.win + keep.offset, 0x3c, keep.length);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(4, mt_lease(self->second.fd, variant->size, 4,
				      others));
		ASSERT_EQ(0, mt_release_leases(self->second.fd, others, 4));
	}
	EXPECT_TRUE(mt_all(self->first.win + keep.offset, 0x3c, keep.length));
}

TEST_HARNESS_MAIN
