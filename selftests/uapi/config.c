// SPDX-License-Identifier: GPL-2.0
/*
 * POOL_CONFIG: settings of a pool in use.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

FIXTURE(config)
{
	struct mt_pool pool;
	struct mpool_pool_config was;
};

FIXTURE_SETUP(config)
{
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	ASSERT_EQ(0, mt_config(self->pool.fd, self->pool.name, &self->was, 0));
}

FIXTURE_TEARDOWN(config)
{
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static struct mpool_pool_config now(const struct mt_pool *pool)
{
	struct mpool_pool_config cfg;

	memset(&cfg, 0xa5, sizeof(cfg));
	mt_config(pool->fd, pool->name, &cfg, 0);
	return cfg;
}

TEST_F(config, defaults)
{
	const struct mpool_pool_config *was = &self->was;

	EXPECT_EQ(0600, was->mode);
	EXPECT_EQ(0, was->uid);
	EXPECT_EQ(0, was->gid);
	EXPECT_EQ(64, was->min_size);
	EXPECT_EQ(65536, was->max_size);
	EXPECT_EQ(100, was->initial[0]);
	EXPECT_EQ(50, was->initial[1]);
	EXPECT_EQ(4, was->initial[2]);
	EXPECT_EQ(1000, was->max[0]);
	EXPECT_EQ(500, was->max[1]);
	EXPECT_EQ(100, was->max[2]);
	EXPECT_EQ(150, was->growth_percent);
	EXPECT_EQ(30, was->shrink_percent);
	EXPECT_EQ(60000, was->cleanup_interval_ms);
	EXPECT_EQ(60000, was->max_age_ms);
	EXPECT_EQ(MPOOL_NONE, was->reserve);
	EXPECT_EQ(0, was->node);
	EXPECT_LT(0, was->max_bytes);
	EXPECT_EQ(0, was->tier_max_bytes[0]);
	EXPECT_EQ(0, was->tier_max_bytes[1]);
	EXPECT_EQ(0, was->tier_max_bytes[2]);
	EXPECT_EQ(0, was->client_max);
	EXPECT_EQ(0, was->client_max_bytes);
	EXPECT_EQ(0, was->user_max);
	EXPECT_EQ(0, was->user_max_bytes);
	EXPECT_EQ(0, was->low_percent);
	EXPECT_EQ(0, was->high_percent);
	EXPECT_EQ(0, was->flags & MPOOL_POOL_ADAPTIVE);
}

#define FIELD(member)	offsetof(struct mpool_pool_config, member)

/* One at a time: it is changed, and nothing else is. */
TEST_F(config, each_setting)
{
	static const struct {
		__u64 bit;
		size_t field;
		__u32 value;
		__u32 bad;
	} each[] = {
		{ MPOOL_CONFIG_MODE, FIELD(mode), 0640, 01000 },
		{ MPOOL_CONFIG_UID, FIELD(uid), 5, ~0U },
		{ MPOOL_CONFIG_GID, FIELD(gid), 5, ~0U },
		{ MPOOL_CONFIG_INITIAL_SMALL, FIELD(initial[0]), 1, 1001 },
		{ MPOOL_CONFIG_INITIAL_MEDIUM, FIELD(initial[1]), 1, 501 },
		{ MPOOL_CONFIG_INITIAL_LARGE, FIELD(initial[2]), 1, 101 },
		{ MPOOL_CONFIG_MAX_SMALL, FIELD(max[0]), 1001, 1 << 24 },
		{ MPOOL_CONFIG_MAX_MEDIUM, FIELD(max[1]), 1001, 1 << 24 },
		{ MPOOL_CONFIG_MAX_LARGE, FIELD(max[2]), 1001, 1 << 24 },
		{ MPOOL_CONFIG_RESERVE, FIELD(reserve), 3, 501 },
		{ MPOOL_CONFIG_GROWTH_PERCENT, FIELD(growth_percent), 200, 1 },
		{ MPOOL_CONFIG_SHRINK_PERCENT, FIELD(shrink_percent),
		  MPOOL_NONE, 101 },
		{ MPOOL_CONFIG_CLEANUP_INTERVAL_MS, FIELD(cleanup_interval_ms),
		  1000, 9 },
		{ MPOOL_CONFIG_CLIENT_MAX, FIELD(client_max), 5, 1 << 24 },
		{ MPOOL_CONFIG_USER_MAX, FIELD(user_max), 5, 1 << 24 },
		{ MPOOL_CONFIG_LOW_PERCENT, FIELD(low_percent), 100, 101 },
		{ MPOOL_CONFIG_HIGH_PERCENT, FIELD(high_percent), 1, 101 },
		{ MPOOL_CONFIG_MAX_AGE_MS, FIELD(max_age_ms), MPOOL_NONE,
		  86400001 },
	};
	struct mpool_pool_config cfg, after;
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(each); i++) {
		memset(&cfg, 0xa5, sizeof(cfg));
		memcpy((char *)&cfg + each[i].field, &each[i].value, 4);
		EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
				       each[i].bit)) {
			TH_LOG("setting %zu of the list", i);
		}
		/* The answer is what is in force. */
		after = now(&self->pool);
		EXPECT_EQ(0, memcmp(&after, &cfg, sizeof(cfg)));
		EXPECT_EQ(0, memcmp((char *)&cfg + each[i].field,
				    &each[i].value, 4));
		memcpy((char *)&after + each[i].field,
		       (char *)&self->was + each[i].field, 4);
		EXPECT_EQ(0, memcmp(&after, &self->was, sizeof(cfg)));
		cfg = self->was;
		EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
				       each[i].bit));
		memcpy((char *)&cfg + each[i].field, &each[i].bad, 4);
		EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name,
					     &cfg, each[i].bit)) {
			TH_LOG("setting %zu of the list", i);
		}
	}
	cfg = now(&self->pool);
	EXPECT_EQ(0, memcmp(&cfg, &self->was, sizeof(cfg)));
}

TEST_F(config, max_bytes)
{
	struct mpool_pool_config cfg = { .max_bytes = 1 << 20 };
	struct mpool_stats stats;

	EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_BYTES));
	EXPECT_EQ(1 << 20, cfg.max_bytes);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(1 << 20, stats.max_bytes);
	cfg.max_bytes = 1ULL << 63;
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_MAX_BYTES));
	EXPECT_EQ(1 << 20, now(&self->pool).max_bytes);
}

TEST_F(config, bytes_of_a_tier)
{
	struct mpool_pool_config cfg = { .tier_max_bytes = { 0, 4 * MT_PAGE } };
	struct mpool_lease leases[8];
	struct mt_client client;

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg,
			       MPOOL_CONFIG_MAX_BYTES_MEDIUM));
	EXPECT_EQ(4 * MT_PAGE, cfg.tier_max_bytes[1]);
	EXPECT_EQ(4, mt_lease(client.fd, MT_PAGE, 8, leases));
	/* What is kept ahead in one class goes when another one needs it. */
	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 4));
	EXPECT_EQ(1, mt_lease(client.fd, 3 * MT_PAGE, 1, leases));
	cfg.tier_max_bytes[1] = 1ULL << 63;
	EXPECT_EQ(-EINVAL, mt_config(client.fd, "", &cfg,
				     MPOOL_CONFIG_MAX_BYTES_MEDIUM));
	mt_client_close(&client);
}

TEST_F(config, adaptive)
{
	struct mpool_pool_config cfg = { .flags = MPOOL_POOL_ADAPTIVE };
	struct mpool_lease leases[8];
	struct mpool_class_stats cls;
	struct mt_client client;
	int i;

	cfg.cleanup_interval_ms = 200;
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_ADAPTIVE |
			       MPOOL_CONFIG_CLEANUP_INTERVAL_MS));
	EXPECT_EQ(MPOOL_POOL_ADAPTIVE, cfg.flags & MPOOL_POOL_ADAPTIVE);
	/* The first one makes 50; eight are used, and so ten are kept. */
	ASSERT_EQ(8, mt_lease(client.fd, MT_PAGE, 8, leases));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
		if (cls.backed == 10)
			break;
		mt_sleep_ms(100);
	}
	EXPECT_EQ(10, cls.backed);
	cfg.cleanup_interval_ms = MPOOL_NONE;
	EXPECT_EQ(-EINVAL, mt_config(client.fd, "", &cfg,
				     MPOOL_CONFIG_CLEANUP_INTERVAL_MS));
	cfg.flags = 0;
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_ADAPTIVE |
			       MPOOL_CONFIG_CLEANUP_INTERVAL_MS));
	mt_client_close(&client);
}

TEST_F(config, watermarks)
{
	struct mpool_pool_config cfg = { .low_percent = 50, .high_percent = 50 };
	__u64 both = MPOOL_CONFIG_LOW_PERCENT | MPOOL_CONFIG_HIGH_PERCENT;

	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     both));
	cfg.low_percent = 49;
	EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg, both));
	/* One alone is held against the other that is in force. */
	cfg.low_percent = 50;
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_LOW_PERCENT));
	cfg.high_percent = 0;
	EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg, both));
}

TEST_F(config, all_or_nothing)
{
	struct mpool_pool_config cfg = self->was;

	cfg.mode = 0666;
	cfg.max[1] = 9;
	cfg.growth_percent = 1;
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_MODE |
				     MPOOL_CONFIG_MAX_MEDIUM |
				     MPOOL_CONFIG_GROWTH_PERCENT));
	cfg = now(&self->pool);
	EXPECT_EQ(0, memcmp(&cfg, &self->was, sizeof(cfg)));
}

TEST_F(config, unknown_settings)
{
	struct mpool_pool_config cfg = self->was;

	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     1ULL << 25));
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     1ULL << 63));
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, self->pool.name, &cfg,
				     MPOOL_CONFIG_MODE | 1ULL << 40));
}

TEST_F(config, names)
{
	struct mpool_pool_config cfg = self->was;
	struct mt_client client;

	EXPECT_EQ(-ENOENT, mt_config(self->pool.fd, "none-such", &cfg, 0));
	EXPECT_EQ(-EINVAL, mt_config(self->pool.fd, "a/b", &cfg, 0));
	EXPECT_EQ(-ENOTCONN, mt_config(self->pool.fd, "", &cfg, 0));
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, 0));
	EXPECT_EQ(0, memcmp(&cfg, &self->was, sizeof(cfg)));
	cfg.mode = 0666;
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_MODE));
	EXPECT_EQ(0666, now(&self->pool).mode);
	mt_client_close(&client);
}

TEST_F(config, reserve)
{
	struct mpool_pool_config cfg = { .reserve = 5, .max_bytes = 8 * MT_PAGE };
	struct mpool_lease leases[8];
	struct mpool_class_stats cls;
	struct mt_client client;

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	ASSERT_EQ(1, mt_lease(client.fd, MT_PAGE, 1, leases));
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_RESERVE));
	ASSERT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(5, cls.reserve);
	cfg.max_bytes = 6 * MT_PAGE;
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_MAX_BYTES));
	/* All together, or none of it: one is leased, so that seven fit. */
	cfg.reserve = 8;
	cfg.max_bytes = 8 * MT_PAGE;
	EXPECT_EQ(-ENOSPC, mt_config(client.fd, "", &cfg,
				     MPOOL_CONFIG_RESERVE |
				     MPOOL_CONFIG_MAX_BYTES));
	ASSERT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(5, cls.reserve);
	EXPECT_EQ(6 * MT_PAGE, now(&self->pool).max_bytes);
	cfg.reserve = 7;
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_RESERVE |
			       MPOOL_CONFIG_MAX_BYTES));
	cfg.reserve = MPOOL_NONE;
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_RESERVE));
	ASSERT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(0, cls.reserve);
	mt_client_close(&client);
}

/* With leases out: a lower limit takes none of them away, and holds. */
TEST_F(config, limit_of_a_pool_in_use)
{
	struct mpool_pool_config cfg = { .initial = { 0, MPOOL_NONE, 0 } };
	struct mpool_lease leases[8];
	struct mpool_class_stats cls;
	struct mt_client client;

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	/* None that a worker makes ahead of their lease. */
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg,
			       MPOOL_CONFIG_INITIAL_MEDIUM));
	cfg.max[1] = 4;
	ASSERT_EQ(6, mt_lease(client.fd, MT_PAGE, 6, leases));
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_MAX_MEDIUM));
	ASSERT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(4, cls.max);
	EXPECT_EQ(6, cls.leased);
	EXPECT_EQ(6, cls.backed);
	EXPECT_EQ(-EAGAIN, mt_lease(client.fd, MT_PAGE, 1, leases + 6));
	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 6));
	EXPECT_EQ(0, mt_await_clean(client.fd, ""));
	EXPECT_EQ(0, mt_trim(client.fd, "", 0, NULL));
	EXPECT_EQ(4, mt_lease(client.fd, MT_PAGE, 6, leases));
	ASSERT_EQ(0, mt_release_leases(client.fd, leases, 4));
	mt_client_close(&client);
}

static __u64 raised;

static void *raise_limit(void *arg)
{
	struct mpool_pool_config cfg = { .max = { 0, 3, 0 } };
	const int *fd = arg;
	int err = mt_await_waits(*fd, MT_PAGE, 1);

	raised = mt_now();
	return (void *)(long)(err ?: mt_config(*fd, "", &cfg,
					       MPOOL_CONFIG_MAX_MEDIUM));
}

TEST_F(config, a_higher_limit_wakes_who_waits)
{
	struct mpool_pool_config cfg = { .max = { 0, 2, 0 } };
	struct mpool_lease leases[3];
	struct mt_client client;
	pthread_t thread;
	__u64 woken;
	void *ret;

	/* Its window has room for as many as might be when it is attached. */
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MAX_MEDIUM));
	ASSERT_EQ(2, mt_lease(client.fd, MT_PAGE, 2, leases));
	ASSERT_EQ(0, pthread_create(&thread, NULL, raise_limit, &client.fd));
	EXPECT_EQ(1, mt_lease_wait(client.fd, 0, MT_PAGE, 1,
				   mt_now() + 60000000000ULL, leases + 2));
	woken = mt_now();
	EXPECT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(NULL, ret);
	/* It would look by itself after 5 s. */
	EXPECT_GT(4000000000LL, (long long)(woken - raised));
	mt_client_close(&client);
}

struct patient {
	int fd;
	int got;
	struct mpool_lease lease;
};

static void *wait_for_one(void *arg)
{
	struct patient *p = arg;

	p->got = mt_lease_wait(p->fd, 0, MT_PAGE, 1, MPOOL_FOREVER, &p->lease);
	return NULL;
}

/*
 * Eight leased of eight, one waits, and there are bytes for 20: what is refused
 * has made no room for who waits, and what fits has.
 */
TEST_F(config, a_refused_reserve_lets_nobody_above_the_limit)
{
	const __u64 both = MPOOL_CONFIG_RESERVE | MPOOL_CONFIG_MAX_MEDIUM;
	struct mpool_pool_config cfg = { .max = { 0, 8, 0 } }, before;
	struct mpool_class_stats was, cls;
	struct patient p = { .got = 0 };
	struct mpool_lease leases[8];
	struct mt_client client;
	pthread_t thread;
	int i;

	/* Its window has room for as many as might be when it is attached. */
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	cfg.initial[1] = MPOOL_NONE;
	cfg.max_bytes = 20 * MT_PAGE;
	/* None is made ahead for a call that is made again after a signal. */
	cfg.growth_percent = 100;
	ASSERT_EQ(0, mt_config(client.fd, "", &cfg, MPOOL_CONFIG_MAX_MEDIUM |
			       MPOOL_CONFIG_INITIAL_MEDIUM |
			       MPOOL_CONFIG_MAX_BYTES |
			       MPOOL_CONFIG_GROWTH_PERCENT));
	ASSERT_EQ(8, mt_lease(client.fd, MT_PAGE, 8, leases));
	ASSERT_EQ(0, mt_class(client.fd, "", MT_PAGE, &was));
	ASSERT_EQ(8, was.backed);
	before = now(&self->pool);

	p.fd = client.fd;
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_one, &p));
	ASSERT_EQ(0, mt_await_waits(client.fd, MT_PAGE, was.waits + 1));
	for (i = 0; i < 20; i++) {
		cfg.max[1] = 2000;
		cfg.reserve = 1000;
		EXPECT_EQ(-ENOSPC, mt_config(client.fd, "", &cfg, both));
		EXPECT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
		EXPECT_EQ(8, cls.max);
		EXPECT_EQ(8, cls.backed);
		EXPECT_EQ(8, cls.leased);
		EXPECT_EQ(0, cls.reserve);
	}
	/* As long as it might take who was woken by mistake. */
	mt_sleep_ms(200);
	EXPECT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(8, cls.backed);
	EXPECT_EQ(8, cls.leased);
	EXPECT_EQ(was.leases, cls.leases);
	cfg = now(&self->pool);
	EXPECT_EQ(0, memcmp(&before, &cfg, sizeof(cfg)));

	cfg.max[1] = 20;
	cfg.reserve = 10;
	EXPECT_EQ(0, mt_config(client.fd, "", &cfg, both));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(1, p.got);
	EXPECT_EQ(0, mt_class(client.fd, "", MT_PAGE, &cls));
	EXPECT_EQ(10, cls.reserve);
	EXPECT_EQ(9, cls.leased);
	EXPECT_EQ(19, cls.backed);
	mt_client_close(&client);
}

/* Who is attached stays; who comes later is judged by what is in force. */
TEST_F(config, rights_count_from_now_on)
{
	struct mpool_pool_config cfg = { .mode = 0606 };
	struct mpool_pool_entry entries[16];
	struct mpool_pool_list list = {
		.size = sizeof(list),
		.pools = (uintptr_t)entries,
		.count = MT_ARRAY_SIZE(entries),
		.entry_size = sizeof(entries[0]),
	};
	__u32 i;

	cfg.uid = 7;
	cfg.gid = 8;
	EXPECT_EQ(0, mt_config(self->pool.fd, self->pool.name, &cfg,
			       MPOOL_CONFIG_MODE | MPOOL_CONFIG_UID |
			       MPOOL_CONFIG_GID));
	ASSERT_EQ(0, mt_call(self->pool.fd, MPOOL_IOC_POOL_LIST, &list));
	for (i = 0; i < list.count; i++) {
		if (strcmp(entries[i].name, self->pool.name))
			continue;
		EXPECT_EQ(0606, entries[i].mode);
		EXPECT_EQ(7, entries[i].uid);
		EXPECT_EQ(8, entries[i].gid);
		return;
	}
	EXPECT_TRUE(false);
}

/* A window is laid out once: what comes later has no place in it. */
TEST_F(config, a_higher_limit_is_beyond_the_window)
{
	struct mpool_pool_config cfg = { .max = { 4, 4, 4 } };
	struct mpool_lease leases[6];
	struct mt_client old, new;

	ASSERT_EQ(0, mt_create(self->pool.fd, "windows", &cfg));
	ASSERT_EQ(0, mt_client_open(&old, "windows"));
	cfg.max[1] = 8;
	ASSERT_EQ(0, mt_config(old.fd, "", &cfg, MPOOL_CONFIG_MAX_MEDIUM));
	EXPECT_EQ(-ENOSPC, mt_lease_wait(old.fd, MPOOL_LEASE_ALL, MT_PAGE, 5, 0,
					 leases));
	EXPECT_EQ(4, mt_lease(old.fd, MT_PAGE, 6, leases));
	EXPECT_EQ(-ENOSPC, mt_lease(old.fd, MT_PAGE, 1, leases + 4));
	/* Whoever comes now has room for all. */
	ASSERT_EQ(0, mt_client_open(&new, "windows"));
	EXPECT_EQ(4, mt_lease(new.fd, MT_PAGE, 6, leases));
	mt_client_close(&new);
	mt_client_close(&old);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, "windows", 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, "windows"));
}

TEST_HARNESS_MAIN
