// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups that come and go while their clients lease, and after.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "cgroup.h"
#include "mpool_test.h"

FIXTURE(groups)
{
	struct mt_pool pool;
};

FIXTURE_SETUP(groups)
{
	ASSERT_EQ(0, set_up_pool(&self->pool));
}

FIXTURE_TEARDOWN(groups)
{
	int i;

	EXPECT_EQ(0, mt_teardown(&self->pool));
	for (i = 0; i < NR_GROUPS; i++)
		EXPECT_EQ(0, remove_group(i));
}

struct remover {
	const char *pool;
	int fd;
	int pipe[2];
};

/* Leases, pins and releases for a cgroup, by a file that its parent has. */
static int use_and_go(void *arg)
{
	struct remover *r = arg;
	struct mpool_lease leases[FEW];
	struct mpool_attach attach = {};
	struct iovec iov = { NULL, MT_PAGE };
	char *win;

	if (enter(A) || mt_attach(r->fd, r->pool, &attach))
		return 1;
	win = mmap(NULL, attach.window_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   r->fd, 0);
	if (win == MAP_FAILED || mt_lease(r->fd, MIB, FEW, leases) != FEW)
		return 2;
	iov.iov_base = win + leases[0].offset;
	memset(iov.iov_base, 0x5a, MT_PAGE);
	if (vmsplice(r->pipe[1], &iov, 1, 0) != MT_PAGE)
		return 3;
	return mt_release_leases(r->fd, leases, FEW / 2) ? 4 : 0;
}

static long dying(void)
{
	return mt_number("nr_dying_descendants", ROOT "/cgroup.stat");
}

/*
 * What a CPU keeps of a group's charges, and of its pages on their way to the lists
 * of the LRU, holds that group until it keeps others in their place, or unmaps.  An
 * idle one does neither, so that it could be for ever.
 */
static void charge_on_all_cpus(void)
{
	cpu_set_t all, one;
	int cpu;
	char *p;

	if (sched_getaffinity(0, sizeof(all), &all) || enter(B))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!CPU_ISSET(cpu, &all) ||
		    sched_setaffinity(0, sizeof(one), &one))
			continue;
		p = mmap(NULL, MT_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			continue;
		*p = 1;
		munmap(p, MT_PAGE);
	}
	sched_setaffinity(0, sizeof(all), &all);
	enter(NOWHERE);
}

static long await_dying(long wanted)
{
	long now = dying();
	int i;

	for (i = 0; i < 300 && now > wanted; i++) {
		mt_sleep_ms(50);
		if (i % 20 == 19)
			charge_on_all_cpus();
		now = dying();
	}
	return now;
}

/* A worker may have one in its hands when its payer goes. */
static int await_backed(int fd, const char *pool, __u64 backed)
{
	struct mpool_stats stats;
	int i, err;

	for (i = 0; i < 3000; i++) {
		err = mt_stats(fd, pool, &stats);
		if (err || stats.total.backed == backed)
			return err;
		mt_sleep_ms(10);
	}
	return -ETIMEDOUT;
}

TEST_F(groups, removed)
{
	struct remover r = { .pool = self->pool.name };
	struct mpool_stats stats;
	char page[MT_PAGE];
	long before;

	before = await_dying(0);
	r.fd = mt_open(O_RDWR);
	ASSERT_LE(0, r.fd);
	ASSERT_EQ(0, pipe(r.pipe));
	ASSERT_EQ(0, mt_in_child(use_and_go, &r));
	/*
	 * Its client has it, and nothing else.  Groups of other tests, which
	 * were counted before, may have come to their end meanwhile.
	 */
	ASSERT_EQ(0, remove_group(A));
	EXPECT_GE(before + 1, await_dying(before + 1));
	mt_sleep_ms(500);
	EXPECT_LE(1, dying());
	close(r.fd);
	EXPECT_GE(before, await_dying(before));
	/* What is pinned is nobody's, and goes when the pin goes. */
	EXPECT_EQ(0, await_backed(self->pool.fd, self->pool.name, 1));
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(1, stats.total.quarantined);
	EXPECT_EQ(MT_PAGE, read(r.pipe[0], page, MT_PAGE));
	EXPECT_TRUE(mt_all(page, 0x5a, MT_PAGE));
	EXPECT_EQ(0, mt_await_quarantine(self->pool.fd, self->pool.name, 0));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));
	EXPECT_EQ(0, await_backed(self->pool.fd, self->pool.name, 0));
	close(r.pipe[0]);
	close(r.pipe[1]);
	ASSERT_EQ(0, mkdir(names[A], 0755));
}

struct racer {
	pthread_t thread;
	const char *pool;
	int id;
	__u64 end;
	unsigned long cycles;
	unsigned long wrong;
};

/* Come, lease, wait and go, as others do from other cgroups. */
static void *race(void *arg)
{
	struct racer *r = arg;
	struct mpool_lease leases[4];
	unsigned int seed = r->id;
	struct mt_client c;
	int i, j, nr;
	char *p;

	mt_attach_flags = r->id & 1 ? MPOOL_ATTACH_STRICT : 0;
	while (mt_now() < r->end || !r->cycles) {
		if (mt_client_open(&c, r->pool)) {
			r->wrong++;
			break;
		}
		for (i = 0; i < 8; i++) {
			nr = mt_lease_wait(c.fd, 0,
					   MT_PAGE << rand_r(&seed) % 3,
					   1 + rand_r(&seed) % 4,
					   mt_now() + 20000000, leases);
			for (j = 0; j < nr; j++) {
				p = c.win + leases[j].offset;
				if (*p && *p != r->id)
					r->wrong++;
				*p = r->id;
			}
			if (nr <= 0)
				continue;
			r->wrong += !!mt_release_leases(c.fd, leases, nr);
			r->cycles++;
		}
		mt_client_close(&c);
	}
	return NULL;
}

static int race_in(int group, struct racer *racers)
{
	int i, bad = 0;

	if (enter(group))
		return 1;
	for (i = 0; i < 2; i++)
		bad |= pthread_create(&racers[i].thread, NULL, race,
				      &racers[i]);
	for (i = 0; i < 2; i++)
		pthread_join(racers[i].thread, NULL);
	return bad;
}

TEST_F(groups, race)
{
	struct racer *racers = mt_shared(6 * sizeof(*racers));
	int i, pids[3];

	for (i = 0; i < 6; i++)
		racers[i] = (struct racer){
			.pool = self->pool.name,
			.id = i + 1,
			.end = mt_now() + 2000000000ULL,
		};
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(race_in(i, &racers[2 * i]));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, mt_wait(pids[i]));
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(0, racers[i].wrong);
		EXPECT_LT(0, racers[i].cycles);
	}
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));
	EXPECT_TRUE(near(usage(A), 0));
	EXPECT_TRUE(near(usage(B), 0));
}

TEST_HARNESS_MAIN
