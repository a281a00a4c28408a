// SPDX-License-Identifier: GPL-2.0
/*
 * How long leases live: as long as the last descriptor or mapping of their
 * file, in whatever process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "mpool_test.h"
#include "send_fd.h"

#define NR	4

FIXTURE(life)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mpool_lease leases[NR];
	char *buf;
	unsigned char c;
	/* between processes */
	int *step;
	int *result;
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, mt_setup(&self->pool, NULL));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(NR, mt_lease(self->client.fd, 1, NR, self->leases));
	self->buf = self->client.win + self->leases[0].offset;
	self->step = mt_shared(MT_PAGE);
	ASSERT_NE(NULL, self->step);
	self->result = self->step + 1;
}

FIXTURE_TEARDOWN(life)
{
	mt_client_close(&self->client);
	EXPECT_EQ(0, mt_teardown(&self->pool));
}

static long leased(const struct mt_pool *pool)
{
	struct mpool_stats stats;
	int err = mt_stats(pool->fd, pool->name, &stats);

	return err ? err : (long)stats.total.leased;
}

static void await_step(int *step, int value)
{
	while (__atomic_load_n(step, __ATOMIC_ACQUIRE) < value)
		mt_sleep_ms(2);
}

static void make_step(int *step, int value)
{
	__atomic_store_n(step, value, __ATOMIC_RELEASE);
}

TEST_F(life, close_gives_all_back)
{
	EXPECT_EQ(NR, leased(&self->pool));
	munmap(self->client.win, self->client.size);
	EXPECT_EQ(NR, leased(&self->pool));
	close(self->client.fd);
	EXPECT_EQ(0, leased(&self->pool));
	self->client.win = NULL;
	self->client.fd = -1;
}

TEST_F(life, mapping_outlives_the_descriptor)
{
	self->buf[0] = 42;
	close(self->client.fd);
	self->client.fd = -1;
	EXPECT_EQ(NR, leased(&self->pool));
	EXPECT_EQ(42, self->buf[0]);
	/* Pages that were not there yet still come. */
	EXPECT_EQ(0, mt_poke(self->client.win + self->leases[1].offset, 1));
	/* A single page of it is enough. */
	munmap(self->client.win + MT_PAGE, self->client.size - MT_PAGE);
	EXPECT_EQ(NR, leased(&self->pool));
	munmap(self->client.win, MT_PAGE);
	EXPECT_EQ(0, leased(&self->pool));
	self->client.win = NULL;
}

TEST_F(life, duplicate_of_the_descriptor)
{
	int fd = dup(self->client.fd);

	mt_client_close(&self->client);
	EXPECT_EQ(NR, leased(&self->pool));
	/* It is the same client. */
	EXPECT_EQ(0, mt_release_one(fd, self->leases[0].handle));
	EXPECT_EQ(NR - 1, leased(&self->pool));
	close(fd);
	EXPECT_EQ(0, leased(&self->pool));
}

TEST_F(life, forked_child_shares)
{
	int pid;

	strcpy(self->buf, "parent");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		unsigned char c;

		self->result[0] = strcmp(self->buf, "parent");
		strcpy(self->buf, "child");
		/* One that neither has touched before. */
		self->result[1] = mt_poke(self->client.win +
					  self->leases[1].offset, 1);
		make_step(self->step, 1);
		await_step(self->step, 2);
		self->result[2] = mt_peek(self->buf, &c);
		self->result[3] = mt_peek(self->client.win +
					  self->leases[1].offset, &c);
		self->result[4] = mt_peek(self->client.win +
					  self->leases[2].offset, &c);
		_exit(0);
	}
	await_step(self->step, 1);
	EXPECT_STREQ("child", self->buf);
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, 2));
	make_step(self->step, 2);
	EXPECT_EQ(0, mt_wait(pid));
	EXPECT_EQ(0, self->result[0]);
	EXPECT_EQ(0, self->result[1]);
	EXPECT_EQ(SIGBUS, self->result[2]);
	EXPECT_EQ(SIGBUS, self->result[3]);
	EXPECT_EQ(0, self->result[4]);
	EXPECT_EQ(NR - 2, leased(&self->pool));
}

/* The child lives on in the file's place, and may release, too. */
TEST_F(life, forked_child_outlives)
{
	int pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		await_step(self->step, 1);
		self->result[0] = mt_poke(self->buf, 1);
		self->result[1] = mt_release_one(self->client.fd,
						 self->leases[0].handle);
		self->result[2] = mt_poke(self->buf, 1);
		make_step(self->step, 2);
		await_step(self->step, 3);
		_exit(0);
	}
	mt_client_close(&self->client);
	EXPECT_EQ(NR, leased(&self->pool));
	make_step(self->step, 1);
	await_step(self->step, 2);
	EXPECT_EQ(0, self->result[0]);
	EXPECT_EQ(0, self->result[1]);
	EXPECT_EQ(SIGBUS, self->result[2]);
	EXPECT_EQ(NR - 1, leased(&self->pool));
	make_step(self->step, 3);
	EXPECT_EQ(0, mt_wait(pid));
	EXPECT_EQ(0, leased(&self->pool));
}

struct holder {
	const char *name;
	int *step;
	bool exits;
};

static int hold(void *arg)
{
	struct holder *h = arg;
	struct mpool_lease leases[NR];
	struct mt_client client;

	if (mt_client_open(&client, h->name) ||
	    mt_lease(client.fd, 1, NR, leases) != NR)
		return 1;
	client.win[leases[0].offset] = 1;
	make_step(h->step, 1);
	if (h->exits)
		return 0;
	for (;;)
		pause();
}

TEST_F(life, exit_gives_all_back)
{
	struct holder h = { self->pool.name, self->step, true };

	EXPECT_EQ(0, mt_in_child(hold, &h));
	EXPECT_EQ(NR, leased(&self->pool));
}

TEST_F(life, kill_gives_all_back)
{
	struct holder h = { self->pool.name, self->step, false };
	int i, pid;

	for (i = 0; i < 10; i++) {
		make_step(self->step, 0);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(hold(&h));
		await_step(self->step, 1);
		EXPECT_EQ(2 * NR, leased(&self->pool));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
		EXPECT_EQ(NR, leased(&self->pool));
	}
}

/* At any instruction: leasing, touching and releasing without end. */
static int churn(void *arg)
{
	struct mpool_lease leases[NR];
	struct mt_client client;
	int i, nr;

	if (mt_client_open(&client, arg))
		return 1;
	for (;;) {
		nr = mt_lease(client.fd, MT_PAGE << (rand() % 4), NR, leases);
		for (i = 0; i < nr; i++)
			client.win[leases[i].offset] = 1;
		if (nr > 0)
			mt_release_leases(client.fd, leases, nr);
	}
}

TEST_F_TIMEOUT(life, kill_in_the_middle, 240)
{
	int i, pid;

	for (i = 0; i < 60; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(churn(self->pool.name));
		mt_sleep_ms(5 + i % 20);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
		ASSERT_EQ(NR, leased(&self->pool));
	}
}

/* Across exec, a descriptor that is not to be kept is closed. */
TEST_F(life, exec)
{
	int pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		fcntl(self->client.fd, F_SETFD, 0);
		/* A timer that disturbs (SIGNALS=1) goes on across exec. */
		signal(SIGALRM, SIG_IGN);
		execl("/bin/sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	mt_client_close(&self->client);
	mt_sleep_ms(200);
	/* The mapping went with the program, the descriptor did not. */
	EXPECT_EQ(NR, leased(&self->pool));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, mt_wait(pid));
	EXPECT_EQ(0, leased(&self->pool));
}

struct sender {
	const char *name;
	int socket;
	struct mpool_lease *lease;
	__u64 *size;
};

static int send_and_exit(void *arg)
{
	struct sender *s = arg;
	struct mt_client client;

	if (mt_client_open(&client, s->name) ||
	    mt_lease(client.fd, 1, 1, s->lease) != 1)
		return 1;
	strcpy(client.win + s->lease->offset, "from the dead");
	*s->size = client.size;
	return send_fd(s->socket, client.fd) ? 2 : 0;
}

TEST_F(life, file_sent_over_a_socket)
{
	struct sender s = { .name = self->pool.name };
	int sockets[2], fd;
	char *win;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	s.socket = sockets[0];
	s.lease = mt_shared(MT_PAGE);
	s.size = (__u64 *)(s.lease + 1);
	ASSERT_EQ(0, mt_in_child(send_and_exit, &s));
	/* In flight: nobody's descriptor, and alive. */
	EXPECT_EQ(NR + 1, leased(&self->pool));
	fd = receive_fd(sockets[1]);
	ASSERT_LE(0, fd);
	win = mmap(NULL, *s.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, win);
	EXPECT_STREQ("from the dead", win + s.lease->offset);
	EXPECT_EQ(0, mt_release_one(fd, s.lease->handle));
	EXPECT_EQ(SIGBUS, mt_peek(win + s.lease->offset, &self->c));
	munmap(win, *s.size);
	close(fd);
}

TEST_F(life, file_in_flight_is_dropped)
{
	struct sender s = { .name = self->pool.name };
	int sockets[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	s.socket = sockets[0];
	s.lease = mt_shared(MT_PAGE);
	s.size = (__u64 *)(s.lease + 1);
	ASSERT_EQ(0, mt_in_child(send_and_exit, &s));
	EXPECT_EQ(NR + 1, leased(&self->pool));
	close(sockets[0]);
	close(sockets[1]);
	/* The sockets' garbage is collected when it suits. */
	EXPECT_EQ(0, mt_release_leases(self->client.fd, self->leases, NR));
	EXPECT_EQ(0, mt_quiet(self->pool.fd, self->pool.name, 1));
}

TEST_HARNESS_MAIN
