// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by overtaking: mappings and faults against releases and ends, calls
 * against the end of their own file, and handles that are not one's own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "send_fd.h"

#define SECOND	1000000000ULL
#define THREADS	8
#define EACH	4
#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(attack)
{
	struct mt_pool pool;
	struct mt_client client;
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = { .max = { 48, 48, 48 } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
}

FIXTURE_TEARDOWN(attack)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

struct fight {
	const char *pool;
	struct mt_client *client;
	__u64 end;
	/* found by the threads; 0 is good */
	unsigned long foreign;
	unsigned long lost;
	unsigned long bad_calls;
	unsigned long rounds[THREADS];
};

struct fighter {
	struct fight *f;
	unsigned int nr;
	unsigned int seed;
};

static void add(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool over(const struct fight *f)
{
	return mt_now() >= f->end;
}

/* Zero, or what clients of this fight write: never another pool's 0xdd. */
static void look(struct fight *f, const char *at)
{
	unsigned char c;

	if (!mt_peek(at, &c) && c == 0xdd)
		add(&f->foreign);
}

static void *leases_and_releases(void *arg)
{
	struct fighter *me = arg;
	struct fight *f = me->f;
	struct mpool_lease leases[EACH];
	int i, nr;

	while (!over(f)) {
		nr = mt_lease(f->client->fd, MT_PAGE << rand_r(&me->seed) % 4,
			      EACH, leases);
		for (i = 0; i < nr; i++)
			if (mt_poke(f->client->win + leases[i].offset,
				    me->nr + 1))
				add(&f->lost);
		for (i = 0; i < nr; i++)
			look(f, f->client->win + leases[i].offset +
				leases[i].length - 1);
		if (nr > 0 && mt_release_leases(f->client->fd, leases, nr))
			add(&f->bad_calls);
		if (nr < 0 && nr != -EAGAIN)
			add(&f->bad_calls);
		f->rounds[me->nr]++;
	}
	return NULL;
}

static void *looks_around(void *arg)
{
	struct fighter *me = arg;
	struct fight *f = me->f;
	__u64 pages = f->client->size / MT_PAGE;

	while (!over(f)) {
		look(f, f->client->win + rand_r(&me->seed) % pages * MT_PAGE);
		f->rounds[me->nr]++;
	}
	return NULL;
}

static void *maps_and_unmaps(void *arg)
{
	struct fighter *me = arg;
	struct fight *f = me->f;
	char *p;

	while (!over(f)) {
		p = mmap(NULL, f->client->size, RW, MAP_SHARED | MAP_POPULATE *
			 !(rand_r(&me->seed) % 16), f->client->fd, 0);
		if (p == MAP_FAILED) {
			add(&f->bad_calls);
			break;
		}
		look(f, p + f->client->size - MT_PAGE * 4);
		munmap(p + MT_PAGE, f->client->size - MT_PAGE);
		munmap(p, MT_PAGE);
		f->rounds[me->nr]++;
	}
	return NULL;
}

/* Clients that come and go, some by the mapping, some by the file. */
static void *opens_and_closes(void *arg)
{
	struct fighter *me = arg;
	struct fight *f = me->f;
	struct mpool_lease leases[EACH];
	struct mt_client c;
	int i, nr;

	while (!over(f)) {
		if (mt_client_open(&c, f->pool)) {
			add(&f->bad_calls);
			break;
		}
		nr = mt_lease(c.fd, MT_PAGE << rand_r(&me->seed) % 4, EACH,
			      leases);
		for (i = 0; i < nr; i++)
			if (mt_poke(c.win + leases[i].offset, me->nr + 1))
				add(&f->lost);
		if (rand_r(&me->seed) % 2) {
			close(c.fd);
			c.fd = -1;
			for (i = 0; i < nr; i++)
				look(f, c.win + leases[i].offset);
		}
		mt_client_close(&c);
		f->rounds[me->nr]++;
	}
	return NULL;
}

/* A pool beside, that ends as soon as it may; its bytes are 0xdd. */
static void *destroys(void *arg)
{
	struct fighter *me = arg;
	struct fight *f = me->f;
	struct mpool_lease leases[EACH];
	int i, nr, err, fd = mt_open(O_RDWR);
	char name[MPOOL_NAME_LEN];
	struct mt_client c;

	snprintf(name, sizeof(name), "beside-%d-%u", getpid(), me->nr);
	mt_attach_flags = 0;
	while (!over(f)) {
		if (mt_create(fd, name, NULL) || mt_client_open(&c, name)) {
			add(&f->bad_calls);
			break;
		}
		nr = mt_lease(c.fd, MT_PAGE << rand_r(&me->seed) % 4, EACH,
			      leases);
		for (i = 0; i < nr; i++)
			memset(c.win + leases[i].offset, 0xdd,
			       leases[i].length);
		/* Kept is as bad as leased. */
		if (nr > 0 && rand_r(&me->seed) % 2 &&
		    mt_release_leases(c.fd, leases, nr))
			add(&f->bad_calls);
		if (mt_destroy(fd, name) != -EBUSY)
			add(&f->bad_calls);
		mt_client_close(&c);
		err = mt_destroy(fd, name);
		if (err)
			add(&f->bad_calls);
		f->rounds[me->nr]++;
	}
	close(fd);
	return NULL;
}

TEST_F_TIMEOUT(attack, 04_mapping_races_the_end, ATTACK_TIMEOUT)
{
	static void *(*const jobs[THREADS])(void *) = {
		leases_and_releases, leases_and_releases, looks_around,
		looks_around, maps_and_unmaps, opens_and_closes,
		opens_and_closes, destroys,
	};
	struct fight f = {
		.pool = self->pool.name,
		.client = &self->client,
		.end = mt_now() + attack_form(5, 600) * SECOND,
	};
	struct fighter fighters[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		fighters[i] = (struct fighter){ &f, i, i };
		ASSERT_EQ(0, pthread_create(threads + i, NULL, jobs[i],
					    fighters + i));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_LT(0, f.rounds[i]) {
			TH_LOG("thread %u did nothing", i);
		}
	}
	EXPECT_EQ(0, f.foreign);
	EXPECT_EQ(0, f.lost);
	EXPECT_EQ(0, f.bad_calls);
}

#define SHOOTERS	4
#define TARGET		(256 * MT_PAGE)
#define TARGET_PAGES	(TARGET / MT_PAGE)

struct range {
	/* NULL between two rounds */
	char *target;
	unsigned int shooting;
	unsigned long shots;
	bool stop;
};

/* Faults of all of it queue for the lock that its pages have together. */
static void *shoots(void *arg)
{
	unsigned int seed = (uintptr_t)&seed, i;
	struct range *r = arg;
	unsigned char c;
	char *at;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		__atomic_fetch_add(&r->shooting, 1, __ATOMIC_SEQ_CST);
		for (i = 0; i < 16; i++) {
			at = __atomic_load_n(&r->target, __ATOMIC_SEQ_CST);
			if (!at)
				break;
			mt_peek(at + rand_r(&seed) % TARGET_PAGES * MT_PAGE,
				&c);
			add(&r->shots);
		}
		__atomic_fetch_sub(&r->shooting, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Pages that are mapped, without a fault to find out; or -errno. */
static int count_mapped(const char *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY), nr = -EIO;
	__u64 entries[TARGET_PAGES];
	unsigned int i;

	if (pread(fd, entries, sizeof(entries), (uintptr_t)at / MT_PAGE * 8) ==
	    sizeof(entries))
		for (nr = 0, i = 0; i < TARGET_PAGES; i++)
			nr += entries[i] >> 63;
	close(fd);
	return nr;
}

TEST_F_TIMEOUT(attack, 04_release_under_fire, ATTACK_TIMEOUT)
{
	const __u64 end = mt_now() + attack_form(4, 300) * SECOND;
	struct mpool_pool_config cfg = {
		.max_size = TARGET,
		.max = { 4, 4, 4 },
	};
	pthread_t threads[SHOOTERS];
	unsigned long rounds = 0;
	struct mpool_lease lease;
	struct range r = {};
	struct mt_client c;
	unsigned int i;
	char *at;

	ASSERT_EQ(0, mt_create(self->pool.fd, "fire", &cfg));
	ASSERT_EQ(0, mt_client_open(&c, "fire"));
	for (i = 0; i < SHOOTERS; i++)
		ASSERT_EQ(0, pthread_create(threads + i, NULL, shoots, &r));
	do {
		ASSERT_EQ(1, mt_lease_wait(c.fd, 0, TARGET, 1,
					   mt_now() + 20 * SECOND, &lease));
		at = c.win + lease.offset;
		__atomic_store_n(&r.shots, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&r.target, at, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&r.shots, __ATOMIC_RELAXED) < SHOOTERS)
			;
		ASSERT_EQ(0, mt_release_one(c.fd, lease.handle));
		__atomic_store_n(&r.target, NULL, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&r.shooting, __ATOMIC_SEQ_CST))
			sched_yield();
		/* Whatever was under way when it was released has ended. */
		EXPECT_EQ(0, count_mapped(at));
		rounds++;
	} while (mt_now() < end);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < SHOOTERS; i++)
		pthread_join(threads[i], NULL);
	printf("# %lu releases under fire\n", rounds);
	mt_client_close(&c);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "fire", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "fire"));
}

struct waiter {
	int fd;
	int result;
	__u64 deadline;
};

static void *waits(void *arg)
{
	struct waiter *w = arg;
	struct mpool_lease lease;

	w->result = mt_lease_wait(w->fd, 0, MT_PAGE, 1, w->deadline, &lease);
	return NULL;
}

/* The sender dies with his file in flight, which nobody receives. */
static int send_and_die(const char *pool, int socket)
{
	struct mpool_lease leases[EACH];
	struct mt_client c;

	if (mt_client_open(&c, pool) ||
	    mt_lease(c.fd, 1, EACH, leases) != EACH ||
	    mt_poke(c.win + leases[0].offset, 1) || send_fd(socket, c.fd))
		return 1;
	raise(SIGKILL);
	return 2;
}

static long leased(const struct mt_pool *pool)
{
	struct mpool_stats stats;
	int err = mt_stats(pool->fd, pool->name, &stats);

	return err ? err : (long)stats.total.leased;
}

static int all_leases(struct mt_client *c, struct mpool_lease *leases)
{
	mt_await_clean(c->fd, "");
	return mt_lease(c->fd, MT_PAGE, 64, leases);
}

TEST_F_TIMEOUT(attack, 11_calls_against_the_end, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(10, 1000);
	struct mpool_lease leases[64], mine[2];
	struct mt_client other;
	struct waiter w;
	pthread_t thread;
	unsigned long i;
	int sockets[2];
	int nr, pid;

	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		/* A file that is closed under a call lives as long as that. */
		nr = all_leases(&self->client, leases);
		ASSERT_LT(0, nr);
		w.fd = mt_open(O_RDWR);
		w.deadline = mt_now() + 100000000;
		ASSERT_EQ(0, mt_attach(w.fd, self->pool.name, NULL));
		ASSERT_EQ(0, pthread_create(&thread, NULL, waits, &w));
		mt_sleep_ms(i % 40);
		close(w.fd);
		EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, self->pool.name));
		if (i % 2)
			mt_release_one(self->client.fd, leases[0].handle);
		pthread_join(thread, NULL);
		/* The close may have been first. */
		EXPECT_TRUE(w.result == 1 || w.result == -ETIMEDOUT ||
			    w.result == -EBADF);
		for (; nr > (int)i % 2; nr--)
			ASSERT_EQ(0, mt_release_one(self->client.fd,
						    leases[nr - 1].handle));

		/* Reused, foreign and doubly released handles. */
		ASSERT_EQ(0, mt_client_open(&other, self->pool.name));
		ASSERT_EQ(2, mt_lease(self->client.fd, 1, 2, mine));
		EXPECT_EQ(-ENOENT, mt_release_one(other.fd, mine[0].handle));
		ASSERT_EQ(0, mt_release_one(self->client.fd, mine[0].handle));
		EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
						  mine[0].handle));
		ASSERT_EQ(1, mt_lease(self->client.fd, 1, 1, leases));
		EXPECT_EQ(mine[0].offset, leases[0].offset);
		EXPECT_NE(mine[0].handle, leases[0].handle);
		EXPECT_EQ(-ESTALE, mt_release_one(self->client.fd,
						  mine[0].handle));
		EXPECT_EQ(0, mt_poke(self->client.win + leases[0].offset, 1));
		EXPECT_EQ(0, mt_release_one(self->client.fd,
					    leases[0].handle));
		EXPECT_EQ(0, mt_release_one(self->client.fd, mine[1].handle));

		/* poll() against close: it answers, whatever it says. */
		EXPECT_LE(0, mt_poll(other.fd, POLLIN | POLLOUT, 1));
		mt_client_close(&other);
		EXPECT_EQ(POLLNVAL, mt_poll(w.fd, POLLIN | POLLOUT, 0));

		/* In flight, its sender dead; then not even in flight. */
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(send_and_die(self->pool.name, sockets[0]));
		EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
		EXPECT_EQ(EACH, leased(&self->pool));
		EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, self->pool.name));
		close(sockets[0]);
		close(sockets[1]);
		EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 1));
	}
}

/* What a namer found: it may be too late, or have nothing to revoke. */
static bool as_it_may(int err)
{
	return !err || err == -ENOENT || err == -ESRCH;
}

/* Every call that finds a pool by its name, of one that comes and goes. */
static void *calls_by_name(void *arg)
{
	struct mpool_client_entry entries[2] = {};
	struct fighter *me = arg;
	struct fight *f = me->f;
	struct mpool_pool_config cfg = {};
	struct mpool_clients clients = {
		.size = sizeof(clients),
		.count = MT_ARRAY_SIZE(entries),
		.entry_size = sizeof(entries[0]),
		.clients = (uintptr_t)entries,
	};
	struct mpool_pool_entry pools[4];
	struct mpool_pool_list list = {
		.size = sizeof(list),
		.count = MT_ARRAY_SIZE(pools),
		.entry_size = sizeof(pools[0]),
		.pools = (uintptr_t)pools,
	};
	int err = 0, fd = mt_open(O_RDWR);
	struct mpool_stats stats;
	struct mpool_lease lease;
	struct mt_client c;

	strcpy(clients.name, f->pool);
	mt_attach_flags = 0;
	while (!over(f)) {
		switch (rand_r(&me->seed) % 7) {
		case 0:
			err = mt_stats(fd, f->pool, &stats);
			break;
		case 1:
			err = mt_trim(fd, f->pool, 0, NULL);
			break;
		case 2:
			cfg.max_age_ms = 1000 + rand_r(&me->seed) % 1000;
			err = mt_config(fd, f->pool, &cfg,
					MPOOL_CONFIG_MAX_AGE_MS);
			break;
		case 3:
			clients.count = MT_ARRAY_SIZE(entries);
			err = mt_call(fd, MPOOL_IOC_CLIENTS, &clients);
			break;
		case 4:
			err = mt_revoke(fd, f->pool, entries[0].client, 0,
					NULL);
			break;
		case 5:
			list.count = MT_ARRAY_SIZE(pools);
			err = mt_call(fd, MPOOL_IOC_POOL_LIST, &list);
			break;
		case 6:
			err = mt_client_open(&c, f->pool);
			if (err)
				break;
			if (mt_lease(c.fd, MT_PAGE, 1, &lease) == 1)
				look(f, c.win + lease.offset);
			mt_client_close(&c);
			break;
		}
		if (!as_it_may(err)) {
			printf("# %d\n", err);
			add(&f->bad_calls);
		}
		f->rounds[me->nr]++;
		/* While there is always one of them, it cannot end. */
		usleep(rand_r(&me->seed) % 2000);
	}
	close(fd);
	return NULL;
}

/* It ends as soon as nobody looks; who leased may have been revoked. */
static void *comes_and_goes(void *arg)
{
	struct fighter *me = arg;
	struct fight *f = me->f;
	struct mpool_lease leases[EACH];
	int i, nr, err, fd = mt_open(O_RDWR);
	struct mt_client c;
	__u64 end;

	mt_attach_flags = 0;
	while (!over(f)) {
		if (mt_create(fd, f->pool, NULL)) {
			add(&f->bad_calls);
			break;
		}
		if (!mt_client_open(&c, f->pool)) {
			nr = mt_lease(c.fd, MT_PAGE, EACH, leases);
			for (i = 0; i < nr; i++)
				mt_poke(c.win + leases[i].offset, 1);
			mt_client_close(&c);
		}
		/* Others look only in passing, but may be put to sleep there. */
		end = mt_now() + 20 * SECOND;
		while ((err = mt_destroy(fd, f->pool)) == -EBUSY &&
		       mt_now() < end)
			sched_yield();
		if (err)
			add(&f->bad_calls);
		f->rounds[me->nr]++;
	}
	close(fd);
	return NULL;
}

TEST_F_TIMEOUT(attack, 11_names_against_destruction, ATTACK_TIMEOUT)
{
	struct fight f = {
		.pool = "named",
		.end = mt_now() + attack_form(10, 300) * SECOND,
	};
	struct fighter fighters[3];
	pthread_t threads[3];
	unsigned int i;

	for (i = 0; i < MT_ARRAY_SIZE(threads); i++) {
		fighters[i] = (struct fighter){ &f, i, i };
		ASSERT_EQ(0, pthread_create(threads + i, NULL, i ? calls_by_name :
					    comes_and_goes, fighters + i));
	}
	for (i = 0; i < MT_ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	printf("# %lu pools, %lu and %lu calls\n", f.rounds[0], f.rounds[1],
	       f.rounds[2]);
	EXPECT_LT(1, f.rounds[0]);
	EXPECT_EQ(0, f.foreign);
	EXPECT_EQ(0, f.bad_calls);
	EXPECT_EQ(-ENOENT, mt_destroy(self->pool.fd, f.pool));
}

TEST_HARNESS_MAIN
