// SPDX-License-Identifier: GPL-2.0
/*
 * lessee POOL SEED FILE BEGAN: while FILE says Y, leases buffers of POOL, some at a
 * time, of all sizes, with and without waiting; writes to them, and gives them back or
 * ends the open file over them.  Its own allocations may fail where the kernel lets
 * any.  BEGAN is made when it has its first.
 *
 * Each page begins with a word of this process's own from its first lease on.
 * Goes on until it is killed.  Status 2: a page had somebody else's, or lost it.
 */
#include <fcntl.h>
#include <libmpool.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NR	4
#define PAGE	4096

static uint64_t mine;
static const char *wish, *began;

static bool wished(void)
{
	int fd = open(wish, O_RDONLY);
	char answer = 0;

	if (fd < 0)
		return false;
	if (read(fd, &answer, 1) != 1)
		answer = 0;
	close(fd);
	return answer == 'Y';
}

/* First nobody's, or as this process left it; then this process's. */
static bool stamped(const struct mpl_client *client,
		    const struct mpool_lease *lease, bool fresh)
{
	char *p = mpl_pointer(client, lease);
	uint64_t *word, found;
	__u64 at;

	for (at = 0; at + sizeof(*word) <= lease->length; at += PAGE) {
		word = (uint64_t *)(p + at);
		found = __atomic_load_n(word, __ATOMIC_RELAXED);
		if (found != mine && !(fresh && !found)) {
			printf("# a lease of %llu has %#llx at %llu\n",
			       (unsigned long long)lease->length,
			       (unsigned long long)found,
			       (unsigned long long)at);
			return false;
		}
		__atomic_store_n(word, mine, __ATOMIC_RELAXED);
	}
	return true;
}

/* Of one open file; false when a page was not as it should be. */
static bool live(struct mpl_client *client, unsigned int *seed)
{
	unsigned int steps = rand_r(seed) % 32;
	struct mpool_lease leases[NR];
	size_t length;
	int got, i;

	while (steps-- && wished()) {
		length = mpl_max_size(client) >> rand_r(seed) % 10;
		got = mpl_lease_many(client, length, leases,
				     1 + rand_r(seed) % NR,
				     rand_r(seed) % 2 ? MPOOL_LEASE_ALL : 0,
				     mpl_deadline(rand_r(seed) % 100));
		for (i = 0; i < got; i++)
			if (!stamped(client, &leases[i], true))
				return false;
		if (got > 0 && began && !close(creat(began, 0600)))
			began = NULL;
		usleep(rand_r(seed) % 2000);
		for (i = 0; i < got; i++)
			if (!stamped(client, &leases[i], false))
				return false;
		/* Or they are left to the end of the file. */
		if (got > 0 && rand_r(seed) % 8)
			mpl_release_many(client, leases, got);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct mpl_client *client;
	unsigned int seed;
	int fd;

	if (argc != 5)
		return 1;
	wish = argv[3];
	began = argv[4];
	seed = strtoul(argv[2], NULL, 0);
	mine = (uint64_t)getpid() << 32 | 0x1ea5e;
	fd = open("/proc/self/make-it-fail", O_WRONLY);
	if (fd >= 0 && (write(fd, "1", 1) != 1 || close(fd)))
		return 1;
	for (;;) {
		if (!wished() || mpl_open(&client, argv[1])) {
			usleep(1000);
			continue;
		}
		if (!live(client, &seed)) {
			fflush(stdout);
			return 2;
		}
		mpl_close(client);
	}
}
