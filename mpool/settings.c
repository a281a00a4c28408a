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

static const u32 default_initial[MPOOL_NR_TIERS] = { 100, 50, 4 };
static const u32 default_max[MPOOL_NR_TIERS] = { 1000, 500, 100 };

/* 0 is the default, MPOOL_NONE is 0. */
static u32 or_default(u32 given, u32 def)
{
	if (given == MPOOL_NONE)
		return 0;
	return given ?: def;
}

static bool within(u32 value, u32 low, u32 high)
{
	return value >= low && value <= high;
}

static int resolve_tiers(struct mpool_pool_config *set)
{
	unsigned int t;

	for (t = 0; t < MPOOL_NR_TIERS; t++) {
		set->max[t] = or_default(set->max[t], default_max[t]);
		set->initial[t] = or_default(set->initial[t],
					     min(default_initial[t],
						 set->max[t]));
		if (!within(set->max[t], 1, MAX_BUFFERS) ||
		    set->initial[t] > set->max[t] || set->reserve > set->max[t])
			return -EINVAL;
	}
	return 0;
}

static int resolve_times(struct mpool_pool_config *set)
{
	set->cleanup_interval_ms = or_default(set->cleanup_interval_ms, 60000);
	set->max_age_ms = or_default(set->max_age_ms, 60000);
	/* More often than that, looking costs more than it can find. */
	if (set->cleanup_interval_ms &&
	    !within(set->cleanup_interval_ms, 10, MAX_MS))
		return -EINVAL;
	return set->max_age_ms <= MAX_MS ? 0 : -EINVAL;
}

static int resolve_owner(struct mpool_pool_config *set)
{
	set->mode = set->mode ?: 0600;
	if (set->mode & ~0777)
		return -EINVAL;
	if (!(set->flags & MPOOL_POOL_OWNER)) {
		if (set->uid || set->gid)
			return -EINVAL;
		set->uid = from_kuid(current_user_ns(), current_euid());
		set->gid = from_kgid(current_user_ns(), current_egid());
	}
	if (!uid_valid(make_kuid(current_user_ns(), set->uid)) ||
	    !gid_valid(make_kgid(current_user_ns(), set->gid)))
		return -EINVAL;
	return 0;
}

static int resolve_sizes(struct mpool_pool_config *set)
{
	set->min_size = set->min_size ?: MPOOL_SIZE_MIN;
	set->max_size = set->max_size ?: max_t(u32, set->min_size, SZ_64K);
	if (!within(set->min_size, MPOOL_SIZE_MIN, set->max_size) ||
	    set->max_size > MPOOL_SIZE_MAX)
		return -EINVAL;
	return 0;
}

static int resolve_node(const struct mpool_pool_config *set)
{
	if (!set->node)
		return 0;
	if (set->node > (u32)nr_node_ids || !node_online(set->node - 1))
		return -EINVAL;
	return 0;
}

/**
 * mpool_settings_resolve() - check settings, and fill in what is left out
 * @cfg: what was asked for, or NULL
 * @set: where to
 *
 * Context: process; the caller's credentials and user namespace count.
 * Return: 0 or -EINVAL.
 */
int mpool_settings_resolve(const struct mpool_config *cfg,
			   struct mpool_pool_config *set)
{
	static const struct mpool_config none;

	*set = (cfg ?: &none)->settings;
	if (set->flags & ~(MPOOL_POOL_EAGER | MPOOL_POOL_OWNER))
		return -EINVAL;
	if (memchr_inv(set->reserved, 0, sizeof(set->reserved)))
		return -EINVAL;
	set->growth_percent = set->growth_percent ?: 150;
	set->shrink_percent = or_default(set->shrink_percent, 30);
	set->reserve = or_default(set->reserve, 0);
	if (!within(set->growth_percent, 100, 1000) ||
	    set->shrink_percent > 100)
		return -EINVAL;
	set->max_bytes = set->max_bytes ?: (u64)totalram_pages() * PAGE_SIZE / 16;
	if (set->max_bytes > LONG_MAX)
		return -EINVAL;
	return resolve_sizes(set) ?: resolve_tiers(set) ?:
	       resolve_times(set) ?: resolve_owner(set) ?: resolve_node(set);
}

/* Four to a doubling, and whole pages from one on. */
static u32 next_size(u32 size)
{
	u32 step = rounddown_pow_of_two(size) / 4;

	return size + (size < PAGE_SIZE ? step : max_t(u32, step, PAGE_SIZE));
}

static bool size_ok(u32 size, u32 before)
{
	u32 unit = size < PAGE_SIZE ? 1U << MPOOL_SMALL_SHIFT : PAGE_SIZE;

	return size > before && size >= MPOOL_SIZE_MIN &&
	       size <= MPOOL_SIZE_MAX && !(size % unit);
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
		if (!within(cfg->nr_sizes, 1, MPOOL_CLASSES_MAX))
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
