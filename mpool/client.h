/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client: one open file of /dev/mpool, and the leases it has.
 */
#ifndef _MPOOL_CLIENT_H
#define _MPOOL_CLIENT_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "quota.h"
#include "recall.h"
#include "slots.h"
#include "watch.h"

struct inode;
struct mpool;
struct mpool_payer;
struct mpool_window;

/**
 * struct mpool_client - one open file
 * @inode: its own, whose mapping all its mappings are found by; constant
 * @bind: one ATTACH at a time
 * @window: NULL until ATTACH; then constant (release, acquire)
 * @pool: with a reference; this and the next two are set before @window
 * @id: counts attached clients, never used again
 * @owner: name of the client as an owner of buffers
 * @quota: whose locked memory the leases are
 * @payer: who is charged for its leases, or NULL: nobody; as @pool
 * @pid: process that opened, in the initial pid namespace; constant
 * @comm: name of the task that opened; constant
 * @keeps: released buffers stay its own; constant from ATTACH on
 * @keeper: to be asked for them, if @keeps
 * @kept_pages: how many pages they are
 * @asked: class of its last LEASE, or the smallest; for poll()
 * @pieces: who waits for leases below a page; woken when some of its pages' pieces
 *	are idle again
 * @watch: what it wants to be told
 * @node: among the pool's clients, in order of @id; pool's clients_lock
 */
struct mpool_client {
	struct inode *inode;
	struct mutex bind;	/* protects the step from NULL to a window */
	struct mpool_window *window;
	struct mpool *pool;
	u64 id;
	u32 owner;
	struct mpool_quota quota;
	struct mpool_payer *payer;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	bool keeps;
	struct mpool_keeper keeper;
	atomic_long_t kept_pages;
	unsigned int asked;
	wait_queue_head_t pieces;
	struct mpool_watch watch;
	struct list_head node;
};

/* NULL until the client is attached. */
static inline struct mpool_window *
mpool_client_window(const struct mpool_client *client)
{
	/* Pairs with the release in mpool_client_attach(). */
	return smp_load_acquire(&client->window);
}

struct mpool_client *mpool_client_open(void);
void mpool_client_close(struct mpool_client *client);
int mpool_client_attach(struct mpool_client *client, struct mpool *pool,
			struct mpool_window *window, bool strict);
int mpool_client_revoke(struct mpool *pool, u64 id, u64 handle, u64 *revoked);
void mpool_client_trace_release(const struct mpool_client *client, u64 handle,
				const struct mpool_desc *desc);
int mpool_client_release(struct mpool_client *client, unsigned int nr,
			 const u64 *handles, u32 *bad);

#endif /* _MPOOL_CLIENT_H */
