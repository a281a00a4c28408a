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
#include <sys/prctl.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"

#define BUFFERS	32
#define OWNERS	4
#define PIECE	64
#define PIECES	(MT_PAGE / PIECE)

/* Pieces of a page, a page, split pages, and a compound one. */
static const __u64 sizes[] = { PIECE, MT_PAGE, 3 * MT_PAGE, 8 * MT_PAGE };

/*
 * Between the owners: one after the other takes all there is, all of them of one
 * size, then of the next.
 */
struct ring {
	unsigned int turn;
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
		.max_size = 8 * MT_PAGE,
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

/* A poison that says whose it is, in each word. */
static __u64 poison(int owner, unsigned int word)
{
	return (0xa5a50000ULL + owner + 1) << 32 | word;
}

/* What is in it must be nothing, or this owner's, of another size maybe. */
static bool foreign(const __u64 *words, size_t nr, int owner)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!words[i] || words[i] >> 32 == poison(owner, 0) >> 32)
			continue;
		printf("# owner %d reads %#llx in word %u of %zu\n", owner,
		       words[i], i, nr);
		return true;
	}
	return false;
}

static void take_turn(struct mt_client *client, struct ring *ring, int owner,
		      __u64 size, bool strict)
{
	static struct mpool_lease leases[BUFFERS * PIECES];
	const int all = size == PIECE && !strict ? BUFFERS * PIECES : BUFFERS;
	size_t word, words;
	int i, nr;
	__u64 *p;

	nr = mt_lease_wait(client->fd, MPOOL_LEASE_ALL, size, all,
			   mt_now() + 30000000000ULL, leases);
	if (nr != all) {
		printf("# owner %d: leasing %llu bytes says %d\n", owner, size,
		       nr);
		ring->failures++;
		return;
	}
	for (i = 0; i < nr; i++) {
		p = (__u64 *)(client->win + leases[i].offset);
		words = leases[i].length / sizeof(*p);
		ring->foreign += foreign(p, words, owner);
		for (word = 0; word < words; word++)
			p[word] = poison(owner, word);
	}
	if (mt_release_leases(client->fd, leases, nr))
		ring->failures++;
	ring->changes += BUFFERS;
}

struct owner {
	const char *name;
	struct ring *ring;
	int nr;
};

/*
 * Owners other than the first are other processes, and other users; every second
 * one keeps what it releases.
 */
static int own(void *arg)
{
	struct owner *o = arg;
	struct ring *ring = o->ring;
	const bool strict = o->nr % 2;
	struct mt_client client;
	unsigned int turn;

	if (o->nr && (setgroups(0, NULL) || setgid(2000 + o->nr) ||
		      setuid(2000 + o->nr)))
		return 2;
	mt_attach_flags = strict ? MPOOL_ATTACH_STRICT : 0;
	if (mt_client_open(&client, o->name))
		return 3;
	while (!__atomic_load_n(&ring->stop, __ATOMIC_RELAXED)) {
		turn = __atomic_load_n(&ring->turn, __ATOMIC_ACQUIRE);
		if (turn % OWNERS != (unsigned int)o->nr) {
			usleep(50);
			continue;
		}
		take_turn(&client, ring, o->nr,
			  sizes[turn / OWNERS % MT_ARRAY_SIZE(sizes)], strict);
		__atomic_store_n(&ring->turn, turn + 1, __ATOMIC_RELEASE);
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

/* What the kernel says of a client whose name was longer before. */
static bool clients_leak(const char *name, __u32 entry_size)
{
	const size_t known = sizeof(struct mpool_client_entry);
	struct mpool_client_entry *e;
	char room[2 * MT_PAGE];
	struct mpool_clients clients = {
		.size = sizeof(clients),
		.clients = (uintptr_t)room,
		.count = 3,
		.entry_size = entry_size,
	};
	size_t len, written;
	int fds[2], err;
	__u32 i;

	prctl(PR_SET_NAME, "fifteen letters");
	prctl(PR_SET_NAME, "few");
	for (i = 0; i < 2; i++) {
		fds[i] = mt_open(O_RDWR);
		if (mt_attach(fds[i], name, NULL))
			return true;
	}
	memset(room, 0x5a, sizeof(room));
	err = mt_call(fds[0], MPOOL_IOC_CLIENTS, &clients);
	close(fds[0]);
	close(fds[1]);
	if (err || clients.count != 2)
		return true;
	written = 2 * entry_size;
	for (i = 0; i < 2 && entry_size >= known; i++) {
		e = (void *)(room + i * entry_size);
		len = strnlen(e->comm, sizeof(e->comm));
		if (strcmp(e->comm, "few") || e->reserved || e->leases ||
		    e->buffers || e->bytes || e->kept_bytes ||
		    !mt_all(e->comm + len, 0, sizeof(e->comm) - len) ||
		    !mt_all(e + 1, 0, entry_size - known))
			return true;
	}
	return !mt_all(room + written, 0x5a, sizeof(room) - written);
}

/* A record of read(), made longer and shorter than the module's own. */
static bool records_leak(const char *name, __u32 record_size)
{
	const size_t known = sizeof(struct mpool_event);
	struct mpool_events events = {
		.size = sizeof(events),
		.mask = MPOOL_EVENT_EXHAUSTED,
		.record_size = record_size,
		.eventfd = -1,
	};
	struct mpool_lease leases[BUFFERS + 1];
	struct mpool_event *event;
	char room[2 * MT_PAGE];
	ssize_t len = -1;
	int fd;

	fd = mt_open(O_RDWR);
	memset(room, 0x5a, sizeof(room));
	if (!mt_attach(fd, name, NULL) &&
	    !mt_call(fd, MPOOL_IOC_EVENTS, &events) &&
	    mt_lease(fd, 1, BUFFERS, leases) == BUFFERS &&
	    mt_lease(fd, 1, 1, leases) == -EAGAIN)
		len = read(fd, room, sizeof(room));
	close(fd);
	if (len != record_size)
		return true;
	event = (void *)room;
	if (record_size >= known &&
	    (event->type != MPOOL_EVENT_EXHAUSTED || event->lost ||
	     event->count != 1 || event->client ||
	     !mt_all(event + 1, 0, record_size - known)))
		return true;
	return !mt_all(room + len, 0x5a, sizeof(room) - len);
}

TEST_F_TIMEOUT(attack, 06_information_leak, ATTACK_TIMEOUT)
{
	/* A million take the debug kernel more than an hour. */
	const unsigned long full = attack_checked() ? 100000 : 1000000;
	const unsigned long wanted = attack_form(2048, full);
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
	EXPECT_FALSE(clients_leak(self->pool.name, 8));
	EXPECT_FALSE(clients_leak(self->pool.name,
				  sizeof(struct mpool_client_entry)));
	EXPECT_FALSE(clients_leak(self->pool.name, MT_PAGE));
	EXPECT_FALSE(records_leak(self->pool.name, 16));
	EXPECT_FALSE(records_leak(self->pool.name, sizeof(struct mpool_event)));
	EXPECT_FALSE(records_leak(self->pool.name, MT_PAGE));
	ASSERT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 0));

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
