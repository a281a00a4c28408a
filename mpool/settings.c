// SPDX-License-Identifier: GPL-2.0
/*
 * Checking a configuration and filling in defaults.
 */
#include <linux/cred.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mpool.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/stat.h>
#include <linux/uidgid.h>

#include "pool.h"
#include "settings.h"

/* A handle has 24 bits for the buffer within its class. */
#define MAX_BUFFERS	((1U << 24) - 1)
/* A day; anything longer is "never". */
#define MAX_MS		(24U * 60 * 60 * 1000)

#define FIELD(member)	.offset = offsetof(struct mpool_pool_config, member)

/* Where the limits of the tiers begin in the table. */
#define SETTING_MAX	2

/* What another one's bounds or default depend on stands before it. */
static const struct mpool_setting settings[] = {
	{ "min_size", FIELD(min_size), .low = MPOOL_SIZE_MIN,
	  .high = MPOOL_SIZE_MAX, .def = 64 },
	{ "max_size", FIELD(max_size), .low = MPOOL_SIZE_MIN,
	  .high = MPOOL_SIZE_MAX, .def = SZ_64K },
	{ "max_small", FIELD(max[MPOOL_SMALL]),
	  .bit = MPOOL_CONFIG_MAX_SMALL,
	  .low = 1, .high = MAX_BUFFERS, .def = 1000 },
	{ "max_medium", FIELD(max[MPOOL_MEDIUM]),
	  .bit = MPOOL_CONFIG_MAX_MEDIUM,
	  .low = 1, .high = MAX_BUFFERS, .def = 500 },
	{ "max_large", FIELD(max[MPOOL_LARGE]),
	  .bit = MPOOL_CONFIG_MAX_LARGE,
	  .low = 1, .high = MAX_BUFFERS, .def = 100 },
	{ "initial_small", FIELD(initial[MPOOL_SMALL]), .none = true,
	  .bit = MPOOL_CONFIG_INITIAL_SMALL,
	  .low = 1, .high = MAX_BUFFERS, .def = 100 },
	{ "initial_medium", FIELD(initial[MPOOL_MEDIUM]), .none = true,
	  .bit = MPOOL_CONFIG_INITIAL_MEDIUM,
	  .low = 1, .high = MAX_BUFFERS, .def = 50 },
	{ "initial_large", FIELD(initial[MPOOL_LARGE]), .none = true,
	  .bit = MPOOL_CONFIG_INITIAL_LARGE,
	  .low = 1, .high = MAX_BUFFERS, .def = 4 },
	{ "growth_percent", FIELD(growth_percent),
	  .bit = MPOOL_CONFIG_GROWTH_PERCENT,
	  .low = 100, .high = 1000, .def = 150 },
	{ "shrink_percent", FIELD(shrink_percent), .none = true,
	  .bit = MPOOL_CONFIG_SHRINK_PERCENT,
	  .low = 1, .high = 100, .def = 30 },
	/* More often than that, looking costs more than it can find. */
	{ "cleanup_interval_ms", FIELD(cleanup_interval_ms), .none = true,
	  .bit = MPOOL_CONFIG_CLEANUP_INTERVAL_MS,
	  .low = 10, .high = MAX_MS, .def = 60000 },
	{ "max_age_ms", FIELD(max_age_ms), .none = true,
	  .bit = MPOOL_CONFIG_MAX_AGE_MS,
	  .low = 1, .high = MAX_MS, .def = 60000 },
	{ "reserve", FIELD(reserve), .none = true,
	  .bit = MPOOL_CONFIG_RESERVE,
	  .low = 1, .high = MAX_BUFFERS },
	{ "max_bytes", FIELD(max_bytes), .wide = true,
	  .bit = MPOOL_CONFIG_MAX_BYTES, .low = 1, .high = LONG_MAX },
	/* Without a limit of its own a tier has max_bytes alone. */
	{ "max_bytes_small", FIELD(tier_max_bytes[MPOOL_SMALL]), .wide = true,
	  .bit = MPOOL_CONFIG_MAX_BYTES_SMALL,
	  .low = 1, .high = LONG_MAX },
	{ "max_bytes_medium", FIELD(tier_max_bytes[MPOOL_MEDIUM]), .wide = true,
	  .bit = MPOOL_CONFIG_MAX_BYTES_MEDIUM,
	  .low = 1, .high = LONG_MAX },
	{ "max_bytes_large", FIELD(tier_max_bytes[MPOOL_LARGE]), .wide = true,
	  .bit = MPOOL_CONFIG_MAX_BYTES_LARGE,
	  .low = 1, .high = LONG_MAX },
	{ "client_max", FIELD(client_max), .bit = MPOOL_CONFIG_CLIENT_MAX,
	  .low = 1, .high = MAX_BUFFERS },
	{ "client_max_bytes", FIELD(client_max_bytes), .wide = true,
	  .bit = MPOOL_CONFIG_CLIENT_MAX_BYTES,
	  .low = PAGE_SIZE, .high = LONG_MAX },
	{ "user_max", FIELD(user_max), .bit = MPOOL_CONFIG_USER_MAX,
	  .low = 1, .high = MAX_BUFFERS },
	{ "user_max_bytes", FIELD(user_max_bytes), .wide = true,
	  .bit = MPOOL_CONFIG_USER_MAX_BYTES,
	  .low = PAGE_SIZE, .high = LONG_MAX },
	{ "high_percent", FIELD(high_percent),
	  .bit = MPOOL_CONFIG_HIGH_PERCENT, .low = 1, .high = 100 },
	{ "low_percent", FIELD(low_percent),
	  .bit = MPOOL_CONFIG_LOW_PERCENT, .low = 1, .high = 100 },
	/* The field has the node + 1; resolve_node() knows which there are. */
	{ "node", FIELD(node), .low = 1, .high = U32_MAX },
	{ "mode", FIELD(mode), .bit = MPOOL_CONFIG_MODE,
	  .low = 1, .high = 0777, .def = 0600 },
	/* Checked by resolve_owner(): whether 0 was meant is said elsewhere. */
	{ "uid", FIELD(uid), .bit = MPOOL_CONFIG_UID, .high = U32_MAX - 1 },
	{ "gid", FIELD(gid), .bit = MPOOL_CONFIG_GID, .high = U32_MAX - 1 },
};

static bool is_owner(const struct mpool_setting *s)
{
	return s->offset == offsetof(struct mpool_pool_config, uid) ||
	       s->offset == offsetof(struct mpool_pool_config, gid);
}

/**
 * mpool_settings_find() - look a setting up by its name
 * @name: where the name begins
 * @len: how long it is
 *
 * Context: any.
 * Return: the setting, or NULL.
 */
const struct mpool_setting *mpool_settings_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strncmp(settings[i].name, name, len) &&
		    !settings[i].name[len])
			return &settings[i];
	return NULL;
}

/**
 * mpool_setting_get() - read a setting's field
 * @s: the setting
 * @set: the configuration
 *
 * Context: any.
 * Return: the field.
 */
u64 mpool_setting_get(const struct mpool_setting *s,
		      const struct mpool_pool_config *set)
{
	const void *field = (const void *)set + s->offset;

	return s->wide ? *(const u64 *)field : *(const u32 *)field;
}

/**
 * mpool_setting_put() - write a setting's field
 * @s: the setting
 * @set: the configuration
 * @value: for the field
 *
 * Context: any.
 */
void mpool_setting_put(const struct mpool_setting *s,
		       struct mpool_pool_config *set, u64 value)
{
	void *field = (void *)set + s->offset;

	if (s->wide)
		*(u64 *)field = value;
	else
		*(u32 *)field = value;
}

static int refuse(struct mpool_settings_bad *bad, const char *name, u64 value,
		  u64 low, u64 high)
{
	*bad = (struct mpool_settings_bad){ name, value, low, high };
	return -EINVAL;
}

/* The tier of a per-tier array's element, or -1 for what is none of it. */
static int tier_of(const struct mpool_setting *s, size_t array)
{
	size_t i = (s->offset - array) / sizeof(u32);

	/* The arrays that are asked for are of u32. */
	return s->offset >= array && i < MPOOL_NR_TIERS ? (int)i : -1;
}

#define TIER_OF(s, array) \
	tier_of(s, offsetof(struct mpool_pool_config, array))

/* Default and upper bound where they depend on what is resolved already. */
static u64 default_of(const struct mpool_setting *s,
		      const struct mpool_pool_config *set)
{
	int tier = TIER_OF(s, initial);

	if (tier >= 0)
		return min_t(u64, s->def, set->max[tier]);
	if (s->offset == offsetof(struct mpool_pool_config, max_size))
		return max_t(u64, s->def, set->min_size);
	if (s->offset == offsetof(struct mpool_pool_config, max_bytes))
		return (u64)totalram_pages() * PAGE_SIZE / 16;
	return s->def;
}

static int resolve_one(const struct mpool_setting *s,
		       struct mpool_pool_config *set,
		       struct mpool_settings_bad *bad)
{
	u64 value = mpool_setting_get(s, set);
	u64 low = s->low, high = s->high;
	int tier = TIER_OF(s, initial);

	if (s->none && value == MPOOL_NONE) {
		mpool_setting_put(s, set, 0);
		return 0;
	}
	if (!value) {
		mpool_setting_put(s, set, default_of(s, set));
		return 0;
	}
	if (tier >= 0)
		high = set->max[tier];
	if (s->offset == offsetof(struct mpool_pool_config, max_size))
		low = set->min_size;
	if (s->offset == offsetof(struct mpool_pool_config, low_percent) &&
	    set->high_percent)
		high = set->high_percent - 1;
	if (value < low || value > high)
		return refuse(bad, s->name, value, low, high);
	mpool_setting_put(s, set, value);
	return 0;
}

static int resolve_all(struct mpool_pool_config *set,
		       struct mpool_settings_bad *bad)
{
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings) && !err; i++)
		if (!is_owner(&settings[i]))
			err = resolve_one(&settings[i], set, bad);
	/* Adapting is what cleanups do. */
	if (!err && set->flags & MPOOL_POOL_ADAPTIVE &&
	    !set->cleanup_interval_ms)
		err = refuse(bad, "cleanup_interval_ms", 0, 10, MAX_MS);
	return err;
}

static int resolve_owner(struct mpool_pool_config *set,
			 struct mpool_settings_bad *bad)
{
	if (!(set->flags & MPOOL_POOL_OWNER)) {
		if (set->uid || set->gid)
			return -EINVAL;
		set->uid = from_kuid(current_user_ns(), current_euid());
		set->gid = from_kgid(current_user_ns(), current_egid());
	}
	if (!uid_valid(make_kuid(current_user_ns(), set->uid)))
		return refuse(bad, "uid", set->uid, 0, U32_MAX - 1);
	if (!gid_valid(make_kgid(current_user_ns(), set->gid)))
		return refuse(bad, "gid", set->gid, 0, U32_MAX - 1);
	return 0;
}

static int resolve_node(const struct mpool_pool_config *set,
			struct mpool_settings_bad *bad)
{
	if (!set->node)
		return 0;
	/* Named as people do, who count from 0. */
	if (set->node > (u32)nr_node_ids || !node_online(set->node - 1))
		return refuse(bad, "node", set->node - 1, first_online_node,
			      find_last_bit(node_online_map.bits,
					    MAX_NUMNODES));
	return 0;
}

/**
 * mpool_settings_resolve() - check settings, and fill in what is left out
 * @cfg: what was asked for, or NULL
 * @set: where to
 * @bad: told why when that is -EINVAL
 *
 * Context: process; the caller's credentials and user namespace count.
 * Return: 0 or -EINVAL.
 */
int mpool_settings_resolve(const struct mpool_config *cfg,
			   struct mpool_pool_config *set,
			   struct mpool_settings_bad *bad)
{
	static const struct mpool_config none;

	bad->name = NULL;
	*set = (cfg ?: &none)->settings;
	if (set->flags & ~(MPOOL_POOL_EAGER | MPOOL_POOL_OWNER |
			   MPOOL_POOL_ADAPTIVE | MPOOL_POOL_DEBUG))
		return -EINVAL;
	return resolve_all(set, bad) ?: resolve_owner(set, bad) ?:
	       resolve_node(set, bad);
}

/**
 * mpool_settings_tiers() - which tiers a pool has classes in
 * @sizes: its sizes
 * @nr: how many
 *
 * Return: a bit for each.
 */
unsigned int mpool_settings_tiers(const u32 *sizes, unsigned int nr)
{
	unsigned int tiers = 0, i;

	for (i = 0; i < nr; i++)
		tiers |= BIT(mpool_tier(sizes[i]));
	return tiers;
}

/**
 * mpool_settings_fit() - check settings against the classes there are
 * @set: the settings, resolved
 * @tiers: those with classes, as bits
 * @bad: told why when that is -EINVAL
 *
 * Return: 0 or -EINVAL.
 */
int mpool_settings_fit(const struct mpool_pool_config *set, unsigned int tiers,
		       struct mpool_settings_bad *bad)
{
	unsigned int t;

	bad->name = NULL;
	for (t = 0; t < MPOOL_NR_TIERS; t++)
		if (tiers & BIT(t) && set->reserve > set->max[t])
			return refuse(bad, "reserve", set->reserve, 0,
				      set->max[t]);
	return 0;
}

/**
 * mpool_settings_given() - settings in force, as somebody would give them
 * @set: resolved ones; 0 becomes what stands for it
 *
 * Context: any.
 */
void mpool_settings_given(struct mpool_pool_config *set)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].none && !mpool_setting_get(&settings[i], set))
			mpool_setting_put(&settings[i], set, MPOOL_NONE);
}

/* A limit that is lowered takes the initial number along, unless told. */
static void lower_initial(struct mpool_pool_config *set, u64 mask)
{
	unsigned int t;

	for (t = 0; t < MPOOL_NR_TIERS; t++) {
		const struct mpool_setting *max = &settings[SETTING_MAX + t];
		u32 most = set->max[t] ?: max->def;

		if (mask & MPOOL_CONFIG_INITIAL_SMALL << t ||
		    set->initial[t] == MPOOL_NONE)
			continue;
		set->initial[t] = min(set->initial[t], most);
	}
}

/**
 * mpool_settings_change() - what settings would be after a change
 * @old: those in force, resolved
 * @change: new ones, 0 in a field being the default
 * @mask: MPOOL_CONFIG_* of those to change
 * @set: where to, resolved
 *
 * Owner and group are copied as they are; whether they exist is the caller's
 * to see.
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int mpool_settings_change(const struct mpool_pool_config *old,
			  const struct mpool_pool_config *change, u64 mask,
			  struct mpool_pool_config *set)
{
	struct mpool_settings_bad bad;
	u64 known = MPOOL_CONFIG_ADAPTIVE;
	size_t i;

	*set = *old;
	mpool_settings_given(set);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct mpool_setting *s = &settings[i];

		known |= s->bit;
		if (mask & s->bit)
			mpool_setting_put(s, set, mpool_setting_get(s, change));
	}
	if (mask & ~known)
		return -EINVAL;
	if (mask & MPOOL_CONFIG_ADAPTIVE) {
		set->flags &= ~MPOOL_POOL_ADAPTIVE;
		set->flags |= change->flags & MPOOL_POOL_ADAPTIVE;
	}
	lower_initial(set, mask);
	return resolve_all(set, &bad);
}

static u32 size_unit(u32 size)
{
	return size < PAGE_SIZE ? 1U << MPOOL_SMALL_SHIFT : PAGE_SIZE;
}

/* Four to a doubling, but units of what sizes are multiples of. */
static u32 next_size(u32 size)
{
	u32 step = rounddown_pow_of_two(size) / 4;

	return size + max_t(u32, step, size_unit(size));
}

static bool size_ok(u32 size, u32 before)
{
	return size > before && size >= MPOOL_SIZE_MIN &&
	       size <= MPOOL_SIZE_MAX && !(size % size_unit(size));
}

/**
 * mpool_settings_sizes() - choose the size classes
 * @cfg: what was asked for, or NULL
 * @set: the settings, resolved
 * @sizes: where to, MPOOL_CLASSES_MAX of them
 *
 * Return: how many, or -EINVAL.
 */
int mpool_settings_sizes(const struct mpool_config *cfg,
			 const struct mpool_pool_config *set, u32 *sizes)
{
	unsigned int n;
	u32 size;

	if (cfg && cfg->sizes) {
		if (!cfg->nr_sizes || cfg->nr_sizes > MPOOL_CLASSES_MAX)
			return -EINVAL;
		for (n = 0; n < cfg->nr_sizes; n++) {
			if (!size_ok(cfg->sizes[n], n ? sizes[n - 1] : 0))
				return -EINVAL;
			sizes[n] = cfg->sizes[n];
		}
		return n;
	}
	if (cfg && cfg->nr_sizes)
		return -EINVAL;
	size = MPOOL_SIZE_MIN;
	while (size < set->min_size)
		size = next_size(size);
	for (n = 0; ; size = next_size(size)) {
		sizes[n++] = size;
		if (size >= set->max_size)
			return n;
	}
}

/**
 * mpool_settings_check() - all of a new pool's settings
 * @cfg: what was asked for, or NULL
 * @set: where to
 * @sizes: the classes, MPOOL_CLASSES_MAX of them
 * @bad: told why when that is -EINVAL
 *
 * Context: as mpool_settings_resolve().
 * Return: how many classes, or -EINVAL.
 */
int mpool_settings_check(const struct mpool_config *cfg,
			 struct mpool_pool_config *set, u32 *sizes,
			 struct mpool_settings_bad *bad)
{
	int err, nr;

	err = mpool_settings_resolve(cfg, set, bad);
	if (err)
		return err;
	nr = mpool_settings_sizes(cfg, set, sizes);
	if (nr < 0)
		return nr;
	return mpool_settings_fit(set, mpool_settings_tiers(sizes, nr), bad) ?:
	       nr;
}
