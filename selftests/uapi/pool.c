// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: making, ending and listing them, their statistics, and who may.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

/* More classes than any pool has. */
#define CLASSES	128

FIXTURE(pool)
{
	struct mt_pool pool;
	__u32 nr_pools;
};

static __u32 count_pools(int fd)
{
	struct mpool_info info = { .size = sizeof(info) };

	return mt_call(fd, MPOOL_IOC_INFO, &info) ? ~0U : info.nr_pools;
}

FIXTURE_SETUP(pool)
{
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	self->nr_pools = count_pools(self->pool.fd);
}

FIXTURE_TEARDOWN(pool)
{
	EXPECT_EQ(self->nr_pools, count_pools(self->pool.fd));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Makes and ends a pool; what making it said. */
static int try_pool(int fd, const char *name,
		    const struct mpool_pool_config *cfg)
{
	int err = mt_create(fd, name, cfg);

	return err ? err : mt_destroy(fd, name);
}

TEST_F(pool, good_names)
{
	static const char * const names[] = {
		"a", "Z", "0", "_", "-", "a.b", "a..", "A-Z_a-z.09",
		"0123456789012345678901234567890",
	};
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(names); i++)
		EXPECT_EQ(0, try_pool(self->pool.fd, names[i], NULL)) {
			TH_LOG("with name %zu of the list", i);
		}
}

TEST_F(pool, bad_names)
{
	static const char * const names[] = {
		"", ".", "..", ".a", "a/b", "/", "a b", " ", "a\n", "a\t",
		"\xc3\xa4", "a:b", "a,b", "a=b", "a%s", "a*", "summary",
		"abandoned",
		"01234567890123456789012345678901",
	};
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, mt_create(self->pool.fd, names[i], NULL)) {
			TH_LOG("with name %zu of the list", i);
		}
		EXPECT_EQ(-EINVAL, mt_destroy(self->pool.fd, names[i]));
		EXPECT_EQ(-EINVAL, mt_attach(self->pool.fd, names[i], NULL));
	}
}

/* Bytes behind a name's end are refused, they would mean something one day. */
TEST_F(pool, names_with_a_tail)
{
	struct mpool_pool_create create = {
		.size = sizeof(create),
		.name = "a\0b",
	};
	struct mpool_pool_destroy destroy = {
		.size = sizeof(destroy),
		.name = "a\0b",
	};

	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_POOL_CREATE,
				   &create));
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_POOL_DESTROY,
				   &destroy));
	create.name[2] = 0;
	create.name[MPOOL_NAME_LEN - 1] = 1;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_POOL_CREATE,
				   &create));
}

TEST_F(pool, names_are_taken_once)
{
	EXPECT_EQ(-EEXIST, mt_create(self->pool.fd, self->pool.name, NULL));
	EXPECT_EQ(-EEXIST, mt_create(self->pool.fd, "default", NULL));
	/* A name is whole: neither its beginning nor its case is another's. */
	EXPECT_EQ(0, try_pool(self->pool.fd, "defaul", NULL));
	EXPECT_EQ(0, try_pool(self->pool.fd, "Default", NULL));
	EXPECT_EQ(0, try_pool(self->pool.fd, "default1", NULL));
	/* Free again after the end. */
	EXPECT_EQ(0, try_pool(self->pool.fd, "default1", NULL));
}

#define FIELD(f) offsetof(struct mpool_pool_config, f)

/* One field each, where the others have their defaults. */
static const struct bound {
	size_t field;
	__u32 value;
	int result;
} bounds[] = {
	{ FIELD(flags), MPOOL_POOL_ADAPTIVE, 0 },
	{ FIELD(flags), MPOOL_POOL_DEBUG, 0 },
	{ FIELD(flags), 1U << 4, -EINVAL },
	{ FIELD(flags), 1U << 31, -EINVAL },
	{ FIELD(flags), MPOOL_POOL_OWNER, 0 },
	{ FIELD(mode), 0777, 0 },
	{ FIELD(mode), 01000, -EINVAL },
	{ FIELD(mode), 04600, -EINVAL },
	{ FIELD(uid), 1, -EINVAL },
	{ FIELD(gid), 1, -EINVAL },
	{ FIELD(min_size), 1, -EINVAL },
	{ FIELD(min_size), 15, -EINVAL },
	{ FIELD(min_size), 16, 0 },
	{ FIELD(min_size), 4 << 20, 0 },
	{ FIELD(min_size), (4 << 20) + 1, -EINVAL },
	{ FIELD(min_size), ~0U, -EINVAL },
	{ FIELD(max_size), 63, -EINVAL },
	{ FIELD(max_size), 64, 0 },
	{ FIELD(max_size), 4 << 20, 0 },
	{ FIELD(max_size), (4 << 20) + 1, -EINVAL },
	{ FIELD(max_size), ~0U, -EINVAL },
	{ FIELD(initial[0]), 1000, 0 },
	{ FIELD(initial[0]), 1001, -EINVAL },
	{ FIELD(initial[0]), MPOOL_NONE, 0 },
	{ FIELD(initial[1]), 500, 0 },
	{ FIELD(initial[1]), 501, -EINVAL },
	{ FIELD(initial[2]), 100, 0 },
	{ FIELD(initial[2]), 101, -EINVAL },
	{ FIELD(max[0]), 1, 0 },
	{ FIELD(max[0]), (1 << 24) - 1, 0 },
	{ FIELD(max[0]), 1 << 24, -EINVAL },
	{ FIELD(max[0]), MPOOL_NONE, -EINVAL },
	{ FIELD(max[1]), 1, 0 },
	{ FIELD(max[1]), 1 << 24, -EINVAL },
	{ FIELD(max[2]), 1, 0 },
	{ FIELD(max[2]), 1 << 24, -EINVAL },
	{ FIELD(growth_percent), 99, -EINVAL },
	{ FIELD(growth_percent), 100, 0 },
	{ FIELD(growth_percent), 1000, 0 },
	{ FIELD(growth_percent), 1001, -EINVAL },
	{ FIELD(shrink_percent), 1, 0 },
	{ FIELD(shrink_percent), 100, 0 },
	{ FIELD(shrink_percent), 101, -EINVAL },
	{ FIELD(shrink_percent), MPOOL_NONE, 0 },
	{ FIELD(cleanup_interval_ms), 9, -EINVAL },
	{ FIELD(cleanup_interval_ms), 10, 0 },
	{ FIELD(cleanup_interval_ms), 86400000, 0 },
	{ FIELD(cleanup_interval_ms), 86400001, -EINVAL },
	{ FIELD(cleanup_interval_ms), MPOOL_NONE, 0 },
	{ FIELD(max_age_ms), 1, 0 },
	{ FIELD(max_age_ms), 86400000, 0 },
	{ FIELD(max_age_ms), 86400001, -EINVAL },
	{ FIELD(max_age_ms), MPOOL_NONE, 0 },
	/* The smaller limit of the tiers that a default pool has classes in. */
	{ FIELD(reserve), 500, 0 },
	{ FIELD(reserve), 501, -EINVAL },
	{ FIELD(reserve), MPOOL_NONE, 0 },
	{ FIELD(node), 1, 0 },
	{ FIELD(node), 1000, -EINVAL },
	{ FIELD(node), ~0U, -EINVAL },
};

TEST_F(pool, settings_have_bounds)
{
	struct mpool_pool_config cfg;
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(bounds); i++) {
		memset(&cfg, 0, sizeof(cfg));
		memcpy((char *)&cfg + bounds[i].field, &bounds[i].value,
		       sizeof(bounds[i].value));
		EXPECT_EQ(bounds[i].result,
			  try_pool(self->pool.fd, "bounds", &cfg)) {
			TH_LOG("field at %zu is %#x", bounds[i].field,
			       bounds[i].value);
		}
		mt_destroy(self->pool.fd, "bounds");
	}
}

TEST_F(pool, settings_fit_each_other)
{
	struct mpool_pool_config cfg = { .min_size = 8192, .max_size = 4096 };

	EXPECT_EQ(-EINVAL, try_pool(self->pool.fd, "fit", &cfg));
	cfg.max_size = 8192;
	EXPECT_EQ(0, try_pool(self->pool.fd, "fit", &cfg));

	cfg = (struct mpool_pool_config){ .max = { 10, 0, 0 } };
	cfg.initial[0] = 11;
	EXPECT_EQ(-EINVAL, try_pool(self->pool.fd, "fit", &cfg));
	cfg.initial[0] = 10;
	EXPECT_EQ(0, try_pool(self->pool.fd, "fit", &cfg));
	cfg.reserve = 11;
	EXPECT_EQ(-EINVAL, try_pool(self->pool.fd, "fit", &cfg));

	cfg = (struct mpool_pool_config){ .max_bytes = 1ULL << 63 };
	EXPECT_EQ(-EINVAL, try_pool(self->pool.fd, "fit", &cfg));
	cfg.max_bytes = (1ULL << 63) - 1;
	EXPECT_EQ(0, try_pool(self->pool.fd, "fit", &cfg));

	cfg = (struct mpool_pool_config){ .flags = MPOOL_POOL_OWNER };
	cfg.uid = ~0U;
	EXPECT_EQ(-EINVAL, try_pool(self->pool.fd, "fit", &cfg));
	cfg.uid = 0;
	cfg.gid = ~0U;
	EXPECT_EQ(-EINVAL, try_pool(self->pool.fd, "fit", &cfg));
}

TEST_F(pool, eager)
{
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_EAGER,
		.min_size = 2048,
		.max_size = 8192,
		.initial = { 3, 5, 1 },
	};
	struct mpool_class_stats classes[CLASSES];
	struct mpool_stats stats = {
		.size = sizeof(stats),
		.name = "eager",
		.classes = (uintptr_t)classes,
		.count = CLASSES,
		.entry_size = sizeof(classes[0]),
	};
	__u32 i;

	ASSERT_EQ(0, mt_create(self->pool.fd, "eager", &cfg));
	ASSERT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_STATS, &stats));
	/* 2048, 2560, 3072, 3584, 4096, 8192 */
	ASSERT_EQ(6, stats.count);
	for (i = 0; i < stats.count; i++)
		EXPECT_EQ(classes[i].size < MT_PAGE ? 3 : 5,
			  classes[i].backed) {
			TH_LOG("class of %llu", classes[i].size);
		}
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "eager", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "eager"));
}

/* A pool that cannot be made whole is not made, and its name is free. */
TEST_F(pool, eager_beyond_its_limit)
{
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_EAGER,
		.reserve = 50,
		.max_bytes = 4 * MT_PAGE,
	};

	EXPECT_EQ(-ENOSPC, mt_create(self->pool.fd, "eager", &cfg));
	EXPECT_EQ(-ENOENT, mt_destroy(self->pool.fd, "eager"));
	EXPECT_EQ(0, try_pool(self->pool.fd, "eager", NULL));
}

TEST_F(pool, destroy)
{
	struct mt_client client;

	EXPECT_EQ(-ENOENT, mt_destroy(self->pool.fd, "none-such"));
	ASSERT_EQ(0, mt_create(self->pool.fd, "doomed", NULL));
	ASSERT_EQ(0, mt_client_open(&client, "doomed"));
	EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, "doomed"));
	EXPECT_EQ(-EBUSY, mt_destroy(client.fd, "doomed"));
	/* A mapping is as good as a descriptor. */
	close(client.fd);
	client.fd = -1;
	EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, "doomed"));
	mt_client_close(&client);
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "doomed"));
	EXPECT_EQ(-ENOENT, mt_destroy(self->pool.fd, "doomed"));
	EXPECT_EQ(-ENOENT, mt_attach(self->pool.fd, "doomed", NULL));
}

TEST_F(pool, attach)
{
	struct mpool_attach attach;
	int fd = mt_open(O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOENT, mt_attach(fd, "none-such", NULL));
	ASSERT_EQ(0, mt_attach(fd, self->pool.name, &attach));
	EXPECT_EQ(MT_PAGE, attach.min_size);
	EXPECT_EQ(65536U, attach.max_size);
	/* Room for the limit of each class, in strides of powers of two. */
	EXPECT_LE(500ULL * 2 * (4096 + 8192 + 16384 + 32768), attach.window_size);
	EXPECT_EQ(0, attach.window_size % MT_PAGE);
	/* Once, to whatever. */
	EXPECT_EQ(-EBUSY, mt_attach(fd, self->pool.name, NULL));
	EXPECT_EQ(-EBUSY, mt_attach(fd, "default", NULL));
	close(fd);
}

TEST_F(pool, attach_needs_a_class_of_pages)
{
	struct mpool_pool_config cfg = { .max_size = 2048 };
	int fd = mt_open(O_RDWR);

	ASSERT_EQ(0, mt_create(fd, "small", &cfg));
	EXPECT_EQ(-EOPNOTSUPP, mt_attach(fd, "small", NULL));
	/* The file is still free for another one. */
	EXPECT_EQ(0, mt_attach(fd, self->pool.name, NULL));
	EXPECT_EQ(0, mt_destroy(fd, "small"));
	close(fd);
}

TEST_F(pool, list)
{
	struct mpool_pool_entry entries[16] = {};
	struct mpool_pool_list list = {
		.size = sizeof(list),
		.pools = (uintptr_t)entries,
		.count = MT_ARRAY_SIZE(entries),
		.entry_size = sizeof(entries[0]),
	};
	struct mpool_pool_config cfg = {
		.flags = MPOOL_POOL_OWNER,
		.uid = 7,
		.gid = 8,
		.mode = 0640,
		.max_bytes = 12345 * MT_PAGE,
	};
	struct mpool_pool_entry *found = NULL;
	__u32 i;

	ASSERT_EQ(0, mt_create(self->pool.fd, "aaa", NULL));
	ASSERT_EQ(0, mt_create(self->pool.fd, "zzz", &cfg));
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	EXPECT_EQ(self->nr_pools + 2, list.count);
	ASSERT_GE(MT_ARRAY_SIZE(entries), list.count);
	for (i = 1; i < list.count; i++)
		EXPECT_GT(0, strcmp(entries[i - 1].name, entries[i].name));
	for (i = 0; i < list.count; i++)
		if (!strcmp(entries[i].name, "zzz"))
			found = &entries[i];
	/* Whatever comes later is as it was. */
	EXPECT_TRUE(mt_all(entries + i, 0, (16 - i) * sizeof(entries[0])));
	ASSERT_NE(NULL, found);
	EXPECT_EQ(7, found->uid);
	EXPECT_EQ(8, found->gid);
	EXPECT_EQ(0640, found->mode);
	EXPECT_EQ(MPOOL_POOL_OWNER, found->flags);
	EXPECT_EQ(0, found->nr_clients);
	EXPECT_EQ(0, found->nr_classes);
	EXPECT_EQ(0, found->bytes);
	EXPECT_EQ(12345 * MT_PAGE, found->max_bytes);
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "aaa"));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "zzz"));
}

TEST_F(pool, list_in_parts)
{
	char room[64 + sizeof(struct mpool_pool_entry) * 2];
	struct mpool_pool_entry first;
	struct mpool_pool_list list = { .size = sizeof(list) };

	/* Only how many. */
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	EXPECT_EQ(self->nr_pools, list.count);

	memset(room, 0x55, sizeof(room));
	list.pools = (uintptr_t)room;
	list.count = 1;
	list.entry_size = sizeof(first);
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	EXPECT_EQ(self->nr_pools, list.count);
	EXPECT_TRUE(mt_all(room + sizeof(first), 0x55,
			   sizeof(room) - sizeof(first)));
	memcpy(&first, room, sizeof(first));

	/* Entries of an older program: cut. */
	memset(room, 0x55, sizeof(room));
	list.count = 1;
	list.entry_size = 9;
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	EXPECT_EQ(0, memcmp(room, &first, 9));
	EXPECT_TRUE(mt_all(room + 9, 0x55, sizeof(room) - 9));

	/* Of a newer one: filled up with zeros. */
	memset(room, 0x55, sizeof(room));
	list.count = 1;
	list.entry_size = sizeof(first) + 31;
	EXPECT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	EXPECT_EQ(0, memcmp(room, &first, sizeof(first)));
	EXPECT_TRUE(mt_all(room + sizeof(first), 0, 31));
	EXPECT_TRUE(mt_all(room + sizeof(first) + 31, 0x55,
			   sizeof(room) - sizeof(first) - 31));
}

TEST_F(pool, list_with_bad_arguments)
{
	struct mpool_pool_entry entry;
	struct mpool_pool_list list = {
		.size = sizeof(list),
		.pools = (uintptr_t)&entry,
		.count = 1,
	};

	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	list.entry_size = MT_PAGE + 1;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	list.entry_size = sizeof(entry);
	list.count = 0;
	EXPECT_EQ(-EINVAL, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	list.count = ~0U;
	list.pools = 0;
	EXPECT_EQ(-EFAULT, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	EXPECT_EQ(~0U, list.count);
	list.pools = 0xffff888000000000ULL;
	EXPECT_EQ(-EFAULT, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	list.pools = ~0ULL;
	EXPECT_EQ(-EFAULT, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
}

TEST_F(pool, stats)
{
	struct mpool_class_stats classes[2];
	struct mpool_lease leases[3];
	struct mt_client client;
	struct mpool_stats stats;

	EXPECT_EQ(-ENOENT, mt_stats(self->pool.fd, "none-such", &stats));
	/* No name, and attached to nothing. */
	EXPECT_EQ(-ENOTCONN, mt_stats(self->pool.fd, "", &stats));
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(0, stats.count);
	EXPECT_EQ(0, stats.bytes);
	EXPECT_EQ(0, stats.nr_clients);
	EXPECT_LT(0, stats.max_bytes);

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	ASSERT_EQ(2, mt_lease(client.fd, MT_PAGE, 2, leases));
	ASSERT_EQ(1, mt_lease(client.fd, 3 * MT_PAGE, 1, leases + 2));
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_EQ(2, stats.count);
	EXPECT_EQ(1, stats.nr_clients);
	EXPECT_EQ(3, stats.total.leased);
	EXPECT_EQ(3, stats.total.leases);
	EXPECT_EQ(0, stats.total.releases);
	EXPECT_EQ(0, stats.total.size);
	EXPECT_EQ(1000, stats.total.max);
	EXPECT_LE(5 * MT_PAGE, stats.bytes);
	EXPECT_EQ(0, mt_class(client.fd, "", 3 * MT_PAGE, classes));
	EXPECT_EQ(1, classes[0].leased);
	EXPECT_EQ(500, classes[0].max);

	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 3));
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_EQ(0, stats.total.leased);
	EXPECT_EQ(3, stats.total.releases);
	mt_client_close(&client);
}

TEST_F(pool, stats_in_parts)
{
	struct mpool_class_stats classes[3];
	struct mpool_stats stats = {
		.size = sizeof(stats),
		.classes = (uintptr_t)classes,
		.count = 1,
		.entry_size = sizeof(classes[0]),
	};
	struct mpool_lease leases[2];
	struct mt_client client;

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	ASSERT_EQ(1, mt_lease(client.fd, MT_PAGE, 1, leases));
	ASSERT_EQ(1, mt_lease(client.fd, 2 * MT_PAGE, 1, leases + 1));
	memset(classes, 0x55, sizeof(classes));
	EXPECT_EQ(0, mt_call(client.fd, MPOOL_IOC_STATS, &stats));
	EXPECT_EQ(2, stats.count);
	EXPECT_EQ(MT_PAGE, classes[0].size);
	EXPECT_TRUE(mt_all(classes + 1, 0x55, 2 * sizeof(classes[0])));

	memset(classes, 0x55, sizeof(classes));
	stats.count = 3;
	stats.entry_size = 8;
	EXPECT_EQ(0, mt_call(client.fd, MPOOL_IOC_STATS, &stats));
	EXPECT_EQ(MT_PAGE, ((__u64 *)classes)[0]);
	EXPECT_EQ(2 * MT_PAGE, ((__u64 *)classes)[1]);
	EXPECT_TRUE(mt_all((__u64 *)classes + 2, 0x55, sizeof(classes) - 16));

	stats.classes = 0;
	EXPECT_EQ(-EFAULT, mt_call(client.fd, MPOOL_IOC_STATS, &stats));
	stats.count = 0;
	EXPECT_EQ(0, mt_call(client.fd, MPOOL_IOC_STATS, &stats));
	stats.classes = 1;
	stats.count = 0;
	EXPECT_EQ(-EINVAL, mt_call(client.fd, MPOOL_IOC_STATS, &stats));
	mt_client_close(&client);
}

TEST_F(pool, trim)
{
	struct mpool_lease leases[8];
	struct mpool_stats stats;
	struct mt_client client;
	__u64 bytes = ~0ULL;

	EXPECT_EQ(-ENOENT, mt_trim(self->pool.fd, "none-such", 0, NULL));
	EXPECT_EQ(-ENOTCONN, mt_trim(self->pool.fd, "", 0, NULL));
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	ASSERT_EQ(8, mt_lease(client.fd, 2 * MT_PAGE, 8, leases));
	/* What is leased stays. */
	EXPECT_EQ(0, mt_trim(client.fd, "", 0, NULL));
	memset(client.win + leases[0].offset, 0x11, 2 * MT_PAGE);
	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 4));
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_LE(4, stats.total.leased);

	/* Not idle for so long. */
	EXPECT_EQ(0, mt_trim(client.fd, "", 3600000, &bytes));
	EXPECT_EQ(0, bytes);
	ASSERT_EQ(0, mt_release_leases(client.fd, leases + 4, 4));
	EXPECT_EQ(0, mt_quiet(client.fd, "", 1));
	EXPECT_EQ(0, mt_await_clean(client.fd, ""));
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_EQ(0, mt_trim(client.fd, "", 0, &bytes));
	EXPECT_EQ(stats.bytes, bytes);
	ASSERT_EQ(0, mt_stats(client.fd, "", &stats));
	EXPECT_EQ(0, stats.bytes);
	EXPECT_EQ(0, stats.total.backed);
	mt_client_close(&client);
}

/* The answer lies in what is given back: it was given back all the same. */
TEST_F(pool, trim_of_its_own_argument)
{
	struct mpool_lease lease;
	struct mpool_trim *trim;
	struct mt_client client;

	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	ASSERT_EQ(1, mt_lease(client.fd, MT_PAGE, 1, &lease));
	trim = (void *)(client.win + lease.offset);
	*trim = (struct mpool_trim){ .size = sizeof(*trim) };
	ASSERT_EQ(0, mt_release_one(client.fd, lease.handle));
	EXPECT_EQ(0, mt_call(client.fd, MPOOL_IOC_TRIM, trim));
	mt_client_close(&client);
}

TEST_HARNESS_MAIN
