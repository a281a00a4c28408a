// SPDX-License-Identifier: GPL-2.0
/*
 * libmpool against the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmpool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../uapi/harness.h"

#define POOL	"libmpool"
#define MANY	500

FIXTURE(lib)
{
	struct mpl_client *client;
};

FIXTURE_SETUP(lib)
{
	struct mpool_pool_config config = {
		.max = { 0, 600, 0 },
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
	};

	/* Left by a test that was killed. */
	mpl_destroy(POOL);
	ASSERT_EQ(0, mpl_create(POOL, &config));
	ASSERT_EQ(0, mpl_open(&self->client, POOL));
}

FIXTURE_TEARDOWN(lib)
{
	mpl_close(self->client);
	EXPECT_EQ(0, mpl_destroy(POOL));
}

static __u64 leased(const char *pool)
{
	struct mpool_stats stats;

	return mpl_stats(pool, &stats, NULL) ? ~0ULL : stats.total.leased;
}

TEST(names)
{
	struct mpool_pool_config config;
	struct mpl_client *client;
	char name[MPOOL_NAME_LEN + 1] = {};

	memset(name, 'x', MPOOL_NAME_LEN);
	EXPECT_EQ(-ENOENT, mpl_open(&client, "nosuchpool"));
	EXPECT_EQ(-EINVAL, mpl_open(&client, ""));
	EXPECT_EQ(-EINVAL, mpl_open(&client, name));
	EXPECT_EQ(-EINVAL, mpl_create("a/b", NULL));
	EXPECT_EQ(-ENOENT, mpl_destroy("nosuchpool"));
	EXPECT_EQ(-ENOENT, mpl_trim("nosuchpool", 0, NULL));
	EXPECT_EQ(-ENOENT, mpl_config("nosuchpool", &config, 0));
}

TEST_F(lib, config)
{
	struct mpool_pool_config config;

	/* What was in it is not looked at when nothing is to be changed. */
	memset(&config, 0xa5, sizeof(config));
	ASSERT_EQ(0, mpl_config(POOL, &config, 0));
	EXPECT_EQ(600, config.max[1]);
	EXPECT_EQ(MPOOL_NONE, config.initial[1]);
	config.max[1] = 500;
	config.max[0] = 7;
	ASSERT_EQ(0, mpl_config(POOL, &config, MPOOL_CONFIG_MAX_MEDIUM));
	EXPECT_EQ(500, config.max[1]);
	EXPECT_EQ(1000, config.max[0]);
	config.max[1] = 1 << 24;
	EXPECT_EQ(-EINVAL, mpl_config(POOL, &config, MPOOL_CONFIG_MAX_MEDIUM));
}

TEST_F(lib, one)
{
	struct mpool_lease lease, found;
	char *p;

	EXPECT_STREQ(POOL, mpl_pool(self->client));
	EXPECT_EQ(65536, mpl_max_size(self->client));
	EXPECT_LE(0, mpl_fd(self->client));
	ASSERT_EQ(0, mpl_lease(self->client, 5000, &lease));
	EXPECT_LE(5000, lease.length);
	p = mpl_pointer(self->client, &lease);
	p[0] = 1;
	p[lease.length - 1] = 2;
	ASSERT_EQ(0, mpl_find(self->client, p, &found));
	EXPECT_EQ(0, memcmp(&lease, &found, sizeof(lease)));
	EXPECT_EQ(-ENOENT, mpl_find(self->client, p + 1, &found));
	EXPECT_EQ(-ENOENT, mpl_find(self->client, &lease, &found));
	EXPECT_EQ(-ENOENT, mpl_find(self->client, NULL, &found));
	ASSERT_EQ(0, mpl_release(self->client, &lease));
	EXPECT_EQ(-ENOENT, mpl_find(self->client, p, &found));
	EXPECT_EQ(-ESTALE, mpl_release(self->client, &lease));
	EXPECT_EQ(-EMSGSIZE, mpl_lease(self->client, 65537, &lease));
	EXPECT_EQ(-EINVAL, mpl_lease(self->client, 0, &lease));
	EXPECT_EQ(0, leased(POOL));
}

/* The table grows and shrinks, and stays right. */
TEST_F(lib, many)
{
	static struct mpool_lease leases[MANY];
	struct mpool_lease found, mixed[2];
	unsigned int i, j;

	EXPECT_EQ(-EINVAL, mpl_lease_many(self->client, 1, leases, 0, 0, 0));
	EXPECT_EQ(-EINVAL, mpl_lease_many(self->client, 1, leases,
					  MPOOL_BATCH_MAX + 1, 0, 0));
	ASSERT_EQ(MANY, mpl_lease_many(self->client, 1, leases, MANY,
				       MPOOL_LEASE_ALL, 0));
	srand(1);
	for (i = 0; i < MANY; i++) {
		j = i + rand() % (MANY - i);
		found = leases[i];
		leases[i] = leases[j];
		leases[j] = found;
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, mpl_release(self->client, &leases[i]));
		EXPECT_EQ(-ENOENT,
			  mpl_find(self->client,
				   mpl_pointer(self->client, &leases[i]),
				   &found));
		for (j = i + 1; i % 25 == 0 && j < MANY; j++) {
			ASSERT_EQ(0, mpl_find(self->client,
					      mpl_pointer(self->client,
							  &leases[j]),
					      &found));
			ASSERT_EQ(leases[j].handle, found.handle);
		}
	}

	/* A batch that fails has forgotten nothing. */
	mixed[1] = leases[0];
	ASSERT_EQ(0, mpl_lease(self->client, 8192, &mixed[0]));
	EXPECT_EQ(-ESTALE, mpl_release_many(self->client, mixed, 2));
	EXPECT_EQ(0, mpl_find(self->client,
			      mpl_pointer(self->client, &mixed[0]), &found));
	EXPECT_EQ(0, mpl_release_many(self->client, mixed, 1));
	EXPECT_EQ(-EINVAL, mpl_release_many(self->client, mixed, 0));
	EXPECT_EQ(0, leased(POOL));
}

TEST_F(lib, waiting)
{
	static struct mpool_lease leases[1000];
	int got;

	got = mpl_lease_many(self->client, 4096, leases, 1000, 0, 0);
	ASSERT_EQ(600, got);
	EXPECT_EQ(-EAGAIN, mpl_lease(self->client, 4096, &leases[got]));
	EXPECT_EQ(-ETIMEDOUT, mpl_lease_many(self->client, 4096, &leases[got],
					     1, 0, mpl_deadline(50)));
	EXPECT_EQ(0, mpl_release_many(self->client, leases, got));
	EXPECT_EQ(1, mpl_lease_many(self->client, 4096, leases, 1, 0,
				    MPOOL_FOREVER));
	EXPECT_EQ(0, mpl_release(self->client, leases));
}

static __u64 cached(void)
{
	struct mpool_stats stats;

	return mpl_stats(POOL, &stats, NULL) ? ~0ULL : stats.total.cached;
}

TEST_F(lib, strict)
{
	struct mpl_client *client;
	struct mpool_lease lease;

	EXPECT_EQ(-EINVAL, mpl_open_flags(&client, POOL, 1U << 31));
	ASSERT_EQ(0, mpl_open_flags(&client, POOL, MPOOL_ATTACH_STRICT));
	ASSERT_EQ(0, mpl_lease(client, 1, &lease));
	ASSERT_EQ(0, mpl_release(client, &lease));
	EXPECT_EQ(0, cached());
	mpl_close(client);
	ASSERT_EQ(0, mpl_lease(self->client, 1, &lease));
	ASSERT_EQ(0, mpl_release(self->client, &lease));
	EXPECT_EQ(1, cached());
}

TEST_F(lib, revoked)
{
	struct mpool_lease leases[2], found, again;
	struct mpool_client_entry *clients;
	struct mpool_event events[3];
	unsigned int count;
	__u64 id, nr;
	void *p;

	EXPECT_EQ(-EINVAL, mpl_events(self->client, 1U << 31, -1, 0));
	EXPECT_EQ(-EBADF, mpl_events(self->client, MPOOL_EVENT_REVOKED, 999, 0));
	ASSERT_EQ(0, mpl_events(self->client, MPOOL_EVENT_REVOKED, -1, 0));
	ASSERT_EQ(2, mpl_lease_many(self->client, 1, leases, 2, 0, 0));
	p = mpl_pointer(self->client, &leases[1]);
	EXPECT_EQ(-ENOENT, mpl_clients("nosuchpool", &clients, &count));
	EXPECT_EQ(-EINVAL, mpl_clients("no/name", &clients, &count));
	ASSERT_EQ(0, mpl_clients(POOL, &clients, &count));
	ASSERT_EQ(1, count);
	EXPECT_EQ(2, clients[0].leases);
	id = clients[0].client;
	free(clients);
	EXPECT_EQ(-ENOENT, mpl_revoke("nosuchpool", id, 0, NULL));
	EXPECT_EQ(-ESRCH, mpl_revoke(POOL, id + 1000, 0, NULL));
	ASSERT_EQ(0, mpl_revoke(POOL, id, leases[1].handle, &nr));
	EXPECT_EQ(1, nr);
	ASSERT_EQ(1, mpl_read_events(self->client, events, 3));
	EXPECT_EQ(MPOOL_EVENT_REVOKED, events[0].type);
	EXPECT_EQ(leases[1].handle, events[0].value);
	EXPECT_EQ(id, events[0].client);

	/* Told once, it is forgotten; what stands beside it is not. */
	EXPECT_EQ(0, mpl_find(self->client, p, &found));
	EXPECT_EQ(-EKEYREVOKED, mpl_release_many(self->client, leases, 2));
	EXPECT_EQ(-ENOENT, mpl_find(self->client, p, &found));
	EXPECT_EQ(0, mpl_find(self->client,
			      mpl_pointer(self->client, &leases[0]), &found));
	ASSERT_EQ(0, mpl_lease(self->client, 1, &again));
	EXPECT_EQ(leases[1].offset, again.offset);
	EXPECT_EQ(-ESTALE, mpl_release_many(self->client, leases, 2));
	ASSERT_EQ(0, mpl_find(self->client, p, &found));
	EXPECT_EQ(again.handle, found.handle);
	EXPECT_EQ(0, mpl_release(self->client, &again));
	EXPECT_EQ(0, mpl_release(self->client, &leases[0]));
}

/* Leases, writes, sends, dies. */
static void child(int sock)
{
	struct mpl_client *client;
	struct mpool_lease lease;

	if (mpl_open(&client, POOL) || mpl_lease(client, 20000, &lease))
		_exit(1);
	strcpy(mpl_pointer(client, &lease), "from the other");
	if (mpl_send(client, sock) ||
	    send(sock, &lease, sizeof(lease), 0) != sizeof(lease))
		_exit(2);
	_exit(0);
}

static void hand_over(struct __test_metadata *_metadata, int type)
{
	struct mpool_lease lease, found;
	struct mpl_client *client;
	int sock[2], status;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, type, 0, sock));
	pid = fork();
	if (!pid)
		child(sock[1]);
	close(sock[1]);
	ASSERT_EQ(0, mpl_receive(&client, sock[0]));
	ASSERT_EQ(sizeof(lease), recv(sock[0], &lease, sizeof(lease), 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_STREQ("from the other", mpl_pointer(client, &lease));
	EXPECT_STREQ(POOL, mpl_pool(client));
	EXPECT_EQ(-ENOENT, mpl_find(client, mpl_pointer(client, &lease),
				    &found));
	EXPECT_EQ(1, leased(POOL));
	mpl_close(client);
	EXPECT_EQ(0, leased(POOL));
	EXPECT_EQ(-EPIPE, mpl_receive(&client, sock[0]));
	close(sock[0]);
}

TEST_F(lib, send_stream)
{
	hand_over(_metadata, SOCK_STREAM);
}

TEST_F(lib, send_packet)
{
	hand_over(_metadata, SOCK_SEQPACKET);
}

/* What mpl_send() sends, as a liar sends it. */
struct message {
	__u32 magic;
	__u32 abi_version;
	struct mpool_attach attach;
};

static void send_lie(int sock, const struct message *message, int fd)
{
	struct iovec iov = { (void *)message, sizeof(*message) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	sendmsg(sock, &msg, 0);
}

TEST_F(lib, receive_lies)
{
	struct mpl_client *client;
	struct message truth, lie;
	int sock[2], null;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock));
	ASSERT_EQ(0, mpl_send(self->client, sock[0]));
	ASSERT_EQ(sizeof(truth), recv(sock[1], &truth, sizeof(truth), 0));

	send_lie(sock[0], &truth, -1);
	EXPECT_EQ(-EPROTO, mpl_receive(&client, sock[1]));

	null = open("/dev/null", O_RDWR);
	send_lie(sock[0], &truth, null);
	EXPECT_EQ(-EPROTO, mpl_receive(&client, sock[1]));
	close(null);

	lie = truth;
	lie.attach.window_size += 4096;
	send_lie(sock[0], &lie, mpl_fd(self->client));
	EXPECT_EQ(-EINVAL, mpl_receive(&client, sock[1]));

	lie = truth;
	lie.magic++;
	send_lie(sock[0], &lie, mpl_fd(self->client));
	EXPECT_EQ(-EPROTO, mpl_receive(&client, sock[1]));

	lie = truth;
	lie.abi_version++;
	send_lie(sock[0], &lie, mpl_fd(self->client));
	EXPECT_EQ(-EPROTONOSUPPORT, mpl_receive(&client, sock[1]));

	lie = truth;
	memset(lie.attach.name, 'x', sizeof(lie.attach.name));
	send_lie(sock[0], &lie, mpl_fd(self->client));
	EXPECT_EQ(-EPROTO, mpl_receive(&client, sock[1]));

	send_lie(sock[0], &truth, mpl_fd(self->client));
	EXPECT_EQ(0, mpl_receive(&client, sock[1]));
	mpl_close(client);
	close(sock[0]);
	close(sock[1]);
}

/* More pools than the library makes room for at first. */
TEST_F(lib, pools)
{
	struct mpool_pool_entry *pools;
	struct mpool_class_stats *classes;
	struct mpool_stats stats;
	struct mpool_info info;
	struct mpool_lease lease;
	unsigned int count, i;
	char name[MPOOL_NAME_LEN];
	__u64 bytes = 0;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "lib-%02u", i);
		ASSERT_EQ(0, mpl_create(name, NULL));
	}
	EXPECT_EQ(-EEXIST, mpl_create("lib-00", NULL));
	ASSERT_EQ(0, mpl_info(&info));
	EXPECT_EQ(MPOOL_ABI_VERSION, info.abi_version);
	ASSERT_EQ(0, mpl_list(&pools, &count));
	EXPECT_EQ(info.nr_pools, count);
	EXPECT_LE(21, count);
	for (i = 1; i < count; i++)
		EXPECT_LT(strcmp(pools[i - 1].name, pools[i].name), 0);
	free(pools);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "lib-%02u", i);
		EXPECT_EQ(0, mpl_destroy(name));
	}
	EXPECT_EQ(-EBUSY, mpl_destroy(POOL));

	/* Classes come into being with their first lease. */
	for (i = 1; i <= 16; i++) {
		ASSERT_EQ(0, mpl_lease(self->client, i * 4096, &lease));
		ASSERT_EQ(0, mpl_release(self->client, &lease));
	}
	ASSERT_EQ(0, mpl_stats(POOL, &stats, &classes));
	EXPECT_LT(8, stats.count);
	EXPECT_EQ(1, stats.nr_clients);
	EXPECT_EQ(16, stats.total.leases);
	EXPECT_EQ(16, stats.total.releases);
	for (i = 1; i < stats.count; i++)
		EXPECT_LT(classes[i - 1].size, classes[i].size);
	free(classes);
	EXPECT_EQ(0, mpl_trim(POOL, 0, &bytes));
	EXPECT_LT(0, bytes);
}

TEST_HARNESS_MAIN
