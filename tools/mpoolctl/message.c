// SPDX-License-Identifier: GPL-2.0
/*
 * What to say when something was refused: what happened, and what to do.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mpoolctl.h"

#define DEVICE	"/dev/mpool"

void complain(const char *format, ...)
{
	va_list args;

	fputs("mpoolctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* As the kernel judges it. */
static bool name_valid(const char *name)
{
	size_t len = 0;

	while (isalnum((unsigned char)name[len]) ||
	       (name[len] && strchr("_.-", name[len])))
		len++;
	return len && len < MPOOL_NAME_LEN && !name[len] && *name != '.' &&
	       strcmp(name, "summary") && strcmp(name, "abandoned");
}

/* What keeps everybody from anything. */
static bool device_is_why(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		if (err == ENOENT && !access(DEVICE, F_OK))
			return false;
		complain("%s is not there: load the module with \"modprobe mpool\"",
			 DEVICE);
		return true;
	case EACCES:
		if (!access(DEVICE, R_OK | W_OK))
			return false;
		complain("%s %s", DEVICE,
			 "may not be opened: run as root, or become a member of the group that owns it (usermod -aG mpool USER, then log in again)");
		return true;
	case ENOTTY:
		complain("%s %s", DEVICE,
			 "does not know this command: it belongs to an older mpool, or to another module of that name; see \"modinfo mpool\"");
		return true;
	}
	return false;
}

/**
 * struct reason - what an errno means for a command
 * @what: the command, NULL for all of them
 * @err: errno
 * @text: the message, %1$s being the pool's name
 */
static const struct reason {
	const char *what;
	int err;
	const char *text;
} reasons[] = {
	{
		"create", EEXIST,
		"there is a pool \"%1$s\" already: choose another name, or destroy it first",
	},
	{
		"create", EPERM,
		"you may not create \"%1$s\" so: run as root, or as a member of the group of /sys/module/mpool/parameters/create_gid; and only root may give the pool to others, or debug it",
	},
	{
		"create", EDQUOT,
		"there is no room for \"%1$s\" in what the pools of all who are not root may have: lower max_bytes, destroy another one, or see create_max_bytes and create_max_pools in /sys/module/mpool/parameters",
	},
	{
		"create", EINVAL,
		"the settings of \"%1$s\" do not go together: initial_* and reserve may be at most max_*, min_size at most max_size, and the NUMA node must be online; see mpoolctl(8)",
	},
	{
		"change", EINVAL,
		"the settings of \"%1$s\" would not go together: initial_* may be at most max_*, max_* not below the reserve, low_percent has to be below high_percent, and adaptive needs cleanups; see \"mpoolctl config %1$s\"",
	},
	{
		"change", ENOSPC,
		"the limits of \"%1$s\" have no room for that reserve: raise max_* or max_bytes, or wait until buffers come back",
	},
	{
		"change", EPERM,
		"you may not change that of \"%1$s\": only its owner and root may, and only root may raise max_bytes or give the pool away",
	},
	{
		"create", ENOMEM,
		"there is not enough memory for \"%1$s\": lower initial_*, or leave out eager",
	},
	{
		"destroy", EBUSY,
		"\"%1$s\" is in use: \"mpoolctl leases %1$s\" names the processes, \"mpoolctl stats %1$s\" tells the clients, what kernel modules hold, and what is pinned (quarantined)",
	},
	{
		"destroy", EPERM,
		"you may not destroy \"%1$s\": only its owner and root may, and nobody a pool that a kernel module made: unload that module",
	},
	{
		"trim", EPERM,
		"you may not trim \"%1$s\": only its owner and root may",
	},
	{
		"clients", EPERM,
		"you may not see who uses \"%1$s\": only its owner and root may",
	},
	{
		"revoke", EPERM,
		"you may not take leases of \"%1$s\" back: only its owner and root may",
	},
	{
		"revoke", ESRCH,
		"\"%1$s\" has no client of that number: \"mpoolctl clients %1$s\" shows those that there are",
	},
	{
		"revoke", ESTALE,
		"that lease has ended: \"mpoolctl leases %1$s\" shows those that there are",
	},
	{
		"revoke", EKEYREVOKED,
		"that lease was taken back before",
	},
	{
		"revoke", ENOENT,
		"there is no pool \"%1$s\", or that client never had that handle: see \"mpoolctl leases %1$s\"",
	},
	{
		"watch", EOPNOTSUPP,
		"\"%1$s\" is for kernel users, and nobody can attach to it",
	},
	{
		NULL, EACCES,
		"you may not use \"%1$s\": its mode, uid and gid say so, see \"mpoolctl list\"; run as its owner, or as a member of its group",
	},
	{
		NULL, ENOENT,
		"there is no pool \"%1$s\": \"mpoolctl list\" shows those that there are",
	},
	{
		NULL, ENOMEM,
		"the kernel has not enough memory to answer about \"%1$s\": try again",
	},
};

/**
 * refused() - say why
 * @what: the command
 * @pool: the pool, or "all pools"
 * @err: negative errno
 *
 * Return: the exit status.
 */
int refused(const char *what, const char *pool, int err)
{
	const struct reason *r;

	err = -err;
	if (device_is_why(err))
		return EXIT_REFUSED;
	if (err == EINVAL && !name_valid(pool)) {
		complain("\"%s\" %s", pool,
			 "cannot be the name of a pool: 1 to 31 of A-Z a-z 0-9 _ . -, not beginning with a dot, and not \"summary\" or \"abandoned\"");
		return EXIT_REFUSED;
	}
	for (r = reasons; r < reasons + ARRAY_SIZE(reasons); r++) {
		if (r->err != err || (r->what && strcmp(r->what, what)))
			continue;
		complain(r->text, pool);
		return EXIT_REFUSED;
	}
	complain("cannot %s \"%s\": %s; the kernel log (dmesg) may say more",
		 what, pool, strerror(err));
	return EXIT_REFUSED;
}
