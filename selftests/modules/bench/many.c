// SPDX-License-Identifier: GPL-2.0
/*
 * Many pools, touched in turn: what a pool of one's own costs a user when
 * everybody has one.  Beside them as many kmem_caches, and a mempool_t over each.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "bench.h"

#define MANY	1000
#define SIZE	256
/* Pairs in a run, so that each pool has some. */
#define PAIRS_INSN	2000
#define PAIRS_NATIVE	10000
/*
 * The end of a cache with sheaves is an rcu_barrier() under slab_mutex, 65 ms
 * where a tick is 10: with 1,000 that would be all of a quick run's time.
 */
#define MANY_QUICK	100

static struct {
	struct mpool *pools[MANY];
	struct mpool_class *classes[MANY];
	struct kmem_cache *caches[MANY];
	mempool_t *reserves[MANY];
} many;

static unsigned int most(void)
{
	return bench_quick && !bench_insn_ns ? MANY_QUICK : MANY;
}

static void many_free(void)
{
	unsigned int i;

	for (i = 0; i < most(); i++) {
		mempool_destroy(many.reserves[i]);
		kmem_cache_destroy(many.caches[i]);
		if (!IS_ERR_OR_NULL(many.pools[i]))
			mpool_put(many.pools[i]);
	}
	memset(&many, 0, sizeof(many));
}

static int many_alloc(void)
{
	/* initial buffers are for pools that are used more */
	static const struct mpool_config cfg = {
		.settings.initial = { 8, 8, MPOOL_NONE },
	};
	unsigned int i;
	char name[24];

	for (i = 0; i < most(); i++) {
		snprintf(name, sizeof(name), "bench-%u", i);
		many.pools[i] = mpool_create(name, &cfg);
		if (IS_ERR(many.pools[i]))
			return PTR_ERR(many.pools[i]);
		many.classes[i] = mpool_class_get(many.pools[i], SIZE);
		if (IS_ERR(many.classes[i]))
			return PTR_ERR(many.classes[i]);
		many.caches[i] = kmem_cache_create(name, SIZE, 0, 0, NULL);
		if (!many.caches[i])
			return -ENOMEM;
		many.reserves[i] = mempool_create_slab_pool(1, many.caches[i]);
		if (!many.reserves[i])
			return -ENOMEM;
	}
	return 0;
}

static __always_inline void *class_alloc(unsigned int n)
{
	return mpool_class_alloc(many.classes[n], GFP_NOWAIT);
}

static __always_inline void class_free(unsigned int n, void *p)
{
	mpool_class_free(many.classes[n], p);
}

static __always_inline void *pool_alloc(unsigned int n)
{
	return mpool_alloc(many.pools[n], SIZE, GFP_NOWAIT);
}

static __always_inline void pool_free(unsigned int n, void *p)
{
	mpool_free(many.pools[n], p);
}

static __always_inline void *cache_alloc(unsigned int n)
{
	return kmem_cache_alloc(many.caches[n], GFP_NOWAIT);
}

static __always_inline void cache_free(unsigned int n, void *p)
{
	kmem_cache_free(many.caches[n], p);
}

/* There is one for everybody: what is left when nobody has a pool. */
static __always_inline void *kmalloc_alloc(unsigned int n)
{
	return kmalloc(SIZE, GFP_NOWAIT);
}

static __always_inline void kmalloc_free(unsigned int n, void *p)
{
	kfree(p);
}

static __always_inline void *reserve_alloc(unsigned int n)
{
	return mempool_alloc(many.reserves[n], GFP_NOWAIT);
}

static __always_inline void reserve_free(unsigned int n, void *p)
{
	mempool_free(p, many.reserves[n]);
}

static __always_inline void in_turn(struct seq_file *m, struct bench_set *s,
				    unsigned int nr, const char *subject,
				    void *(*alloc)(unsigned int n),
				    void (*free)(unsigned int n, void *p))
{
	struct bench_figure *f = bench_begin(s, "many", subject, nr, 1);
	const unsigned int pairs = bench_insn_ns ? PAIRS_INSN : PAIRS_NATIVE;
	unsigned int i, n;
	void *p;

	while (bench_more(f)) {
		bench_start(f);
		for (i = 0; i < pairs; i += nr)
			for (n = 0; n < nr; n++) {
				p = alloc(n);
				barrier_data(p);
				free(n, p);
			}
		bench_stop(f);
	}
	bench_print(m, f, pairs);
}

/**
 * bench_many() - pairs in 1 to 1,000 pools in turn, natively 100 when quick
 * @m: where to
 *
 * Return: 0, or an error that the pools could not be made.
 */
int bench_many(struct seq_file *m)
{
	static const unsigned int counts[] = { 1, 10, 100, MANY };
	struct bench_set *s;
	unsigned int i, nr;
	int err;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->size = SIZE;
	err = many_alloc();
	for (i = 0; !err && i < ARRAY_SIZE(counts) && counts[i] <= most(); i++) {
		nr = counts[i];
		in_turn(m, s, nr, "mpool", class_alloc, class_free);
		in_turn(m, s, nr, "mpool-size", pool_alloc, pool_free);
		in_turn(m, s, nr, "kmem_cache", cache_alloc, cache_free);
		in_turn(m, s, nr, "kmalloc", kmalloc_alloc, kmalloc_free);
		in_turn(m, s, nr, "mempool", reserve_alloc, reserve_free);
	}
	many_free();
	kfree(s);
	return err;
}
