/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * mpool: the ioctl ABI of /dev/mpool.
 *
 * Every argument is a structure that begins with its own size in bytes, as the
 * caller knows it.  A shorter structure than the kernel's is completed with
 * zeros, a longer one is accepted while the bytes the kernel does not know are
 * zero (-E2BIG otherwise), so that old programs run on new modules and new
 * programs on old ones.  Fields marked [in] are read, [out] written, both ways
 * [in/out].  Unknown flags and reserved fields that are not zero are -EINVAL;
 * commands that do not exist are -ENOTTY.  No structure holds a pointer or a
 * long, so 32-bit callers use the same layout.
 *
 * A call that fails has changed nothing.
 *
 * What is only read of pools (POOL_LIST, STATS, CLIENTS) is in mpool_stats.h,
 * which comes with this.
 */
#ifndef _UAPI_LINUX_MPOOL_H
#define _UAPI_LINUX_MPOOL_H

#include <linux/ioctl.h>
#include <linux/mpool_stats.h>
#include <linux/types.h>

#define MPOOL_ABI_VERSION	1

/* Leases or handles in one call. */
#define MPOOL_BATCH_MAX		4096

/* Not taken in Documentation/userspace-api/ioctl/ioctl-number.rst. */
#define MPOOL_IOC_MAGIC		0xBD

/* Numbers carry no size: the structures say it, and may grow. */
#define MPOOL_IOC_INFO		_IO(MPOOL_IOC_MAGIC, 0x00)
#define MPOOL_IOC_POOL_CREATE	_IO(MPOOL_IOC_MAGIC, 0x01)
#define MPOOL_IOC_POOL_DESTROY	_IO(MPOOL_IOC_MAGIC, 0x02)
#define MPOOL_IOC_POOL_LIST	_IO(MPOOL_IOC_MAGIC, 0x03)
#define MPOOL_IOC_POOL_CONFIG	_IO(MPOOL_IOC_MAGIC, 0x04)
#define MPOOL_IOC_ATTACH	_IO(MPOOL_IOC_MAGIC, 0x05)
#define MPOOL_IOC_LEASE		_IO(MPOOL_IOC_MAGIC, 0x06)
#define MPOOL_IOC_RELEASE	_IO(MPOOL_IOC_MAGIC, 0x07)
#define MPOOL_IOC_STATS		_IO(MPOOL_IOC_MAGIC, 0x0b)
#define MPOOL_IOC_TRIM		_IO(MPOOL_IOC_MAGIC, 0x0c)
#define MPOOL_IOC_REVOKE	_IO(MPOOL_IOC_MAGIC, 0x0d)
#define MPOOL_IOC_EVENTS	_IO(MPOOL_IOC_MAGIC, 0x0e)
#define MPOOL_IOC_CLIENTS	_IO(MPOOL_IOC_MAGIC, 0x0f)

/**
 * struct mpool_info - argument of MPOOL_IOC_INFO
 * @size: [in] sizeof(struct mpool_info)
 * @flags: [in] 0
 * @abi_version: [out] MPOOL_ABI_VERSION of the module
 * @page_size: [out] smallest unit of a window, in bytes
 * @features: [out] MPOOL_FEATURE_* of this module on this kernel
 * @batch_max: [out] most leases or handles in one call
 * @nr_pools: [out] pools that exist now
 */
struct mpool_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 page_size;
	__u64 features;
	__u32 batch_max;
	__u32 nr_pools;
};

/* An ordinary page fault maps a whole buffer at once (kernel 7.2 and later). */
#define MPOOL_FEATURE_FAULT_AROUND	(1ULL << 0)
/* io_uring can register leased memory as fixed buffers (6.12 and later). */
#define MPOOL_FEATURE_URING_REGISTER	(1ULL << 1)

/* Stands for "0, and I mean it" where 0 chooses the default. */
#define MPOOL_NONE		0xffffffffU

/**
 * struct mpool_pool_config - how a pool behaves; 0 in a field is its default
 * @flags: MPOOL_POOL_*
 * @mode: permission bits for ATTACH, as in chmod (default 0600)
 * @uid: owner, with MPOOL_POOL_OWNER; without it 0, and the caller is the owner
 * @gid: group, as @uid
 * @min_size: smallest class, bytes (64; 16 to max_size)
 * @max_size: largest class, bytes (65536; up to 4 MiB)
 * @initial: buffers made on a class's first use, for the small, medium and
 *	large tier (100, 50, 4; MPOOL_NONE: none)
 * @max: most buffers backed per class, by tier (1000, 500, 100)
 * @growth_percent: a miss grows the class towards this share of its size
 *	(150; 100 to 1000, 100 growing one by one)
 * @shrink_percent: share in use below which a cleanup gives buffers back
 *	(30; 1 to 100; MPOOL_NONE: never)
 * @cleanup_interval_ms: how often a cleanup looks (60000; at least 10;
 *	MPOOL_NONE: never)
 * @max_age_ms: idle time after which a buffer may be given back (60000;
 *	MPOOL_NONE: at once)
 * @reserve: buffers of each class set aside so that an allocation that may
 *	sleep cannot fail, once the class is there, but by a fatal signal, its
 *	own timeout or __GFP_NORETRY (none)
 * @node: NUMA node + 1 for all memory of the pool, as long as the node has
 *	some (0: the caller's)
 * @max_bytes: most bytes backed over all classes (1/16 of memory); a buffer
 *	below a page counts with its header of 16, rounded up to 32
 * @tier_max_bytes: most bytes backed over all classes of a tier, by tier (no
 *	limit but max_bytes)
 * @low_percent: an event comes when use, having been above it, falls to this
 *	share of the limit (off; 1 to 100, below high_percent)
 * @high_percent: an event comes when use reaches this share of the limit (off;
 *	1 to 100).  Use is that of the class that is nearest to its max, or the
 *	pool's nearness to max_bytes if that is more
 * @client_max_bytes: most bytes that one client may have leased or keep (no
 *	limit; a page and more)
 * @user_max_bytes: most bytes of all clients whose files one user opened, too
 * @client_max: most buffers that one client may have leased or keep; a page
 *	that leases are carved from is one (no limit)
 * @user_max: most buffers of all clients whose files one user opened (no limit)
 */
struct mpool_pool_config {
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 min_size;
	__u32 max_size;
	__u32 initial[3];
	__u32 max[3];
	__u32 growth_percent;
	__u32 shrink_percent;
	__u32 cleanup_interval_ms;
	__u32 max_age_ms;
	__u32 reserve;
	__u32 node;
	__u64 max_bytes;
	__u64 tier_max_bytes[3];
	__u32 low_percent;
	__u32 high_percent;
	/* The first version ended here. */
	__u64 client_max_bytes;
	__u64 user_max_bytes;
	__u32 client_max;
	__u32 user_max;
};

/* Make every class and its initial buffers when the pool is created. */
#define MPOOL_POOL_EAGER	(1U << 0)
/* uid and gid are given. */
#define MPOOL_POOL_OWNER	(1U << 1)
/*
 * The number of buffers follows the recent peak of use: a cleanup gives back
 * what is above it, and makes what lacks.  Then shrink_percent and max_age_ms
 * do not count, and initial only for a first use.
 */
#define MPOOL_POOL_ADAPTIVE	(1U << 2)
/* Watch each buffer: poison, red zones, who had it; slow. */
#define MPOOL_POOL_DEBUG	(1U << 3)

/**
 * struct mpool_pool_create - argument of MPOOL_IOC_POOL_CREATE
 * @size: [in] sizeof(struct mpool_pool_create)
 * @flags: [in] 0
 * @name: [in] 1 to 31 of A-Z a-z 0-9 _ . - not beginning with a dot and not
 *	"summary" or "abandoned", terminated and filled with NUL
 * @config: [in] settings; all 0 is a usable pool
 *
 * Needs CAP_SYS_ADMIN, or to be a member of the group that the module parameter
 * create_gid names.  For such a member: -EPERM with MPOOL_POOL_DEBUG, another
 * uid than the caller's, or a gid that he is no member of.  max_bytes is an
 * equal share of create_max_bytes by default.  -EDQUOT: with it the pools of all
 * members would be more than create_max_bytes, or than create_max_pools.
 *
 * While the pool is made nobody finds it, and who would make one of the same name
 * waits.  A fatal signal ends the making, or the wait, with -EINTR that nobody sees,
 * and nothing is left of the pool.
 *
 * -EEXIST: the name is taken.  -EINVAL: name or a setting out of range.
 * -ENOSPC: max_bytes is too little for the reserves of an eager pool.  -EPERM,
 * -ENOMEM, -EFAULT, -E2BIG.
 */
struct mpool_pool_create {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	struct mpool_pool_config config;
};

/* Settings that can be changed while the pool is in use. */
#define MPOOL_CONFIG_MODE			(1ULL << 0)
#define MPOOL_CONFIG_UID			(1ULL << 1)
#define MPOOL_CONFIG_GID			(1ULL << 2)
/* MPOOL_POOL_ADAPTIVE, in flags */
#define MPOOL_CONFIG_ADAPTIVE			(1ULL << 3)
#define MPOOL_CONFIG_INITIAL_SMALL		(1ULL << 4)
#define MPOOL_CONFIG_INITIAL_MEDIUM		(1ULL << 5)
#define MPOOL_CONFIG_INITIAL_LARGE		(1ULL << 6)
#define MPOOL_CONFIG_MAX_SMALL			(1ULL << 7)
#define MPOOL_CONFIG_MAX_MEDIUM			(1ULL << 8)
#define MPOOL_CONFIG_MAX_LARGE			(1ULL << 9)
#define MPOOL_CONFIG_GROWTH_PERCENT		(1ULL << 10)
#define MPOOL_CONFIG_SHRINK_PERCENT		(1ULL << 11)
#define MPOOL_CONFIG_CLEANUP_INTERVAL_MS	(1ULL << 12)
#define MPOOL_CONFIG_MAX_AGE_MS			(1ULL << 13)
#define MPOOL_CONFIG_MAX_BYTES			(1ULL << 14)
#define MPOOL_CONFIG_RESERVE			(1ULL << 15)
#define MPOOL_CONFIG_MAX_BYTES_SMALL		(1ULL << 16)
#define MPOOL_CONFIG_MAX_BYTES_MEDIUM		(1ULL << 17)
#define MPOOL_CONFIG_MAX_BYTES_LARGE		(1ULL << 18)
#define MPOOL_CONFIG_LOW_PERCENT		(1ULL << 19)
#define MPOOL_CONFIG_HIGH_PERCENT		(1ULL << 20)
#define MPOOL_CONFIG_CLIENT_MAX			(1ULL << 21)
#define MPOOL_CONFIG_CLIENT_MAX_BYTES		(1ULL << 22)
#define MPOOL_CONFIG_USER_MAX			(1ULL << 23)
#define MPOOL_CONFIG_USER_MAX_BYTES		(1ULL << 24)

/**
 * struct mpool_pool_configure - argument of MPOOL_IOC_POOL_CONFIG
 * @size: [in] sizeof(struct mpool_pool_configure)
 * @flags: [in] 0
 * @name: [in] which pool; empty: the one attached
 * @mask: [in] MPOOL_CONFIG_* of the settings to change; 0 only reads
 * @config: [in] new values of those in mask, as for POOL_CREATE: 0 is the
 *	default, but root for uid and gid; the others are not looked at.
 *	[out] all settings in force, with MPOOL_NONE where there is none, so
 *	that they can be given back; as it was, if the argument could be
 *	written at first, and no more when the change was done
 *
 * A change takes effect at once, whole or not at all.  A lower limit gives
 * idle buffers above it back; those in use stay until they come back.  A
 * lower max takes initial along, unless that is in mask.
 *
 * Reading needs the rights of ATTACH, or an attached file and an empty name.
 * Changing needs CAP_SYS_ADMIN or the pool's uid; raising max_bytes,
 * changing uid, and changing gid to a group that the caller is no member of
 * need CAP_SYS_ADMIN.  -ENOENT, -EACCES (reading), -EPERM (changing),
 * -ENOTCONN (empty name, not attached).  -EINVAL: a setting out of range, or
 * a bit of mask that is not known.  -ENOSPC: the reserve is raised, and the
 * limits have no room for it.  -ENOMEM, -EFAULT, -E2BIG.
 */
struct mpool_pool_configure {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	__u64 mask;
	struct mpool_pool_config config;
};

/**
 * struct mpool_pool_destroy - argument of MPOOL_IOC_POOL_DESTROY
 * @size: [in] sizeof(struct mpool_pool_destroy)
 * @flags: [in] 0
 * @name: [in] which pool
 *
 * Needs CAP_SYS_ADMIN or the pool's uid.  -EBUSY: clients are attached, kernel
 * users hold it, a buffer is out, or another call that names it is under way;
 * without CAP_SYS_ADMIN, of a pool that was made without: a buffer is pinned.
 * -EPERM: also when a module made it.  -ENOENT, -EINVAL, -EFAULT, -E2BIG.
 */
struct mpool_pool_destroy {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
};

/**
 * struct mpool_attach - argument of MPOOL_IOC_ATTACH
 * @size: [in] sizeof(struct mpool_attach)
 * @flags: [in] MPOOL_ATTACH_*
 * @name: [in] which pool
 * @window_size: [out] bytes to mmap, from offset 0, to reach every lease
 * @min_size: [out] length of the smallest lease, bytes
 * @max_size: [out] largest lease, bytes
 *
 * Binds the open file to the pool, once.  From then on the file can be mapped:
 * shared, within window_size; -ENOTCONN before ATTACH, -EINVAL for MAP_PRIVATE
 * or a range outside the window, -EPERM for PROT_EXEC, -EACCES for PROT_WRITE
 * on a file opened for reading.  Where no lease ever stood, an access is
 * SIGBUS; where one was released, as MPOOL_IOC_RELEASE says.
 * A class whose limit is raised later keeps its share of the window.
 *
 * Where the pool has a class of one page, a lease of at most half a page is carved
 * from a page that this client has for leases of that length alone: several leases
 * stand in one page, and no page has bytes of two clients.  A client that attaches
 * with MPOOL_ATTACH_STRICT gets at least a page for every lease.
 *
 * -EBUSY: already attached.  -ENOENT:
 * no such pool.  -EACCES: the pool's mode says no.  -EOPNOTSUPP: the pool has
 * a constructor, or no class of whole pages.  -EINVAL, -EFAULT, -ENOMEM,
 * -E2BIG.
 */
struct mpool_attach {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	__u64 window_size;
	__u32 min_size;
	__u32 max_size;
};

/*
 * Mappings end with each lease: an access after RELEASE is SIGBUS at once.  No
 * lease is less than a page.
 */
#define MPOOL_ATTACH_STRICT	(1U << 0)

/**
 * struct mpool_lease - one lease in the answer of MPOOL_IOC_LEASE
 * @handle: names the lease in this client; never 0, never used again
 * @offset: where the buffer stands in the window, bytes
 * @length: bytes that may be used from there, at least those asked for
 */
struct mpool_lease {
	__u64 handle;
	__u64 offset;
	__u64 length;
};

/**
 * struct mpool_lease_req - argument of MPOOL_IOC_LEASE
 * @size: [in] sizeof(struct mpool_lease_req)
 * @flags: [in] MPOOL_LEASE_*
 * @length: [in] bytes of each buffer, 1 to max_size of ATTACH; what is below
 *	min_size gets a buffer of min_size
 * @count: [in] leases wanted, 1 to MPOOL_BATCH_MAX
 * @granted: [out] leases given, from the array's beginning
 * @deadline_ns: [in] until when to wait for the first lease (for all of them
 *	with MPOOL_LEASE_ALL): absolute CLOCK_MONOTONIC in nanoseconds; 0: do
 *	not wait; MPOOL_FOREVER: no limit
 * @leases: [in] address of an array of count struct mpool_lease
 *
 * Returns 0 when at least one lease was given (all of them with
 * MPOOL_LEASE_ALL).  A buffer holds no byte of another owner: it reads as
 * zero, or as this client itself left it.  -EAGAIN: none to be had and
 * deadline_ns is 0.  -ETIMEDOUT: none until the deadline.  -EINTR: a signal
 * came while waiting.  -EDQUOT: the pool's client_max or user_max, or one of
 * these in bytes; or the caller's RLIMIT_MEMLOCK, against all that the user who
 * opened the file has locked, unless he had CAP_IPC_LOCK.
 * -ENOSPC: the client's window has no free slot of that class, all that are
 * asked for are more than the class, its tier or the pool may ever have, or the
 * pool has no room for the class's reserve.  -ENOTCONN: not attached.  -EMSGSIZE: length above
 * max_size.  -ENOMEM: also when the memory cgroup of who attached is at its
 * limit; that is not waited for.  -EFAULT: what was leased is
 * released again.  -EINVAL, -E2BIG.
 */
struct mpool_lease_req {
	__u32 size;
	__u32 flags;
	__u64 length;
	__u32 count;
	__u32 granted;
	__u64 deadline_ns;
	__u64 leases;
};

/* All or nothing: fewer than count is a failure. */
#define MPOOL_LEASE_ALL		(1U << 0)
/* Pages of its own for each lease, however short: to be handed over, or pinned. */
#define MPOOL_LEASE_PAGES	(1U << 1)

#define MPOOL_FOREVER		0xffffffffffffffffULL

/**
 * struct mpool_release - argument of MPOOL_IOC_RELEASE
 * @size: [in] sizeof(struct mpool_release)
 * @flags: [in] 0
 * @handles: [in] address of an array of count __u64 handles
 * @count: [in] handles, 1 to MPOOL_BATCH_MAX
 * @bad_index: [out] on -ESTALE, -EKEYREVOKED and -ENOENT: the first handle
 *	refused; else 0
 *
 * All or nothing.  The handles are dead.  A client that attached with
 * MPOOL_ATTACH_STRICT has no mapping of the buffers any more when the call
 * returns; an access is SIGBUS.  Another client may keep some of them for its
 * next leases of that size: mappings that are there stay until the buffer
 * leaves the client, pages that were not touched before are SIGBUS, and what is
 * written after the release may be found in, or be lost to, a later lease of
 * the same client.  Buffers that are pinned are never kept.  A page that leases
 * are carved from can be reached while any of them stands.
 *
 * -ESTALE: a handle was released before (or stands in the list twice).
 * -EKEYREVOKED: taken back by REVOKE.  -ENOENT: never a handle of this client.
 * bad_index is written before anything is released, and again on failure.
 * -ENOTCONN, -EINVAL, -EFAULT, -ENOMEM, -E2BIG.
 */
struct mpool_release {
	__u32 size;
	__u32 flags;
	__u64 handles;
	__u32 count;
	__u32 bad_index;
};

/**
 * struct mpool_trim - argument of MPOOL_IOC_TRIM
 * @size: [in] sizeof(struct mpool_trim)
 * @flags: [in] 0
 * @name: [in] which pool; empty: the one attached
 * @max_age_ms: [in] give back buffers idle for longer; 0: every idle one.  What
 *	clients keep is called back by the same age, and idle anew from then on
 * @reserved: [in] 0
 * @bytes: [out] bytes given back to the system; 0 if the argument could be
 *	written at first, and no more when it was done
 *
 * Needs CAP_SYS_ADMIN or the pool's uid.  -ENOENT, -EPERM, -ENOTCONN, -EINVAL,
 * -EFAULT, -E2BIG.
 */
struct mpool_trim {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	__u32 max_age_ms;
	__u32 reserved;
	__u64 bytes;
};

/**
 * struct mpool_revoke - argument of MPOOL_IOC_REVOKE
 * @size: [in] sizeof(struct mpool_revoke)
 * @flags: [in] 0
 * @name: [in] which pool
 * @client: [in] which client, by the number that CLIENTS tells
 * @handle: [in] which of its leases; 0: all, and what the client keeps
 * @revoked: [out] leases taken back; 0 if the argument could be written at
 *	first, and no more when it was done
 *
 * When it returns, no mapping reaches the buffers (a page that leases are carved
 * from: with the last of them): the holder's next access is SIGBUS, a RELEASE of
 * the handle -EKEYREVOKED until another lease stands in its place, then -ESTALE.
 * Buffers that are pinned go to quarantine.  The client stays attached, and may
 * lease again.  A LEASE under way has those of its leases revoked that stand,
 * whether the process has been told of them or not; while it waits for more none
 * does, and they come later.  A lease that the holder himself is ending is not
 * among those that are counted, and its mappings go by his RELEASE.
 *
 * Needs CAP_SYS_ADMIN or the pool's uid.  -ENOENT: no such pool, or never a
 * handle of that client.  -ESRCH: no such client.  -ESTALE, -EKEYREVOKED: the
 * lease has ended.  -EPERM, -EINVAL, -EFAULT, -ENOMEM, -E2BIG.
 */
struct mpool_revoke {
	__u32 size;
	__u32 flags;
	char name[MPOOL_NAME_LEN];
	__u64 client;
	__u64 handle;
	__u64 revoked;
};

/**
 * struct mpool_events - argument of MPOOL_IOC_EVENTS
 * @size: [in] sizeof(struct mpool_events)
 * @flags: [in] 0
 * @mask: [in] MPOOL_EVENT_* that the file wants to be told; 0: none
 * @record_size: [in] sizeof(struct mpool_event); read() fills longer records
 *	up with zeros and cuts shorter ones
 * @eventfd: [in] an eventfd to be signalled with each event, or -1
 * @leak_age_ms: [in] age of a suspect lease, rounded up to seconds; not 0 with
 *	MPOOL_EVENT_LEAK, 0 without
 *
 * Replaces what was asked for before; records that were not read are dropped.
 * From then on read() of the file gives whole records, oldest first, and
 * poll() says POLLIN while there are any.  Events that are alike and follow
 * each other before a record is read are one record, with a count.
 *
 * -ENOTCONN: not attached.  -EBADF, -EINVAL: eventfd is no file, or no eventfd.
 * -EINVAL: an unknown event; record_size below 16 or above a page.  -ENOMEM,
 * -EFAULT, -E2BIG.
 */
struct mpool_events {
	__u32 size;
	__u32 flags;
	__u32 mask;
	__u32 record_size;
	__s32 eventfd;
	__u32 leak_age_ms;
};

/* Use has come down to low_percent, has reached high_percent: each time. */
#define MPOOL_EVENT_LOW		(1U << 0)
#define MPOOL_EVENT_HIGH	(1U << 1)
/* A lease found nothing, or a kernel user's allocation failed: each time. */
#define MPOOL_EVENT_EXHAUSTED	(1U << 2)
/* A lease of this client was taken back: each one. */
#define MPOOL_EVENT_REVOKED	(1U << 3)
/*
 * Leases have become older than leak_age_ms: once each.  Leases of this client;
 * of all clients of the pool, for who might REVOKE them.
 */
#define MPOOL_EVENT_LEAK	(1U << 4)

/**
 * struct mpool_event - one record of read()
 * @type: one of MPOOL_EVENT_*
 * @lost: events before this one that were dropped, for want of room
 * @time_ns: when, CLOCK_MONOTONIC; of several, the last
 * @count: how many times; LEAK: how many leases
 * @length: bytes of the class's buffers; 0: the pool as a whole
 * @value: LOW, HIGH: the watermark, percent; EXHAUSTED: buffers backed;
 *	REVOKED: the handle; LEAK: the handle of the oldest
 * @client: REVOKED, LEAK: whose lease, by its number; else 0
 */
struct mpool_event {
	__u32 type;
	__u32 lost;
	__u64 time_ns;
	__u64 count;
	__u64 length;
	__u64 value;
	__u64 client;
};

#endif /* _UAPI_LINUX_MPOOL_H */
