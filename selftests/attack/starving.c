// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by greed and by trespass: taking more than one may have, and what
 * others have.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "file.h"

#define HOARDERS	6
#define LOCKED_PAGES	48
#define MAX		64
#define BOMB		"/sys/fs/cgroup/bomb"
#define BOMB_POOL	"bombed"
#define BOMB_BYTES	(64ULL << 20)
#define BOMB_SIZE	(16 * MT_PAGE)
#define VIEWS		"/sys/kernel/debug/mpool"

FIXTURE(attack)
{
	struct mt_pool pool;
	struct shared *s;
};

/* Between the processes. */
struct shared {
	const char *pool;
	int start;
	int done;
	int stop;
	unsigned long got[HOARDERS];
	int last[HOARDERS];
	/* what a trespasser was told */
	int answers[16];
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = {
		.max = { MAX, MAX, MAX },
		.max_bytes = 3 * MAX * MT_PAGE,
		.mode = 0606,
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_public_device(true));
	self->s = mt_shared(sizeof(*self->s));
	ASSERT_NE(NULL, self->s);
	self->s->pool = self->pool.name;
}

FIXTURE_TEARDOWN(attack)
{
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int become(uid_t id)
{
	return setgroups(0, NULL) || setgid(id) || setuid(id) ? -errno : 0;
}

static void await(int *value, int wanted)
{
	while (__atomic_load_n(value, __ATOMIC_ACQUIRE) < wanted)
		mt_sleep_ms(1);
}

/* Takes pages, one or some at a time, until there is no more; and keeps them. */
static int hoard(struct shared *s, unsigned int nr, uid_t id, __u64 size)
{
	struct rlimit limit = { LOCKED_PAGES * MT_PAGE, LOCKED_PAGES * MT_PAGE };
	struct mpool_lease leases[4];
	int got, fd;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || become(id))
		return 1;
	fd = mt_open(O_RDWR);
	if (mt_attach(fd, s->pool, NULL))
		return 2;
	await(&s->start, 1);
	do {
		got = mt_lease(fd, size, 1 + nr % 4, leases);
		if (got > 0)
			s->got[nr] += got;
	} while (got > 0);
	s->last[nr] = got;
	__atomic_fetch_add(&s->done, 1, __ATOMIC_RELEASE);
	await(&s->stop, 1);
	return 0;
}

static int hoard_all(struct shared *s, int *pids, unsigned int users, __u64 size)
{
	unsigned int i;

	memset(s->got, 0, sizeof(s->got));
	s->start = 0;
	s->done = 0;
	s->stop = 0;
	for (i = 0; i < HOARDERS; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return -errno;
		if (!pids[i])
			_exit(hoard(s, i, 3000 + i % users, size));
	}
	mt_sleep_ms(100);
	__atomic_store_n(&s->start, 1, __ATOMIC_RELEASE);
	await(&s->done, HOARDERS);
	return 0;
}

static int let_go(struct shared *s, int *pids)
{
	unsigned int i;
	int bad = 0;

	__atomic_store_n(&s->stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < HOARDERS; i++)
		bad |= mt_wait(pids[i]);
	return bad;
}

/* Clients without end, each with all leases it can get, and memory beside. */
static void explode(void)
{
	struct mpool_lease leases[16];
	struct mt_client c;
	unsigned int i;
	char *p;
	int nr, j;

	for (;;) {
		if (fork() < 0)
			mt_sleep_ms(1);
		for (i = 0; i < 8; i++) {
			if (mt_client_open(&c, BOMB_POOL))
				continue;
			nr = mt_lease(c.fd, BOMB_SIZE, 16, leases);
			for (j = 0; j < nr; j++)
				mt_poke(c.win + leases[j].offset, 1);
			p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (p != MAP_FAILED)
				memset(p, 1, 1 << 20);
		}
	}
}

static int ignite(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	/* The cgroup's limit is to hold, and not this one. */
	if (setrlimit(RLIMIT_MEMLOCK, &all) ||
	    mt_write("0", BOMB "/cgroup.procs") || become(4000))
		return 1;
	explode();
	return 0;
}

/* Somebody else's place in the same pool is there all the time. */
static bool beside(struct mt_client *c, struct mpool_stats *stats)
{
	struct mpool_lease lease;

	return mt_lease(c->fd, BOMB_SIZE, 1, &lease) == 1 &&
	       !mt_poke(c->win + lease.offset, 1) &&
	       !mt_release_one(c->fd, lease.handle) &&
	       !mt_stats(c->fd, "", stats);
}

/*
 * What a bomb costs is its own cgroup's: processes, clients, tables, and what
 * they lease of a pool that has twice as much as the cgroup may have.
 */
static void bomb(struct __test_metadata *_metadata, const char *page)
{
	struct mpool_pool_config cfg = {
		.max = { MAX, 2 * BOMB_BYTES / BOMB_SIZE, MAX },
		.max_bytes = 2 * BOMB_BYTES,
		.mode = 0606,
	};
	long killed = mt_number("oom_kill", "/proc/vmstat");
	struct mpool_stats stats;
	struct mt_client c;
	__u64 most = 0;
	unsigned int i;
	int pid, oom;
	int fd = mt_open(O_RDWR);

	ASSERT_EQ(0, mt_write("67108864", BOMB "/memory.max"));
	ASSERT_EQ(0, mt_write("64", BOMB "/pids.max"));
	ASSERT_EQ(0, mt_create(fd, BOMB_POOL, &cfg));
	ASSERT_EQ(0, mt_client_open(&c, BOMB_POOL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(ignite());
	for (i = 0; i < 600; i++) {
		oom = mt_number("oom_kill", BOMB "/memory.events");
		if (oom >= 2 && most > BOMB_BYTES / 8)
			break;
		mt_sleep_ms(100);
		/* The one beside goes on meanwhile, with what is his. */
		EXPECT_TRUE(mt_all(page, 0x42, MT_PAGE));
		EXPECT_TRUE(beside(&c, &stats));
		if (stats.bytes > most)
			most = stats.bytes;
	}
	EXPECT_LE(2, oom);
	EXPECT_EQ(0, mt_write("1", BOMB "/cgroup.kill"));
	mt_wait(pid);
	for (i = 0; i < 3000 && mt_number("populated", BOMB "/cgroup.events"); i++)
		mt_sleep_ms(20);
	/* Leases were among what the cgroup had, and within its limit. */
	EXPECT_LT(BOMB_BYTES / 8, most);
	EXPECT_GE(BOMB_BYTES + BOMB_SIZE, most);
	/* Nobody else was killed for it. */
	EXPECT_EQ(mt_number("oom_kill", BOMB "/memory.events"),
		  mt_number("oom_kill", "/proc/vmstat") - killed);
	mt_client_close(&c);
	EXPECT_EQ(0, mt_quiet(fd, BOMB_POOL, 0));
	EXPECT_EQ(0, mt_destroy(fd, BOMB_POOL));
	close(fd);
}

TEST_F_TIMEOUT(attack, 15_starving, ATTACK_TIMEOUT)
{
	struct shared *s = self->s;
	struct mpool_stats stats;
	struct mpool_lease lease;
	struct mt_client victim;
	unsigned long sum, i;
	int pids[HOARDERS];

	/* One user's processes together have one user's share ... */
	ASSERT_EQ(0, hoard_all(s, pids, 1, MT_PAGE));
	for (sum = 0, i = 0; i < HOARDERS; i++) {
		EXPECT_EQ(-EDQUOT, s->last[i]);
		sum += s->got[i];
	}
	EXPECT_EQ(LOCKED_PAGES, sum);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(LOCKED_PAGES, stats.total.leased);
	EXPECT_EQ(0, let_go(s, pids));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));

	/* ... several users' no more than the class has ... */
	ASSERT_EQ(0, hoard_all(s, pids, HOARDERS, MT_PAGE));
	for (sum = 0, i = 0; i < HOARDERS; i++)
		sum += s->got[i];
	EXPECT_EQ(MAX, sum);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(MAX, stats.total.backed);
	EXPECT_EQ(MAX, stats.total.leased);
	EXPECT_EQ(0, let_go(s, pids));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));

	/* ... and no more bytes than the pool. */
	ASSERT_EQ(0, hoard_all(s, pids, HOARDERS, 8 * MT_PAGE));
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_GE(3 * MAX * MT_PAGE, stats.bytes);
	EXPECT_LE(stats.total.leased * 8 * MT_PAGE, stats.bytes);
	EXPECT_LT(0, stats.total.leased);
	EXPECT_EQ(0, let_go(s, pids));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));
	EXPECT_EQ(0, mt_trim(self->pool.fd, self->pool.name, 0, NULL));

	/* A bomb in a cgroup, and one who wants nothing but his page. */
	ASSERT_EQ(0, mt_client_open(&victim, self->pool.name));
	ASSERT_EQ(1, mt_lease(victim.fd, 1, 1, &lease));
	memset(victim.win + lease.offset, 0x42, MT_PAGE);
	ASSERT_EQ(0, mkdir(BOMB, 0755));
	bomb(_metadata, victim.win + lease.offset);
	EXPECT_EQ(0, rmdir(BOMB));
	EXPECT_TRUE(mt_all(victim.win + lease.offset, 0x42, MT_PAGE));
	EXPECT_EQ(0, mt_release_one(victim.fd, lease.handle));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 1));
	EXPECT_EQ(1, mt_lease(victim.fd, 1, 1, &lease));
	mt_client_close(&victim);
}

/* Nobody but root may look; directories below a pool's are looked at, too. */
static int open_to_others(const char *dir)
{
	char path[512];
	struct dirent *e;
	struct stat st;
	int found = 0;
	DIR *d = opendir(dir);

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode)) {
			found += open_to_others(path);
		} else if (st.st_uid || st.st_mode & 077) {
			printf("# %s has mode %o\n", path, st.st_mode & 07777);
			found++;
		}
	}
	closedir(d);
	return found;
}

enum { OPEN, ATTACH, STATS, CREATE, DESTROY, TRIM, VIEW, REOPEN, MOUNT, NODE,
	BY_FILE };

/* With a file that root attached, and without any right of his own. */
static int intrude(struct shared *s, const char *pool, int fd)
{
	struct mpool_stats stats;
	int *say = s->answers;
	char path[64];
	int mine;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mine = open(path, O_RDWR);
	say[REOPEN] = mine < 0 ? -errno : 0;
	mine = mt_open(O_RDWR);
	say[OPEN] = mine < 0 ? mine : 0;
	if (mine >= 0) {
		say[STATS] = mt_stats(mine, pool, &stats);
		say[CREATE] = mt_create(mine, "trespass", NULL);
		say[DESTROY] = mt_destroy(mine, pool);
		say[TRIM] = mt_trim(mine, pool, 0, NULL);
		say[ATTACH] = mt_attach(mine, pool, NULL);
		close(mine);
	}
	say[VIEW] = open(VIEWS "/summary", O_RDONLY) < 0 ? -errno : 0;
	/* The module's own file system is nobody's to mount. */
	mkdir("/tmp/mine", 0700);
	say[MOUNT] = mount("mpool", "/tmp/mine", "mpool", 0, NULL) ?
			     -errno : 0;
	say[NODE] = mknod("/tmp/mine/mpool", S_IFCHR | 0666,
			  makedev(10, 200)) ? -errno : 0;
	/* What root has opened and attached is his to use. */
	say[BY_FILE] = mt_stats(fd, "", &stats);
	return 0;
}

static bool denied(int err)
{
	return err == -EACCES || err == -EPERM || err == -ENOENT ||
	       err == -ENODEV;
}

TEST_F_TIMEOUT(attack, 16_access, ATTACK_TIMEOUT)
{
	static const int spaces[] = {
		0, CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWNS,
		CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
	};
	struct mpool_pool_config cfg = { .mode = 0660 };
	struct shared *s = self->s;
	struct stat st;
	int fd, pid, i, status;
	size_t j;

	cfg.flags = MPOOL_POOL_OWNER;
	cfg.gid = 990;
	ASSERT_EQ(0, mt_create(self->pool.fd, "guarded", &cfg));
	fd = mt_open(O_RDWR);
	ASSERT_EQ(0, mt_attach(fd, "guarded", NULL));

	for (i = 0; i < 2; i++) {
		/* With the device open to all, and to root alone. */
		ASSERT_EQ(0, mt_public_device(i));
		for (j = 0; j < MT_ARRAY_SIZE(spaces); j++) {
			memset(s->answers, 0x7f, sizeof(s->answers));
			pid = fork();
			ASSERT_LE(0, pid);
			if (!pid) {
				if (become(MT_NOBODY))
					_exit(1);
				if (unshare(spaces[j]))
					_exit(77);
				_exit(intrude(s, "guarded", fd));
			}
			status = mt_wait(pid);
			if (status == 77 && access("/proc/self/ns/user", F_OK)) {
				printf("# no user namespaces: %#x not tried\n",
				       spaces[j]);
				continue;
			}
			EXPECT_EQ(0, status);
			EXPECT_EQ(i ? 0 : -EACCES, s->answers[OPEN]);
			EXPECT_EQ(i ? 0 : -EACCES, s->answers[REOPEN]);
			EXPECT_EQ(-EACCES, s->answers[VIEW]);
			EXPECT_TRUE(denied(s->answers[MOUNT]));
			EXPECT_TRUE(denied(s->answers[NODE]));
			EXPECT_EQ(0, s->answers[BY_FILE]);
			if (!i)
				continue;
			EXPECT_EQ(-EACCES, s->answers[ATTACH]);
			EXPECT_EQ(-EACCES, s->answers[STATS]);
			EXPECT_EQ(-EPERM, s->answers[CREATE]);
			EXPECT_EQ(-EPERM, s->answers[DESTROY]);
			EXPECT_EQ(-EPERM, s->answers[TRIM]);
		}
	}
	close(fd);
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "guarded"));

	ASSERT_EQ(0, stat(VIEWS "/summary", &st));
	EXPECT_EQ(0400, st.st_mode & 07777);
	EXPECT_EQ(0, open_to_others(VIEWS));
}

TEST_HARNESS_MAIN
