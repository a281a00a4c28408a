/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a buffer comes again while something has its pages still.  Pools have
 * MAX buffers of each class, and clients are strict.
 */
#ifndef _MPOOL_TEST_REUSE_H
#define _MPOOL_TEST_REUSE_H

#include <errno.h>
#include <string.h>

#include "mpool_test.h"

#define MAX	4

static inline long quarantined(const struct mt_pool *pool)
{
	struct mpool_stats stats;
	int err = mt_stats(pool->fd, pool->name, &stats);

	return err ?: (long)stats.total.quarantined;
}

/* Takes all there is, looks what it holds, stamps it; how many it was. */
static inline int reuse(struct mt_client *c, __u64 size)
{
	struct mpool_lease leases[MAX];
	bool good = true;
	int i, nr;
	char *p;

	mt_await_clean(c->fd, "");
	nr = mt_lease_wait(c->fd, 0, size, MAX, mt_now() + 10000000000ULL,
			   leases);
	for (i = 0; i < nr; i++) {
		p = c->win + leases[i].offset;
		/* Nobody's bytes, or its own. */
		good &= mt_all(p, *p ? 0xbb : 0, size);
		memset(p, 0xbb, size);
	}
	if (nr > 0)
		mt_release_leases(c->fd, leases, nr);
	return good ? nr : -EIO;
}

/* All others come again and again, one does not; 0, or what went wrong. */
static inline int reuse_others(struct mt_client *c, __u64 size)
{
	int i, nr;

	for (i = 0; i < 5; i++) {
		nr = reuse(c, size);
		if (nr != MAX - 1)
			return nr < 0 ? nr : -EOVERFLOW;
		mt_sleep_ms(30);
	}
	return 0;
}

/* To a new client all of them are there again, and nobody's bytes. */
static inline int clean_again(const struct mt_pool *pool, __u64 size)
{
	struct mpool_lease leases[MAX];
	struct mt_client c;
	int i, nr, err;

	err = mt_await_quarantine(pool->fd, pool->name, 0);
	if (err)
		return err;
	err = mt_client_open(&c, pool->name);
	if (err)
		return err;
	mt_await_clean(c.fd, "");
	nr = mt_lease(c.fd, size, MAX, leases);
	for (i = 0; i < nr; i++)
		if (!mt_all(c.win + leases[i].offset, 0, size))
			nr = -EIO;
	mt_client_close(&c);
	return nr;
}

#endif /* _MPOOL_TEST_REUSE_H */
