// SPDX-License-Identifier: GPL-2.0
/*
 * What a leased buffer costs a process, beside the other ways to come by
 * memory that can be shared: nanoseconds, or instructions under -icount.
 * "mpool" is a client that keeps what it gave back, with its mappings;
 * "mpool_strict" one whose buffers leave its window at each release.
 *
 *   lease INSN_NS
 *
 * Lines as those of the module mpool_bench.  Each buffer is had, one word in
 * each of its pages is written, and it is given back; mpool's by calls for 32,
 * the others one by one, since that is what they have.  "pages=" are the pages
 * that the kernel cleared for a buffer in the run that is the median, for who
 * wants to take them off.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../uapi/mpool_test.h"

#define RUNS	9
#define BATCH	32
#define MOST	100000U		/* leases out at a time */
#define MILLION	1048576U	/* the same, of pieces of a page */
#define PIECE	64

static unsigned int insn_ns;

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

struct run {
	__u64 time;
	double pages;		/* cleared in it */
};

static int compare(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

static void print(const char *shape, __u64 size, unsigned int batch,
		  const char *subject, struct run *runs)
{
	double unit = (double)BATCH * (insn_ns ? insn_ns : 1);

	qsort(runs, RUNS, sizeof(*runs), compare);
	printf("%s %llu %u 1 %s %s %.2f %.2f %.2f %u pages=%.2f\n", shape,
	       (unsigned long long)size, batch, subject, insn_ns ? "insn" : "ns",
	       runs[RUNS / 2].time / unit, runs[0].time / unit,
	       runs[RUNS - 1].time / unit, RUNS, runs[RUNS / 2].pages / BATCH);
}

static void touch(char *p, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += MT_PAGE)
		__atomic_store_n(p + i, 1, __ATOMIC_RELAXED);
}

static void use(char *p, size_t size, int fd)
{
	if (p == MAP_FAILED)
		err(1, "mmap");
	touch(p, size);
	munmap(p, size);
	if (fd >= 0)
		close(fd);
}

static void anonymous(size_t size)
{
	use(mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size, -1);
}

static void memfd(size_t size)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		err(1, "memfd");
	use(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), size, fd);
}

static int heap = -1;

static void dma_heap(size_t size)
{
	struct dma_heap_allocation_data data = {
		.len = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		err(1, "dma heap");
	use(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, data.fd, 0),
	    size, data.fd);
}

static void others(size_t size, const char *subject, void (*one)(size_t size))
{
	struct run runs[RUNS];
	__u64 t;
	int run, i;

	for (run = -1; run < RUNS; run++) {
		t = now();
		for (i = 0; i < BATCH; i++)
			one(size);
		t = now() - t;
		if (run >= 0)
			runs[run] = (struct run) { t, BATCH * (size / MT_PAGE) };
	}
	print("lease", size, 1, subject, runs);
}

/* Pages that the pool has cleared until now. */
static double cleared(struct mt_pool *pool, size_t size)
{
	struct mpool_class_stats cls;
	int err = mt_class(pool->fd, pool->name, size, &cls);

	/* A class comes into being with its first lease. */
	if (err == -ENOENT)
		return 0;
	if (err)
		errx(1, "statistics: %s", strerror(-err));
	return (double)(cls.zeroed + cls.zeroed_sync) * (size / MT_PAGE);
}

static void batches(struct mt_client *client, struct mt_pool *pool, size_t size,
		    const char *subject)
{
	struct mpool_lease leases[BATCH];
	struct run runs[RUNS];
	__u64 t;
	double pages;
	int run, i;

	for (run = -1; run < RUNS; run++) {
		pages = cleared(pool, size);
		t = now();
		if (mt_lease(client->fd, size, BATCH, leases) != BATCH)
			errx(1, "lease of %zu", size);
		for (i = 0; i < BATCH; i++)
			touch(client->win + leases[i].offset, size);
		if (mt_release_leases(client->fd, leases, BATCH))
			errx(1, "release of %zu", size);
		t = now() - t;
		pages = cleared(pool, size) - pages;
		if (run >= 0)
			runs[run] = (struct run) { t, pages };
	}
	print("lease", size, BATCH, subject, runs);
}

static void have_out(struct mt_client *client, size_t size, unsigned int count,
		     struct mpool_lease *out, unsigned int *nr)
{
	unsigned int want;
	int got;

	while (*nr < count) {
		want = count - *nr > 1000 ? 1000 : count - *nr;
		got = mt_lease(client->fd, size, want, out + *nr);
		if (got <= 0)
			errx(1, "%u leases of %zu are out, no more", *nr, size);
		*nr += got;
	}
}

static void release_all(struct mt_client *client, struct mpool_lease *out,
			unsigned int nr)
{
	unsigned int i, want;

	for (i = 0; i < nr; i += want) {
		want = nr - i > 1000 ? 1000 : nr - i;
		mt_release_leases(client->fd, out + i, want);
	}
}

static void lease_batch(struct mt_client *client, struct mpool_lease *leases)
{
	if (mt_lease(client->fd, MT_PAGE, BATCH, leases) != BATCH)
		errx(1, "no leases beside many");
}

static void release_batch(struct mt_client *client,
			  const struct mpool_lease *leases)
{
	if (mt_release_leases(client->fd, leases, BATCH))
		errx(1, "no release beside many");
}

/*
 * Does a lease cost more when many are out?  A client that keeps has the same ones
 * each time, and is timed to their release.  For a strict one slots and buffers are
 * taken anew; its release has them cleared, on the clock or not, and is left out.
 */
static void beside_many(struct mt_client *client, struct mt_pool *pool,
			bool strict)
{
	static const unsigned int counts[] = { 1, 10, 100, 1000, 10000, MOST };
	struct mpool_lease *out = calloc(MOST, sizeof(*out)), leases[BATCH];
	unsigned int nr = 0, i;
	struct run runs[RUNS];
	__u64 t;
	double pages;
	int run;

	if (!out)
		err(1, "memory");
	for (i = 0; i < MT_ARRAY_SIZE(counts); i++) {
		have_out(client, MT_PAGE, counts[i], out, &nr);
		mt_await_clean(pool->fd, pool->name);
		for (run = -1; run < RUNS; run++) {
			pages = cleared(pool, MT_PAGE);
			t = now();
			lease_batch(client, leases);
			if (!strict)
				release_batch(client, leases);
			t = now() - t;
			pages = cleared(pool, MT_PAGE) - pages;
			if (run >= 0)
				runs[run] = (struct run) { t, pages };
			if (strict)
				release_batch(client, leases);
			mt_await_clean(pool->fd, pool->name);
		}
		if (strict)
			print("lease-fresh", MT_PAGE, nr, "mpool_strict", runs);
		else
			print("lease-outstanding", MT_PAGE, nr, "mpool", runs);
	}
	release_all(client, out, nr);
	free(out);
}

/* BATCH of them, wherever they lie, to the end. */
static void draw(struct mpool_lease *out, unsigned int nr)
{
	struct mpool_lease drawn;
	unsigned int i, j;

	for (i = 1; i <= BATCH; i++) {
		j = rand() % (nr - i + 1);
		drawn = out[j];
		out[j] = out[nr - i];
		out[nr - i] = drawn;
	}
}

/*
 * Does it cost more to find one among many?  Released at random, had again.  Of
 * fewer than some hundreds, many would be one page's, or all of it.
 */
static void among_many(struct mt_client *client)
{
	static const unsigned int counts[] = { 1000, MOST, MILLION };
	struct mpool_lease *out = calloc(MILLION, sizeof(*out)), *drawn;
	struct run runs[RUNS];
	unsigned int nr = 0, i;
	__u64 t;
	int run;

	if (!out)
		err(1, "memory");
	for (i = 0; i < MT_ARRAY_SIZE(counts); i++) {
		have_out(client, PIECE, counts[i], out, &nr);
		drawn = out + nr - BATCH;
		for (run = -1; run < RUNS; run++) {
			draw(out, nr);
			t = now();
			if (mt_release_leases(client->fd, drawn, BATCH) ||
			    mt_lease(client->fd, PIECE, BATCH, drawn) != BATCH)
				errx(1, "lease among %u", nr);
			t = now() - t;
			if (run >= 0)
				runs[run] = (struct run) { t, 0 };
		}
		print("lease-among", PIECE, nr, "mpool", runs);
	}
	release_all(client, out, nr);
	free(out);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 4096, 65536, 1 << 20 };
	const struct mpool_pool_config cfg = {
		.max_size = 1 << 20,
		.max = { 64, MOST + 1024, 128 },
		.max_bytes = 1ULL << 30,
		.cleanup_interval_ms = MPOOL_NONE,
	};
	struct mt_client client, strict;
	struct mt_pool pool;
	unsigned int i;

	if (argc != 2)
		errx(2, "usage: lease INSN_NS");
	insn_ns = atoi(argv[1]);
	heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	mt_attach_flags = MPOOL_ATTACH_STRICT;
	if (mt_setup(&pool, &cfg) || mt_client_open(&strict, pool.name))
		errx(1, "no pool");
	/* as a program is that does not ask for more */
	mt_attach_flags = 0;
	if (mt_client_open(&client, pool.name))
		errx(1, "no client");
	for (i = 0; i < MT_ARRAY_SIZE(sizes); i++) {
		batches(&client, &pool, sizes[i], "mpool");
		batches(&strict, &pool, sizes[i], "mpool_strict");
		others(sizes[i], "memfd", memfd);
		others(sizes[i], "anonymous", anonymous);
		if (heap >= 0)
			others(sizes[i], "dma_heap", dma_heap);
	}
	beside_many(&client, &pool, false);
	/* what it keeps is in the way of as many others */
	mt_trim(pool.fd, pool.name, 0, NULL);
	beside_many(&strict, &pool, true);
	among_many(&client);
	mt_client_close(&client);
	mt_client_close(&strict);
	return !!mt_teardown(&pool);
}
