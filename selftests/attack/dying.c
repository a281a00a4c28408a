// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by dying and by being disturbed: SIGKILL in every call that blocks,
 * signals without end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "calls.h"
#include "gate.h"

#define NR	4
#define MAX	24

FIXTURE(attack)
{
	struct mt_pool pool;
};

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
}

FIXTURE_TEARDOWN(attack)
{
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

struct wait {
	const struct mt_pool *pool;
	struct call_bed *bed;
	enum call call;
	/* the structure, or what it points to */
	bool nested;
	bool *ready;
	__u64 deadline;
	int fd;
};

/* The call's memory is the page that never comes. */
static int block_in_memory(struct wait *w)
{
	struct call_bed *bed = w->bed;
	void *arg = &bed->arg;
	struct mt_gate gate;

	if (mt_gate_make(&gate, UFFDIO_REGISTER_MODE_MISSING))
		return 77;
	if (call_prepare(bed, w->pool, w->call))
		return 1;
	if (w->nested)
		memcpy(bed->arg.bytes + calls[w->call].nested,
		       &(__u64){ (uintptr_t)gate.page }, 8);
	else
		arg = gate.page;
	__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
	mt_call(bed->fd, calls[w->call].cmd, arg);
	return 2;
}

/* LEASE, when there is nothing or not enough; 0 when it got all. */
static int block_in_lease(struct wait *w)
{
	struct mpool_lease leases[NR];
	int fd = mt_open(O_RDWR);

	if (mt_attach(fd, w->pool->name, NULL))
		return 1;
	__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
	return mt_lease_wait(fd, w->nested ? MPOOL_LEASE_ALL : 0, MT_PAGE, NR,
			     w->deadline, leases) == NR ? 0 : 2;
}

static int ask(int fd)
{
	struct mpool_events events = {
		.size = sizeof(events),
		.mask = MPOOL_EVENT_REVOKED,
		.record_size = sizeof(struct mpool_event),
		.eventfd = -1,
	};

	return mt_call(fd, MPOOL_IOC_EVENTS, &events);
}

static int subscribe(const char *pool)
{
	int fd = mt_open(O_RDWR);

	return mt_attach(fd, pool, NULL) || ask(fd) ? -EINVAL : fd;
}

/* read(), when there is no event. */
static int block_in_read(struct wait *w)
{
	int fd = subscribe(w->pool->name);
	struct mpool_event event;

	if (fd < 0)
		return 1;
	__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
	return read(fd, &event, sizeof(event)) < 0 ? 2 : 3;
}

/* read(), when there is one and its memory never comes. */
static int block_in_telling(struct wait *w)
{
	struct mt_gate gate;

	if (mt_gate_make(&gate, UFFDIO_REGISTER_MODE_MISSING))
		return 1;
	__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
	return read(w->fd, gate.page, MT_PAGE) < 0 ? 2 : 3;
}

/* The same file's read() or EVENTS, meanwhile. */
static int block_behind(struct wait *w)
{
	struct mpool_event event;

	__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
	if (w->nested)
		return ask(w->fd) ? 2 : 3;
	return read(w->fd, &event, sizeof(event)) < 0 ? 2 : 3;
}

/* poll(), when there is neither an event nor anything to lease. */
static int block_in_poll(struct wait *w)
{
	int fd = subscribe(w->pool->name);

	if (fd < 0)
		return 1;
	__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
	return mt_poll(fd, POLLIN | POLLOUT, -1) < 0 ? 2 : 3;
}

/* Runs it in a child, and comes back when that is about to wait. */
static int start_waiting(int (*block)(struct wait *w), struct wait *w)
{
	int pid;

	*w->ready = false;
	pid = fork();
	if (!pid) {
		int status = block(w);

		__atomic_store_n(w->ready, true, __ATOMIC_RELEASE);
		_exit(status);
	}
	while (!__atomic_load_n(w->ready, __ATOMIC_ACQUIRE))
		mt_sleep_ms(1);
	mt_sleep_ms(20);
	return pid;
}

/* As mt_wait(), of who was killed and may not take long to be dead. */
static int kill_soon(int pid)
{
	const __u64 end = mt_now() + 20000000000ULL;
	siginfo_t info = {};

	kill(pid, SIGKILL);
	do {
		mt_sleep_ms(1);
		if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
			return -errno;
	} while (!info.si_pid && mt_now() < end);
	return info.si_pid ? mt_wait(pid) : -ETIMEDOUT;
}

/* Is killed while it waits; its exit status says whether it did. */
static int kill_waiting(int (*block)(struct wait *w), struct wait *w)
{
	return kill_soon(start_waiting(block, w));
}

static void nothing(int sig)
{
	(void)sig;
}

struct disturbed {
	const struct mt_pool *pool;
	unsigned long rounds;
	unsigned long interrupted;
	unsigned long lost;
};

/* With a signal each millisecond, what was asked for is there in the end. */
static int endure(void *arg)
{
	struct itimerval tick = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction act = { .sa_handler = nothing };
	struct disturbed *d = arg;
	struct mpool_lease leases[NR];
	struct mt_client c;
	unsigned long i;
	int nr, j;

	sigaction(SIGALRM, &act, NULL);
	if (setitimer(ITIMER_REAL, &tick, NULL))
		return 1;
	for (i = 0; i < d->rounds; i++) {
		attack_round(i, d->rounds);
		mt_attach_flags = i % 2 ? MPOOL_ATTACH_STRICT : 0;
		if (mt_client_open(&c, d->pool->name))
			return 2;
		/* Two take turns with what is enough for one. */
		do {
			nr = mt_lease_wait(c.fd, MPOOL_LEASE_ALL, MT_PAGE, NR,
					   MPOOL_FOREVER, leases);
			d->interrupted += nr == -EINTR;
		} while (nr == -EINTR);
		if (nr != NR)
			return 3;
		for (j = 0; j < nr; j++)
			d->lost += !!mt_poke(c.win + leases[j].offset, 1);
		if (mt_release_leases(c.fd, leases, nr))
			return 4;
		mt_client_close(&c);
	}
	return 0;
}

TEST_F_TIMEOUT(attack, 14_signals, ATTACK_TIMEOUT)
{
	struct disturbed *d = mt_shared(MT_PAGE);
	struct wait w = { .pool = &self->pool };
	struct mpool_lease leases[MAX];
	struct mt_client holder;
	struct mpool_stats stats;
	int pids[3], status;
	unsigned int i;

	w.ready = mt_shared(MT_PAGE);
	w.bed = mt_shared(sizeof(*w.bed));
	/* Killed in every call that can block on memory. */
	for (w.call = 0; w.call < NR_CALLS; w.call++) {
		for (i = 0; i < 2; i++) {
			w.nested = i;
			if (w.nested && !calls[w.call].nested)
				continue;
			status = kill_waiting(block_in_memory, &w);
			if (status == 77)
				SKIP(return, "no userfaultfd");
			EXPECT_EQ(128 + SIGKILL, status) {
				TH_LOG("%s", calls[w.call].name);
			}
			/* What it had made for its call. */
			mt_destroy(self->pool.fd, w.bed->second);
			EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name,
					      0));
		}
	}

	/* And in LEASE, with nothing and with a part of it in hand. */
	ASSERT_EQ(0, mt_client_open(&holder, self->pool.name));
	ASSERT_EQ(MAX, mt_lease(holder.fd, 1, MAX, leases));
	w.nested = false;
	w.deadline = MPOOL_FOREVER;
	EXPECT_EQ(128 + SIGKILL, kill_waiting(block_in_lease, &w));
	EXPECT_EQ(128 + SIGKILL, kill_waiting(block_in_poll, &w));
	EXPECT_EQ(128 + SIGKILL, kill_waiting(block_in_read, &w));
	ASSERT_EQ(0, mt_release_leases(holder.fd, leases, NR - 1));
	w.nested = true;
	EXPECT_EQ(128 + SIGKILL, kill_waiting(block_in_lease, &w));

	/* And waiting for the turn to wait with a part: the third has it next. */
	pids[0] = start_waiting(block_in_lease, &w);
	pids[1] = start_waiting(block_in_lease, &w);
	w.deadline = mt_now() + 60000000000ULL;
	pids[2] = start_waiting(block_in_lease, &w);
	EXPECT_EQ(128 + SIGKILL, kill_soon(pids[1]));
	EXPECT_EQ(128 + SIGKILL, kill_soon(pids[0]));
	ASSERT_EQ(0, mt_release_one(holder.fd, leases[MAX - 1].handle));
	EXPECT_EQ(0, mt_wait(pids[2]));
	ASSERT_EQ(1, mt_lease_wait(holder.fd, 0, 1, 1,
				   mt_now() + 5000000000ULL,
				   leases + MAX - 1));
	/* Nothing is kept for the dead. */
	EXPECT_EQ(0, mt_await_clean(holder.fd, ""));
	EXPECT_EQ(NR - 1, mt_lease(holder.fd, 1, NR, leases));

	/* Interrupted each millisecond, two fight for one more than half. */
	ASSERT_EQ(0, mt_release_leases(holder.fd, leases, NR - 1));
	ASSERT_EQ(0, mt_release_leases(holder.fd, leases + NR - 1, 2));
	memset(d, 0, 2 * sizeof(*d));
	for (i = 0; i < 2; i++) {
		d[i].pool = &self->pool;
		d[i].rounds = attack_form(25, 5000);
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			_exit(endure(d + i));
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, mt_wait(pids[i]));
		EXPECT_EQ(0, d[i].lost);
	}
	printf("# interrupted %lu and %lu times\n", d[0].interrupted,
	       d[1].interrupted);
	ASSERT_EQ(0, mt_stats(holder.fd, "", &stats));
	EXPECT_EQ(1, stats.nr_clients);
	mt_client_close(&holder);
}

/* Whose memory never comes is nobody else's trouble, though they share a file. */
TEST_F_TIMEOUT(attack, 14_behind_who_is_told, ATTACK_TIMEOUT)
{
	struct wait w = { .pool = &self->pool };
	struct mpool_lease lease;
	struct mt_gate gate;
	__u64 revoked;
	int pid, err, i;

	err = mt_gate_make(&gate, UFFDIO_REGISTER_MODE_MISSING);
	if (err)
		SKIP(return, "no userfaultfd: %d", err);
	mt_gate_remove(&gate);
	w.ready = mt_shared(MT_PAGE);
	w.fd = subscribe(self->pool.name);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(1, mt_lease(w.fd, MT_PAGE, 1, &lease));
	ASSERT_EQ(0, mt_revoke(self->pool.fd, self->pool.name,
			       mt_client_id(self->pool.name, lease.handle),
			       lease.handle, &revoked));
	pid = start_waiting(block_in_telling, &w);
	/* It has the only record in its hands, or others would. */
	for (i = 0; i < 10000 && mt_poll(w.fd, POLLIN, 0) & POLLIN; i++)
		mt_sleep_ms(1);
	EXPECT_EQ(0, mt_poll(w.fd, POLLIN, 0));
	EXPECT_EQ(128 + SIGKILL, kill_waiting(block_behind, &w));
	w.nested = true;
	EXPECT_EQ(128 + SIGKILL, kill_waiting(block_behind, &w));
	EXPECT_EQ(128 + SIGKILL, kill_soon(pid));
	/* It was not told, and so can be read still. */
	EXPECT_EQ(POLLIN, mt_poll(w.fd, POLLIN, 0));
	close(w.fd);
}

TEST_HARNESS_MAIN
