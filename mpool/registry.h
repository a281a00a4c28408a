/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of pools: look-up under RCU, listing, and life.
 */
#ifndef _MPOOL_REGISTRY_H
#define _MPOOL_REGISTRY_H

#include <linux/types.h>

struct mpool;
struct mpool_config;

/**
 * struct mpool_registry_observer - who wants to hear of pools come and go
 * @added: a pool is there; the observer may keep no reference
 * @removed: it goes; nothing of it may be used once this returned
 *
 * Both are called under the registry's mutex, and may sleep.
 */
struct mpool_registry_observer {
	void (*added)(struct mpool *pool);
	void (*removed)(struct mpool *pool);
};

int mpool_registry_init(void);
void mpool_registry_exit(void);
bool mpool_name_valid(const char *name);
struct mpool *mpool_registry_add(const char *name,
				 const struct mpool_config *cfg, bool owned);
struct mpool *mpool_registry_add_allowed(const char *name,
					 const struct mpool_config *cfg);
struct mpool *mpool_registry_get(const char *name);
void mpool_registry_put(struct mpool *pool);
int mpool_registry_remove(struct mpool *pool, bool trusted);
unsigned int mpool_registry_count(void);
void mpool_registry_visit(void (*visit)(struct mpool *pool, void *arg),
			  void *arg);
int mpool_registry_look(const char *name,
			int (*look)(struct mpool *pool, void *arg), void *arg);
void mpool_registry_observe(const struct mpool_registry_observer *observer);

#endif /* _MPOOL_REGISTRY_H */
