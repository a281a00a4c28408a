/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading and unloading modules, by the system calls, from $MODULES; and the
 * fixture of programs whose tests begin without mpool: behind
 * kselftest_harness.h.
 */
#ifndef _ATTACK_MODULE_H
#define _ATTACK_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mpool_test.h"

static inline bool busy(int err)
{
	return err == -EAGAIN || err == -EBUSY || err == -EWOULDBLOCK;
}

static inline int open_module(const char *name)
{
	const char *dir = getenv("MODULES");
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.ko", dir ? dir : "/modules", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline int insert(int fd, const char *parameters)
{
	return syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
}

static inline int delete(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* Says no for as long as somebody uses it, which many may do by turns. */
static inline int delete_in_the_end(void)
{
	const __u64 end = mt_now() + 60000000000ULL;
	int err;

	for (;;) {
		err = delete("mpool");
		if (!busy(err) || mt_now() > end)
			return err;
		usleep(200);
	}
}

/* mpool.ko, which is not loaded while a test begins, and is after it. */
FIXTURE(attack)
{
	int fd;
};

FIXTURE_SETUP(attack)
{
	self->fd = open_module("mpool");
	ASSERT_LE(0, self->fd);
	/* What a test before this left, if it failed. */
	delete("mpool_callbacks");
	delete("mpool_producer");
	ASSERT_EQ(0, delete_in_the_end());
}

FIXTURE_TEARDOWN(attack)
{
	int err = insert(self->fd, "");

	EXPECT_TRUE(!err || err == -EEXIST);
	close(self->fd);
}

#endif /* _ATTACK_MODULE_H */
