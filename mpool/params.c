// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that module parameters ask for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "params.h"
#include "pool.h"
#include "registry.h"
#include "settings.h"

static bool default_pool = true;
module_param(default_pool, bool, 0444);
MODULE_PARM_DESC(default_pool, "Make a pool named \"default\" (default: Y)");

static char *pools;
module_param(pools, charp, 0444);
MODULE_PARM_DESC(pools,
		 "Pools to make: NAME[:SETTING=VALUE]...[,NAME...], like video:min_size=64K:max_size=2M:mode=0660,net; SETTING is min_size, max_size, max_bytes, max_small, max_medium, max_large, initial_small, initial_medium, initial_large, reserve, growth_percent, shrink_percent, cleanup_interval_ms, max_age_ms, max_bytes_small, max_bytes_medium, max_bytes_large, client_max, client_max_bytes, user_max, user_max_bytes, low_percent, high_percent, node, mode, uid, gid or, without a value, eager, adaptive or debug; VALUE may end in K, M or G");

struct word {
	const char *name;
	u32 flag;
};

static const struct word words[] __initconst = {
	{ "eager", MPOOL_POOL_EAGER },
	{ "adaptive", MPOOL_POOL_ADAPTIVE },
	{ "debug", MPOOL_POOL_DEBUG },
};

static void __init say_range(const char *pool, const char *name, u64 value,
			     u64 low, u64 high)
{
	if (!strcmp(name, "mode"))
		pr_err("pools=: %s: mode is %#llo, allowed is %#llo to %#llo\n",
		       pool, value, low, high);
	else
		pr_err("pools=: %s: %s is %llu, allowed is %llu to %llu\n",
		       pool, name, value, low, high);
}

static int __init set_one(const char *pool, struct mpool_pool_config *set,
			  const struct mpool_setting *s, const char *text)
{
	/* 0 is no node; the first one is 1 there. */
	unsigned int bias = !strcmp(s->name, "node");
	unsigned long long value;
	char *end;
	bool bad;

	value = memparse(text, &end);
	if (end == text || *end) {
		pr_err("pools=: %s: \"%s\" of %s is not a number; write it like 4096, 64K, 0660 or 0x10\n",
		       pool, text, s->name);
		return -EINVAL;
	}
	if (!strcmp(s->name, "uid") || !strcmp(s->name, "gid"))
		set->flags |= MPOOL_POOL_OWNER;
	value += bias;
	/* Fields of 32 bits hold no more, and their last value is none. */
	bad = !s->wide && value >= MPOOL_NONE;
	if (!value && s->none)
		value = MPOOL_NONE;
	else if (!value && s->low)
		bad = strcmp(s->name, "mode");
	if (bad) {
		say_range(pool, s->name, value - bias, s->low - bias,
			  s->high - bias);
		return -EINVAL;
	}
	mpool_setting_put(s, set, value);
	return 0;
}

static int __init parse_setting(const char *pool, struct mpool_pool_config *set,
				char *text)
{
	const struct mpool_setting *s;
	char *key = strsep(&text, "=");
	size_t i;

	s = mpool_settings_find(key, strlen(key));
	if (text && s)
		return set_one(pool, set, s, text);
	for (i = 0; i < ARRAY_SIZE(words) && !text; i++) {
		if (strcmp(key, words[i].name))
			continue;
		set->flags |= words[i].flag;
		return 0;
	}
	pr_err("pools=: %s: cannot use \"%s%s\"; modinfo mpool lists the settings\n",
	       pool, key, text ? "=" : "");
	return -EINVAL;
}

/* Which value it was; a second look, since errnos cannot tell. */
static void __init say_why(const char *name, const struct mpool_config *cfg)
{
	struct mpool_settings_bad bad = {};
	struct mpool_pool_config set;
	u32 *sizes;

	sizes = kmalloc_array(MPOOL_CLASSES_MAX, sizeof(*sizes), GFP_KERNEL);
	if (!sizes)
		return;
	if (!mpool_name_valid(name))
		pr_err("pools=: \"%s\" cannot be the name of a pool: 1 to 31 of A-Z a-z 0-9 _ . -, not beginning with a dot, not \"summary\" or \"abandoned\"\n",
		       name);
	else if (mpool_settings_check(cfg, &set, sizes, &bad) < 0 && bad.name)
		say_range(name, bad.name, bad.value, bad.low, bad.high);
	kfree(sizes);
}

static int __init create_one(char *text)
{
	struct mpool_config cfg = {};
	char *name = strsep(&text, ":"), *word;
	struct mpool *pool;

	while ((word = strsep(&text, ":"))) {
		int err = parse_setting(name, &cfg.settings, word);

		if (err)
			return err;
	}
	pool = mpool_registry_add(name, &cfg, true);
	if (!IS_ERR(pool))
		return 0;
	if (PTR_ERR(pool) == -EINVAL)
		say_why(name, &cfg);
	pr_err("pools=: cannot make a pool \"%s\": error %ld\n", name,
	       PTR_ERR(pool));
	return PTR_ERR(pool);
}

static int __init create_list(void)
{
	char *copy, *rest, *text;
	int err = 0;

	if (!pools || !*pools)
		return 0;
	copy = kstrdup(pools, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && (text = strsep(&rest, ",")))
		err = create_one(text);
	kfree(copy);
	return err;
}

/**
 * mpool_params_create_pools() - make the default pool and those of pools=
 *
 * Context: module load.
 * Return: 0, or the errno of the first that cannot be made; those made by
 * then are the registry's to end.
 */
int __init mpool_params_create_pools(void)
{
	struct mpool *pool;

	if (default_pool) {
		pool = mpool_registry_add("default", NULL, true);
		if (IS_ERR(pool))
			return PTR_ERR(pool);
	}
	return create_list();
}
