// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for leases below a page: a new page is as good as pieces that the
 * client's own pages come to have.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define PAGES	8
#define HALF	(MT_PAGE / 2)
#define MOST	4

/* Less than the 5 s after which who waits looks without being told. */
#define PATIENCE	(4ULL * 1000 * 1000 * 1000)

struct patient {
	pthread_t thread;
	int tid;
	__u64 woken;
	int fd;
	__u32 flags;
	__u64 length;
	__u32 count;
	int got;
	struct mpool_lease leases[MOST];
};

FIXTURE(pieces)
{
	struct mt_pool pool;
	struct mt_client clients[3];
	struct mpool_lease leases[MOST];
	struct mpool_lease taken[PAGES];
	struct patient patient;
	struct patient next;
};

/* The first has pieces, the second all other pages, and the third waits. */
FIXTURE_SETUP(pieces)
{
	struct mpool_pool_config cfg = { .max = { 1, PAGES, 1 } };
	int i;

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, mt_client_open(&self->clients[i],
					    self->pool.name));
	self->patient.fd = self->clients[0].fd;
	self->patient.length = HALF;
	self->next.fd = self->clients[2].fd;
	self->next.length = MT_PAGE;
}

FIXTURE_TEARDOWN(pieces)
{
	int i;

	for (i = 0; i < 3; i++)
		mt_client_close(&self->clients[i]);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static void *waits(void *arg)
{
	struct patient *p = arg;
	sigset_t all;

	/* Who calls again after a signal has another place in the queue. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	__atomic_store_n(&p->tid, gettid(), __ATOMIC_RELEASE);
	p->got = mt_lease_wait(p->fd, p->flags, p->length, p->count,
			       mt_now() + 15 * PATIENCE, p->leases);
	p->woken = mt_now();
	return NULL;
}

/* When the last of those who wait went to sleep. */
static __u64 begun;

/* It sleeps then, in a queue or in a turn. */
static int begin(struct patient *p, __u32 count, __u32 flags)
{
	int err;

	p->count = count;
	p->flags = flags;
	p->got = 0;
	err = mt_start_asleep(&p->thread, waits, p, &p->tid);
	begun = mt_now();
	return err;
}

/* What it got, if that was soon after the last of them slept. */
static int end(struct patient *p)
{
	pthread_join(p->thread, NULL);
	return p->woken - begun < PATIENCE ? p->got : -ETIMEDOUT;
}

/* Pieces of half a page for one client, pages for the other. */
static bool take(struct mt_client *clients, int pieces,
		 struct mpool_lease *leases, int pages,
		 struct mpool_lease *taken)
{
	return mt_lease(clients[0].fd, HALF, pieces, leases) == pieces &&
	       mt_lease(clients[1].fd, MT_PAGE, pages, taken) == pages;
}

/* Releases a lease that a pipe's bytes pin, until they are read. */
static int release_pinned(const struct mt_client *client, int fd,
			  const struct mpool_lease *lease)
{
	struct iovec iov = { mt_at(client, lease), 8 };

	if (vmsplice(fd, &iov, 1, 0) != 8)
		return -EIO;
	return mt_release_one(client->fd, lease->handle);
}

/* What another thread releases, in a page that stays. */
TEST_F(pieces, released)
{
	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, begin(&self->patient, 1, 0));
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[1].handle));
	ASSERT_EQ(1, end(&self->patient));
	EXPECT_EQ(self->leases[1].offset, self->patient.leases[0].offset);
	EXPECT_EQ(0, mt_class_now(self->clients[0].fd, MT_PAGE).fails);
}

/* The first in the queue is not the one whose piece it is. */
TEST_F(pieces, released_to_one_behind_others)
{
	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, begin(&self->next, 1, 0));
	ASSERT_EQ(0, begin(&self->patient, 1, 0));
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[1].handle));
	EXPECT_EQ(1, end(&self->patient));
	EXPECT_EQ(0, self->next.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	EXPECT_EQ(1, end(&self->next));
}

/* All that are wanted, of two pages; one of them alone is no reason to end. */
TEST_F(pieces, released_one_by_one)
{
	ASSERT_TRUE(take(self->clients, 4, self->leases, PAGES - 2, self->taken));
	ASSERT_EQ(0, begin(&self->patient, 2, MPOOL_LEASE_ALL));
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[0].handle));
	mt_sleep_ms(50);
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[2].handle));
	ASSERT_EQ(2, end(&self->patient));
	EXPECT_EQ(0, mt_class_now(self->clients[0].fd, MT_PAGE).fails);
}

/* No more pages are waited for than are needed beside the client's own. */
TEST_F(pieces, with_a_page)
{
	ASSERT_TRUE(take(self->clients, 1, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, begin(&self->patient, 3, MPOOL_LEASE_ALL));
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	EXPECT_EQ(3, end(&self->patient));
}

/* As before, but that one page would do was not so when the wait began. */
TEST_F(pieces, with_a_page_later)
{
	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, begin(&self->patient, 3, MPOOL_LEASE_ALL));
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[1].handle));
	mt_sleep_ms(50);
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	EXPECT_EQ(3, end(&self->patient));
}

/* Pages in hand are not given up when own pieces make them enough. */
TEST_F(pieces, with_a_page_in_hand)
{
	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, begin(&self->patient, 3, MPOOL_LEASE_ALL));
	ASSERT_EQ(0, begin(&self->next, 1, 0));
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	mt_sleep_ms(50);
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[1].handle));
	EXPECT_EQ(3, end(&self->patient));
	EXPECT_EQ(0, self->next.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[1].handle));
	EXPECT_EQ(1, end(&self->next));
}

/* A client's share of the pool is asked for what it lacks, not for all of it. */
TEST_F(pieces, with_a_page_in_its_share)
{
	struct mpool_pool_config cfg = { .client_max = 2 };

	ASSERT_TRUE(take(self->clients, 1, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_CLIENT_MAX));
	EXPECT_EQ(-EDQUOT, mt_lease_wait(self->clients[0].fd, MPOOL_LEASE_ALL,
					 HALF, 4, mt_now() + PATIENCE,
					 self->patient.leases));
	ASSERT_EQ(0, begin(&self->patient, 3, MPOOL_LEASE_ALL));
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	EXPECT_EQ(3, end(&self->patient));
}

/* A page that one of two is given has a piece for the other, too. */
TEST_F(pieces, of_another_thread)
{
	struct patient behind = { .fd = self->clients[0].fd, .length = HALF };

	ASSERT_EQ(PAGES, mt_lease(self->clients[1].fd, MT_PAGE, PAGES,
				  self->taken));
	ASSERT_EQ(0, begin(&self->patient, 1, 0));
	ASSERT_EQ(0, begin(&self->next, 1, 0));
	ASSERT_EQ(0, begin(&behind, 1, 0));
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	EXPECT_EQ(1, end(&self->patient));
	EXPECT_EQ(1, end(&behind));
	EXPECT_EQ(0, self->next.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[1].handle));
	EXPECT_EQ(1, end(&self->next));
}

/* Who waits for his turn to wait has what is his, too. */
TEST_F(pieces, released_to_one_whose_turn_it_is_not)
{
	ASSERT_TRUE(take(self->clients, 3, self->leases, PAGES - 2, self->taken));
	ASSERT_EQ(0, begin(&self->next, 2, MPOOL_LEASE_ALL));
	ASSERT_EQ(0, begin(&self->patient, 2, MPOOL_LEASE_ALL));
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[0].handle));
	EXPECT_EQ(2, end(&self->patient));
	EXPECT_EQ(0, self->next.got);
	ASSERT_EQ(0, mt_release_leases(self->clients[1].fd, self->taken, 2));
	EXPECT_EQ(2, end(&self->next));
}

/* There is nothing else to be had: who waits, or polls, sees the pin's end. */
TEST_F(pieces, pinned)
{
	struct mpool_lease l;
	char sent[8];
	int fds[2], i;

	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, release_pinned(&self->clients[0], fds[1],
					    &self->leases[0]));
		EXPECT_EQ(-EAGAIN, mt_lease(self->clients[0].fd, HALF, 1, &l));
		EXPECT_EQ(0, mt_poll(self->clients[0].fd, POLLOUT, 0));
		if (!i)
			ASSERT_EQ(0, begin(&self->patient, 1, 0));
		ASSERT_EQ(8, read(fds[0], sent, 8));
		if (i) {
			EXPECT_EQ(POLLOUT, mt_poll(self->clients[0].fd, POLLOUT, 0));
			break;
		}
		ASSERT_EQ(1, end(&self->patient));
		EXPECT_EQ(self->leases[0].offset,
			  self->patient.leases[0].offset);
		self->leases[0] = self->patient.leases[0];
	}
	close(fds[0]);
	close(fds[1]);
}

/* What others release in their pages wakes the first in the queue, in vain. */
TEST_F(pieces, pinned_while_others_release)
{
	struct mpool_lease of_other[2];
	char sent[8];
	int fds[2], i;

	ASSERT_EQ(2, mt_lease(self->clients[1].fd, HALF, 2, of_other));
	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 2, self->taken));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, release_pinned(&self->clients[0], fds[1],
				    &self->leases[0]));
	ASSERT_EQ(0, begin(&self->patient, 1, 0));
	for (i = 0; i < 100 && !self->patient.got; i++) {
		if (i == 10)
			ASSERT_EQ(8, read(fds[0], sent, 8));
		ASSERT_EQ(0, mt_release_one(self->clients[1].fd,
					    of_other[0].handle));
		ASSERT_EQ(1, mt_lease(self->clients[1].fd, HALF, 1, of_other));
		mt_sleep_ms(20);
	}
	/* Before its deadline, when it looks once more. */
	EXPECT_EQ(1, self->patient.got);
	EXPECT_EQ(1, end(&self->patient));
	close(fds[0]);
	close(fds[1]);
}

/* All of them, of a page that has idle ones beside. */
TEST_F(pieces, pinned_beside_idle)
{
	char sent[8];
	int fds[2];

	self->patient.length = MT_PAGE / 4;
	ASSERT_EQ(4, mt_lease(self->clients[0].fd, MT_PAGE / 4, 4, self->leases));
	ASSERT_EQ(PAGES - 1, mt_lease(self->clients[1].fd, MT_PAGE, PAGES - 1,
				      self->taken));
	ASSERT_EQ(0, mt_release_one(self->clients[0].fd, self->leases[1].handle));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, release_pinned(&self->clients[0], fds[1],
				    &self->leases[0]));
	ASSERT_EQ(0, begin(&self->patient, 2, MPOOL_LEASE_ALL));
	EXPECT_EQ(0, self->patient.got);
	ASSERT_EQ(8, read(fds[0], sent, 8));
	EXPECT_EQ(2, end(&self->patient));
	EXPECT_EQ(0, mt_class_now(self->clients[0].fd, MT_PAGE).fails);
	close(fds[0]);
	close(fds[1]);
}

/* A pin that does not end costs nobody his place, and is no failure. */
TEST_F(pieces, pinned_for_long)
{
	int fds[2];

	ASSERT_TRUE(take(self->clients, 2, self->leases, PAGES - 1, self->taken));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, release_pinned(&self->clients[0], fds[1],
				    &self->leases[0]));
	ASSERT_EQ(0, begin(&self->patient, 1, 0));
	ASSERT_EQ(0, begin(&self->next, 1, 0));
	mt_sleep_ms(500);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[0].handle));
	EXPECT_EQ(1, end(&self->patient));
	EXPECT_EQ(0, self->next.got);
	ASSERT_EQ(0, mt_release_one(self->clients[1].fd, self->taken[1].handle));
	EXPECT_EQ(1, end(&self->next));
	EXPECT_EQ(0, mt_class_now(self->clients[0].fd, MT_PAGE).fails);
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
