// SPDX-License-Identifier: GPL-2.0
/*
 * The window: what can be mapped, what an access reaches, and that nothing is
 * reached any more after a release.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define NR	4
#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(window)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[NR];
	/* the first lease's */
	char *buf;
	unsigned char c;
};

FIXTURE_SETUP(window)
{
	struct mpool_pool_config cfg = {
		.max_size = 1 << 20,
		.max = { 32, 32, 32 },
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 2 * MT_PAGE, NR,
			       self->leases));
	self->buf = self->client.win + self->leases[0].offset;
}

FIXTURE_TEARDOWN(window)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Maps @len bytes at @offset, for a moment or @at; 0, or what was said. */
static int map(int fd, __u64 offset, size_t len, int prot, int flags, char **at)
{
	void *p = mmap(NULL, len, prot, flags, fd, offset);

	if (at)
		*at = p;
	if (p == MAP_FAILED)
		return -errno;
	if (!at)
		munmap(p, len);
	return 0;
}

TEST_F(window, before_attach)
{
	EXPECT_EQ(-ENOTCONN, map(self->pool.fd, 0, MT_PAGE, RW, MAP_SHARED,
				 NULL));
}

TEST_F(window, whole_and_parts)
{
	struct mt_client *c = &self->client;
	char *part;

	EXPECT_EQ(0, map(c->fd, 0, c->size, RW, MAP_SHARED, NULL));
	EXPECT_EQ(0, map(c->fd, 0, MT_PAGE, RW, MAP_SHARED, NULL));
	EXPECT_EQ(0, map(c->fd, c->size - MT_PAGE, MT_PAGE, RW, MAP_SHARED,
			 NULL));
	/* A part shows what stands there. */
	self->buf[MT_PAGE] = 77;
	ASSERT_EQ(0, map(c->fd, self->leases[0].offset + MT_PAGE, MT_PAGE, RW,
			 MAP_SHARED, &part));
	EXPECT_EQ(77, part[0]);
	munmap(part, MT_PAGE);
}

TEST_F(window, beyond_the_end)
{
	struct mt_client *c = &self->client;
	static const __u64 ends[] = {
		1ULL << 43, 1ULL << 44, 1ULL << 51, 1ULL << 62,
		(1ULL << 63) - MT_PAGE, 1ULL << 63, ~0ULL - (MT_PAGE - 1),
	};
	size_t i;
	int err;

	EXPECT_EQ(-EINVAL, map(c->fd, 0, c->size + MT_PAGE, RW, MAP_SHARED,
			       NULL));
	EXPECT_EQ(-EINVAL, map(c->fd, c->size, MT_PAGE, RW, MAP_SHARED, NULL));
	EXPECT_EQ(-EINVAL, map(c->fd, c->size + MT_PAGE, MT_PAGE, RW,
			       MAP_SHARED, NULL));
	EXPECT_EQ(-EINVAL, map(c->fd, c->size - MT_PAGE, 2 * MT_PAGE, RW,
			       MAP_SHARED, NULL));
	EXPECT_EQ(-EINVAL, map(c->fd, MT_PAGE, c->size, RW, MAP_SHARED, NULL));
	/* Offsets that wrap when a length is added: core mm says some itself. */
	for (i = 0; i < MT_ARRAY_SIZE(ends); i++) {
		err = map(c->fd, ends[i], 2 * MT_PAGE, RW, MAP_SHARED, NULL);
		EXPECT_TRUE(err == -EINVAL || err == -EOVERFLOW) {
			TH_LOG("offset %#llx: %d", ends[i], err);
		}
	}
	EXPECT_EQ(-EINVAL, map(c->fd, 0, 0, RW, MAP_SHARED, NULL));
	EXPECT_EQ(-EINVAL, map(c->fd, 1, MT_PAGE, RW, MAP_SHARED, NULL));
}

TEST_F(window, private_is_refused)
{
	EXPECT_EQ(-EINVAL, map(self->client.fd, 0, MT_PAGE, RW, MAP_PRIVATE,
			       NULL));
	EXPECT_EQ(-EINVAL, map(self->client.fd, 0, MT_PAGE, PROT_READ,
			       MAP_PRIVATE, NULL));
}

TEST_F(window, never_executable)
{
	EXPECT_EQ(-EPERM, map(self->client.fd, 0, MT_PAGE, RW | PROT_EXEC,
			      MAP_SHARED, NULL));
	EXPECT_EQ(-EPERM, map(self->client.fd, 0, MT_PAGE,
			      PROT_READ | PROT_EXEC, MAP_SHARED, NULL));
	/* Nor later. */
	EXPECT_EQ(-1, mprotect(self->client.win, MT_PAGE, RW | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(window, file_for_reading)
{
	struct mpool_lease lease;
	struct mpool_attach attach;
	int fd = mt_open(O_RDONLY);
	char *p;

	ASSERT_EQ(0, mt_attach(fd, self->pool.name, &attach));
	ASSERT_EQ(1, mt_lease(fd, 1, 1, &lease));
	EXPECT_EQ(-EACCES, map(fd, 0, attach.window_size, RW, MAP_SHARED,
			       NULL));
	EXPECT_EQ(-EACCES, map(fd, 0, MT_PAGE, PROT_WRITE, MAP_SHARED, NULL));
	EXPECT_EQ(-EINVAL, map(fd, 0, MT_PAGE, RW, MAP_PRIVATE, NULL));
	ASSERT_EQ(0, map(fd, 0, attach.window_size, PROT_READ, MAP_SHARED, &p));
	EXPECT_EQ(0, mt_peek(p + lease.offset, &self->c));
	EXPECT_EQ(0, self->c);
	EXPECT_EQ(SIGSEGV, mt_poke(p + lease.offset, 1));
	/* Reading alone stays reading alone. */
	EXPECT_EQ(-1, mprotect(p, attach.window_size, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(SIGSEGV, mt_poke(p + lease.offset, 1));
	munmap(p, attach.window_size);
	close(fd);
}

TEST_F(window, mapping_for_reading)
{
	char *p;

	ASSERT_EQ(0, map(self->client.fd, 0, self->client.size, PROT_READ,
			 MAP_SHARED, &p));
	EXPECT_EQ(SIGSEGV, mt_poke(p + self->leases[0].offset, 1));
	/* The file is for writing too, so this is allowed. */
	EXPECT_EQ(0, mprotect(p, self->client.size, RW));
	EXPECT_EQ(0, mt_poke(p + self->leases[0].offset, 1));
	EXPECT_EQ(1, self->buf[0]);
	EXPECT_EQ(0, mprotect(p, self->client.size, PROT_NONE));
	EXPECT_EQ(SIGSEGV, mt_peek(p + self->leases[0].offset, &self->c));
	munmap(p, self->client.size);
}

TEST_F(window, all_size_classes)
{
	struct mpool_lease lease;
	__u64 size, at;

	/* Each page of each: first in one mapping, then by the other. */
	for (size = MT_PAGE; size <= 1 << 20; size += MT_PAGE) {
		if (size > 16 * MT_PAGE && size % (16 * MT_PAGE))
			continue;
		ASSERT_EQ(1, mt_lease(self->client.fd, size, 1, &lease));
		for (at = 0; at < lease.length; at += MT_PAGE) {
			ASSERT_EQ(0, mt_poke(self->client.win + lease.offset +
					     at, at / MT_PAGE + 1));
			ASSERT_EQ(0, mt_poke(self->client.win + lease.offset +
					     at + MT_PAGE - 1, 0xee));
		}
		for (at = 0; at < lease.length; at += MT_PAGE)
			ASSERT_EQ((unsigned char)(at / MT_PAGE + 1),
				  (unsigned char)
				  self->client.win[lease.offset + at]);
		ASSERT_EQ(0, mt_release_one(self->client.fd, lease.handle));
		/* All of its pages are gone, and what was touched is no help. */
		for (at = 0; at < lease.length; at += MT_PAGE)
			ASSERT_EQ(SIGBUS, mt_peek(self->client.win +
						  lease.offset + at,
						  &self->c));
	}
}

/* Buffers stand apart: behind one that is no power of two is a hole. */
TEST_F(window, holes)
{
	struct mpool_lease leases[2];

	ASSERT_EQ(2, mt_lease(self->client.fd, 3 * MT_PAGE, 2, leases));
	EXPECT_EQ(0, leases[0].offset % (4 * MT_PAGE));
	EXPECT_EQ(0, mt_poke(self->client.win + leases[0].offset +
			     3 * MT_PAGE - 1, 1));
	EXPECT_EQ(SIGBUS, mt_poke(self->client.win + leases[0].offset +
				  3 * MT_PAGE, 1));
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win + leases[1].offset +
				  4 * MT_PAGE - 1, &self->c));
}

TEST_F(window, nothing_leased)
{
	struct mpool_lease lease;

	/* One that never was, made by others that were, and the last one. */
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win, &self->c));
	EXPECT_EQ(SIGBUS, mt_poke(self->client.win, 1));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf + NR * 2 * MT_PAGE, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(self->client.win + self->client.size - 1,
				  &self->c));
	/* An access that failed does not stand in the way of a later lease. */
	ASSERT_EQ(1, mt_lease(self->client.fd, 2 * MT_PAGE, 1, &lease));
	EXPECT_EQ(self->leases[NR - 1].offset + 2 * MT_PAGE, lease.offset);
	EXPECT_EQ(0, mt_poke(self->client.win + lease.offset, 1));
}

TEST_F(window, after_release)
{
	/* One that was touched, one read, one never; in both of its pages. */
	EXPECT_EQ(0, mt_poke(self->buf, 1));
	EXPECT_EQ(0, mt_peek(self->buf + self->leases[1].offset -
			     self->leases[0].offset, &self->c));
	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, 3));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_poke(self->buf, 1));
	EXPECT_EQ(SIGBUS, mt_poke(self->buf + MT_PAGE, 1));
	EXPECT_EQ(SIGBUS, mt_poke(self->client.win + self->leases[1].offset,
				  1));
	EXPECT_EQ(SIGBUS, mt_poke(self->client.win + self->leases[2].offset,
				  1));
	/* The one beside them is untouched. */
	EXPECT_EQ(0, mt_poke(self->client.win + self->leases[3].offset, 1));
}

/* A system call that is given such an address fails; it does not signal. */
TEST_F(window, system_calls_after_release)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(3, write(fds[1], self->buf, 3));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(-1, write(fds[1], self->buf, 3));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(fds[0], self->buf, 3));
	EXPECT_EQ(EFAULT, errno);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(window, two_mappings)
{
	char *other, *buf;

	ASSERT_EQ(0, map(self->client.fd, 0, self->client.size, RW, MAP_SHARED,
			 &other));
	buf = other + self->leases[0].offset;
	strcpy(self->buf, "one");
	EXPECT_STREQ("one", buf);
	strcpy(buf + MT_PAGE, "two");
	EXPECT_STREQ("two", self->buf + MT_PAGE);
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(buf + MT_PAGE, &self->c));
	munmap(other, self->client.size);
}

/* Another client's window is another's. */
TEST_F(window, two_clients)
{
	struct mpool_lease lease;
	struct mt_client other;

	ASSERT_EQ(0, mt_client_open(&other, self->pool.name));
	ASSERT_EQ(1, mt_lease(other.fd, 2 * MT_PAGE, 1, &lease));
	EXPECT_EQ(self->leases[0].offset, lease.offset);
	self->buf[0] = 1;
	other.win[lease.offset] = 2;
	EXPECT_EQ(1, self->buf[0]);
	/* What is zapped here stays there. */
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(0, mt_peek(other.win + lease.offset, &self->c));
	EXPECT_EQ(2, self->c);
	mt_client_close(&other);
}

TEST_F(window, partial_munmap)
{
	self->buf[0] = 1;
	self->buf[MT_PAGE] = 2;
	ASSERT_EQ(0, munmap(self->buf, MT_PAGE));
	EXPECT_EQ(SIGSEGV, mt_peek(self->buf, &self->c));
	/* The lease stands, so does the rest, on both sides. */
	EXPECT_EQ(2, self->buf[MT_PAGE]);
	EXPECT_EQ(SIGBUS, mt_peek(self->buf - 1, &self->c));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf + MT_PAGE, &self->c));
}

TEST_F(window, mremap_moves)
{
	struct mt_client *c = &self->client;
	char *to = mmap(NULL, c->size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *from = c->win;

	self->buf[0] = 1;
	ASSERT_EQ(to, mremap(c->win, c->size, c->size,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	c->win = to;
	EXPECT_EQ(SIGSEGV, mt_peek(self->buf, &self->c));
	self->buf += to - from;
	EXPECT_EQ(1, self->buf[0]);
	EXPECT_EQ(0, mt_poke(self->buf + MT_PAGE, 1));
	ASSERT_EQ(0, mt_release_leases(c->fd, self->leases, 2));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(to + self->leases[1].offset, &self->c));
}

TEST_F(window, mremap_cannot_grow)
{
	char *part, *p;

	ASSERT_EQ(0, map(self->client.fd, self->leases[0].offset, MT_PAGE, RW,
			 MAP_SHARED, &part));
	EXPECT_EQ(MAP_FAILED, mremap(part, MT_PAGE, 2 * MT_PAGE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, mt_poke(part, 1));
	munmap(part, MT_PAGE);
	p = mremap(self->client.win, self->client.size,
		   self->client.size + MT_PAGE, MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, p);
	/* An old size of 0 maps a second time: as far as the first did. */
	p = mremap(self->client.win, 0, self->client.size, MREMAP_MAYMOVE);
	if (p != MAP_FAILED) {
		EXPECT_EQ(0, mt_peek(p + self->leases[0].offset, &self->c));
		munmap(p, self->client.size);
	}
}

TEST_F(window, mremap_dontunmap)
{
	struct mt_client *c = &self->client;
	char *p;

	self->buf[0] = 9;
	p = mremap(c->win, c->size, c->size,
		   MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (p == MAP_FAILED) {
		/* Refused for mappings that may not expand, on most kernels. */
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	EXPECT_EQ(9, p[self->leases[0].offset]);
	EXPECT_EQ(0, mt_peek(self->buf, &self->c));
	EXPECT_EQ(9, self->c);
	ASSERT_EQ(0, mt_release_one(c->fd, self->leases[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(p + self->leases[0].offset, &self->c));
	munmap(p, c->size);
}

/* A region that shrinks or is cut keeps to what it was. */
TEST_F(window, mremap_shrinks)
{
	char *part;

	ASSERT_EQ(0, map(self->client.fd, self->leases[0].offset, 2 * MT_PAGE,
			 RW, MAP_SHARED, &part));
	EXPECT_EQ(part, mremap(part, 2 * MT_PAGE, MT_PAGE, 0));
	EXPECT_EQ(0, mt_poke(part, 5));
	EXPECT_EQ(5, self->buf[0]);
	EXPECT_EQ(SIGSEGV, mt_poke(part + MT_PAGE, 5));
	munmap(part, MT_PAGE);
}

/* Out of core dumps, and it stays so; and madvise() may forget its pages. */
TEST_F(window, madvise)
{
	self->buf[0] = 3;
	EXPECT_EQ(0, madvise(self->buf, MT_PAGE, MADV_DONTNEED));
	/* They are the pool's, not the mapping's: nothing is lost. */
	EXPECT_EQ(0, mt_peek(self->buf, &self->c));
	EXPECT_EQ(3, self->c);
	EXPECT_EQ(-1, madvise(self->buf, MT_PAGE, MADV_REMOVE));
	EXPECT_EQ(0, mt_peek(self->buf, &self->c));
	EXPECT_EQ(3, self->c);
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
}

TEST_F(window, populate_and_lock)
{
	char *part;

	/* What is there is faulted in, what is not is no error. */
	ASSERT_EQ(0, map(self->client.fd, self->leases[0].offset, 2 * MT_PAGE,
			 RW, MAP_SHARED | MAP_POPULATE, &part));
	EXPECT_EQ(0, mlock(part, 2 * MT_PAGE));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(SIGBUS, mt_peek(part, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(part + MT_PAGE, &self->c));
	EXPECT_EQ(-1, mlock(part, 2 * MT_PAGE));
	munmap(part, 2 * MT_PAGE);
	/* A lock must not pass for a pin. */
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

static int futex_wake(void *word, int flags)
{
	return syscall(SYS_futex, word, FUTEX_WAKE | flags, 1, NULL, NULL, 0) ?
	       -errno : 0;
}

/* The kernel knows a shared futex by its page's file, and these have none. */
TEST_F(window, futexes)
{
	ASSERT_EQ(0, mt_poke(self->buf, 0));
	EXPECT_EQ(-EFAULT, futex_wake(self->buf, 0));
	EXPECT_EQ(0, futex_wake(self->buf, FUTEX_PRIVATE_FLAG));
}

TEST_HARNESS_MAIN
