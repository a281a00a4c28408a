// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of a pool in use: each is changed, takes effect at once, and a
 * change that is refused changes nothing.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "access.h"
#include "configure.h"
#include "helpers.h"
#include "reclaim.h"
#include "suites.h"

/* One setting, a value that differs from its default, and one out of range. */
struct change {
	const char *desc;
	u64 bit;
	size_t offset;
	u64 good;
	u64 bad;
};

#define CHANGE(name, member, one, another)				\
	{ #name, MPOOL_CONFIG_##name,					\
	  offsetof(struct mpool_pool_config, member), one, another }

static const struct change changes[] = {
	CHANGE(MODE, mode, 0640, 01000),
	CHANGE(UID, uid, 1234, U32_MAX),
	CHANGE(GID, gid, 4321, U32_MAX),
	CHANGE(INITIAL_SMALL, initial[0], 7, 1001),
	CHANGE(INITIAL_MEDIUM, initial[1], 7, 501),
	CHANGE(INITIAL_LARGE, initial[2], 7, 101),
	CHANGE(MAX_SMALL, max[0], 1234, 1U << 24),
	CHANGE(MAX_MEDIUM, max[1], 1234, 1U << 24),
	CHANGE(MAX_LARGE, max[2], 1234, 1U << 24),
	CHANGE(GROWTH_PERCENT, growth_percent, 300, 99),
	CHANGE(SHRINK_PERCENT, shrink_percent, 99, 101),
	CHANGE(CLEANUP_INTERVAL_MS, cleanup_interval_ms, 50000, 9),
	CHANGE(MAX_AGE_MS, max_age_ms, 50000, 86400001),
	CHANGE(RESERVE, reserve, 3, 501),
	CHANGE(MAX_BYTES, max_bytes, SZ_1M, LONG_MAX + 1ULL),
	CHANGE(MAX_BYTES_SMALL, tier_max_bytes[0], SZ_1M, LONG_MAX + 1ULL),
	CHANGE(MAX_BYTES_MEDIUM, tier_max_bytes[1], SZ_1M, LONG_MAX + 1ULL),
	CHANGE(MAX_BYTES_LARGE, tier_max_bytes[2], SZ_1M, LONG_MAX + 1ULL),
	CHANGE(CLIENT_MAX, client_max, 7, 1U << 24),
	CHANGE(CLIENT_MAX_BYTES, client_max_bytes, SZ_1M, 4095),
	CHANGE(USER_MAX, user_max, 7, 1U << 24),
	CHANGE(USER_MAX_BYTES, user_max_bytes, SZ_1M, LONG_MAX + 1ULL),
	CHANGE(LOW_PERCENT, low_percent, 30, 101),
	CHANGE(HIGH_PERCENT, high_percent, 80, 101),
};

static void change_desc(const struct change *c, char *desc)
{
	strscpy(desc, c->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(change, changes, change_desc);

static bool is_wide(const struct change *c)
{
	return kt_setting_is_wide(c->offset);
}

static void put(const struct change *c, struct mpool_pool_config *set, u64 value)
{
	if (is_wide(c))
		*(u64 *)((void *)set + c->offset) = value;
	else
		*(u32 *)((void *)set + c->offset) = value;
}

static u64 get(const struct change *c, const struct mpool_pool_config *set)
{
	if (is_wide(c))
		return *(const u64 *)((const void *)set + c->offset);
	return *(const u32 *)((const void *)set + c->offset);
}

static struct mpool_pool_config now(struct mpool *pool)
{
	struct mpool_pool_config set;

	mpool_get_config(pool, &set);
	return set;
}

static bool same(const struct mpool_pool_config *a,
		 const struct mpool_pool_config *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void one_setting_is_changed_and_no_other(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_pool_config set, before = now(pool), after;

	/* What is not in the mask is not looked at. */
	memset(&set, 0xa5, sizeof(set));
	put(c, &set, c->good);
	KUNIT_EXPECT_NE(test, get(c, &before), c->good);
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, c->bit), 0);
	after = now(pool);
	KUNIT_EXPECT_EQ(test, get(c, &after), c->good);
	put(c, &after, get(c, &before));
	KUNIT_EXPECT_TRUE(test, same(&before, &after));
}

static void out_of_range_changes_nothing(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_pool_config set = {}, before = now(pool), after;
	u64 others = MPOOL_CONFIG_GROWTH_PERCENT | MPOOL_CONFIG_MODE;

	/* Nor do those that were right beside it. */
	set.growth_percent = 200;
	set.mode = 0666;
	put(c, &set, c->bad);
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, others | c->bit),
			-EINVAL);
	after = now(pool);
	KUNIT_EXPECT_TRUE(test, same(&before, &after));
}

static void zero_is_the_default(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_pool_config set = {}, before = now(pool), after;

	/* Ids have no default: 0 is root. */
	if (c->bit & (MPOOL_CONFIG_UID | MPOOL_CONFIG_GID))
		kunit_skip(test, "has no default");
	put(c, &set, c->good);
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, c->bit), 0);
	put(c, &set, 0);
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, c->bit), 0);
	after = now(pool);
	/* Memory may come and go. */
	if (c->bit != MPOOL_CONFIG_MAX_BYTES)
		KUNIT_EXPECT_TRUE(test, same(&before, &after));
	else
		KUNIT_EXPECT_GT(test, after.max_bytes, (u64)SZ_1M);
}

static void bits_of_no_setting_are_refused(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_pool_config set = now(pool), before = set, after;
	u64 known = MPOOL_CONFIG_ADAPTIVE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(changes); i++)
		known |= changes[i].bit;
	set.mode = 0666;
	for (i = 0; i < 64; i++) {
		if (known & BIT_ULL(i))
			continue;
		KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, BIT_ULL(i) |
						      MPOOL_CONFIG_MODE),
				-EINVAL);
	}
	after = now(pool);
	KUNIT_EXPECT_TRUE(test, same(&before, &after));
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, 0), 0);
}

/* Also what is none: read, and given back, it stays none. */
static void what_was_read_can_be_given_back(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, 1, MPOOL_NONE },
			.shrink_percent = MPOOL_NONE,
			.cleanup_interval_ms = MPOOL_NONE,
			.max_age_ms = MPOOL_NONE,
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_pool_config before = now(pool), after;
	u64 all = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(changes); i++)
		all |= changes[i].bit;
	KUNIT_EXPECT_EQ(test, before.initial[MPOOL_SMALL], MPOOL_NONE);
	KUNIT_EXPECT_EQ(test, before.initial[MPOOL_MEDIUM], 1U);
	KUNIT_EXPECT_EQ(test, before.cleanup_interval_ms, MPOOL_NONE);
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &before, all), 0);
	after = now(pool);
	KUNIT_EXPECT_TRUE(test, same(&before, &after));
}

static int change_one(struct mpool *pool, u64 bit,
		      const struct mpool_pool_config *set)
{
	return mpool_configure(pool, set, bit);
}

#define CHANGE_TO(pool, bit, ...)					\
	change_one(pool, MPOOL_CONFIG_##bit,				\
		   &(struct mpool_pool_config){ __VA_ARGS__ })

static void a_lower_max_takes_initial_along(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class *cls = kt_class(test, pool, 64);
	struct mpool_pool_config set = { .max = { 40 }, .initial = { 41 } };

	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set, MPOOL_CONFIG_MAX_SMALL |
					      MPOOL_CONFIG_INITIAL_SMALL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).max, 1000ULL);
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set,
					      MPOOL_CONFIG_MAX_SMALL), 0);
	KUNIT_EXPECT_EQ(test, now(pool).initial[MPOOL_SMALL], 40U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).max, 40ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 40ULL);
	/* It does not come back by itself. */
	set.max[MPOOL_SMALL] = 1000;
	KUNIT_EXPECT_EQ(test, mpool_configure(pool, &set,
					      MPOOL_CONFIG_MAX_SMALL), 0);
	KUNIT_EXPECT_EQ(test, now(pool).initial[MPOOL_SMALL], 40U);
}

/* Cleanups by hand, which take whatever is idle down to initial. */
static struct mpool_class *changing_class(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { 10, 10, 10 },
			.cleanup_interval_ms = MPOOL_NONE,
			.max_age_ms = MPOOL_NONE,
			.growth_percent = 100,
		},
	};

	return kt_class(test, kt_pool(test, &cfg), 64);
}

static u64 backed(struct mpool_class *cls)
{
	return kt_stats(cls).backed;
}

static void the_next_cleanup_goes_by_initial(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);

	kt_give(cls, 40, kt_take(test, cls, 40));
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, INITIAL_SMALL,
					.initial = { 20 }), 0);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 20ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, INITIAL_SMALL,
					.initial = { MPOOL_NONE }), 0);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
}

static void a_class_made_later_has_the_new_initial(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);

	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, INITIAL_SMALL,
					.initial = { 33 }), 0);
	KUNIT_EXPECT_EQ(test, backed(kt_class(test, cls->pool, 128)), 33ULL);
}

static void the_next_miss_goes_by_growth_percent(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);
	void **bufs = kt_take(test, cls, 11);

	KUNIT_EXPECT_EQ(test, backed(cls), 11ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, GROWTH_PERCENT,
					.growth_percent = 300), 0);
	kt_give(cls, 1, kt_take(test, cls, 1));
	KUNIT_EXPECT_EQ(test, backed(cls), 33ULL);
	kt_give(cls, 11, bufs);
}

/* 10 of 40 are in use. */
static void the_next_cleanup_goes_by_shrink_percent(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);
	void **bufs = kt_take(test, cls, 40);

	kt_give(cls, 30, bufs + 10);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, SHRINK_PERCENT,
					.shrink_percent = 25), 0);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, SHRINK_PERCENT,
					.shrink_percent = 26), 0);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 10ULL);
	kt_give(cls, 10, bufs);
}

static void the_next_cleanup_goes_by_max_age(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);

	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, MAX_AGE_MS,
					.max_age_ms = 60000), 0);
	kt_give(cls, 40, kt_take(test, cls, 40));
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, MAX_AGE_MS,
					.max_age_ms = MPOOL_NONE), 0);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 10ULL);
}

static void the_interval_is_changed_at_once(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);

	/* From never, */
	kt_give(cls, 40, kt_take(test, cls, 40));
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, CLEANUP_INTERVAL_MS,
					.cleanup_interval_ms = 20), 0);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(backed(cls) == 10));
	/* to never, */
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, CLEANUP_INTERVAL_MS,
					.cleanup_interval_ms = MPOOL_NONE), 0);
	flush_delayed_work(&cls->pool->cleanup);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&cls->pool->cleanup));
	kt_give(cls, 40, kt_take(test, cls, 40));
	msleep(100);
	KUNIT_EXPECT_EQ(test, backed(cls), 40ULL);
	/* and from what would come in a day. */
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, CLEANUP_INTERVAL_MS,
					.cleanup_interval_ms = 86400000), 0);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, CLEANUP_INTERVAL_MS,
					.cleanup_interval_ms = 20), 0);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(backed(cls) == 10));
}

static void fewer_bytes_take_idle_buffers_at_once(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_class *small = kt_class(test, pool, SZ_4K);
	struct mpool_class *large = kt_class(test, pool, SZ_64K);
	void *buf = mpool_class_alloc(large, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, backed(small), 50ULL);
	KUNIT_EXPECT_EQ(test, backed(large), 50ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_BYTES,
					.max_bytes = SZ_1M), 0);
	KUNIT_EXPECT_LE(test, atomic_long_read(&pool->bytes), (long)SZ_1M);
	KUNIT_EXPECT_EQ(test, backed(small), 50ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_BYTES,
					.max_bytes = SZ_4K), 0);
	/* What is in use stays, and nothing comes beside it. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->bytes), (long)SZ_64K);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(small, GFP_NOWAIT));
	mpool_class_free(large, buf);
	mpool_trim(pool, 0);
	buf = mpool_class_alloc(small, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(small, GFP_NOWAIT));
	mpool_class_free(small, buf);
}

static int take_one(void *arg)
{
	void *buf = mpool_class_alloc(arg, GFP_KERNEL);

	mpool_class_free(arg, buf);
	return buf ? 0 : -ENOMEM;
}

/* Well before it would have looked by itself. */
#define AT_ONCE	(2 * HZ)

static void adapting_is_turned_on_and_off(struct kunit *test)
{
	struct mpool_class *cls = changing_class(test);
	struct mpool *pool = cls->pool;

	/* It has no cleanups that would do it. */
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, ADAPTIVE,
					.flags = MPOOL_POOL_ADAPTIVE), -EINVAL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, CLEANUP_INTERVAL_MS,
					.cleanup_interval_ms = 86400000), 0);
	/* Other flags are not looked at. */
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, ADAPTIVE, .flags = ~0U), 0);
	KUNIT_EXPECT_EQ(test, now(pool).flags & ~MPOOL_POOL_OWNER,
			MPOOL_POOL_ADAPTIVE);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, CLEANUP_INTERVAL_MS,
					.cleanup_interval_ms = MPOOL_NONE),
			-EINVAL);
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 0ULL);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, ADAPTIVE, .flags = 0), 0);
	kt_give(cls, 40, kt_take(test, cls, 40));
	mpool_reclaim_age(cls);
	KUNIT_EXPECT_EQ(test, backed(cls), 10ULL);
}

/* Each tier has bytes of its own, within those of the pool. */
static void a_tier_has_bytes_of_its_own(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.growth_percent = 100,
			.tier_max_bytes = { 0, SZ_64K, 0 },
		},
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *a = kt_class(test, pool, SZ_4K);
	struct mpool_class *b = kt_class(test, pool, SZ_8K);
	struct mpool_class *small = kt_class(test, pool, 64);
	void **bufs = kt_take(test, a, 15), *buf;

	KUNIT_EXPECT_NULL(test, mpool_class_alloc(b, GFP_NOWAIT));
	kt_give(small, 40, kt_take(test, small, 40));
	KUNIT_EXPECT_EQ(test, backed(small), 40ULL);
	buf = mpool_class_alloc(a, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(a, GFP_NOWAIT));
	/* Idle ones of the same tier make room, of another they stay. */
	kt_give(a, 15, bufs);
	mpool_class_free(a, buf);
	buf = mpool_class_alloc(b, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, backed(small), 40ULL);
	KUNIT_EXPECT_LE(test, atomic_long_read(&pool->tier_bytes[MPOOL_MEDIUM]),
			(long)SZ_64K);
	/* Lowered, what is idle goes; off, all of the pool's are there. */
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_BYTES_MEDIUM,
					.tier_max_bytes = { 0, SZ_8K, 0 }), 0);
	KUNIT_EXPECT_EQ(test, backed(a), 0ULL);
	KUNIT_EXPECT_EQ(test, backed(small), 40ULL);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(a, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_BYTES_MEDIUM,
					.tier_max_bytes = { 0, 0, 0 }), 0);
	mpool_class_free(b, buf);
	kt_give(a, 40, kt_take(test, a, 40));
	KUNIT_EXPECT_EQ(test, backed(a), 40ULL);
	mpool_trim(pool, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->tier_bytes[MPOOL_MEDIUM]),
			0L);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->tier_bytes[MPOOL_SMALL]),
			0L);
}

static void more_bytes_wake_who_waits(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.max_bytes = SZ_4K,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), SZ_4K);
	void *buf = mpool_class_alloc(cls, GFP_KERNEL);
	struct kt_thread *t = kt_start(test, -1, take_one, cls);
	unsigned long asked;

	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).waits == 1 &&
					 kt_asleep(t)));
	asked = jiffies;
	KUNIT_EXPECT_EQ(test, CHANGE_TO(cls->pool, MAX_BYTES,
					.max_bytes = SZ_8K), 0);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(t)));
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, asked + AT_ONCE));
	KUNIT_EXPECT_EQ(test, kt_join(test, t), 0);
	mpool_class_free(cls, buf);
}

static void a_max_below_the_reserve_is_refused(struct kunit *test)
{
	struct mpool_config cfg = { .settings = { .reserve = 5 } };
	struct mpool *pool = kt_pool(test, &cfg);

	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_MEDIUM, .max = { 0, 4, 0 }),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, now(pool).max[MPOOL_MEDIUM], 500U);
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_MEDIUM, .max = { 0, 5, 0 }),
			0);
	/* The pool has no large classes, so no reserve there. */
	KUNIT_EXPECT_EQ(test, CHANGE_TO(pool, MAX_LARGE, .max = { 0, 0, 1 }),
			0);
}

/* An owner who is not root, as POOL_CONFIG has it. */
static void an_owner_may_not_do_all(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_pool_config set = now(pool), before = set, after;

	set.max_bytes++;
	KUNIT_EXPECT_EQ(test, mpool_pool_configure(pool, &set,
						   MPOOL_CONFIG_MAX_BYTES |
						   MPOOL_CONFIG_MODE, false),
			-EPERM);
	set.uid = 77;
	KUNIT_EXPECT_EQ(test, mpool_pool_configure(pool, &set, MPOOL_CONFIG_UID,
						   false), -EPERM);
	after = now(pool);
	KUNIT_EXPECT_TRUE(test, same(&before, &after));
	set.max_bytes = SZ_1M;
	set.mode = 0660;
	KUNIT_EXPECT_EQ(test, mpool_pool_configure(pool, &set,
						   MPOOL_CONFIG_MAX_BYTES |
						   MPOOL_CONFIG_MODE, false), 0);
	KUNIT_EXPECT_EQ(test, now(pool).max_bytes, (u64)SZ_1M);
	KUNIT_EXPECT_EQ(test, now(pool).mode, 0660U);
}

/* Two owners, each with a mode of its own: never one's id, the other's mode. */
static int look_at_access(void *arg)
{
	struct mpool *pool = arg;
	struct mpool_access a;
	u32 id;

	while (!kthread_should_stop()) {
		a = mpool_access_get(pool);
		id = from_kuid(&init_user_ns, a.uid);
		if (id != from_kgid(&init_user_ns, a.gid) ||
		    a.mode != (id ? 0666 : 0600))
			return -EIO;
		kt_resched();
	}
	return 0;
}

static void rights_are_never_seen_in_halves(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);
	struct mpool_pool_config set[2] = {
		{ .uid = 0, .gid = 0, .mode = 0600 },
		{ .uid = 5, .gid = 5, .mode = 0666 },
	};
	u64 mask = MPOOL_CONFIG_UID | MPOOL_CONFIG_GID | MPOOL_CONFIG_MODE;
	int other = kt_other_cpu(test), i;
	struct task_struct *reader;

	KUNIT_ASSERT_EQ(test, mpool_configure(pool, &set[0], mask), 0);
	reader = kthread_create(look_at_access, pool, "mpool_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	kthread_bind(reader, other);
	get_task_struct(reader);
	wake_up_process(reader);
	for (i = 1; i <= 3000; i++) {
		KUNIT_ASSERT_EQ(test, mpool_configure(pool, &set[i & 1], mask),
				0);
		kt_resched();
	}
	KUNIT_EXPECT_EQ(test, kthread_stop(reader), 0);
	put_task_struct(reader);
}

static struct kunit_case configure_cases[] = {
	KUNIT_CASE_PARAM(one_setting_is_changed_and_no_other,
			 change_gen_params),
	KUNIT_CASE_PARAM(out_of_range_changes_nothing, change_gen_params),
	KUNIT_CASE_PARAM(zero_is_the_default, change_gen_params),
	KUNIT_CASE(bits_of_no_setting_are_refused),
	KUNIT_CASE(what_was_read_can_be_given_back),
	KUNIT_CASE(a_lower_max_takes_initial_along),
	KUNIT_CASE(the_next_cleanup_goes_by_initial),
	KUNIT_CASE(a_class_made_later_has_the_new_initial),
	KUNIT_CASE(the_next_miss_goes_by_growth_percent),
	KUNIT_CASE(the_next_cleanup_goes_by_shrink_percent),
	KUNIT_CASE(the_next_cleanup_goes_by_max_age),
	KUNIT_CASE(the_interval_is_changed_at_once),
	KUNIT_CASE(fewer_bytes_take_idle_buffers_at_once),
	KUNIT_CASE(adapting_is_turned_on_and_off),
	KUNIT_CASE(a_tier_has_bytes_of_its_own),
	KUNIT_CASE(more_bytes_wake_who_waits),
	KUNIT_CASE(a_max_below_the_reserve_is_refused),
	KUNIT_CASE(an_owner_may_not_do_all),
	KUNIT_CASE(rights_are_never_seen_in_halves),
	{}
};

KT_SUITE(configure);
