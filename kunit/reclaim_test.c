// SPDX-License-Identifier: GPL-2.0
/*
 * Giving memory back: with age, for other classes, under pressure.
 */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "compat/shrinker.h"
#include "helpers.h"
#include "reclaim.h"
#include "suites.h"

static struct mpool_class *ageing_class(struct kunit *test, size_t size,
					u32 max_age_ms)
{
	struct mpool_config cfg = {
		.settings = {
			.max_size = SZ_256K,
			.initial = { 10, 10, 10 },
			.max = { 64, 64, 64 },
			.max_age_ms = max_age_ms,
			.cleanup_interval_ms = MPOOL_NONE,
			.growth_percent = 100,
		},
	};

	return kt_class(test, kt_pool(test, &cfg), size);
}

static u64 backed(struct mpool_class *cls)
{
	return kt_stats(cls).backed;
}

static const unsigned int sizes[] = { 64, SZ_4K, SZ_128K + SZ_32K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static void a_cleanup_goes_down_to_initial(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = ageing_class(test, size, MPOOL_NONE);

	kt_give(cls, 40, kt_take(test, cls, 40));
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 10ULL);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 10ULL);
}

/* 30 percent of 40 are 12. */
static void a_cleanup_waits_for_little_use(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = ageing_class(test, size, MPOOL_NONE);
	void **bufs = kt_take(test, cls, 40);

	kt_give(cls, 28, bufs + 12);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	mpool_class_free(cls, bufs[11]);
	mpool_reclaim_age(cls);
	/* Eleven are out: above initial, and none of them can go. */
	KUNIT_EXPECT_EQ(test, backed(cls), 11ULL);
	kt_give(cls, 11, bufs);
}

static void a_cleanup_spares_the_young(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = ageing_class(test, size, 60000);

	kt_give(cls, 40, kt_take(test, cls, 40));
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
}

/* Not from when somebody emptied it on. */
static void what_lies_in_a_magazine_ages_there(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 64);
	unsigned long age = msecs_to_jiffies(100);

	kt_give(cls, 40, kt_take(test, cls, 40));
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
	mpool_magazine_look(cls);
	msleep(150);
	KUNIT_EXPECT_EQ(test, mpool_reclaim_class(cls, age, UINT_MAX, true),
			40U);
}

static void what_is_used_is_young(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 64);
	unsigned long age = msecs_to_jiffies(10000);
	int here = get_cpu();

	put_cpu();
	kt_stay_on(test, here);
	kt_give(cls, 40, kt_take(test, cls, 40));
	mpool_magazine_look(cls);
	mpool_class_free(cls, mpool_class_alloc(cls, GFP_KERNEL));
	/* As if the look had been long ago. */
	mutex_lock(&cls->drain_mutex);
	cls->idle[here].since -= 2 * age;
	mutex_unlock(&cls->drain_mutex);
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
	mpool_reclaim_class(cls, age, UINT_MAX, true);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
}

/* The magazine that single buffers go through stands in no list. */
static void the_oldest_may_be_a_partial_magazine(struct kunit *test)
{
	struct mpool_config cfg = {
		/* One node for all, whose depot it is. */
		.settings = { .max = { 4000 }, .node = first_online_node + 1 },
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), 64);
	unsigned long age = msecs_to_jiffies(10000);
	struct mpool_depot *depot;
	unsigned int most;
	void **bufs;

	if (!cls->cpu_cap)
		kunit_skip(test, "too many CPUs");
	most = 3 * cls->cpu_cap + 10;
	bufs = kt_take(test, cls, most);
	mpool_reclaim_class(cls, 0, UINT_MAX, true);
	kt_stay_on(test, cpumask_first(cpu_online_mask));
	kt_give(cls, 10, bufs);
	mpool_drain_begin(cls);
	mpool_drain_end(cls);
	depot = cls->depots[first_online_node];
	KUNIT_ASSERT_EQ(test, depot->partial->nr, 10U);
	depot->partial->stamp -= 2 * age;
	/* The first of three goes to the depot as a whole. */
	kt_give(cls, most - 10, bufs + 10);
	KUNIT_ASSERT_EQ(test, depot->nr_full, 1U);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, age, UINT_MAX), 10U);
	KUNIT_EXPECT_EQ(test, mpool_class_shrink(cls, age, UINT_MAX), 0U);
}

static void lease_stock_ages_one_by_one(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 8);
	struct mpool_desc *a = kt_lease(test, cls), *b = kt_lease(test, cls);
	unsigned long age = msecs_to_jiffies(500);
	unsigned long begin;

	kt_return(cls, a);
	/* Its age counts from when it was zeroed. */
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	msleep(600);
	begin = jiffies;
	kt_return(cls, b);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 2));
	KUNIT_EXPECT_EQ(test, mpool_reclaim_class(cls, age, UINT_MAX, true),
			1U);
	if (time_after(jiffies, begin + age / 2))
		kunit_skip(test, "the machine is too slow");
	KUNIT_EXPECT_EQ(test, backed(cls), 1ULL);
	/* It is the one that came back last. */
	KUNIT_EXPECT_PTR_EQ(test, kt_lease(test, cls), b);
	kt_return(cls, b);
}

/* Of those that come back together, the last one is the first to go out. */
static void cleaning_keeps_the_order(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 8);
	struct mpool_desc *descs[8];
	int i;

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
					       MPOOL_OWNER_CLIENT, 8, true,
					       MPOOL_DEADLINE_NOW, descs), 8);
	/* In one go, so that the cleaner does not come between. */
	spin_lock_irq(&cls->stock.lock);
	cls->stock.ended = true;
	spin_unlock_irq(&cls->stock.lock);
	mpool_stock_return(cls, NULL, NULL, 8, descs);
	spin_lock_irq(&cls->stock.lock);
	cls->stock.ended = false;
	spin_unlock_irq(&cls->stock.lock);
	queue_work(system_wq, &cls->stock.clean_work);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 8));
	for (i = 7; i >= 0; i--)
		KUNIT_EXPECT_PTR_EQ(test, mpool_stock_take_clean(cls, NULL),
				    descs[i]);
	for (i = 0; i < 8; i++)
		mpool_stock_add_clean(cls, NULL, descs[i]);
}

static void a_cleanup_keeps_the_reserve(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { 2, 2, 2 },
			.max = { 64, 64, 64 },
			.max_age_ms = MPOOL_NONE,
			.reserve = 5,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), 64);

	kt_give(cls, 40, kt_take(test, cls, 40));
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 5ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 5ULL);
	mpool_trim(cls->pool, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).reserve, 5ULL);
}

static void cleanups_come_by_themselves(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { 10, 10, 10 },
			.max = { 64, 64, 64 },
			.max_age_ms = MPOOL_NONE,
			.cleanup_interval_ms = 20,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), 64);

	kt_give(cls, 40, kt_take(test, cls, 40));
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(backed(cls) == 10));
}

static void shrink_percent_of_none_never_cleans(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE },
			.shrink_percent = MPOOL_NONE,
			.max_age_ms = MPOOL_NONE,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), 64);

	kt_give(cls, 1, kt_take(test, cls, 1));
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 1ULL);
}

static void only_a_drain_reaches_magazines(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 64, 64);
	u64 held;

	kt_give(cls, 40, kt_take(test, cls, 40));
	held = kt_stats(cls).free_cpu;
	KUNIT_EXPECT_GT(test, held, 0ULL);
	mpool_reclaim_class(cls, 0, UINT_MAX, false);
	KUNIT_EXPECT_EQ(test, backed(cls), held);
	mpool_reclaim_class(cls, 0, UINT_MAX, true);
	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
}

static void no_more_is_reclaimed_than_told(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 64);
	struct mpool_desc *descs[10];

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
					       MPOOL_OWNER_CLIENT, 10, true,
					       MPOOL_DEADLINE_NOW, descs), 10);
	mpool_stock_return(cls, NULL, NULL, 10, descs);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 10));
	kt_give(cls, 40, kt_take(test, cls, 40));
	/* Stock first, then the depots. */
	KUNIT_EXPECT_EQ(test, mpool_reclaim_class(cls, 0, 15, true), 15U);
	KUNIT_EXPECT_EQ(test, backed(cls), 35ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 0ULL);
}

/* A pool of 16 pages, full of the class of single ones. */
static struct mpool_class *full_of_pages(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_64K,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), SZ_4K);

	KUNIT_ASSERT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 16), 0);
	KUNIT_ASSERT_EQ(test, backed(cls), 16ULL);
	return cls;
}

static void a_squeeze_takes_what_is_needed(struct kunit *test)
{
	struct mpool_class *pages = full_of_pages(test);
	struct mpool_class *cls = kt_class(test, pages->pool, SZ_16K);
	void *buf;

	KUNIT_EXPECT_TRUE(test, mpool_reclaim_squeeze(cls));
	KUNIT_EXPECT_EQ(test, backed(pages), 12ULL);
	KUNIT_EXPECT_EQ(test, mpool_class_grow(cls, GFP_KERNEL, 1, &buf), 1);
	mpool_class_give_back(cls, 1, &buf);
}

static void a_squeeze_reaches_magazines(struct kunit *test)
{
	struct mpool_class *pages = full_of_pages(test);
	struct mpool_class *cls = kt_class(test, pages->pool, SZ_64K);

	kt_give(pages, 16, kt_take(test, pages, 16));
	KUNIT_EXPECT_GT(test, kt_stats(pages).free_cpu, 0ULL);
	KUNIT_EXPECT_TRUE(test, mpool_reclaim_squeeze(cls));
	KUNIT_EXPECT_EQ(test, backed(pages), 0ULL);
}

static void a_squeeze_finds_nothing_in_use(struct kunit *test)
{
	struct mpool_class *pages = full_of_pages(test);
	struct mpool_class *cls = kt_class(test, pages->pool, SZ_8K);
	void **bufs = kt_take(test, pages, 16);

	mpool_class_free(pages, bufs[15]);
	KUNIT_EXPECT_FALSE(test, mpool_reclaim_squeeze(cls));
	KUNIT_EXPECT_EQ(test, kt_stats(pages).allocated, 15ULL);
	kt_give(pages, 15, bufs);
}

static void at_its_own_limit_a_class_takes_nothing(struct kunit *test)
{
	struct mpool *pool = kt_pool_max(test, 10);
	struct mpool_class *a = kt_class(test, pool, 64);
	struct mpool_class *b = kt_class(test, pool, 4096);

	KUNIT_ASSERT_EQ(test, mpool_class_fill(a, GFP_KERNEL, 10), 0);
	KUNIT_ASSERT_EQ(test, mpool_class_fill(b, GFP_KERNEL, 10), 0);
	KUNIT_EXPECT_FALSE(test, mpool_reclaim_squeeze(b));
	KUNIT_EXPECT_EQ(test, backed(a), 10ULL);
}

/* All shrinkers of the system run, as if somebody wrote it by hand. */
static void run_shrinkers(struct kunit *test)
{
	struct file *file = filp_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		kunit_skip(test, "cannot open drop_caches: %ld", PTR_ERR(file));
	ret = kernel_write(file, "2", 1, &pos);
	filp_close(file, NULL);
	if (ret != 1)
		kunit_skip(test, "cannot write drop_caches: %zd", ret);
}

static void the_shrinker_takes_what_is_idle(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 64);
	void **bufs = kt_take(test, cls, 60);
	int i;

	for (i = 0; i < 10; i++)
		memset(bufs[i], 0x5a, cls->size);
	kt_give(cls, 50, bufs + 10);
	KUNIT_EXPECT_GT(test, kt_stats(cls).free_cpu, 0ULL);
	/* A worker empties magazines for it; those in use are not its to take. */
	KUNIT_EXPECT_TRUE(test, KT_UNTIL((run_shrinkers(test),
					  backed(cls) == 10)));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_depot, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 10ULL);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_FALSE(test, !!memchr_inv(bufs[i], 0x5a, cls->size));
	kt_give(cls, 10, bufs);
}

static void the_shrinker_takes_lease_stock(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 4096, 8);

	kt_return(cls, kt_lease(test, cls));
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	run_shrinkers(test);
	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
}

/* Who needs memory would go on shrinking, or call the OOM killer, otherwise. */
static void the_shrinker_says_how_much_it_gave(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_64K, 64);
	const unsigned long pages = 48 * (SZ_64K / PAGE_SIZE);
	struct reclaim_state state = {};

	/* What others can spare goes first, lest it is counted, too. */
	run_shrinkers(test);
	KUNIT_ASSERT_EQ(test, mpool_class_fill(cls, GFP_KERNEL, 48), 0);
	current->reclaim_state = &state;
	run_shrinkers(test);
	current->reclaim_state = NULL;
	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
	KUNIT_EXPECT_GE(test, *mpool_reclaimed(&state), pages);
}

struct leaver {
	struct mpool_class *cls;
	unsigned int nr;
	void **bufs;
};

static int leave_some(void *arg)
{
	struct leaver *l = arg;

	kt_give(l->cls, l->nr, l->bufs);
	return 0;
}

/* A CPU goes for real, with buffers in its magazine, and comes back. */
static void a_cpu_that_goes_leaves_nothing(struct kunit *test)
{
	size_t size = *(const unsigned int *)test->param_value;
	struct mpool_class *cls = kt_class_max(test, size, 64);
	int other = kt_other_cpu(test), err;
	struct leaver l = { .cls = cls, .nr = 1 };
	struct mpool_class_stats st;

	l.bufs = kt_take(test, cls, l.nr);
	kt_run_on(test, other, leave_some, &l);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_cpu, 1ULL);
	err = remove_cpu(other);
	if (err == -EPERM)
		kunit_skip(test, "no CPU can go offline here");
	KUNIT_EXPECT_EQ(test, err, 0);
	st = kt_stats(cls);
	if (!err)
		KUNIT_EXPECT_EQ(test, add_cpu(other), 0);
	KUNIT_EXPECT_EQ(test, st.free_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, st.free_depot, 1ULL);
	l.bufs = kt_take(test, cls, l.nr);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 1ULL);
	kt_run_on(test, other, leave_some, &l);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).free_cpu, 1ULL);
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE_PARAM(a_cleanup_goes_down_to_initial, size_gen_params),
	KUNIT_CASE_PARAM(a_cleanup_waits_for_little_use, size_gen_params),
	KUNIT_CASE_PARAM(a_cleanup_spares_the_young, size_gen_params),
	KUNIT_CASE_PARAM(what_lies_in_a_magazine_ages_there, size_gen_params),
	KUNIT_CASE_PARAM(what_is_used_is_young, size_gen_params),
	KUNIT_CASE(the_oldest_may_be_a_partial_magazine),
	KUNIT_CASE(lease_stock_ages_one_by_one),
	KUNIT_CASE(cleaning_keeps_the_order),
	KUNIT_CASE(a_cleanup_keeps_the_reserve),
	KUNIT_CASE(cleanups_come_by_themselves),
	KUNIT_CASE(shrink_percent_of_none_never_cleans),
	KUNIT_CASE(only_a_drain_reaches_magazines),
	KUNIT_CASE(no_more_is_reclaimed_than_told),
	KUNIT_CASE(a_squeeze_takes_what_is_needed),
	KUNIT_CASE(a_squeeze_reaches_magazines),
	KUNIT_CASE(a_squeeze_finds_nothing_in_use),
	KUNIT_CASE(at_its_own_limit_a_class_takes_nothing),
	KUNIT_CASE_PARAM(the_shrinker_takes_what_is_idle, size_gen_params),
	KUNIT_CASE(the_shrinker_takes_lease_stock),
	KUNIT_CASE(the_shrinker_says_how_much_it_gave),
	KUNIT_CASE_PARAM(a_cpu_that_goes_leaves_nothing, size_gen_params),
	{}
};

KT_SUITE(reclaim);
