/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failing the nth allocation or copy that the calling thread makes in the
 * kernel: see fault-injection.rst, fail-nth.
 */
#ifndef _ATTACK_INJECT_H
#define _ATTACK_INJECT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "mpool_test.h"

#define INJECT_DIR "/sys/kernel/debug/"

/* What everything that may fail needs, and what it is without. */
static const struct {
	const char *path;
	const char *ours;
	const char *usual;
} inject_settings[] = {
	{ INJECT_DIR "failslab/ignore-gfp-wait", "N", "Y" },
	{ INJECT_DIR "failslab/verbose", "0", "2" },
	{ INJECT_DIR "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ INJECT_DIR "fail_page_alloc/ignore-gfp-highmem", "N", "Y" },
	{ INJECT_DIR "fail_page_alloc/min-order", "0", "1" },
	{ INJECT_DIR "fail_page_alloc/verbose", "0", "2" },
	{ INJECT_DIR "fail_usercopy/verbose", "0", "2" },
};

/* Kept open: opening allocates. */
static int inject_fd = -1;

/* In a teardown: the settings are everybody's, and who comes next has others. */
static inline void inject_restore(void)
{
	unsigned int i;

	if (inject_fd < 0)
		return;
	for (i = 0; i < MT_ARRAY_SIZE(inject_settings); i++)
		mt_write(inject_settings[i].usual, "%s",
			 inject_settings[i].path);
}

/* Everything may fail, quietly; 0, or why it cannot be done here. */
static inline int inject_setup(void)
{
	unsigned int i;
	int err;

	inject_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (inject_fd < 0)
		return -errno;
	for (i = 0; i < MT_ARRAY_SIZE(inject_settings); i++) {
		err = mt_write(inject_settings[i].ours, "%s",
			       inject_settings[i].path);
		if (err) {
			printf("# %s: %s\n", inject_settings[i].path, strerror(-err));
			inject_restore();
			return err;
		}
	}
	return 0;
}

static inline int inject(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return pwrite(inject_fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

/* How many more until one fails; reading copies, too: with 1 left, it fails. */
static inline unsigned int inject_left(void)
{
	char text[16] = "";

	return pread(inject_fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 1;
}

/* Nothing fails any more; has something failed? */
static inline bool inject_stop(void)
{
	bool injected;

	if (inject_fd < 0)
		return false;
	/* It counts down to 0, where it fails. */
	injected = !inject_left();
	if (!injected)
		inject(0);
	return injected;
}

#endif /* _ATTACK_INJECT_H */
