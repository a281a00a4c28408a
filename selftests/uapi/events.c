// SPDX-License-Identifier: GPL-2.0
/*
 * EVENTS: what read(), poll() and an eventfd tell.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MAX	4

FIXTURE(events)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease leases[MAX];
	struct mpool_event event;
	struct mpool_event more[80];
};

FIXTURE_SETUP(events)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	ASSERT_EQ(0, fcntl(self->client.fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(MAX, mt_lease(self->other.fd, MT_PAGE, MAX, self->leases));
}

FIXTURE_TEARDOWN(events)
{
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int ask(int fd, __u32 mask, __u32 record_size, int eventfd,
	       __u32 leak_age_ms)
{
	struct mpool_events arg = {
		.size = sizeof(arg),
		.mask = mask,
		.record_size = record_size,
		.eventfd = eventfd,
		.leak_age_ms = leak_age_ms,
	};

	return mt_call(fd, MPOOL_IOC_EVENTS, &arg);
}

static long get(int fd, void *to, size_t len)
{
	ssize_t n = read(fd, to, len);

	return n < 0 ? -errno : n;
}

static int ready(int fd, int ms)
{
	return mt_poll(fd, POLLIN | POLLOUT, ms);
}

#define SIZE	sizeof(struct mpool_event)

/* A worker tells, a moment after it happened. */
static long await(int fd, void *to, size_t len)
{
	mt_poll(fd, POLLIN, 10000);
	return get(fd, to, len);
}

#define ANY	MPOOL_EVENT_EXHAUSTED
#define KNOWN	(MPOOL_EVENT_LOW | MPOOL_EVENT_HIGH | ANY |	\
		 MPOOL_EVENT_REVOKED | MPOOL_EVENT_LEAK)

TEST_F(events, bad_arguments)
{
	int fd = open("/dev/null", O_RDWR), bit;

	EXPECT_EQ(-ENOTCONN, ask(self->pool.fd, ANY, SIZE, -1, 0));
	for (bit = 0; bit < 32; bit++) {
		if (1U << bit & KNOWN)
			continue;
		EXPECT_EQ(-EINVAL, ask(self->client.fd, 1U << bit, SIZE, -1,
				       0));
	}
	EXPECT_EQ(-EINVAL, ask(self->client.fd, ANY, 15, -1, 0));
	EXPECT_EQ(-EINVAL, ask(self->client.fd, ANY, MT_PAGE + 1, -1, 0));
	EXPECT_EQ(-EINVAL, ask(self->client.fd, ANY, SIZE, -1, 1));
	EXPECT_EQ(-EINVAL, ask(self->client.fd, MPOOL_EVENT_LEAK, SIZE, -1, 0));
	EXPECT_EQ(-EINVAL, ask(self->client.fd, ANY, SIZE, fd, 0));
	EXPECT_EQ(-EBADF, ask(self->client.fd, ANY, SIZE, 1000, 0));
	EXPECT_EQ(-EBADF, ask(self->client.fd, ANY, SIZE, -2, 0));
	/* Nothing of it counts. */
	EXPECT_EQ(-EINVAL, get(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(-EINVAL, get(self->pool.fd, &self->event, SIZE));
	close(fd);
}

TEST_F(events, exhausted)
{
	__u64 before = mt_now();

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, -1, 0));
	EXPECT_EQ(-EAGAIN, get(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(0, ready(self->client.fd, 0) & POLLIN);
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, MT_PAGE, 1, self->leases));
	ASSERT_EQ((long)SIZE, await(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(MPOOL_EVENT_EXHAUSTED, self->event.type);
	EXPECT_EQ(1, self->event.count);
	EXPECT_EQ(MT_PAGE, self->event.length);
	EXPECT_EQ(MAX, self->event.value);
	EXPECT_EQ(0, self->event.lost);
	EXPECT_EQ(0, self->event.client);
	EXPECT_LE(before, self->event.time_ns);
	EXPECT_GE(mt_now(), self->event.time_ns);
	EXPECT_EQ(-EAGAIN, get(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(0, ready(self->client.fd, 0) & POLLIN);
}

/* What @fd is told until @count of them are in; how many records, or -errno. */
static int count_up(int fd, struct mpool_event *more, unsigned int nr,
		    __u64 count)
{
	int records = 0, i, n;
	__u64 seen = 0;

	while (seen < count) {
		n = await(fd, more, nr * SIZE);
		if (n <= 0)
			return n ?: -EIO;
		n /= SIZE;
		for (i = 0; i < n; i++) {
			if (more[i].type != MPOOL_EVENT_EXHAUSTED ||
			    more[i].lost)
				return -EBADMSG;
			seen += more[i].count;
		}
		records += n;
	}
	return seen == count ? records : -EOVERFLOW;
}

static void *fail_often(void *arg)
{
	struct mpool_lease lease;
	int *fd = arg, i;

	/* With rests, so that the worker tells often. */
	for (i = 0; i < 1000; i++) {
		mt_lease(*fd, MT_PAGE, 1, &lease);
		if (i % 20 == 0)
			mt_sleep_ms(1);
	}
	return NULL;
}

/*
 * Alike ones are one record; who did not ask is told nothing.  What the worker
 * told before the first read is one; what it was at then is one more, by the
 * same read or the next, and so is what it had still to tell.
 */
TEST_F(events, added_up)
{
	int n;

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, -1, 0));
	ASSERT_EQ(0, ask(self->other.fd, MPOOL_EVENT_REVOKED, SIZE, -1, 0));
	fail_often(&self->client.fd);
	n = count_up(self->client.fd, self->more, MT_ARRAY_SIZE(self->more),
		     1000);
	EXPECT_GE(n, 1);
	EXPECT_LE(n, 3);
	EXPECT_EQ(0, ready(self->other.fd, 0) & POLLIN);
	ASSERT_EQ(0, ask(self->client.fd, 0, SIZE, -1, 0));
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	EXPECT_EQ(-EAGAIN, get(self->client.fd, &self->event, SIZE));
}

/* Read while it goes on: one read may then find several, none is missed. */
TEST_F(events, added_up_while_read)
{
	pthread_t thread;
	int n;

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, -1, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, fail_often,
				    &self->client.fd));
	n = count_up(self->client.fd, self->more, MT_ARRAY_SIZE(self->more),
		     1000);
	pthread_join(thread, NULL);
	EXPECT_GE(n, 1);
	EXPECT_EQ(-EAGAIN, get(self->client.fd, &self->event, SIZE));
}

TEST_F(events, revoked)
{
	__u64 id = mt_client_id(self->pool.name, self->leases[0].handle);
	int i;

	ASSERT_EQ(0, fcntl(self->other.fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, ask(self->other.fd, MPOOL_EVENT_REVOKED, SIZE, -1, 0));
	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_REVOKED, SIZE, -1, 0));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, id, 0, NULL));
	ASSERT_EQ((long)(MAX * SIZE), get(self->other.fd, self->more,
					  sizeof(self->more)));
	for (i = 0; i < MAX; i++) {
		EXPECT_EQ(MPOOL_EVENT_REVOKED, self->more[i].type);
		EXPECT_EQ(self->leases[i].handle, self->more[i].value);
		EXPECT_EQ(id, self->more[i].client);
		EXPECT_EQ(1, self->more[i].count);
	}
	/* It is the holder's business alone. */
	EXPECT_EQ(-EAGAIN, get(self->client.fd, &self->event, SIZE));
}

/* Kept buffers are not in use. */
TEST_F(events, watermarks)
{
	struct mpool_pool_config cfg = {
		.max = { MAX, MAX, MAX },
		.low_percent = 25,
		.high_percent = 75,
	};
	struct mt_client client;
	struct mpool_lease leases[MAX];
	int i;

	ASSERT_EQ(0, mt_create(self->pool.fd, "marks", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "marks"));
	ASSERT_EQ(0, fcntl(client.fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, ask(client.fd, MPOOL_EVENT_LOW | MPOOL_EVENT_HIGH, SIZE,
			 -1, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(3, mt_lease(client.fd, MT_PAGE, 3, leases));
		ASSERT_EQ((long)SIZE, await(client.fd, &self->event, SIZE));
		EXPECT_EQ(MPOOL_EVENT_HIGH, self->event.type);
		EXPECT_EQ(75, self->event.value);
		EXPECT_EQ(1, self->event.count);
		EXPECT_EQ(0, self->event.length);
		ASSERT_EQ(0, mt_release_leases(client.fd, leases, 1));
		EXPECT_EQ(0, ready(client.fd, 100) & POLLIN);
		ASSERT_EQ(0, mt_release_leases(client.fd, leases + 1, 2));
		ASSERT_EQ((long)SIZE, await(client.fd, &self->event, SIZE));
		EXPECT_EQ(MPOOL_EVENT_LOW, self->event.type);
		EXPECT_EQ(25, self->event.value);
	}
	mt_client_close(&client);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "marks", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "marks"));
}

/* More than there is room for: the oldest go, and the next one says so. */
TEST_F(events, lost)
{
	struct mpool_pool_config cfg = { .max = { 80, 80, 80 } };
	static struct mpool_lease leases[70];
	struct mt_client client;
	__u64 id;

	ASSERT_EQ(0, mt_create(self->pool.fd, "lost", &cfg));
	ASSERT_EQ(0, mt_client_open(&client, "lost"));
	ASSERT_EQ(0, ask(client.fd, MPOOL_EVENT_REVOKED, SIZE, -1, 0));
	ASSERT_EQ(70, mt_lease(client.fd, MT_PAGE, 70, leases));
	id = mt_client_id("lost", leases[0].handle);
	ASSERT_EQ(0, mt_revoke(self->pool.fd, "lost", id, 0, NULL));
	ASSERT_EQ((long)(64 * SIZE), get(client.fd, self->more,
					 sizeof(self->more)));
	EXPECT_EQ(6, self->more[0].lost);
	EXPECT_EQ(leases[6].handle, self->more[0].value);
	EXPECT_EQ(0, self->more[1].lost);
	EXPECT_EQ(leases[69].handle, self->more[63].value);
	ASSERT_EQ(1, mt_lease_wait(client.fd, 0, MT_PAGE, 1,
				   mt_now() + 10000000000ULL, leases));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, "lost", id, leases[0].handle,
			       NULL));
	ASSERT_EQ((long)SIZE, get(client.fd, &self->event, SIZE));
	EXPECT_EQ(0, self->event.lost);
	mt_client_close(&client);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "lost", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "lost"));
}

/* A reader knows less, or more, than the kernel. */
TEST_F(events, record_sizes)
{
	unsigned char long_one[100];

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, 16, -1, 0));
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	EXPECT_EQ(-EINVAL, get(self->client.fd, &self->event, 15));
	memset(&self->event, 0xff, SIZE);
	EXPECT_EQ(16, await(self->client.fd, &self->event, 31));
	EXPECT_EQ(MPOOL_EVENT_EXHAUSTED, self->event.type);
	EXPECT_EQ(~0ULL, self->event.count);
	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, 100, -1, 0));
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	memset(long_one, 0xff, sizeof(long_one));
	EXPECT_EQ(100, await(self->client.fd, long_one, 100));
	EXPECT_TRUE(mt_all(long_one + SIZE, 0, 100 - SIZE));
}

/* What could not be told is there still. */
TEST_F(events, bad_address)
{
	void *nowhere = mmap(NULL, MT_PAGE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, -1, 0));
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	EXPECT_EQ(-EFAULT, await(self->client.fd, nowhere, SIZE));
	munmap(nowhere, MT_PAGE);
	EXPECT_EQ((long)SIZE, get(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(1, self->event.count);
	EXPECT_EQ(0, self->event.lost);
}

TEST_F(events, by_eventfd)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	__u64 n = 0;

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, fd, 0));
	EXPECT_EQ(-EAGAIN, get(fd, &n, sizeof(n)));
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	EXPECT_EQ(8, await(fd, &n, sizeof(n)));
	EXPECT_EQ(1, n);
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	EXPECT_EQ(8, await(fd, &n, sizeof(n)));
	ASSERT_EQ((long)SIZE, get(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(2, self->event.count);
	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, -1, 0));
	mt_lease(self->client.fd, MT_PAGE, 1, self->leases);
	ASSERT_EQ((long)SIZE, await(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(-EAGAIN, get(fd, &n, sizeof(n)));
	/* It outlives a client that still has it. */
	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, fd, 0));
	mt_client_close(&self->client);
	EXPECT_EQ(-EAGAIN, mt_lease(self->other.fd, MT_PAGE, 1, self->leases));
	mt_sleep_ms(50);
	EXPECT_EQ(-EAGAIN, get(fd, &n, sizeof(n)));
	close(fd);
}

struct reader {
	pthread_t thread;
	int fd;
	bool done;
	long result;
	struct mpool_event event;
};

static void *read_one(void *arg)
{
	struct reader *r = arg;

	/* SIGUSR1 is to end it, none of those that disturb all. */
	mt_hold_signals(NULL);
	r->result = get(r->fd, &r->event, SIZE);
	__atomic_store_n(&r->done, true, __ATOMIC_RELAXED);
	return NULL;
}

static void ignore(int sig)
{
	(void)sig;
}

TEST_F(events, waited_for)
{
	struct sigaction act = { .sa_handler = ignore };
	struct reader r = { .fd = self->client.fd };

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_EXHAUSTED, SIZE, -1, 0));
	ASSERT_EQ(0, fcntl(self->client.fd, F_SETFL, 0));
	ASSERT_EQ(0, pthread_create(&r.thread, NULL, read_one, &r));
	mt_sleep_ms(50);
	EXPECT_EQ(-EAGAIN, mt_lease(self->client.fd, MT_PAGE, 1, self->leases));
	pthread_join(r.thread, NULL);
	EXPECT_EQ((long)SIZE, r.result);
	EXPECT_EQ(MPOOL_EVENT_EXHAUSTED, r.event.type);
	/* A signal ends the wait; the first may come before it. */
	sigaction(SIGUSR1, &act, NULL);
	r.done = false;
	ASSERT_EQ(0, pthread_create(&r.thread, NULL, read_one, &r));
	while (!__atomic_load_n(&r.done, __ATOMIC_RELAXED)) {
		mt_sleep_ms(50);
		pthread_kill(r.thread, SIGUSR1);
	}
	pthread_join(r.thread, NULL);
	EXPECT_EQ(-EINTR, r.result);
}

/* Each lease once, its own or, for who may revoke, everybody's. */
TEST_F(events, leak)
{
	__u64 id = mt_client_id(self->pool.name, self->leases[0].handle);

	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_LEAK, SIZE, -1, 1000));
	ASSERT_EQ(POLLIN, mt_poll(self->client.fd, POLLIN, 10000));
	ASSERT_EQ((long)SIZE, get(self->client.fd, &self->event, SIZE));
	EXPECT_EQ(MPOOL_EVENT_LEAK, self->event.type);
	EXPECT_EQ(MAX, self->event.count);
	EXPECT_EQ(id, self->event.client);
	EXPECT_EQ(self->leases[0].handle, self->event.value);
	EXPECT_EQ(0, mt_poll(self->client.fd, POLLIN, 1500));
}

/* Who may not revoke is told of his own client alone. */
static int watch_own(void *arg)
{
	struct mpool_lease mine, others[2];
	struct mpool_event event;
	int fd, other;

	if (mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR | O_NONBLOCK);
	other = mt_open(O_RDWR);
	if (mt_attach(fd, arg, NULL) || mt_attach(other, arg, NULL))
		return 2;
	if (mt_lease(other, MT_PAGE, 2, others) != 2 ||
	    mt_lease(fd, MT_PAGE, 1, &mine) != 1)
		return 3;
	if (ask(fd, MPOOL_EVENT_LEAK, SIZE, -1, 1000) ||
	    await(fd, &event, SIZE) != (long)SIZE)
		return 4;
	if (event.count != 1 || event.value != mine.handle)
		return 5;
	return mt_poll(fd, POLLIN, 1500) ? 6 : 0;
}

TEST_F(events, leak_of_ones_own)
{
	struct mpool_pool_config cfg = { .mode = 0606 };

	ASSERT_EQ(0, mt_create(self->pool.fd, "own", &cfg));
	ASSERT_EQ(0, mt_public_device(true));
	EXPECT_EQ(0, mt_in_child(watch_own, "own"));
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "own", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "own"));
}

/* Writable while a lease would be served. */
TEST_F(events, room)
{
	struct mpool_lease lease;
	__u64 start;

	EXPECT_EQ(POLLERR, ready(self->pool.fd, 0));
	EXPECT_EQ(0, ready(self->client.fd, 0));
	ASSERT_EQ(0, mt_release_one(self->other.fd, self->leases[0].handle));
	start = mt_now();
	EXPECT_EQ(POLLOUT, ready(self->client.fd, 10000));
	EXPECT_GT(start + 5000000000ULL, mt_now());
	ASSERT_EQ(1, mt_lease_wait(self->client.fd, 0, MT_PAGE, 1,
				   mt_now() + 10000000000ULL, &lease));
	EXPECT_EQ(0, ready(self->client.fd, 0));
	/* Of another class there is some. */
	ASSERT_EQ(1, mt_lease(self->client.fd, 2 * MT_PAGE, 1, &lease));
	EXPECT_EQ(POLLOUT, ready(self->client.fd, 0));
}

static void *release_soon(void *arg)
{
	struct reader *r = arg;

	mt_sleep_ms(100);
	r->result = mt_release_one(r->fd, r->event.value);
	return NULL;
}

TEST_F(events, woken_by_room)
{
	struct reader r = {
		.fd = self->other.fd,
		.event.value = self->leases[1].handle,
	};
	__u64 start = mt_now();

	ASSERT_EQ(0, pthread_create(&r.thread, NULL, release_soon, &r));
	EXPECT_EQ(POLLOUT, ready(self->client.fd, 20000));
	EXPECT_GT(start + 10000000000ULL, mt_now());
	pthread_join(r.thread, NULL);
	EXPECT_EQ(0, r.result);
}

TEST_HARNESS_MAIN
