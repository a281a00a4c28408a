/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mpool: named pools of ready buffers, for other kernel modules.
 *
 * Import the namespace: MODULE_IMPORT_NS(MPOOL) before Linux 6.13,
 * MODULE_IMPORT_NS("MPOOL") from then on.  Each function's contexts, errors
 * and ownership stand in its kernel-doc, beside its definition.
 */
#ifndef _LINUX_MPOOL_H
#define _LINUX_MPOOL_H

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/types.h>

#include <uapi/linux/mpool.h>

struct module;
struct mpool;
struct mpool_class;

/* Tiers: classes below a page, of whole pages up to 64 KiB, and above. */
enum mpool_tier {
	MPOOL_SMALL,
	MPOOL_MEDIUM,
	MPOOL_LARGE,
	MPOOL_NR_TIERS,
};

/* Largest buffer of any pool, bytes. */
#define MPOOL_SIZE_MAX		(4U << 20)
/*
 * Smallest size class, bytes: what a buffer's header is, and what buffers are
 * aligned to.  A pool whose settings do not ask for less begins at 64.
 */
#define MPOOL_SIZE_MIN		16U

/**
 * struct mpool_config - how a pool behaves
 * @settings: the settings that processes can choose too; 0 in a field is its
 *	default.  uid, gid and mode say which processes may attach; uid and gid
 *	need MPOOL_POOL_OWNER in flags.
 * @sizes: size classes of one's own, ascending, each a multiple of 16 below
 *	a page and of the page size from there on; or NULL: four to a doubling
 *	between settings.min_size and settings.max_size
 * @nr_sizes: entries of @sizes, at most 128
 * @ctor: called once for each buffer, when it is made; may not sleep.  A pool
 *	with a ctor cannot be attached by processes, since buffers are zeroed
 *	between owners.
 * @reset: called on every free by a kernel user, in the context of the free; not
 *	at the end of a lease, after which the pool zeroes the buffer
 * @arg: handed to @ctor and @reset
 *
 * All zero is a usable configuration, and so is NULL in its place.
 */
struct mpool_config {
	struct mpool_pool_config settings;
	const u32 *sizes;
	unsigned int nr_sizes;
	void (*ctor)(void *buf, size_t size, void *arg);
	void (*reset)(void *buf, size_t size, void *arg);
	void *arg;
};

struct mpool *__mpool_create(const char *name, const struct mpool_config *cfg,
			     struct module *owner);

/**
 * mpool_create() - make a pool for kernel users
 * @name: 1 to 31 of A-Z a-z 0-9 _ . - that do not begin with a dot, and not
 *	"summary" or "abandoned"
 * @cfg: the configuration, copied; or NULL
 *
 * A pool with a ctor or reset belongs to the module that calls this, which has
 * these callbacks, or has the module in use that has them.  They are called for
 * as long as the pool is there, so that its last reference has to be put before
 * that module is gone.  Processes' references see to that by themselves: as long as
 * one has any, the module is in use; and they find the pool from when the
 * module's init function has succeeded until it is asked to go.
 *
 * Context: process, may sleep.
 * Return: the pool with a reference, to be given up by mpool_put();
 * ERR_PTR(-EINVAL) for name or configuration, ERR_PTR(-EEXIST),
 * ERR_PTR(-ENOMEM), ERR_PTR(-ENOSPC) when max_bytes is too little for the
 * reserves of an eager pool; ERR_PTR(-EINTR) when a fatal signal came before it
 * was made.
 */
#define mpool_create(name, cfg)	__mpool_create(name, cfg, THIS_MODULE)

struct mpool *mpool_find(const char *name);
void mpool_put(struct mpool *pool);
const char *mpool_name(const struct mpool *pool);

void *mpool_alloc(struct mpool *pool, size_t size, gfp_t gfp);
void *mpool_alloc_timeout(struct mpool *pool, size_t size, gfp_t gfp,
			  long timeout);
void mpool_free(struct mpool *pool, void *buf);
unsigned int mpool_alloc_bulk(struct mpool *pool, size_t size, gfp_t gfp,
			      unsigned int nr, void **bufs);
bool mpool_alloc_all(struct mpool *pool, size_t size, gfp_t gfp,
		     unsigned int nr, void **bufs);
void mpool_free_bulk(struct mpool *pool, unsigned int nr, void **bufs);

struct mpool_class *mpool_class_get(struct mpool *pool, size_t size);
size_t mpool_class_size(const struct mpool_class *cls);
void *mpool_class_alloc(struct mpool_class *cls, gfp_t gfp);
void *mpool_class_alloc_timeout(struct mpool_class *cls, gfp_t gfp,
				long timeout);
void mpool_class_free(struct mpool_class *cls, void *buf);
unsigned int mpool_class_alloc_bulk(struct mpool_class *cls, gfp_t gfp,
				    unsigned int nr, void **bufs);
bool mpool_class_alloc_all(struct mpool_class *cls, gfp_t gfp, unsigned int nr,
			   void **bufs);
void mpool_class_free_bulk(struct mpool_class *cls, unsigned int nr,
			   void **bufs);

size_t mpool_trim(struct mpool *pool, unsigned int max_age_ms);
int mpool_resize(struct mpool *pool, enum mpool_tier tier, unsigned int max);
int mpool_configure(struct mpool *pool, const struct mpool_pool_config *set,
		    u64 mask);
void mpool_get_config(struct mpool *pool, struct mpool_pool_config *set);
void mpool_get_stats(struct mpool *pool, struct mpool_class_stats *total);
int mpool_class_get_stats(struct mpool *pool, size_t size,
			  struct mpool_class_stats *stats);
long mpool_report_leaks(struct mpool *pool);

#endif /* _LINUX_MPOOL_H */
