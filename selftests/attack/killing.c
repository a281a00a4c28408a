// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by dying: SIGKILL at any instruction, with files in flight, mappings
 * that outlive their process, pins that outlive their client, and accounts that
 * are to be settled without the dead.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "cgroup.h"
#include "send_fd.h"

#define VICTIMS	4
#define NR	4
#define MAX	24
/* What nobody's clients may have together: of locked pages, and of buffers. */
#define LOCKED	18
#define SHARE	21
/* A length of which somebody has all but one: who wants more waits. */
#define SCARCE	(128 * 1024)
#define FEWEST	NR
/* What a removed cgroup's kernel memory may still have of other objects. */
#define CRUMBS	(64 * 1024L)

/**
 * struct common - what victims have in common
 * @pool: the pool's name
 * @sockets: where files are sent from one to the other
 * @pipe: where pinned pages are
 * @steps: that they came to
 * @sent: files
 * @received: files, from another victim
 * @forked: children that outlive them
 * @pinned: times
 * @small: leases of less than a page
 */
struct common {
	const char *pool;
	int sockets[2];
	int pipe[2];
	unsigned long steps;
	unsigned long sent;
	unsigned long received;
	unsigned long forked;
	unsigned long pinned;
	unsigned long small;
};

FIXTURE(attack)
{
	struct mt_pool pool;
	struct common *common;
	struct mt_client witness;
};

/* A client of nobody's, in a process that is root again. */
static int attach_as_nobody(struct mt_client *client, const char *pool)
{
	int err;

	if (setresuid(MT_NOBODY, MT_NOBODY, 0))
		return -errno;
	err = mt_client_open(client, pool);
	if (setresuid(0, 0, 0))
		return -errno;
	return err;
}

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = {
		.max_size = SCARCE,
		.max = { MAX, MAX, FEWEST },
		.user_max = SHARE,
		.mode = 0666,
	};
	struct common *common = mt_shared(sizeof(*common));

	ASSERT_NE(NULL, common);
	self->common = common;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_TRUE(have_cgroups());
	/* Nobody's account is open all the time: what is not settled stays. */
	ASSERT_EQ(0, attach_as_nobody(&self->witness, self->pool.name));
	common->pool = self->pool.name;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0,
				common->sockets));
	ASSERT_EQ(0, pipe2(common->pipe, O_NONBLOCK));
	/* Some of the pages that there are, not all. */
	ASSERT_LT(0, fcntl(common->pipe[1], F_SETPIPE_SZ, 8 * MT_PAGE));
	/* The orphans of the killed are this process's. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

FIXTURE_TEARDOWN(attack)
{
	mt_client_close(&self->witness);
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static void count(unsigned long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* A file of somebody who may be dead; 0 when there was one. */
static int receive(struct common *common, __u64 size)
{
	int fd = receive_fd(common->sockets[1]);
	struct mpool_lease lease;
	char *p;

	if (fd < 0)
		return fd;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED && mt_lease(fd, MT_PAGE, 1, &lease) == 1)
		mt_poke(p + lease.offset, 2);
	/* The mapping is for later, or for death. */
	close(fd);
	if (p != MAP_FAILED)
		munmap(p, size);
	return 0;
}

/* Lives on for a moment after its parent; by its mapping alone, at times. */
static void outlive(struct mt_client *c, const struct mpool_lease *leases,
		    int nr, unsigned int seed)
{
	struct mpool_lease lease;
	int i, j;

	if (rand_r(&seed) % 2)
		close(c->fd);
	else if (mt_lease(c->fd, 2 * MT_PAGE, 1, &lease) == 1)
		mt_poke(c->win + lease.offset, 3);
	for (j = rand_r(&seed) % 4; j; j--) {
		for (i = 0; i < nr; i++)
			mt_poke(c->win + leases[i].offset, 4);
		usleep(rand_r(&seed) % 5000);
	}
	_exit(0);
}

static void pin(struct mt_client *c, struct common *common,
		const struct mpool_lease *lease)
{
	struct iovec iov = {
		c->win + lease->offset,
		lease->length < MT_PAGE ? lease->length : MT_PAGE,
	};

	if (vmsplice(common->pipe[1], &iov, 1, SPLICE_F_NONBLOCK) > 0)
		count(&common->pinned);
}

static void unpin(struct common *common)
{
	char page[MT_PAGE];

	while (read(common->pipe[0], page, sizeof(page)) > 0)
		;
}

static __u64 some_length(unsigned int *seed)
{
	if (!(rand_r(seed) % 4))
		return SCARCE;
	return rand_r(seed) % 3 ? MT_PAGE << rand_r(seed) % 4 : 64;
}

/* One step of a client's life, chosen by chance. */
static void live(struct mt_client *c, struct common *common, unsigned int *seed)
{
	const __u64 length = some_length(seed);
	struct mpool_lease leases[NR];
	__u64 bytes;
	int i, nr;
	char *p;

	nr = mt_lease_wait(c->fd, rand_r(seed) % 2 ? MPOOL_LEASE_ALL : 0,
			   length, NR, mt_now() + rand_r(seed) % 4 * 3000000,
			   leases);
	for (i = 0; i < nr; i++)
		mt_poke(c->win + leases[i].offset, 1);
	if (nr > 0 && length < MT_PAGE)
		count(&common->small);
	switch (rand_r(seed) % 12) {
	case 0:
		/* In flight, where it may stay. */
		if (!send_fd(common->sockets[0], c->fd))
			count(&common->sent);
		break;
	case 1:
	case 2:
		if (!receive(common, c->size))
			count(&common->received);
		break;
	case 3:
		i = fork();
		if (!i)
			outlive(c, leases, nr, *seed);
		if (i > 0)
			count(&common->forked);
		break;
	case 4:
	case 5:
		if (nr > 0)
			pin(c, common, leases);
		break;
	case 6:
		unpin(common);
		break;
	case 7:
		p = mmap(NULL, c->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, c->fd, 0);
		if (p != MAP_FAILED)
			munmap(p, c->size);
		break;
	case 8:
		mt_trim(c->fd, "", 0, &bytes);
		break;
	case 9:
		/* Its leases are left to the end of the file. */
		return;
	}
	if (nr > 0)
		mt_release_leases(c->fd, leases, nr);
}

/* Attaches, maps, leases, waits, forks and closes until it is killed. */
static int live_until_killed(struct common *common, unsigned long nr,
			     unsigned int seed)
{
	struct rlimit limit = { LOCKED * MT_PAGE, LOCKED * MT_PAGE };
	struct mt_client c;
	unsigned int i;

	setpriority(PRIO_PROCESS, 0, 0);
	/* Its children are nobody's business. */
	signal(SIGCHLD, SIG_IGN);
	if (nr / VICTIMS % 2 && enter(A))
		return 2;
	if (nr % 2 && (setrlimit(RLIMIT_MEMLOCK, &limit) || mt_become_nobody()))
		return 3;
	for (;;) {
		mt_attach_flags = rand_r(&seed) % 2 ? MPOOL_ATTACH_STRICT : 0;
		if (mt_client_open(&c, common->pool))
			return 1;
		for (i = rand_r(&seed) % 16; i; i--) {
			live(&c, common, &seed);
			count(&common->steps);
		}
		mt_client_close(&c);
	}
}

/* To die takes its time, too: not beside the others, who need not wait. */
static int kill_now(int pid)
{
	if (kill(pid, SIGKILL))
		return -errno;
	setpriority(PRIO_PROCESS, pid, -10);
	return mt_wait(pid);
}

/* Nobody's accounts are where they were: so much, exactly, can be had. */
static bool settled(struct mt_client *witness)
{
	struct rlimit old, limit = { LOCKED * MT_PAGE, RLIM_INFINITY };
	struct mpool_lease leases[MAX];
	int locked, more, err;

	if (getrlimit(RLIMIT_MEMLOCK, &old))
		return false;
	limit.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	mt_await_clean(witness->fd, "");
	locked = mt_lease(witness->fd, MT_PAGE, MAX, leases);
	limit.rlim_cur = MAX * MT_PAGE;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	more = locked < 0 ? locked : mt_lease(witness->fd, MT_PAGE,
					      MAX - locked, leases + locked);
	setrlimit(RLIMIT_MEMLOCK, &old);
	err = locked > 0 ? mt_release_leases(witness->fd, leases,
					     locked + (more > 0 ? more : 0)) :
			   0;
	if (locked == LOCKED && more == SHARE - LOCKED && !err)
		return true;
	printf("# of %d pages %d, of %d buffers %d more, then %d\n", LOCKED,
	       locked, SHARE, more, err);
	return false;
}

/* What the cgroup was charged for is back; a CPU may be late to say so. */
static bool uncharged(void)
{
	long bytes = -1;
	int i;

	for (i = 0; i < 3000; i++) {
		bytes = mt_number("kernel", "%s/memory.stat", names[A]);
		if (bytes >= 0 && bytes < CRUMBS)
			return true;
		mt_sleep_ms(10);
	}
	printf("# the cgroup has %ld bytes of kernel memory\n", bytes);
	return false;
}

static int hoard(struct mt_client *client, const char *pool)
{
	struct mpool_lease leases[FEWEST];
	int err = mt_client_open(client, pool);

	if (err)
		return err;
	err = mt_lease_wait(client->fd, MPOOL_LEASE_ALL, SCARCE, FEWEST - 1,
			    mt_now() + 20000000000ULL, leases);
	return err == FEWEST - 1 ? 0 : err;
}

/* All are dead: nothing is anybody's but what is in flight, until it is not. */
static void check(struct __test_metadata *_metadata, struct mt_pool *pool,
		  struct common *common, struct mt_client *witness)
{
	int fd;

	/* The orphans end by themselves. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (;;) {
		fd = receive_fd(common->sockets[1]);
		if (fd < 0)
			break;
		close(fd);
	}
	unpin(common);
	ASSERT_EQ(0, mt_quiet(pool->fd, pool->name, 1));
	ASSERT_TRUE(settled(witness));
	ASSERT_EQ(0, mt_quiet(pool->fd, pool->name, 1));
	ASSERT_EQ(0, mt_trim(pool->fd, pool->name, 0, NULL));
	ASSERT_TRUE(uncharged());
}

/* Before they were killed, they had come to something; else it goes on. */
static bool have_lived(const struct mt_pool *pool, const struct common *common,
		       unsigned long nr)
{
	struct mpool_stats stats;

	return common->steps > nr + 1 && common->sent && common->received &&
	       common->forked && common->pinned && common->small &&
	       !mt_stats(pool->fd, pool->name, &stats) && stats.total.waits;
}

TEST_F_TIMEOUT(attack, 24_kill_at_random, ATTACK_TIMEOUT)
{
	const unsigned long kills = attack_form(100, 10000);
	struct common *common = self->common;
	unsigned int seed = mt_now(), i;
	int pids[VICTIMS] = {};
	struct mt_client hoarder;
	struct mpool_stats stats;
	bool last = false;
	unsigned long nr;

	printf("# seed %u\n", seed);
	attack_first();
	ASSERT_EQ(0, hoard(&hoarder, common->pool));
	for (nr = 0; !last; nr++) {
		attack_round(nr, kills);
		last = nr >= 5 * kills ||
		       (nr + 1 >= kills + VICTIMS &&
			have_lived(&self->pool, common, nr));
		i = nr % VICTIMS;
		if (pids[i])
			ASSERT_EQ(128 + SIGKILL, kill_now(pids[i]));
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			_exit(live_until_killed(common, nr, seed + nr));
		usleep(rand_r(&seed) % 8000);
		/* Now and then all at once, and everything has to be back. */
		if (nr % 1000 != 999 && !last)
			continue;
		for (i = 0; i < VICTIMS; i++) {
			if (!pids[i])
				continue;
			ASSERT_EQ(128 + SIGKILL, kill_now(pids[i]));
			pids[i] = 0;
		}
		mt_client_close(&hoarder);
		check(_metadata, &self->pool, common, &self->witness);
		ASSERT_EQ(0, hoard(&hoarder, common->pool));
	}
	mt_client_close(&hoarder);
	printf("# %lu were killed, after %lu steps: %lu sent, %lu received, ",
	       nr, common->steps, common->sent, common->received);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	printf("%lu children, %lu pins, %lu times less than a page, %llu waits\n",
	       common->forked, common->pinned, common->small,
	       stats.total.waits);
	/* They had come to something before. */
	EXPECT_LT(nr, common->steps);
	EXPECT_LT(0, common->sent);
	EXPECT_LT(0, common->received);
	EXPECT_LT(0, common->forked);
	EXPECT_LT(0, common->pinned);
	EXPECT_LT(0, common->small);
	EXPECT_LT(0, stats.total.waits);
	EXPECT_EQ(0, remove_group(A));
	EXPECT_EQ(0, remove_group(B));
}

TEST_HARNESS_MAIN
