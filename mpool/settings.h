/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checking a configuration and filling in defaults.
 */
#ifndef _MPOOL_SETTINGS_H
#define _MPOOL_SETTINGS_H

#include <linux/types.h>

struct mpool_config;
struct mpool_pool_config;

/**
 * struct mpool_setting - one number of a configuration
 * @name: as parameters and messages have it
 * @offset: of its field in struct mpool_pool_config
 * @wide: the field is a u64 and not a u32
 * @none: MPOOL_NONE stands for 0 in its field
 * @bit: MPOOL_CONFIG_* that lets it be changed; 0: constant
 * @low: smallest value
 * @high: largest
 * @def: what 0 in the field stands for; 0: the default is no number
 */
struct mpool_setting {
	const char *name;
	u16 offset;
	bool wide;
	bool none;
	u64 bit;
	u64 low;
	u64 high;
	u64 def;
};

/**
 * struct mpool_settings_bad - what is wrong with a configuration
 * @name: the setting; NULL when no single one can be named
 * @value: what was asked for
 * @low: smallest that would do beside the others
 * @high: largest
 */
struct mpool_settings_bad {
	const char *name;
	u64 value;
	u64 low;
	u64 high;
};

const struct mpool_setting *mpool_settings_find(const char *name, size_t len);
u64 mpool_setting_get(const struct mpool_setting *s,
		      const struct mpool_pool_config *set);
void mpool_setting_put(const struct mpool_setting *s,
		       struct mpool_pool_config *set, u64 value);

int mpool_settings_resolve(const struct mpool_config *cfg,
			   struct mpool_pool_config *set,
			   struct mpool_settings_bad *bad);
int mpool_settings_sizes(const struct mpool_config *cfg,
			 const struct mpool_pool_config *set, u32 *sizes);
unsigned int mpool_settings_tiers(const u32 *sizes, unsigned int nr);
int mpool_settings_fit(const struct mpool_pool_config *set, unsigned int tiers,
		       struct mpool_settings_bad *bad);
int mpool_settings_check(const struct mpool_config *cfg,
			 struct mpool_pool_config *set, u32 *sizes,
			 struct mpool_settings_bad *bad);
int mpool_settings_change(const struct mpool_pool_config *old,
			  const struct mpool_pool_config *change, u64 mask,
			  struct mpool_pool_config *set);
void mpool_settings_given(struct mpool_pool_config *set);

#endif /* _MPOOL_SETTINGS_H */
