// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks while a thread is held on its way, see mpool/hold.c: a fault between
 * the look-up of its lease and the entry in the page table, while the lease
 * ends; a pool's destruction between the look whether it is idle and its end; a
 * pool's making, while others want what they have a right to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "file.h"

#define PARAMETERS	"/sys/module/mpool/parameters/"
#define POINT_NONE	"0"
#define POINT_FOUND	"1"
#define POINT_CHECKED	"2"
#define POINT_IDLE	"3"
#define POINT_MAKING	"4"

/* A pool of a member of the group that may make some. */
#define MADE		"held-made"
#define ANOTHER		"held-another"
#define GROUP		990

FIXTURE(attack)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = { .max = { 4, 4, 4 } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
}

static int hold(const char *point)
{
	return mt_write(point, PARAMETERS "hold");
}

static int await_held(int wanted)
{
	unsigned int i;
	char text[16];
	int fd;

	for (i = 0; i < 30000; i++) {
		memset(text, 0, sizeof(text));
		fd = open(PARAMETERS "held", O_RDONLY);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
			return -errno;
		close(fd);
		if (atoi(text) == wanted)
			return 0;
		mt_sleep_ms(1);
	}
	return -ETIMEDOUT;
}

FIXTURE_TEARDOWN(attack)
{
	hold(POINT_NONE);
	/* Of a test that failed some are under way still. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	mt_destroy(self->pool.fd, MADE);
	mt_destroy(self->pool.fd, ANOTHER);
	mt_write("-1", PARAMETERS "create_gid");
	mt_write("16", PARAMETERS "create_max_pools");
	EXPECT_EQ(0, mt_public_device(false));
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

struct access {
	char *at;
	int result;
};

static void *touch(void *arg)
{
	struct access *a = arg;

	a->result = mt_poke(a->at, 0x66);
	return NULL;
}

/*
 * Begins when told: no thread is made while a fault holds mmap_lock.  Without a
 * pool it is a release, else it is revoked.
 */
struct ending {
	int fd;
	const char *pool;
	__u64 client;
	__u64 handle;
	int result;
	bool go;
	bool done;
};

static void *end_lease(void *arg)
{
	struct ending *e = arg;

	while (!__atomic_load_n(&e->go, __ATOMIC_ACQUIRE))
		mt_sleep_ms(1);
	if (e->pool)
		e->result = mt_revoke(e->fd, e->pool, e->client, e->handle,
				      NULL);
	else
		e->result = mt_release_one(e->fd, e->handle);
	__atomic_store_n(&e->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* All that the pool has, by another client: nothing of the first one's. */
static int others_are_clean(struct mt_client *other, __u64 size)
{
	struct mpool_lease leases[4];
	int i, bad = 0, nr;

	nr = mt_lease_wait(other->fd, MPOOL_LEASE_ALL, size, 4,
			   mt_now() + 20000000000ULL, leases);
	if (nr != 4)
		return -EAGAIN;
	for (i = 0; i < nr; i++)
		bad += !mt_all(other->win + leases[i].offset, 0, size);
	mt_release_leases(other->fd, leases, nr);
	return bad;
}

TEST_F_TIMEOUT(attack, 26_fault_held_while_the_lease_ends, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(3, 300);
	struct mt_client *c = &self->client;
	pthread_t toucher, ender;
	struct mpool_lease lease;
	struct access a;
	struct ending e;
	unsigned long i;
	__u64 size;

	if (access(PARAMETERS "hold", W_OK))
		SKIP(return, "this kernel was not made to be failed");
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		/* A page, split pages, a compound page; the last one of each */
		size = MT_PAGE << i % 3;
		if (i % 3 == 1)
			size += MT_PAGE;

		/* It has found its lease, and comes too late. */
		ASSERT_EQ(1, mt_lease(c->fd, size, 1, &lease));
		a = (struct access){ c->win + lease.offset + size - 1, -1 };
		ASSERT_EQ(0, hold(POINT_FOUND));
		ASSERT_EQ(0, pthread_create(&toucher, NULL, touch, &a));
		ASSERT_EQ(0, await_held(1));
		/* The release waits for nobody who has not the page lock. */
		ASSERT_EQ(0, mt_release_one(c->fd, lease.handle));
		ASSERT_EQ(0, hold(POINT_NONE));
		pthread_join(toucher, NULL);
		EXPECT_EQ(SIGBUS, a.result);
		EXPECT_EQ(SIGBUS, mt_poke(a.at, 0x66));
		EXPECT_EQ(0, others_are_clean(&self->other, size));

		/* The same, and the place is let again meanwhile. */
		ASSERT_EQ(1, mt_lease(c->fd, size, 1, &lease));
		a.at = c->win + lease.offset + size - 1;
		ASSERT_EQ(0, hold(POINT_FOUND));
		ASSERT_EQ(0, pthread_create(&toucher, NULL, touch, &a));
		ASSERT_EQ(0, await_held(1));
		ASSERT_EQ(0, mt_release_one(c->fd, lease.handle));
		ASSERT_EQ(1, mt_lease(c->fd, size, 1, &lease));
		EXPECT_EQ(a.at, c->win + lease.offset + size - 1);
		ASSERT_EQ(0, hold(POINT_NONE));
		pthread_join(toucher, NULL);
		/* It may fault again and find what stands there now. */
		EXPECT_TRUE(!a.result || a.result == SIGBUS);
		EXPECT_EQ(0, mt_poke(a.at, 0x67));
		ASSERT_EQ(0, mt_release_one(c->fd, lease.handle));
		EXPECT_EQ(SIGBUS, mt_poke(a.at, 0x66));
		EXPECT_EQ(0, others_are_clean(&self->other, size));

		/* It is about to map the page: the release has to wait. */
		ASSERT_EQ(1, mt_lease(c->fd, size, 1, &lease));
		a.at = c->win + lease.offset + size - 1;
		e = (struct ending){ .fd = c->fd, .handle = lease.handle };
		ASSERT_EQ(0, pthread_create(&ender, NULL, end_lease, &e));
		ASSERT_EQ(0, hold(POINT_CHECKED));
		ASSERT_EQ(0, pthread_create(&toucher, NULL, touch, &a));
		ASSERT_EQ(0, await_held(1));
		__atomic_store_n(&e.go, true, __ATOMIC_RELEASE);
		mt_sleep_ms(100);
		EXPECT_FALSE(__atomic_load_n(&e.done, __ATOMIC_ACQUIRE));
		ASSERT_EQ(0, hold(POINT_NONE));
		pthread_join(toucher, NULL);
		pthread_join(ender, NULL);
		EXPECT_EQ(0, e.result);
		EXPECT_EQ(SIGBUS, mt_poke(a.at, 0x66));
		EXPECT_EQ(0, others_are_clean(&self->other, size));
	}
}

/* The same by REVOKE, of one lease and of all, from who keeps what he can. */
TEST_F_TIMEOUT(attack, 26_fault_held_while_the_lease_is_revoked, ATTACK_TIMEOUT)
{
	/* A piece, a page, split pages, a compound page */
	static const __u64 sizes[] = { 64, MT_PAGE, 3 * MT_PAGE, 4 * MT_PAGE };
	const unsigned long rounds = attack_form(8, 400);
	pthread_t toucher, ender;
	struct mpool_lease lease;
	struct mt_client keeper;
	struct access a;
	struct ending e;
	unsigned long i;
	__u64 size;

	if (access(PARAMETERS "hold", W_OK))
		SKIP(return, "this kernel was not made to be failed");
	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_client_open(&keeper, self->pool.name));
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		size = sizes[i % 4];

		/* It has found its lease, and comes too late. */
		ASSERT_EQ(1, mt_lease(keeper.fd, size, 1, &lease));
		e = (struct ending){
			.fd = self->pool.fd,
			.pool = self->pool.name,
			.client = mt_client_id(self->pool.name, lease.handle),
			.handle = i / 4 % 2 ? 0 : lease.handle,
			.go = true,
		};
		a = (struct access){ keeper.win + lease.offset + size - 1, -1 };
		ASSERT_EQ(0, hold(POINT_FOUND));
		ASSERT_EQ(0, pthread_create(&toucher, NULL, touch, &a));
		ASSERT_EQ(0, await_held(1));
		end_lease(&e);
		EXPECT_EQ(0, e.result);
		ASSERT_EQ(0, hold(POINT_NONE));
		pthread_join(toucher, NULL);
		EXPECT_EQ(SIGBUS, a.result);
		EXPECT_EQ(SIGBUS, mt_poke(a.at, 0x66));
		EXPECT_EQ(-EKEYREVOKED, mt_release_one(keeper.fd,
						       lease.handle));
		EXPECT_EQ(0, others_are_clean(&self->other,
					      size < MT_PAGE ? MT_PAGE : size));

		/* It is about to map the page: revoking has to wait. */
		ASSERT_EQ(1, mt_lease(keeper.fd, size, 1, &lease));
		a.at = keeper.win + lease.offset + size - 1;
		e.handle = e.handle ? lease.handle : 0;
		e.go = false;
		e.done = false;
		ASSERT_EQ(0, pthread_create(&ender, NULL, end_lease, &e));
		ASSERT_EQ(0, hold(POINT_CHECKED));
		ASSERT_EQ(0, pthread_create(&toucher, NULL, touch, &a));
		ASSERT_EQ(0, await_held(1));
		__atomic_store_n(&e.go, true, __ATOMIC_RELEASE);
		mt_sleep_ms(100);
		EXPECT_FALSE(__atomic_load_n(&e.done, __ATOMIC_ACQUIRE));
		ASSERT_EQ(0, hold(POINT_NONE));
		pthread_join(toucher, NULL);
		pthread_join(ender, NULL);
		EXPECT_EQ(0, e.result);
		EXPECT_EQ(SIGBUS, mt_poke(a.at, 0x66));
		EXPECT_EQ(0, others_are_clean(&self->other,
					      size < MT_PAGE ? MT_PAGE : size));
	}
	mt_client_close(&keeper);
}

/* Killed where it is held: nothing is left of it. */
TEST_F_TIMEOUT(attack, 26_fault_killed_while_held, ATTACK_TIMEOUT)
{
	static const char *const points[] = { POINT_FOUND, POINT_CHECKED };
	struct mpool_lease lease;
	struct mt_client client;
	unsigned int i;
	int pid;

	if (access(PARAMETERS "hold", W_OK))
		SKIP(return, "this kernel was not made to be failed");
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, hold(points[i]));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (!mt_client_open(&client, self->pool.name) &&
			    mt_lease(client.fd, 1, 1, &lease) == 1)
				mt_poke(client.win + lease.offset, 1);
			_exit(1);
		}
		ASSERT_EQ(0, await_held(1));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
		EXPECT_EQ(0, await_held(0));
		ASSERT_EQ(0, hold(POINT_NONE));
		EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 2));
	}
}

static int become_member(void)
{
	gid_t gid = GROUP;

	return setgroups(1, &gid) || setgid(MT_NOBODY) || setuid(MT_NOBODY);
}

static int make_named(const char *name, void *cfg)
{
	int fd;

	if (become_member())
		return 255;
	fd = mt_open(O_RDWR);
	return fd < 0 ? 254 : -mt_create(fd, name, cfg);
}

static int make_pool(void *cfg)
{
	return make_named(MADE, cfg);
}

static int end_pool(void *arg)
{
	int fd;

	(void)arg;
	if (mt_become_nobody())
		return 255;
	fd = mt_open(O_RDWR);
	return fd < 0 ? 254 : -mt_destroy(fd, MADE);
}

/* Its first page. */
static int pin(struct mt_client *client, int to)
{
	struct mpool_lease lease;
	struct iovec iov = { .iov_len = MT_PAGE };

	if (mt_lease(client->fd, MT_PAGE, 1, &lease) != 1)
		return -ENODATA;
	iov.iov_base = client->win + lease.offset;
	memset(iov.iov_base, 0x5a, MT_PAGE);
	return vmsplice(to, &iov, 1, 0) == MT_PAGE ? 0 : -errno;
}

/*
 * Who ends his pool may not leave memory to a pin: also when one comes after the
 * look for pins, and his client stays, or has left again.
 */
TEST_F_TIMEOUT(attack, 15_pinned_while_the_pool_ends, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(2, 100);
	struct mt_client client;
	char page[MT_PAGE];
	unsigned long i;
	int pipes[2];
	int pid;

	if (access(PARAMETERS "hold", W_OK))
		SKIP(return, "this kernel was not made to be failed");
	ASSERT_EQ(0, pipe2(pipes, O_NONBLOCK));
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_EQ(0, mt_write("990", PARAMETERS "create_gid"));
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		ASSERT_EQ(0, mt_in_child(make_pool, NULL));
		ASSERT_EQ(0, hold(POINT_IDLE));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(end_pool(NULL));
		ASSERT_EQ(0, await_held(1));
		ASSERT_EQ(0, mt_client_open(&client, MADE));
		ASSERT_EQ(0, pin(&client, pipes[1]));
		if (i % 2)
			mt_client_close(&client);
		ASSERT_EQ(0, hold(POINT_NONE));
		EXPECT_EQ(EBUSY, mt_wait(pid));
		if (i % 2 == 0)
			mt_client_close(&client);
		EXPECT_EQ(EBUSY, mt_in_child(end_pool, NULL));
		EXPECT_EQ(MT_PAGE, read(pipes[0], page, MT_PAGE));
		EXPECT_TRUE(mt_all(page, 0x5a, MT_PAGE));
		EXPECT_EQ(0, mt_in_child(end_pool, NULL));
	}
	close(pipes[0]);
	close(pipes[1]);
}

/* What somebody met who has all the locked memory that he may have. */
struct met {
	const char *pool;
	int some;
	int now;
	int soon;
	int listed;
	int stats;
	int destroyed;
};

static int meet(void *arg)
{
	const struct rlimit limit = { 2 * MT_PAGE, 2 * MT_PAGE };
	struct mpool_pool_list list = { .size = sizeof(list) };
	struct mpool_lease leases[4];
	struct mpool_stats stats;
	struct met *met = arg;
	int fd;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || become_member())
		return 255;
	fd = mt_open(O_RDWR);
	if (mt_attach(fd, met->pool, NULL))
		return 254;
	met->some = mt_lease(fd, MT_PAGE, 2, leases);
	met->now = mt_lease(fd, MT_PAGE, 1, leases);
	met->soon = mt_lease_wait(fd, 0, MT_PAGE, 1, mt_now() + 50000000,
				  leases);
	met->listed = mt_call(fd, MPOOL_IOC_POOL_LIST, &list);
	met->stats = mt_stats(fd, MADE, &stats);
	met->destroyed = mt_destroy(fd, MADE);
	return 0;
}

/* Does a child end within 20 s? */
static bool ends_soon(int pid)
{
	const __u64 end = mt_now() + 20000000000ULL;
	siginfo_t info = {};

	do {
		mt_sleep_ms(1);
		if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
			return false;
	} while (!info.si_pid && mt_now() < end);
	return info.si_pid;
}

/* Who makes a pool, for as long as he likes, keeps nobody from anything. */
TEST_F_TIMEOUT(attack, 15_leased_while_a_pool_is_made, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(2, 100);
	struct mpool_pool_config eager = { .flags = MPOOL_POOL_EAGER };
	struct mpool_pool_config public = { .mode = 0606 };
	struct met *met = mt_shared(sizeof(*met));
	int maker, pid, namesake, another;
	unsigned long i;

	if (access(PARAMETERS "hold", W_OK))
		SKIP(return, "this kernel was not made to be failed");
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_EQ(0, mt_write("990", PARAMETERS "create_gid"));
	ASSERT_EQ(0, mt_write("2", PARAMETERS "create_max_pools"));
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &public,
			       MPOOL_CONFIG_MODE));
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		*met = (struct met){ .pool = self->pool.name };
		ASSERT_EQ(0, hold(POINT_MAKING));
		maker = fork();
		ASSERT_LE(0, maker);
		if (!maker)
			_exit(make_pool(&eager));
		ASSERT_EQ(0, await_held(1));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(meet(met));
		EXPECT_TRUE(ends_soon(pid));
		/* But for who would make another, who is told when it is there. */
		namesake = fork();
		ASSERT_LE(0, namesake);
		if (!namesake)
			_exit(make_pool(NULL));
		mt_sleep_ms(100);
		EXPECT_EQ(0, waitpid(namesake, NULL, WNOHANG));
		/* While he waits he has nothing of what the group may have. */
		another = fork();
		ASSERT_LE(0, another);
		if (!another)
			_exit(make_named(ANOTHER, NULL));
		EXPECT_EQ(0, await_held(2));
		ASSERT_EQ(0, hold(POINT_NONE));
		EXPECT_EQ(0, mt_wait(maker));
		EXPECT_EQ(EEXIST, mt_wait(namesake));
		EXPECT_EQ(0, mt_wait(another));
		EXPECT_EQ(0, mt_destroy(self->pool.fd, ANOTHER));
		EXPECT_EQ(0, mt_wait(pid));
		EXPECT_EQ(2, met->some);
		EXPECT_EQ(-EDQUOT, met->now);
		EXPECT_EQ(-EDQUOT, met->soon);
		EXPECT_EQ(0, met->listed);
		EXPECT_EQ(-ENOENT, met->stats);
		EXPECT_EQ(-ENOENT, met->destroyed);
		EXPECT_EQ(0, mt_in_child(end_pool, NULL));
	}
}

/* Nothing is left of what he would have made, nor counts against his group. */
TEST_F_TIMEOUT(attack, 14_killed_while_making_a_pool, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(2, 100);
	struct mpool_pool_config eager = { .flags = MPOOL_POOL_EAGER };
	struct mpool_stats stats;
	unsigned long i;
	int pid;

	if (access(PARAMETERS "hold", W_OK))
		SKIP(return, "this kernel was not made to be failed");
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_EQ(0, mt_write("990", PARAMETERS "create_gid"));
	ASSERT_EQ(0, mt_write("1", PARAMETERS "create_max_pools"));
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		ASSERT_EQ(0, hold(POINT_MAKING));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(make_pool(&eager));
		ASSERT_EQ(0, await_held(1));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_TRUE(ends_soon(pid));
		EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
		ASSERT_EQ(0, hold(POINT_NONE));
		EXPECT_EQ(-ENOENT, mt_stats(self->pool.fd, MADE, &stats));
		EXPECT_EQ(0, mt_in_child(make_pool, &eager));
		EXPECT_EQ(0, mt_in_child(end_pool, NULL));
	}
}

TEST_HARNESS_MAIN
