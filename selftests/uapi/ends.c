// SPDX-License-Identifier: GPL-2.0
/*
 * poll() and epoll_wait() against ends: of the file that is waited for, of
 * other clients, of leases, of the pool.  Nobody sleeps on, and nothing is
 * touched that is gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MAX	4
/* Until a waiter gives up, and how soon he has to be woken. */
#define LONG_MS	20000
#define SOON_NS	10000000000ULL
/* Long enough that a wake-up would be seen, and that a process comes to sleep. */
#define MOMENT_MS	100
#define ROUNDS	25
/* On kernels that check much, fewer rounds. */
#define RACE_NS	15000000000ULL

/**
 * struct waiter - a thread that waits for a file
 * @thread: itself
 * @tid: its number, once it is about to wait
 * @fd: what it polls, or an epoll that has that
 * @by_epoll: by epoll_wait()
 * @closed: its file may be closed meanwhile
 * @events: asked of poll(); epoll has its own
 * @ms: how long
 * @revents: what came: 0 at the end of the time, or a negative errno
 */
struct waiter {
	pthread_t thread;
	int tid;
	int fd;
	bool by_epoll;
	bool closed;
	short events;
	int ms;
	int revents;
};

FIXTURE(ends)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease leases[MAX];
	struct waiter w;
	int epoll;
};

FIXTURE_VARIANT(ends)
{
	bool by_epoll;
	__u32 flags;
};

FIXTURE_VARIANT_ADD(ends, poll)
{
	.by_epoll = false,
};

FIXTURE_VARIANT_ADD(ends, epoll)
{
	.by_epoll = true,
};

FIXTURE_VARIANT_ADD(ends, epoll_edge)
{
	.by_epoll = true,
	.flags = EPOLLET,
};

static int add(int epoll, int fd, __u32 events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* The other client has all there is. */
FIXTURE_SETUP(ends)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	ASSERT_EQ(MAX, mt_lease(self->other.fd, MT_PAGE, MAX, self->leases));
	self->epoll = epoll_create1(0);
	ASSERT_LE(0, self->epoll);
}

FIXTURE_TEARDOWN(ends)
{
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
	/* It may have had files of a pool that is gone. */
	close(self->epoll);
}

static int epoll_one(int epoll, int ms)
{
	const __u64 end = mt_now() + ms * 1000000ULL;
	struct epoll_event event;
	int nr;

	while ((nr = epoll_wait(epoll, &event, 1, ms)) < 0) {
		if (errno != EINTR)
			return -errno;
		ms = mt_now() < end ? (end - mt_now()) / 1000000 : 0;
	}
	return nr ? (int)event.events : 0;
}

static void *wait_one(void *arg)
{
	struct waiter *w = arg;
	sigset_t all;

	/*
	 * After a signal poll() begins anew, and does not find a file that was closed
	 * meanwhile; an epoll knows files, not their numbers.
	 */
	sigfillset(&all);
	if (w->closed && !w->by_epoll)
		pthread_sigmask(SIG_BLOCK, &all, NULL);
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	w->revents = w->by_epoll ? epoll_one(w->fd, w->ms) :
				   mt_poll(w->fd, w->events, w->ms);
	return NULL;
}

/* By poll(), or by an epoll that has the file from now on; and it sleeps. */
static int start(struct waiter *w, int fd, int epoll, short events,
		 const FIXTURE_VARIANT(ends) * variant)
{
	int err;

	w->by_epoll = variant->by_epoll;
	w->fd = w->by_epoll ? epoll : fd;
	w->events = events;
	w->ms = LONG_MS;
	w->revents = -EINPROGRESS;
	if (w->by_epoll) {
		err = add(epoll, fd, events | variant->flags);
		if (err)
			return err;
	}
	return mt_start_asleep(&w->thread, wait_one, w, &w->tid);
}

/* What it was told, when it was woken soon. */
static int end(struct waiter *w, __u64 since)
{
	pthread_join(w->thread, NULL);
	return mt_now() - since < SOON_NS ? w->revents : -ETIMEDOUT;
}

static int ask(int fd, __u32 mask)
{
	struct mpool_events arg = {
		.size = sizeof(arg),
		.mask = mask,
		.record_size = sizeof(struct mpool_event),
		.eventfd = -1,
	};

	return mt_call(fd, MPOOL_IOC_EVENTS, &arg);
}

static long clients(const struct mt_pool *pool)
{
	struct mpool_stats stats;
	int err = mt_stats(pool->fd, pool->name, &stats);

	return err ?: (long)stats.nr_clients;
}

/* The last reference may be the thread's that has just been woken. */
static bool are_clients(const struct mt_pool *pool, long nr)
{
	int i;

	for (i = 0; i < 1000 && clients(pool) != nr; i++)
		mt_sleep_ms(10);
	return clients(pool) == nr;
}

/* Each buffer that came is an edge, and then there are no more. */
static bool tells_on(int epoll)
{
	int i;

	for (i = 0; i < 50; i++)
		if (!epoll_one(epoll, MOMENT_MS))
			return false;
	return true;
}

/* Another client's end is room. */
TEST_F(ends, of_another_client)
{
	__u64 since;

	ASSERT_EQ(0, start(&self->w, self->client.fd, self->epoll, POLLOUT,
			   variant));
	since = mt_now();
	mt_client_close(&self->other);
	EXPECT_EQ(POLLOUT, end(&self->w, since));
	/* It is a level, unless only edges are asked for. */
	EXPECT_EQ(POLLOUT, mt_poll(self->client.fd, POLLOUT, 0));
	EXPECT_EQ(variant->by_epoll && !(variant->flags & EPOLLET),
		  tells_on(self->epoll));
}

/* Who has an event to wait for alone is not told of room, and does not end. */
TEST_F(ends, of_another_client_is_no_event)
{
	ASSERT_EQ(0, ask(self->client.fd, MPOOL_EVENT_REVOKED));
	ASSERT_EQ(0, start(&self->w, self->client.fd, self->epoll, POLLIN,
			   variant));
	mt_client_close(&self->other);
	mt_sleep_ms(MOMENT_MS);
	EXPECT_EQ(-EINPROGRESS, self->w.revents);
	/* A lease of its own that is taken back is one. */
	ASSERT_EQ(1, mt_lease_wait(self->client.fd, 0, MT_PAGE, 1,
				   mt_now() + SOON_NS, self->leases));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name,
			       mt_client_id(self->pool.name,
					    self->leases[0].handle),
			       self->leases[0].handle, NULL));
	EXPECT_EQ(POLLIN, end(&self->w, mt_now()));
}

/* To whom they belonged it is an event, to others it is room. */
TEST_F(ends, of_leases)
{
	__u64 id = mt_client_id(self->pool.name, self->leases[0].handle);
	struct mpool_event events[MAX + 1];
	struct waiter holder = {};
	int epoll = epoll_create1(0);
	__u64 since;

	ASSERT_EQ(0, ask(self->other.fd, MPOOL_EVENT_REVOKED));
	ASSERT_EQ(0, start(&self->w, self->client.fd, self->epoll, POLLOUT,
			   variant));
	ASSERT_EQ(0, start(&holder, self->other.fd, epoll, POLLIN, variant));
	since = mt_now();
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name, id, 0, NULL));
	EXPECT_EQ(POLLIN, end(&holder, since));
	EXPECT_EQ(POLLOUT, end(&self->w, since));
	EXPECT_EQ((ssize_t)(MAX * sizeof(*events)),
		  read(self->other.fd, events, sizeof(events)));
	EXPECT_EQ(0, mt_poll(self->other.fd, POLLIN, 0));
	close(epoll);
}

/*
 * A sleeper in poll() has the file as well: it is woken, finds nobody's number,
 * and then the file ends.  epoll has not: a file that is closed is in it no
 * more, and tells nothing.
 */
TEST_F(ends, of_the_file)
{
	__u64 since;

	self->w.closed = true;
	ASSERT_EQ(0, start(&self->w, self->client.fd, self->epoll, POLLOUT,
			   variant));
	if (variant->by_epoll) {
		mt_client_close(&self->client);
		EXPECT_TRUE(are_clients(&self->pool, 1));
		mt_client_close(&self->other);
		EXPECT_TRUE(are_clients(&self->pool, 0));
		mt_sleep_ms(MOMENT_MS);
		EXPECT_EQ(-EINPROGRESS, self->w.revents);
		/* What else the epoll has wakes the thread. */
		ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
		since = mt_now();
		ASSERT_EQ(0, add(self->epoll, self->other.fd, EPOLLOUT));
		EXPECT_EQ(POLLOUT, end(&self->w, since));
		return;
	}
	mt_client_close(&self->client);
	mt_sleep_ms(MOMENT_MS);
	EXPECT_EQ(-EINPROGRESS, self->w.revents);
	EXPECT_EQ(2, clients(&self->pool));
	since = mt_now();
	mt_client_close(&self->other);
	EXPECT_EQ(POLLNVAL, end(&self->w, since));
	EXPECT_TRUE(are_clients(&self->pool, 0));
}

/* A pool with a sleeper is in use, his closed file or not; then it can end. */
TEST_F(ends, of_the_pool)
{
	__u64 since;

	self->w.closed = true;
	ASSERT_EQ(0, start(&self->w, self->client.fd, self->epoll, POLLOUT,
			   variant));
	EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, self->pool.name));
	if (!variant->by_epoll) {
		mt_client_close(&self->client);
		EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, self->pool.name));
	}
	since = mt_now();
	mt_client_close(&self->other);
	EXPECT_EQ(variant->by_epoll ? POLLOUT : POLLNVAL, end(&self->w, since));
	mt_client_close(&self->client);
	EXPECT_TRUE(are_clients(&self->pool, 0));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, self->pool.name));
	/* The epoll knows of no file any more, and of no pool. */
	EXPECT_EQ(0, epoll_one(self->epoll, MOMENT_MS));
	ASSERT_EQ(0, mt_create(self->pool.fd, self->pool.name, NULL));
}

/* Twice the same file, and the same file in two epolls: all are told. */
TEST_F(ends, with_many_sleepers)
{
	int again = dup(self->client.fd), second = epoll_create1(0);
	struct waiter w[3] = { {}, { .closed = true } };
	__u64 since;

	ASSERT_EQ(0, start(&w[0], self->client.fd, self->epoll, POLLOUT,
			   variant));
	ASSERT_EQ(0, start(&w[1], again, second, POLLOUT, variant));
	w[2] = (struct waiter) {
		.fd = again, .events = POLLOUT, .ms = LONG_MS, .closed = true,
	};
	ASSERT_EQ(0, mt_start_asleep(&w[2].thread, wait_one, &w[2], &w[2].tid));
	/* One of its two descriptors: the file is open still. */
	close(again);
	since = mt_now();
	mt_client_close(&self->other);
	EXPECT_EQ(POLLOUT, end(&w[0], since));
	EXPECT_EQ(variant->by_epoll ? POLLOUT : POLLNVAL, end(&w[1], since));
	EXPECT_EQ(POLLNVAL, end(&w[2], since));
	close(second);
}

/* Threads that add a file to an epoll and wait for it, until told to stop. */
struct crowd {
	const char *pool;
	int fd;
	int epoll;
	__u32 flags;
	bool stop;
};

static bool stopped(struct crowd *c)
{
	return __atomic_load_n(&c->stop, __ATOMIC_ACQUIRE);
}

static void *adds_and_waits(void *arg)
{
	struct crowd *c = arg;

	while (!stopped(c)) {
		/* The descriptor may be nobody's, or another file's already. */
		add(c->epoll, c->fd, EPOLLIN | EPOLLOUT | c->flags);
		epoll_one(c->epoll, 1);
		epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	}
	return NULL;
}

static void *polls(void *arg)
{
	struct crowd *c = arg;

	while (!stopped(c))
		mt_poll(c->fd, POLLIN | POLLOUT, 1);
	return NULL;
}

static void *makes_room(void *arg)
{
	struct mpool_lease leases[MAX];
	struct crowd *c = arg;
	struct mt_client client;
	int nr;

	while (!stopped(c)) {
		if (mt_client_open(&client, c->pool))
			continue;
		nr = mt_lease(client.fd, MT_PAGE, MAX, leases);
		if (nr > 0)
			mt_revoke(client.fd, c->pool,
				  mt_client_id(c->pool, leases[0].handle), 0,
				  NULL);
		mt_client_close(&client);
	}
	return NULL;
}

/* Files end under who waits for them, with their pool, again and again. */
TEST_F_TIMEOUT(ends, in_a_race, 240)
{
	static void *(*const jobs[])(void *) = {
		adds_and_waits, adds_and_waits, polls, polls, makes_room,
	};
	pthread_t threads[MT_ARRAY_SIZE(jobs)];
	struct crowd c = {
		.pool = "ends",
		.epoll = self->epoll,
		.flags = variant->flags,
	};
	const __u64 stop = mt_now() + RACE_NS;
	struct mpool_lease lease;
	struct mt_client client;
	unsigned int i, t, n;

	for (i = 0; i < ROUNDS && mt_now() < stop; i++) {
		ASSERT_EQ(0, mt_create(self->pool.fd, c.pool, NULL));
		ASSERT_EQ(0, mt_client_open(&client, c.pool));
		c.fd = client.fd;
		c.stop = false;
		for (t = 0; t < MT_ARRAY_SIZE(jobs); t++)
			ASSERT_EQ(0, pthread_create(&threads[t], NULL, jobs[t],
						    &c));
		for (n = 0; n < 10; n++) {
			ask(client.fd, MPOOL_EVENT_REVOKED);
			mt_lease(client.fd, MT_PAGE, 1, &lease);
			mt_sleep_ms(1);
			mt_client_close(&client);
			/* As a rule, under the number of the one before. */
			ASSERT_EQ(0, mt_client_open(&client, c.pool));
		}
		mt_client_close(&client);
		__atomic_store_n(&c.stop, true, __ATOMIC_RELEASE);
		for (t = 0; t < MT_ARRAY_SIZE(jobs); t++)
			pthread_join(threads[t], NULL);
		EXPECT_EQ(0, mt_quiet(self->pool.fd, c.pool, 0));
		ASSERT_EQ(0, mt_destroy(self->pool.fd, c.pool));
	}
}

static int users_of_module(void)
{
	FILE *f = fopen("/sys/module/mpool/refcnt", "r");
	int nr = -1;

	if (!f || fscanf(f, "%d", &nr) != 1)
		nr = -errno;
	if (f)
		fclose(f);
	return nr;
}

/* A process that is killed in its sleep lets go of the module as well. */
static int sleep_in_poll(const char *pool, int told)
{
	struct mt_client client;
	int epoll = epoll_create1(0);

	if (mt_client_open(&client, pool) || add(epoll, client.fd, EPOLLIN) ||
	    write(told, "", 1) != 1)
		return 1;
	epoll_one(epoll, 60000);
	return 2;
}

TEST_F(ends, of_the_process)
{
	int before = users_of_module(), pid, fds[2];
	char c;

	ASSERT_LT(0, before);
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid)
		_exit(sleep_in_poll(self->pool.name, fds[1]));
	ASSERT_EQ(1, TEMP_FAILURE_RETRY(read(fds[0], &c, 1)));
	EXPECT_LT(before, users_of_module());
	mt_sleep_ms(MOMENT_MS);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
	EXPECT_TRUE(are_clients(&self->pool, 2));
	EXPECT_EQ(before, users_of_module());
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
