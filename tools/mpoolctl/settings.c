// SPDX-License-Identifier: GPL-2.0
/*
 * SETTING=VALUE, as in the module's parameter pools=.
 */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
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
 */
struct setting {
	const char *name;
	size_t offset;
	unsigned long long low;
	unsigned long long high;
	enum zero zero;
};

#define FIELD(member)	offsetof(struct mpool_pool_config, member)
#define BUFFERS_MAX	((1ULL << 24) - 1)

static const struct setting settings[] = {
	{ "min_size", FIELD(min_size), 64, 4 * MB, ZERO_NO },
	{ "max_size", FIELD(max_size), 64, 4 * MB, ZERO_NO },
	{ "max_bytes", FIELD(max_bytes), 1, LONG_MAX, ZERO_NO },
	{ "max_small", FIELD(max[0]), 1, BUFFERS_MAX, ZERO_NO },
	{ "max_medium", FIELD(max[1]), 1, BUFFERS_MAX, ZERO_NO },
	{ "max_large", FIELD(max[2]), 1, BUFFERS_MAX, ZERO_NO },
	{ "initial_small", FIELD(initial[0]), 1, BUFFERS_MAX, ZERO_NONE },
	{ "initial_medium", FIELD(initial[1]), 1, BUFFERS_MAX, ZERO_NONE },
	{ "initial_large", FIELD(initial[2]), 1, BUFFERS_MAX, ZERO_NONE },
	{ "reserve", FIELD(reserve), 1, BUFFERS_MAX, ZERO_NONE },
	{ "growth_percent", FIELD(growth_percent), 100, 1000, ZERO_NO },
	{ "shrink_percent", FIELD(shrink_percent), 1, 100, ZERO_NONE },
	{ "cleanup_interval_ms", FIELD(cleanup_interval_ms), 10, DAY_MS,
	  ZERO_NONE },
	{ "max_age_ms", FIELD(max_age_ms), 1, DAY_MS, ZERO_NONE },
	{ "node", FIELD(node), 1, 1023, ZERO_PLAIN },
	{ "mode", FIELD(mode), 1, 0777, ZERO_NO },
	{ "uid", FIELD(uid), 1, UINT_MAX - 1, ZERO_PLAIN },
	{ "gid", FIELD(gid), 1, UINT_MAX - 1, ZERO_PLAIN },
};

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

	if (s->offset == FIELD(max_bytes)) {
		config->max_bytes = value;
		return;
	}
	if (!value && s->zero == ZERO_NONE)
		word = MPOOL_NONE;
	if (s->offset == FIELD(node))
		word++;
	given_uid |= s->offset == FIELD(uid);
	given_gid |= s->offset == FIELD(gid);
	memcpy(field, &word, sizeof(word));
}

/**
 * parse_setting() - read one
 * @config: where it goes
 * @text: SETTING=VALUE, or eager
 *
 * Return: 0, or -EINVAL after saying why.
 */
int parse_setting(struct mpool_pool_config *config, const char *text)
{
	const char *value = strchr(text, '=');
	unsigned long long number;
	const struct setting *s;

	if (!strcmp(text, "eager")) {
		config->flags |= MPOOL_POOL_EAGER;
		return 0;
	}
	for (s = settings; s < settings + ARRAY_SIZE(settings); s++)
		if (value && strlen(s->name) == (size_t)(value - text) &&
		    !strncmp(s->name, text, value - text))
			break;
	if (s == settings + ARRAY_SIZE(settings)) {
		complain("%s: not a setting; \"mpoolctl help create\" lists them",
			 text);
		return -EINVAL;
	}
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
