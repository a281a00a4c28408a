// SPDX-License-Identifier: GPL-2.0
/*
 * Leased memory is charged to the memory cgroup of who attached, and nobody
 * else comes to use it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "cgroup.h"
#include "mpool_test.h"

#define VIEWS	"/sys/kernel/debug/mpool"

/* As a sleeping waiter would look by himself after five seconds. */
#define SOON_NS	4000000000ULL

FIXTURE(memcg)
{
	struct mt_pool pool;
	struct mt_client clients[3];
	struct mpool_lease leases[64];
	struct mpool_lease more[64];
	struct mpool_class_stats cls;
};

FIXTURE_SETUP(memcg)
{
	int i;

	for (i = 0; i < 3; i++)
		self->clients[i].fd = -1;
	ASSERT_EQ(0, set_up_pool(&self->pool));
}

FIXTURE_TEARDOWN(memcg)
{
	int i;

	for (i = 0; i < 3; i++)
		mt_client_close(&self->clients[i]);
	EXPECT_EQ(0, mt_teardown(&self->pool));
	for (i = 0; i < NR_GROUPS; i++)
		EXPECT_EQ(0, remove_group(i));
}

TEST_F(memcg, charged)
{
	struct mt_client *c = &self->clients[0];
	long before = usage(A), kernel, i;

	ASSERT_EQ(0, attach_in(c, self->pool.name, A));
	ASSERT_EQ(FEW, mt_lease(c->fd, MIB, FEW, self->leases));
	EXPECT_TRUE(near(usage(A), before + FEW * MIB));
	EXPECT_TRUE(near(usage(B), 0));
	/* Statistics lag behind. */
	for (i = 0; i < 300; i++) {
		kernel = mt_number("kernel", "%s/memory.stat", names[A]);
		if (kernel >= (long)(FEW * MIB))
			break;
		mt_sleep_ms(100);
	}
	EXPECT_LE((long)(FEW * MIB), kernel);
	/* Touched and mapped it is no more. */
	for (i = 0; i < FEW; i++)
		memset(c->win + self->leases[i].offset, 1, MIB);
	EXPECT_TRUE(near(usage(A), before + FEW * MIB));
	/* Idle it is the cgroup's still; what is trimmed is nobody's. */
	ASSERT_EQ(0, mt_release_leases(c->fd, self->leases, FEW));
	EXPECT_TRUE(near(usage(A), before + FEW * MIB));
	ASSERT_EQ(0, mt_trim(c->fd, "", 0, NULL));
	EXPECT_TRUE(near(usage(A), before));
	/* With the client all of it goes, without anybody's asking. */
	ASSERT_EQ(FEW, mt_lease(c->fd, MIB, FEW, self->leases));
	ASSERT_EQ(0, mt_release_leases(c->fd, self->leases, FEW / 2));
	EXPECT_TRUE(near(usage(A), before + FEW * MIB));
	mt_client_close(c);
	for (i = 0; i < 1500 && usage(A) > before + (long)SLACK; i++)
		mt_sleep_ms(20);
	EXPECT_TRUE(near(usage(A), before));
}

/* It is the cgroup at the time of ATTACH, whatever becomes of the process. */
TEST_F(memcg, of_who_attached)
{
	struct mt_client *c = &self->clients[0];
	long before = usage(A), other = usage(B);

	ASSERT_EQ(0, attach_in(c, self->pool.name, A));
	ASSERT_EQ(0, enter(B));
	EXPECT_EQ(4, mt_lease(c->fd, MIB, 4, self->leases));
	ASSERT_EQ(0, enter(NOWHERE));
	EXPECT_EQ(4, mt_lease(c->fd, MIB, 4, self->more));
	EXPECT_TRUE(near(usage(A), before + 8 * MIB));
	EXPECT_TRUE(near(usage(B), other));
}

static int shown(const char *pool, const char *group, unsigned long *buffers)
{
	char path[128], line[512], name[256];
	unsigned long ino, clients;
	struct stat st;
	int found = 0;
	FILE *f;

	if (stat(group, &st))
		return -errno;
	snprintf(path, sizeof(path), VIEWS "/%s/payers", pool);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lu %lu %lu %*u %*u %*u %*u %255s", &ino,
			   &clients, buffers, name) != 4 || ino != st.st_ino)
			continue;
		found += clients;
		if (strcmp(name, group + strlen(ROOT)))
			found = -1;
		break;
	}
	fclose(f);
	return found;
}

TEST_F(memcg, shown)
{
	unsigned long nr = 0;

	ASSERT_EQ(0, attach_in(&self->clients[0], self->pool.name, A));
	ASSERT_EQ(0, attach_in(&self->clients[1], self->pool.name, A));
	ASSERT_EQ(0, attach_in(&self->clients[2], self->pool.name, NOWHERE));
	EXPECT_EQ(3, mt_lease(self->clients[0].fd, MIB, 3, self->leases));
	EXPECT_EQ(2, mt_lease(self->clients[1].fd, MT_PAGE, 2, self->leases));
	EXPECT_EQ(2, mt_lease(self->clients[2].fd, MT_PAGE, 2, self->leases));
	EXPECT_EQ(2, shown(self->pool.name, names[A], &nr));
	EXPECT_EQ(5, nr);
	EXPECT_EQ(0, shown(self->pool.name, names[B], &nr));
	mt_client_close(&self->clients[0]);
	EXPECT_EQ(1, shown(self->pool.name, names[A], &nr));
	mt_client_close(&self->clients[1]);
	EXPECT_EQ(0, shown(self->pool.name, names[A], &nr));
}

/* Below the limits nobody touches what another cgroup has idle. */
TEST_F(memcg, apart)
{
	int i, from, to;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, attach_in(&self->clients[i], self->pool.name, i));
	for (i = 0; i < 6; i++) {
		from = self->clients[i % 3].fd;
		to = self->clients[(i % 3 + 1 + i / 3) % 3].fd;
		ASSERT_EQ(4, mt_lease(from, MIB, 4, self->leases));
		ASSERT_EQ(0, mt_release_leases(from, self->leases, 4));
		ASSERT_EQ(0, mt_await_clean(from, ""));
		ASSERT_EQ(0, mt_class(from, "", MIB, &self->cls));
		EXPECT_EQ(4, self->cls.clean);
		EXPECT_EQ(4, mt_lease(to, MIB, 4, self->more));
		ASSERT_EQ(0, mt_class(from, "", MIB, &self->cls));
		EXPECT_EQ(4, self->cls.clean);
		EXPECT_EQ(8, self->cls.backed);
		EXPECT_EQ(8U * (i + 1), self->cls.grown);
		ASSERT_EQ(0, mt_release_leases(to, self->more, 4));
		ASSERT_EQ(0, mt_trim(to, "", 0, NULL));
	}
}

/* At the limit it is given back, and what is leased is new. */
TEST_F(memcg, at_the_limit)
{
	long before[NR_GROUPS] = { usage(A), usage(B) };
	int i, from, to;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, attach_in(&self->clients[i], self->pool.name, i));
	from = self->clients[A].fd;
	to = self->clients[B].fd;
	ASSERT_EQ(FEW, mt_lease(from, MIB, FEW, self->leases));
	EXPECT_EQ(-EAGAIN, mt_lease(to, MIB, 1, self->more));
	ASSERT_EQ(0, mt_release_leases(from, self->leases, FEW));
	EXPECT_EQ(6, mt_lease(to, MIB, 6, self->more));
	ASSERT_EQ(0, mt_class(from, "", MIB, &self->cls));
	EXPECT_EQ(FEW + 6, self->cls.grown);
	EXPECT_EQ(6, self->cls.shrunk);
	EXPECT_EQ(FEW, self->cls.backed);
	EXPECT_TRUE(near(usage(A), before[A] + 2 * MIB));
	EXPECT_TRUE(near(usage(B), before[B] + 6 * MIB));
	/* By who is in the root cgroup likewise, and from him. */
	EXPECT_EQ(2, mt_lease(self->clients[NOWHERE].fd, MIB, 4, self->leases));
	EXPECT_TRUE(near(usage(A), before[A]));
	ASSERT_EQ(0, mt_class(from, "", MIB, &self->cls));
	EXPECT_EQ(FEW + 8, self->cls.grown);
	ASSERT_EQ(0, mt_release_leases(self->clients[NOWHERE].fd, self->leases,
				       2));
	EXPECT_EQ(2, mt_lease_wait(from, MPOOL_LEASE_ALL, MIB, 2, 0,
				   self->leases));
	EXPECT_TRUE(near(usage(A), before[A] + 2 * MIB));
}

struct waiter {
	pthread_t thread;
	int fd;
	int tid;
	int got;
	__u64 woken;
};

static void *wait_for_one(void *arg)
{
	struct waiter *w = arg;
	struct mpool_lease lease;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	w->got = mt_lease_wait(w->fd, 0, MIB, 1, mt_now() + 60000000000ULL,
			       &lease);
	w->woken = mt_now();
	return NULL;
}

/* In the queue, with its call begun anew or not, where signals come. */
static int begin(struct waiter *w)
{
	return mt_start_asleep(&w->thread, wait_for_one, w, &w->tid);
}

/* What it got, if that was by a wake-up. */
static int end(struct waiter *w, __u64 since)
{
	pthread_join(w->thread, NULL);
	return w->woken - since < SOON_NS ? w->got : -ETIME;
}

/* What comes to be idle in one cgroup is the place of who waits in another. */
TEST_F(memcg, waited_for)
{
	struct waiter w = {};
	int i, from, to, keep;
	__u64 since;

	for (i = 0; i < 12; i++) {
		keep = i / 6;
		mt_attach_flags = keep ? 0 : MPOOL_ATTACH_STRICT;
		from = i % 3;
		to = (from + 1 + i / 3 % 2) % 3;
		ASSERT_EQ(0, attach_in(&self->clients[0], self->pool.name,
				       from));
		ASSERT_EQ(0, attach_in(&self->clients[1], self->pool.name, to));
		ASSERT_EQ(FEW, mt_lease(self->clients[0].fd, MIB, FEW,
					self->leases));
		w.fd = self->clients[1].fd;
		ASSERT_EQ(0, begin(&w));
		since = mt_now();
		ASSERT_EQ(0, mt_release_one(self->clients[0].fd,
					    self->leases[0].handle));
		EXPECT_EQ(1, end(&w, since));
		mt_client_close(&self->clients[0]);
		mt_client_close(&self->clients[1]);
		EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));
	}
	mt_attach_flags = MPOOL_ATTACH_STRICT;
}

/* A client that goes leaves its place to who waits. */
TEST_F(memcg, waited_for_the_last_close)
{
	struct waiter w = {};
	__u64 since;

	ASSERT_EQ(0, attach_in(&self->clients[0], self->pool.name, A));
	ASSERT_EQ(0, attach_in(&self->clients[1], self->pool.name, B));
	ASSERT_EQ(FEW, mt_lease(self->clients[0].fd, MIB, FEW, self->leases));
	w.fd = self->clients[1].fd;
	ASSERT_EQ(0, begin(&w));
	since = mt_now();
	mt_client_close(&self->clients[0]);
	EXPECT_EQ(1, end(&w, since));
}

/* A cgroup's limit refuses the lease, and kills nobody. */
TEST_F(memcg, limited)
{
	struct mpool_pool_config cfg = { .max = { 64, 64, 64 } };
	struct mt_client *c = &self->clients[0], *other = &self->clients[1];
	int got;

	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_LARGE));
	ASSERT_EQ(0, mt_write("16777216", "%s/memory.max", names[A]));
	ASSERT_EQ(0, attach_in(c, self->pool.name, A));
	ASSERT_EQ(0, attach_in(other, self->pool.name, NOWHERE));
	got = mt_lease(c->fd, MIB, 32, self->leases);
	EXPECT_LE(10, got);
	EXPECT_GE(16, got);
	EXPECT_EQ(-ENOMEM, mt_lease(c->fd, MIB, 1, self->more));
	/* Nor does it wait for what others may give back. */
	EXPECT_EQ(-ENOMEM, mt_lease_wait(c->fd, 0, MIB, 1, MPOOL_FOREVER,
					 self->more));
	EXPECT_EQ(0, mt_number("oom_kill", "%s/memory.events", names[A]));
	EXPECT_LT(0, mt_number("max", "%s/memory.events", names[A]));
	EXPECT_GE(16 * (long)MIB, usage(A));
	EXPECT_EQ(20, mt_lease(other->fd, MIB, 20, self->more));
	/* What the cgroup itself has idle makes room, of another size, too. */
	ASSERT_EQ(0, mt_release_leases(c->fd, self->leases, got));
	EXPECT_EQ(4, mt_lease_wait(c->fd, MPOOL_LEASE_ALL, 2 * MIB, 4, 0,
				   self->leases));
	EXPECT_EQ(0, mt_number("oom_kill", "%s/memory.events", names[A]));
}

/* Sleeps in a cgroup, for whoever looks for somebody to kill. */
static int bystand(void *arg)
{
	int *there = arg;

	if (enter(A))
		return 1;
	__atomic_store_n(there, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* Of pages, which are worth a process to the system otherwise. */
TEST_F(memcg, limited_pages)
{
	struct mpool_pool_config cfg = { .max = { 64, 4096, 64 } };
	struct mt_client *c = &self->clients[0];
	int *there = mt_shared(sizeof(*there));
	int pid, got, all = 0;

	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_MEDIUM));
	ASSERT_EQ(0, attach_in(c, self->pool.name, A));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(bystand(there));
	while (!__atomic_load_n(there, __ATOMIC_ACQUIRE))
		mt_sleep_ms(1);
	ASSERT_EQ(0, mt_write("8388608", "%s/memory.max", names[A]));
	do {
		got = mt_lease(c->fd, MT_PAGE, 64, self->leases);
		if (got > 0)
			all += got;
	} while (got > 0);
	EXPECT_EQ(-ENOMEM, got);
	EXPECT_LT(1024, all);
	EXPECT_GE(2048, all);
	EXPECT_EQ(0, mt_number("oom", "%s/memory.events", names[A]));
	EXPECT_EQ(0, mt_number("oom_kill", "%s/memory.events", names[A]));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
}

/* As above, of what a client keeps. */
TEST_F(memcg, limited_kept)
{
	struct mpool_pool_config cfg = { .max = { 64, 64, 64 } };
	struct mt_client *c = &self->clients[0], *other = &self->clients[1];
	int got;

	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_LARGE));
	ASSERT_EQ(0, mt_write("16777216", "%s/memory.max", names[A]));
	mt_attach_flags = 0;
	ASSERT_EQ(0, attach_in(c, self->pool.name, A));
	ASSERT_EQ(0, attach_in(other, self->pool.name, A));
	got = mt_lease(c->fd, MIB, 32, self->leases);
	ASSERT_LE(10, got);
	ASSERT_EQ(0, mt_release_leases(c->fd, self->leases, got));
	EXPECT_EQ(4, mt_lease_wait(other->fd, MPOOL_LEASE_ALL, 2 * MIB, 4, 0,
				   self->leases));
	mt_attach_flags = MPOOL_ATTACH_STRICT;
}

/* Who is refused by his cgroup does not stand in the way of others. */
TEST_F(memcg, refused_in_the_queue)
{
	struct waiter w[2] = {};
	__u64 since;
	int got, i;

	ASSERT_EQ(0, attach_in(&self->clients[0], self->pool.name, NOWHERE));
	ASSERT_EQ(0, attach_in(&self->clients[1], self->pool.name, A));
	ASSERT_EQ(0, attach_in(&self->clients[2], self->pool.name, B));
	got = mt_lease(self->clients[0].fd, MIB, FEW, self->leases);
	ASSERT_EQ(FEW, got);
	for (i = 0; i < 2; i++) {
		w[i].fd = self->clients[i + 1].fd;
		ASSERT_EQ(0, begin(&w[i]));
	}
	since = mt_now();
	ASSERT_EQ(0, mt_write("65536", "%s/memory.max", names[A]));
	/* Two, in case that a signal has sent the first one to the end. */
	ASSERT_EQ(0, mt_release_leases(self->clients[0].fd, self->leases, 2));
	EXPECT_EQ(-ENOMEM, end(&w[0], since));
	EXPECT_EQ(1, end(&w[1], since));
}

TEST_HARNESS_MAIN
