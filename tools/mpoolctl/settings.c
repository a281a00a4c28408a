// SPDX-License-Identifier: GPL-2.0
/*
 * SETTING=VALUE, as in the module's parameter pools=, read and shown.
 */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpoolctl.h"

#define KB	1024ULL
#define MB	(KB * KB)
#define DAY_MS	(24ULL * 60 * 60 * 1000)

/* What a setting's 0 stands for. */
enum zero {
	ZERO_NO,	/* nothing: it is out of range */
	ZERO_NONE,	/* "none", which the structure has MPOOL_NONE for */
	ZERO_PLAIN,	/* itself */
};

/**
 * struct setting - one of them
 * @name: before the "="
 * @offset: of its field
 * @low: smallest value, apart from 0
 * @high: largest
 * @zero: what 0 is
 * @bit: MPOOL_CONFIG_* that lets it be changed; 0: it is chosen once
 */
struct setting {
	const char *name;
	size_t offset;
	unsigned long long low;
	unsigned long long high;
	enum zero zero;
	__u64 bit;
};

#define AT(member)	offsetof(struct mpool_pool_config, member)
#define SETTING(name, member, ...) { name, AT(member), __VA_ARGS__ }
#define BUFFERS_MAX	((1ULL << 24) - 1)

static const struct setting settings[] = {
	SETTING("min_size", min_size, 16, 4 * MB, ZERO_NO, 0),
	SETTING("max_size", max_size, 16, 4 * MB, ZERO_NO, 0),
	SETTING("max_bytes", max_bytes, 1, LONG_MAX, ZERO_NO,
		MPOOL_CONFIG_MAX_BYTES),
	SETTING("max_bytes_small", tier_max_bytes[0], 1, LONG_MAX, ZERO_PLAIN,
		MPOOL_CONFIG_MAX_BYTES_SMALL),
	SETTING("max_bytes_medium", tier_max_bytes[1], 1, LONG_MAX,
		ZERO_PLAIN, MPOOL_CONFIG_MAX_BYTES_MEDIUM),
	SETTING("max_bytes_large", tier_max_bytes[2], 1, LONG_MAX, ZERO_PLAIN,
		MPOOL_CONFIG_MAX_BYTES_LARGE),
	SETTING("max_small", max[0], 1, BUFFERS_MAX, ZERO_NO,
		MPOOL_CONFIG_MAX_SMALL),
	SETTING("max_medium", max[1], 1, BUFFERS_MAX, ZERO_NO,
		MPOOL_CONFIG_MAX_MEDIUM),
	SETTING("max_large", max[2], 1, BUFFERS_MAX, ZERO_NO,
		MPOOL_CONFIG_MAX_LARGE),
	SETTING("initial_small", initial[0], 1, BUFFERS_MAX, ZERO_NONE,
		MPOOL_CONFIG_INITIAL_SMALL),
	SETTING("initial_medium", initial[1], 1, BUFFERS_MAX, ZERO_NONE,
		MPOOL_CONFIG_INITIAL_MEDIUM),
	SETTING("initial_large", initial[2], 1, BUFFERS_MAX, ZERO_NONE,
		MPOOL_CONFIG_INITIAL_LARGE),
	SETTING("reserve", reserve, 1, BUFFERS_MAX, ZERO_NONE,
		MPOOL_CONFIG_RESERVE),
	SETTING("growth_percent", growth_percent, 100, 1000, ZERO_NO,
		MPOOL_CONFIG_GROWTH_PERCENT),
	SETTING("shrink_percent", shrink_percent, 1, 100, ZERO_NONE,
		MPOOL_CONFIG_SHRINK_PERCENT),
	SETTING("cleanup_interval_ms", cleanup_interval_ms, 10, DAY_MS,
		ZERO_NONE, MPOOL_CONFIG_CLEANUP_INTERVAL_MS),
	SETTING("max_age_ms", max_age_ms, 1, DAY_MS, ZERO_NONE,
		MPOOL_CONFIG_MAX_AGE_MS),
	SETTING("client_max", client_max, 1, BUFFERS_MAX, ZERO_PLAIN,
		MPOOL_CONFIG_CLIENT_MAX),
	SETTING("client_max_bytes", client_max_bytes, 4096, LONG_MAX, ZERO_PLAIN,
		MPOOL_CONFIG_CLIENT_MAX_BYTES),
	SETTING("user_max", user_max, 1, BUFFERS_MAX, ZERO_PLAIN,
		MPOOL_CONFIG_USER_MAX),
	SETTING("user_max_bytes", user_max_bytes, 4096, LONG_MAX, ZERO_PLAIN,
		MPOOL_CONFIG_USER_MAX_BYTES),
	SETTING("low_percent", low_percent, 1, 100, ZERO_PLAIN,
		MPOOL_CONFIG_LOW_PERCENT),
	SETTING("high_percent", high_percent, 1, 100, ZERO_PLAIN,
		MPOOL_CONFIG_HIGH_PERCENT),
	SETTING("node", node, 1, 1023, ZERO_PLAIN, 0),
	SETTING("mode", mode, 1, 0777, ZERO_NO, MPOOL_CONFIG_MODE),
	SETTING("uid", uid, 1, UINT_MAX - 1, ZERO_PLAIN, MPOOL_CONFIG_UID),
	SETTING("gid", gid, 1, UINT_MAX - 1, ZERO_PLAIN, MPOOL_CONFIG_GID),
	/* A flag, for which a word without a value is enough. */
	SETTING("adaptive", flags, 0, 1, ZERO_PLAIN, MPOOL_CONFIG_ADAPTIVE),
};

#define END	(settings + ARRAY_SIZE(settings))

/* Bytes are counted by 64 bits, all else by 32. */
static bool is_wide(const struct setting *s)
{
	return (s->offset >= AT(max_bytes) && s->offset < AT(low_percent)) ||
	       (s->offset >= AT(client_max_bytes) && s->offset < AT(client_max));
}

/* Given, to tell a 0 from what is left out. */
static bool given_uid, given_gid;

/**
 * parse_number() - decimal, 0octal or 0xhex, with K, M or G behind it
 * @text: all of it
 * @value: set
 *
 * Return: 0 or -EINVAL.
 */
int parse_number(const char *text, unsigned long long *value)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno)
		return -EINVAL;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1] ||
		    __builtin_mul_overflow(*value, 1ULL << 10 * (unit - units + 1),
					   value))
			return -EINVAL;
	}
	return 0;
}

/* A user or a group may be given by name. */
static int parse_value(const struct setting *s, const char *text,
		       unsigned long long *value)
{
	const struct passwd *user;
	const struct group *group;

	if (!parse_number(text, value))
		return 0;
	if (!strcmp(s->name, "uid")) {
		user = getpwnam(text);
		if (user) {
			*value = user->pw_uid;
			return 0;
		}
		complain("uid=%s: there is no such user", text);
	} else if (!strcmp(s->name, "gid")) {
		group = getgrnam(text);
		if (group) {
			*value = group->gr_gid;
			return 0;
		}
		complain("gid=%s: there is no such group; \"groupadd --system %s\" makes it",
			 text, text);
	} else {
		complain("%s=%s: not a number; write it like 4096, 64K, 0660 or 0x10",
			 s->name, text);
	}
	return -EINVAL;
}

static void store(struct mpool_pool_config *config, const struct setting *s,
		  unsigned long long value)
{
	char *field = (char *)config + s->offset;
	__u32 word = value;

	if (is_wide(s)) {
		memcpy(field, &value, sizeof(value));
		return;
	}
	if (s->offset == AT(flags)) {
		config->flags |= value ? MPOOL_POOL_ADAPTIVE : 0;
		return;
	}
	if (!value && s->zero == ZERO_NONE)
		word = MPOOL_NONE;
	if (s->offset == AT(node))
		word++;
	given_uid |= s->offset == AT(uid);
	given_gid |= s->offset == AT(gid);
	memcpy(field, &word, sizeof(word));
}

static const struct setting *find_setting(const char *text, const char *value)
{
	const struct setting *s;

	for (s = settings; s < END; s++)
		if (value && strlen(s->name) == (size_t)(value - text) &&
		    !strncmp(s->name, text, value - text))
			return s;
	complain("%s: not a setting; \"mpoolctl help create\" lists them", text);
	return NULL;
}

/* What has no value. */
static __u32 find_word(const char *text)
{
	if (!strcmp(text, "eager"))
		return MPOOL_POOL_EAGER;
	return strcmp(text, "debug") ? 0 : MPOOL_POOL_DEBUG;
}

/**
 * parse_setting() - read one
 * @config: where it goes
 * @mask: NULL for a pool that is to be made; of one that there is: which
 *	settings were given, so far
 * @text: SETTING=VALUE, or eager, adaptive or debug
 *
 * Return: 0, or -EINVAL after saying why.
 */
int parse_setting(struct mpool_pool_config *config, __u64 *mask,
		  const char *text)
{
	const char *value = strchr(text, '=');
	__u32 flag = find_word(text);
	unsigned long long number;
	const struct setting *s;

	if (!strcmp(text, "adaptive"))
		return parse_setting(config, mask, "adaptive=1");
	if (flag && !mask) {
		config->flags |= flag;
		return 0;
	}
	s = flag ? NULL : find_setting(text, value);
	if (!s && !flag)
		return -EINVAL;
	if (mask && (!s || !s->bit)) {
		complain("%s: cannot be changed, it is chosen when the pool is made",
			 text);
		return -EINVAL;
	}
	if (mask)
		*mask |= s->bit;
	value++;
	if (parse_value(s, value, &number))
		return -EINVAL;
	if (number > s->high || (number < s->low && number) ||
	    (!number && s->zero == ZERO_NO)) {
		complain(strcmp(s->name, "mode") ?
			 "%s: out of range, which is %llu to %llu%s" :
			 "%s: out of range, which is %#llo to %#llo%s",
			 text, s->low, s->high,
			 s->zero == ZERO_NONE ? ", or 0 for none" : "");
		return -EINVAL;
	}
	store(config, s, number);
	return 0;
}

/**
 * finish_settings() - after the last one
 * @config: an owner who is given by half is completed by the caller's ids
 */
void finish_settings(struct mpool_pool_config *config)
{
	if (!given_uid && !given_gid)
		return;
	config->flags |= MPOOL_POOL_OWNER;
	if (!given_uid)
		config->uid = geteuid();
	if (!given_gid)
		config->gid = getegid();
}

static unsigned long long value_of(const struct mpool_pool_config *config,
				   const struct setting *s)
{
	const char *field = (const char *)config + s->offset;
	unsigned long long wide;
	__u32 word;

	if (s->offset == AT(flags))
		return !!(config->flags & MPOOL_POOL_ADAPTIVE);
	if (is_wide(s)) {
		memcpy(&wide, field, sizeof(wide));
		return wide;
	}
	memcpy(&word, field, sizeof(word));
	return s->zero == ZERO_NONE && word == MPOOL_NONE ? 0 : word;
}

/* As it can be given again. */
static void value_cell(struct table *table, const struct options *opt,
		       const struct mpool_pool_config *config,
		       const struct setting *s)
{
	unsigned long long value = value_of(config, s);

	if (s->offset == AT(node) && !value)
		table_cell(table, opt->json ? "null" : "-");
	else if (s->offset == AT(mode) && !opt->json)
		table_cell(table, "%#04llo", value);
	else
		table_cell(table, "%llu", value - (s->offset == AT(node)));
}

/**
 * show_settings() - print all, one a line, or as JSON
 * @config: the answer of mpl_config()
 * @opt: of the command line
 *
 * Return: an exit status.
 */
int show_settings(const struct mpool_pool_config *config,
		  const struct options *opt)
{
	struct column lines[] = { { "SETTING", false }, { "VALUE", true } };
	struct column names[ARRAY_SIZE(settings)];
	const struct setting *s;
	struct table *table;

	for (s = settings; s < END; s++)
		names[s - settings] = (struct column){ s->name, true };
	if (opt->json) {
		table = table_new("config", names, ARRAY_SIZE(settings), opt);
		table_row(table);
	} else {
		table = table_new("config", lines, ARRAY_SIZE(lines), opt);
	}
	for (s = settings; s < END; s++) {
		if (!opt->json) {
			table_row(table);
			table_cell(table, "%s", s->name);
		}
		value_cell(table, opt, config, s);
	}
	return table_print(table);
}
