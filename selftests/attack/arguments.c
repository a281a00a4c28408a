// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by arguments: counts, addresses and structures that lie.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "calls.h"

#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(attack)
{
	struct mt_pool pool;
	struct call_bed bed;
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = { .max = { 64, 64, 64 } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
}

FIXTURE_TEARDOWN(attack)
{
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static long leased(const struct mt_pool *pool)
{
	struct mpool_stats stats;
	int err = mt_stats(pool->fd, pool->name, &stats);

	return err ? err : (long)stats.total.leased;
}

/* Times 8, 24 or 72 bytes, some are little again in 32 bits. */
static const __u32 counts[] = {
	MPOOL_BATCH_MAX + 1, 0x0aaaaaab, 0x15555556, 0x1fffffff, 0x20000000,
	0x20000001, 0x38e38e4, INT_MAX, 1U << 31, (1U << 31) + 1, UINT_MAX - 1,
	UINT_MAX,
};

/*
 * Entries are written one by one: room is not believed in, nor are entries of a
 * page and more.  Which of the answers is wrong, or 0.
 */
static int big_table(int fd, __u32 count)
{
	struct mpool_pool_list list = { .size = sizeof(list) };
	struct mpool_stats stats = { .size = sizeof(stats) };
	struct mpool_clients clients = { .size = sizeof(clients) };
	static const __u32 sizes[] = { MT_PAGE, MT_PAGE + 1, UINT_MAX };
	int wanted;
	size_t i;

	list.pools = MT_PAGE;
	stats.classes = MT_PAGE;
	clients.clients = MT_PAGE;
	for (i = 0; i < MT_ARRAY_SIZE(sizes); i++) {
		wanted = i ? -EINVAL : -EFAULT;
		list.count = count;
		list.entry_size = sizes[i];
		if (mt_call(fd, MPOOL_IOC_POOL_LIST, &list) != wanted)
			return 10 * i + 1;
		stats.count = count;
		stats.entry_size = sizes[i];
		if (mt_call(fd, MPOOL_IOC_STATS, &stats) != wanted)
			return 10 * i + 2;
		clients.count = count;
		clients.entry_size = sizes[i];
		if (mt_call(fd, MPOOL_IOC_CLIENTS, &clients) != wanted)
			return 10 * i + 3;
	}
	return 0;
}

TEST_F_TIMEOUT(attack, 09_counts, ATTACK_TIMEOUT)
{
	__u64 handles[2] = {};
	struct mpool_lease leases[2];
	struct mt_client client;
	size_t i;
	__u64 start;

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	EXPECT_EQ(-EINVAL, mt_lease(client.fd, 1, 0, leases));
	EXPECT_EQ(-EINVAL, mt_release(client.fd, handles, 0, NULL));
	/* A class, and the client itself, for a table to be about. */
	ASSERT_EQ(1, mt_lease(client.fd, 1, 1, leases));
	ASSERT_EQ(0, mt_release_one(client.fd, leases[0].handle));
	start = mt_now();
	for (i = 0; i < MT_ARRAY_SIZE(counts); i++) {
		/* -EINVAL, not -ENOMEM or -EFAULT: nobody tried. */
		EXPECT_EQ(-EINVAL, mt_lease(client.fd, 1, counts[i], leases));
		EXPECT_EQ(-EINVAL, mt_lease(client.fd, 1, counts[i], NULL));
		EXPECT_EQ(-EINVAL, mt_lease_wait(client.fd, MPOOL_LEASE_ALL, 1,
						 counts[i], MPOOL_FOREVER,
						 leases));
		EXPECT_EQ(-EINVAL, mt_release(client.fd, handles, counts[i],
					      NULL));
		EXPECT_EQ(-EINVAL, mt_release(client.fd, NULL, counts[i],
					      NULL));
		EXPECT_EQ(0, big_table(client.fd, counts[i]));
	}
	EXPECT_GT(start + 20000000000ULL, mt_now());
	/* The largest that is allowed fails by what it asks for alone. */
	EXPECT_EQ(-ENOSPC, mt_lease_wait(client.fd, MPOOL_LEASE_ALL, 1,
					 MPOOL_BATCH_MAX, MPOOL_FOREVER,
					 leases));
	EXPECT_EQ(0, leased(&self->pool));
	mt_client_close(&client);
}

/* Addresses that no call may read or write. */
static const __u64 nowhere[] = {
	0, 1, 8, MT_PAGE,
	0x00007ffffffffff8ULL, 0x00007ffffffff000ULL, 0x0000800000000000ULL,
	0x8000000000000000ULL, 0xffff800000000000ULL, 0xffff888000000000ULL,
	0xffffc90000000000ULL, 0xffffffff81000000ULL, 0xffffffffff600000ULL,
	0xfffffffffffff000ULL, 0xfffffffffffffff8ULL, ~0ULL,
};

static int call_with(struct call_bed *bed, enum call call, void *arg)
{
	return mt_call(bed->fd, calls[call].cmd, arg);
}

static void point_to(struct call_bed *bed, enum call call, const void *array)
{
	memcpy(bed->arg.bytes + calls[call].nested,
	       &(__u64){ (uintptr_t)array }, sizeof(__u64));
}

TEST_F_TIMEOUT(attack, 12_bad_pointers, ATTACK_TIMEOUT)
{
	struct call_bed *bed = &self->bed;
	char *page = mmap(NULL, 2 * MT_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	const struct call_desc *desc;
	enum call call;
	size_t i, cut;
	long before;

	ASSERT_EQ(0, munmap(page + MT_PAGE, MT_PAGE));
	for (call = 0; call < NR_CALLS; call++) {
		desc = &calls[call];
		ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		before = leased(&self->pool);
		for (i = 0; i < MT_ARRAY_SIZE(nowhere); i++) {
			EXPECT_EQ(-EFAULT, call_with(bed, call,
						     (void *)nowhere[i])) {
				TH_LOG("%s at %#llx", desc->name, nowhere[i]);
			}
			if (!desc->nested)
				continue;
			memcpy(bed->arg.bytes + desc->nested, nowhere + i, 8);
			EXPECT_EQ(-EFAULT, call_with(bed, call, &bed->arg)) {
				TH_LOG("%s array at %#llx", desc->name,
				       nowhere[i]);
			}
		}
		/* An array across the end of what is mapped. */
		if (desc->nested) {
			point_to(bed, call, page + MT_PAGE - 8);
			EXPECT_EQ(-EFAULT, call_with(bed, call, &bed->arg)) {
				TH_LOG("%s", desc->name);
			}
		}
		/* One that is to be written, and can only be read. */
		if (desc->nested && call != CALL_RELEASE) {
			memset(page, 0, MT_PAGE);
			point_to(bed, call, page);
			ASSERT_EQ(0, mprotect(page, MT_PAGE, PROT_READ));
			EXPECT_EQ(-EFAULT, call_with(bed, call, &bed->arg)) {
				TH_LOG("%s", desc->name);
			}
			EXPECT_TRUE(mt_all(page, 0, MT_PAGE));
			ASSERT_EQ(0, mprotect(page, MT_PAGE, RW));
		}
		/* The structure, at each of its words. */
		call_fill(bed, call);
		for (cut = 4; cut < desc->size; cut += 4) {
			memcpy(page + MT_PAGE - cut, &bed->arg, cut);
			EXPECT_EQ(-EFAULT, call_with(bed, call, page + MT_PAGE -
						     cut)) {
				TH_LOG("%s cut at %zu", desc->name, cut);
			}
		}
		if (desc->answers) {
			memcpy(page, &bed->arg, desc->size);
			ASSERT_EQ(0, mprotect(page, MT_PAGE, PROT_READ));
			EXPECT_EQ(-EFAULT, call_with(bed, call, page));
			ASSERT_EQ(0, mprotect(page, MT_PAGE, RW));
		}
		EXPECT_EQ(before, leased(&self->pool));
		/* Nothing was spent on all that. */
		EXPECT_EQ(0, call_with(bed, call, &bed->arg)) {
			TH_LOG("%s", desc->name);
		}
		call_finish(bed);
	}
}

TEST_F_TIMEOUT(attack, 19_struct_versions, ATTACK_TIMEOUT)
{
	struct call_bed *bed = &self->bed;
	const struct call_desc *desc;
	char *page = mmap(NULL, 2 * MT_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	enum call call;
	__u32 size, at;

	for (call = 0; call < NR_CALLS; call++) {
		desc = &calls[call];
		EXPECT_GE(desc->size, desc->first);
		/* Too short for any version. */
		ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		for (size = 0; size < desc->first; size += 4) {
			bed->arg.size = size;
			EXPECT_EQ(-EINVAL, call_with(bed, call, &bed->arg));
		}
		call_finish(bed);

		/* An old program: nothing is read or written behind its end. */
		ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		memset(page, 0x5a, MT_PAGE);
		memcpy(page, &bed->arg, desc->first);
		*(__u32 *)page = desc->first;
		EXPECT_EQ(0, call_with(bed, call, page));
		EXPECT_EQ(desc->first, *(__u32 *)page);
		EXPECT_TRUE(mt_all(page + desc->first, 0x5a,
				   MT_PAGE - desc->first));
		call_finish(bed);

		/* A newer one, that uses none of what is new. */
		for (size = desc->size + 1; size <= MT_PAGE;
		     size += size < desc->size + 16 ? 1 : 977) {
			ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
			memset(page, 0, MT_PAGE);
			memcpy(page, &bed->arg, desc->size);
			*(__u32 *)page = size;
			memset(page + size, 0x5a, MT_PAGE - size);
			EXPECT_EQ(0, call_with(bed, call, page));
			EXPECT_EQ(size, *(__u32 *)page);
			EXPECT_TRUE(mt_all(page + desc->size, 0,
					   size - desc->size));
			EXPECT_TRUE(mt_all(page + size, 0x5a, MT_PAGE - size));
			call_finish(bed);
		}

		/* And one that does: each bit of it counts. */
		ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		memset(page, 0, MT_PAGE);
		memcpy(page, &bed->arg, desc->size);
		*(__u32 *)page = MT_PAGE;
		for (at = desc->size; at < MT_PAGE; at += 1 + at / 64) {
			page[at] = 1 << at % 8;
			EXPECT_EQ(-E2BIG, call_with(bed, call, page));
			page[at] = 0;
		}
		*(__u32 *)page = MT_PAGE + 1;
		EXPECT_EQ(-E2BIG, call_with(bed, call, page));
		*(__u32 *)page = ~0U;
		EXPECT_EQ(-E2BIG, call_with(bed, call, page));
		call_finish(bed);
	}
	munmap(page, 2 * MT_PAGE);
}

/* The structure in one leased buffer, what it points to in another. */
TEST_F_TIMEOUT(attack, 25_arguments_in_leases, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(2, 200);
	struct call_bed *bed = &self->bed;
	const struct call_desc *desc;
	struct mpool_lease leases[3];
	struct mt_client client;
	union call_arg *arg;
	unsigned long i;
	enum call call;
	__u64 *handles;
	char *where;

	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		for (call = 0; call < NR_CALLS; call++) {
			desc = &calls[call];
			ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
			ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
			ASSERT_EQ(3, mt_lease(client.fd, 2 * MT_PAGE, 3,
					      leases));
			/* Across the pages: the second one is not there. */
			arg = (void *)(client.win + leases[0].offset + MT_PAGE -
				       8 * (i % 3));
			where = client.win + leases[1].offset + MT_PAGE - 16;
			memcpy(arg, &bed->arg, desc->size);
			if (desc->nested) {
				memcpy((char *)arg + desc->nested,
				       &(__u64){ (uintptr_t)where }, 8);
				if (call == CALL_RELEASE)
					memcpy(where, &bed->nested, 16);
			}
			/* Forgotten by this mapping: they fault in again. */
			madvise(client.win + leases[0].offset, 2 * MT_PAGE,
				MADV_DONTNEED);
			madvise(client.win + leases[1].offset, 2 * MT_PAGE,
				MADV_DONTNEED);
			EXPECT_EQ(0, call_with(bed, call, arg)) {
				TH_LOG("%s", desc->name);
			}
			EXPECT_EQ(desc->size, arg->size);
			/* In one that is gone: as any other bad address. */
			EXPECT_EQ(0, mt_release_one(client.fd,
						    leases[0].handle));
			EXPECT_EQ(-EFAULT, call_with(bed, call, arg));
			call_finish(bed);
			mt_client_close(&client);
		}

		/* One's own buffers, named in the list that lies in them. */
		ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
		ASSERT_EQ(3, mt_lease(client.fd, 2 * MT_PAGE, 3, leases));
		arg = (void *)(client.win + leases[0].offset + MT_PAGE - 8);
		handles = (void *)(client.win + leases[1].offset + MT_PAGE - 8);
		handles[0] = leases[0].handle;
		handles[1] = leases[1].handle;
		arg->release = (struct mpool_release) {
			.size = sizeof(arg->release),
			.handles = (uintptr_t)handles,
			.count = 2,
		};
		EXPECT_EQ(0, mt_call(client.fd, MPOOL_IOC_RELEASE, arg));
		EXPECT_EQ(1, leased(&self->pool));
		mt_client_close(&client);
	}
}

TEST_HARNESS_MAIN
