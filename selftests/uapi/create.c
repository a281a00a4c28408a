// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that a member of the group of create_gid makes: whose they may be, and
 * how much memory and how many all members may have.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "file.h"
#include "mpool_test.h"

#define GROUP	990
#define KIB	1024ULL
#define RACERS	8

/* One call, by a child that is nobody, and a member of @group unless -1. */
struct caller {
	const char *name;
	int group;
	bool own_root;
	struct mpool_pool_config cfg;
};

FIXTURE(create)
{
	struct mt_pool pool;
	struct caller who;
	int pipe[2];
};

static int set_parameter(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return mt_write(text, "/sys/module/mpool/parameters/%s", name);
}

static int set_parameters(long gid, long bytes, long pools)
{
	int err = set_parameter("create_gid", gid);

	if (!err)
		err = set_parameter("create_max_bytes", bytes);
	return err ? err : set_parameter("create_max_pools", pools);
}

FIXTURE_SETUP(create)
{
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_EQ(0, set_parameters(GROUP, 1024 * KIB, 4));
	ASSERT_EQ(0, pipe2(self->pipe, O_NONBLOCK));
	self->who.group = GROUP;
	self->who.name = "made-a";
}

FIXTURE_TEARDOWN(create)
{
	static const char * const names[] = {
		"made-a", "made-b", "made-c", "made-d", "made-e",
	};
	size_t i;

	close(self->pipe[0]);
	close(self->pipe[1]);
	for (i = 0; i < MT_ARRAY_SIZE(names); i++)
		mt_destroy(self->pool.fd, names[i]);
	EXPECT_EQ(0, set_parameters(-1, 0, 16));
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int become(int group)
{
	gid_t gid = group;

	if (setgroups(group >= 0, &gid))
		return -errno;
	return setgid(MT_NOBODY) || setuid(MT_NOBODY) ? -errno : 0;
}

/* Root of a user namespace of its own, and a member of its group 0. */
static int become_own_root(void)
{
	/* Who changed his ids does not own his files in /proc, until told. */
	if (unshare(CLONE_NEWUSER) || prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return mt_write("deny", "/proc/self/setgroups") ?:
	       mt_write("0 65534 1", "/proc/self/uid_map") ?:
	       mt_write("0 65534 1", "/proc/self/gid_map");
}

/* No errnos. */
#define UNABLE		255
#define NO_NAMESPACES	254

static int create(void *arg)
{
	struct caller *who = arg;
	int fd;

	if (become(who->group))
		return UNABLE;
	if (who->own_root && become_own_root())
		return NO_NAMESPACES;
	fd = mt_open(O_RDWR);
	return fd < 0 ? UNABLE : -mt_create(fd, who->name, &who->cfg);
}

static int destroy(void *arg)
{
	struct caller *who = arg;
	int fd;

	if (become(-1))
		return UNABLE;
	fd = mt_open(O_RDWR);
	return fd < 0 ? UNABLE : -mt_destroy(fd, who->name);
}

static int configure(void *arg)
{
	struct caller *who = arg;
	int fd;

	if (become(-1))
		return UNABLE;
	fd = mt_open(O_RDWR);
	return fd < 0 ? UNABLE : -mt_config(fd, who->name, &who->cfg,
					    MPOOL_CONFIG_MAX_BYTES);
}

static int made(struct caller *who, const char *name, __u64 max_bytes)
{
	who->name = name;
	memset(&who->cfg, 0, sizeof(who->cfg));
	who->cfg.max_bytes = max_bytes;
	return mt_in_child(create, who);
}

TEST_F(create, needs_the_group)
{
	struct mpool_pool_config cfg = {};

	self->who.group = -1;
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
	self->who.group = GROUP + 1;
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
	self->who.group = GROUP;
	ASSERT_EQ(0, mt_in_child(create, &self->who));
	EXPECT_EQ(EEXIST, mt_in_child(create, &self->who));
	ASSERT_EQ(0, mt_config(self->pool.fd, "made-a", &cfg, 0));
	EXPECT_EQ(MT_NOBODY, cfg.uid);
	EXPECT_EQ(MT_NOBODY, cfg.gid);
	/* It is his own, also when he may make no other. */
	ASSERT_EQ(0, set_parameter("create_gid", -1));
	EXPECT_EQ(0, mt_in_child(destroy, &self->who));
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
}

/* A number of a namespace is not that of the parameter. */
TEST_F(create, group_of_another_namespace)
{
	int status;

	ASSERT_EQ(0, set_parameter("create_gid", 0));
	self->who.group = -1;
	self->who.own_root = true;
	status = mt_in_child(create, &self->who);
	if (status == NO_NAMESPACES)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(EPERM, status);
}

TEST_F(create, for_nobody_else)
{
	struct mpool_pool_config *cfg = &self->who.cfg;

	cfg->flags = MPOOL_POOL_OWNER;
	cfg->uid = 0;
	cfg->gid = MT_NOBODY;
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
	cfg->uid = MT_NOBODY;
	cfg->gid = 0;
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
	cfg->gid = GROUP + 1;
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
	cfg->uid = -1;
	cfg->gid = GROUP;
	EXPECT_EQ(EINVAL, mt_in_child(create, &self->who));
	/* Groups of his own are his to let in. */
	cfg->uid = MT_NOBODY;
	ASSERT_EQ(0, mt_in_child(create, &self->who));
	ASSERT_EQ(0, mt_config(self->pool.fd, "made-a", cfg, 0));
	EXPECT_EQ(GROUP, cfg->gid);
}

TEST_F(create, no_debugging)
{
	self->who.cfg.flags = MPOOL_POOL_DEBUG;
	EXPECT_EQ(EPERM, mt_in_child(create, &self->who));
}

TEST_F(create, bytes_of_all_together)
{
	struct caller *who = &self->who;

	EXPECT_EQ(EDQUOT, made(who, "made-a", 1024 * KIB + 1));
	EXPECT_EQ(EDQUOT, made(who, "made-a", ~0ULL));
	ASSERT_EQ(0, made(who, "made-a", 600 * KIB));
	EXPECT_EQ(EDQUOT, made(who, "made-b", 424 * KIB + 1));
	ASSERT_EQ(0, made(who, "made-b", 424 * KIB));
	EXPECT_EQ(EDQUOT, made(who, "made-c", 1));
	/* What he lowers he cannot raise, and it makes no room. */
	who->name = "made-a";
	who->cfg.max_bytes = 4 * KIB;
	EXPECT_EQ(0, mt_in_child(configure, who));
	EXPECT_EQ(EDQUOT, made(who, "made-c", 1));
	who->name = "made-a";
	who->cfg.max_bytes = 8 * KIB;
	EXPECT_EQ(EPERM, mt_in_child(configure, who));
	/* Its end does. */
	EXPECT_EQ(0, mt_in_child(destroy, who));
	EXPECT_EQ(EDQUOT, made(who, "made-c", 600 * KIB + 1));
	EXPECT_EQ(0, made(who, "made-c", 600 * KIB));
}

TEST_F(create, what_fails_counts_nothing)
{
	struct caller *who = &self->who;
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(EEXIST, made(who, "default", 600 * KIB));
	EXPECT_EQ(0, made(who, "made-a", 1024 * KIB));
}

TEST_F(create, number_of_all_together)
{
	static const char * const names[] = {
		"made-a", "made-b", "made-c", "made-d",
	};
	struct mpool_pool_config cfg = {};
	size_t i;

	/* Each has an equal share by default, so that all of them fit. */
	for (i = 0; i < MT_ARRAY_SIZE(names); i++)
		ASSERT_EQ(0, made(&self->who, names[i], 0));
	EXPECT_EQ(EDQUOT, made(&self->who, "made-e", 1));
	ASSERT_EQ(0, mt_config(self->pool.fd, "made-d", &cfg, 0));
	EXPECT_EQ(256 * KIB, cfg.max_bytes);
	/* Others' do not count. */
	EXPECT_EQ(0, mt_create(self->pool.fd, "made-e", NULL));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "made-e"));
	ASSERT_EQ(0, mt_destroy(self->pool.fd, "made-a"));
	EXPECT_EQ(0, made(&self->who, "made-e", 0));
}

/* None at all, and a share of nothing is not the default of root's. */
TEST_F(create, limits_of_nothing)
{
	struct mpool_pool_config cfg = {};

	ASSERT_EQ(0, set_parameters(GROUP, 2, 4));
	ASSERT_EQ(0, made(&self->who, "made-a", 0));
	ASSERT_EQ(0, mt_config(self->pool.fd, "made-a", &cfg, 0));
	EXPECT_EQ(1, cfg.max_bytes);
	ASSERT_EQ(0, set_parameters(GROUP, 1024 * KIB, 0));
	EXPECT_EQ(EDQUOT, made(&self->who, "made-b", 0));
}

TEST_F(create, at_the_same_time)
{
	int pids[RACERS], i, status, nr = 0;
	char names[RACERS][16];

	for (i = 0; i < RACERS; i++) {
		snprintf(names[i], sizeof(names[i]), "racer-%d", i);
		self->who.name = names[i];
		pids[i] = fork();
		if (!pids[i])
			_exit(create(&self->who));
	}
	for (i = 0; i < RACERS; i++) {
		status = mt_wait(pids[i]);
		nr += !status;
		EXPECT_TRUE(!status || status == EDQUOT);
	}
	EXPECT_EQ(4, nr);
	for (i = 0; i < RACERS; i++)
		mt_destroy(self->pool.fd, names[i]);
}

/* A buffer in a pipe that its pool does not wait for is nobody's memory. */
TEST_F(create, pinned_memory_counts)
{
	struct mpool_lease lease;
	struct mt_client client;
	char page[MT_PAGE];
	struct iovec iov;

	ASSERT_EQ(0, made(&self->who, "made-a", 1024 * KIB));
	ASSERT_EQ(0, mt_client_open(&client, "made-a"));
	ASSERT_EQ(1, mt_lease(client.fd, 4 * MT_PAGE, 1, &lease));
	iov.iov_base = client.win + lease.offset;
	iov.iov_len = MT_PAGE;
	memset(iov.iov_base, 0x5a, MT_PAGE);
	ASSERT_EQ(MT_PAGE, vmsplice(self->pipe[1], &iov, 1, 0));
	mt_client_close(&client);
	EXPECT_EQ(EBUSY, mt_in_child(destroy, &self->who));
	EXPECT_EQ(EDQUOT, made(&self->who, "made-b", 1));
	self->who.name = "made-a";
	EXPECT_EQ(MT_PAGE, read(self->pipe[0], page, MT_PAGE));
	EXPECT_TRUE(mt_all(page, 0x5a, MT_PAGE));
	/* Looked at now, and not when it is time. */
	EXPECT_EQ(0, mt_in_child(destroy, &self->who));
}

/* Who has CAP_SYS_ADMIN may leave it to the pin. */
TEST_F(create, root_ends_it_pinned)
{
	struct mpool_lease lease;
	struct mt_client client;
	struct iovec iov;

	ASSERT_EQ(0, made(&self->who, "made-a", 0));
	ASSERT_EQ(0, mt_client_open(&client, "made-a"));
	ASSERT_EQ(1, mt_lease(client.fd, MT_PAGE, 1, &lease));
	iov.iov_base = client.win + lease.offset;
	iov.iov_len = MT_PAGE;
	memset(iov.iov_base, 0x5a, MT_PAGE);
	ASSERT_EQ(MT_PAGE, vmsplice(self->pipe[1], &iov, 1, 0));
	mt_client_close(&client);
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "made-a"));
}

TEST_HARNESS_MAIN
