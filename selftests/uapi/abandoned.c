// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers that are pinned when their pool ends, and what debugfs tells of them
 * afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define ROOT	"/sys/kernel/debug/mpool/"
#define NAME	"leaving"
/* More than are kept. */
#define MANY	70
#define KEPT	64

/* A line of the file; of the total, nr and bytes alone. */
struct line {
	char pool[32];
	unsigned long long size;
	unsigned long long nr;
	unsigned long long bytes;
	char uid[16];
	long long age;
};

/**
 * struct said - what the file says
 * @lines: entries
 * @last: the youngest
 * @total: of all
 */
struct said {
	int lines;
	struct line last;
	struct line total;
};

FIXTURE(abandoned)
{
	struct mt_pool pool;
	struct said before;
	struct said now;
	int pipe[2];
};

static int read_said(struct said *said)
{
	FILE *file = fopen(ROOT "abandoned", "r");
	struct line line;
	char text[256];

	memset(said, 0, sizeof(*said));
	if (!file)
		return -errno;
	/* The first one has names. */
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	while (fgets(text, sizeof(text), file)) {
		if (sscanf(text, "total %llu %llu", &said->total.nr,
			   &said->total.bytes) == 2)
			continue;
		if (sscanf(text, "%31s %llu %llu %llu %15s %lld", line.pool,
			   &line.size, &line.nr, &line.bytes, line.uid,
			   &line.age) != 6) {
			fclose(file);
			return -EINVAL;
		}
		said->last = line;
		said->lines++;
	}
	fclose(file);
	return 0;
}

FIXTURE_SETUP(abandoned)
{
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	ASSERT_EQ(0, mt_public_device(true));
	ASSERT_EQ(0, pipe2(self->pipe, O_NONBLOCK));
	ASSERT_EQ(0, read_said(&self->before));
}

FIXTURE_TEARDOWN(abandoned)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	mt_destroy(self->pool.fd, NAME);
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* A client leases @nr buffers, puts a page of each into the pipe, and closes. */
static int pin_and_close(int to, __u64 size, int nr)
{
	struct mpool_lease leases[4];
	struct mt_client client;
	struct iovec iov = { .iov_len = MT_PAGE };
	int i;

	if (mt_client_open(&client, NAME) ||
	    mt_lease(client.fd, size, nr, leases) != nr)
		return 1;
	for (i = 0; i < nr; i++) {
		iov.iov_base = client.win + leases[i].offset;
		memset(iov.iov_base, 0x5a, MT_PAGE);
		if (vmsplice(to, &iov, 1, 0) != MT_PAGE)
			return 2;
	}
	mt_client_close(&client);
	return 0;
}

static int pin_as_nobody(void *arg)
{
	const int *pipe = arg;

	return mt_become_nobody() ? 3 : pin_and_close(pipe[1], 2 * MT_PAGE, 2);
}

TEST_F(abandoned, are_told)
{
	struct said *now = &self->now, *before = &self->before;

	ASSERT_EQ(0, mt_create(self->pool.fd, NAME, NULL));
	ASSERT_EQ(0, pin_and_close(self->pipe[1], 8 * MT_PAGE, 3));
	ASSERT_EQ(0, read_said(now));
	EXPECT_EQ(before->total.nr, now->total.nr);
	ASSERT_EQ(0, mt_destroy(self->pool.fd, NAME));
	ASSERT_EQ(0, read_said(now));
	EXPECT_EQ(before->total.nr + 3, now->total.nr);
	EXPECT_EQ(before->total.bytes + 24 * MT_PAGE, now->total.bytes);
	EXPECT_STREQ(NAME, now->last.pool);
	EXPECT_EQ(8 * MT_PAGE, now->last.size);
	EXPECT_EQ(3, now->last.nr);
	EXPECT_EQ(24 * MT_PAGE, now->last.bytes);
	/* Root's were nobody's locked memory. */
	EXPECT_STREQ("-", now->last.uid);
	EXPECT_GE(60, now->last.age);
}

TEST_F(abandoned, by_whom)
{
	struct mpool_pool_config cfg = { .mode = 0606 };
	struct said *now = &self->now;

	ASSERT_EQ(0, mt_create(self->pool.fd, NAME, &cfg));
	ASSERT_EQ(0, mt_in_child(pin_as_nobody, self->pipe));
	ASSERT_EQ(0, mt_destroy(self->pool.fd, NAME));
	ASSERT_EQ(0, read_said(now));
	EXPECT_EQ(self->before.total.nr + 2, now->total.nr);
	EXPECT_STREQ("65534", now->last.uid);
	EXPECT_EQ(2, now->last.nr);
}

/* What comes back in time is not left behind. */
TEST_F(abandoned, not_what_was_unpinned)
{
	char page[MT_PAGE];

	ASSERT_EQ(0, mt_create(self->pool.fd, NAME, NULL));
	ASSERT_EQ(0, pin_and_close(self->pipe[1], MT_PAGE, 1));
	EXPECT_EQ(MT_PAGE, read(self->pipe[0], page, MT_PAGE));
	ASSERT_EQ(0, mt_destroy(self->pool.fd, NAME));
	ASSERT_EQ(0, read_said(&self->now));
	EXPECT_EQ(self->before.total.nr, self->now.total.nr);
}

/* Totals have all, the list has the last ones. */
TEST_F_TIMEOUT(abandoned, list_is_bounded, 120)
{
	/* Whole pages alone, for the sake of time. */
	struct mpool_pool_config cfg = {
		.min_size = MT_PAGE,
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
	};
	struct said *now = &self->now;
	char page[MT_PAGE];
	int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, mt_create(self->pool.fd, NAME, &cfg));
		ASSERT_EQ(0, pin_and_close(self->pipe[1], MT_PAGE, 1));
		ASSERT_EQ(0, mt_destroy(self->pool.fd, NAME));
		ASSERT_EQ(MT_PAGE, read(self->pipe[0], page, MT_PAGE));
		ASSERT_TRUE(mt_all(page, 0x5a, MT_PAGE));
	}
	ASSERT_EQ(0, read_said(now));
	EXPECT_EQ(KEPT, now->lines);
	EXPECT_EQ(self->before.total.nr + MANY, now->total.nr);
	EXPECT_EQ(self->before.total.bytes + MANY * MT_PAGE, now->total.bytes);
}

TEST_F(abandoned, are_in_the_summary)
{
	unsigned long long nr = 0, kib = 0;
	char text[256];
	FILE *file;

	ASSERT_EQ(0, mt_create(self->pool.fd, NAME, NULL));
	ASSERT_EQ(0, pin_and_close(self->pipe[1], MT_PAGE, 1));
	ASSERT_EQ(0, mt_destroy(self->pool.fd, NAME));
	ASSERT_EQ(0, read_said(&self->now));
	file = fopen(ROOT "summary", "r");
	ASSERT_NE(NULL, file);
	while (fgets(text, sizeof(text), file))
		sscanf(text, "abandoned - - - - - %llu - %llu", &nr, &kib);
	fclose(file);
	EXPECT_EQ(self->now.total.nr, nr);
	EXPECT_EQ(self->now.total.bytes / 1024, kib);
}

TEST_HARNESS_MAIN
