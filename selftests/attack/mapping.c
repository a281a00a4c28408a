// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by mapping: ranges that wrap or grow, mappings that outlive what
 * they show, and rights that they were not given.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"

#define NR	4
#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(attack)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[NR];
	/* the first lease's, two pages */
	char *buf;
	unsigned char c;
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = { .max = { 32, 32, 32 } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 2 * MT_PAGE, NR,
			       self->leases));
	self->buf = self->client.win + self->leases[0].offset;
}

FIXTURE_TEARDOWN(attack)
{
	/* Every reference that an attack took or dropped shows here. */
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

/* Maps for a moment, by number of page and of pages; 0 or what was said. */
static int try_map(int fd, __u64 page, __u64 pages, int prot, int flags)
{
	void *p = mmap(NULL, pages * MT_PAGE, prot, flags, fd, page * MT_PAGE);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, pages * MT_PAGE);
	return 0;
}

/* Any refusal will do where core mm may be the first to say so. */
static bool refused(int err)
{
	return err == -EINVAL || err == -EOVERFLOW || err == -ENOMEM;
}

TEST_F_TIMEOUT(attack, 01_mmap_offset_overflow, ATTACK_TIMEOUT)
{
	const __u64 end = self->client.size / MT_PAGE;
	const __u64 last = ~0UL / MT_PAGE;
	const __u64 at[] = {
		0, 1, end - 1, end, end + 1, last - end, last - 1, last,
		1ULL << 31, (1ULL << 32) - 1, 1ULL << 32, 1ULL << 43,
		1ULL << 51, last / 2, last / 2 + 1,
	};
	const __u64 lengths[] = { 1, 2, end - 1, end, end + 1, 1ULL << 20 };
	bool inside;
	size_t i, j;
	int err;

	for (i = 0; i < MT_ARRAY_SIZE(at); i++) {
		for (j = 0; j < MT_ARRAY_SIZE(lengths); j++) {
			err = try_map(self->client.fd, at[i], lengths[j], RW,
				      MAP_SHARED);
			inside = at[i] < end && lengths[j] <= end - at[i];
			EXPECT_TRUE(inside ? !err : refused(err)) {
				TH_LOG("%llu pages at %#llx: %d", lengths[j],
				       at[i], err);
			}
		}
		EXPECT_TRUE(refused(try_map(self->client.fd, at[i], 0, RW,
					    MAP_SHARED)));
	}
	/* Where a sum of bytes, not of pages, would come out small. */
	EXPECT_TRUE(refused(try_map(self->client.fd, last, 2, RW, MAP_SHARED)));
	EXPECT_TRUE(refused(try_map(self->client.fd, last - end + 2, end, RW,
				    MAP_SHARED)));
}

TEST_F_TIMEOUT(attack, 02_fault_past_the_end, ATTACK_TIMEOUT)
{
	const __u64 size = self->client.size;
	int fd = self->client.fd;
	char *part, *p;

	part = mmap(NULL, MT_PAGE, RW, MAP_SHARED, fd, size - MT_PAGE);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(MAP_FAILED, mremap(part, MT_PAGE, 2 * MT_PAGE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(part, MT_PAGE, 1UL << 40,
				     MREMAP_MAYMOVE));
	/* An old length of 0 maps anew, from the same offset. */
	p = mremap(part, 0, 64 * MT_PAGE, MREMAP_MAYMOVE);
	if (p != MAP_FAILED) {
		EXPECT_EQ(SIGBUS, mt_peek(p + MT_PAGE, &self->c));
		EXPECT_EQ(SIGBUS, mt_poke(p + 64 * MT_PAGE - 1, 1));
		munmap(p, 64 * MT_PAGE);
	}
	EXPECT_EQ(SIGBUS, mt_peek(part + MT_PAGE - 1, &self->c));
	/* remap_file_pages() moves what is mapped: within the window alone. */
	EXPECT_NE(0, syscall(SYS_remap_file_pages, part, MT_PAGE, 0,
			     size / MT_PAGE, 0));
	EXPECT_NE(0, syscall(SYS_remap_file_pages, part, MT_PAGE, 0,
			     ~0UL / MT_PAGE, 0));
	EXPECT_NE(0, mt_peek(part + MT_PAGE - 1, &self->c));
	munmap(part, MT_PAGE);

	/* The file's own end is out of reach. */
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(-1, ftruncate(fd, size * 2));
	EXPECT_EQ(-1, fallocate(fd, 0, 0, size));
	EXPECT_EQ(0, mt_poke(self->buf, 1));

	/* Growing in place, where nothing stands in the way. */
	p = self->client.win;
	EXPECT_EQ(MAP_FAILED, mremap(p, size, size + MT_PAGE, 0));
	EXPECT_EQ(MAP_FAILED, mremap(p, size, size + MT_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(0, mt_peek(self->buf, &self->c));
	EXPECT_EQ(1, self->c);
}

static int child_of_the_dead(struct mt_client *client,
			     const struct mpool_lease *leases, int *result)
{
	pid_t parent = getpid();
	unsigned char c;
	int pid = fork();

	if (pid)
		return pid < 0 ? 1 : 0;
	/* Until the one between is gone: an orphan with his mapping. */
	while (getppid() == parent)
		mt_sleep_ms(1);
	result[0] = mt_peek(client->win + leases[0].offset, &c) ?: c != 7;
	result[1] = mt_poke(client->win + leases[1].offset, 8);
	result[2] = mt_release_one(client->fd, leases[1].handle);
	result[3] = mt_poke(client->win + leases[1].offset, 9) != SIGBUS;
	__atomic_store_n(result + 4, 1, __ATOMIC_RELEASE);
	_exit(0);
}

TEST_F_TIMEOUT(attack, 03_life_of_a_mapping, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(8, 1000);
	struct mt_client *c = &self->client, other;
	struct mpool_lease leases[NR];
	int *result = mt_shared(MT_PAGE);
	struct mpool_stats stats;
	unsigned long i;
	char *to;
	int pid;

	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		ASSERT_EQ(0, mt_client_open(&other, self->pool.name));
		ASSERT_EQ(NR, mt_lease(other.fd, 2 * MT_PAGE, NR, leases));
		other.win[leases[0].offset] = 7;

		/* A hole, and both of what is left of it are moved away. */
		ASSERT_EQ(0, munmap(other.win + leases[2].offset, MT_PAGE));
		to = mremap(other.win + leases[2].offset + MT_PAGE, MT_PAGE,
			    MT_PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
		if (to == MAP_FAILED) {
			to = mmap(NULL, MT_PAGE, RW, MAP_SHARED, other.fd,
				  leases[2].offset + MT_PAGE);
			ASSERT_NE(MAP_FAILED, to);
		}
		EXPECT_EQ(0, mt_poke(to, 3));

		memset(result, 0, MT_PAGE);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(child_of_the_dead(&other, leases, result));
		EXPECT_EQ(0, mt_wait(pid));
		while (!__atomic_load_n(result + 4, __ATOMIC_ACQUIRE))
			mt_sleep_ms(1);
		EXPECT_TRUE(mt_all(result, 0, 4 * sizeof(*result)));

		/* What he released is gone here, too. */
		EXPECT_EQ(SIGBUS, mt_poke(other.win + leases[1].offset, 1));
		EXPECT_EQ(0, mt_release_one(other.fd, leases[2].handle));
		EXPECT_EQ(SIGBUS, mt_poke(to, 1));
		munmap(to, MT_PAGE);
		mt_client_close(&other);
	}

	/* Opens and closes balance: only this test's client is there. */
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, mt_stats(c->fd, "", &stats));
		if (stats.nr_clients == 1 && stats.total.leased == NR)
			break;
		mt_sleep_ms(5);
	}
	EXPECT_EQ(1, stats.nr_clients);
	EXPECT_EQ(NR, stats.total.leased);
	EXPECT_EQ(0, mt_poke(self->buf, 1));
}

/* A mapping that is refused leaves the file as it was, however often. */
TEST_F_TIMEOUT(attack, 05_error_path_of_mmap, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(60, 20000);
	const __u64 end = self->client.size / MT_PAGE;
	struct rlimit old, little = { 1 << 20, RLIM_INFINITY };
	struct mpool_stats stats;
	int fd = self->client.fd;
	unsigned long i;

	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &old));
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		ASSERT_EQ(-EINVAL, try_map(fd, end, 1, RW, MAP_SHARED));
		ASSERT_EQ(-EINVAL, try_map(fd, 0, 1, RW, MAP_PRIVATE));
		ASSERT_EQ(-EPERM, try_map(fd, 0, 1, RW | PROT_EXEC,
					  MAP_SHARED));
		ASSERT_EQ(-ENOTCONN, try_map(self->pool.fd, 0, 1, RW,
					     MAP_SHARED));
		/* Over a mapping of its own, which that may cost. */
		ASSERT_EQ(MAP_FAILED,
			  mmap(self->client.win + self->leases[1].offset,
			       MT_PAGE, RW | PROT_EXEC, MAP_SHARED | MAP_FIXED,
			       fd, 0));
		little.rlim_max = old.rlim_max;
		ASSERT_EQ(0, setrlimit(RLIMIT_AS, &little));
		ASSERT_EQ(-ENOMEM, try_map(fd, 0, 1024, RW, MAP_SHARED));
		ASSERT_EQ(0, setrlimit(RLIMIT_AS, &old));
	}
	ASSERT_EQ(0, mt_stats(fd, "", &stats));
	EXPECT_EQ(1, stats.nr_clients);
	EXPECT_EQ(NR, stats.total.leased);
	EXPECT_EQ(0, mt_poke(self->buf, 1));
	EXPECT_EQ(0, try_map(fd, 0, end, RW, MAP_SHARED));
	EXPECT_EQ(0, mt_release_one(fd, self->leases[1].handle));
}

#define SIZES	3
#define EACH	4
#define TARGETS	(SIZES * EACH)

struct scribbler {
	char *buf[TARGETS];
	bool stop;
	unsigned long reached;
	unsigned long refused;
};

/* Writes wherever it once could, at any place of a page. */
static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	unsigned int i, at = 0;
	char *p;

	setpriority(PRIO_PROCESS, 0, 0);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < TARGETS; i++) {
			p = __atomic_load_n(&s->buf[i], __ATOMIC_RELAXED);
			if (!p)
				continue;
			if (mt_poke(p + at, 0xee))
				s->refused++;
			else
				s->reached++;
		}
		at = (at + 61) % MT_PAGE;
	}
	return NULL;
}

static int scribble_in_child(struct scribbler *s)
{
	int pid = fork();

	if (!pid) {
		scribble(s);
		_exit(0);
	}
	return pid;
}

/* Nothing, or what this client wrote. */
static bool own(const char *p, unsigned char mine, size_t len)
{
	const unsigned char *c = (const unsigned char *)p;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!c[i] || c[i] == mine)
			continue;
		printf("# byte %zu of %zu is %#x, neither 0 nor %#x\n", i, len,
		       c[i], mine);
		return false;
	}
	return true;
}

/* Everything there is, looked at, filled, looked at again and given back. */
static int occupy(struct mt_client *victim, __u32 flags, __u64 size, __u32 max)
{
	struct mpool_lease leases[32];
	int j, nr;

	nr = mt_lease_wait(victim->fd, flags, size, max,
			   mt_now() + 30000000000ULL, leases);
	for (j = 0; j < nr; j++)
		if (!own(victim->win + leases[j].offset, 0x11, size))
			return -EILSEQ;
	for (j = 0; j < nr; j++)
		memset(victim->win + leases[j].offset, 0x11, size);
	mt_sleep_ms(1);
	for (j = 0; j < nr; j++)
		if (!mt_all(victim->win + leases[j].offset, 0x11, size))
			return -EILSEQ;
	return nr > 0 ? mt_release_leases(victim->fd, leases, nr) : nr;
}

TEST_F_TIMEOUT(attack, 07_page_freed_while_mapped, ATTACK_TIMEOUT)
{
	const unsigned long rounds = attack_form(16, 2000);
	struct scribbler *s = mt_shared(MT_PAGE);
	struct mpool_lease leases[32];
	struct mt_client victim;
	pthread_t thread;
	unsigned long i;
	int j, nr, pid;
	char *twin;

	ASSERT_EQ(0, mt_client_open(&victim, self->pool.name));
	twin = mmap(NULL, self->client.size, RW, MAP_SHARED, self->client.fd,
		    0);
	ASSERT_NE(MAP_FAILED, twin);
	s->buf[0] = self->buf;
	s->buf[1] = self->buf + MT_PAGE;
	s->buf[2] = twin + self->leases[0].offset;
	/* Touched by all, mapped by all. */
	for (j = 0; j < 3; j++)
		ASSERT_EQ(0, mt_poke(s->buf[j], 1));
	ASSERT_EQ(0, mt_release_one(self->client.fd, self->leases[0].handle));
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, s));
	pid = scribble_in_child(s);
	ASSERT_LE(0, pid);
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		/* Round and round through the pool and through the system. */
		if (i % 8 == 7)
			ASSERT_EQ(0, mt_trim(victim.fd, "", 0, NULL));
		ASSERT_EQ(0, occupy(&victim, 0, 2 * MT_PAGE, 32));
	}
	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, mt_wait(pid));
	EXPECT_EQ(0, s->reached);
	EXPECT_LT(0, s->refused);

	/* The descriptor goes, the mapping stays: so does one's own page. */
	ASSERT_EQ(0, mt_poke(self->client.win + self->leases[1].offset, 0x77));
	close(self->client.fd);
	self->client.fd = -1;
	EXPECT_EQ(-EBUSY, mt_destroy(self->pool.fd, self->pool.name));
	nr = mt_lease(victim.fd, 2 * MT_PAGE, 32, leases);
	for (j = 0; j < nr; j++)
		memset(victim.win + leases[j].offset, 0x22, 2 * MT_PAGE);
	EXPECT_EQ(0, mt_peek(self->client.win + self->leases[1].offset,
			     &self->c));
	EXPECT_EQ(0x77, self->c);
	munmap(twin, self->client.size);
	mt_client_close(&victim);
}

/*
 * Written to by every CPU while it is released, and kept: what the attacker
 * reaches is his own, and then it is another's and out of his reach.
 */
TEST_F_TIMEOUT(attack, 07_page_written_while_released, ATTACK_TIMEOUT)
{
	/* Compound and split pages. */
	static const __u64 sizes[SIZES] = { 2 * MT_PAGE, 3 * MT_PAGE,
					    8 * MT_PAGE };
	const unsigned long rounds = attack_form(30, 6000);
	struct scribbler *s = mt_shared(MT_PAGE);
	struct mpool_lease leases[EACH];
	struct mt_client victim, attacker;
	struct mpool_stats stats;
	unsigned long i, kept = 0;
	pthread_t threads[2];
	int j, pid;
	__u64 size;
	char *p;

	ASSERT_EQ(0, mt_release_leases(self->client.fd, self->leases, NR));
	ASSERT_EQ(0, mt_client_open(&victim, self->pool.name));
	mt_attach_flags = 0;
	ASSERT_EQ(0, mt_client_open(&attacker, self->pool.name));
	mt_attach_flags = MPOOL_ATTACH_STRICT;
	attack_first();
	pid = scribble_in_child(s);
	ASSERT_LE(0, pid);
	for (j = 0; j < 2; j++)
		ASSERT_EQ(0, pthread_create(&threads[j], NULL, scribble, s));
	for (i = 0; i < rounds; i++) {
		attack_round(i, rounds);
		size = sizes[i % SIZES];
		ASSERT_EQ(EACH, mt_lease_wait(attacker.fd, MPOOL_LEASE_ALL,
					      size, EACH,
					      mt_now() + 30000000000ULL,
					      leases));
		for (j = 0; j < EACH; j++) {
			p = attacker.win + leases[j].offset;
			ASSERT_TRUE(own(p, 0xee, size));
			/* Its last page, which is mapped last. */
			__atomic_store_n(&s->buf[i % SIZES * EACH + j],
					 p + size - MT_PAGE, __ATOMIC_RELAXED);
		}
		/* Until they are at it. */
		mt_sleep_ms(i % 4);
		ASSERT_EQ(0, mt_release_leases(attacker.fd, leases, EACH));
		ASSERT_EQ(0, mt_stats(victim.fd, "", &stats));
		kept += stats.total.cached;
		ASSERT_EQ(0, occupy(&victim, MPOOL_LEASE_ALL, size, 32)) {
			TH_LOG("round %lu", i);
		}
	}
	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	for (j = 0; j < 2; j++)
		pthread_join(threads[j], NULL);
	EXPECT_EQ(0, mt_wait(pid));
	/* It came to something: writes, refusals, and what was to be recalled. */
	EXPECT_LT(0, s->reached);
	EXPECT_LT(0, s->refused);
	EXPECT_LT(0, kept);
	mt_client_close(&attacker);
	mt_client_close(&victim);
}

TEST_F_TIMEOUT(attack, 08_read_only_to_read_write, ATTACK_TIMEOUT)
{
	int fd = mt_open(O_RDONLY), wo = mt_open(O_WRONLY);
	static const int private[] = { PROT_READ, RW, PROT_NONE, PROT_EXEC };
	struct mpool_attach attach;
	struct mpool_lease lease;
	size_t i;
	char *p;

	ASSERT_EQ(0, mt_attach(fd, self->pool.name, &attach));
	ASSERT_EQ(1, mt_lease(fd, 1, 1, &lease));
	EXPECT_EQ(-EACCES, try_map(fd, 0, 1, RW, MAP_SHARED));
	EXPECT_EQ(-EACCES, try_map(fd, 0, 1, PROT_WRITE, MAP_SHARED));
	for (i = 0; i < MT_ARRAY_SIZE(private); i++) {
		EXPECT_EQ(-EINVAL, try_map(fd, 0, 1, private[i], MAP_PRIVATE));
		EXPECT_EQ(-EINVAL, try_map(self->client.fd, 0, 1, private[i],
					   MAP_PRIVATE));
	}
	/* By all ways that make a mapping writable later. */
	p = mmap(NULL, attach.window_size, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, mt_peek(p + lease.offset, &self->c));
	EXPECT_EQ(-1, mprotect(p, attach.window_size, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(p + lease.offset, MT_PAGE, PROT_WRITE));
	EXPECT_EQ(-1, mprotect(p, attach.window_size, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, mprotect(p, attach.window_size, PROT_NONE));
	EXPECT_EQ(-1, mprotect(p, attach.window_size, RW));
	EXPECT_EQ(0, mprotect(p, attach.window_size, PROT_READ));
	EXPECT_EQ(SIGSEGV, mt_poke(p + lease.offset, 1));
	/* Past the page tables: a writer's way through a reader's mapping. */
	i = open("/proc/self/mem", O_RDWR);
	EXPECT_EQ(-1, pwrite(i, "x", 1, (uintptr_t)p + lease.offset));
	close(i);
	EXPECT_EQ(0, mt_peek(p + lease.offset, &self->c));
	EXPECT_EQ(0, self->c);
	munmap(p, attach.window_size);

	/* To write is to read: no such mapping without the right to both. */
	ASSERT_EQ(0, mt_attach(wo, self->pool.name, &attach));
	EXPECT_EQ(-EACCES, try_map(wo, 0, 1, PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(-EACCES, try_map(wo, 0, 1, PROT_READ, MAP_SHARED));

	EXPECT_EQ(-EPERM, try_map(self->client.fd, 0, 1, RW | PROT_EXEC,
				  MAP_SHARED));
	EXPECT_EQ(-1, mprotect(self->client.win, MT_PAGE, RW | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	close(fd);
	close(wo);
}

TEST_HARNESS_MAIN
