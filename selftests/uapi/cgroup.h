/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two memory cgroups for a test.
 *
 * A cgroup's usage is known to the caches of charges that CPUs keep: so much is
 * to be leased that these do not matter.
 */
#ifndef _MPOOL_TEST_CGROUP_H
#define _MPOOL_TEST_CGROUP_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mpool_test.h"

#define ROOT	"/sys/fs/cgroup"
#define MIB	1048576UL
/* 64 pages a CPU, and what the processes have themselves. */
#define SLACK	(2 * MIB)

static const char *const names[] = { ROOT "/mt_a", ROOT "/mt_b" };

enum { A, B, NR_GROUPS, NOWHERE = NR_GROUPS };

/* This process is in that cgroup from now on; its memory stays where it was. */
static inline int enter(int group)
{
	return mt_write("0", "%s/cgroup.procs",
			group == NOWHERE ? ROOT : names[group]);
}

static inline long usage(int group)
{
	return mt_number(NULL, "%s/memory.current", names[group]);
}

/* A client of who is in a cgroup, here in the root again afterwards. */
static inline int attach_in(struct mt_client *client, const char *pool, int group)
{
	int err = enter(group);

	if (!err)
		err = mt_client_open(client, pool);
	enter(NOWHERE);
	return err;
}

static inline bool have_cgroups(void)
{
	int i;

	for (i = 0; i < NR_GROUPS; i++)
		if ((mkdir(names[i], 0755) && errno != EEXIST) ||
		    mt_number(NULL, "%s/memory.current", names[i]) < 0)
			return false;
	return true;
}

/* What ended may take a moment to be gone. */
static inline int remove_group(int group)
{
	int i;

	for (i = 0; i < 3000 && rmdir(names[group]); i++) {
		if (errno != EBUSY)
			return -errno;
		mt_sleep_ms(10);
	}
	return i < 3000 ? 0 : -EBUSY;
}

static inline bool near(long value, long wanted)
{
	if (labs(value - wanted) < (long)SLACK)
		return true;
	printf("# %ld, not %ld\n", value, wanted);
	return false;
}

/* Most buffers of a tier in the pool below. */
#define FEW	8

/* A small pool, for a test whose clients are in cgroups. */
static inline int set_up_pool(struct mt_pool *pool)
{
	const struct mpool_pool_config cfg = {
		.max = { FEW, FEW, FEW },
		.max_size = 2 * MIB,
		.max_bytes = 64 * MIB,
		.initial = { 1, 1, 1 },
	};

	/* Every kernel that mpool is tested on has the controller. */
	return have_cgroups() ? mt_setup(pool, &cfg) : -ENODEV;
}

#endif /* _MPOOL_TEST_CGROUP_H */
