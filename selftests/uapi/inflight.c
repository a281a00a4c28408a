// SPDX-License-Identifier: GPL-2.0
/*
 * Leased memory that a transfer works on when its lease ends: sent without a
 * copy (MSG_ZEROCOPY), registered with io_uring.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/io_uring.h>

#include <kselftest_harness.h>

#include "mpool_test.h"
#include "reuse.h"

/* What is queued before; the receiver's room is a small part of it. */
#define FILLER	(64 << 10)

FIXTURE(inflight)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	struct mpool_lease lease;
	char *buf;
};

FIXTURE_VARIANT(inflight)
{
	__u64 size;
};

FIXTURE_VARIANT_ADD(inflight, page)
{
	.size = MT_PAGE,
};

FIXTURE_VARIANT_ADD(inflight, split_pages)
{
	.size = 3 * MT_PAGE,
};

FIXTURE_VARIANT_ADD(inflight, compound)
{
	.size = 8 * MT_PAGE,
};

FIXTURE_SETUP(inflight)
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

FIXTURE_TEARDOWN(inflight)
{
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/*
 * A connection over loopback whose receiver takes little: what is delivered to
 * a local socket is copied first, so only what waits at the sender is pinned.
 */
struct link {
	int from;
	int to;
};

static int set_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

/* A signal may end the call, and not what it began. */
static int connect_to(int fd, const struct sockaddr_in *addr)
{
	while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		if (errno == EISCONN)
			break;
		else if (errno != EINTR && errno != EALREADY)
			return -errno;
	return 0;
}

static int link_up(struct link *l)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	static char filler[FILLER];
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -errno;
	l->from = socket(AF_INET, SOCK_STREAM, 0);
	if (set_option(fd, SO_RCVBUF, 4096) ||
	    set_option(l->from, SO_SNDBUFFORCE, 1 << 20) ||
	    set_option(l->from, SO_ZEROCOPY, 1) ||
	    bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    connect_to(l->from, &addr))
		return -errno;
	l->to = TEMP_FAILURE_RETRY(accept(fd, NULL, NULL));
	close(fd);
	memset(filler, 0x11, FILLER);
	if (l->to < 0 || send(l->from, filler, FILLER, MSG_DONTWAIT) != FILLER)
		return -EIO;
	return 0;
}

/* All that was queued: the filler, and then @len bytes of @value. */
static int receive(struct link *l, unsigned char value, size_t len)
{
	static unsigned char got[FILLER + 64 * MT_PAGE];
	size_t done = 0;
	ssize_t n;

	set_option(l->to, SO_RCVBUFFORCE, 1 << 20);
	while (done < FILLER + len) {
		if (mt_poll(l->to, POLLIN, 10000) != POLLIN)
			return -ETIMEDOUT;
		n = recv(l->to, got + done, FILLER + len - done, MSG_DONTWAIT);
		if (n <= 0)
			return n ? -errno : -EPIPE;
		done += n;
	}
	return mt_all(got, 0x11, FILLER) && mt_all(got + FILLER, value, len) ?
	       0 : -EIO;
}

/* The sender is told that its memory is its own again. */
static int reap(struct link *l)
{
	const struct sock_extended_err *err;
	union {
		char space[256];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (mt_poll(l->from, 0, 10000) != POLLERR)
		return -ETIMEDOUT;
	if (recvmsg(l->from, &msg, MSG_ERRQUEUE) < 0 || !CMSG_FIRSTHDR(&msg))
		return -errno;
	err = (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
	if (err->ee_errno || err->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		return -EPROTO;
	return err->ee_info == 0 && err->ee_data == 0 ? 0 : -ERANGE;
}

TEST_F(inflight, sent)
{
	struct link l;

	ASSERT_EQ(0, link_up(&l));
	ASSERT_EQ((ssize_t)variant->size,
		  send(l.from, self->buf, variant->size,
		       MSG_ZEROCOPY | MSG_DONTWAIT));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(SIGBUS, mt_poke(self->buf, 1));
	EXPECT_EQ(1, quarantined(&self->pool));
	EXPECT_EQ(0, reuse_others(&self->other, variant->size));
	EXPECT_EQ(0, receive(&l, 0x5a, variant->size));
	EXPECT_EQ(0, reap(&l));
	EXPECT_EQ(MAX, clean_again(&self->pool, variant->size));
	close(l.from);
	close(l.to);
}

/* The socket has the bytes still when sender and client have closed all. */
TEST_F(inflight, sent_and_closed)
{
	struct link l;

	ASSERT_EQ(0, link_up(&l));
	ASSERT_EQ((ssize_t)variant->size,
		  send(l.from, self->buf, variant->size,
		       MSG_ZEROCOPY | MSG_DONTWAIT));
	close(l.from);
	mt_client_close(&self->client);
	EXPECT_EQ(1, quarantined(&self->pool));
	EXPECT_EQ(0, reuse_others(&self->other, variant->size));
	EXPECT_EQ(0, receive(&l, 0x5a, variant->size));
	EXPECT_EQ(MAX, clean_again(&self->pool, variant->size));
	close(l.to);
}

/* Whoever was to receive it breaks the connection. */
TEST_F(inflight, sent_in_vain)
{
	struct link l;

	ASSERT_EQ(0, link_up(&l));
	ASSERT_EQ((ssize_t)variant->size,
		  send(l.from, self->buf, variant->size,
		       MSG_ZEROCOPY | MSG_DONTWAIT));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(1, quarantined(&self->pool));
	EXPECT_EQ(0, reuse_others(&self->other, variant->size));
	close(l.to);
	EXPECT_EQ(MAX, clean_again(&self->pool, variant->size));
	close(l.from);
}

/* io_uring by its system calls; one request at a time. */
struct ring {
	int fd;
	struct io_uring_params p;
	size_t size;
	char *rings;
	struct io_uring_sqe *sqes;
};

static int ring_open(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(__NR_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return -errno;
	if (!(r->p.features & IORING_FEAT_SINGLE_MMAP))
		return -EOPNOTSUPP;
	/* One mapping has both queues; the last is the list of requests. */
	r->size = r->p.sq_off.array + r->p.sq_entries * sizeof(__u32);
	r->rings = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	return r->rings == MAP_FAILED || r->sqes == MAP_FAILED ? -errno : 0;
}

/* Its mappings keep it as well. */
static void ring_close(struct ring *r)
{
	munmap(r->rings, r->size);
	munmap(r->sqes, r->p.sq_entries * sizeof(*r->sqes));
	close(r->fd);
}

static __u32 *ring_word(struct ring *r, __u32 offset)
{
	return (__u32 *)(r->rings + offset);
}

/* Transfers @len bytes between the registered buffer and a file. */
static long ring_transfer(struct ring *r, int op, int fd, void *buf, __u32 len,
			  __u64 at)
{
	__u32 *sq_tail = ring_word(r, r->p.sq_off.tail);
	__u32 *cq_head = ring_word(r, r->p.cq_off.head);
	__u32 *cq_tail = ring_word(r, r->p.cq_off.tail);
	const struct io_uring_cqe *cqe;
	__u32 i, submit = 1;
	long n;

	i = *sq_tail & (r->p.sq_entries - 1);
	r->sqes[i] = (struct io_uring_sqe) {
		.opcode = op,
		.fd = fd,
		.off = at,
		.addr = (uintptr_t)buf,
		.len = len,
	};
	ring_word(r, r->p.sq_off.array)[i] = i;
	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) == *cq_head) {
		n = syscall(__NR_io_uring_enter, r->fd, submit, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			submit = 0;
	}
	cqe = (void *)(r->rings + r->p.cq_off.cqes);
	n = cqe[*cq_head & (r->p.cq_entries - 1)].res;
	__atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
	return n;
}

static int ring_register(struct ring *r, void *buf, size_t len)
{
	struct iovec iov = { buf, len };

	return syscall(__NR_io_uring_register, r->fd, IORING_REGISTER_BUFFERS,
		       &iov, 1) ? -errno : 0;
}

static int ring_unregister(struct ring *r)
{
	return TEMP_FAILURE_RETRY(syscall(__NR_io_uring_register, r->fd,
					  IORING_UNREGISTER_BUFFERS, NULL,
					  0)) ? -errno : 0;
}

static bool can_register(int fd)
{
	struct mpool_info info = { .size = sizeof(info) };

	return !mt_call(fd, MPOOL_IOC_INFO, &info) &&
	       info.features & MPOOL_FEATURE_URING_REGISTER;
}

static bool holds(int fd, unsigned char value, size_t len, off_t at)
{
	unsigned char got[8 * MT_PAGE];

	return pread(fd, got, len, at) == (ssize_t)len && mt_all(got, value, len);
}

/* A released buffer stays the ring's: into it, and out of it again. */
static int use_released(struct ring *r, int fd, void *buf, size_t len)
{
	char fresh[8 * MT_PAGE];

	memset(fresh, 0x77, len);
	if (pwrite(fd, fresh, len, len) != (ssize_t)len)
		return -errno;
	if (ring_transfer(r, IORING_OP_READ_FIXED, fd, buf, len, len) !=
	    (long)len)
		return -ENODATA;
	if (ring_transfer(r, IORING_OP_WRITE_FIXED, fd, buf, len, 2 * len) !=
	    (long)len)
		return -ENOSPC;
	return holds(fd, 0x77, len, 2 * len) ? 0 : -EIO;
}

/* What is registered is the ring's until it says so, or ends. */
TEST_F(inflight, registered)
{
	int fd = memfd_create("file", 0), by_end, err;
	struct ring ring;

	for (by_end = 0; by_end < 2; by_end++) {
		err = ring_open(&ring);
		if (ring.fd < 0)
			SKIP(return, "no io_uring, or it is forbidden: %s",
			     strerror(-err));
		ASSERT_EQ(0, err);
		err = ring_register(&ring, self->buf, variant->size);
		/* INFO says what is the case. */
		ASSERT_EQ(can_register(self->pool.fd) ? 0 : -EOPNOTSUPP, err);
		if (err)
			break;
		EXPECT_EQ((long)variant->size,
			  ring_transfer(&ring, IORING_OP_WRITE_FIXED, fd,
					self->buf, variant->size, 0));
		EXPECT_TRUE(holds(fd, 0x5a, variant->size, 0));
		ASSERT_EQ(0, mt_release_one(self->client.fd,
					    self->lease.handle));
		EXPECT_EQ(SIGBUS, mt_poke(self->buf, 1));
		EXPECT_EQ(1, quarantined(&self->pool));
		EXPECT_EQ(0, reuse_others(&self->other, variant->size));
		EXPECT_EQ(0, use_released(&ring, fd, self->buf,
					  variant->size));
		EXPECT_EQ(0, reuse_others(&self->other, variant->size));
		EXPECT_EQ(1, quarantined(&self->pool));
		if (!by_end) {
			EXPECT_EQ(0, ring_unregister(&ring));
			EXPECT_EQ(MAX, clean_again(&self->pool,
						   variant->size));
		}
		ring_close(&ring);
		EXPECT_EQ(MAX, clean_again(&self->pool, variant->size));
		ASSERT_EQ(1, mt_lease_wait(self->client.fd, 0, variant->size, 1,
					   mt_now() + 10000000000ULL,
					   &self->lease));
		self->buf = self->client.win + self->lease.offset;
		memset(self->buf, 0x5a, variant->size);
	}
	/* A refusal leaves no pin. */
	EXPECT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(0, quarantined(&self->pool));
	if (err)
		ring_close(&ring);
	close(fd);
}

TEST_HARNESS_MAIN
