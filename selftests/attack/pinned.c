// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by pinning: a device still works on a buffer's pages when the lease
 * ends.  null_blk completes a read when its timer says so, and not before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/aio_abi.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "file.h"

#define MAX		4
#define CONFIG		"/sys/kernel/config/nullb"
#define DISK		CONFIG "/attack"
/* How long a read takes; debug kernels need some of it to look around. */
#define COMPLETION_NS	"3000000000"

FIXTURE(attack)
{
	struct mt_pool pool;
	struct mt_client client;
	struct mt_client other;
	aio_context_t aio;
	int disk;
	bool ended;
};

static int open_disk(void)
{
	static const char *const names[] = { "/dev/attack", "/dev/nullb0" };
	unsigned int i, j;
	int fd;

	/* devtmpfs needs a moment */
	for (i = 0; i < 3000; i++) {
		for (j = 0; j < 2; j++) {
			fd = open(names[j], O_RDWR | O_DIRECT);
			if (fd >= 0)
				return fd;
		}
		mt_sleep_ms(10);
	}
	return -ENOENT;
}

static int make_disk(void)
{
	static const char *const settings[][2] = {
		{ "size", "16" }, { "blocksize", "4096" },
		{ "memory_backed", "1" }, { "irqmode", "2" },
		{ "completion_nsec", COMPLETION_NS }, { "power", "1" },
	};
	unsigned int i;
	int err;

	if (access(CONFIG, F_OK) && system("modprobe null_blk nr_devices=0"))
		return -ENODEV;
	/* Where it is a module, nobody could mount it before. */
	if (access(CONFIG, F_OK))
		mount("config", "/sys/kernel/config", "configfs", 0, NULL);
	if (access(CONFIG, F_OK))
		return -ENODEV;
	if (mkdir(DISK, 0700))
		return -errno;
	for (i = 0; i < MT_ARRAY_SIZE(settings); i++) {
		err = mt_write(settings[i][1], DISK "/%s", settings[i][0]);
		if (err) {
			printf("# %s: %s\n", settings[i][0], strerror(-err));
			return err;
		}
	}
	return open_disk();
}

FIXTURE_SETUP(attack)
{
	struct mpool_pool_config cfg = { .max = { MAX, MAX, MAX } };

	ASSERT_EQ(0, mt_setup(&self->pool, &cfg));
	ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
	ASSERT_EQ(0, mt_client_open(&self->other, self->pool.name));
	ASSERT_EQ(0, syscall(SYS_io_setup, 8, &self->aio));
	self->disk = make_disk();
}

FIXTURE_TEARDOWN(attack)
{
	syscall(SYS_io_destroy, self->aio);
	if (self->disk >= 0)
		close(self->disk);
	rmdir(DISK);
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	if (self->ended)
		close(self->pool.fd);
	else
		EXPECT_EQ(0, mt_teardown(&self->pool));
}

static int submit(aio_context_t aio, int op, int fd, void *buf, __u64 size)
{
	struct iocb cb = {
		.aio_lio_opcode = op,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)buf,
		.aio_nbytes = size,
	}, *list = &cb;

	return syscall(SYS_io_submit, aio, 1, &list) == 1 ? 0 : -errno;
}

static long long await_end(aio_context_t aio)
{
	struct io_event event;

	return syscall(SYS_io_getevents, aio, 1, 1, &event, NULL) == 1 ?
	       event.res : -errno;
}

/* The ring in the process's memory says it, and keeps the event. */
static bool in_flight(aio_context_t aio)
{
	/* as fs/aio.c lays it out: id, nr, head, tail */
	const unsigned int *ring = (const unsigned int *)aio;

	return __atomic_load_n(ring + 2, __ATOMIC_ACQUIRE) ==
	       __atomic_load_n(ring + 3, __ATOMIC_ACQUIRE);
}

/* Takes all there is, looks what it holds, stamps it; how many it was. */
static int reuse(struct mt_client *c, __u64 size)
{
	struct mpool_lease leases[MAX];
	int i, nr;

	mt_await_clean(c->fd, "");
	nr = mt_lease(c->fd, size, MAX, leases);
	for (i = 0; i < nr; i++)
		if (!mt_all(c->win + leases[i].offset, 0, size) &&
		    !mt_all(c->win + leases[i].offset, 0xbb, size))
			return -EIO;
	for (i = 0; i < nr; i++)
		memset(c->win + leases[i].offset, 0xbb, size);
	if (nr > 0)
		mt_release_leases(c->fd, leases, nr);
	return nr;
}

/*
 * All others come again and again, the one in flight does not.  Returns how
 * often that was seen before the device was done, or what went wrong.
 */
static int reuse_others(struct mt_client *c, __u64 size, aio_context_t aio)
{
	int nr, seen;

	for (seen = 0; seen < 5; seen++) {
		nr = reuse(c, size);
		if (!in_flight(aio))
			break;
		if (nr != MAX - 1)
			return nr < 0 ? nr : -EOVERFLOW;
	}
	return seen;
}

TEST_F_TIMEOUT(attack, 23_pinned_pages, ATTACK_TIMEOUT)
{
	static const __u64 sizes[] = { MT_PAGE, 3 * MT_PAGE, 8 * MT_PAGE };
	const unsigned long rounds = attack_form(1, 50);
	struct mpool_class_stats cls;
	struct mpool_stats stats;
	struct mpool_lease lease;
	unsigned long i;
	size_t s;
	char *buf;

	if (self->disk < 0)
		SKIP(return, "no null_blk with configfs: %d", self->disk);
	for (i = 0; i < rounds * MT_ARRAY_SIZE(sizes); i++) {
		attack_round(i, rounds * MT_ARRAY_SIZE(sizes));
		s = i % MT_ARRAY_SIZE(sizes);
		ASSERT_EQ(1, mt_lease(self->client.fd, sizes[s], 1, &lease));
		buf = self->client.win + lease.offset;
		memset(buf, 0x5a, sizes[s]);
		/* Out to the disk, released before it is there ... */
		ASSERT_EQ(0, submit(self->aio, IOCB_CMD_PWRITE, self->disk, buf,
				    sizes[s]));
		ASSERT_EQ(0, mt_release_one(self->client.fd, lease.handle));
		ASSERT_EQ(0, mt_class(self->pool.fd, self->pool.name, sizes[s],
				      &cls));
		EXPECT_EQ(1, cls.quarantined);
		EXPECT_EQ(SIGBUS, mt_poke(buf, 1));
		EXPECT_LT(0, reuse_others(&self->other, sizes[s], self->aio));
		EXPECT_EQ((long long)sizes[s], await_end(self->aio));
		EXPECT_EQ(0, mt_await_quarantine(self->pool.fd,
						 self->pool.name, 0));
		EXPECT_EQ(MAX, reuse(&self->other, sizes[s]));

		/* ... and in from there, whose file is closed meanwhile. */
		ASSERT_EQ(1, mt_lease(self->client.fd, sizes[s], 1, &lease));
		buf = self->client.win + lease.offset;
		ASSERT_EQ(0, submit(self->aio, IOCB_CMD_PREAD, self->disk, buf,
				    sizes[s]));
		mt_client_close(&self->client);
		ASSERT_EQ(0, mt_stats(self->pool.fd, self->pool.name, &stats));
		EXPECT_EQ(1, stats.total.quarantined);
		EXPECT_EQ(0, stats.total.leased);
		EXPECT_LT(0, reuse_others(&self->other, sizes[s], self->aio));
		EXPECT_EQ((long long)sizes[s], await_end(self->aio));
		EXPECT_EQ(0, mt_await_quarantine(self->pool.fd,
						 self->pool.name, 0));
		ASSERT_EQ(0, mt_client_open(&self->client, self->pool.name));
		ASSERT_EQ(1, mt_lease(self->client.fd, sizes[s], 1, &lease));
		buf = self->client.win + lease.offset;
		/* It is what was written, read while the lease stands. */
		ASSERT_EQ(0, submit(self->aio, IOCB_CMD_PREAD, self->disk, buf,
				    sizes[s]));
		EXPECT_EQ((long long)sizes[s], await_end(self->aio));
		EXPECT_TRUE(mt_all(buf, 0x5a, sizes[s]));
		ASSERT_EQ(0, mt_release_one(self->client.fd, lease.handle));
	}

	/* The pool ends: nobody waits, the buffer is left to the device. */
	ASSERT_EQ(1, mt_lease(self->client.fd, 3 * MT_PAGE, 1, &lease));
	ASSERT_EQ(0, submit(self->aio, IOCB_CMD_PREAD, self->disk,
			    self->client.win + lease.offset, 3 * MT_PAGE));
	mt_client_close(&self->client);
	mt_client_close(&self->other);
	ASSERT_EQ(0, mt_destroy(self->pool.fd, self->pool.name));
	self->ended = true;
	EXPECT_EQ(3 * MT_PAGE, await_end(self->aio));
}

TEST_HARNESS_MAIN
