/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * mpool: what can be read of pools through /dev/mpool, by MPOOL_IOC_POOL_LIST,
 * _STATS and _CLIENTS.  Include <linux/mpool.h>, which has this, the commands,
 * and the rules for all arguments.
 */
#ifndef _UAPI_LINUX_MPOOL_STATS_H
#define _UAPI_LINUX_MPOOL_STATS_H

#include <linux/types.h>

/* Bytes of a pool's name, its terminating NUL included. */
#define MPOOL_NAME_LEN		32

/**
 * struct mpool_pool_entry - one pool in the answer of MPOOL_IOC_POOL_LIST
 * @name: name
 * @uid: owner
 * @gid: group
 * @mode: permission bits
 * @flags: MPOOL_POOL_*
 * @nr_clients: open files attached
 * @nr_classes: size classes in being
 * @bytes: memory backed now
 * @max_bytes: limit of it
 */
struct mpool_pool_entry {
	char name[MPOOL_NAME_LEN];
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 flags;
	__u32 nr_clients;
	__u32 nr_classes;
	__u64 bytes;
	__u64 max_bytes;
};

/**
 * struct mpool_pool_list - argument of MPOOL_IOC_POOL_LIST
 * @size: [in] sizeof(struct mpool_pool_list)
 * @flags: [in] 0
 * @pools: [in] address of an array of struct mpool_pool_entry, or 0 with
 *	count 0
 * @count: [in/out] entries the array holds; pools that exist
 * @entry_size: [in] sizeof(struct mpool_pool_entry); a longer entry is filled
 *	up with zeros, a shorter one is cut
 *
 * As many entries as fit are written, in order of name.  -EINVAL, -EFAULT,
 * -ENOMEM, -E2BIG.
 */
struct mpool_pool_list {
	__u32 size;
	__u32 flags;
	__u64 pools;
	__u32 count;
	__u32 entry_size;
};

/**
 * struct mpool_class_stats - one size class
 * @size: bytes of a buffer
 * @max: most buffers backed
 * @backed: buffers backed now; when the pool is quiet this is free_cpu +
 *	free_depot + clean + dirty + reserve + allocated + leased + cached +
 *	quarantined
 * @free_cpu: in the CPUs' magazines
 * @free_depot: in the nodes' depots
 * @clean: zeroed and ready to lease
 * @dirty: returned by a client, to be zeroed
 * @reserve: set aside
 * @allocated: held by kernel users
 * @leased: held by clients; a page that leases are carved from is one, as in
 *	@cached, @leases and @releases
 * @cached: kept by clients after release
 * @quarantined: waiting for the last pin
 * @abandoned: given up to a pin when the pool ended, and so 0 for who can ask;
 *	not in backed; debugfs lists them
 * @allocs: allocations served
 * @frees: buffers given back
 * @hits: allocations served from the magazine
 * @depot_hits: served from a depot
 * @misses: served from the backing, or from what leases have ready
 * @fails: allocations refused, and leases that found no buffer
 * @waits: sleeps for a buffer, of allocations and of leases; a lease of several
 *	may have several
 * @grown: buffers made
 * @shrunk: buffers given back to the system
 * @leases: leases given
 * @releases: leases ended
 * @zeroed: buffers cleared in the background
 * @zeroed_sync: buffers cleared while a lease waited
 * @peak: most buffers out of the depots at once; exceeds the most in use by
 *	at most what magazines, the reserve and the lease stock held
 * @bad_frees: frees refused: twice, foreign or of another pool
 */
struct mpool_class_stats {
	__u64 size;
	__u64 max;
	__u64 backed;
	__u64 free_cpu;
	__u64 free_depot;
	__u64 clean;
	__u64 dirty;
	__u64 reserve;
	__u64 allocated;
	__u64 leased;
	__u64 cached;
	__u64 quarantined;
	__u64 abandoned;
	__u64 allocs;
	__u64 frees;
	__u64 hits;
	__u64 depot_hits;
	__u64 misses;
	__u64 fails;
	__u64 waits;
	__u64 grown;
	__u64 shrunk;
	__u64 leases;
	__u64 releases;
	__u64 zeroed;
	__u64 zeroed_sync;
	__u64 peak;
	__u64 bad_frees;
};

/**
 * struct mpool_stats - argument of MPOOL_IOC_STATS
 * @size: [in] sizeof(struct mpool_stats)
 * @flags: [in] 0
 * @name: [in] which pool; empty: the one attached
 * @classes: [in] address of an array of struct mpool_class_stats, or 0 with
 *	count 0
 * @count: [in/out] entries the array holds; classes in being
 * @entry_size: [in] sizeof(struct mpool_class_stats), as in POOL_LIST
 * @bytes: [out] memory backed now
 * @max_bytes: [out] limit of it
 * @nr_clients: [out] open files attached
 * @reserved: 0
 * @total: [out] sums over all classes, weighted with nothing; size is 0, and
 *	max and peak are sums of the classes' own
 *
 * A pool that is named needs the rights of ATTACH.  -ENOENT, -EACCES,
 * -ENOTCONN (empty name, not attached), -EINVAL, -EFAULT, -ENOMEM, -E2BIG.
 */
struct mpool_stats {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	__u64 classes;
	__u32 count;
	__u32 entry_size;
	__u64 bytes;
	__u64 max_bytes;
	__u32 nr_clients;
	__u32 reserved;
	struct mpool_class_stats total;
};

/**
 * struct mpool_client_entry - one client in the answer of MPOOL_IOC_CLIENTS
 * @client: its number, for REVOKE; not used again while the module is loaded
 * @pid: process that opened the file; 0 for a caller who is not in the initial
 *	pid namespace
 * @uid: user who opened it
 * @flags: MPOOL_ATTACH_*
 * @reserved: 0
 * @leases: how many it has
 * @buffers: it has leased or keeps; a page that leases are carved from is one
 * @bytes: of them
 * @kept_bytes: of them, those that no lease stands in
 * @comm: name of the task that opened the file, terminated and filled with NUL;
 *	it may hold any byte
 */
struct mpool_client_entry {
	__u64 client;
	__u32 pid;
	__u32 uid;
	__u32 flags;
	__u32 reserved;
	__u64 leases;
	__u64 buffers;
	__u64 bytes;
	__u64 kept_bytes;
	char comm[16];
};

/**
 * struct mpool_clients - argument of MPOOL_IOC_CLIENTS
 * @size: [in] sizeof(struct mpool_clients)
 * @flags: [in] 0
 * @name: [in] which pool; empty: the one attached
 * @clients: [in] address of an array of struct mpool_client_entry, or 0 with
 *	count 0
 * @count: [in/out] entries the array holds; clients that are attached
 * @entry_size: [in] sizeof(struct mpool_client_entry), as in POOL_LIST
 *
 * As many entries as fit are written, in the order in which they attached.
 *
 * Needs CAP_SYS_ADMIN or the pool's uid.  -ENOENT, -EPERM, -ENOTCONN (empty
 * name, not attached), -EINVAL, -EFAULT, -ENOMEM, -E2BIG.
 */
struct mpool_clients {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	__u64 clients;
	__u32 count;
	__u32 entry_size;
};

#endif /* _UAPI_LINUX_MPOOL_STATS_H */
