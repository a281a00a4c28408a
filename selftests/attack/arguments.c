// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by arguments: counts, addresses and structures that lie, and memory
 * that changes while it is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

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

TEST_F_TIMEOUT(attack, 09_counts, ATTACK_TIMEOUT)
{
	struct mpool_pool_list list = { .size = sizeof(list) };
	__u64 handles[2] = {};
	struct mpool_lease leases[2];
	struct mt_client client;
	size_t i;
	__u64 start;

	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	EXPECT_EQ(-EINVAL, mt_lease(client.fd, 1, 0, leases));
	EXPECT_EQ(-EINVAL, mt_release(client.fd, handles, 0, NULL));
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
		/* Entries are written one by one: room is not believed in. */
		list.pools = (uintptr_t)MT_PAGE;
		list.count = counts[i];
		list.entry_size = MT_PAGE;
		EXPECT_EQ(-EFAULT, mt_call(client.fd, MPOOL_IOC_POOL_LIST,
					   &list));
		list.entry_size = MT_PAGE + 1;
		EXPECT_EQ(-EINVAL, mt_call(client.fd, MPOOL_IOC_POOL_LIST,
					   &list));
		list.entry_size = UINT_MAX;
		EXPECT_EQ(-EINVAL, mt_call(client.fd, MPOOL_IOC_POOL_LIST,
					   &list));
	}
	EXPECT_GT(start + 20000000000ULL, mt_now());
	/* The largest that is allowed fails by what it asks for alone. */
	EXPECT_EQ(-ENOSPC, mt_lease_wait(client.fd, MPOOL_LEASE_ALL, 1,
					 MPOOL_BATCH_MAX, MPOOL_FOREVER,
					 leases));
	EXPECT_EQ(0, leased(&self->pool));
	mt_client_close(&client);
}

/* A page that is not there until its keeper gives it. */
struct keeper {
	int uffd;
	char *page;
	void (*meanwhile)(struct keeper *keeper);
	union call_arg *arg;
	struct call_bed *bed;
	__u64 neighbour;
	char content[MT_PAGE];
	int result;
};

static int keeper_start(struct keeper *k)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	k->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (k->uffd < 0)
		return -errno;
	k->page = mmap(NULL, MT_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)k->page;
	reg.range.len = MT_PAGE;
	if (ioctl(k->uffd, UFFDIO_API, &api) ||
	    ioctl(k->uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	return 0;
}

/* The kernel stands at the page: now is the time to change what it has read. */
static void *keep(void *arg)
{
	struct keeper *k = arg;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)k->page,
		.src = (uintptr_t)k->content,
		.len = MT_PAGE,
	};
	struct uffd_msg msg;

	k->result = 1;
	if (read(k->uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		return NULL;
	k->meanwhile(k);
	k->result = ioctl(k->uffd, UFFDIO_COPY, &copy) ? 2 : 0;
	return NULL;
}

static void make_worse(struct keeper *k)
{
	__u64 *words = (__u64 *)k->arg;
	size_t i;

	/* All of it, its size included. */
	for (i = 0; i < sizeof(*k->arg) / sizeof(*words); i++)
		__atomic_store_n(words + i, ~0ULL, __ATOMIC_SEQ_CST);
}

static void release_early(struct keeper *k)
{
	/* Guesses the handles of leases that are about to be told. */
	__u64 id, gen;

	for (id = 1; id <= 4; id++)
		for (gen = 0; gen < 4; gen++)
			mt_release_one(k->bed->fd,
				       k->neighbour + id + (gen << 32));
	make_worse(k);
}

/* One call, whose nested array lies where the keeper sits. */
static int call_kept(struct call_bed *bed, enum call call, struct keeper *k)
{
	pthread_t thread;
	int err = keeper_start(k);

	if (err)
		return err;
	memcpy(k->content, &bed->nested, sizeof(k->content));
	memcpy((char *)&bed->arg + calls[call].nested,
	       &(__u64){ (uintptr_t)k->page }, sizeof(__u64));
	k->arg = &bed->arg;
	k->bed = bed;
	if (pthread_create(&thread, NULL, keep, k))
		return -EAGAIN;
	err = mt_call(bed->fd, calls[call].cmd, &bed->arg);
	pthread_join(thread, NULL);
	close(k->uffd);
	return k->result ? -EPROTO : err;
}

struct flipper {
	union call_arg *arg;
	const union call_arg *good;
	bool stop;
};

/* The first bytes are now what they should be, now what they should not. */
static void *flip(void *arg)
{
	struct flipper *f = arg;
	__u32 *words = (__u32 *)f->arg;
	const __u32 *good = (const __u32 *)f->good;
	unsigned int i, j;

	for (i = 0; !__atomic_load_n(&f->stop, __ATOMIC_RELAXED); i++)
		for (j = 0; j < 6; j++)
			__atomic_store_n(words + j,
					 i & 1 << j ? ~0U : good[j],
					 __ATOMIC_RELAXED);
	return NULL;
}

/* Whatever was read, a call says one of these, and keeps what it promises. */
static bool known_answer(int err)
{
	switch (err) {
	case 0:
	case -EINVAL:
	case -E2BIG:
	case -EFAULT:
	case -EMSGSIZE:
	case -ENOENT:
	case -ESTALE:
	case -EKEYREVOKED:
	case -EAGAIN:
	case -ENOSPC:
	case -EBUSY:
	case -EEXIST:
	case -ETIMEDOUT:
		return true;
	}
	return false;
}

TEST_F_TIMEOUT(attack, 10_double_fetch, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(300, 50000);
	struct call_bed *bed = &self->bed;
	struct keeper k = { .meanwhile = make_worse };
	struct mpool_lease lease;
	union call_arg *arg;
	struct flipper f;
	pthread_t thread;
	enum call call;
	unsigned long i;
	int err;

	/* RELEASE has read its structure and waits for the handles. */
	ASSERT_EQ(0, call_prepare(bed, &self->pool, CALL_RELEASE));
	err = call_kept(bed, CALL_RELEASE, &k);
	if (err == -EPERM) {
		call_finish(bed);
		SKIP(return, "no userfaultfd: %d", err);
	}
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, leased(&self->pool));
	EXPECT_EQ(2, bed->arg.release.count);
	EXPECT_EQ(0, bed->arg.release.bad_index);
	call_finish(bed);

	/* LEASE has taken buffers and waits to tell. */
	k.meanwhile = release_early;
	ASSERT_EQ(0, call_prepare(bed, &self->pool, CALL_LEASE));
	ASSERT_EQ(1, mt_lease(bed->fd, MT_PAGE, 1, &lease));
	k.neighbour = lease.handle;
	EXPECT_EQ(0, call_kept(bed, CALL_LEASE, &k));
	EXPECT_EQ(2, bed->arg.lease.granted);
	EXPECT_EQ(3, leased(&self->pool));
	EXPECT_TRUE(mt_all(k.page + 2 * sizeof(struct mpool_lease), 0,
			   MT_PAGE - 2 * sizeof(struct mpool_lease)));
	call_finish(bed);

	k.meanwhile = make_worse;
	for (call = 0; call < NR_CALLS; call++) {
		if (call != CALL_LIST && call != CALL_STATS)
			continue;
		ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		EXPECT_EQ(0, call_kept(bed, call, &k));
		EXPECT_EQ(calls[call].size, bed->arg.size);
		call_finish(bed);
	}

	/* And everything as fast as it can be changed, for every ioctl. */
	arg = mmap(NULL, 2 * MT_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (call = 0; call < NR_CALLS; call++) {
		ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		f = (struct flipper){ arg, &bed->arg, false };
		ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &f));
		for (i = 0; i < rounds; i++) {
			attack_round(call * rounds + i, NR_CALLS * rounds);
			memcpy(arg, &bed->arg, calls[call].size);
			err = mt_call(bed->fd, calls[call].cmd, arg);
			ASSERT_TRUE(known_answer(err)) {
				TH_LOG("%s: %d", calls[call].name, err);
			}
		}
		__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		call_finish(bed);
	}
	munmap(arg, 2 * MT_PAGE);
}

/* Lets a write to a page that can be read wait for who guards it. */
static int guard(struct keeper *k)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	k->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	k->page = mmap(NULL, MT_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(k->page, k->content, MT_PAGE);
	reg.range.start = (uintptr_t)k->page;
	reg.range.len = MT_PAGE;
	wp.range = reg.range;
	if (k->uffd < 0 || ioctl(k->uffd, UFFDIO_API, &api) ||
	    ioctl(k->uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(k->uffd, UFFDIO_WRITEPROTECT, &wp))
		return -errno;
	return 0;
}

/* The first ATTACH has decided and is about to answer: a second one comes. */
static void *attach_meanwhile(void *arg)
{
	struct keeper *k = arg;
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)k->page, MT_PAGE },
	};
	struct uffd_msg msg;

	k->result = 1;
	if (read(k->uffd, &msg, sizeof(msg)) != sizeof(msg))
		return NULL;
	k->result = mt_attach(k->bed->fd, k->bed->pool->name, NULL);
	if (ioctl(k->uffd, UFFDIO_WRITEPROTECT, &wp))
		k->result = -errno;
	return NULL;
}

TEST_F_TIMEOUT(attack, 10_attach_overtaken, ATTACK_TIMEOUT)
{
	struct call_bed *bed = &self->bed;
	struct keeper k = { .bed = bed };
	struct mpool_stats stats;
	pthread_t thread;
	int err;

	ASSERT_EQ(0, call_prepare(bed, &self->pool, CALL_ATTACH));
	memcpy(k.content, &bed->arg, sizeof(k.content));
	err = guard(&k);
	if (err) {
		call_finish(bed);
		SKIP(return, "no write protection by userfaultfd: %d", err);
	}
	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_meanwhile, &k));
	EXPECT_EQ(-EBUSY, mt_call(bed->fd, MPOOL_IOC_ATTACH, k.page));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, k.result);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(1, stats.nr_clients);
	close(k.uffd);
	call_finish(bed);
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
		if (desc->nested && call != CALL_STATS && call != CALL_LIST) {
			memcpy(bed->arg.bytes + desc->nested,
			       &(__u64){ (uintptr_t)page + MT_PAGE - 8 }, 8);
			EXPECT_EQ(-EFAULT, call_with(bed, call, &bed->arg));
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
