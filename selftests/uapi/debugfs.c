// SPDX-License-Identifier: GPL-2.0
/*
 * What debugfs shows: the files are there, only root may read them, and what
 * they say agrees with what was done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

#define ROOT	"/sys/kernel/debug/mpool"
#define NR	3

FIXTURE(debugfs)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[NR];
	char *text;
};

/* Room for any file. */
#define TEXT_MAX	1048576

FIXTURE_SETUP(debugfs)
{
	/* What is looked at twice is not to grow in the background. */
	struct mpool_pool_config cfg = {
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		.growth_percent = 100,
	};

	self->text = malloc(TEXT_MAX);
	ASSERT_NE(NULL, self->text);
	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 3 * MT_PAGE, NR,
			       self->leases));
}

FIXTURE_TEARDOWN(debugfs)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
	free(self->text);
}

static const char *path_of(const char *pool, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), ROOT "%s%s/%s", pool ? "/" : "",
		 pool ? pool : "", file);
	return path;
}

/* The whole file, in pieces of @piece; its length, or what was said. */
static long slurp(const char *pool, const char *file, char *text, size_t piece)
{
	int fd = open(path_of(pool, file), O_RDONLY);
	long len = 0, got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, text + len, piece)) > 0)
		len += got;
	if (got < 0)
		len = -errno;
	else
		text[len] = 0;
	close(fd);
	return len;
}

static int mode_of(const char *pool, const char *file)
{
	struct stat st;

	if (stat(path_of(pool, file), &st))
		return -errno;
	return st.st_mode & 07777;
}

/* The number that a line beginning with @key has behind it, or -1. */
static long long value_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (; text; text = strchr(text, '\n'), text += !!text) {
		if (!strncmp(text, key, len) && text[len] == ' ')
			return strtoll(text + len, NULL, 0);
		if (!strchr(text, '\n'))
			break;
	}
	return -1;
}

/* All the numbers of a line; how many. */
static int numbers(const char *line, __u64 *values, int max)
{
	char *end;
	int nr = 0;

	while (*line && *line != '\n' && nr < max) {
		if (!isdigit(*line)) {
			line++;
			continue;
		}
		values[nr++] = strtoull(line, &end, 0);
		line = end;
	}
	return nr;
}

static const char * const pool_files[] = {
	"stats", "classes", "config", "leases", "leaks", "cpus", "nodes",
	"latency", "fragmentation",
};

TEST_F(debugfs, only_root_reads)
{
	size_t i;

	EXPECT_EQ(0400, mode_of(NULL, "summary"));
	EXPECT_EQ(0400, mode_of(NULL, "abandoned"));
	for (i = 0; i < MT_ARRAY_SIZE(pool_files); i++) {
		EXPECT_EQ(0400, mode_of(self->pool.name, pool_files[i])) {
			TH_LOG("file number %zu", i);
		}
		EXPECT_LT(0, slurp(self->pool.name, pool_files[i], self->text,
				   4096));
	}
}

static int open_as_nobody(void *arg)
{
	size_t i;

	if (mt_become_nobody())
		return 2;
	for (i = 0; i < MT_ARRAY_SIZE(pool_files); i++)
		if (open(path_of(arg, pool_files[i]), O_RDONLY) >= 0)
			return 1;
	return open(path_of(NULL, "abandoned"), O_RDONLY) >= 0 ||
	       open(path_of(NULL, "summary"), O_RDONLY) >= 0;
}

TEST_F(debugfs, nobody_does_not)
{
	EXPECT_EQ(0, mt_in_child(open_as_nobody, self->pool.name));
}

TEST_F(debugfs, come_and_go_with_pools)
{
	ASSERT_EQ(0, mt_create(self->pool.fd, "passing", NULL));
	EXPECT_LT(0, slurp("passing", "stats", self->text, 4096));
	ASSERT_EQ(0, mt_destroy(self->pool.fd, "passing"));
	EXPECT_EQ(-ENOENT, slurp("passing", "stats", self->text, 4096));
	EXPECT_EQ(-ENOENT, mode_of("passing", ""));
	/* Again, under the same name. */
	ASSERT_EQ(0, mt_create(self->pool.fd, "passing", NULL));
	EXPECT_LT(0, slurp("passing", "leases", self->text, 4096));
	ASSERT_EQ(0, mt_destroy(self->pool.fd, "passing"));
}

/* A file that is open does not keep the pool, and reads nothing any more. */
TEST_F(debugfs, open_while_the_pool_goes)
{
	char byte;
	int fd;

	ASSERT_EQ(0, mt_create(self->pool.fd, "passing", NULL));
	fd = open(path_of("passing", "stats"), O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mt_destroy(self->pool.fd, "passing"));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

TEST_F(debugfs, summary)
{
	__u64 shown[16];
	char *line;

	ASSERT_LT(0, slurp(NULL, "summary", self->text, 4096));
	EXPECT_EQ(self->text, strstr(self->text, "pool "));
	EXPECT_NE(NULL, strstr(self->text, "\ndefault "));
	EXPECT_NE(NULL, strstr(self->text, "\ntotal "));
	line = strstr(self->text, self->pool.name);
	ASSERT_NE(NULL, line);
	ASSERT_LE(4, numbers(line + strlen(self->pool.name), shown, 16));
	/* clients, backed, allocated, leased */
	EXPECT_EQ(1, shown[0]);
	EXPECT_LE(NR, shown[1]);
	EXPECT_EQ(0, shown[2]);
	EXPECT_EQ(NR, shown[3]);
}

TEST_F(debugfs, stats_agree_with_the_ioctl)
{
	struct mpool_stats stats;

	EXPECT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	ASSERT_EQ(0, mt_stats(self->client.fd, "", &stats));
	ASSERT_LT(0, slurp(self->pool.name, "stats", self->text, 4096));
	EXPECT_EQ((long long)stats.total.backed, value_of(self->text, "backed"));
	EXPECT_EQ(NR - 1, value_of(self->text, "leased"));
	EXPECT_EQ(NR, value_of(self->text, "leases"));
	EXPECT_EQ(1, value_of(self->text, "releases"));
	EXPECT_EQ((long long)stats.total.grown, value_of(self->text, "grown"));
	EXPECT_EQ(0, value_of(self->text, "quarantined"));
	EXPECT_EQ((long long)stats.bytes, value_of(self->text, "bytes"));
	EXPECT_EQ((long long)stats.max_bytes, value_of(self->text, "max_bytes"));
	EXPECT_EQ(1, value_of(self->text, "clients"));
}

/* One line a class in being, and what it is backed by adds up. */
TEST_F(debugfs, balance)
{
	/* size, backed and nine parts; and by how much it is off, if it is */
	__u64 shown[16], sum;
	unsigned int i, nr = 0;
	char *line;

	EXPECT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 1, NR, self->leases));
	EXPECT_EQ(0, mt_await_clean(self->client.fd, ""));
	ASSERT_LT(0, slurp(self->pool.name, "stats", self->text, 4096));
	line = self->text;
	while ((line = strstr(line, "\nbalance "))) {
		ASSERT_EQ(11, numbers(++line, shown, 16));
		for (sum = 0, i = 2; i < 11; i++)
			sum += shown[i];
		EXPECT_EQ(shown[1], sum);
		/* The leased ones. */
		EXPECT_EQ(shown[0] == MT_PAGE ? NR : NR - 1, shown[8]);
		nr++;
	}
	EXPECT_EQ(2, nr);
}

TEST_F(debugfs, classes)
{
	__u64 shown[16], sum = 0;
	struct mpool_lease kept;
	struct mt_client keeper;
	unsigned int i;
	char *line;

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_client_open(&keeper, self->pool.name));
	ASSERT_EQ(1, mt_lease(keeper.fd, 3 * MT_PAGE, 1, &kept));
	ASSERT_EQ(0, mt_release_one(keeper.fd, kept.handle));
	ASSERT_LT(0, slurp(self->pool.name, "classes", self->text, 4096));
	line = strchr(self->text, '\n');
	ASSERT_NE(NULL, line);
	ASSERT_LE(12, numbers(++line, shown, 16));
	/* size, max, backed, then its nine parts, leased and kept among them */
	EXPECT_EQ(3 * MT_PAGE, shown[0]);
	EXPECT_EQ(500, shown[1]);
	EXPECT_LE(NR, shown[2]);
	EXPECT_EQ(NR, shown[9]);
	EXPECT_EQ(1, shown[10]);
	for (i = 3; i < 12; i++)
		sum += shown[i];
	EXPECT_EQ(shown[2], sum);
	line = strstr(line, " total ");
	ASSERT_NE(NULL, line);
	EXPECT_LE(11, numbers(line, shown, 16));
	EXPECT_EQ(500, shown[0]);
	EXPECT_EQ(NR, shown[8]);
	EXPECT_EQ(1, shown[9]);
	mt_client_close(&keeper);
}

TEST_F(debugfs, config)
{
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_OWNER,
		.uid = 3,
		.gid = 4,
		.mode = 0640,
		.min_size = 1024,
		.max_size = 8192,
		.growth_percent = 200,
		.shrink_percent = MPOOL_NONE,
		.max_age_ms = 1234,
		.reserve = 2,
	};

	ASSERT_EQ(0, mt_create(self->pool.fd, "shown", &cfg));
	ASSERT_LT(0, slurp("shown", "config", self->text, 4096));
	EXPECT_EQ(MPOOL_POOL_OWNER, value_of(self->text, "flags"));
	EXPECT_EQ(0640, value_of(self->text, "mode"));
	EXPECT_EQ(3, value_of(self->text, "uid"));
	EXPECT_EQ(4, value_of(self->text, "gid"));
	EXPECT_EQ(1024, value_of(self->text, "min_size"));
	EXPECT_EQ(8192, value_of(self->text, "max_size"));
	EXPECT_EQ(100, value_of(self->text, "initial"));
	EXPECT_EQ(1000, value_of(self->text, "max"));
	EXPECT_EQ(200, value_of(self->text, "growth_percent"));
	EXPECT_EQ(0, value_of(self->text, "shrink_percent"));
	EXPECT_EQ(60000, value_of(self->text, "cleanup_interval_ms"));
	EXPECT_EQ(1234, value_of(self->text, "max_age_ms"));
	EXPECT_EQ(2, value_of(self->text, "reserve"));
	EXPECT_NE(NULL, strstr(self->text, "\nsizes"));
	EXPECT_NE(NULL, strstr(self->text, " 4096 8192\n"));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "shown"));
}

struct shown {
	__u64 handle;
	unsigned int size;
	unsigned int age;
	int pid;
	int opener;
	int client;
	const char *names;
};

/* Parses the next line; where it ends, or NULL. */
static char *parse(char *line, struct shown *s)
{
	char *end = line ? strchr(line, '\n') : NULL;

	if (!end)
		return NULL;
	*end = 0;
	s->handle = strtoull(line, &line, 0);
	s->size = strtoul(line, &line, 0);
	s->age = strtoul(line, &line, 0);
	s->pid = strtol(line, &line, 0);
	s->opener = strtol(line, &line, 0);
	s->client = strtol(line, &line, 0);
	s->names = line + (*line == ' ');
	return end + 1;
}

TEST_F(debugfs, leases)
{
	struct shown s;
	char *line;
	int i, nr = 0;

	ASSERT_LT(0, slurp(self->pool.name, "leases", self->text, 4096));
	line = strchr(self->text, '\n');
	ASSERT_NE(NULL, line++);
	while ((line = parse(line, &s))) {
		for (i = 0; i < NR; i++)
			if (s.handle == self->leases[i].handle)
				break;
		EXPECT_NE(NR, i);
		EXPECT_EQ(3 * MT_PAGE, s.size);
		EXPECT_GE(60, s.age);
		EXPECT_EQ(getpid(), s.pid);
		EXPECT_EQ(getpid(), s.opener);
		EXPECT_LT(0, s.client);
		EXPECT_STREQ("debugfs (debugfs)", s.names);
		nr++;
	}
	EXPECT_EQ(NR, nr);
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, NR));
	ASSERT_LT(0, slurp(self->pool.name, "leases", self->text, 4096));
	line = strchr(self->text, '\n');
	EXPECT_EQ(0, line[1]);
}

static int lease_by_child(void *arg)
{
	struct mt_client *client = arg;
	struct mpool_lease lease;

	/* A name that would make two lines of one. */
	prctl(PR_SET_NAME, "a\nb");
	return mt_lease(client->fd, 5 * MT_PAGE, 1, &lease) == 1 ? 0 : 1;
}

/* Who leased and who opened may be two. */
TEST_F(debugfs, leases_of_a_child)
{
	struct shown s;
	char *line;

	ASSERT_EQ(0, mt_in_child(lease_by_child, &self->client));
	ASSERT_LT(0, slurp(self->pool.name, "leases", self->text, 4096));
	line = strchr(self->text, '\n');
	ASSERT_NE(NULL, line++);
	while ((line = parse(line, &s)))
		if (s.size == 5 * MT_PAGE)
			break;
	ASSERT_NE(NULL, line);
	EXPECT_NE(getpid(), s.pid);
	EXPECT_EQ(getpid(), s.opener);
	EXPECT_STREQ("a\\nb (debugfs)", s.names);
}

TEST_F(debugfs, age)
{
	struct shown s;
	char *line;

	mt_sleep_ms(2100);
	ASSERT_LT(0, slurp(self->pool.name, "leases", self->text, 4096));
	line = strchr(self->text, '\n');
	ASSERT_NE(NULL, parse(line + 1, &s));
	EXPECT_LE(2, s.age);
	EXPECT_GE(60, s.age);
}

static int by_handle(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Many leases of two clients, read by a few bytes at a time: each once. */
TEST_F(debugfs, many_leases)
{
	enum { MANY = 400 };
	struct mpool_lease leases[MANY];
	__u64 seen[2 * MANY + NR];
	struct mt_client other;
	struct shown s;
	char *line;
	int nr = 0, i;

	ASSERT_EQ(0, mt_client_open(&other, self->pool.name));
	ASSERT_EQ(MANY / 2, mt_lease(self->client.fd, 1, MANY / 2, leases));
	ASSERT_EQ(MANY / 2, mt_lease(other.fd, 8192, MANY / 2, leases));
	ASSERT_LT(0, slurp(self->pool.name, "leases", self->text, 100));
	line = strchr(self->text, '\n');
	ASSERT_NE(NULL, line++);
	while ((line = parse(line, &s)) && nr < 2 * MANY)
		seen[nr++] = s.handle;
	ASSERT_EQ(MANY + NR, nr);
	qsort(seen, nr, sizeof(*seen), by_handle);
	for (i = 1; i < nr; i++)
		EXPECT_LT(seen[i - 1], seen[i]);
	mt_client_close(&other);
}

TEST_HARNESS_MAIN
