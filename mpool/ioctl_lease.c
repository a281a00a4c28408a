// SPDX-License-Identifier: GPL-2.0
/*
 * ATTACH, LEASE, RELEASE, REVOKE and EVENTS.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mpool.h>
#include <linux/slab.h>

#include "access.h"
#include "client.h"
#include "grant.h"
#include "ioctl.h"
#include "lease.h"
#include "pool.h"
#include "registry.h"
#include "window.h"

static int attach_to(struct mpool_call *call, struct mpool *pool)
{
	struct mpool_client *client = call->client;
	struct mpool_attach *attach = call->arg;
	bool strict = attach->flags & MPOOL_ATTACH_STRICT;
	struct mpool_window *window;
	int err;

	/* Zeroing between owners would undo what a constructor made. */
	if (pool->ctor)
		return -EOPNOTSUPP;
	if (!mpool_pool_may_attach(pool))
		return -EACCES;
	window = mpool_window_new(pool, client->inode->i_mapping, strict);
	if (IS_ERR(window))
		return PTR_ERR(window);
	attach->window_size = window->size;
	attach->min_size = pool->sizes[window->carved ?
				       mpool_pool_index(pool, MPOOL_PIECE_MIN) :
				       window->first];
	attach->max_size = pool->max_size;
	err = mpool_call_answer(call);
	if (!err)
		err = mpool_client_attach(client, pool, window, strict);
	if (err)
		mpool_window_free(window);
	return err;
}

/**
 * mpool_ioctl_attach() - MPOOL_IOC_ATTACH
 * @call: struct mpool_attach
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_attach(struct mpool_call *call)
{
	struct mpool_attach *attach = call->arg;
	struct mpool *pool;
	int err;

	if ((attach->flags & ~MPOOL_ATTACH_STRICT) ||
	    !mpool_ioctl_name_valid(attach->name))
		return -EINVAL;
	/* Two at once are told apart later; this one need not disturb. */
	if (mpool_client_window(call->client))
		return -EBUSY;
	pool = mpool_registry_get(attach->name);
	if (!pool)
		return -ENOENT;
	err = attach_to(call, pool);
	if (err)
		mpool_registry_put(pool);
	return err;
}

static int parse_deadline(u64 ns, ktime_t *deadline)
{
	if (ns == MPOOL_FOREVER)
		*deadline = MPOOL_DEADLINE_NEVER;
	else if (ns == 0)
		*deadline = MPOOL_DEADLINE_NOW;
	else if (ns < KTIME_MAX)
		*deadline = ns_to_ktime(ns);
	else
		return -EINVAL;
	return 0;
}

/* No page has two clients' bytes: pieces come of pages that are this client's. */
static int parse_length(const struct mpool_client *client, u64 length,
			bool pages, unsigned int *index)
{
	const struct mpool *pool = client->pool;

	if (!length)
		return -EINVAL;
	if (length > pool->max_size)
		return -EMSGSIZE;
	*index = mpool_pool_index(pool, max_t(u64, length, MPOOL_PIECE_MIN));
	if (pages || *index >= client->window->carved)
		*index = mpool_pool_index(pool, max_t(u64, length, PAGE_SIZE));
	return 0;
}

/**
 * mpool_ioctl_lease() - MPOOL_IOC_LEASE
 * @call: struct mpool_lease_req
 *
 * When the process cannot be told, what was leased is released again.
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_lease(struct mpool_call *call)
{
	struct mpool_client *client = call->client;
	struct mpool_lease_req *req = call->arg;
	struct mpool_grant grant;
	unsigned int index;
	ktime_t deadline;
	int err;

	if (req->flags & ~(MPOOL_LEASE_ALL | MPOOL_LEASE_PAGES))
		return -EINVAL;
	if (!req->count || req->count > MPOOL_BATCH_MAX)
		return -EINVAL;
	err = parse_deadline(req->deadline_ns, &deadline);
	if (err)
		return err;
	if (!mpool_client_window(client))
		return -ENOTCONN;
	err = parse_length(client, req->length, req->flags & MPOOL_LEASE_PAGES,
			   &index);
	if (err)
		return err;

	err = mpool_grant_make(client, index, req->count,
			       req->flags & MPOOL_LEASE_ALL, deadline, &grant);
	if (err)
		return err;
	req->granted = grant.nr;
	if (copy_to_user(u64_to_user_ptr(req->leases), grant.leases,
			 array_size(grant.nr, sizeof(*grant.leases))))
		err = -EFAULT;
	else
		err = mpool_call_answer(call);
	if (err)
		mpool_grant_undo(client, &grant);
	mpool_grant_free(&grant);
	return err;
}

static int release_all(struct mpool_call *call, const u64 *handles)
{
	struct mpool_release *rel = call->arg;
	int err;

	/*
	 * The answer first: it may lie in a buffer that is released here, and
	 * what cannot be answered shall not happen.
	 */
	rel->bad_index = 0;
	err = mpool_call_answer(call);
	if (err)
		return err;
	err = mpool_client_release(call->client, rel->count, handles,
				   &rel->bad_index);
	if ((err == -ESTALE || err == -EKEYREVOKED || err == -ENOENT) &&
	    mpool_call_answer(call))
		err = -EFAULT;
	return err;
}

/**
 * mpool_ioctl_release() - MPOOL_IOC_RELEASE
 * @call: struct mpool_release
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_release(struct mpool_call *call)
{
	struct mpool_release *rel = call->arg;
	u64 *handles;
	int err;

	if (rel->flags || !rel->count || rel->count > MPOOL_BATCH_MAX)
		return -EINVAL;
	if (!mpool_client_window(call->client))
		return -ENOTCONN;
	handles = kvmalloc_array(rel->count, sizeof(*handles),
				 GFP_KERNEL_ACCOUNT);
	if (!handles)
		return -ENOMEM;
	if (copy_from_user(handles, u64_to_user_ptr(rel->handles),
			   array_size(rel->count, sizeof(*handles))))
		err = -EFAULT;
	else
		err = release_all(call, handles);
	kvfree(handles);
	return err;
}

/**
 * mpool_ioctl_revoke() - MPOOL_IOC_REVOKE
 * @call: struct mpool_revoke
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_revoke(struct mpool_call *call)
{
	struct mpool_revoke *rev = call->arg;
	struct mpool *pool;
	int err = -EPERM;

	if (rev->flags || !mpool_ioctl_name_valid(rev->name))
		return -EINVAL;
	pool = mpool_registry_get(rev->name);
	if (!pool)
		return -ENOENT;
	if (!mpool_pool_may_control(pool))
		goto put;
	/* A bad address now, and nothing was taken. */
	rev->revoked = 0;
	err = mpool_call_answer(call);
	if (err)
		goto put;
	err = mpool_client_revoke(pool, rev->client, rev->handle,
				  &rev->revoked);
	/* It is done: a number that cannot be told any more is no failure. */
	if (!err)
		mpool_call_answer(call);
put:
	mpool_registry_put(pool);
	return err;
}

#define EVENTS_KNOWN	(MPOOL_EVENT_LOW | MPOOL_EVENT_HIGH |		\
			 MPOOL_EVENT_EXHAUSTED | MPOOL_EVENT_REVOKED |	\
			 MPOOL_EVENT_LEAK)

static bool events_valid(const struct mpool_events *events)
{
	if (events->flags || events->mask & ~EVENTS_KNOWN)
		return false;
	/* Type, lost and time are the least that is of use. */
	if (events->record_size < offsetofend(struct mpool_event, time_ns) ||
	    events->record_size > PAGE_SIZE)
		return false;
	return !!events->leak_age_ms == !!(events->mask & MPOOL_EVENT_LEAK);
}

/**
 * mpool_ioctl_events() - MPOOL_IOC_EVENTS
 * @call: struct mpool_events
 *
 * Context: process.
 * Return: 0 or an errno of the ABI.
 */
int mpool_ioctl_events(struct mpool_call *call)
{
	struct mpool_client *client = call->client;
	struct mpool_events *events = call->arg;
	struct eventfd_ctx *eventfd = NULL;
	int err;

	if (!events_valid(events))
		return -EINVAL;
	if (!mpool_client_window(client))
		return -ENOTCONN;
	if (events->eventfd != -1) {
		eventfd = eventfd_ctx_fdget(events->eventfd);
		if (IS_ERR(eventfd))
			return PTR_ERR(eventfd);
	}
	err = mpool_watch_set(client, events, eventfd,
			      mpool_pool_may_control(client->pool));
	if (err && eventfd)
		eventfd_ctx_put(eventfd);
	return err;
}
