// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: leases, releases, faults, mappings and ends of files in
 * many threads.  A test runs for a time, so slow machines do less.
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
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define RUN_NS	2000000000ULL
#define CLIENTS	2
#define EACH	4
#define MAX	12

/* What is written: whose it is, and by which lease. */
#define STAMP(client, handle) ((client) + 1 + ((handle) << 8))
#define STAMP_CLIENT(stamp) ((int)((stamp) & 0xff) - 1)

struct shared {
	struct mt_client clients[CLIENTS];
	/* where the class that is used stands in each of the windows */
	__u64 base;
	__u64 end;
	/* found by the threads; 0 is good */
	unsigned long wrong_owner;
	unsigned long wrong_stamp;
	unsigned long bad_calls;
	unsigned long nr_cycles;
	unsigned long nr_faults;
	unsigned long nr_signals;
};

struct worker {
	struct shared *s;
	unsigned int client;
	unsigned int seed;
	__u64 size;
};

FIXTURE(race)
{
	struct mt_pool pool;
	struct shared s;
};

FIXTURE_SETUP(race)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };
	unsigned int i;

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	for (i = 0; i < CLIENTS; i++)
		ASSERT_EQ(0, mt_client_open(&self->s.clients[i],
					    self->pool.name));
	self->s.end = mt_now() + RUN_NS;
}

FIXTURE_TEARDOWN(race)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++)
		mt_client_close(&self->s.clients[i]);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static void add(unsigned long *counter, unsigned long n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* Before a buffer is one's own, it holds zeros or what oneself left. */
static void take_over(struct worker *w, const struct mpool_lease *lease)
{
	struct mt_client *client = &w->s->clients[w->client];
	__u64 *words = (__u64 *)(client->win + lease->offset);
	__u64 i, seen;

	for (i = 0; i < lease->length / sizeof(*words); i++) {
		seen = __atomic_load_n(words + i, __ATOMIC_RELAXED);
		if (seen && STAMP_CLIENT(seen) != (int)w->client)
			add(&w->s->wrong_owner, 1);
		__atomic_store_n(words + i, STAMP(w->client, lease->handle),
				 __ATOMIC_RELAXED);
	}
}

static void check(struct worker *w, const struct mpool_lease *lease)
{
	struct mt_client *client = &w->s->clients[w->client];
	__u64 *words = (__u64 *)(client->win + lease->offset);
	__u64 i;

	for (i = 0; i < lease->length / sizeof(*words); i++)
		if (__atomic_load_n(words + i, __ATOMIC_RELAXED) !=
		    STAMP(w->client, lease->handle)) {
			add(&w->s->wrong_stamp, 1);
			return;
		}
}

static void *lease_and_release(void *arg)
{
	struct worker *w = arg;
	int fd = w->s->clients[w->client].fd;
	struct mpool_lease leases[EACH];
	unsigned long cycles = 0;
	int i, nr;

	while (mt_now() < w->s->end || !cycles) {
		nr = mt_lease(fd, w->size, 1 + rand_r(&w->seed) % EACH, leases);
		if (nr == -EAGAIN)
			continue;
		if (nr <= 0) {
			add(&w->s->bad_calls, 1);
			break;
		}
		for (i = 0; i < nr; i++)
			take_over(w, leases + i);
		for (i = 0; i < nr; i++)
			check(w, leases + i);
		if (mt_release_leases(fd, leases, nr))
			add(&w->s->bad_calls, 1);
		cycles++;
	}
	add(&w->s->nr_cycles, cycles);
	return NULL;
}

/* Looks where leases come and go: nothing, or something of this client. */
static void *look(void *arg)
{
	struct worker *w = arg;
	struct mt_client *client = &w->s->clients[w->client];
	__u64 pages = w->size * MAX / MT_PAGE, at;
	unsigned char c;

	while (mt_now() < w->s->end) {
		at = w->s->base + rand_r(&w->seed) % pages * MT_PAGE;
		/* The lowest byte of a stamp. */
		if (mt_peek(client->win + at, &c)) {
			add(&w->s->nr_signals, 1);
			continue;
		}
		add(&w->s->nr_faults, 1);
		if (c && c != w->client + 1)
			add(&w->s->wrong_owner, 1);
	}
	return NULL;
}

/* Maps and unmaps, touching what may be there. */
static void *map_and_unmap(void *arg)
{
	struct worker *w = arg;
	struct mt_client *client = &w->s->clients[w->client];
	unsigned char c;
	char *p;

	while (mt_now() < w->s->end) {
		p = mmap(NULL, client->size, PROT_READ, MAP_SHARED, client->fd,
			 0);
		if (p == MAP_FAILED) {
			add(&w->s->bad_calls, 1);
			break;
		}
		if (!mt_peek(p + w->s->base, &c) && c && c != w->client + 1)
			add(&w->s->wrong_owner, 1);
		munmap(p, client->size);
	}
	return NULL;
}

#define THREADS	(3 * CLIENTS)

static int run(struct shared *s, __u64 size)
{
	static void *(*const jobs[])(void *) = {
		lease_and_release, look, map_and_unmap,
	};
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct mpool_lease first;
	unsigned int i;

	/* Slots are used from the first one on. */
	if (mt_lease(s->clients[0].fd, size, 1, &first) != 1 ||
	    mt_release_one(s->clients[0].fd, first.handle))
		return -EIO;
	s->base = first.offset;
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ s, i % CLIENTS, i, size };
		if (pthread_create(threads + i, NULL, jobs[i / CLIENTS],
				   workers + i))
			return -EAGAIN;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("# %lu cycles, %lu accesses, %lu signals\n", s->nr_cycles,
	       s->nr_faults, s->nr_signals);
	return 0;
}

TEST_F_TIMEOUT(race, fault_release_lease_of_pages, 180)
{
	EXPECT_EQ(0, run(&self->s, MT_PAGE));
	EXPECT_EQ(0, self->s.wrong_owner);
	EXPECT_EQ(0, self->s.wrong_stamp);
	EXPECT_EQ(0, self->s.bad_calls);
	EXPECT_LT(0, self->s.nr_cycles);
}

TEST_F_TIMEOUT(race, fault_release_lease_of_compound_pages, 180)
{
	EXPECT_EQ(0, run(&self->s, 8 * MT_PAGE));
	EXPECT_EQ(0, self->s.wrong_owner);
	EXPECT_EQ(0, self->s.wrong_stamp);
	EXPECT_EQ(0, self->s.bad_calls);
	EXPECT_LT(0, self->s.nr_cycles);
}

/* Threads that start together. */
struct rival {
	pthread_barrier_t *barrier;
	struct mt_client *client;
	const struct mpool_lease *leases;
	int result;
};

static void *rival_releases(void *arg)
{
	struct rival *r = arg;

	pthread_barrier_wait(r->barrier);
	r->result = mt_release_leases(r->client->fd, r->leases, EACH);
	return NULL;
}

static void *rival_closes(void *arg)
{
	struct rival *r = arg;

	pthread_barrier_wait(r->barrier);
	r->result = close(r->client->fd) ? -errno : 0;
	return NULL;
}

static void *rival_unmaps(void *arg)
{
	struct rival *r = arg;

	pthread_barrier_wait(r->barrier);
	r->result = munmap(r->client->win, r->client->size) ? -errno : 0;
	return NULL;
}

static void *rival_touches(void *arg)
{
	struct rival *r = arg;
	unsigned int i;

	pthread_barrier_wait(r->barrier);
	for (i = 0; i < 4 * EACH; i++)
		mt_poke(r->client->win + r->leases[i % EACH].offset, i);
	return NULL;
}

static int rivals(struct mt_client *client, const struct mpool_lease *leases,
		  unsigned int nr, void *(*const *jobs)(void *), int *results)
{
	pthread_barrier_t barrier;
	struct rival rivals[4];
	pthread_t threads[4];
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, nr);
	for (i = 0; i < nr; i++) {
		rivals[i] = (struct rival){ &barrier, client, leases, 0 };
		if (pthread_create(threads + i, NULL, jobs[i], rivals + i))
			return -EAGAIN;
	}
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
		results[i] = rivals[i].result;
	}
	pthread_barrier_destroy(&barrier);
	return 0;
}

/* Who unmaps or faults has a page for a moment, and it is quarantined for it. */
static int lease_all(const struct mt_client *client, struct mpool_lease *leases)
{
	return mt_lease_wait(client->fd, MPOOL_LEASE_ALL, 1, EACH,
			     mt_now() + 20000000000ULL, leases);
}

/* Of two who release the same, one does, and the other is told. */
TEST_F_TIMEOUT(race, two_releases_of_the_same, 180)
{
	static void *(*const jobs[])(void *) = {
		rival_releases, rival_releases, rival_touches,
	};
	struct mt_client *client = &self->s.clients[0];
	struct mpool_lease leases[EACH];
	int results[3];

	do {
		ASSERT_EQ(EACH, lease_all(client, leases));
		ASSERT_EQ(0, rivals(client, leases, 3, jobs, results));
		ASSERT_EQ(-ESTALE, results[0] + results[1]);
		ASSERT_EQ(0, results[0] * results[1]);
	} while (mt_now() < self->s.end);
}

TEST_F_TIMEOUT(race, release_close_munmap, 180)
{
	static void *(*const jobs[])(void *) = {
		rival_releases, rival_closes, rival_unmaps,
	};
	struct mpool_lease leases[EACH];
	struct mpool_stats stats;
	struct mt_client client;
	unsigned int i;
	int results[3];

	do {
		ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
		ASSERT_EQ(EACH, lease_all(&client, leases));
		for (i = 0; i < EACH; i++)
			ASSERT_EQ(0, mt_poke(client.win + leases[i].offset, 1));
		ASSERT_EQ(0, rivals(&client, leases, 3, jobs, results));
		EXPECT_TRUE(!results[0] || results[0] == -EBADF);
		EXPECT_EQ(0, results[1]);
		EXPECT_EQ(0, results[2]);
		ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
		ASSERT_EQ(0, stats.total.leased);
		ASSERT_EQ(CLIENTS, stats.nr_clients);
	} while (mt_now() < self->s.end);
}

/* Faults on all pages of a buffer, again and again, until told to stop. */
struct toucher {
	char *buf;
	__u64 size;
	bool stop;
};

static void *touch_pages(void *arg)
{
	struct toucher *t = arg;
	__u64 at = 0;

	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		/* Forgets the mapping, not the page; what comes last stays. */
		madvise(t->buf + at, MT_PAGE, MADV_DONTNEED);
		mt_poke(t->buf + at, 1);
		at = (at + MT_PAGE) % t->size;
	}
	return NULL;
}

/*
 * A fault that found its lease before the release must not map the page after
 * it: when release has returned, each access is SIGBUS.
 */
TEST_F_TIMEOUT(race, no_mapping_survives, 180)
{
	struct mt_client *client = &self->s.clients[0];
	unsigned long rounds = 0;
	struct mpool_lease lease;
	struct toucher t = {};
	pthread_t thread;
	unsigned char c;
	__u64 at;

	do {
		t.size = MT_PAGE << (rounds % 5);
		t.stop = false;
		ASSERT_EQ(1, mt_lease_wait(client->fd, 0, t.size, 1,
					   mt_now() + 10000000000ULL, &lease));
		t.buf = client->win + lease.offset;
		ASSERT_EQ(0, pthread_create(&thread, NULL, touch_pages, &t));
		while (mt_peek(t.buf, &c) || !c)
			;
		ASSERT_EQ(0, mt_release_one(client->fd, lease.handle));
		__atomic_store_n(&t.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		for (at = 0; at < t.size; at += MT_PAGE)
			ASSERT_EQ(SIGBUS, mt_poke(t.buf + at, 1));
		rounds++;
	} while (mt_now() < self->s.end);
	printf("# %lu rounds\n", rounds);
}

struct flipper {
	struct mpool_lease_req *req;
	bool stop;
};

static void *flip(void *arg)
{
	struct flipper *f = arg;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&f->stop, __ATOMIC_RELAXED); i++) {
		__atomic_store_n(&f->req->count, i & 1 ? ~0U : 2,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&f->req->size, i & 2 ? ~0U : sizeof(*f->req),
				 __ATOMIC_RELAXED);
		__atomic_store_n(&f->req->flags, i & 4 ? 0x80 : 0,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&f->req->length, i & 8 ? ~0ULL : 1,
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The argument changes while it is read: one reading of it counts. */
TEST_F_TIMEOUT(race, argument_changes, 180)
{
	struct mpool_lease leases[4] = {};
	struct mpool_lease_req req = { .leases = (uintptr_t)leases };
	struct flipper f = { &req, false };
	struct mt_client *client = &self->s.clients[0];
	unsigned long good = 0, bad = 0;
	pthread_t thread;
	int err;

	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &f));
	do {
		memset(leases, 0, sizeof(leases));
		err = mt_call(client->fd, MPOOL_IOC_LEASE, &req);
		ASSERT_TRUE(!err || err == -EINVAL || err == -E2BIG ||
			    err == -EMSGSIZE) {
			TH_LOG("said %d", err);
		}
		bad += !!err;
		good += !err;
		/* Never more than was asked for, and none behind a failure. */
		ASSERT_TRUE(mt_all(leases + (err ? 0 : 2), 0,
				   (err ? 4 : 2) * sizeof(leases[0])));
		if (err)
			continue;
		/* One, while the other is being zeroed. */
		ASSERT_TRUE(req.granted == 1 || req.granted == 2);
		ASSERT_EQ(0, mt_release_leases(client->fd, leases,
					       req.granted));
	} while (mt_now() < self->s.end);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("# %lu good, %lu refused\n", good, bad);
	EXPECT_LT(0, bad);
}

static void *create_and_destroy(void *arg)
{
	struct shared *s = arg;
	int err, fd = mt_open(O_RDWR);

	do {
		err = mt_create(fd, "contested", NULL);
		if (err && err != -EEXIST)
			add(&s->bad_calls, 1);
		err = mt_destroy(fd, "contested");
		if (err && err != -ENOENT && err != -EBUSY)
			add(&s->bad_calls, 1);
		add(&s->nr_cycles, 1);
	} while (mt_now() < s->end);
	close(fd);
	return NULL;
}

static void *attach_and_close(void *arg)
{
	struct shared *s = arg;
	struct mpool_lease lease;
	int err, fd;

	while (mt_now() < s->end) {
		fd = mt_open(O_RDWR);
		err = mt_attach(fd, "contested", NULL);
		if (!err)
			add(&s->nr_faults, mt_lease(fd, 1, 1, &lease) == 1);
		else if (err != -ENOENT)
			add(&s->bad_calls, 1);
		close(fd);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, create_attach_destroy, 180)
{
	pthread_t threads[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(threads + i, NULL, i % 2 ?
					    attach_and_close :
					    create_and_destroy, &self->s));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("# %lu cycles, %lu leases\n", self->s.nr_cycles,
	       self->s.nr_faults);
	EXPECT_EQ(0, self->s.bad_calls);
	EXPECT_LT(0, self->s.nr_cycles);
	mt_destroy(self->pool.fd, "contested");
	EXPECT_EQ(-ENOENT, mt_destroy(self->pool.fd, "contested"));
}

TEST_HARNESS_MAIN
