// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by memory that changes while it is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "calls.h"
#include "gate.h"

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

/* A page that is not there until its keeper gives it. */
struct keeper {
	struct mt_gate gate;
	void (*meanwhile)(struct keeper *keeper);
	union call_arg *arg;
	struct call_bed *bed;
	__u64 neighbour;
	__u64 revoked;
	/* the page's, before and after the call */
	char content[MT_PAGE];
	int result;
};

/* The kernel stands at the page: now is the time to change what it has read. */
static void *keep(void *arg)
{
	struct keeper *k = arg;

	k->result = mt_gate_await(&k->gate);
	if (k->result)
		return NULL;
	k->meanwhile(k);
	k->result = mt_gate_fill(&k->gate, k->content);
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

/* They stand already, and are seen: so they end as any. */
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

static void revoke_early(struct keeper *k)
{
	const char *pool = k->bed->pool->name;

	if (mt_revoke(k->bed->pool->fd, pool, mt_client_id(pool, k->neighbour),
		      0, &k->revoked))
		k->revoked = 0;
}

/* One call, whose nested array lies where the keeper sits. */
static int call_kept(struct call_bed *bed, enum call call, struct keeper *k)
{
	pthread_t thread;
	int err = mt_gate_make(&k->gate, UFFDIO_REGISTER_MODE_MISSING);

	if (err)
		return err;
	memcpy(k->content, &bed->nested, sizeof(k->content));
	memcpy((char *)&bed->arg + calls[call].nested,
	       &(__u64){ (uintptr_t)k->gate.page }, sizeof(__u64));
	k->arg = &bed->arg;
	k->bed = bed;
	if (pthread_create(&thread, NULL, keep, k))
		return -EAGAIN;
	err = mt_call(bed->fd, calls[call].cmd, &bed->arg);
	pthread_join(thread, NULL);
	if (!k->result)
		memcpy(k->content, k->gate.page, sizeof(k->content));
	mt_gate_remove(&k->gate);
	return k->result ? -EPROTO : err;
}

struct flipper {
	union call_arg *arg;
	const union call_arg *good;
	unsigned int words;
	bool stop;
};

static void put_word(struct flipper *f, unsigned int word, bool good)
{
	__atomic_store_n((__u32 *)f->arg + word,
			 good ? ((const __u32 *)f->good)[word] : ~0U,
			 __ATOMIC_RELAXED);
}

/*
 * The words are now what they should be, now what they should not: the first
 * ones in all combinations, those behind one after the other, since a call that
 * finds a wrong one looks no further.
 */
static void *flip(void *arg)
{
	const unsigned int first = 6;
	struct flipper *f = arg;
	unsigned int i, j;

	for (i = 0; !__atomic_load_n(&f->stop, __ATOMIC_RELAXED); i++) {
		for (j = 0; j < first && j < f->words; j++)
			put_word(f, j, i % 4 || !(i / 4 & 1 << j));
		if (f->words <= first)
			continue;
		j = first + i / 4 % (f->words - first);
		put_word(f, j, i % 4 != 2);
	}
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
	case -ESRCH:
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

/* Is another file or pool needed for the next call to succeed? */
static bool used_up(enum call call, unsigned long done)
{
	switch (call) {
	case CALL_CREATE:
	case CALL_DESTROY:
	case CALL_ATTACH:
	case CALL_RELEASE:
	case CALL_REVOKE:
		return true;
	case CALL_LEASE:
		/* Before it waits for what only this test could give back. */
		return !(done % 16);
	default:
		return false;
	}
}

TEST_F_TIMEOUT(attack, 10_double_fetch, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(300, 10000);
	struct call_bed *bed = &self->bed;
	struct keeper k = { .meanwhile = make_worse };
	struct mpool_lease lease;
	union call_arg *arg;
	struct flipper f;
	pthread_t thread;
	enum call call;
	unsigned long i, done, refused = 0, all = 0;
	const struct mpool_lease *told;
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
	EXPECT_EQ(1, leased(&self->pool));
	told = (struct mpool_lease *)k.content;
	for (i = 0; i < 2; i++)
		EXPECT_EQ(-ESTALE, mt_release_one(bed->fd, told[i].handle));
	EXPECT_TRUE(mt_all(k.content + 2 * sizeof(struct mpool_lease), 0,
			   MT_PAGE - 2 * sizeof(struct mpool_lease)));
	call_finish(bed);

	k.meanwhile = make_worse;
	for (call = 0; call < NR_CALLS; call++) {
		if (call != CALL_LIST && call != CALL_STATS &&
		    call != CALL_CLIENTS)
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
		f = (struct flipper) {
			.arg = arg,
			.good = &bed->arg,
			.words = calls[call].size / 4,
		};
		memcpy(arg, &bed->arg, calls[call].size);
		ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &f));
		done = 0;
		for (i = 0; i < rounds; i++) {
			attack_round(call * rounds + i, NR_CALLS * rounds);
			err = mt_call(bed->fd, calls[call].cmd, arg);
			ASSERT_TRUE(known_answer(err)) {
				TH_LOG("%s: %d", calls[call].name, err);
			}
			done += !err;
			/* Else it is over before a slow machine has changed it. */
			if (i % 4 == 0)
				usleep(1);
			/* What can be done once, and what runs out. */
			if (err || !used_up(call, done))
				continue;
			call_finish(bed);
			ASSERT_EQ(0, call_prepare(bed, &self->pool, call));
		}
		printf("# %s: %lu of %lu done\n", calls[call].name, done,
		       rounds);
		refused += rounds - done;
		all += done;
		__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		call_finish(bed);
	}
	munmap(arg, 2 * MT_PAGE);
	/* It was changed in time, and not all the time. */
	EXPECT_LT(0, refused);
	EXPECT_LT(0, all);
}

/* Nobody has, for as long as he does not listen, what cannot be taken back. */
TEST_F_TIMEOUT(attack, 10_revoked_before_it_is_told, ATTACK_TIMEOUT)
{
	struct keeper k = { .meanwhile = revoke_early };
	struct call_bed *bed = &self->bed;
	const struct mpool_lease *told;
	struct mpool_lease lease;
	unsigned int i;
	int err;

	ASSERT_EQ(0, call_prepare(bed, &self->pool, CALL_LEASE));
	ASSERT_EQ(1, mt_lease(bed->fd, MT_PAGE, 1, &lease));
	k.neighbour = lease.handle;
	err = call_kept(bed, CALL_LEASE, &k);
	if (err == -EPERM) {
		call_finish(bed);
		SKIP(return, "no userfaultfd: %d", err);
	}
	ASSERT_EQ(0, err);
	EXPECT_EQ(3, k.revoked);
	EXPECT_EQ(0, leased(&self->pool));
	told = (struct mpool_lease *)k.content;
	for (i = 0; i < 2; i++)
		EXPECT_EQ(-EKEYREVOKED, mt_release_one(bed->fd, told[i].handle));
	call_finish(bed);
}

/* The first ATTACH has decided and is about to answer: a second one comes. */
static void *attach_meanwhile(void *arg)
{
	struct keeper *k = arg;
	int err;

	k->result = mt_gate_await(&k->gate);
	if (k->result)
		return NULL;
	k->result = mt_attach(k->bed->fd, k->bed->pool->name, NULL);
	err = mt_gate_protect(&k->gate, false);
	if (err)
		k->result = err;
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
	err = mt_gate_make(&k.gate, UFFDIO_REGISTER_MODE_WP);
	if (err) {
		call_finish(bed);
		SKIP(return, "no write protection by userfaultfd: %d", err);
	}
	memcpy(k.gate.page, &bed->arg, MT_PAGE);
	ASSERT_EQ(0, mt_gate_protect(&k.gate, true));
	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_meanwhile, &k));
	EXPECT_EQ(-EBUSY, mt_call(bed->fd, MPOOL_IOC_ATTACH, k.gate.page));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, k.result);
	ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
	EXPECT_EQ(1, stats.nr_clients);
	mt_gate_remove(&k.gate);
	call_finish(bed);
}

TEST_HARNESS_MAIN
