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
#include "registry.h"

static bool default_pool = true;
module_param(default_pool, bool, 0444);
MODULE_PARM_DESC(default_pool, "Make a pool named \"default\" (default: Y)");

static char *pools;
module_param(pools, charp, 0444);
MODULE_PARM_DESC(pools,
		 "Pools to make: NAME[:SETTING=VALUE]...[,NAME...], like video:min_size=64K:max_size=2M:mode=0660,net; SETTING is min_size, max_size, max_bytes, max_small, max_medium, max_large, initial_small, initial_medium, initial_large, reserve, growth_percent, shrink_percent, cleanup_interval_ms, max_age_ms, node, mode, uid, gid or, without a value, eager; VALUE may end in K, M or G");

struct setting {
	const char *name;
	size_t offset;
	u32 flag;
};

#define SETTING(key, member)						\
	{ .name = key, .offset = offsetof(struct mpool_pool_config, member) }
#define SETTING_FLAG(key, member, bit) {					\
	.name = key,							\
	.offset = offsetof(struct mpool_pool_config, member),		\
	.flag = bit,							\
}

static const struct setting settings[] __initconst = {
	SETTING("min_size", min_size),
	SETTING("max_size", max_size),
	SETTING("max_bytes", max_bytes),
	SETTING("max_small", max[MPOOL_SMALL]),
	SETTING("max_medium", max[MPOOL_MEDIUM]),
	SETTING("max_large", max[MPOOL_LARGE]),
	SETTING("initial_small", initial[MPOOL_SMALL]),
	SETTING("initial_medium", initial[MPOOL_MEDIUM]),
	SETTING("initial_large", initial[MPOOL_LARGE]),
	SETTING("reserve", reserve),
	SETTING("growth_percent", growth_percent),
	SETTING("shrink_percent", shrink_percent),
	SETTING("cleanup_interval_ms", cleanup_interval_ms),
	SETTING("max_age_ms", max_age_ms),
	SETTING("node", node),
	SETTING("mode", mode),
	SETTING_FLAG("uid", uid, MPOOL_POOL_OWNER),
	SETTING_FLAG("gid", gid, MPOOL_POOL_OWNER),
};

/* 0 in the structure is the default, so a given 0 becomes MPOOL_NONE. */
static bool __init none_is_zero(const struct setting *s)
{
	return s->offset >= offsetof(struct mpool_pool_config, initial) &&
	       s->offset < offsetof(struct mpool_pool_config, node);
}

static int __init set_one(struct mpool_pool_config *set,
			  const struct setting *s, const char *text)
{
	void *field = (void *)set + s->offset;
	unsigned long long value;
	char *end;

	value = memparse(text, &end);
	if (end == text || *end)
		return -EINVAL;
	if (s->offset == offsetof(struct mpool_pool_config, max_bytes)) {
		set->max_bytes = value;
		return value ? 0 : -EINVAL;
	}
	if (value >= MPOOL_NONE)
		return -EINVAL;
	if (s->offset == offsetof(struct mpool_pool_config, node))
		value++;
	*(u32 *)field = !value && none_is_zero(s) ? MPOOL_NONE : value;
	set->flags |= s->flag;
	return 0;
}

static int __init parse_setting(struct mpool_pool_config *set, char *text)
{
	char *key = strsep(&text, "=");
	size_t i;

	if (!text) {
		if (strcmp(key, "eager"))
			return -EINVAL;
		set->flags |= MPOOL_POOL_EAGER;
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(key, settings[i].name))
			return set_one(set, &settings[i], text);
	return -EINVAL;
}

static int __init create_one(char *text)
{
	struct mpool_config cfg = {};
	char *name = strsep(&text, ":"), *word;
	struct mpool *pool;

	while ((word = strsep(&text, ":"))) {
		char *copy = kstrdup(word, GFP_KERNEL);
		int err = copy ? parse_setting(&cfg.settings, word) : -ENOMEM;

		if (err)
			pr_err("pools=: %s: cannot use \"%s\"; see modinfo mpool\n",
			       name, copy);
		kfree(copy);
		if (err)
			return err;
	}
	pool = mpool_registry_add(name, &cfg, true);
	if (!IS_ERR(pool))
		return 0;
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
