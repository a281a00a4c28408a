// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by failing: the first, second, ... allocation or copy of a call is
 * made to fail, until the call gets through.  Whatever fails has changed
 * nothing, and can be done again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "calls.h"
#include "inject.h"

#define RW	(PROT_READ | PROT_WRITE)
/* More ways to fail than any call has. */
#define ENDLESS	2000

FIXTURE(attack)
{
	struct mt_pool pool;
	struct call_bed bed;
	struct mt_client client;
};

FIXTURE_SETUP(attack)
{
	/* Few classes: no table is so long that there are two ways to it. */
	struct mpool_pool_config cfg = {
		.min_size = MT_PAGE,
		.max_size = 4 * MT_PAGE,
		.max = { 16, 16, 16 },
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	self->client.fd = -1;
}

FIXTURE_TEARDOWN(attack)
{
	inject_stop();
	inject_restore();
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

struct state {
	__u32 nr_pools;
	__u32 nr_clients;
	__u64 leased;
};

static struct state state_now(const struct mt_pool *pool)
{
	struct mpool_info info = { .size = sizeof(info) };
	struct mpool_stats stats;
	struct state state = {};

	mt_call(pool->fd, MPOOL_IOC_INFO, &info);
	if (mt_stats(pool->fd, pool->name, &stats))
		return state;
	state.nr_pools = info.nr_pools;
	state.nr_clients = stats.nr_clients;
	state.leased = stats.total.leased;
	return state;
}

static bool same(struct state a, struct state b)
{
	return a.nr_pools == b.nr_pools && a.nr_clients == b.nr_clients &&
	       a.leased == b.leased;
}

static bool allowed(int err)
{
	/* -EAGAIN: no memory for another buffer, none is there yet */
	return err == -ENOMEM || err == -EFAULT || err == -EAGAIN;
}

/* What a call is to find, other than what every call does. */
static int no_more(struct call_bed *bed)
{
	(void)bed;
	return 0;
}

/* Fails it at one place after the other, until it gets through. */
static void fail_all_ways(struct __test_metadata *_metadata,
			  const struct mt_pool *pool, struct call_bed *bed,
			  enum call call, int (*prepare)(struct call_bed *bed))
{
	const char *name = calls[call].name;
	unsigned int n, failed = 0, nomem = 0;
	struct state before;
	bool injected;
	int err;

	for (n = 1; n < ENDLESS; n++) {
		ASSERT_EQ(0, call_prepare(bed, pool, call));
		ASSERT_EQ(0, prepare(bed));
		call_fill(bed, call);
		before = state_now(pool);
		ASSERT_EQ(0, inject(n));
		err = mt_call(bed->fd, calls[call].cmd, &bed->arg);
		injected = inject_stop();
		failed += !!err;
		nomem += err == -ENOMEM;
		if (err) {
			EXPECT_TRUE(injected);
			EXPECT_TRUE(allowed(err)) {
				TH_LOG("%s, %u: %d", name, n, err);
			}
			EXPECT_TRUE(same(before, state_now(pool))) {
				TH_LOG("%s, %u", name, n);
			}
			/* TRIM may have given some back. */
			call_fill(bed, call);
			EXPECT_EQ(0, mt_call(bed->fd, calls[call].cmd,
					     &bed->arg));
		}
		call_finish(bed);
		/* Next time there is nothing made, nothing idle. */
		ASSERT_EQ(0, mt_quiet(pool->fd, pool->name, 0));
		mt_trim(pool->fd, pool->name, 0, NULL);
		if (!injected)
			break;
	}
	printf("# %s: %u ways to fail, %u did, %u for memory\n", name, n - 1,
	       failed, nomem);
	EXPECT_LT(0, failed);
	/* As Documentation/errors.rst has it. */
	EXPECT_EQ(calls[call].nomem, nomem > 0) {
		TH_LOG("%s", name);
	}
	EXPECT_LT(n, ENDLESS);
}

TEST_F_TIMEOUT(attack, 13_fail_nth_of_ioctls, ATTACK_TIMEOUT)
{
	enum call call;

	if (inject_setup())
		SKIP(return, "this kernel was not made to be failed");
	for (call = 0; call < NR_CALLS; call++)
		fail_all_ways(_metadata, &self->pool, &self->bed, call,
			      no_more);
}

/* Opening, mapping, touching, closing. */
static int open_it(struct mt_client *client)
{
	client->fd = mt_open(O_RDWR);
	return client->fd < 0 ? client->fd : 0;
}

static void *mapped = MAP_FAILED;
static __u64 touched;

static int map_it(struct mt_client *client)
{
	mapped = mmap(NULL, client->size, RW, MAP_SHARED, client->fd, 0);
	return mapped == MAP_FAILED ? -errno : 0;
}

/* Here, since unmapping needs memory, too. */
static void unmap_it(struct mt_client *client)
{
	if (mapped != MAP_FAILED)
		munmap(mapped, client->size);
	mapped = MAP_FAILED;
}

/* By the process: core mm tries again, whatever it met. */
static int touch_it(struct mt_client *client)
{
	return -mt_poke(client->win + touched, 1);
}

/* By the kernel, which says so. */
static int pin_it(struct mt_client *client)
{
	char byte = 1;
	struct iovec local = { &byte, 1 };
	struct iovec remote = { client->win + touched, 1 };

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == 1 ? 0 :
									-errno;
}

/* Of its last descriptor, with the leases standing. */
static int close_it(struct mt_client *client)
{
	int err = close(client->fd) ? -errno : 0;

	client->fd = -1;
	return err;
}

TEST_F_TIMEOUT(attack, 13_fail_nth_of_file_operations, ATTACK_TIMEOUT)
{
	static const struct {
		const char *name;
		int (*run)(struct mt_client *client);
		bool opened;
		bool always;
	} ops[] = {
		{ "open", open_it, false, false },
		{ "mmap", map_it, true, false },
		{ "fault", touch_it, true, true },
		{ "fault of the kernel's", pin_it, true, false },
		{ "close", close_it, true, true },
	};
	struct mpool_lease leases[4];
	struct state before;
	unsigned int i, n, nomem = 0;
	bool injected;
	int err;

	if (inject_setup())
		SKIP(return, "this kernel was not made to be failed");
	for (i = 0; i < MT_ARRAY_SIZE(ops); i++) {
		for (n = 1; n < ENDLESS; n++) {
			if (ops[i].opened) {
				ASSERT_EQ(0, mt_client_open(&self->client,
							    self->pool.name));
				ASSERT_EQ(4, mt_lease(self->client.fd,
						      3 * MT_PAGE, 4, leases));
				/* One whose page table is not there, either. */
				touched = leases[3].offset + 2 * MT_PAGE;
			}
			if (ops[i].run == close_it) {
				munmap(self->client.win, self->client.size);
				self->client.win = NULL;
			}
			before = state_now(&self->pool);
			ASSERT_EQ(0, inject(n));
			err = ops[i].run(&self->client);
			injected = inject_stop();
			EXPECT_TRUE(!err || (injected && !ops[i].always)) {
				TH_LOG("%s, %u: %d", ops[i].name, n, err);
			}
			/* The copy of a path can be made to fail, too. */
			if (err && err != -EFAULT && ops[i].run == open_it) {
				EXPECT_EQ(-ENOMEM, err);
				nomem++;
			}
			if (err)
				EXPECT_TRUE(same(before,
						 state_now(&self->pool)));
			if (err && !ops[i].always)
				EXPECT_EQ(0, ops[i].run(&self->client));
			unmap_it(&self->client);
			mt_client_close(&self->client);
			EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name,
					      0));
			if (!injected)
				break;
		}
		printf("# %s: %u ways to fail\n", ops[i].name, n - 1);
		EXPECT_LT(n, ENDLESS);
	}
	EXPECT_LT(0, nomem);
}

/* The one thing that POOL_CONFIG cannot do without memory. */
TEST_F_TIMEOUT(attack, 13_fail_nth_of_a_reserve, ATTACK_TIMEOUT)
{
	static const char name[] = "to-reserve";
	struct mpool_pool_config cfg = {
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
		.max = { 8, 8, 8 },
	};
	unsigned int n, nomem = 0;
	struct mpool_lease lease;
	bool injected = true;
	struct mt_client c;
	int err;

	if (inject_setup())
		SKIP(return, "this kernel was not made to be failed");
	ASSERT_EQ(0, mt_create(self->pool.fd, name, &cfg));
	ASSERT_EQ(0, mt_client_open(&c, name));
	ASSERT_EQ(1, mt_lease(c.fd, MT_PAGE, 1, &lease));
	for (n = 1; n < ENDLESS && injected; n++) {
		mt_trim(c.fd, name, 0, NULL);
		cfg.reserve = 4;
		ASSERT_EQ(0, inject(n));
		err = mt_config(c.fd, name, &cfg, MPOOL_CONFIG_RESERVE);
		injected = inject_stop();
		nomem += err == -ENOMEM;
		EXPECT_TRUE(!err || (injected && allowed(err))) {
			TH_LOG("%u: %d", n, err);
		}
		ASSERT_EQ(0, mt_config(c.fd, name, &cfg, 0));
		EXPECT_EQ(err ? MPOOL_NONE : 4, cfg.reserve) {
			TH_LOG("%u: %d", n, err);
		}
		cfg.reserve = MPOOL_NONE;
		ASSERT_EQ(0, mt_config(c.fd, name, &cfg, MPOOL_CONFIG_RESERVE));
	}
	EXPECT_LT(0, nomem);
	EXPECT_LT(n, ENDLESS);
	mt_client_close(&c);
	EXPECT_EQ(0, mt_quiet(self->pool.fd, name, 0));
	EXPECT_EQ(0, mt_destroy(self->pool.fd, name));
}

/* A client that keeps what it releases, and leases parts of pages. */
FIXTURE(keeping)
{
	struct mt_pool pool;
	struct call_bed bed;
};

FIXTURE_SETUP(keeping)
{
	struct mpool_pool_config cfg = {
		.min_size = 64,
		.max_size = 4 * MT_PAGE,
		.max = { 16, 16, 16 },
		.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	mt_attach_flags = 0;
}

FIXTURE_TEARDOWN(keeping)
{
	inject_stop();
	inject_restore();
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int pieces(struct call_bed *bed)
{
	bed->length = 64;
	return 0;
}

/* As many as are on the page that is kept, and as many on one that is not. */
static int pieces_of_a_kept_page_and_more(struct call_bed *bed)
{
	struct mpool_lease leases[2];

	bed->length = MT_PAGE / 2;
	bed->count = 4;
	bed->lease_flags = MPOOL_LEASE_ALL;
	if (mt_lease(bed->fd, bed->length, 2, leases) != 2)
		return -EAGAIN;
	return mt_release_leases(bed->fd, leases, 2);
}

/* Some pages are kept, and what lacks is to be made. */
static int kept_pages_and_more(struct call_bed *bed)
{
	struct mpool_lease leases[2];

	bed->count = 4;
	bed->lease_flags = MPOOL_LEASE_ALL;
	if (mt_lease(bed->fd, bed->length, 2, leases) != 2)
		return -EAGAIN;
	return mt_release_leases(bed->fd, leases, 2);
}

TEST_F_TIMEOUT(keeping, 13_fail_nth_of_leases, ATTACK_TIMEOUT)
{
	static const struct {
		enum call call;
		int (*prepare)(struct call_bed *bed);
	} ways[] = {
		{ CALL_LEASE, pieces },
		{ CALL_LEASE, pieces_of_a_kept_page_and_more },
		{ CALL_LEASE, kept_pages_and_more },
		{ CALL_RELEASE, no_more },
		{ CALL_REVOKE, no_more },
	};
	unsigned int i;

	if (inject_setup())
		SKIP(return, "this kernel was not made to be failed");
	for (i = 0; i < MT_ARRAY_SIZE(ways); i++)
		fail_all_ways(_metadata, &self->pool, &self->bed, ways[i].call,
			      ways[i].prepare);
}

TEST_HARNESS_MAIN
