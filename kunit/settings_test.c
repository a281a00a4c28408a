// SPDX-License-Identifier: GPL-2.0
/*
 * Configurations: defaults, bounds, and which size classes follow.
 */
#include <linux/cred.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/uidgid.h>

#include "helpers.h"
#include "settings.h"
#include "suites.h"

static int resolve(const struct mpool_config *cfg,
		   struct mpool_pool_config *set)
{
	struct mpool_settings_bad bad;

	return mpool_settings_resolve(cfg, set, &bad);
}

static void defaults_are_the_documented_ones(struct kunit *test)
{
	struct mpool_pool_config set;

	KUNIT_ASSERT_EQ(test, resolve(NULL, &set), 0);
	KUNIT_EXPECT_EQ(test, set.flags, 0U);
	KUNIT_EXPECT_EQ(test, set.mode, 0600U);
	KUNIT_EXPECT_EQ(test, set.min_size, 64U);
	KUNIT_EXPECT_EQ(test, set.max_size, 65536U);
	KUNIT_EXPECT_EQ(test, set.initial[MPOOL_SMALL], 100U);
	KUNIT_EXPECT_EQ(test, set.initial[MPOOL_MEDIUM], 50U);
	KUNIT_EXPECT_EQ(test, set.initial[MPOOL_LARGE], 4U);
	KUNIT_EXPECT_EQ(test, set.max[MPOOL_SMALL], 1000U);
	KUNIT_EXPECT_EQ(test, set.max[MPOOL_MEDIUM], 500U);
	KUNIT_EXPECT_EQ(test, set.max[MPOOL_LARGE], 100U);
	KUNIT_EXPECT_EQ(test, set.growth_percent, 150U);
	KUNIT_EXPECT_EQ(test, set.shrink_percent, 30U);
	KUNIT_EXPECT_EQ(test, set.cleanup_interval_ms, 60000U);
	KUNIT_EXPECT_EQ(test, set.max_age_ms, 60000U);
	KUNIT_EXPECT_EQ(test, set.reserve, 0U);
	KUNIT_EXPECT_EQ(test, set.node, 0U);
	KUNIT_EXPECT_EQ(test, set.client_max, 0U);
	KUNIT_EXPECT_EQ(test, set.client_max_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, set.user_max, 0U);
	KUNIT_EXPECT_EQ(test, set.user_max_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, set.low_percent, 0U);
	KUNIT_EXPECT_EQ(test, set.high_percent, 0U);
	KUNIT_EXPECT_EQ(test, set.tier_max_bytes[MPOOL_SMALL], 0ULL);
	KUNIT_EXPECT_EQ(test, set.tier_max_bytes[MPOOL_MEDIUM], 0ULL);
	KUNIT_EXPECT_EQ(test, set.tier_max_bytes[MPOOL_LARGE], 0ULL);
	KUNIT_EXPECT_EQ(test, set.max_bytes,
			(u64)totalram_pages() * PAGE_SIZE / 16);
}

static void all_zero_is_the_same_as_null(struct kunit *test)
{
	static const struct mpool_config zero;
	struct mpool_pool_config a, b;

	KUNIT_ASSERT_EQ(test, resolve(NULL, &a), 0);
	KUNIT_ASSERT_EQ(test, resolve(&zero, &b), 0);
	/* Memory can come and go between the two. */
	a.max_bytes = 0;
	b.max_bytes = 0;
	KUNIT_EXPECT_EQ(test, memcmp(&a, &b, sizeof(a)), 0);
}

static void none_means_zero(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.shrink_percent = MPOOL_NONE,
			.cleanup_interval_ms = MPOOL_NONE,
			.max_age_ms = MPOOL_NONE,
			.reserve = MPOOL_NONE,
		},
	};
	struct mpool_pool_config set;
	int t;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	for (t = 0; t < MPOOL_NR_TIERS; t++)
		KUNIT_EXPECT_EQ(test, set.initial[t], 0U);
	KUNIT_EXPECT_EQ(test, set.shrink_percent, 0U);
	KUNIT_EXPECT_EQ(test, set.cleanup_interval_ms, 0U);
	KUNIT_EXPECT_EQ(test, set.max_age_ms, 0U);
	KUNIT_EXPECT_EQ(test, set.reserve, 0U);
}

/* One field of an otherwise empty configuration. */
struct bound {
	const char *desc;
	size_t offset;
	u64 value;
	int want;
};

#define BOUND(member, val, ret)						\
	{ #member " " #val, offsetof(struct mpool_pool_config, member), val, ret }

static const struct bound bounds[] = {
	BOUND(flags, MPOOL_POOL_EAGER, 0),
	BOUND(flags, MPOOL_POOL_OWNER, 0),
	BOUND(flags, MPOOL_POOL_ADAPTIVE, 0),
	BOUND(flags, MPOOL_POOL_DEBUG, 0),
	BOUND(flags, 1U << 4, -EINVAL),
	BOUND(flags, 1U << 31, -EINVAL),
	BOUND(mode, 0777, 0),
	BOUND(mode, 0001, 0),
	BOUND(mode, 01000, -EINVAL),
	BOUND(mode, 0100600, -EINVAL),
	BOUND(uid, 1, -EINVAL),
	BOUND(gid, 1, -EINVAL),
	BOUND(min_size, 1, -EINVAL),
	BOUND(min_size, 15, -EINVAL),
	BOUND(min_size, 16, 0),
	BOUND(min_size, 17, 0),
	BOUND(min_size, 64, 0),
	BOUND(min_size, SZ_4M, 0),
	BOUND(min_size, SZ_4M + 1, -EINVAL),
	BOUND(min_size, U32_MAX, -EINVAL),
	BOUND(max_size, 63, -EINVAL),
	BOUND(max_size, 64, 0),
	BOUND(max_size, SZ_4M, 0),
	BOUND(max_size, SZ_4M + 1, -EINVAL),
	BOUND(max_size, U32_MAX, -EINVAL),
	BOUND(initial[0], 1, 0),
	BOUND(initial[0], 1000, 0),
	BOUND(initial[0], 1001, -EINVAL),
	BOUND(initial[1], 500, 0),
	BOUND(initial[1], 501, -EINVAL),
	BOUND(initial[2], 100, 0),
	BOUND(initial[2], 101, -EINVAL),
	BOUND(max[0], 1, 0),
	BOUND(max[0], (1U << 24) - 1, 0),
	BOUND(max[0], 1U << 24, -EINVAL),
	BOUND(max[0], MPOOL_NONE, -EINVAL),
	BOUND(max[1], 1, 0),
	BOUND(max[1], 1U << 24, -EINVAL),
	BOUND(max[2], 1, 0),
	BOUND(max[2], 1U << 24, -EINVAL),
	BOUND(growth_percent, 1, -EINVAL),
	BOUND(growth_percent, 99, -EINVAL),
	BOUND(growth_percent, 100, 0),
	BOUND(growth_percent, 1000, 0),
	BOUND(growth_percent, 1001, -EINVAL),
	BOUND(growth_percent, MPOOL_NONE, -EINVAL),
	BOUND(shrink_percent, 1, 0),
	BOUND(shrink_percent, 100, 0),
	BOUND(shrink_percent, 101, -EINVAL),
	BOUND(cleanup_interval_ms, 9, -EINVAL),
	BOUND(cleanup_interval_ms, 10, 0),
	BOUND(cleanup_interval_ms, 86400000, 0),
	BOUND(cleanup_interval_ms, 86400001, -EINVAL),
	BOUND(max_age_ms, 1, 0),
	BOUND(max_age_ms, 86400000, 0),
	BOUND(max_age_ms, 86400001, -EINVAL),
	BOUND(reserve, 1, 0),
	BOUND(reserve, (1U << 24) - 1, 0),
	BOUND(reserve, 1U << 24, -EINVAL),
	BOUND(node, 1, 0),
	BOUND(node, MAX_NUMNODES + 1, -EINVAL),
	BOUND(node, U32_MAX, -EINVAL),
	BOUND(max_bytes, 1, 0),
	BOUND(max_bytes, LONG_MAX, 0),
	BOUND(max_bytes, LONG_MAX + 1ULL, -EINVAL),
	BOUND(tier_max_bytes[0], 1, 0),
	BOUND(tier_max_bytes[0], LONG_MAX, 0),
	BOUND(tier_max_bytes[0], LONG_MAX + 1ULL, -EINVAL),
	BOUND(tier_max_bytes[1], LONG_MAX, 0),
	BOUND(tier_max_bytes[1], LONG_MAX + 1ULL, -EINVAL),
	BOUND(tier_max_bytes[2], LONG_MAX, 0),
	BOUND(tier_max_bytes[2], LONG_MAX + 1ULL, -EINVAL),
	BOUND(client_max_bytes, PAGE_SIZE - 1, -EINVAL),
	BOUND(client_max_bytes, PAGE_SIZE, 0),
	BOUND(client_max_bytes, LONG_MAX, 0),
	BOUND(user_max_bytes, PAGE_SIZE - 1, -EINVAL),
	BOUND(user_max_bytes, LONG_MAX + 1ULL, -EINVAL),
	BOUND(client_max, (1U << 24) - 1, 0),
	BOUND(client_max, 1U << 24, -EINVAL),
	BOUND(user_max, 1, 0),
	BOUND(user_max, 1U << 24, -EINVAL),
	BOUND(low_percent, 1, 0),
	BOUND(low_percent, 100, 0),
	BOUND(low_percent, 101, -EINVAL),
	BOUND(high_percent, 1, 0),
	BOUND(high_percent, 100, 0),
	BOUND(high_percent, 101, -EINVAL),
};

static void bound_desc(const struct bound *b, char *desc)
{
	strscpy(desc, b->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bound, bounds, bound_desc);

static void one_setting_in_and_out_of_bounds(struct kunit *test)
{
	const struct bound *b = test->param_value;
	struct mpool_config cfg = {};
	struct mpool_pool_config set;
	void *field = (void *)&cfg.settings + b->offset;

	if (kt_setting_is_wide(b->offset))
		*(u64 *)field = b->value;
	else
		*(u32 *)field = b->value;
	KUNIT_EXPECT_EQ(test, resolve(&cfg, &set), b->want);
	if (b->want)
		return;
	/* What was asked for is what it is. */
	KUNIT_EXPECT_EQ(test, memcmp((void *)&set + b->offset, field,
				     sizeof(u32)), 0);
}

static void min_size_above_max_size_is_refused(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .min_size = 129, .max_size = 128 },
	};
	struct mpool_pool_config set;

	KUNIT_EXPECT_EQ(test, resolve(&cfg, &set), -EINVAL);
	cfg.settings.min_size = 128;
	KUNIT_EXPECT_EQ(test, resolve(&cfg, &set), 0);
}

static void default_max_size_follows_a_large_min_size(struct kunit *test)
{
	struct mpool_config cfg = { .settings = { .min_size = SZ_128K } };
	struct mpool_pool_config set;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	KUNIT_EXPECT_EQ(test, set.max_size, (u32)SZ_128K);
}

static void default_initial_follows_a_small_max(struct kunit *test)
{
	struct mpool_config cfg = { .settings = { .max = { 10, 10, 2 } } };
	struct mpool_pool_config set;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	KUNIT_EXPECT_EQ(test, set.initial[MPOOL_SMALL], 10U);
	KUNIT_EXPECT_EQ(test, set.initial[MPOOL_MEDIUM], 10U);
	KUNIT_EXPECT_EQ(test, set.initial[MPOOL_LARGE], 2U);
}

/* With classes in the tier; where there are none it does not matter. */
static void reserve_may_not_exceed_a_tier_that_is_used(struct kunit *test)
{
	static const u32 sizes[MPOOL_NR_TIERS] = { 64, SZ_4K, SZ_128K };
	struct mpool_pool_config set = { .reserve = 8 };
	struct mpool_settings_bad bad;
	int t;

	for (t = 0; t < MPOOL_NR_TIERS; t++)
		set.max[t] = 8;
	KUNIT_EXPECT_EQ(test, mpool_settings_tiers(sizes, 3), 7U);
	KUNIT_EXPECT_EQ(test, mpool_settings_fit(&set, 7, &bad), 0);
	for (t = 0; t < MPOOL_NR_TIERS; t++) {
		KUNIT_EXPECT_EQ(test, mpool_settings_tiers(&sizes[t], 1),
				1U << t);
		set.max[t] = 7;
		KUNIT_EXPECT_EQ(test, mpool_settings_fit(&set, 1 << t, &bad),
				-EINVAL);
		KUNIT_EXPECT_STREQ(test, bad.name, "reserve");
		KUNIT_EXPECT_EQ(test, bad.value, 8ULL);
		KUNIT_EXPECT_EQ(test, bad.high, 7ULL);
		KUNIT_EXPECT_EQ(test, mpool_settings_fit(&set, 7 & ~(1 << t),
							 &bad), 0);
		set.max[t] = 8;
	}
}

struct blame {
	const char *name;
	struct mpool_pool_config set;
	u64 value;
	u64 low;
	u64 high;
};

static const struct blame blames[] = {
	{ "min_size", { .min_size = 15 }, 15, 16, SZ_4M },
	{ "max_size", { .min_size = 4096, .max_size = 2048 }, 2048, 4096,
	  SZ_4M },
	{ "max_medium", { .max = { 0, 1U << 24, 0 } }, 1U << 24, 1,
	  (1U << 24) - 1 },
	{ "initial_large", { .initial = { 0, 0, 101 } }, 101, 1, 100 },
	{ "growth_percent", { .growth_percent = 99 }, 99, 100, 1000 },
	{ "low_percent", { .low_percent = 50, .high_percent = 50 }, 50, 1, 49 },
	{ "cleanup_interval_ms", { .flags = MPOOL_POOL_ADAPTIVE,
	  .cleanup_interval_ms = MPOOL_NONE }, 0, 10, 86400000 },
	{ "mode", { .mode = 01000 }, 01000, 1, 0777 },
	{ "reserve", { .reserve = 501 }, 501, 0, 500 },
	{ "uid", { .flags = MPOOL_POOL_OWNER, .uid = U32_MAX }, U32_MAX, 0,
	  U32_MAX - 1 },
};

static void blame_desc(const struct blame *b, char *desc)
{
	strscpy(desc, b->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(blame, blames, blame_desc);

static void what_is_wrong_is_said(struct kunit *test)
{
	const struct blame *b = test->param_value;
	struct mpool_config cfg = { .settings = b->set };
	struct mpool_settings_bad bad = {};
	struct mpool_pool_config set;
	u32 *sizes = kunit_kzalloc(test, MPOOL_CLASSES_MAX * sizeof(*sizes),
				   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sizes);
	KUNIT_EXPECT_EQ(test, mpool_settings_check(&cfg, &set, sizes, &bad),
			-EINVAL);
	KUNIT_ASSERT_NOT_NULL(test, bad.name);
	KUNIT_EXPECT_STREQ(test, bad.name, b->name);
	KUNIT_EXPECT_EQ(test, bad.value, b->value);
	KUNIT_EXPECT_EQ(test, bad.low, b->low);
	KUNIT_EXPECT_EQ(test, bad.high, b->high);
}

static void owner_is_the_caller_unless_given(struct kunit *test)
{
	struct mpool_config cfg = {};
	struct mpool_pool_config set;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	KUNIT_EXPECT_EQ(test, set.uid,
			from_kuid(current_user_ns(), current_euid()));
	KUNIT_EXPECT_EQ(test, set.gid,
			from_kgid(current_user_ns(), current_egid()));
	cfg.settings.flags = MPOOL_POOL_OWNER;
	cfg.settings.uid = 1234;
	cfg.settings.gid = 4321;
	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	KUNIT_EXPECT_EQ(test, set.uid, 1234U);
	KUNIT_EXPECT_EQ(test, set.gid, 4321U);
}

static void owner_that_does_not_exist_is_refused(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = { .flags = MPOOL_POOL_OWNER, .uid = U32_MAX },
	};
	struct mpool_pool_config set;

	KUNIT_EXPECT_EQ(test, resolve(&cfg, &set), -EINVAL);
	cfg.settings.uid = 0;
	cfg.settings.gid = U32_MAX;
	KUNIT_EXPECT_EQ(test, resolve(&cfg, &set), -EINVAL);
}

static void node_has_to_be_online(struct kunit *test)
{
	struct mpool_config cfg = {};
	struct mpool_pool_config set;
	int node;

	for (node = 0; node < MAX_NUMNODES; node++) {
		cfg.settings.node = node + 1;
		KUNIT_EXPECT_EQ(test, resolve(&cfg, &set),
				node < nr_node_ids && node_online(node) ?
				0 : -EINVAL);
	}
}

static int default_sizes(struct kunit *test, u32 min, u32 max, u32 *sizes)
{
	struct mpool_config cfg = {
		.settings = { .min_size = min, .max_size = max },
	};
	struct mpool_pool_config set;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	return mpool_settings_sizes(&cfg, &set, sizes);
}

static void steps_below_a_page_are_a_quarter_at_most(struct kunit *test)
{
	u32 sizes[MPOOL_CLASSES_MAX];
	int i, nr = default_sizes(test, 0, 0, sizes);

	KUNIT_ASSERT_GT(test, nr, 0);
	KUNIT_EXPECT_EQ(test, sizes[0], 64U);
	for (i = 1; i < nr && sizes[i] <= PAGE_SIZE; i++) {
		KUNIT_EXPECT_GT(test, sizes[i], sizes[i - 1]);
		KUNIT_EXPECT_LE(test, 4 * (sizes[i] - sizes[i - 1]),
				sizes[i - 1]);
		KUNIT_EXPECT_EQ(test, sizes[i] % 16, 0U);
	}
}

static void steps_below_64_are_of_16_bytes(struct kunit *test)
{
	static const u32 first[] = { 16, 32, 48, 64, 80, 96 };
	u32 sizes[MPOOL_CLASSES_MAX];
	int i;

	for (i = 1; i <= 64; i++) {
		default_sizes(test, max(i, 16), 0, sizes);
		KUNIT_EXPECT_EQ(test, sizes[0], max(16, round_up(i, 16)));
	}
	KUNIT_ASSERT_GT(test, default_sizes(test, 16, 0, sizes), 6);
	for (i = 0; i < ARRAY_SIZE(first); i++)
		KUNIT_EXPECT_EQ(test, sizes[i], first[i]);
}

static void four_classes_to_a_doubling(struct kunit *test)
{
	u32 sizes[MPOOL_CLASSES_MAX];
	int i, nr = default_sizes(test, 0, 0, sizes);
	u32 base;

	for (base = 64; base < PAGE_SIZE; base *= 2) {
		int in = 0;

		for (i = 0; i < nr; i++)
			in += sizes[i] >= base && sizes[i] < 2 * base;
		KUNIT_EXPECT_EQ(test, in, 4);
	}
}

static void whole_pages_from_a_page_on(struct kunit *test)
{
	u32 sizes[MPOOL_CLASSES_MAX];
	int i, pages = 0, nr = default_sizes(test, 0, SZ_4M, sizes);

	KUNIT_ASSERT_GT(test, nr, 0);
	KUNIT_ASSERT_LE(test, nr, MPOOL_CLASSES_MAX);
	for (i = 0; i < nr; i++) {
		if (sizes[i] < PAGE_SIZE)
			continue;
		pages++;
		KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(sizes[i]));
		/* Where a quarter is a page or more, a quarter at most. */
		if (i && sizes[i - 1] >= 4 * PAGE_SIZE)
			KUNIT_EXPECT_LE(test, 4 * (sizes[i] - sizes[i - 1]),
					sizes[i - 1]);
	}
	KUNIT_EXPECT_GT(test, pages, 0);
	KUNIT_EXPECT_EQ(test, sizes[nr - 1], (u32)SZ_4M);
}

static void sizes_reach_from_min_to_max(struct kunit *test)
{
	u32 sizes[MPOOL_CLASSES_MAX];
	int nr;

	nr = default_sizes(test, 100, 1000, sizes);
	KUNIT_ASSERT_GT(test, nr, 1);
	KUNIT_EXPECT_EQ(test, sizes[0], 112U);
	KUNIT_EXPECT_EQ(test, sizes[nr - 1], 1024U);
	KUNIT_EXPECT_LT(test, sizes[nr - 2], 1000U);
	nr = default_sizes(test, 4096, 4096, sizes);
	KUNIT_EXPECT_EQ(test, nr, 1);
	KUNIT_EXPECT_EQ(test, sizes[0], 4096U);
}

struct list {
	const char *desc;
	u32 sizes[4];
	unsigned int nr;
	int want;
};

static const struct list lists[] = {
	{ "one small", { 64 }, 1, 1 },
	{ "one page", { 4096 }, 1, 1 },
	{ "largest", { SZ_4M }, 1, 1 },
	{ "both kinds", { 80, 4080, 4096, 12288 }, 4, 4 },
	{ "smallest", { 16, 32 }, 2, 2 },
	{ "below the smallest", { 8 }, 1, -EINVAL },
	{ "zero", { 0 }, 1, -EINVAL },
	{ "not of 16 bytes", { 72 }, 1, -EINVAL },
	{ "not of whole pages", { 4112 }, 1, -EINVAL },
	{ "one and a half page", { 6144 }, 1, -EINVAL },
	{ "twice the same", { 64, 64 }, 2, -EINVAL },
	{ "descending", { 128, 64 }, 2, -EINVAL },
	{ "above the largest", { SZ_4M + 4096 }, 1, -EINVAL },
	{ "wraps", { 64, 0xfffff000 }, 2, -EINVAL },
	{ "none", { 64 }, 0, -EINVAL },
};

static void list_desc(const struct list *l, char *desc)
{
	strscpy(desc, l->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(list, lists, list_desc);

static void explicit_sizes(struct kunit *test)
{
	const struct list *l = test->param_value;
	struct mpool_config cfg = { .sizes = l->sizes, .nr_sizes = l->nr };
	u32 sizes[MPOOL_CLASSES_MAX];
	struct mpool_pool_config set;
	int i, nr;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	nr = mpool_settings_sizes(&cfg, &set, sizes);
	KUNIT_ASSERT_EQ(test, nr, l->want);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, sizes[i], l->sizes[i]);
}

static void explicit_sizes_up_to_the_most(struct kunit *test)
{
	u32 *given = kunit_kzalloc(test, 129 * sizeof(*given), GFP_KERNEL);
	struct mpool_config cfg = { .sizes = given };
	u32 sizes[MPOOL_CLASSES_MAX];
	struct mpool_pool_config set;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, given);
	for (i = 0; i < 129; i++)
		given[i] = 64 + 16 * i;
	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	cfg.nr_sizes = 128;
	KUNIT_EXPECT_EQ(test, mpool_settings_sizes(&cfg, &set, sizes), 128);
	cfg.nr_sizes = 129;
	KUNIT_EXPECT_EQ(test, mpool_settings_sizes(&cfg, &set, sizes), -EINVAL);
}

static void nr_sizes_without_sizes_is_refused(struct kunit *test)
{
	struct mpool_config cfg = { .nr_sizes = 1 };
	u32 sizes[MPOOL_CLASSES_MAX];
	struct mpool_pool_config set;

	KUNIT_ASSERT_EQ(test, resolve(&cfg, &set), 0);
	KUNIT_EXPECT_EQ(test, mpool_settings_sizes(&cfg, &set, sizes), -EINVAL);
}

static struct kunit_case settings_cases[] = {
	KUNIT_CASE(defaults_are_the_documented_ones),
	KUNIT_CASE(all_zero_is_the_same_as_null),
	KUNIT_CASE(none_means_zero),
	KUNIT_CASE_PARAM(one_setting_in_and_out_of_bounds, bound_gen_params),
	KUNIT_CASE(min_size_above_max_size_is_refused),
	KUNIT_CASE(default_max_size_follows_a_large_min_size),
	KUNIT_CASE(default_initial_follows_a_small_max),
	KUNIT_CASE(reserve_may_not_exceed_a_tier_that_is_used),
	KUNIT_CASE_PARAM(what_is_wrong_is_said, blame_gen_params),
	KUNIT_CASE(owner_is_the_caller_unless_given),
	KUNIT_CASE(owner_that_does_not_exist_is_refused),
	KUNIT_CASE(node_has_to_be_online),
	KUNIT_CASE(steps_below_a_page_are_a_quarter_at_most),
	KUNIT_CASE(steps_below_64_are_of_16_bytes),
	KUNIT_CASE(four_classes_to_a_doubling),
	KUNIT_CASE(whole_pages_from_a_page_on),
	KUNIT_CASE(sizes_reach_from_min_to_max),
	KUNIT_CASE_PARAM(explicit_sizes, list_gen_params),
	KUNIT_CASE(explicit_sizes_up_to_the_most),
	KUNIT_CASE(nr_sizes_without_sizes_is_refused),
	{}
};

KT_SUITE(settings);
