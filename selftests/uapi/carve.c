// SPDX-License-Identifier: GPL-2.0
/*
 * Leases below a page: carved from pages that are one client's alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define PAGES	8
#define MAX	(PAGES * 64)

FIXTURE(carve)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease leases[MAX + 1];
	struct mpool_lease more[MAX + 1];
	unsigned char c;
};

FIXTURE_SETUP(carve)
{
	struct mpool_pool_config cfg = {
		.max = { MAX, PAGES, PAGES },
		.mode = 0606,
	};

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
}

FIXTURE_TEARDOWN(carve)
{
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static __u64 page_of(const struct mpool_lease *l)
{
	return l->offset / MT_PAGE;
}

/* The frame behind an address that was touched. */
static __u64 frame(const void *p)
{
	__u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)p / MT_PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return entry & ((1ULL << 55) - 1);
}

TEST_F(carve, pieces_share_pages)
{
	int i;

	EXPECT_EQ(64, self->client.min_size);
	ASSERT_EQ(65, mt_lease(self->client.fd, 1, 65, self->leases));
	EXPECT_EQ(2, mt_class_now(self->client.fd, MT_PAGE).leased);
	for (i = 0; i < 65; i++) {
		unsigned char *p = mt_at(&self->client, &self->leases[i]);

		EXPECT_EQ(64, self->leases[i].length);
		EXPECT_TRUE(mt_all(p, 0, 64));
		memset(p, i + 1, 64);
	}
	for (i = 0; i < 65; i++)
		EXPECT_TRUE(mt_all(mt_at(&self->client, &self->leases[i]), i + 1,
				   64));
	EXPECT_EQ(frame(mt_at(&self->client, &self->leases[0])),
		  frame(mt_at(&self->client, &self->leases[63])));
	/* Behind the last page of the class's, none. */
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win + (page_of(&self->leases[64])
						      + 1) * MT_PAGE,
				  &self->c));
}

/* What kernel users have smaller, clients have as pieces of 64 bytes. */
TEST_F(carve, below_the_smallest_piece)
{
	const struct mpool_pool_config cfg = { .min_size = 16 };
	struct mt_client client;
	int i;

	ASSERT_EQ(0, mt_create(self->pool.fd, "carve-16", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "carve-16"));
	EXPECT_EQ(64, client.min_size);
	ASSERT_EQ(65, mt_lease(client.fd, 1, 65, self->leases));
	for (i = 0; i < 65; i++) {
		EXPECT_EQ(64, self->leases[i].length);
		memset(mt_at(&client, &self->leases[i]), i + 1, 64);
	}
	EXPECT_EQ(page_of(&self->leases[0]), page_of(&self->leases[63]));
	EXPECT_NE(page_of(&self->leases[0]), page_of(&self->leases[64]));
	for (i = 0; i < 65; i++)
		EXPECT_TRUE(mt_all(mt_at(&client, &self->leases[i]), i + 1, 64));
	EXPECT_EQ(0, mt_release_leases(client.fd, self->leases, 65));
	mt_client_close(&client);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "carve-16", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "carve-16"));
}

TEST_F(carve, every_size)
{
	__u64 size, per_page;
	int nr, i;

	for (size = 16; size <= MT_PAGE; size += 16) {
		ASSERT_EQ(PAGES, mt_lease(self->client.fd, size, PAGES,
					  self->leases)) {
			TH_LOG("%llu", size);
		}
		per_page = 1;
		if (size <= MT_PAGE / 2)
			per_page = MT_PAGE / self->leases[0].length;
		nr = (PAGES + per_page - 1) / per_page;
		ASSERT_EQ(nr, (int)mt_class_now(self->client.fd, MT_PAGE).leased);
		for (i = 0; i < PAGES; i++) {
			ASSERT_LE(size, self->leases[i].length);
			ASSERT_EQ(0, self->leases[i].offset % 16);
			ASSERT_GE(MT_PAGE, self->leases[i].offset % MT_PAGE +
				  self->leases[i].length);
			memset(mt_at(&self->client, &self->leases[i]), i, size);
		}
		for (i = 0; i < PAGES; i++)
			ASSERT_TRUE(mt_all(mt_at(&self->client, &self->leases[i]),
					   i, size));
		ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases,
					       PAGES));
	}
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).leased);
}

TEST_F(carve, never_two_clients_in_a_page)
{
	unsigned char *p;
	int i, j;

	ASSERT_EQ(200, mt_lease(self->client.fd, 64, 200, self->leases));
	ASSERT_EQ(200, mt_lease(self->other.fd, 64, 200, self->more));
	/* All that the one can reach, also between and behind the pieces. */
	for (i = 0; i < 200; i++) {
		p = mt_at(&self->client, &self->leases[i]);
		memset((void *)((uintptr_t)p & -MT_PAGE), 0xee, MT_PAGE);
	}
	for (j = 0; j < 200; j++) {
		p = mt_at(&self->other, &self->more[j]);
		EXPECT_TRUE(mt_all((void *)((uintptr_t)p & -MT_PAGE), 0,
				   MT_PAGE));
		for (i = 0; i < 200; i += 63)
			EXPECT_NE(frame(p), frame(mt_at(&self->client,
							&self->leases[i])));
	}
	/* Nor when they go from the one to the other. */
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 200));
	ASSERT_EQ(MAX - 256, mt_lease_wait(self->other.fd, MPOOL_LEASE_ALL, 64,
					   MAX - 256, mt_now() + 10000000000ULL,
					   self->leases));
	for (i = 0; i < MAX - 256; i++)
		EXPECT_TRUE(mt_all(mt_at(&self->other, &self->leases[i]), 0, 64));
}

TEST_F(carve, handles)
{
	struct mpool_class_stats st;
	__u64 handles[2];
	__u32 bad;
	int i;

	ASSERT_EQ(64, mt_lease(self->client.fd, 64, 64, self->leases));
	EXPECT_EQ(-ENOENT, mt_release_one(self->other.fd,
					  self->leases[5].handle));
	handles[0] = self->leases[7].handle;
	handles[1] = handles[0];
	EXPECT_EQ(-ESTALE, mt_release(self->client.fd, handles, 2, &bad));
	EXPECT_EQ(1, bad);
	/* Every second one, and as many again: the page is the same. */
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[2 * i].handle));
	EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
					  self->leases[0].handle));
	ASSERT_EQ(32, mt_lease(self->client.fd, 64, 32, self->more));
	st = mt_class_now(self->client.fd, MT_PAGE);
	EXPECT_EQ(1, st.leased);
	EXPECT_EQ(0, st.cached);
	for (i = 0; i < 32; i++) {
		EXPECT_EQ(page_of(&self->leases[0]), page_of(&self->more[i]));
		EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
						  self->leases[2 * i].handle));
	}
	/* Its next pieces, and its last ones. */
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->more, 32));
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[2 * i + 1].handle));
	st = mt_class_now(self->client.fd, MT_PAGE);
	EXPECT_EQ(0, st.leased);
	EXPECT_EQ(1, st.cached);
}

/* An empty page is the client's for as long as nobody else wants it. */
TEST_F(carve, empty_pages_are_given_to_who_asks)
{
	ASSERT_EQ(MAX, mt_lease(self->client.fd, 64, MAX, self->leases));
	EXPECT_EQ(-EAGAIN, mt_lease(self->other.fd, 64, 1, self->more));
	ASSERT_EQ(0, mt_poke(mt_at(&self->client, &self->leases[0]), 1));
	ASSERT_EQ(0, mt_poke(mt_at(&self->client, &self->leases[64]), 1));
	/* One of these pages becomes empty, the other does not. */
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 127));
	EXPECT_EQ(1, mt_class_now(self->client.fd, MT_PAGE).cached);
	EXPECT_EQ(0, mt_peek(mt_at(&self->client, &self->leases[0]), &self->c));
	EXPECT_EQ(1, mt_lease(self->other.fd, MT_PAGE, 2, self->more));
	EXPECT_TRUE(mt_all(mt_at(&self->other, &self->more[0]), 0, MT_PAGE));
	EXPECT_EQ(SIGBUS, mt_peek(mt_at(&self->client, &self->leases[0]),
				  &self->c));
	EXPECT_EQ(0, mt_poke(mt_at(&self->client, &self->leases[127]), 1));
	/* Its place in the window is used again. */
	ASSERT_EQ(0, mt_release_leases(self->other.fd, self->more, 1));
	ASSERT_EQ(127, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 64, 127,
				     mt_now() + 10000000000ULL, self->more));
	EXPECT_EQ(0, mt_poke(mt_at(&self->client, &self->leases[0]), 1));
}

TEST_F(carve, all_or_nothing)
{
	EXPECT_EQ(-ENOSPC, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 64,
					 MAX + 1, 0, self->leases));
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).leased);
	ASSERT_EQ(1, mt_lease(self->other.fd, MT_PAGE, 1, self->more));
	EXPECT_EQ(-EAGAIN, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 64,
					 MAX, 0, self->leases));
	EXPECT_EQ(-ETIMEDOUT, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL,
					    64, MAX, mt_now() + 10000000,
					    self->leases));
	/* With some in hand, too. */
	ASSERT_EQ(1, mt_lease(self->client.fd, 64, 1, self->leases));
	EXPECT_EQ(-EAGAIN, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 64,
					 MAX - 64, 0, self->leases + 1));
	EXPECT_EQ(1, mt_class_now(self->client.fd, MT_PAGE).leased -
		  mt_class_now(self->other.fd, MT_PAGE).leased + 1);
	EXPECT_EQ(MAX - 65, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 64,
					  MAX - 65, 0, self->leases + 1));
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, 64, 1, self->more + 1));
	/* Fewer will do. */
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 3));
	EXPECT_EQ(3, mt_lease(self->client.fd, 64, 5, self->more + 1));
}

TEST_F(carve, a_failed_answer_is_no_lease)
{
	EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, 64, MAX, NULL));
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).leased);
	ASSERT_EQ(1, mt_lease(self->client.fd, 64, 1, self->leases));
	EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, 64, MAX, NULL));
	EXPECT_EQ(1, mt_class_now(self->client.fd, MT_PAGE).leased);
	EXPECT_EQ(63, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL, 64, 63, 0,
				    self->leases + 1));
	EXPECT_EQ(1, mt_class_now(self->client.fd, MT_PAGE).leased);
}

/* What strict promises can only be had by the page; a flag asks for it. */
TEST_F(carve, whole_pages)
{
	struct mt_client strict;
	int i;

	ASSERT_EQ(2, mt_lease_wait(self->client.fd, MPOOL_LEASE_PAGES, 1, 2, 0,
				   self->leases));
	mt_attach_flags = MPOOL_ATTACH_STRICT;
	ASSERT_EQ(0, mt_client_open(&strict, self->pool.name));
	EXPECT_EQ(MT_PAGE, strict.min_size);
	EXPECT_GT(self->client.size, strict.size);
	ASSERT_EQ(2, mt_lease(strict.fd, 1, 2, self->more));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(MT_PAGE, self->leases[i].length);
		EXPECT_EQ(0, self->leases[i].offset % MT_PAGE);
		EXPECT_EQ(MT_PAGE, self->more[i].length);
	}
	EXPECT_EQ(4, mt_class_now(strict.fd, MT_PAGE).leased);
	ASSERT_EQ(0, mt_poke(mt_at(&strict, &self->more[0]), 1));
	ASSERT_EQ(0, mt_release_one(strict.fd, self->more[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(mt_at(&strict, &self->more[0]), &self->c));
	mt_client_close(&strict);
}

/* A lease ends, but its page only when all of it is taken back. */
TEST_F(carve, revoke)
{
	__u64 id, revoked;
	int i;

	ASSERT_EQ(100, mt_lease(self->client.fd, 64, 100, self->leases));
	for (i = 0; i < 100; i++)
		*mt_at(&self->client, &self->leases[i]) = i;
	id = mt_client_id(self->pool.name, self->leases[0].handle);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, id,
			       self->leases[7].handle, &revoked));
	EXPECT_EQ(1, revoked);
	EXPECT_EQ(-EKEYREVOKED, mt_release_one(self->client.fd,
					       self->leases[7].handle));
	EXPECT_EQ(8, *mt_at(&self->client, &self->leases[8]));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, id, 0,
			       &revoked));
	EXPECT_EQ(99, revoked);
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).leased);
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).cached);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(SIGBUS, mt_peek(mt_at(&self->client, &self->leases[i]),
					  &self->c));
		EXPECT_EQ(-EKEYREVOKED,
			  mt_release_one(self->client.fd,
					 self->leases[i].handle));
	}
	EXPECT_EQ(100, mt_lease(self->client.fd, 64, 100, self->leases));
	EXPECT_EQ(0, mt_poke(mt_at(&self->client, &self->leases[0]), 1));
}

static int lease_within_limit(void *arg)
{
	struct rlimit limit = { 2 * MT_PAGE, 2 * MT_PAGE };
	struct mpool_lease leases[200];
	int fd;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR);
	if (mt_attach(fd, arg, NULL))
		return 2;
	/* The page is what is locked. */
	if (mt_lease(fd, 64, 200, leases) != 128 ||
	    mt_lease(fd, 64, 1, leases + 128) != -EDQUOT)
		return 3;
	if (mt_release_leases(fd, leases, 1) ||
	    mt_lease(fd, 64, 1, leases) != 1 ||
	    mt_lease(fd, 128, 1, leases + 128) != -EDQUOT)
		return 4;
	/* What is kept empty gives way. */
	if (mt_release_leases(fd, leases, 128) ||
	    mt_lease(fd, 128, 64, leases) != 64)
		return 5;
	return 0;
}

TEST_F(carve, locked_memory)
{
	ASSERT_EQ(0, mt_public_device(true));
	EXPECT_EQ(0, mt_in_child(lease_within_limit, self->pool.name));
	EXPECT_EQ(0, mt_public_device(false));
}

static int carved_line(const char *pool, unsigned int size, char *line,
		       size_t len)
{
	char path[128];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/mpool/%s/carved", pool);
	f = fopen(path, "r");
	while (f && !found && fgets(line, len, f))
		found = (unsigned int)atoi(line) == size;
	if (f)
		fclose(f);
	return found;
}

/* What is under way from or to a piece does not meet the next lease's bytes. */
TEST_F(carve, pinned_piece)
{
	unsigned long long withheld = 0;
	unsigned char sent[64];
	struct iovec iov;
	char line[256];
	int fds[2], i, again = 0;

	ASSERT_EQ(2, mt_lease(self->client.fd, 64, 2, self->leases));
	iov.iov_base = mt_at(&self->client, &self->leases[0]);
	iov.iov_len = 64;
	memset(iov.iov_base, 9, 64);
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(64, vmsplice(fds[1], &iov, 1, 0));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	ASSERT_TRUE(carved_line(self->pool.name, 64, line, sizeof(line)));
	i = sscanf(line, "%*u %*u %*u %llu", &withheld);
	ASSERT_EQ(1, i);
	EXPECT_EQ(1, withheld);
	/* All others of its page, and one of the next. */
	ASSERT_EQ(63, mt_lease(self->client.fd, 64, 63, self->more));
	for (i = 0; i < 63; i++) {
		EXPECT_NE(self->leases[0].offset, self->more[i].offset);
		memset(mt_at(&self->client, &self->more[i]), 1, 64);
	}
	ASSERT_EQ(64, read(fds[0], sent, 64));
	EXPECT_TRUE(mt_all(sent, 9, 64));
	close(fds[0]);
	close(fds[1]);
	ASSERT_EQ(64, mt_lease(self->client.fd, 64, 64, self->more));
	for (i = 0; i < 64; i++)
		again += self->more[i].offset == self->leases[0].offset;
	EXPECT_EQ(1, again);
	EXPECT_EQ(2, mt_class_now(self->client.fd, MT_PAGE).leased);
}

/* A pin holds the page, whichever piece it was taken of. */
TEST_F(carve, pinned)
{
	struct iovec iov;
	int fds[2];

	ASSERT_EQ(64, mt_lease(self->client.fd, 64, 64, self->leases));
	iov.iov_base = mt_at(&self->client, &self->leases[9]);
	iov.iov_len = 64;
	*(unsigned char *)iov.iov_base = 9;
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(64, vmsplice(fds[1], &iov, 1, 0));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 63));
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).quarantined);
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[63].handle));
	EXPECT_EQ(1, mt_class_now(self->client.fd, MT_PAGE).quarantined);
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).cached);
	ASSERT_EQ(1, read(fds[0], &self->c, 1));
	EXPECT_EQ(9, self->c);
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

TEST_F(carve, poll)
{
	ASSERT_EQ(MAX, mt_lease(self->client.fd, 64, MAX, self->leases));
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, 64, 1, self->more));
	EXPECT_EQ(0, mt_poll(self->client.fd, POLLOUT, 0));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 1));
	EXPECT_EQ(POLLOUT, mt_poll(self->client.fd, POLLOUT, 0));
	EXPECT_EQ(1, mt_lease(self->client.fd, 64, 1, self->more));
}

TEST_F(carve, shown)
{
	unsigned long long v[7];
	char line[256];
	double waste;
	int nr;

	EXPECT_FALSE(carved_line(self->pool.name, 64, line, sizeof(line)));
	ASSERT_EQ(96, mt_lease(self->client.fd, 64, 96, self->leases));
	ASSERT_EQ(64, mt_lease(self->other.fd, 64, 64, self->more));
	ASSERT_EQ(0, mt_release_leases(self->other.fd, self->more, 64));
	ASSERT_TRUE(carved_line(self->pool.name, 64, line, sizeof(line)));
	nr = sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %lf", &v[0], &v[1],
		    &v[2], &v[3], &v[4], &v[5], &v[6], &waste);
	ASSERT_EQ(8, nr);
	EXPECT_EQ(2, v[1]);
	EXPECT_EQ(96, v[2]);
	EXPECT_EQ(0, v[3]);
	EXPECT_EQ(2, v[4]);
	EXPECT_EQ(1, v[5]);
	EXPECT_EQ(3 * MT_PAGE, v[6]);
	EXPECT_EQ(50, (int)waste);
}

/* Threads of a client that carve, beside another one that wants the pages. */
#define CARVERS		3
#define EACH		40

struct carver {
	pthread_t thread;
	const struct mt_client *client;
	unsigned char mark;
	__u64 size;
	__u64 until;
	const char *what;
	unsigned long rounds;
};

static void *carve_on(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	struct mpool_lease leases[EACH];
	struct carver *c = arg;
	int nr, i, err;

	while ((mt_now() < c->until || !c->rounds) && !c->what) {
		nr = mt_lease(c->client->fd, c->size, 1 + rand_r(&seed) % EACH,
			      leases);
		if (nr == -EAGAIN)
			continue;
		if (nr < 0)
			c->what = "lease";
		for (i = 0; i < nr; i++)
			memset(mt_at(c->client, &leases[i]), c->mark, c->size);
		for (i = 0; i < nr; i++)
			if (!mt_all(mt_at(c->client, &leases[i]), c->mark,
				    c->size))
				c->what = "another's bytes";
		err = nr > 0 ? mt_release_leases(c->client->fd, leases, nr) : 0;
		if (err)
			c->what = "release";
		c->rounds++;
	}
	return NULL;
}

TEST_F(carve, threads)
{
	struct carver carvers[CARVERS + 1] = {};
	unsigned int i;

	for (i = 0; i <= CARVERS; i++) {
		carvers[i].client = i < CARVERS ? &self->client : &self->other;
		carvers[i].mark = i + 1;
		carvers[i].size = i < 2 ? 64 : i < CARVERS ? 1024 : MT_PAGE;
		carvers[i].until = mt_now() + 3000000000ULL;
		ASSERT_EQ(0, pthread_create(&carvers[i].thread, NULL, carve_on,
					    &carvers[i]));
	}
	for (i = 0; i <= CARVERS; i++) {
		pthread_join(carvers[i].thread, NULL);
		EXPECT_EQ(NULL, carvers[i].what) {
			TH_LOG("%u: %s", i, carvers[i].what);
		}
		EXPECT_LT(0, carvers[i].rounds);
	}
	EXPECT_EQ(0, mt_class_now(self->client.fd, MT_PAGE).leased);
}

TEST_HARNESS_MAIN
