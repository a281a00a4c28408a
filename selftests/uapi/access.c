// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: calls by a process without rights, on pools of several
 * owners and modes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define NAME	"access"

/*
 * What a process without rights was told; in memory that it shares.
 * @fd: attached by root before
 * @groups: it is a member of this one too
 */
struct answers {
	int fd;
	gid_t group;
	int open;
	int create;
	int destroy;
	int trim;
	int attach;
	int stats;
	int lease;
	int by_file;
	int get;
	int set;
	int more;
	int give;
	int group_given;
};

FIXTURE(access)
{
	struct mt_pool pool;
	struct answers *say;
};

FIXTURE_SETUP(access)
{
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	self->say = mt_shared(sizeof(*self->say));
	ASSERT_NE(NULL, self->say);
	memset(self->say, 0x7f, sizeof(*self->say));
	self->say->fd = -1;
	self->say->group = 0;
	ASSERT_EQ(0, mt_public_device(true));
}

FIXTURE_TEARDOWN(access)
{
	EXPECT_EQ(0, mt_public_device(false));
	mt_destroy(self->pool.fd, NAME);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static void ask(struct answers *say)
{
	struct mpool_pool_config cfg = {};
	struct mpool_lease lease;
	struct mpool_stats stats;
	int fd = mt_open(O_RDWR);

	say->open = fd < 0 ? fd : 0;
	if (fd < 0)
		return;
	say->create = mt_create(fd, "by-nobody", NULL);
	say->stats = mt_stats(fd, NAME, &stats);
	say->attach = mt_attach(fd, NAME, NULL);
	say->lease = mt_lease(fd, 1, 1, &lease);
	say->trim = mt_trim(fd, NAME, 0, NULL);
	say->get = mt_config(fd, NAME, &cfg, 0);
	cfg.mode = 0606;
	say->set = mt_config(fd, NAME, &cfg, MPOOL_CONFIG_MODE);
	cfg.max_bytes++;
	say->more = mt_config(fd, NAME, &cfg, MPOOL_CONFIG_MAX_BYTES);
	cfg.uid = 1;
	say->give = mt_config(fd, NAME, &cfg, MPOOL_CONFIG_UID);
	cfg.gid = say->group;
	say->group_given = mt_config(fd, NAME, &cfg, MPOOL_CONFIG_GID);
	/* Its own attachment must not be what stands in the way. */
	close(fd);
	fd = mt_open(O_RDWR);
	say->destroy = mt_destroy(fd, NAME);
	close(fd);
	if (say->fd >= 0) {
		say->by_file = mt_stats(say->fd, "", &stats);
		if (!say->by_file)
			say->by_file = mt_config(say->fd, "", &cfg, 0);
	}
}

static int as_nobody(void *arg)
{
	struct answers *say = arg;

	if (say->group && setgroups(1, &say->group))
		return 2;
	if (!say->group && setgroups(0, NULL))
		return 2;
	if (setgid(MT_NOBODY) || setuid(MT_NOBODY))
		return 1;
	ask(say);
	return 0;
}

/* The pool has these rights, and somebody without any comes. */
static int visit(FIXTURE_DATA(access) * self, __u32 uid, __u32 gid, __u32 mode)
{
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_OWNER,
		.uid = uid,
		.gid = gid,
		.mode = mode,
	};
	int err = mt_create(self->pool.fd, NAME, &cfg);

	return err ? err : mt_in_child(as_nobody, self->say);
}

TEST_F(access, device_node)
{
	ASSERT_EQ(0, mt_public_device(false));
	ASSERT_EQ(0, visit(self, 0, 0, 0666));
	EXPECT_EQ(-EACCES, self->say->open);
}

TEST_F(access, stranger)
{
	ASSERT_EQ(0, visit(self, 0, 0, 0600));
	EXPECT_EQ(0, self->say->open);
	EXPECT_EQ(-EPERM, self->say->create);
	EXPECT_EQ(-EACCES, self->say->attach);
	EXPECT_EQ(-EACCES, self->say->stats);
	EXPECT_EQ(-EACCES, self->say->get);
	EXPECT_EQ(-EPERM, self->say->set);
	EXPECT_EQ(-ENOTCONN, self->say->lease);
	EXPECT_EQ(-EPERM, self->say->trim);
	EXPECT_EQ(-EPERM, self->say->destroy);
}

TEST_F(access, mode_for_others)
{
	ASSERT_EQ(0, visit(self, 0, 0, 0606));
	EXPECT_EQ(-EPERM, self->say->create);
	EXPECT_EQ(0, self->say->attach);
	EXPECT_EQ(0, self->say->stats);
	EXPECT_EQ(0, self->say->get);
	EXPECT_EQ(-EPERM, self->say->set);
	EXPECT_EQ(1, self->say->lease);
	EXPECT_EQ(-EPERM, self->say->trim);
	EXPECT_EQ(-EPERM, self->say->destroy);
}

/* To lease is to read and to write. */
TEST_F(access, half_a_mode_is_none)
{
	static const __u32 modes[] = { 0604, 0602, 0601, 0605, 0603, 0660 };
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, visit(self, 0, 0, modes[i]));
		EXPECT_EQ(-EACCES, self->say->attach) {
			TH_LOG("with mode %o", modes[i]);
		}
		EXPECT_EQ(-EACCES, self->say->stats);
		EXPECT_EQ(0, mt_destroy(self->pool.fd, NAME));
	}
}

TEST_F(access, group)
{
	ASSERT_EQ(0, visit(self, 0, MT_NOBODY, 0660));
	EXPECT_EQ(0, self->say->attach);
	EXPECT_EQ(1, self->say->lease);
	EXPECT_EQ(-EPERM, self->say->destroy);
}

TEST_F(access, supplementary_group)
{
	self->say->group = 990;
	ASSERT_EQ(0, visit(self, 0, 990, 0660));
	EXPECT_EQ(0, self->say->attach);
	EXPECT_EQ(0, mt_destroy(self->pool.fd, NAME));
	self->say->group = 991;
	ASSERT_EQ(0, visit(self, 0, 990, 0660));
	EXPECT_EQ(-EACCES, self->say->attach);
}

/* As for a file, the first class that fits decides, whatever later ones say. */
TEST_F(access, group_may_have_less_than_others)
{
	ASSERT_EQ(0, visit(self, 0, MT_NOBODY, 0606));
	EXPECT_EQ(-EACCES, self->say->attach);
}

TEST_F(access, owner)
{
	ASSERT_EQ(0, visit(self, MT_NOBODY, 0, 0600));
	EXPECT_EQ(0, self->say->attach);
	EXPECT_EQ(0, self->say->stats);
	EXPECT_EQ(1, self->say->lease);
	EXPECT_EQ(0, self->say->trim);
	EXPECT_EQ(0, self->say->get);
	EXPECT_EQ(0, self->say->set);
	/* As chown(2) has it, and the limit is who made the pool's to say. */
	EXPECT_EQ(-EPERM, self->say->more);
	EXPECT_EQ(-EPERM, self->say->give);
	EXPECT_EQ(0, self->say->destroy);
	EXPECT_EQ(-ENOENT, mt_destroy(self->pool.fd, NAME));
}

TEST_F(access, owner_gives_it_to_a_group_of_his)
{
	self->say->group = 990;
	ASSERT_EQ(0, visit(self, MT_NOBODY, MT_NOBODY, 0600));
	EXPECT_EQ(0, self->say->group_given);
	EXPECT_EQ(0, self->say->destroy);
	/* Root's is none of his. */
	self->say->group = 0;
	ASSERT_EQ(0, visit(self, MT_NOBODY, MT_NOBODY, 0600));
	EXPECT_EQ(-EPERM, self->say->group_given);
}

TEST_F(access, owner_may_have_less_than_others)
{
	ASSERT_EQ(0, visit(self, MT_NOBODY, 0, 0066));
	EXPECT_EQ(-EACCES, self->say->attach);
	/* The pool is still his. */
	EXPECT_EQ(0, self->say->destroy);
}

/* Whoever has CAP_SYS_ADMIN needs no mode. */
TEST_F(access, root)
{
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_OWNER,
		.uid = MT_NOBODY,
		.gid = MT_NOBODY,
		.mode = 0001,
	};
	int fd = mt_open(O_RDWR);

	ASSERT_EQ(0, mt_create(self->pool.fd, NAME, &cfg));
	EXPECT_EQ(0, mt_attach(fd, NAME, NULL));
	EXPECT_EQ(0, mt_trim(fd, NAME, 0, NULL));
	close(fd);
	EXPECT_EQ(0, mt_destroy(self->pool.fd, NAME));
}

/* A file that was attached keeps its rights, whoever has it now. */
TEST_F(access, attached_file)
{
	self->say->fd = mt_open(O_RDWR);
	ASSERT_EQ(0, mt_attach(self->say->fd, self->pool.name, NULL));
	ASSERT_EQ(0, visit(self, 0, 0, 0600));
	EXPECT_EQ(0, self->say->by_file);
	EXPECT_EQ(-EACCES, self->say->stats);
	close(self->say->fd);
}

static int in_user_namespace(void *arg)
{
	struct answers *say = arg;

	if (mt_become_nobody() || unshare(CLONE_NEWUSER))
		return 1;
	/* All capabilities now, but not here. */
	ask(say);
	return 0;
}

TEST_F(access, user_namespace)
{
	struct mpool_pool_config cfg = { .mode = 0600 };
	int status;

	ASSERT_EQ(0, mt_create(self->pool.fd, NAME, &cfg));
	status = mt_in_child(in_user_namespace, self->say);
	if (status == 1)
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, status);
	EXPECT_EQ(-EPERM, self->say->create);
	EXPECT_EQ(-EACCES, self->say->attach);
	EXPECT_EQ(-EPERM, self->say->destroy);
	EXPECT_EQ(-EPERM, self->say->trim);
}

TEST_HARNESS_MAIN
