// SPDX-License-Identifier: GPL-2.0
/*
 * The ABI's common part: commands, sizes, flags and pointers, for each ioctl;
 * and INFO.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"

/* What a command that fails must not change. */
struct state {
	__u32 nr_pools;
	__u32 nr_clients;
	__u64 leased;
	__u32 max;
};

static struct state state_now(const struct mt_pool *pool)
{
	struct mpool_info info = { .size = sizeof(info) };
	struct state state;
	struct mpool_pool_config cfg = {};
	struct mpool_stats stats;

	memset(&state, 0xff, sizeof(state));
	if (mt_call(pool->fd, MPOOL_IOC_INFO, &info) ||
	    mt_stats(pool->fd, pool->name, &stats) ||
	    mt_config(pool->fd, pool->name, &cfg, 0))
		return state;
	memset(&state, 0, sizeof(state));
	state.nr_pools = info.nr_pools;
	state.nr_clients = stats.nr_clients;
	state.leased = stats.total.leased;
	state.max = cfg.max[2];
	return state;
}

static bool same(const struct state *a, const struct state *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/*
 * Each ioctl with an argument that succeeds once.  @arg is the last part of a
 * page, behind which nobody may reach; @extra has what it points to.
 */
struct abi_bed {
	struct mt_pool pool;
	struct state before;
	int fd;
	char second[MPOOL_NAME_LEN];
	char *page;
	union {
		struct mpool_info info;
		struct mpool_pool_create create;
		struct mpool_pool_destroy destroy;
		struct mpool_pool_list list;
		struct mpool_pool_configure configure;
		struct mpool_attach attach;
		struct mpool_lease_req lease;
		struct mpool_release release;
		struct mpool_stats stats;
		struct mpool_trim trim;
		struct mpool_revoke revoke;
		struct mpool_events events;
		struct mpool_clients clients;
		__u32 head[2];
		char bytes[MT_PAGE];
	} good;
	struct mpool_lease leases[2];
	struct mpool_pool_entry entries[2];
	struct mpool_class_stats classes[2];
	struct mpool_client_entry clients[2];
	__u64 handle;
};

FIXTURE(abi)
{
	struct abi_bed bed;
};

/*
 * @first: bytes that its first version had, if they are fewer
 * @answers: the structure is written back
 * @valid_flags: may be set
 */
FIXTURE_VARIANT(abi)
{
	unsigned int cmd;
	__u32 size;
	__u32 first;
	bool answers;
	__u32 valid_flags;
};

FIXTURE_VARIANT_ADD(abi, info)
{
	.cmd = MPOOL_IOC_INFO,
	.size = sizeof(struct mpool_info),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, pool_create)
{
	.cmd = MPOOL_IOC_POOL_CREATE,
	.size = sizeof(struct mpool_pool_create),
	.first = offsetof(struct mpool_pool_create, config.client_max_bytes),
};

FIXTURE_VARIANT_ADD(abi, pool_destroy)
{
	.cmd = MPOOL_IOC_POOL_DESTROY,
	.size = sizeof(struct mpool_pool_destroy),
};

FIXTURE_VARIANT_ADD(abi, pool_list)
{
	.cmd = MPOOL_IOC_POOL_LIST,
	.size = sizeof(struct mpool_pool_list),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, pool_config)
{
	.cmd = MPOOL_IOC_POOL_CONFIG,
	.size = sizeof(struct mpool_pool_configure),
	.first = offsetof(struct mpool_pool_configure, config.client_max_bytes),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, attach)
{
	.cmd = MPOOL_IOC_ATTACH,
	.size = sizeof(struct mpool_attach),
	.answers = true,
	.valid_flags = MPOOL_ATTACH_STRICT,
};

FIXTURE_VARIANT_ADD(abi, lease)
{
	.cmd = MPOOL_IOC_LEASE,
	.size = sizeof(struct mpool_lease_req),
	.answers = true,
	.valid_flags = MPOOL_LEASE_ALL | MPOOL_LEASE_PAGES,
};

FIXTURE_VARIANT_ADD(abi, release)
{
	.cmd = MPOOL_IOC_RELEASE,
	.size = sizeof(struct mpool_release),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, stats)
{
	.cmd = MPOOL_IOC_STATS,
	.size = sizeof(struct mpool_stats),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, trim)
{
	.cmd = MPOOL_IOC_TRIM,
	.size = sizeof(struct mpool_trim),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, revoke)
{
	.cmd = MPOOL_IOC_REVOKE,
	.size = sizeof(struct mpool_revoke),
	.answers = true,
};

FIXTURE_VARIANT_ADD(abi, events)
{
	.cmd = MPOOL_IOC_EVENTS,
	.size = sizeof(struct mpool_events),
};

FIXTURE_VARIANT_ADD(abi, clients)
{
	.cmd = MPOOL_IOC_CLIENTS,
	.size = sizeof(struct mpool_clients),
	.answers = true,
};

static void fill(struct abi_bed *bed, unsigned int cmd)
{
	switch (cmd) {
	case MPOOL_IOC_POOL_CREATE:
		strcpy(bed->good.create.name, bed->second);
		break;
	case MPOOL_IOC_POOL_DESTROY:
		strcpy(bed->good.destroy.name, bed->second);
		break;
	case MPOOL_IOC_POOL_LIST:
		bed->good.list.pools = (uintptr_t)bed->entries;
		bed->good.list.count = 2;
		bed->good.list.entry_size = sizeof(bed->entries[0]);
		break;
	case MPOOL_IOC_POOL_CONFIG:
		bed->good.configure.mask = MPOOL_CONFIG_MAX_LARGE;
		bed->good.configure.config.max[2] = 77;
		break;
	case MPOOL_IOC_ATTACH:
		strcpy(bed->good.attach.name, bed->pool.name);
		break;
	case MPOOL_IOC_LEASE:
		bed->good.lease.length = MT_PAGE;
		bed->good.lease.count = 2;
		bed->good.lease.leases = (uintptr_t)bed->leases;
		break;
	case MPOOL_IOC_RELEASE:
		bed->good.release.handles = (uintptr_t)&bed->handle;
		bed->good.release.count = 1;
		break;
	case MPOOL_IOC_CLIENTS:
		bed->good.clients.clients = (uintptr_t)bed->clients;
		bed->good.clients.count = 2;
		bed->good.clients.entry_size = sizeof(bed->clients[0]);
		break;
	case MPOOL_IOC_EVENTS:
		bed->good.events.mask = MPOOL_EVENT_EXHAUSTED;
		bed->good.events.record_size = sizeof(struct mpool_event);
		bed->good.events.eventfd = -1;
		break;
	case MPOOL_IOC_REVOKE:
		strcpy(bed->good.revoke.name, bed->pool.name);
		bed->good.revoke.client = mt_client_id(bed->pool.name,
						       bed->handle);
		bed->good.revoke.handle = bed->handle;
		break;
	case MPOOL_IOC_STATS:
		bed->good.stats.classes = (uintptr_t)bed->classes;
		bed->good.stats.count = 2;
		bed->good.stats.entry_size = sizeof(bed->classes[0]);
		break;
	}
}

FIXTURE_SETUP(abi)
{
	struct mpool_lease lease;

	ASSERT_EQ(0, mt_setup(&self->bed.pool, NULL));
	snprintf(self->bed.second, sizeof(self->bed.second), "second-%d", getpid());
	if (variant->cmd == MPOOL_IOC_POOL_DESTROY)
		ASSERT_EQ(0, mt_create(self->bed.pool.fd, self->bed.second, NULL));
	self->bed.fd = mt_open(O_RDWR);
	ASSERT_LE(0, self->bed.fd);
	if (variant->cmd != MPOOL_IOC_ATTACH)
		ASSERT_EQ(0, mt_attach(self->bed.fd, self->bed.pool.name, NULL));
	if (variant->cmd == MPOOL_IOC_RELEASE ||
	    variant->cmd == MPOOL_IOC_REVOKE) {
		ASSERT_EQ(1, mt_lease(self->bed.fd, 1, 1, &lease));
		self->bed.handle = lease.handle;
	}
	self->bed.page = mmap(NULL, 3 * MT_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->bed.page);
	/* What is behind the first page is there for the longest only. */
	ASSERT_EQ(0, mprotect(self->bed.page + 2 * MT_PAGE, MT_PAGE, PROT_NONE));
	self->bed.good.head[0] = variant->size;
	fill(&self->bed, variant->cmd);
	self->bed.before = state_now(&self->bed.pool);
}

FIXTURE_TEARDOWN(abi)
{
	close(self->bed.fd);
	mt_destroy(self->bed.pool.fd, self->bed.second);
	EXPECT_EQ(0, mt_teardown(&self->bed.pool));
}

/* Calls with the argument at @at, and says whether a failure left no trace. */
static int call_at(struct abi_bed *bed, unsigned int cmd, void *at)
{
	int err = mt_call(bed->fd, cmd, at);
	struct state after;

	if (err) {
		after = state_now(&bed->pool);
		if (!same(&bed->before, &after))
			return -ENOTRECOVERABLE;
	}
	return err;
}

static int call_copy(struct abi_bed *bed, unsigned int cmd, __u32 size,
		     __u32 flags)
{
	bed->good.head[0] = size;
	bed->good.head[1] = flags;
	memcpy(bed->page, &bed->good, sizeof(bed->good));
	return call_at(bed, cmd, bed->page);
}

TEST_F(abi, exact_size)
{
	EXPECT_EQ(0, call_copy(&self->bed, variant->cmd, variant->size, 0));
	/* The size stands as it was, and nothing was written behind it. */
	EXPECT_EQ(variant->size, *(__u32 *)self->bed.page);
	EXPECT_TRUE(mt_all(self->bed.page + variant->size, 0,
			   2 * MT_PAGE - variant->size));
}

TEST_F(abi, short_size)
{
	__u32 size, least = variant->first ?: variant->size;

	for (size = 0; size < least; size++)
		ASSERT_EQ(-EINVAL, call_copy(&self->bed, variant->cmd, size, 0)) {
			TH_LOG("with size %u", size);
		}
}

TEST_F(abi, longer_with_zeros)
{
	EXPECT_EQ(0, call_copy(&self->bed, variant->cmd, variant->size + 1, 0));
	EXPECT_EQ(variant->size + 1, *(__u32 *)self->bed.page);
	EXPECT_TRUE(mt_all(self->bed.page + variant->size, 0,
			   2 * MT_PAGE - variant->size));
}

TEST_F(abi, longest_with_zeros)
{
	EXPECT_EQ(0, call_copy(&self->bed, variant->cmd, MT_PAGE, 0));
	EXPECT_TRUE(mt_all(self->bed.page + variant->size, 0,
			   2 * MT_PAGE - variant->size));
}

TEST_F(abi, longer_with_garbage)
{
	__u32 at;

	for (at = variant->size; at < MT_PAGE; at += 61) {
		self->bed.good.bytes[at] = 1;
		EXPECT_EQ(-E2BIG, call_copy(&self->bed, variant->cmd, MT_PAGE, 0));
		/* Behind the size it is not part of the argument. */
		if (at == MT_PAGE - 1)
			break;
		self->bed.good.bytes[at] = 0;
	}
	self->bed.good.bytes[MT_PAGE - 1] = 1;
	EXPECT_EQ(0, call_copy(&self->bed, variant->cmd, MT_PAGE - 1, 0));
}

TEST_F(abi, too_long)
{
	EXPECT_EQ(-E2BIG, call_copy(&self->bed, variant->cmd, MT_PAGE + 1, 0));
	EXPECT_EQ(-E2BIG, call_copy(&self->bed, variant->cmd, 0x80000000U, 0));
	EXPECT_EQ(-E2BIG, call_copy(&self->bed, variant->cmd, ~0U, 0));
}

TEST_F(abi, unknown_flags)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->valid_flags & (1U << bit))
			continue;
		EXPECT_EQ(-EINVAL, call_copy(&self->bed, variant->cmd, variant->size,
					     1U << bit)) {
			TH_LOG("with bit %u", bit);
		}
	}
}

TEST_F(abi, bad_pointers)
{
	/* cut off for a 32-bit process, and as bad */
	static const __u64 bad[] = {
		0,
		8,
		/* the last bytes of a process, and the hole behind them */
		0x00007ffffffffffcULL,
		0x0000800000000000ULL,
		/* the kernel's: direct map, text, the very end */
		0xffff888000000000ULL,
		0xffffffff81000000ULL,
		0xfffffffffffffff8ULL,
	};
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, call_at(&self->bed, variant->cmd,
					   (void *)(uintptr_t)bad[i])) {
			TH_LOG("at %#llx", bad[i]);
		}
	/* Without access, and unmapped. */
	EXPECT_EQ(-EFAULT, call_at(&self->bed, variant->cmd,
				   self->bed.page + 2 * MT_PAGE));
	ASSERT_EQ(0, munmap(self->bed.page, MT_PAGE));
	EXPECT_EQ(-EFAULT, call_at(&self->bed, variant->cmd, self->bed.page));
}

TEST_F(abi, across_page_end)
{
	char *end = self->bed.page + 2 * MT_PAGE;
	__u32 cut;

	/* The last byte alone, all but the first word, the first word too. */
	const __u32 cuts[] = { 1, variant->size - 4, variant->size - 2 };

	for (cut = 0; cut < MT_ARRAY_SIZE(cuts); cut++) {
		memcpy(end - variant->size + cuts[cut], &self->bed.good,
		       variant->size - cuts[cut]);
		EXPECT_EQ(-EFAULT, call_at(&self->bed, variant->cmd,
					   end - variant->size + cuts[cut]));
	}
	/* Up to the very end of the page it is good. */
	memcpy(end - variant->size, &self->bed.good, variant->size);
	EXPECT_EQ(0, call_at(&self->bed, variant->cmd, end - variant->size));
}

TEST_F(abi, read_only)
{
	memcpy(self->bed.page, &self->bed.good, sizeof(self->bed.good));
	ASSERT_EQ(0, mprotect(self->bed.page, MT_PAGE, PROT_READ));
	if (!variant->answers) {
		EXPECT_EQ(0, call_at(&self->bed, variant->cmd, self->bed.page));
		return;
	}
	EXPECT_EQ(-EFAULT, call_at(&self->bed, variant->cmd, self->bed.page));
	/* Nothing was done: it still can be. */
	ASSERT_EQ(0, mprotect(self->bed.page, MT_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, call_at(&self->bed, variant->cmd, self->bed.page));
}

FIXTURE(device)
{
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = mt_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

TEST_F(device, info)
{
	struct mpool_info info = { .size = sizeof(info) }, more = info;

	ASSERT_EQ(0, mt_call(self->fd, MPOOL_IOC_INFO, &info));
	EXPECT_EQ(MPOOL_ABI_VERSION, info.abi_version);
	EXPECT_EQ((__u32)sysconf(_SC_PAGESIZE), info.page_size);
	EXPECT_EQ((__u32)MPOOL_BATCH_MAX, info.batch_max);
	EXPECT_EQ(0, info.features & ~(MPOOL_FEATURE_FAULT_AROUND |
				       MPOOL_FEATURE_URING_REGISTER));

	ASSERT_EQ(0, mt_create(self->fd, "info-counts", NULL));
	EXPECT_EQ(0, mt_call(self->fd, MPOOL_IOC_INFO, &more));
	EXPECT_EQ(info.nr_pools + 1, more.nr_pools);
	ASSERT_EQ(0, mt_destroy(self->fd, "info-counts"));
	EXPECT_EQ(0, mt_call(self->fd, MPOOL_IOC_INFO, &more));
	EXPECT_EQ(info.nr_pools, more.nr_pools);
}

/* Output fields are the kernel's: what was in them does not matter. */
TEST_F(device, info_ignores_output_fields)
{
	struct mpool_info info;

	memset(&info, 0xff, sizeof(info));
	info.size = sizeof(info);
	info.flags = 0;
	ASSERT_EQ(0, mt_call(self->fd, MPOOL_IOC_INFO, &info));
	EXPECT_EQ(MPOOL_ABI_VERSION, info.abi_version);
}

TEST_F(device, unknown_numbers)
{
	static const unsigned int known[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0xb, 0xc, 0xd,
		0xe, 0xf };
	char arg[MT_PAGE] = {};
	unsigned int nr, i;

	for (nr = 0; nr < 256; nr++) {
		for (i = 0; i < MT_ARRAY_SIZE(known); i++)
			if (known[i] == nr)
				break;
		if (i < MT_ARRAY_SIZE(known))
			continue;
		EXPECT_EQ(-ENOTTY, mt_call(self->fd, _IO(MPOOL_IOC_MAGIC, nr),
					   arg)) {
			TH_LOG("with number %#x", nr);
		}
		/* Said before the argument is looked at. */
		EXPECT_EQ(-ENOTTY, mt_call(self->fd, _IO(MPOOL_IOC_MAGIC, nr),
					   NULL));
	}
}

TEST_F(device, unknown_commands)
{
	struct mpool_info info = { .size = sizeof(info) };
	const unsigned int cmds[] = {
		0, 1, ~0U, TCGETS,
		_IO(MPOOL_IOC_MAGIC - 1, 0), _IO(MPOOL_IOC_MAGIC + 1, 0),
		_IOR(MPOOL_IOC_MAGIC, 0, struct mpool_info),
		_IOW(MPOOL_IOC_MAGIC, 0, struct mpool_info),
		_IOWR(MPOOL_IOC_MAGIC, 0, struct mpool_info),
		MPOOL_IOC_INFO | 1U << 16, MPOOL_IOC_INFO | 1U << 31,
	};
	size_t i;

	for (i = 0; i < MT_ARRAY_SIZE(cmds); i++)
		EXPECT_EQ(-ENOTTY, mt_call(self->fd, cmds[i], &info)) {
			TH_LOG("with command %zu of the list", i);
		}
}

TEST_F(device, reserved_fields)
{
	struct mpool_stats stats = { .size = sizeof(stats) };
	struct mpool_trim trim = { .size = sizeof(trim) };
	unsigned int bit;

	ASSERT_EQ(0, mt_attach(self->fd, "default", NULL));
	for (bit = 0; bit < 32; bit++) {
		stats.reserved = 1U << bit;
		EXPECT_EQ(-EINVAL, mt_call(self->fd, MPOOL_IOC_STATS, &stats));
		trim.reserved = 1U << bit;
		EXPECT_EQ(-EINVAL, mt_call(self->fd, MPOOL_IOC_TRIM, &trim));
	}
	stats.reserved = 0;
	EXPECT_EQ(0, mt_call(self->fd, MPOOL_IOC_STATS, &stats));
}

/* What the device does not do is refused, not ignored. */
TEST_F(device, other_calls)
{
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_HARNESS_MAIN
