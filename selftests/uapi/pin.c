// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that something holds beside the page tables; and arguments of an
 * ioctl that lie in leased buffers themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define MAX	4
#define STREAM	200

/* A buffer, and a pipe that can hold its pages without copying them. */
FIXTURE(pin)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease lease;
	char *buf;
	int pipe[2];
	bool ended;
};

FIXTURE_VARIANT(pin)
{
	__u64 size;
};

FIXTURE_VARIANT_ADD(pin, page)
{
	.size = MT_PAGE,
};

FIXTURE_VARIANT_ADD(pin, split_pages)
{
	.size = 3 * MT_PAGE,
};

FIXTURE_VARIANT_ADD(pin, compound)
{
	.size = 8 * MT_PAGE,
};

FIXTURE_SETUP(pin)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(1, mt_lease(self->client.fd, variant->size, 1,
			      &self->lease));
	self->buf = self->client.win + self->lease.offset;
	memset(self->buf, 0x5a, variant->size);
	ASSERT_EQ(0, pipe2(self->pipe, O_NONBLOCK));
}

FIXTURE_TEARDOWN(pin)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	mt_client_close(&self->client);
	if (self->ended)
		close(self->pool.fd);
	else
		EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* The last page of a buffer into the pipe. */
static long splice_last_page(int to, char *buf, __u64 size)
{
	struct iovec iov = { buf + size - MT_PAGE, MT_PAGE };

	return vmsplice(to, &iov, 1, 0);
}

static bool pipe_has(int from, unsigned char value)
{
	char page[MT_PAGE];

	return read(from, page, sizeof(page)) == MT_PAGE &&
	       mt_all(page, value, sizeof(page));
}

/* Leases all that can be had, stamps it, gives it back; how many. */
static int reuse(struct mt_client *client, __u64 size, unsigned char stamp)
{
	struct mpool_lease leases[MAX];
	int i, nr;

	mt_await_clean(client->fd, "");
	nr = mt_lease(client->fd, size, MAX, leases);
	for (i = 0; i < nr; i++)
		memset(client->win + leases[i].offset, stamp, size);
	if (nr > 0)
		mt_release_leases(client->fd, leases, nr);
	return nr;
}

TEST_F(pin, released_while_in_a_pipe)
{
	struct mpool_class_stats cls;
	int i;

	ASSERT_EQ(MT_PAGE, splice_last_page(self->pipe[1], self->buf,
					    variant->size));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	ASSERT_EQ(0, mt_class(self->client.fd, "", variant->size, &cls));
	EXPECT_EQ(1, cls.quarantined);
	EXPECT_EQ(0, cls.leased);
	EXPECT_EQ(SIGBUS, mt_poke(self->buf, 1));
	/* All others come again and again, this one does not. */
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(MAX - 1, reuse(&self->client, variant->size, 0xbb));
		if (i % 5 == 0)
			mt_sleep_ms(30);
	}
	ASSERT_EQ(0, mt_class(self->client.fd, "", variant->size, &cls));
	EXPECT_EQ(1, cls.quarantined);
	EXPECT_TRUE(pipe_has(self->pipe[0], 0x5a));
	/* With the pipe drained, it is back; and it is clean. */
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
	EXPECT_EQ(0, mt_quiet(self->client.fd, "", 1));
	EXPECT_EQ(MAX, reuse(&self->client, variant->size, 0xbb));
}

TEST_F(pin, closed_while_in_a_pipe)
{
	struct mpool_stats stats;

	ASSERT_EQ(MT_PAGE, splice_last_page(self->pipe[1], self->buf,
					    variant->size));
	mt_client_close(&self->client);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(1, stats.total.quarantined);
	EXPECT_EQ(0, stats.total.leased);
	/* A new client finds nothing of it. */
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	EXPECT_EQ(MAX - 1, reuse(&self->client, variant->size, 0xbb));
	EXPECT_TRUE(pipe_has(self->pipe[0], 0x5a));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

TEST_F(pin, pool_ended_while_in_a_pipe)
{
	ASSERT_EQ(MT_PAGE, splice_last_page(self->pipe[1], self->buf,
					    variant->size));
	mt_client_close(&self->client);
	/* Nothing waits: the buffer is left to the pipe. */
	ASSERT_EQ(0, mt_destroy(self->pool.fd, self->pool.name));
	self->ended = true;
	EXPECT_TRUE(pipe_has(self->pipe[0], 0x5a));
}

/* Only what is pinned goes there. */
TEST_F(pin, one_of_several)
{
	struct mpool_lease more[MAX - 1];
	struct mpool_stats stats;

	ASSERT_EQ(MAX - 1, mt_lease(self->client.fd, variant->size, MAX - 1,
				    more));
	ASSERT_EQ(MT_PAGE, splice_last_page(self->pipe[1], self->buf,
					    variant->size));
	EXPECT_EQ(0, mt_release_leases(self->client.fd, more, MAX - 1));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(0, stats.total.quarantined);
	EXPECT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(1, stats.total.quarantined);
	/* Trimming does not take it either. */
	EXPECT_EQ(0, mt_trim(self->client.fd, "", 0, NULL));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(1, stats.total.quarantined);
	EXPECT_TRUE(pipe_has(self->pipe[0], 0x5a));
}

/* Who waits for a buffer gets it when the pin is gone. */
TEST_F(pin, waited_for)
{
	struct mpool_lease all[MAX];

	ASSERT_EQ(MT_PAGE, splice_last_page(self->pipe[1], self->buf,
					    variant->size));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(-ETIMEDOUT, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL,
					    variant->size, MAX,
					    mt_now() + 100000000, all));
	EXPECT_TRUE(pipe_has(self->pipe[0], 0x5a));
	EXPECT_EQ(MAX, mt_lease_wait(self->client.fd, MPOOL_LEASE_ALL,
				     variant->size, MAX,
				     mt_now() + 10000000000ULL, all));
}

/* Buffers that are released pinned, one after the other, and unpinned soon. */
FIXTURE(stream)
{
	struct mt_pool pool;
	struct mt_client client;
	int pipe[2];
};

FIXTURE_SETUP(stream)
{
	struct mpool_pool_config cfg = { .max = { STREAM, STREAM, STREAM } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, pipe2(self->pipe, O_NONBLOCK));
}

FIXTURE_TEARDOWN(stream)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Leases a page, and releases it while it is in the pipe; then drains that. */
static int pin_one(struct mt_client *client, const int *pipe)
{
	struct mpool_lease lease;
	char *buf;
	int err;

	err = mt_lease(client->fd, MT_PAGE, 1, &lease);
	if (err != 1)
		return err < 0 ? err : -ENODATA;
	buf = client->win + lease.offset;
	memset(buf, 0x5a, MT_PAGE);
	if (splice_last_page(pipe[1], buf, MT_PAGE) != MT_PAGE)
		return -EPIPE;
	err = mt_release_one(client->fd, lease.handle);
	if (err)
		return err;
	return pipe_has(pipe[0], 0x5a) ? 0 : -EIO;
}

/* Each of them is looked at in time, however soon the next one comes. */
TEST_F(stream, is_looked_at)
{
	struct mpool_class_stats cls = {};
	unsigned int nr;

	for (nr = 0; nr < STREAM && cls.quarantined == nr; nr++) {
		ASSERT_EQ(0, pin_one(&self->client, self->pipe));
		mt_sleep_ms(2);
		ASSERT_EQ(0, mt_class(self->client.fd, "", MT_PAGE, &cls));
	}
	/* Some came back before the class was used up. */
	EXPECT_GT(nr, cls.quarantined);
}

/* Leases @nr pages of a new client, and has the first in a pipe. */
static int pin_pages(struct mt_client *client, const char *name, int nr, int to)
{
	struct mpool_lease leases[MAX];
	int i;

	if (mt_client_open(client, name) ||
	    mt_lease(client->fd, MT_PAGE, nr, leases) != nr)
		return 1;
	for (i = 0; i < nr; i++)
		if (splice_last_page(to, client->win + leases[i].offset,
				     MT_PAGE) != MT_PAGE)
			return 2;
	return mt_release_leases(client->fd, leases, nr) ? 3 : 0;
}

/* A pin keeps locked what was released, also for who closed his file. */
static int pin_within_limit(void *arg)
{
	struct rlimit limit = { 2 * MT_PAGE, 2 * MT_PAGE };
	struct mt_client client, other;
	struct mpool_lease leases[MAX];
	int pipes[2], err;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || mt_become_nobody() ||
	    pipe2(pipes, O_NONBLOCK) || mt_client_open(&other, arg))
		return 10;
	err = pin_pages(&client, arg, 2, pipes[1]);
	if (err)
		return 10 + err;
	if (mt_lease(client.fd, MT_PAGE, 1, leases) != -EDQUOT)
		return 20;
	mt_client_close(&client);
	if (mt_lease(other.fd, MT_PAGE, 1, leases) != -EDQUOT)
		return 21;
	/* One page is read: so much may be leased, and at once. */
	if (!pipe_has(pipes[0], 0))
		return 22;
	if (mt_lease(other.fd, MT_PAGE, 2, leases) != 1)
		return 23;
	if (mt_release_one(other.fd, leases[0].handle) ||
	    mt_lease(other.fd, MT_PAGE, 2, leases) != 1)
		return 24;
	if (!pipe_has(pipes[0], 0))
		return 25;
	if (mt_lease(other.fd, MT_PAGE, 2, leases) != 1)
		return 26;
	return mt_lease(other.fd, MT_PAGE, 1, leases) == -EDQUOT ? 0 : 27;
}

/* A pool of nobody's, who has a limit of locked memory. */
FIXTURE(locked)
{
	struct mt_pool pool;
};

FIXTURE_SETUP(locked)
{
	struct mpool_pool_config cfg = { .mode = 0606 };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_public_device(true));
}

FIXTURE_TEARDOWN(locked)
{
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

TEST_F(locked, pinned)
{
	int i;

	/* Twice: with the last pin nothing is charged any more. */
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, mt_in_child(pin_within_limit, self->pool.name));
		EXPECT_EQ(0, mt_await_quarantine(self->pool.fd,
						 self->pool.name, 0));
	}
}

/* A pool that ends with it cannot hear of the last unpin. */
static int pin_and_leave(void *arg)
{
	struct rlimit limit = { 2 * MT_PAGE, 2 * MT_PAGE };
	struct mt_client client;
	int pipes[2], err;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || mt_become_nobody() ||
	    pipe2(pipes, O_NONBLOCK))
		return 10;
	err = pin_pages(&client, arg, 2, pipes[1]);
	mt_client_close(&client);
	if (err)
		return 10 + err;
	kill(getpid(), SIGSTOP);
	return 0;
}

TEST_F(locked, pool_ended)
{
	struct mpool_pool_config cfg = { .mode = 0606 };
	int pid, status;

	ASSERT_EQ(0, mt_create(self->pool.fd, "pinned", &cfg));
	pid = fork();
	if (!pid)
		_exit(pin_and_leave("pinned"));
	ASSERT_EQ(pid, TEMP_FAILURE_RETRY(waitpid(pid, &status, WUNTRACED)));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "pinned"));
	/* Its user has his limit back. */
	ASSERT_EQ(0, mt_create(self->pool.fd, "pinned", &cfg));
	EXPECT_EQ(0, mt_in_child(pin_within_limit, "pinned"));
	kill(pid, SIGCONT);
	EXPECT_EQ(0, mt_wait(pid));
	EXPECT_EQ(0, mt_await_quarantine(self->pool.fd, "pinned", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "pinned"));
}

/* Another process reads and writes leased memory through the page tables. */
FIXTURE(inside)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[4];
	char *buf[4];
	unsigned char c;
};

FIXTURE_SETUP(inside)
{
	int i;

	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(4, mt_lease(self->client.fd, 2 * MT_PAGE, 4, self->leases));
	for (i = 0; i < 4; i++)
		self->buf[i] = self->client.win + self->leases[i].offset;
}

FIXTURE_TEARDOWN(inside)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

TEST_F(inside, process_vm_access)
{
	char out[8] = "outside", in[8] = {};
	struct iovec local = { out, 8 }, remote = { self->buf[0] + 100, 8 };
	int i;

	/* It faults in what was never touched. */
	EXPECT_EQ(8, process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_STREQ("outside", self->buf[0] + 100);
	local.iov_base = in;
	EXPECT_EQ(8, process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_STREQ("outside", in);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[i].handle));
	EXPECT_EQ(-1, process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	/* The pins of the calls are gone with them. */
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

/* /proc/PID/mem forces its way through a mapping for reading; not here. */
TEST_F(inside, proc_mem)
{
	int fd = open("/proc/self/mem", O_RDWR);
	char byte = 1;

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, pwrite(fd, &byte, 1, (uintptr_t)self->buf[0]));
	EXPECT_EQ(1, self->buf[0][0]);
	ASSERT_EQ(0, mprotect(self->buf[0], MT_PAGE, PROT_READ));
	EXPECT_EQ(-1, pwrite(fd, &byte, 1, (uintptr_t)self->buf[0]));
	EXPECT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(-1, pread(fd, &byte, 1, (uintptr_t)self->buf[0]));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

/* The argument and the results in buffers that are not faulted in yet. */
TEST_F(inside, lease_into_leases)
{
	struct mpool_lease_req *req = (void *)self->buf[0];
	struct mpool_lease *answer = (void *)self->buf[1];

	/* Across the end of the first page, which alone is there. */
	req = (void *)(self->buf[0] + MT_PAGE - 16);
	req->size = sizeof(*req);
	req->length = 1;
	req->count = 200;
	req->leases = (uintptr_t)answer;
	EXPECT_EQ(0, mt_call(self->client.fd, MPOOL_IOC_LEASE, req));
	EXPECT_EQ(200, req->granted);
	EXPECT_NE(0, answer[199].handle);
	EXPECT_EQ(0, mt_poke(self->client.win + answer[199].offset, 1));
}

/* Results into a window's hole: as any other bad address. */
TEST_F(inside, lease_into_a_hole)
{
	struct mpool_lease *answer = (void *)(self->buf[3] + 2 * MT_PAGE);
	struct mpool_stats stats;

	EXPECT_EQ(-EFAULT, mt_lease(self->client.fd, 1, 4, answer));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(4, stats.total.leased);
	/* Unless it is where the lease stands that they tell of. */
	ASSERT_EQ(1, mt_lease(self->client.fd, 2 * MT_PAGE, 1, answer));
	EXPECT_EQ((char *)answer, self->client.win + answer->offset);
	EXPECT_EQ(0, mt_release_one(self->client.fd, answer->handle));
}

TEST_F(inside, stats_into_leases)
{
	struct mpool_stats *stats = (void *)self->buf[2];

	stats->size = sizeof(*stats);
	stats->classes = (uintptr_t)(self->buf[3] + MT_PAGE - 8);
	stats->count = 2;
	stats->entry_size = sizeof(struct mpool_class_stats);
	EXPECT_EQ(0, mt_call(self->client.fd, MPOOL_IOC_STATS, stats));
	EXPECT_EQ(4, stats->total.leased);
	EXPECT_EQ(2 * MT_PAGE, *(__u64 *)(self->buf[3] + MT_PAGE - 8));
}

/* A list of handles that names the buffer it lies in, and its argument. */
TEST_F(inside, release_itself)
{
	struct mpool_release *rel = (void *)self->buf[0];
	__u64 *handles = (void *)self->buf[1];
	struct mpool_stats stats;
	int i;

	for (i = 0; i < 4; i++)
		handles[i] = self->leases[i].handle;
	rel->size = sizeof(*rel);
	rel->handles = (uintptr_t)handles;
	rel->count = 4;
	EXPECT_EQ(0, mt_call(self->client.fd, MPOOL_IOC_RELEASE, rel));
	EXPECT_EQ(SIGBUS, mt_peek(rel, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(handles, &self->c));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(0, stats.total.leased);
}

/* A handle list in a buffer that is gone: refused, and nothing happens. */
TEST_F(inside, release_from_released)
{
	__u64 *handles = (void *)self->buf[0];
	struct mpool_stats stats;

	handles[0] = self->leases[1].handle;
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(-EFAULT, mt_release(self->client.fd, handles, 1, NULL));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	EXPECT_EQ(3, stats.total.leased);
}

TEST_HARNESS_MAIN
