// SPDX-License-Identifier: GPL-2.0
/*
 * Leased memory that is read and written by O_DIRECT when its lease ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "gate.h"
#include "mpool_test.h"
#include "reuse.h"

#define DISK	"/dev/ram0"
#define PIECE	512

FIXTURE(direct)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease lease;
	char *buf;
};

FIXTURE_VARIANT(direct)
{
	__u64 size;
};

FIXTURE_VARIANT_ADD(direct, page)
{
	.size = MT_PAGE,
};

FIXTURE_VARIANT_ADD(direct, split_pages)
{
	.size = 3 * MT_PAGE,
};

FIXTURE_VARIANT_ADD(direct, compound)
{
	.size = 8 * MT_PAGE,
};

FIXTURE_SETUP(direct)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	ASSERT_EQ(1, mt_lease(self->client.fd, variant->size, 1,
			      &self->lease));
	self->buf = self->client.win + self->lease.offset;
	memset(self->buf, 0x5a, variant->size);
}

FIXTURE_TEARDOWN(direct)
{
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* A disk of memory; it has moved all when the call returns. */
static int open_disk(void)
{
	int fd, i;

	if (access(DISK, F_OK) && system("modprobe brd rd_nr=1 rd_size=4096"))
		return -ENODEV;
	/* devtmpfs needs a moment */
	for (i = 0; i < 200; i++) {
		fd = open(DISK, O_RDWR | O_DIRECT);
		if (fd >= 0)
			return fd;
		mt_sleep_ms(10);
	}
	return -errno;
}

/**
 * struct transfer - one that a gate holds
 * @thread: that does it
 * @gate: behind the buffer, which is pinned when somebody stands there
 * @disk: from where, or to where
 * @out: to the disk
 * @buf: a leased buffer
 * @size: of it
 * @result: of the call
 */
struct transfer {
	pthread_t thread;
	struct mt_gate gate;
	int disk;
	bool out;
	char *buf;
	size_t size;
	ssize_t result;
};

static void *transfer_fn(void *arg)
{
	struct transfer *t = arg;
	struct iovec iov[] = { { t->buf, t->size }, { t->gate.page, MT_PAGE } };

	t->result = t->out ? pwritev(t->disk, iov, 2, 0) :
			     preadv(t->disk, iov, 2, 0);
	return NULL;
}

/* It has the buffer, and goes on when it is told. */
static int transfer_begin(struct transfer *t)
{
	int err = -pthread_create(&t->thread, NULL, transfer_fn, t);

	return err ?: mt_gate_await(&t->gate);
}

/* How many bytes of the buffer were moved. */
static ssize_t transfer_end(struct transfer *t)
{
	static const char text[MT_PAGE];
	int err = mt_gate_fill(&t->gate, text);

	if (err)
		return err;
	pthread_join(t->thread, NULL);
	mt_gate_remove(&t->gate);
	return t->result - (ssize_t)MT_PAGE;
}

static bool disk_has(int disk, unsigned char value, size_t len)
{
	/* Aligned, as the disk wants it. */
	char *got = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool has = pread(disk, got, len, 0) == (ssize_t)len &&
		   mt_all(got, value, len);

	munmap(got, len);
	return has;
}

/* Released in the middle: it goes on with the pages, nobody else has them. */
TEST_F(direct, held)
{
	struct transfer t = { .disk = open_disk(), .size = variant->size };
	int i, err;

	if (t.disk < 0)
		SKIP(return, "no brd: %s", strerror(-t.disk));
	for (i = 0; i < 2; i++) {
		err = mt_gate_make(&t.gate, UFFDIO_REGISTER_MODE_MISSING);
		if (err)
			SKIP(return, "no userfaultfd: %s", strerror(-err));
		/* First to the disk, and then in from there. */
		t.out = !i;
		t.buf = self->buf;
		ASSERT_EQ(0, transfer_begin(&t));
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->lease.handle));
		EXPECT_EQ(SIGBUS, mt_poke(self->buf, 1));
		EXPECT_EQ(1, quarantined(&self->pool));
		EXPECT_EQ(0, reuse_others(&self->other, variant->size));
		EXPECT_EQ((ssize_t)variant->size, transfer_end(&t));
		EXPECT_TRUE(disk_has(t.disk, 0x5a, variant->size));
		EXPECT_EQ(MAX, clean_again(&self->pool, variant->size));
		ASSERT_EQ(1, mt_lease_wait(self->client.fd, 0, variant->size, 1,
					   mt_now() + 10000000000ULL,
					   &self->lease));
		self->buf = self->client.win + self->lease.offset;
	}
	close(t.disk);
}

TEST_F(direct, after_the_release)
{
	int disk = open_disk();
	struct mpool_lease to;
	char *buf;

	if (disk < 0)
		SKIP(return, "no brd: %s", strerror(-disk));
	/* Neither has been touched by this mapping since it was leased. */
	ASSERT_EQ(0, madvise(self->buf, variant->size, MADV_DONTNEED));
	ASSERT_EQ((ssize_t)variant->size,
		  pwrite(disk, self->buf, variant->size, MT_PAGE));
	ASSERT_EQ(1, mt_lease(self->other.fd, variant->size, 1, &to));
	buf = self->other.win + to.offset;
	ASSERT_EQ((ssize_t)variant->size,
		  pread(disk, buf, variant->size, MT_PAGE));
	EXPECT_TRUE(mt_all(buf, 0x5a, variant->size));
	EXPECT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(-1, pread(disk, self->buf, variant->size, MT_PAGE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pwrite(disk, self->buf, variant->size, MT_PAGE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, mt_release_one(self->other.fd, to.handle));
	/* The pins were gone with the calls, or a moment later. */
	EXPECT_EQ(MAX, clean_again(&self->pool, variant->size));
	close(disk);
}

struct reader {
	int disk;
	char *buf;
	size_t size;
	int error;
};

static void *read_until_gone(void *arg)
{
	struct reader *r = arg;
	ssize_t n;

	/* A read that the release meets in its middle may be a short one. */
	do {
		n = pread(r->disk, r->buf, r->size, 0);
	} while (n > 0);
	r->error = n ? errno : 0;
	return NULL;
}

/* Released at any moment of a read: no byte of it reaches the next client. */
TEST_F_TIMEOUT(direct, race, 120)
{
	struct reader r = { open_disk(), self->buf, variant->size, 0 };
	pthread_t thread;
	int i;

	if (r.disk < 0)
		SKIP(return, "no brd: %s", strerror(-r.disk));
	ASSERT_EQ((ssize_t)r.size, pwrite(r.disk, r.buf, r.size, 0));
	for (i = 0; i < 50; i++) {
		if (i) {
			ASSERT_EQ(1, mt_lease_wait(self->client.fd, 0, r.size, 1,
						   mt_now() + 10000000000ULL,
						   &self->lease));
			r.buf = self->client.win + self->lease.offset;
		}
		ASSERT_EQ(0, pthread_create(&thread, NULL, read_until_gone,
					    &r));
		mt_sleep_ms(i % 7);
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->lease.handle));
		EXPECT_LT(0, reuse(&self->other, r.size));
		pthread_join(thread, NULL);
		EXPECT_EQ(EFAULT, r.error);
	}
	EXPECT_EQ(MAX, clean_again(&self->pool, r.size));
	close(r.disk);
}

/* Pieces of a page: a transfer into one leaves its neighbours alone. */
FIXTURE(pieces)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease leases[3];
	char *buf[3];
	int disk;
};

FIXTURE_SETUP(pieces)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	mt_attach_flags = MPOOL_ATTACH_STRICT;
	self->disk = open_disk();
}

FIXTURE_TEARDOWN(pieces)
{
	if (self->disk >= 0)
		close(self->disk);
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Three of one page, filled. */
static int lease_pieces(const struct mt_client *client,
			struct mpool_lease leases[3], char *buf[3])
{
	int i, nr = mt_lease(client->fd, PIECE, 3, leases);

	for (i = 0; i < nr; i++) {
		buf[i] = client->win + leases[i].offset;
		memset(buf[i], 0x30 + i, PIECE);
	}
	return nr;
}

TEST_F(pieces, neighbours)
{
	if (self->disk < 0)
		SKIP(return, "no brd: %s", strerror(-self->disk));
	ASSERT_EQ(3, lease_pieces(&self->client, self->leases, self->buf));
	EXPECT_EQ(PIECE, pwrite(self->disk, self->buf[0], PIECE, 0));
	EXPECT_EQ(PIECE, pread(self->disk, self->buf[1], PIECE, 0));
	EXPECT_TRUE(mt_all(self->buf[0], 0x30, PIECE));
	EXPECT_TRUE(mt_all(self->buf[1], 0x30, PIECE));
	EXPECT_TRUE(mt_all(self->buf[2], 0x32, PIECE));
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, 3));
}

/* The page is nobody's while a transfer has one of its pieces. */
TEST_F(pieces, held)
{
	struct transfer t = { .disk = self->disk, .size = PIECE };
	int i, err;

	if (self->disk < 0)
		SKIP(return, "no brd: %s", strerror(-self->disk));
	for (i = 0; i < 2; i++) {
		err = mt_gate_make(&t.gate, UFFDIO_REGISTER_MODE_MISSING);
		if (err)
			SKIP(return, "no userfaultfd: %s", strerror(-err));
		ASSERT_EQ(3, lease_pieces(&self->client, self->leases, self->buf));
		t.out = !i;
		t.buf = self->buf[1];
		ASSERT_EQ(0, transfer_begin(&t));
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[1].handle));
		EXPECT_TRUE(mt_all(self->buf[0], 0x30, PIECE));
		EXPECT_TRUE(mt_all(self->buf[2], 0x32, PIECE));
		/* It is the client's still, by its neighbours. */
		EXPECT_EQ(0, quarantined(&self->pool));
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[0].handle));
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->leases[2].handle));
		EXPECT_EQ(SIGBUS, mt_poke(self->buf[1], 1));
		EXPECT_EQ(1, quarantined(&self->pool));
		EXPECT_EQ(0, reuse_others(&self->other, MT_PAGE));
		EXPECT_EQ(PIECE, transfer_end(&t));
		EXPECT_TRUE(disk_has(self->disk, 0x31, PIECE));
		EXPECT_EQ(MAX, clean_again(&self->pool, MT_PAGE));
	}
}

TEST_HARNESS_MAIN
