// SPDX-License-Identifier: GPL-2.0
/*
 * CLIENTS: who is attached to a pool, and how much each has, for those who may
 * take it back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define ENTRY	sizeof(struct mpool_client_entry)

/* How many there are, or an errno. */
static int list(int fd, const char *pool, struct mpool_client_entry *entries,
		__u32 count)
{
	struct mpool_clients arg = {
		.size = sizeof(arg),
		.clients = (uintptr_t)entries,
		.count = count,
		.entry_size = sizeof(*entries),
	};
	int err;

	snprintf(arg.name, sizeof(arg.name), "%s", pool);
	err = mt_call(fd, MPOOL_IOC_CLIENTS, &arg);
	return err ? err : (int)arg.count;
}

FIXTURE(clients)
{
	struct mt_pool pool;
	struct mpool_client_entry entries[4];
	struct mpool_lease leases[4];
	struct mpool_clients arg;
};

FIXTURE_SETUP(clients)
{
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_OWNER,
		.uid = MT_NOBODY,
		.mode = 0606,
	};

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_public_device(true));
	memset(self->entries, 0x5a, sizeof(self->entries));
	self->arg = (struct mpool_clients) {
		.size = sizeof(self->arg),
		.clients = (uintptr_t)self->entries,
		.count = 4,
		.entry_size = ENTRY,
	};
	strcpy(self->arg.name, self->pool.name);
}

FIXTURE_TEARDOWN(clients)
{
	mt_attach_flags = 0;
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

TEST_F(clients, nobody_is_there)
{
	EXPECT_EQ(0, list(self->pool.fd, self->pool.name, self->entries, 4));
	EXPECT_TRUE(mt_all(self->entries, 0x5a, sizeof(self->entries)));
}

TEST_F(clients, what_each_has)
{
	const struct mpool_client_entry *e = self->entries;
	struct mt_client keeping, strict;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "holds much"));
	ASSERT_EQ(0, mt_client_open(&keeping, self->pool.name));
	mt_attach_flags = MPOOL_ATTACH_STRICT;
	ASSERT_EQ(0, mt_client_open(&strict, self->pool.name));
	/* Two pieces of one page, and two buffers, one of them then kept. */
	ASSERT_EQ(2, mt_lease(keeping.fd, 64, 2, self->leases));
	ASSERT_EQ(2, mt_lease(keeping.fd, 2 * MT_PAGE, 2, self->leases + 2));
	ASSERT_EQ(0, mt_poke(keeping.win + self->leases[3].offset, 1));
	ASSERT_EQ(0, mt_release_one(keeping.fd, self->leases[3].handle));
	ASSERT_EQ(2, list(self->pool.fd, self->pool.name, self->entries, 4));
	EXPECT_LT(e[0].client, e[1].client);
	EXPECT_EQ(mt_client_id(self->pool.name, self->leases[0].handle),
		  e[0].client);
	EXPECT_EQ((__u32)getpid(), e[0].pid);
	EXPECT_EQ(0, e[0].uid);
	EXPECT_EQ(0, e[0].flags);
	EXPECT_EQ(0, e[0].reserved);
	EXPECT_EQ(3, e[0].leases);
	EXPECT_EQ(3, e[0].buffers);
	EXPECT_EQ(5 * MT_PAGE, e[0].bytes);
	EXPECT_EQ(2 * MT_PAGE, e[0].kept_bytes);
	EXPECT_STREQ("holds much", e[0].comm);
	EXPECT_TRUE(mt_all(e[0].comm + 10, 0, sizeof(e[0].comm) - 10));
	EXPECT_EQ(MPOOL_ATTACH_STRICT, e[1].flags);
	EXPECT_EQ(0, e[1].leases);
	EXPECT_EQ(0, e[1].buffers);
	EXPECT_EQ(0, e[1].bytes);
	EXPECT_EQ(0, e[1].kept_bytes);
	EXPECT_TRUE(mt_all(e + 2, 0x5a, 2 * ENTRY));
	/* Who has the file needs no name. */
	EXPECT_EQ(2, list(keeping.fd, "", self->entries, 4));
	mt_client_close(&keeping);
	ASSERT_EQ(1, list(self->pool.fd, self->pool.name, self->entries, 4));
	EXPECT_EQ(MPOOL_ATTACH_STRICT, e[0].flags);
	mt_client_close(&strict);
}

TEST_F(clients, entries_of_other_sizes)
{
	unsigned char *bytes = (unsigned char *)self->entries;
	struct mt_client c[3];
	__u64 first;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, mt_client_open(&c[i], self->pool.name));
	/* How many there are is said in any case. */
	EXPECT_EQ(3, list(self->pool.fd, self->pool.name, NULL, 0));
	EXPECT_EQ(3, list(self->pool.fd, self->pool.name, self->entries, 2));
	EXPECT_NE(0, self->entries[1].client);
	EXPECT_TRUE(mt_all(self->entries + 2, 0x5a, 2 * ENTRY));
	first = self->entries[0].client;
	/* Cut. */
	memset(self->entries, 0x5a, sizeof(self->entries));
	self->arg.entry_size = 8;
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &self->arg));
	EXPECT_EQ(3, self->arg.count);
	EXPECT_EQ(first, ((__u64 *)self->entries)[0]);
	EXPECT_LT(first, ((__u64 *)self->entries)[1]);
	EXPECT_LT(first, ((__u64 *)self->entries)[2]);
	EXPECT_TRUE(mt_all(bytes + 24, 0x5a, sizeof(self->entries) - 24));
	/* Filled up. */
	self->arg.entry_size = ENTRY + 16;
	self->arg.count = 1;
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &self->arg));
	EXPECT_EQ(first, self->entries[0].client);
	EXPECT_TRUE(mt_all(bytes + ENTRY, 0, 16));
	EXPECT_TRUE(mt_all(bytes + ENTRY + 16, 0x5a, ENTRY));
	for (i = 0; i < 3; i++)
		mt_client_close(&c[i]);
}

TEST_F(clients, bad_arguments)
{
	struct mpool_clients arg = self->arg;
	struct mt_client c;
	int fd;

	ASSERT_EQ(0, mt_client_open(&c, self->pool.name));
	arg.flags = 1;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &arg));
	arg = self->arg;
	arg.entry_size = 0;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &arg));
	arg.entry_size = MT_PAGE + 1;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &arg));
	arg = self->arg;
	arg.count = 0;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &arg));
	arg = self->arg;
	arg.clients = 8;
	EXPECT_EQ(-EFAULT, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &arg));
	/* As many as an array may be said to hold. */
	arg = self->arg;
	arg.count = ~0U;
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_CLIENTS, &arg));
	EXPECT_EQ(1, arg.count);
	EXPECT_EQ(-EINVAL, list(self->pool.fd, "no/name", self->entries, 4));
	EXPECT_EQ(-ENOENT, list(self->pool.fd, "nosuchpool", self->entries, 4));
	fd = mt_open(O_RDWR);
	EXPECT_EQ(-ENOTCONN, list(fd, "", self->entries, 4));
	close(fd);
	mt_client_close(&c);
}

struct visit {
	const char *pool;
	__u64 handle;
};

/* Whose pool it is, and who is in no other way known, sees and takes back. */
static int own(void *arg)
{
	struct mpool_client_entry entry;
	const struct visit *v = arg;
	__u64 revoked;
	int fd;

	if (mt_become_nobody())
		return 1;
	fd = mt_open(O_RDWR);
	if (fd < 0)
		return 2;
	if (list(fd, "default", &entry, 1) != -EPERM)
		return 3;
	if (list(fd, v->pool, &entry, 1) != 1 || entry.leases != 1)
		return 4;
	if (mt_revoke(fd, v->pool, entry.client, v->handle, &revoked))
		return 5;
	if (list(fd, v->pool, &entry, 1) != 1 || entry.leases)
		return 6;
	return 0;
}

TEST_F(clients, own_pool_only)
{
	struct visit v = { .pool = self->pool.name };
	struct mt_client c;
	unsigned char byte;

	ASSERT_EQ(0, mt_client_open(&c, self->pool.name));
	ASSERT_EQ(1, mt_lease(c.fd, MT_PAGE, 1, self->leases));
	v.handle = self->leases[0].handle;
	EXPECT_EQ(0, mt_in_child(own, &v));
	EXPECT_EQ(SIGBUS, mt_peek(c.win + self->leases[0].offset, &byte));
	mt_client_close(&c);
}

static int beside(void *arg)
{
	struct mpool_client_entry entry;
	const struct visit *v = arg;
	int fd = mt_open(O_RDWR);

	if (list(fd, v->pool, &entry, 1) != 1)
		return 1;
	return entry.client && !entry.pid ? 0 : 2;
}

/* Processes have other numbers there, or none. */
TEST_F(clients, another_pid_namespace)
{
	struct visit v = { .pool = self->pool.name };
	struct mt_client c;

	ASSERT_EQ(0, mt_client_open(&c, self->pool.name));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, mt_in_child(beside, &v));
	mt_client_close(&c);
}

TEST_HARNESS_MAIN
