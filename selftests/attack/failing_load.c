// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks by loading while what that needs cannot be had.  Leaves the module
 * loaded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "attack.h"
#include "inject.h"
#include "module.h"

#define SECOND		1000000000ULL
#define LEAKS		"/sys/kernel/debug/kmemleak"

/* How many allocations and copies a load makes that ends so. */
static unsigned int ways_to_fail(int fd, const char *parameters, int expected)
{
	const unsigned int many = 1000000;
	unsigned int left;

	if (inject(many) || insert(fd, parameters) != expected)
		return 0;
	left = inject_left();
	inject_stop();
	return !expected && delete_in_the_end() ? 0 : many - left;
}

/*
 * What kmemleak finds now, and forgets, but for one leak of 6.1's own: the name
 * of a cache whose directory in sysfs cannot be made.
 */
static int leaks_of_ours(void)
{
	char line[512];
	bool known = true;
	int leaks = 0;
	FILE *f;

	if (access(LEAKS, W_OK))
		return 0;
	/* It gives up for want of memory of its own, and finds nothing then. */
	if (mt_write("scan", LEAKS))
		return -1;
	/* Younger than five seconds is none yet. */
	mt_sleep_ms(6000);
	if (mt_write("scan", LEAKS))
		return -1;
	f = fopen(LEAKS, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "unreferenced", 12)) {
			leaks += !known;
			known = false;
		}
		if (strstr(line, "sysfs_slab_add"))
			known = true;
		else if (!known)
			printf("# %s", line);
	}
	fclose(f);
	leaks += !known;
	mt_write("clear", LEAKS);
	return leaks;
}

/*
 * Before a module's parameters are read come thousands of allocations that are
 * the loader's and tracing's own, one of which 6.1 itself warns of when it fails:
 * these are left alone.  The brief form takes samples of the others.
 */
TEST_F_TIMEOUT(attack, 13_fail_nth_of_loading, ATTACK_TIMEOUT)
{
	/* Of what is made many times two are enough: classes, their buffers. */
	static const char parameters[] =
		"pools=a:eager:min_size=2K:max_size=8K:initial_small=2:initial_medium=2,b";
	const __u64 end = mt_now() + attack_form(25, 10000) * SECOND;
	unsigned int first, last, n, nr, tried, failed = 0;
	int err;

	if (inject_setup())
		SKIP(return, "this kernel was not made to be failed");
	first = ways_to_fail(self->fd, "debug=perhaps", -EINVAL);
	ASSERT_LT(0, first);
	last = ways_to_fail(self->fd, parameters, 0);
	ASSERT_LT(first, last);
	/* 191 is a prime: no number comes twice before all have come. */
	nr = last - first;
	nr -= !(nr % 191);
	/* Traces of failing, which are no faults, are told by this. */
	mt_write("1", "/sys/kernel/debug/failslab/verbose");
	mt_write("1", "/sys/kernel/debug/fail_page_alloc/verbose");
	for (tried = 0; tried < nr && (mt_now() < end || !failed); tried++) {
		attack_round(tried, nr);
		n = last - tried * 191ULL % nr;
		ASSERT_EQ(0, inject(n));
		err = insert(self->fd, parameters);
		inject_stop();
		if (!err) {
			ASSERT_EQ(0, delete_in_the_end());
			continue;
		}
		failed++;
		EXPECT_TRUE(err == -ENOMEM || err == -EFAULT) {
			TH_LOG("%u: %d", n, err);
		}
		/* Nothing of it is left. */
		EXPECT_NE(0, access(MT_DEVICE, F_OK));
		EXPECT_NE(0, access("/sys/kernel/debug/mpool", F_OK));
	}
	inject_restore();
	printf("# %u of %u tried, %u failed\n", tried, nr, failed);
	EXPECT_LT(0, failed);
	if (attack_form(0, 1))
		EXPECT_EQ(nr, tried);
	EXPECT_EQ(0, leaks_of_ours());
}

TEST_HARNESS_MAIN
