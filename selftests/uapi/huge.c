// SPDX-License-Identifier: GPL-2.0
/*
 * How much one page fault maps: a lease of 2 MiB is one entry of the page
 * tables, and stays right when mappings are cut, protected and moved.
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
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define HUGE	(2UL << 20)
#define NR	2
#define RW	(PROT_READ | PROT_WRITE)
#define TRIES	10

FIXTURE(huge)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease lease;
	char *buf;
	unsigned char c;
};

/* The kernel does not align what 32-bit processes map: there they have to. */
static int align_window(struct mt_client *c)
{
	char *p, *at;

	if (sizeof(void *) == 8)
		return 0;
	p = mmap(NULL, c->size + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	at = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	if (p == MAP_FAILED ||
	    mmap(at, c->size, RW, MAP_SHARED | MAP_FIXED, c->fd, 0) != at)
		return -errno;
	munmap(c->win, c->size);
	c->win = at;
	return 0;
}

FIXTURE_SETUP(huge)
{
	struct mpool_pool_config cfg = {
		.max_size = HUGE,
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		.max = { 4, 4, NR },
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, align_window(&self->client));
	ASSERT_EQ(1, mt_lease(self->client.fd, HUGE, 1, &self->lease));
	self->buf = self->client.win + self->lease.offset;
}

FIXTURE_TEARDOWN(huge)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Of the mapping that has an address: kB mapped by entries of 2 MiB. */
static long huge_kb(const void *p)
{
	unsigned long long start, end, at = (uintptr_t)p;
	bool here = false;
	long found = -ENOENT;
	char line[512];
	FILE *smaps;

	smaps = fopen("/proc/self/smaps", "r");
	if (!smaps)
		return -errno;
	while (found < 0 && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			here = start <= at && at < end;
		else if (here)
			sscanf(line, "FilePmdMapped: %ld kB", &found);
	}
	fclose(smaps);
	return found;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/*
 * Faults of touching all pages of a new lease, the first of them for writing.
 * Something else may fault as well: the least of several tries is what the
 * lease takes.
 */
static long faults_of(struct mt_client *c, __u64 size, bool all)
{
	long before, nr, least = -1;
	struct mpool_lease lease;
	unsigned char value;
	__u64 at;
	char *p;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (mt_lease_wait(c->fd, 0, size, 1, mt_now() + 10000000000ULL,
				  &lease) != 1)
			return -ENODATA;
		p = c->win + lease.offset;
		before = faults();
		if (mt_poke(p, 1))
			return -EFAULT;
		for (at = MT_PAGE; all && at < size; at += MT_PAGE)
			if (mt_peek(p + at, &value))
				return -EFAULT;
		nr = faults() - before;
		if (least < 0 || nr < least)
			least = nr;
		if (mt_release_one(c->fd, lease.handle))
			return -ESTALE;
	}
	return least;
}

static bool maps_around(int fd)
{
	struct mpool_info info = { .size = sizeof(info) };

	return !mt_call(fd, MPOOL_IOC_INFO, &info) &&
	       info.features & MPOOL_FEATURE_FAULT_AROUND;
}

/* A number in each page, and whether all but one page of them are there. */
static void number_pages(char *p)
{
	unsigned int i;

	for (i = 0; i < HUGE / MT_PAGE; i++)
		*(unsigned int *)(p + i * MT_PAGE) = i + 1;
}

static bool numbered(const char *p, unsigned int from, unsigned int to)
{
	unsigned int i, is;

	for (i = from; i < to; i++) {
		is = *(const unsigned int *)(p + (i - from) * MT_PAGE);
		if (is == i + 1)
			continue;
		printf("# page %u has number %u\n", i, is);
		return false;
	}
	return true;
}

TEST_F(huge, one_byte)
{
	/* Addresses are as aligned as offsets are. */
	EXPECT_EQ(0, self->lease.offset % HUGE);
	EXPECT_EQ(0, (uintptr_t)self->buf % HUGE);
	EXPECT_EQ(0, huge_kb(self->buf));
	ASSERT_EQ(0, mt_poke(self->buf + 5 * MT_PAGE + 7, 1));
	EXPECT_EQ(2048, huge_kb(self->buf));
	EXPECT_EQ(1, self->buf[5 * MT_PAGE + 7]);
	self->buf[5 * MT_PAGE + 7] = 0;
	EXPECT_TRUE(mt_all(self->buf, 0, HUGE));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(0, huge_kb(self->buf));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_poke(self->buf + HUGE - 1, 1));
	EXPECT_EQ(0, huge_kb(self->buf));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

TEST_F(huge, faults)
{
	EXPECT_EQ(1, faults_of(&self->client, HUGE, false));
	EXPECT_EQ(1, faults_of(&self->client, HUGE, true));
	/* Below that it is the kernel's business, and INFO says which. */
	EXPECT_EQ(maps_around(self->client.fd) ? 1 : 16,
		  faults_of(&self->client, 16 * MT_PAGE, true));
	EXPECT_EQ(1, faults_of(&self->client, 16 * MT_PAGE, false));
}

/* Two processes have it by an entry each; a release ends both. */
static int touch_and_look(void *arg)
{
	char *buf = arg;
	unsigned char c;

	if (mt_peek(buf, &c) || c != 7)
		return 1;
	return huge_kb(buf) == 2048 ? 0 : 2;
}

TEST_F(huge, two_mappings)
{
	char *other = mmap(NULL, self->client.size, RW, MAP_SHARED,
			   self->client.fd, 0), *part;

	ASSERT_NE(MAP_FAILED, other);
	ASSERT_EQ(0, mt_poke(self->buf, 7));
	part = other + self->lease.offset;
	EXPECT_EQ(7, part[0]);
	EXPECT_LE(sizeof(void *) == 8 ? 2048 : 0, huge_kb(part));
	EXPECT_EQ(0, mt_in_child(touch_and_look, self->buf));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(0, huge_kb(part));
	EXPECT_EQ(SIGBUS, mt_peek(part, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
	munmap(other, self->client.size);
}

/* A mapping that does not have all of the buffer has it page by page. */
TEST_F(huge, a_part)
{
	char *part = mmap(NULL, HUGE - MT_PAGE, RW, MAP_SHARED,
			  self->client.fd, self->lease.offset);

	ASSERT_NE(MAP_FAILED, part);
	number_pages(self->buf);
	ASSERT_EQ(2048, huge_kb(self->buf));
	EXPECT_TRUE(numbered(part, 0, HUGE / MT_PAGE - 1));
	EXPECT_EQ(0, huge_kb(part));
	EXPECT_EQ(2048, huge_kb(self->buf));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(SIGBUS, mt_peek(part, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	/* Counts of both kinds of entries came out even. */
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
	munmap(part, HUGE - MT_PAGE);
}

TEST_F(huge, munmap_in_the_middle)
{
	const unsigned int middle = 100, nr = HUGE / MT_PAGE;
	char *hole = self->buf + middle * MT_PAGE;

	number_pages(self->buf);
	ASSERT_EQ(2048, huge_kb(self->buf));
	ASSERT_EQ(0, munmap(hole, MT_PAGE));
	EXPECT_EQ(SIGSEGV, mt_peek(hole, &self->c));
	EXPECT_TRUE(numbered(self->buf, 0, middle));
	EXPECT_TRUE(numbered(hole + MT_PAGE, middle + 1, nr));
	EXPECT_EQ(0, huge_kb(self->buf));
	EXPECT_EQ(0, huge_kb(hole + MT_PAGE));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(hole + MT_PAGE, &self->c));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

TEST_F(huge, mprotect)
{
	const unsigned int middle = 300, nr = HUGE / MT_PAGE;
	char *page = self->buf + middle * MT_PAGE;

	number_pages(self->buf);
	/* All of it, which leaves the one entry ... */
	ASSERT_EQ(0, mprotect(self->buf, HUGE, PROT_READ));
	EXPECT_TRUE(numbered(self->buf, 0, nr));
	EXPECT_EQ(2048, huge_kb(self->buf));
	EXPECT_EQ(SIGSEGV, mt_poke(page, 1));
	ASSERT_EQ(0, mprotect(self->buf, HUGE, RW));
	number_pages(self->buf);
	EXPECT_EQ(2048, huge_kb(self->buf));
	/* ... and a page of it, which cannot. */
	ASSERT_EQ(0, mprotect(page, MT_PAGE, PROT_READ));
	EXPECT_TRUE(numbered(self->buf, 0, nr));
	EXPECT_EQ(SIGSEGV, mt_poke(page, 1));
	EXPECT_EQ(0, mt_poke(page - 1, 1));
	EXPECT_EQ(0, mt_poke(page + MT_PAGE + 8, 1));
	ASSERT_EQ(0, mprotect(page, MT_PAGE, PROT_NONE));
	EXPECT_EQ(SIGSEGV, mt_peek(page, &self->c));
	EXPECT_TRUE(numbered(self->buf, 0, middle));
	ASSERT_EQ(0, mprotect(page, MT_PAGE, RW));
	EXPECT_TRUE(numbered(self->buf, 0, nr));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(page, &self->c));
	EXPECT_EQ(SIGBUS, mt_peek(self->buf + HUGE - 1, &self->c));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
}

/* Moves the lease's mapping @off a boundary of 2 MiB; where it is then. */
static char *move(char *from, size_t off)
{
	char *p = mmap(NULL, 3 * HUGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *to = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1)) + off;

	if (p == MAP_FAILED)
		return p;
	return mremap(from, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

TEST_F(huge, mremap)
{
	const unsigned int nr = HUGE / MT_PAGE;
	char *even, *odd, *back;

	number_pages(self->buf);
	ASSERT_EQ(2048, huge_kb(self->buf));
	even = move(self->buf, 0);
	ASSERT_NE(MAP_FAILED, even);
	EXPECT_EQ(SIGSEGV, mt_peek(self->buf, &self->c));
	EXPECT_TRUE(numbered(even, 0, nr));
	EXPECT_EQ(2048, huge_kb(even));
	/* Where no entry of 2 MiB can be, there are 512. */
	odd = move(even, 3 * MT_PAGE);
	ASSERT_NE(MAP_FAILED, odd);
	EXPECT_EQ(SIGSEGV, mt_peek(even, &self->c));
	EXPECT_TRUE(numbered(odd, 0, nr));
	EXPECT_EQ(0, huge_kb(odd));
	back = move(odd, 0);
	ASSERT_NE(MAP_FAILED, back);
	EXPECT_TRUE(numbered(back, 0, nr));
	number_pages(back);
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	EXPECT_EQ(SIGBUS, mt_peek(back, &self->c));
	EXPECT_EQ(SIGBUS, mt_poke(back + HUGE - 1, 1));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
	munmap(back, HUGE);
}

/* One page of it in a pipe keeps all of it from others. */
TEST_F(huge, pinned)
{
	struct iovec iov = { self->buf + 200 * MT_PAGE, MT_PAGE };
	struct mpool_class_stats cls;
	struct mpool_lease leases[NR];
	char page[MT_PAGE];
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	memset(self->buf, 0x5a, HUGE);
	ASSERT_EQ((ssize_t)MT_PAGE, vmsplice(fds[1], &iov, 1, 0));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->lease.handle));
	ASSERT_EQ(0, mt_class(self->client.fd, "", HUGE, &cls));
	EXPECT_EQ(1, cls.quarantined);
	EXPECT_EQ(SIGBUS, mt_peek(self->buf, &self->c));
	ASSERT_EQ(NR - 1, mt_lease(self->client.fd, HUGE, NR, leases));
	memset(self->client.win + leases[0].offset, 0xbb, HUGE);
	ASSERT_EQ((ssize_t)MT_PAGE, read(fds[0], page, MT_PAGE));
	EXPECT_TRUE(mt_all(page, 0x5a, MT_PAGE));
	EXPECT_EQ(0, mt_await_quarantine(self->client.fd, "", 0));
	ASSERT_EQ(1, mt_lease_wait(self->client.fd, 0, HUGE, 1,
				   mt_now() + 20000000000ULL, leases + 1));
	EXPECT_TRUE(mt_all(self->client.win + leases[1].offset, 0, HUGE));
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
