// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what with a pool.
 *
 * Owner, group and mode may be changed while somebody is asking.  Each alone
 * would be written whole, but an old group with a new mode could let in whom
 * neither the old nor the new owner meant to: so they are read together.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mpool.h>

#include "access.h"
#include "pool.h"

/**
 * mpool_access_get() - owner, group and mode, of one moment
 * @pool: the pool
 *
 * Context: process.
 * Return: them.
 */
struct mpool_access mpool_access_get(const struct mpool *pool)
{
	struct mpool_access now;
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&pool->access);
		now.uid = pool->uid;
		now.gid = pool->gid;
		now.mode = pool->settings.mode;
	} while (read_seqcount_retry(&pool->access, seq));
	return now;
}

/**
 * mpool_access_set() - let others in from now on
 * @pool: the pool, its lock held
 * @to: owner, group and mode
 *
 * Who is attached stays.
 *
 * Context: process.
 */
void mpool_access_set(struct mpool *pool, const struct mpool_access *to)
{
	lockdep_assert_held(&pool->lock);
	write_seqcount_begin(&pool->access);
	pool->uid = to->uid;
	pool->gid = to->gid;
	pool->settings.mode = to->mode;
	write_seqcount_end(&pool->access);
}

/**
 * mpool_pool_may_attach() - may the caller lease from a pool
 * @pool: the pool
 *
 * Read and write permission by uid, gid and mode, as for a file; whoever has
 * CAP_SYS_ADMIN in the initial namespace may too.
 *
 * Context: process.
 * Return: yes or no.
 */
bool mpool_pool_may_attach(const struct mpool *pool)
{
	struct mpool_access now = mpool_access_get(pool);

	if (uid_eq(current_fsuid(), now.uid))
		now.mode >>= 6;
	else if (in_group_p(now.gid))
		now.mode >>= 3;
	return (now.mode & 06) == 06 || capable(CAP_SYS_ADMIN);
}

/**
 * mpool_pool_may_control() - may the caller trim, change and destroy a pool
 * @pool: the pool
 *
 * Context: process.
 * Return: yes or no.
 */
bool mpool_pool_may_control(const struct mpool *pool)
{
	return uid_eq(current_fsuid(), mpool_access_get(pool).uid) ||
	       capable(CAP_SYS_ADMIN);
}

/**
 * mpool_access_change() - what owner, group and mode would be after a change
 * @pool: the pool, its lock held
 * @change: new values; ids are those of the caller's user namespace
 * @mask: MPOOL_CONFIG_UID, _GID and _MODE count
 * @trusted: the caller may do all, as the kernel and CAP_SYS_ADMIN may
 * @to: where to
 *
 * As chown(2) has it, an owner gives nothing away, but to groups of his own.
 *
 * Context: process.
 * Return: 0; -EINVAL for an id that does not exist; -EPERM.
 */
int mpool_access_change(const struct mpool *pool,
			const struct mpool_pool_config *change, u64 mask,
			bool trusted, struct mpool_access *to)
{
	struct mpool_access now = mpool_access_get(pool);

	*to = now;
	if (mask & MPOOL_CONFIG_UID)
		to->uid = make_kuid(current_user_ns(), change->uid);
	if (mask & MPOOL_CONFIG_GID)
		to->gid = make_kgid(current_user_ns(), change->gid);
	if (!uid_valid(to->uid) || !gid_valid(to->gid))
		return -EINVAL;
	if (trusted)
		return 0;
	if (!uid_eq(to->uid, now.uid))
		return -EPERM;
	if (!gid_eq(to->gid, now.gid) && !in_group_p(to->gid))
		return -EPERM;
	return 0;
}
