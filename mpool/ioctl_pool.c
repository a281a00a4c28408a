// SPDX-License-Identifier: GPL-2.0
/*
 * INFO, and the ioctls that are about pools: POOL_CREATE, POOL_DESTROY,
 * POOL_LIST, POOL_CONFIG, STATS, TRIM and CLIENTS.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mpool.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "allowance.h"
#include "class.h"
#include "client.h"
#include "compat/features.h"
#include "configure.h"
#include "ioctl.h"
#include "pool.h"
#include "registry.h"
#include "stats.h"
#include "window.h"

/* An entry that is longer than this was not meant. */
#define ENTRY_MAX	PAGE_SIZE

/**
 * mpool_ioctl_name_valid() - check a name as a process gave it
 * @name: MPOOL_NAME_LEN bytes
 *
 * Context: any.
 * Return: whether it could name a pool, and NULs alone follow it.
 */
bool mpool_ioctl_name_valid(const char *name)
{
	size_t len = strnlen(name, MPOOL_NAME_LEN);

	return len < MPOOL_NAME_LEN &&
	       !memchr_inv(name + len, 0, MPOOL_NAME_LEN - len) &&
	       mpool_name_valid(name);
}

/**
 * mpool_ioctl_info() - MPOOL_IOC_INFO
 * @call: struct mpool_info
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_info(struct mpool_call *call)
{
	struct mpool_info *info = call->arg;

	if (info->flags)
		return -EINVAL;
	info->abi_version = MPOOL_ABI_VERSION;
	info->page_size = PAGE_SIZE;
	info->features = MPOOL_FEATURES;
	info->batch_max = MPOOL_BATCH_MAX;
	info->nr_pools = mpool_registry_count();
	return mpool_call_answer(call);
}

static int create_allowed(const char *name, struct mpool_config *cfg)
{
	int err = mpool_allowance_check(&cfg->settings);

	if (err)
		return err;
	return PTR_ERR_OR_ZERO(mpool_registry_add_allowed(name, cfg));
}

/**
 * mpool_ioctl_pool_create() - MPOOL_IOC_POOL_CREATE
 * @call: struct mpool_pool_create
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_pool_create(struct mpool_call *call)
{
	struct mpool_pool_create *create = call->arg;
	struct mpool_config cfg = { .settings = create->config };

	if (create->flags || !mpool_ioctl_name_valid(create->name))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return create_allowed(create->name, &cfg);
	return PTR_ERR_OR_ZERO(mpool_registry_add(create->name, &cfg, true));
}

/**
 * mpool_ioctl_pool_destroy() - MPOOL_IOC_POOL_DESTROY
 * @call: struct mpool_pool_destroy
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_pool_destroy(struct mpool_call *call)
{
	struct mpool_pool_destroy *destroy = call->arg;
	struct mpool *pool;
	int err = -EPERM;

	if (destroy->flags || !mpool_ioctl_name_valid(destroy->name))
		return -EINVAL;
	pool = mpool_registry_get(destroy->name);
	if (!pool)
		return -ENOENT;
	if (mpool_pool_may_control(pool))
		err = mpool_registry_remove(pool, capable(CAP_SYS_ADMIN));
	if (err)
		mpool_registry_put(pool);
	return err;
}

/**
 * struct table - an answer of entries whose size may differ from ours
 * @to: the caller's array
 * @count: entries it holds
 * @entry_size: bytes of each
 */
struct table {
	u64 to;
	u32 count;
	u32 entry_size;
};

static bool table_valid(const struct table *table)
{
	if (!table->count)
		return !table->to && table->entry_size <= ENTRY_MAX;
	return table->entry_size && table->entry_size <= ENTRY_MAX;
}

/* Writes @nr of our entries, as many as the caller has room for. */
static int table_answer(const struct table *table, const void *entries,
			size_t ksize, unsigned int nr)
{
	char __user *to = u64_to_user_ptr(table->to);
	size_t usize = table->entry_size, n = min(ksize, usize);

	for (nr = min(nr, table->count); nr; nr--) {
		if (copy_to_user(to, entries, n) ||
		    clear_user(to + n, usize - n))
			return -EFAULT;
		to += usize;
		entries += ksize;
	}
	return 0;
}

static unsigned int count_classes(const struct mpool *pool)
{
	unsigned int i, nr = 0;

	for (i = 0; i < pool->nr_classes; i++)
		nr += !!mpool_pool_peek(pool, i);
	return nr;
}

static void describe(const struct mpool *pool, struct mpool_pool_entry *entry)
{
	struct mpool_access access = mpool_access_get(pool);

	memset(entry, 0, sizeof(*entry));
	strscpy(entry->name, pool->name, sizeof(entry->name));
	entry->uid = from_kuid_munged(current_user_ns(), access.uid);
	entry->gid = from_kgid_munged(current_user_ns(), access.gid);
	entry->mode = access.mode;
	entry->flags = READ_ONCE(pool->settings.flags);
	entry->nr_clients = atomic_read(&pool->nr_clients);
	entry->nr_classes = count_classes(pool);
	entry->bytes = atomic_long_read(&pool->bytes);
	entry->max_bytes = READ_ONCE(pool->max_bytes);
}

struct listing {
	struct mpool_pool_entry *entries;
	unsigned int room;
	unsigned int nr;
};

static void list_one(struct mpool *pool, void *arg)
{
	struct listing *list = arg;

	if (list->nr < list->room)
		describe(pool, &list->entries[list->nr]);
	list->nr++;
}

/* All pools, in order of name. */
static int list_pools(struct listing *list)
{
	do {
		/* Once more when pools came after they were counted. */
		list->room = max(list->nr, mpool_registry_count());
		kvfree(list->entries);
		list->entries = kvmalloc_array(list->room,
					       sizeof(*list->entries),
					       GFP_KERNEL_ACCOUNT);
		if (!list->entries)
			return -ENOMEM;
		list->nr = 0;
		mpool_registry_visit(list_one, list);
	} while (list->nr > list->room);
	return 0;
}

/**
 * mpool_ioctl_pool_list() - MPOOL_IOC_POOL_LIST
 * @call: struct mpool_pool_list
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_pool_list(struct mpool_call *call)
{
	struct mpool_pool_list *list = call->arg;
	struct table table = { list->pools, list->count, list->entry_size };
	struct listing all = {};
	int err;

	if (list->flags || !table_valid(&table))
		return -EINVAL;
	err = list_pools(&all);
	if (err)
		return err;
	list->count = all.nr;
	err = table_answer(&table, all.entries, sizeof(*all.entries), all.nr);
	kvfree(all.entries);
	return err ?: mpool_call_answer(call);
}

/*
 * The pool that a call names, or the attached one; with a reference, taken by
 * name in both cases: an attached pool keeps its name.
 */
static struct mpool *get_pool(struct mpool_call *call, const char *name)
{
	struct mpool *pool;

	if (!memchr_inv(name, 0, MPOOL_NAME_LEN)) {
		if (!mpool_client_window(call->client))
			return ERR_PTR(-ENOTCONN);
		name = call->client->pool->name;
	} else if (!mpool_ioctl_name_valid(name)) {
		return ERR_PTR(-EINVAL);
	}
	pool = mpool_registry_get(name);
	return pool ?: ERR_PTR(-ENOENT);
}

static int configure(struct mpool_call *call, struct mpool *pool)
{
	struct mpool_pool_configure *arg = call->arg;
	int err = 0;

	if (!arg->mask) {
		/* A name needs rights, as for STATS. */
		if (arg->name[0] && !mpool_pool_may_attach(pool))
			err = -EACCES;
	} else if (!mpool_pool_may_control(pool)) {
		err = -EPERM;
	} else {
		/* A bad address now, and nothing was changed. */
		err = mpool_call_answer(call);
		if (!err)
			err = mpool_pool_configure(pool, &arg->config,
						   arg->mask,
						   capable(CAP_SYS_ADMIN));
	}
	if (!err)
		mpool_get_config(pool, &arg->config);
	return err;
}

/**
 * mpool_ioctl_pool_config() - MPOOL_IOC_POOL_CONFIG
 * @call: struct mpool_pool_configure
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_pool_config(struct mpool_call *call)
{
	struct mpool_pool_configure *arg = call->arg;
	struct mpool *pool;
	int err;

	if (arg->flags)
		return -EINVAL;
	pool = get_pool(call, arg->name);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = configure(call, pool);
	/* Writing takes as long as the caller likes. */
	mpool_registry_put(pool);
	if (err)
		return err;
	err = mpool_call_answer(call);
	/* It is done: an answer that cannot be written any more is lost. */
	return arg->mask ? 0 : err;
}

/* Statistics of the classes in being, and their sum; returns how many. */
static unsigned int collect(struct mpool *pool, struct mpool_class_stats *each,
			    struct mpool_class_stats *total)
{
	struct mpool_class *cls;
	unsigned int i, nr = 0;

	memset(total, 0, sizeof(*total));
	for (i = 0; i < pool->nr_classes; i++) {
		cls = mpool_pool_peek(pool, i);
		if (!cls)
			continue;
		mpool_class_stats(cls, &each[nr]);
		mpool_stats_add(total, &each[nr++]);
	}
	/* Foreign buffers belong to no class. */
	total->bad_frees += atomic64_read(&pool->bad_frees);
	return nr;
}

struct reading {
	struct mpool_stats *stats;
	struct mpool_class_stats *each;
};

static int read_stats(struct mpool *pool, void *arg)
{
	struct reading *read = arg;
	struct mpool_stats *stats = read->stats;

	/* A name needs rights; whoever has the file has those already. */
	if (stats->name[0] && !mpool_pool_may_attach(pool))
		return -EACCES;
	read->each = kvmalloc_array(pool->nr_classes, sizeof(*read->each),
				    GFP_KERNEL_ACCOUNT);
	if (!read->each)
		return -ENOMEM;
	stats->count = collect(pool, read->each, &stats->total);
	stats->bytes = atomic_long_read(&pool->bytes);
	stats->max_bytes = READ_ONCE(pool->max_bytes);
	stats->nr_clients = atomic_read(&pool->nr_clients);
	return 0;
}

static int find_stats(struct mpool_call *call, struct reading *read)
{
	const char *name = read->stats->name;

	if (memchr_inv(name, 0, MPOOL_NAME_LEN)) {
		if (!mpool_ioctl_name_valid(name))
			return -EINVAL;
		return mpool_registry_look(name, read_stats, read);
	}
	if (!mpool_client_window(call->client))
		return -ENOTCONN;
	return read_stats(call->client->pool, read);
}

/**
 * mpool_ioctl_stats() - MPOOL_IOC_STATS
 * @call: struct mpool_stats
 *
 * A client may look at the pool that it is attached to, however it came by
 * the file.
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_stats(struct mpool_call *call)
{
	struct mpool_stats *stats = call->arg;
	struct table table = { stats->classes, stats->count,
			       stats->entry_size };
	struct reading read = { .stats = stats };
	int err;

	if (stats->flags || stats->reserved || !table_valid(&table))
		return -EINVAL;
	err = find_stats(call, &read);
	if (!err)
		err = table_answer(&table, read.each, sizeof(*read.each),
				   stats->count);
	kvfree(read.each);
	return err ?: mpool_call_answer(call);
}

/**
 * mpool_ioctl_trim() - MPOOL_IOC_TRIM
 * @call: struct mpool_trim
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_trim(struct mpool_call *call)
{
	struct mpool_trim *trim = call->arg;
	struct mpool *pool;
	int err = -EPERM;

	if (trim->flags || trim->reserved)
		return -EINVAL;
	pool = get_pool(call, trim->name);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	if (!mpool_pool_may_control(pool))
		goto put;
	/* A bad address now, and nothing was trimmed. */
	trim->bytes = 0;
	err = mpool_call_answer(call);
	if (err)
		goto put;
	trim->bytes = mpool_trim(pool, trim->max_age_ms);
	/* It is done, whoever took the argument away meanwhile. */
	mpool_call_answer(call);
put:
	mpool_registry_put(pool);
	return err;
}

/* As "clients" in debugfs has it. */
static void describe_client(struct mpool_client *client,
			    struct mpool_client_entry *entry)
{
	const struct mpool_account *own = &client->quota.own;

	memset(entry, 0, sizeof(*entry));
	entry->client = client->id;
	/* A number of the initial namespace says nothing in another. */
	if (task_active_pid_ns(current) == &init_pid_ns)
		entry->pid = client->pid;
	entry->uid = from_kuid_munged(current_user_ns(), client->quota.uid);
	entry->flags = client->keeps ? 0 : MPOOL_ATTACH_STRICT;
	entry->leases = mpool_slots_live(&client->window->slots);
	entry->buffers = atomic_long_read(&own->buffers);
	entry->bytes = (u64)atomic_long_read(&own->pages) << PAGE_SHIFT;
	entry->kept_bytes = (u64)atomic_long_read(&client->kept_pages) <<
			    PAGE_SHIFT;
	strscpy(entry->comm, client->comm, sizeof(entry->comm));
}

/* Up to @room of them; returns how many there are. */
static unsigned int list_clients(struct mpool *pool, unsigned int room,
				 struct mpool_client_entry *entries)
{
	struct mpool_client *client;
	unsigned int nr = 0;

	mutex_lock(&pool->clients_lock);
	list_for_each_entry(client, &pool->clients, node) {
		if (nr < room)
			describe_client(client, &entries[nr]);
		nr++;
	}
	mutex_unlock(&pool->clients_lock);
	return nr;
}

/* Up to @most of them, in @entries, which the caller frees; @count has them all. */
static int collect_clients(struct mpool *pool, unsigned int most, u32 *count,
			   struct mpool_client_entry **entries)
{
	unsigned int room, nr = 0;

	if (!mpool_pool_may_control(pool))
		return -EPERM;
	do {
		/* Once more when clients came after they were counted. */
		room = max_t(int, nr, atomic_read(&pool->nr_clients));
		room = min(room, most);
		kvfree(*entries);
		*entries = kvmalloc_array(room, sizeof(**entries),
					  GFP_KERNEL_ACCOUNT);
		if (!*entries)
			return -ENOMEM;
		nr = list_clients(pool, room, *entries);
	} while (nr > room && room < most);
	*count = nr;
	return 0;
}

/**
 * mpool_ioctl_clients() - MPOOL_IOC_CLIENTS
 * @call: struct mpool_clients
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_clients(struct mpool_call *call)
{
	struct mpool_clients *arg = call->arg;
	struct table table = { arg->clients, arg->count, arg->entry_size };
	struct mpool_client_entry *entries = NULL;
	struct mpool *pool;
	int err;

	if (arg->flags || !table_valid(&table))
		return -EINVAL;
	pool = get_pool(call, arg->name);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = collect_clients(pool, table.count, &arg->count, &entries);
	/* As for POOL_CONFIG. */
	mpool_registry_put(pool);
	if (!err)
		err = table_answer(&table, entries, sizeof(*entries),
				   arg->count);
	kvfree(entries);
	return err ?: mpool_call_answer(call);
}
