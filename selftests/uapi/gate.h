/* SPDX-License-Identifier: GPL-2.0 */
/* A page before which threads, or the kernel for them, stand: userfaultfd(2). */
#ifndef _MPOOL_TEST_GATE_H
#define _MPOOL_TEST_GATE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/userfaultfd.h>

#include "mpool_test.h"

/* Longer than anybody needs to get there, on any kernel. */
#define MT_GATE_MS	20000

/**
 * struct mt_gate - a page whose faults wait
 * @fd: tells of them
 * @page: itself
 */
struct mt_gate {
	int fd;
	char *page;
};

/* Who stands there goes on: the page is gone. */
static inline void mt_gate_remove(struct mt_gate *gate)
{
	close(gate->fd);
	munmap(gate->page, MT_PAGE);
}

/*
 * With UFFDIO_REGISTER_MODE_MISSING the page is not there until mt_gate_fill();
 * with UFFDIO_REGISTER_MODE_WP it is there, and mt_gate_protect() ends writing.
 */
static inline int mt_gate_make(struct mt_gate *gate, __u64 mode)
{
	const bool wp = mode == UFFDIO_REGISTER_MODE_WP;
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = wp ? UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0,
	};
	struct uffdio_register reg = { .mode = mode, .range.len = MT_PAGE };
	int err;

	gate->page = mmap(NULL, MT_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | (wp ? MAP_POPULATE : 0),
			  -1, 0);
	gate->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	reg.range.start = (uintptr_t)gate->page;
	if (gate->fd >= 0 && !ioctl(gate->fd, UFFDIO_API, &api) &&
	    !ioctl(gate->fd, UFFDIO_REGISTER, &reg))
		return 0;
	err = -errno;
	mt_gate_remove(gate);
	return err;
}

/* Until somebody stands there. */
static inline int mt_gate_await(struct mt_gate *gate)
{
	struct uffd_msg msg;

	if (mt_poll(gate->fd, POLLIN, MT_GATE_MS) != POLLIN)
		return -ETIMEDOUT;
	return read(gate->fd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT ? 0 : -EIO;
}

/* The page is there now, with a page's content. */
static inline int mt_gate_fill(struct mt_gate *gate, const void *content)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)gate->page,
		.src = (uintptr_t)content,
		.len = MT_PAGE,
	};

	return ioctl(gate->fd, UFFDIO_COPY, &copy) ? -errno : 0;
}

/* Who writes waits from now on, or does no longer. */
static inline int mt_gate_protect(struct mt_gate *gate, bool yes)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)gate->page, MT_PAGE },
		.mode = yes ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(gate->fd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

#endif /* _MPOOL_TEST_GATE_H */
