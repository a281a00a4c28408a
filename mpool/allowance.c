// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of those who have no CAP_SYS_ADMIN.
 *
 * Members of one group may make pools, if root has named it.  Their pools have
 * one allowance of memory together, and of pools, since each has tables and
 * caches that its limit does not count.  It is not one for each user: who has
 * subordinate ids is many users in a user namespace, and keeps his groups.
 *
 * A pool counts with the max_bytes that it was made with, which its owner cannot
 * raise, until its memory is gone.  Lowering it gives nothing back, since what
 * is in use then may stay in use.
 */
#include <linux/cred.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/mutex.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "allowance.h"

/* Written by sysfs alone; read without its lock, each once for a call. */
static int create_gid = -1;
module_param(create_gid, int, 0644);
MODULE_PARM_DESC(create_gid,
		 "Group whose members may create pools without CAP_SYS_ADMIN (default: -1, none)");

static unsigned long create_max_bytes;
module_param(create_max_bytes, ulong, 0644);
MODULE_PARM_DESC(create_max_bytes,
		 "Most bytes of all their pools together (default: 0, 1/16 of memory)");

static unsigned int create_max_pools = 16;
module_param(create_max_pools, uint, 0644);
MODULE_PARM_DESC(create_max_pools, "Most pools of theirs (default: 16)");

static DEFINE_MUTEX(lock);
/* Both guarded by it. */
static u64 bytes_taken;
static unsigned int pools_taken;

static u64 bytes_allowed(void)
{
	unsigned long bytes = READ_ONCE(create_max_bytes);

	return bytes ?: (u64)totalram_pages() * PAGE_SIZE / 16;
}

/* So that as many pools as are allowed can be made without a thought. */
static u64 equal_share(void)
{
	unsigned int pools = READ_ONCE(create_max_pools);

	/* 0 would be the default of those who have the capability. */
	return max(div_u64(bytes_allowed(), max(pools, 1U)), 1ULL);
}

/* An owner cannot give a pool away later, and so not at first. */
static bool is_own(const struct mpool_pool_config *set)
{
	kuid_t uid = make_kuid(current_user_ns(), set->uid);
	kgid_t gid = make_kgid(current_user_ns(), set->gid);

	/* Ids that do not exist are refused as anybody's. */
	return (!uid_valid(uid) || uid_eq(uid, current_euid())) &&
	       (!gid_valid(gid) || in_egroup_p(gid));
}

/**
 * mpool_allowance_check() - may the caller make a pool without CAP_SYS_ADMIN
 * @set: its settings; max_bytes is filled in where it was left out
 *
 * The group is one of the initial user namespace: what a namespace below calls
 * by its number is another one.  Debugging is not for him: it slows all pools
 * down, and its records are no part of max_bytes.
 *
 * Context: process.
 * Return: 0 or -EPERM.
 */
int mpool_allowance_check(struct mpool_pool_config *set)
{
	kgid_t group = make_kgid(&init_user_ns, READ_ONCE(create_gid));

	if (!gid_valid(group) || !in_group_p(group))
		return -EPERM;
	if (set->flags & MPOOL_POOL_DEBUG)
		return -EPERM;
	if (set->flags & MPOOL_POOL_OWNER && !is_own(set))
		return -EPERM;
	if (!set->max_bytes)
		set->max_bytes = equal_share();
	return 0;
}

/**
 * mpool_allowance_take() - a pool is to be made of the allowance
 * @bytes: its max_bytes
 *
 * Context: process, may sleep.
 * Return: 0; -EDQUOT: there is not that much left.
 */
int mpool_allowance_take(u64 bytes)
{
	u64 most = bytes_allowed();
	int err = -EDQUOT;

	mutex_lock(&lock);
	/* The parameters may be less than what was taken before. */
	if (pools_taken < READ_ONCE(create_max_pools) && bytes <= most &&
	    bytes_taken <= most - bytes) {
		bytes_taken += bytes;
		pools_taken++;
		err = 0;
	}
	mutex_unlock(&lock);
	return err;
}

/**
 * mpool_allowance_put() - that pool is gone, or was not made
 * @bytes: as taken
 *
 * Context: process, may sleep.
 */
void mpool_allowance_put(u64 bytes)
{
	mutex_lock(&lock);
	bytes_taken -= bytes;
	pools_taken--;
	mutex_unlock(&lock);
}
