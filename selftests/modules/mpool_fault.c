// SPDX-License-Identifier: GPL-2.0
/*
 * Each call of the interface again and again, with the first, the second, the
 * third ... allocation of memory below it failing, until none is left to fail.
 * A call that fails says so and has changed nothing: counters balance, pools
 * are not there, and what a reserve promises is kept.
 *
 * Loading does it all and fails with -EIO when something was wrong, with
 * -EOPNOTSUPP on a kernel that cannot let allocations fail.  The script allows
 * failures of allocations that may wait.
 *
 * With step=N every N-th fails, from one of the first N at random: each try is a
 * pool of its own, 0.2 s in an emulated debug kernel, and there are hundreds.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "../../mpool/compat/export.h"
#include "balance.h"

static unsigned int step = 1;
module_param(step, uint, 0444);
MODULE_PARM_DESC(step, "Let only every so many-th allocation fail");

#ifdef CONFIG_FAULT_INJECTION

#define NR		6
/* A call that allocates more often than this does not end. */
#define MOST		5000

static const u32 sizes[] = { 192, SZ_16K + SZ_4K };

static unsigned int wrong;

#define EXPECT(cond)							\
do {									\
	if (!(cond)) {							\
		wrong++;						\
		pr_err("%s, %u bytes, allocation %u failed: not so: %s\n", \
		       what->name, size, nth, #cond);			\
	}								\
} while (0)

struct what {
	const char *name;
	/* Whether it did all that it was asked for, or all a reserve gives. */
	bool (*fn)(const struct what *what, struct mpool *mp, u32 size,
		   unsigned int nth);
	u32 reserve;
	/* The class is there before; making it has been tried by then. */
	bool ready;
	/* Even then it must do it. */
	bool sure;
};

static void arm(unsigned int nth)
{
	WRITE_ONCE(current->fail_nth, nth);
}

/* Whether the fault struck. */
static bool disarm(void)
{
	bool struck = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return struck;
}

static const struct mpool_config base = {
	.settings = {
		.max_size = SZ_128K,
		.initial = { 1, 1, 1 },
		.max = { 64, 64, 64 },
		.cleanup_interval_ms = MPOOL_NONE,
	},
};

static bool struck;

static bool do_create(const struct what *what, struct mpool *mp, u32 size,
		      unsigned int nth)
{
	struct mpool_config cfg = base;
	struct mpool *made, *found;

	cfg.settings.flags = MPOOL_POOL_EAGER;
	cfg.settings.min_size = size;
	cfg.settings.max_size = size;
	cfg.settings.reserve = 3;
	arm(nth);
	made = mpool_create("fault-2", &cfg);
	struck = disarm();
	found = mpool_find("fault-2");
	EXPECT(IS_ERR(made) == IS_ERR_OR_NULL(found));
	if (!IS_ERR_OR_NULL(found))
		mpool_put(found);
	if (IS_ERR(made)) {
		EXPECT(PTR_ERR(made) == -ENOMEM);
		return false;
	}
	mpool_put(made);
	return true;
}

static bool do_class(const struct what *what, struct mpool *mp, u32 size,
		     unsigned int nth)
{
	struct mpool_class *cls;

	arm(nth);
	cls = mpool_class_get(mp, size);
	struck = disarm();
	if (IS_ERR(cls))
		EXPECT(PTR_ERR(cls) == -ENOMEM);
	return !IS_ERR(cls);
}

static bool single(struct mpool *mp, u32 size, gfp_t gfp, unsigned int nth)
{
	void *bufs[NR];
	unsigned int nr;
	bool ok = true;

	arm(nth);
	for (nr = 0; nr < NR; nr++) {
		bufs[nr] = mpool_alloc(mp, size, gfp);
		if (!bufs[nr]) {
			ok = false;
			break;
		}
	}
	struck = disarm();
	while (nr--) {
		memset(bufs[nr], 0x5a, size);
		mpool_free(mp, bufs[nr]);
	}
	return ok;
}

static bool do_alloc(const struct what *what, struct mpool *mp, u32 size,
		     unsigned int nth)
{
	return single(mp, size, GFP_KERNEL | __GFP_NOWARN, nth);
}

static bool do_atomic(const struct what *what, struct mpool *mp, u32 size,
		      unsigned int nth)
{
	return single(mp, size, GFP_ATOMIC | __GFP_NOWARN, nth);
}

/* One at a time: as many as are out at once are what a reserve is for. */
static bool do_sure(const struct what *what, struct mpool *mp, u32 size,
		    unsigned int nth)
{
	unsigned int i;
	bool ok = true;

	arm(nth);
	for (i = 0; i < NR && ok; i++) {
		void *buf = mpool_alloc(mp, size, GFP_NOIO | __GFP_NOWARN);

		ok = buf;
		mpool_free(mp, buf);
		/* Nothing stays that could be had without allocating. */
		mpool_trim(mp, 0);
	}
	struck = disarm();
	return ok;
}

static bool do_bulk(const struct what *what, struct mpool *mp, u32 size,
		    unsigned int nth)
{
	void *bufs[NR];
	unsigned int got;

	arm(nth);
	got = mpool_alloc_bulk(mp, size, GFP_KERNEL | __GFP_NOWARN, NR, bufs);
	struck = disarm();
	mpool_free_bulk(mp, got, bufs);
	return got == NR;
}

static bool do_all(const struct what *what, struct mpool *mp, u32 size,
		   unsigned int nth)
{
	struct mpool_class_stats st = {};
	void *bufs[NR];
	bool ok;

	arm(nth);
	ok = mpool_alloc_all(mp, size, GFP_KERNEL | __GFP_NOWARN, NR, bufs);
	struck = disarm();
	mpool_class_get_stats(mp, size, &st);
	EXPECT(st.allocated == (ok ? NR : 0));
	if (ok)
		mpool_free_bulk(mp, NR, bufs);
	return ok;
}

static bool do_resize(const struct what *what, struct mpool *mp, u32 size,
		      unsigned int nth)
{
	int err;

	arm(nth);
	err = mpool_resize(mp, MPOOL_MEDIUM, 128);
	struck = disarm();
	if (err)
		EXPECT(err == -ENOMEM);
	return !err;
}

static const struct what whats[] = {
	{ "create", do_create },
	{ "class_get", do_class },
	{ "alloc", do_alloc, .ready = true },
	{ "atomic alloc", do_atomic, .ready = true },
	{ "alloc with a reserve", do_sure, .reserve = 4, .ready = true,
	  .sure = true },
	{ "bulk", do_bulk, .ready = true },
	{ "all or none", do_all, .ready = true },
	{ "resize", do_resize, .ready = true },
};

/* Returns false when nothing was left to fail. */
static bool once(const struct what *what, u32 size, unsigned int nth)
{
	struct mpool_config cfg = base;
	struct mpool *mp;
	bool ok;

	cfg.settings.reserve = what->reserve;
	mp = mpool_create("fault", &cfg);
	if (IS_ERR(mp) || (what->ready && IS_ERR(mpool_class_get(mp, size)))) {
		wrong++;
		pr_err("no pool to try %s with\n", what->name);
		if (!IS_ERR(mp))
			mpool_put(mp);
		return false;
	}
	ok = what->fn(what, mp, size, nth);
	EXPECT(ok || struck);
	EXPECT(ok || !what->sure);
	EXPECT(balance_class(mp, size));
	mpool_put(mp);
	/* The name is free again, so the pool is gone. */
	mp = mpool_find("fault");
	EXPECT(IS_ERR_OR_NULL(mp));
	return struck;
}

static int __init fault_init(void)
{
	unsigned int i, j, nth, first, failed, none = 0;

	if (!step)
		return -EINVAL;
	first = 1 + get_random_u32() % step;
	pr_info("every %u. from the %u. on\n", step, first);
	for (i = 0; i < ARRAY_SIZE(whats); i++) {
		failed = 0;
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			for (nth = first; nth <= MOST; nth += step) {
				if (!once(&whats[i], sizes[j], nth))
					break;
				failed++;
				cond_resched();
			}
			if (nth > MOST) {
				wrong++;
				pr_err("%s does not end\n", whats[i].name);
			}
		}
		pr_info("%s: %u allocations failed\n", whats[i].name, failed);
		/* It is the interface's own business which calls allocate. */
		none += !failed && whats[i].fn != do_resize;
	}
	return wrong || none ? -EIO : 0;
}

#else

static int __init fault_init(void)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_FAULT_INJECTION */

static void __exit fault_exit(void)
{
}

module_init(fault_init);
module_exit(fault_exit);

MODULE_DESCRIPTION("mpool without memory");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
