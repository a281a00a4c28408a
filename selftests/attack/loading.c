// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by loading and unloading: while it is used, and while it is wanted by
 * others.  Leaves the module loaded.
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
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "calls.h"
#include "gate.h"
#include "module.h"

#define CHURNERS	2
#define SECOND		1000000000ULL

TEST_F_TIMEOUT(attack, 17_unloading_while_used, ATTACK_TIMEOUT)
{
	struct mpool_lease lease;
	struct mt_client c;
	int fd;

	/* An open file, attached or not. */
	ASSERT_EQ(0, insert(self->fd, ""));
	fd = mt_open(O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(busy(delete("mpool")));
	close(fd);
	ASSERT_EQ(0, delete_in_the_end());
	EXPECT_EQ(-ENOENT, mt_open(O_RDONLY));

	/* A lease, then its mapping alone. */
	ASSERT_EQ(0, insert(self->fd, ""));
	ASSERT_EQ(0, mt_client_open(&c, "default"));
	ASSERT_EQ(1, mt_lease(c.fd, 1, 1, &lease));
	EXPECT_EQ(0, mt_poke(c.win + lease.offset, 1));
	EXPECT_TRUE(busy(delete("mpool")));
	close(c.fd);
	c.fd = -1;
	EXPECT_TRUE(busy(delete("mpool")));
	EXPECT_EQ(0, mt_poke(c.win + lease.offset, 1));
	mt_client_close(&c);
	ASSERT_EQ(0, delete_in_the_end());
	EXPECT_NE(0, access(MT_DEVICE, F_OK));

	/* Another module. */
	fd = open_module("mpool_producer");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, insert(self->fd, ""));
	ASSERT_EQ(0, insert(fd, ""));
	close(fd);
	EXPECT_TRUE(busy(delete("mpool")));
	/* Its pool is its own: root cannot end it, and says why. */
	fd = mt_open(O_RDWR);
	EXPECT_EQ(-EPERM, mt_destroy(fd, "producer"));
	close(fd);
	ASSERT_EQ(0, delete("mpool_producer"));
	ASSERT_EQ(0, delete_in_the_end());
}

/* A client that keeps a piece's page and two buffers, all of them touched. */
static int keep_some(struct mt_client *c, struct mpool_lease *leases)
{
	int i, err;

	mt_attach_flags = 0;
	err = mt_client_open(c, "default");
	if (err)
		return err;
	if (mt_lease(c->fd, 64, 1, leases) != 1 ||
	    mt_lease(c->fd, 2 * MT_PAGE, 2, leases + 1) != 2)
		return -EAGAIN;
	for (i = 0; i < 3; i++)
		if (mt_poke(c->win + leases[i].offset, 0x5a))
			return -EIO;
	return mt_release_leases(c->fd, leases, 3);
}

TEST_F_TIMEOUT(attack, 17_unloading_what_is_kept, ATTACK_TIMEOUT)
{
	struct mpool_lease leases[3];
	struct mpool_stats stats;
	struct mt_client c;
	struct iovec iov;
	unsigned char byte = 0;
	int fds[2], fd;
	__u64 id;

	/* Kept is in use: neither the pool nor the module goes. */
	ASSERT_EQ(0, insert(self->fd, ""));
	fd = mt_open(O_RDWR);
	ASSERT_EQ(0, keep_some(&c, leases));
	ASSERT_EQ(0, mt_stats(c.fd, "", &stats));
	EXPECT_EQ(3, stats.total.cached);
	EXPECT_EQ(0, stats.total.leased);
	EXPECT_EQ(-EBUSY, mt_destroy(fd, "default"));
	EXPECT_TRUE(busy(delete("mpool")));
	/* A pin that is taken of what is kept outlives both. */
	iov = (struct iovec){ c.win + leases[1].offset, 1 };
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(1, vmsplice(fds[1], &iov, 1, 0));
	mt_client_close(&c);
	EXPECT_EQ(0, mt_destroy(fd, "default"));
	close(fd);
	ASSERT_EQ(0, delete_in_the_end());
	EXPECT_EQ(1, read(fds[0], &byte, 1));
	EXPECT_EQ(0x5a, byte);
	close(fds[0]);
	close(fds[1]);

	/* By the mapping alone, and at once with the module. */
	ASSERT_EQ(0, insert(self->fd, ""));
	ASSERT_EQ(0, keep_some(&c, leases));
	close(c.fd);
	c.fd = -1;
	EXPECT_TRUE(busy(delete("mpool")));
	EXPECT_EQ(0, mt_peek(c.win + leases[1].offset, &byte));
	mt_client_close(&c);
	ASSERT_EQ(0, delete_in_the_end());

	/* Whose leases were revoked is a client as before, with nothing. */
	ASSERT_EQ(0, insert(self->fd, ""));
	fd = mt_open(O_RDWR);
	ASSERT_EQ(0, keep_some(&c, leases));
	ASSERT_EQ(2, mt_lease(c.fd, 2 * MT_PAGE, 2, leases));
	id = mt_client_id("default", leases[0].handle);
	ASSERT_EQ(0, mt_revoke(fd, "default", id, 0, NULL));
	EXPECT_EQ(-EBUSY, mt_destroy(fd, "default"));
	close(fd);
	EXPECT_TRUE(busy(delete("mpool")));
	EXPECT_EQ(SIGBUS, mt_peek(c.win + leases[0].offset, &byte));
	mt_client_close(&c);
	ASSERT_EQ(0, delete_in_the_end());
}

/* mpool_callbacks.c's, and its pool. */
#define CALLER		"mpool_callbacks"
#define CALLED		"callbacks"

/* A call that names a pool, and what becomes of the pool's module meanwhile. */
struct naming {
	enum call call;
	bool changes;
	bool without_ctor;
	bool holds;
	int result;
	int fd;
	union call_arg *arg;
};

static const struct naming namings[] = {
	{ .call = CALL_TRIM, .holds = true },
	{ .call = CALL_CONFIG, .changes = true, .holds = true },
	{ .call = CALL_REVOKE, .holds = true, .result = -ESRCH },
	{ .call = CALL_ATTACH, .without_ctor = true, .holds = true },
	/* These have all that they want of it before they answer. */
	{ .call = CALL_CONFIG },
	{ .call = CALL_CLIENTS },
	{ .call = CALL_STATS },
};

static void name_it(struct naming *n)
{
	union call_arg *arg = n->arg;

	memset(arg, 0, sizeof(*arg));
	arg->size = calls[n->call].size;
	switch (n->call) {
	case CALL_TRIM:
		strcpy(arg->trim.name, CALLED);
		break;
	case CALL_CONFIG:
		strcpy(arg->configure.name, CALLED);
		arg->configure.config.max_age_ms = 12345;
		if (n->changes)
			arg->configure.mask = MPOOL_CONFIG_MAX_AGE_MS;
		break;
	case CALL_REVOKE:
		strcpy(arg->revoke.name, CALLED);
		arg->revoke.client = ~0ULL;
		break;
	case CALL_ATTACH:
		strcpy(arg->attach.name, CALLED);
		break;
	case CALL_CLIENTS:
		strcpy(arg->clients.name, CALLED);
		break;
	case CALL_STATS:
		strcpy(arg->stats.name, CALLED);
		break;
	default:
		break;
	}
}

static void *call_it(void *arg)
{
	struct naming *n = arg;

	n->result = mt_call(n->fd, calls[n->call].cmd, n->arg);
	return NULL;
}

/* The pool works while its module is asked to go: what that frees is not run. */
TEST_F_TIMEOUT(attack, 17_unloading_whose_pool_a_call_names, ATTACK_TIMEOUT)
{
	const char *parameters;
	struct mpool_stats stats;
	int module, fd, wanted;
	struct naming n;
	pthread_t thread;
	struct mt_gate gate;
	unsigned int i;

	module = open_module(CALLER);
	ASSERT_LE(0, module);
	ASSERT_EQ(0, insert(self->fd, ""));
	fd = mt_open(O_RDWR);
	for (i = 0; i < MT_ARRAY_SIZE(namings); i++) {
		n = namings[i];
		wanted = n.result;
		parameters = n.without_ctor ? "ctor=0" : "";
		ASSERT_EQ(0, insert(module, parameters));
		ASSERT_EQ(0, mt_gate_make(&gate, UFFDIO_REGISTER_MODE_WP));
		n.fd = mt_open(O_RDWR);
		n.arg = (union call_arg *)gate.page;
		name_it(&n);
		ASSERT_EQ(0, mt_gate_protect(&gate, true));
		ASSERT_EQ(0, pthread_create(&thread, NULL, call_it, &n));
		ASSERT_EQ(0, mt_gate_await(&gate));
		if (n.holds) {
			EXPECT_TRUE(busy(delete(CALLER)));
		} else {
			EXPECT_EQ(0, delete(CALLER));
			EXPECT_EQ(-ENOENT, mt_stats(fd, CALLED, &stats));
		}
		/* Time for some cleanups. */
		mt_sleep_ms(50);
		ASSERT_EQ(0, mt_gate_protect(&gate, false));
		pthread_join(thread, NULL);
		EXPECT_EQ(wanted, n.result) {
			TH_LOG("%s", calls[n.call].name);
		}
		/* Who is attached is a user as well. */
		if (n.call == CALL_ATTACH)
			EXPECT_TRUE(busy(delete(CALLER)));
		close(n.fd);
		if (n.holds)
			EXPECT_EQ(0, delete(CALLER));
		EXPECT_EQ(-ENOENT, mt_stats(fd, CALLED, &stats));
		mt_gate_remove(&gate);
	}
	close(fd);
	close(module);
	ASSERT_EQ(0, delete_in_the_end());
}

static bool module_is(const char *wanted)
{
	char text[16] = "";
	FILE *f = fopen("/sys/module/" CALLER "/initstate", "r");

	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return !strncmp(text, wanted, strlen(wanted));
}

/* Nobody but the mutex keeps it, so that STATS may see it; 0: each call did. */
static int nobody_finds_it(int fd)
{
	struct mpool_pool_config cfg = {};
	struct mpool_stats stats;

	if (mt_stats(fd, CALLED, &stats))
		return 1;
	if (mt_config(fd, CALLED, &cfg, 0) != -ENOENT)
		return 2;
	if (mt_trim(fd, CALLED, 0, NULL) != -ENOENT)
		return 3;
	if (mt_attach(fd, CALLED, NULL) != -ENOENT)
		return 4;
	if (mt_destroy(fd, CALLED) != -ENOENT)
		return 5;
	/* It was there all the time. */
	return mt_stats(fd, CALLED, &stats) ? 6 : 0;
}

TEST_F_TIMEOUT(attack, 17_a_pool_whose_module_comes_and_goes, ATTACK_TIMEOUT)
{
	struct mpool_pool_config cfg = {};
	struct mpool_stats stats;
	int module, fd, pid, i;

	module = open_module(CALLER);
	ASSERT_LE(0, module);
	ASSERT_EQ(0, insert(self->fd, ""));
	fd = mt_open(O_RDWR);

	/* It fails to load, which asks nobody whether it is in use. */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(-insert(module, "ctor=0 load_ms=10000 fail=1"));
	for (i = 0; i < 10000 && mt_stats(fd, CALLED, &stats); i++)
		mt_sleep_ms(1);
	EXPECT_EQ(0, nobody_finds_it(fd));
	EXPECT_EQ(ECANCELED, mt_wait(pid));
	EXPECT_EQ(-ENOENT, mt_stats(fd, CALLED, &stats));

	/* It has begun to go. */
	ASSERT_EQ(0, insert(module, "ctor=0 unload_ms=10000"));
	EXPECT_EQ(0, mt_config(fd, CALLED, &cfg, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(-delete(CALLER));
	for (i = 0; i < 10000 && !module_is("going"); i++)
		mt_sleep_ms(1);
	EXPECT_EQ(0, nobody_finds_it(fd));
	EXPECT_EQ(0, mt_wait(pid));
	EXPECT_EQ(-ENOENT, mt_stats(fd, CALLED, &stats));
	close(fd);
	close(module);
	ASSERT_EQ(0, delete_in_the_end());
}

/* Comes as soon as there is a device, and has all that one can have. */
static void churn(unsigned int seed)
{
	struct mpool_lease leases[4];
	struct mt_client c;
	int i, nr;

	setpriority(PRIO_PROCESS, 0, 0);
	for (;;) {
		if (mt_client_open(&c, rand_r(&seed) % 2 ? "default" : "a"))
			continue;
		nr = mt_lease(c.fd, MT_PAGE << rand_r(&seed) % 4, 4, leases);
		for (i = 0; i < nr; i++)
			mt_poke(c.win + leases[i].offset, 1);
		if (rand_r(&seed) % 2 && nr > 0)
			mt_release_leases(c.fd, leases, nr);
		mt_client_close(&c);
		/* Somebody else wants to unload it, at times. */
		usleep(rand_r(&seed) % 10000);
	}
}

TEST_F_TIMEOUT(attack, 17_loading_under_churn, ATTACK_TIMEOUT)
{
	const unsigned long cycles = attack_form(12, 1000);
	const __u64 start = mt_now(), brief = attack_form(20, 0) * SECOND;
	int pids[CHURNERS];
	unsigned long i;
	int err = 0;

	attack_first();
	for (i = 0; i < CHURNERS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			churn(i);
	}
	for (i = 0; i < cycles; i++) {
		/* Slow machines do less of the brief form. */
		if (brief && i >= 3 && mt_now() > start + brief)
			break;
		attack_round(i, cycles);
		err = insert(self->fd, "pools=a:max_size=256K");
		if (err)
			break;
		usleep(i % 7 * 2000);
		err = delete_in_the_end();
		if (err)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_LE(brief ? 3 : cycles, i);
	printf("# %lu cycles\n", i);
	for (i = 0; i < CHURNERS; i++) {
		kill(pids[i], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, mt_wait(pids[i]));
	}
	EXPECT_NE(0, access(MT_DEVICE, F_OK));
	EXPECT_NE(0, access("/sys/kernel/debug/mpool", F_OK));
}

TEST_HARNESS_MAIN
