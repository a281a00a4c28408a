// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by loading and unloading: while it is used, and while it is wanted by
 * others.  Leaves the module loaded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
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
