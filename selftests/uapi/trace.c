// SPDX-License-Identifier: GPL-2.0
/*
 * Events of leases: each lease and each end of one, with its handle; and who
 * holds leases, by the view of what is out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "file.h"
#include "mpool_test.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/mpool/"
#define NR	3
#define TEXT_MAX	262144

FIXTURE(trace)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[NR];
	char *text;
};

static int get(const char *path, char *text)
{
	int fd = open(path, O_RDONLY);
	ssize_t got;
	int len = 0;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, text + len, TEXT_MAX - 1 - len)) > 0)
		len += got;
	text[len] = 0;
	close(fd);
	return len;
}

FIXTURE_SETUP(trace)
{
	if (access(EVENTS, F_OK))
		SKIP(return, "this kernel has no tracefs");
	self->text = malloc(TEXT_MAX);
	ASSERT_NE(NULL, self->text);
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_write("\n", TRACING "trace"));
	ASSERT_EQ(0, mt_write("1", EVENTS "enable"));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 3 * MT_PAGE, NR,
			       self->leases));
}

FIXTURE_TEARDOWN(trace)
{
	if (!self->text)
		return;
	EXPECT_EQ(0, mt_write("0", EVENTS "enable"));
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
	free(self->text);
}

/* What is traced of an event; lines of other pools are not ours to count. */
struct seen {
	unsigned int nr;
	__u64 handle;
	unsigned int size;
	char buf[32];
};

static struct seen look(const char *text, const char *pool, const char *event,
			__u64 handle)
{
	char format[128], name[MPOOL_NAME_LEN];
	struct seen seen = {}, s = {};
	unsigned long long client, h;
	const char *line;
	int node;

	snprintf(format, sizeof(format), " %s: pool=", event);
	for (line = text; (line = strstr(line, format)); line++) {
		if (sscanf(line + strlen(format),
			   "%31s size=%u client=%llu handle=%llx buf=%31s node=%d",
			   name, &s.size, &client, &h, s.buf, &node) != 6)
			continue;
		s.handle = h;
		if (strcmp(name, pool) || (handle && h != handle))
			continue;
		s.nr = seen.nr + 1;
		seen = s;
	}
	return seen;
}

TEST_F(trace, lease_and_release)
{
	struct seen lease, release;

	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[1].handle));
	ASSERT_LT(0, get(TRACING "trace", self->text));
	EXPECT_EQ(NR, look(self->text, self->pool.name, "mpool_lease", 0).nr);
	lease = look(self->text, self->pool.name, "mpool_lease",
		     self->leases[1].handle);
	EXPECT_EQ(1, lease.nr);
	EXPECT_EQ(3 * MT_PAGE, lease.size);
	release = look(self->text, self->pool.name, "mpool_release", 0);
	EXPECT_EQ(1, release.nr);
	EXPECT_EQ(self->leases[1].handle, release.handle);
	EXPECT_EQ(lease.size, release.size);
	EXPECT_STREQ(lease.buf, release.buf);
}

/* What goes with the client has no handle any more, and the same buffers. */
TEST_F(trace, end_of_the_client)
{
	struct seen last;

	mt_client_close(&self->client);
	self->client.fd = -1;
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));
	ASSERT_LT(0, get(TRACING "trace", self->text));
	last = look(self->text, self->pool.name, "mpool_release", 0);
	EXPECT_EQ(NR, last.nr);
	EXPECT_EQ(0, last.handle);
	EXPECT_EQ(3 * MT_PAGE, last.size);
}

/* One process, one size: one line, with its age. */
TEST_F(trace, leaks_name_the_holder)
{
	char path[128], by[16], name[32];
	unsigned int size, nr, age;
	int pid, got;

	snprintf(path, sizeof(path), "/sys/kernel/debug/mpool/%s/leaks",
		 self->pool.name);
	mt_sleep_ms(1100);
	ASSERT_LT(0, get(path, self->text));
	got = sscanf(strchr(self->text, '\n') + 1, "%15s %u %u %u %d %31s", by,
		     &size, &nr, &age, &pid, name);
	ASSERT_EQ(6, got);
	EXPECT_STREQ("leased", by);
	EXPECT_EQ(3 * MT_PAGE, size);
	EXPECT_EQ(NR, nr);
	EXPECT_LE(1, age);
	EXPECT_GE(60, age);
	EXPECT_EQ(getpid(), pid);
	EXPECT_STREQ("trace", name);
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, NR));
	ASSERT_LT(0, get(path, self->text));
	EXPECT_EQ(0, strchr(self->text, '\n')[1]);
}

TEST_HARNESS_MAIN
