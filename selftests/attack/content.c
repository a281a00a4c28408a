// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by looking: what others wrote, in buffers that change owners and in
 * answers that are longer than what was answered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"

#define BUFFERS	32
#define OWNERS	3
#define WORDS	(MT_PAGE / sizeof(__u64))

/* Between the owners: one after the other takes all there is. */
struct ring {
	int turn;
	bool stop;
	unsigned long changes;
	unsigned long foreign;
	unsigned long failures;
};

FIXTURE(attack)
{
	struct mt_pool pool;
	struct ring *ring;
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = {
		.max_size = MT_PAGE,
		.max = { BUFFERS, BUFFERS, BUFFERS },
		.mode = 0606,
	};

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_public_device(true));
	self->ring = mt_shared(sizeof(*self->ring));
	ASSERT_NE(NULL, self->ring);
}

FIXTURE_TEARDOWN(attack)
{
	EXPECT_EQ(0, mt_public_device(false));
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* A poison that says whose it is, in each of a page's words. */
static __u64 poison(int owner, unsigned int word)
{
	return 0xa5a5000000000000ULL | (__u64)(owner + 1) << 32 | word;
}

/* What is in it must be nothing, or this owner's. */
static bool foreign(const __u64 *words, int owner)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		if (!words[i] || words[i] == poison(owner, i))
			continue;
		printf("# owner %d reads %#llx in word %u\n", owner, words[i],
		       i);
		return true;
	}
	return false;
}

static void take_turn(struct mt_client *client, struct ring *ring, int owner)
{
	struct mpool_lease leases[BUFFERS];
	unsigned int word;
	int i, nr;
	__u64 *p;

	nr = mt_lease_wait(client->fd, MPOOL_LEASE_ALL, 1, BUFFERS,
			   mt_now() + 30000000000ULL, leases);
	if (nr != BUFFERS) {
		printf("# owner %d: leasing says %d\n", owner, nr);
		ring->failures++;
		return;
	}
	for (i = 0; i < nr; i++) {
		p = (__u64 *)(client->win + leases[i].offset);
		ring->foreign += foreign(p, owner);
		for (word = 0; word < WORDS; word++)
			p[word] = poison(owner, word);
	}
	if (mt_release_leases(client->fd, leases, nr))
		ring->failures++;
	ring->changes += nr;
}

struct owner {
	const char *name;
	struct ring *ring;
	int nr;
};

/* Owners other than the first are other processes, and other users. */
static int own(void *arg)
{
	struct owner *o = arg;
	struct ring *ring = o->ring;
	struct mt_client client;

	if (o->nr && (setgroups(0, NULL) || setgid(2000 + o->nr) ||
		      setuid(2000 + o->nr)))
		return 2;
	if (mt_client_open(&client, o->name))
		return 3;
	while (!__atomic_load_n(&ring->stop, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(&ring->turn, __ATOMIC_ACQUIRE) != o->nr) {
			usleep(50);
			continue;
		}
		take_turn(&client, ring, o->nr);
		__atomic_store_n(&ring->turn, (o->nr + 1) % OWNERS,
				 __ATOMIC_RELEASE);
	}
	mt_client_close(&client);
	return 0;
}

/* Bytes of an answer that nobody meant to write hold what was there. */
static bool padding_leaks(int fd, const char *name)
{
	struct {
		struct mpool_pool_entry entries[3];
		char behind[64];
	} table;
	struct mpool_pool_list list = {
		.size = sizeof(list),
		.pools = (uintptr_t)&table,
		.count = 3,
		.entry_size = sizeof(table.entries[0]),
	};
	struct {
		struct mpool_attach attach;
		char behind[64];
	} attach = { { .size = sizeof(attach.attach) }, {} };
	size_t i, len;
	int other;

	memset(&table, 0x5a, sizeof(table));
	if (mt_call(fd, MPOOL_IOC_POOL_LIST, &list) || list.count > 3)
		return true;
	for (i = 0; i < list.count; i++) {
		len = strnlen(table.entries[i].name, MPOOL_NAME_LEN);
		if (!mt_all(table.entries[i].name + len, 0,
			    MPOOL_NAME_LEN - len))
			return true;
	}
	if (!mt_all(table.entries + list.count, 0x5a,
		    (3 - list.count) * sizeof(table.entries[0]) + 64))
		return true;

	memset(attach.behind, 0x5a, sizeof(attach.behind));
	snprintf(attach.attach.name, MPOOL_NAME_LEN, "%s", name);
	other = mt_open(O_RDWR);
	if (mt_call(other, MPOOL_IOC_ATTACH, &attach) ||
	    !mt_all(attach.behind, 0x5a, sizeof(attach.behind)))
		return true;
	close(other);
	return false;
}

/* A whole entry, made longer and shorter than the module's own. */
static bool table_leaks(int fd, __u32 entry_size)
{
	char room[2 * MT_PAGE];
	struct mpool_stats stats = {
		.size = sizeof(stats),
		.classes = (uintptr_t)room,
		.count = 1,
		.entry_size = entry_size,
	};
	size_t known = sizeof(struct mpool_class_stats);

	memset(room, 0x5a, sizeof(room));
	if (mt_call(fd, MPOOL_IOC_STATS, &stats))
		return true;
	if (entry_size > known && !mt_all(room + known, 0, entry_size - known))
		return true;
	return !mt_all(room + entry_size, 0x5a, sizeof(room) - entry_size);
}

TEST_F_TIMEOUT(attack, 06_information_leak, ATTACK_TIMEOUT)
{
	const unsigned long wanted = attack_form(3200, 1000000);
	struct ring *ring = self->ring;
	struct mpool_lease leases[2];
	struct mt_client client;
	int pids[OWNERS], i;
	struct owner o;

	EXPECT_FALSE(padding_leaks(self->pool.fd, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&client, self->pool.name));
	memset(leases, 0x5a, sizeof(leases));
	ASSERT_EQ(1, mt_lease(client.fd, 1, 1, leases));
	EXPECT_TRUE(mt_all(leases + 1, 0x5a, sizeof(leases[1])));
	EXPECT_FALSE(table_leaks(client.fd, 8));
	EXPECT_FALSE(table_leaks(client.fd, 9));
	EXPECT_FALSE(table_leaks(client.fd, sizeof(struct mpool_class_stats)));
	EXPECT_FALSE(table_leaks(client.fd, MT_PAGE));
	mt_client_close(&client);

	for (i = 0; i < OWNERS; i++) {
		o = (struct owner){ self->pool.name, ring, i };
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			_exit(own(&o));
	}
	while (__atomic_load_n(&ring->changes, __ATOMIC_RELAXED) < wanted &&
	       !__atomic_load_n(&ring->failures, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&ring->foreign, __ATOMIC_RELAXED)) {
		attack_round(ring->changes, wanted);
		mt_sleep_ms(20);
	}
	__atomic_store_n(&ring->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < OWNERS; i++)
		EXPECT_EQ(0, mt_wait(pids[i]));
	printf("# %lu buffers changed owners\n", ring->changes);
	EXPECT_EQ(0, ring->foreign);
	EXPECT_EQ(0, ring->failures);
	EXPECT_LE(wanted, ring->changes);
}

TEST_HARNESS_MAIN
