/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory cgroups, as far as a module may know them.
 *
 * No charge call is exported.  What is: a reference on a task's cgroup
 * (get_mem_cgroup_from_mm()), and to have what is allocated with __GFP_ACCOUNT
 * charged to a cgroup that is not the task's (set_active_memcg(), inline).
 * root_mem_cgroup is not exported by 6.1 and 6.12; the root has no parent.
 */
#ifndef _MPOOL_COMPAT_MEMCG_H
#define _MPOOL_COMPAT_MEMCG_H

#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#ifdef CONFIG_MEMCG

/* That of the calling task, with a reference; NULL: the root, or none at all. */
static inline struct mem_cgroup *mpool_memcg_get(void)
{
	struct mem_cgroup *memcg;

	if (mem_cgroup_disabled() || !current->mm)
		return NULL;
	memcg = get_mem_cgroup_from_mm(current->mm);
	if (memcg && !memcg->css.parent) {
		mem_cgroup_put(memcg);
		memcg = NULL;
	}
	return memcg;
}

static inline u64 mpool_memcg_ino(struct mem_cgroup *memcg)
{
	return cgroup_ino(memcg->css.cgroup);
}

/* As all of cgroup's paths, from the root of its hierarchy. */
static inline void mpool_memcg_path(struct mem_cgroup *memcg, char *buf,
				    size_t len)
{
	if (cgroup_path(memcg->css.cgroup, buf, len) < 0)
		buf[0] = 0;
}

#else

static inline struct mem_cgroup *mpool_memcg_get(void)
{
	return NULL;
}

static inline u64 mpool_memcg_ino(struct mem_cgroup *memcg)
{
	return 0;
}

static inline void mpool_memcg_path(struct mem_cgroup *memcg, char *buf,
				    size_t len)
{
	buf[0] = 0;
}

#endif

#endif /* _MPOOL_COMPAT_MEMCG_H */
