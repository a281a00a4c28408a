// SPDX-License-Identifier: GPL-2.0
/*
 * Leases that a process cannot be told of: what is undone, and that it is all
 * undone.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/sizes.h>

#include <uapi/linux/mpool.h>

#include "client.h"
#include "grant.h"
#include "helpers.h"
#include "keep.h"
#include "quota.h"
#include "registry.h"
#include "suites.h"
#include "window.h"

#define SIZE	SZ_8K
#define PAGES	(SIZE / PAGE_SIZE)

/* Of a page. */
#define PIECES	4
#define PIECE	(PAGE_SIZE / PIECES)

struct bed {
	struct mpool *pool;
	struct mpool_client *client;
	struct mpool_grant grant;
	unsigned int index;
	u32 bad;
	/* for a thread */
	unsigned int nr;
	bool all;
};

static struct bed *bed_new(struct kunit *test, struct mpool *pool, size_t size)
{
	struct bed *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct mpool_window *window;

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->pool = pool;
	b->index = mpool_pool_index(pool, size);
	b->client = mpool_client_open();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b->client);
	window = mpool_window_new(pool, b->client->inode->i_mapping, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, window);
	/* Its reference on the pool. */
	KUNIT_ASSERT_PTR_EQ(test, mpool_registry_get(pool->name), pool);
	KUNIT_ASSERT_EQ(test, mpool_client_attach(b->client, pool, window,
						  false), 0);
	return b;
}

static void bed_end(struct bed *b)
{
	mpool_client_close(b->client);
}

static int make(struct bed *b, unsigned int nr, bool all)
{
	return mpool_grant_make(b->client, b->index, nr, all,
				MPOOL_DEADLINE_NOW, &b->grant);
}

static void undo(struct bed *b)
{
	mpool_grant_undo(b->client, &b->grant);
	mpool_grant_free(&b->grant);
}

static int release(struct bed *b, unsigned int nr, const u64 *handles)
{
	return mpool_client_release(b->client, nr, handles, &b->bad);
}

/* Leases, and releases again: the client keeps them. */
static void keep_some(struct kunit *test, struct bed *b, unsigned int nr)
{
	u64 handles[8];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, make(b, nr, true), 0);
	for (i = 0; i < nr; i++)
		handles[i] = b->grant.leases[i].handle;
	mpool_grant_free(&b->grant);
	KUNIT_ASSERT_EQ(test, release(b, nr, handles), 0);
}

static struct mpool_class *backing(const struct bed *b)
{
	return mpool_pool_peek(b->pool,
			       mpool_window_backing(b->client->window,
						    b->index));
}

/* What the client has, leased or kept, by all who count it. */
static void expect(struct kunit *test, const struct bed *b, long leased,
		   long kept)
{
	const struct mpool_account *own = &b->client->quota.own;
	struct mpool_class *cls = backing(b);
	struct mpool_class_stats st = kt_stats(cls);

	KUNIT_EXPECT_EQ(test, (long)st.leased, leased);
	KUNIT_EXPECT_EQ(test, (long)st.cached, kept);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->buffers), leased + kept);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->pages),
			(leased + kept) * (cls->size >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&b->client->kept_pages),
			kept * (cls->size >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, b->client->window->slots.nr_kept, (u32)kept);
}

static int lease_in_thread(void *arg)
{
	struct bed *b = arg;

	return mpool_grant_make(b->client, b->index, b->nr, b->all,
				MPOOL_DEADLINE_NEVER, &b->grant);
}

/* It stands from the beginning: nobody has what is not seen. */
static void what_cannot_be_told_is_undone(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 8), SIZE);
	u64 handles[3];
	int i;

	KUNIT_ASSERT_EQ(test, make(b, 3, true), 0);
	expect(test, b, 3, 0);
	KUNIT_EXPECT_EQ(test, mpool_slots_live(&b->client->window->slots), 3U);
	for (i = 0; i < 3; i++)
		handles[i] = b->grant.leases[i].handle;
	undo(b);
	KUNIT_EXPECT_EQ(test, mpool_slots_live(&b->client->window->slots), 0U);
	/* As after any release. */
	expect(test, b, 0, 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, release(b, 1, &handles[i]), -ESTALE);
	bed_end(b);
}

/* Another thread has released one, and one was revoked. */
static void what_has_ended_is_not_undone(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 8), SIZE);
	u64 handles[3], revoked;
	int i;

	KUNIT_ASSERT_EQ(test, make(b, 3, true), 0);
	for (i = 0; i < 3; i++)
		handles[i] = b->grant.leases[i].handle;
	KUNIT_EXPECT_EQ(test, release(b, 1, &handles[0]), 0);
	KUNIT_EXPECT_EQ(test, mpool_client_revoke(b->pool, b->client->id,
						  handles[1], &revoked), 0);
	expect(test, b, 1, 1);
	undo(b);
	expect(test, b, 0, 2);
	KUNIT_EXPECT_EQ(test, release(b, 1, &handles[1]), -EKEYREVOKED);
	bed_end(b);
}

/* A slot that ended has a new lease before the old one's is undone. */
static void what_came_after_is_not_undone(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 8), SIZE);
	struct mpool_grant first;
	u64 handle;

	KUNIT_ASSERT_EQ(test, make(b, 1, true), 0);
	first = b->grant;
	handle = first.leases[0].handle;
	KUNIT_EXPECT_EQ(test, release(b, 1, &handle), 0);
	KUNIT_ASSERT_EQ(test, make(b, 1, true), 0);
	KUNIT_EXPECT_PTR_EQ(test, b->grant.holds[0].slot, first.holds[0].slot);
	mpool_grant_undo(b->client, &first);
	mpool_grant_free(&first);
	expect(test, b, 1, 0);
	undo(b);
	expect(test, b, 0, 1);
	bed_end(b);
}

/* With some kept and none to be had beside, all is -EAGAIN, fewer will do. */
static void all_or_what_there_is(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 3), SIZE);
	struct mpool_class *cls;
	struct mpool_desc *desc;

	keep_some(test, b, 2);
	cls = backing(b);
	desc = kt_lease(test, cls);
	KUNIT_EXPECT_EQ(test, make(b, 3, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).cached, 0ULL);
	KUNIT_EXPECT_EQ(test,
			atomic_long_read(&b->client->quota.own.buffers), 0L);
	keep_some(test, b, 2);
	KUNIT_EXPECT_EQ(test, make(b, 3, false), 0);
	KUNIT_EXPECT_EQ(test, b->grant.nr, 2U);
	undo(b);
	kt_return(cls, desc);
	expect(test, b, 0, 2);
	bed_end(b);
}

/* A pool that grew after the window was laid out has more than fits. */
static void the_window_is_full(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 8), SIZE);

	b->client->window->slots.classes[b->index].capacity = 2;
	KUNIT_EXPECT_EQ(test, make(b, 3, true), -ENOSPC);
	expect(test, b, 0, 0);
	KUNIT_ASSERT_EQ(test, make(b, 3, false), 0);
	KUNIT_EXPECT_EQ(test, b->grant.nr, 2U);
	expect(test, b, 2, 0);
	undo(b);
	expect(test, b, 0, 2);
	bed_end(b);
}

static void pieces_that_are_undone_leave_their_page(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 8), 64);

	KUNIT_ASSERT_EQ(test, make(b, 3, true), 0);
	expect(test, b, 1, 0);
	undo(b);
	/* It was nobody else's, and may be the next one's. */
	expect(test, b, 0, 1);
	KUNIT_ASSERT_EQ(test, make(b, 65, true), 0);
	expect(test, b, 2, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(backing(b)).grown, 2ULL);
	undo(b);
	expect(test, b, 0, 2);
	bed_end(b);
}

static void the_window_is_full_of_pieces(struct kunit *test)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 8), SZ_1K);
	struct mpool_slot_class *sc;

	sc = &b->client->window->slots.classes[b->index];
	KUNIT_ASSERT_EQ(test, sc->pieces, 4U);
	sc->capacity = MPOOL_SLOT_CHUNK;
	KUNIT_EXPECT_EQ(test, make(b, 5, true), -ENOSPC);
	/* The page that had a place is kept. */
	expect(test, b, 0, 1);
	KUNIT_ASSERT_EQ(test, make(b, 5, false), 0);
	KUNIT_EXPECT_EQ(test, b->grant.nr, 4U);
	expect(test, b, 1, 0);
	undo(b);
	expect(test, b, 0, 1);
	/* With some in hand, and no place for the others. */
	KUNIT_ASSERT_EQ(test, make(b, 2, true), 0);
	mpool_grant_free(&b->grant);
	KUNIT_EXPECT_EQ(test, make(b, 3, true), -ENOSPC);
	expect(test, b, 1, 0);
	KUNIT_ASSERT_EQ(test, make(b, 2, true), 0);
	undo(b);
	expect(test, b, 1, 0);
	bed_end(b);
}

/* A client the first page of whose window has two pieces left, and is bare. */
static struct bed *bed_worn(struct kunit *test, unsigned int max)
{
	struct bed *b = bed_new(test, kt_pool_max(test, max), PIECE);
	struct mpool_slot *slot;
	u64 handles[PIECES];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, make(b, PIECES, true), 0);
	for (i = 0; i < PIECES; i++) {
		slot = b->grant.holds[i].slot;
		if (i < 2)
			slot->gen = U32_MAX;
		handles[i] = mpool_slot_handle(slot->gen, slot->id);
	}
	mpool_grant_free(&b->grant);
	KUNIT_ASSERT_EQ(test, release(b, PIECES, handles), 0);
	mpool_keep_drop(b->client);
	expect(test, b, 0, 0);
	return b;
}

/* Another page has what is wanted beyond. */
static void worn_pieces_are_made_up_for(struct kunit *test)
{
	unsigned int all;
	struct bed *b;

	for (all = 0; all < 2; all++) {
		b = bed_worn(test, 8);
		KUNIT_ASSERT_EQ(test, make(b, PIECES, all), 0);
		KUNIT_EXPECT_EQ(test, b->grant.nr, (unsigned int)PIECES);
		expect(test, b, 2, 0);
		undo(b);
		expect(test, b, 0, 2);
		bed_end(b);
	}
}

static void no_place_for_what_worn_pieces_need(struct kunit *test)
{
	struct bed *b = bed_worn(test, 8);

	b->client->window->slots.classes[b->index].capacity = MPOOL_SLOT_CHUNK;
	KUNIT_EXPECT_EQ(test, make(b, PIECES, true), -ENOSPC);
	expect(test, b, 0, 1);
	mpool_keep_drop(b->client);
	KUNIT_ASSERT_EQ(test, make(b, PIECES, false), 0);
	KUNIT_EXPECT_EQ(test, b->grant.nr, 2U);
	expect(test, b, 1, 0);
	undo(b);
	bed_end(b);
}

/* Who may wait for a page may wait for the one that worn pieces need, too. */
static void worn_pieces_are_waited_for(struct kunit *test)
{
	struct bed *b = bed_worn(test, 2);
	struct mpool_class *cls = backing(b);
	struct mpool_desc *desc = kt_lease(test, cls);
	struct kt_thread *t;

	KUNIT_EXPECT_EQ(test, make(b, PIECES, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 1ULL);
	mpool_keep_drop(b->client);
	KUNIT_ASSERT_EQ(test, make(b, PIECES, false), 0);
	KUNIT_EXPECT_EQ(test, b->grant.nr, 2U);
	undo(b);
	mpool_keep_drop(b->client);

	b->nr = PIECES;
	b->all = true;
	t = kt_start(test, -1, lease_in_thread, b);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(mpool_has_waiters(cls)));
	kt_return(cls, desc);
	KUNIT_ASSERT_EQ(test, kt_join(test, t), 0);
	KUNIT_EXPECT_EQ(test, b->grant.nr, (unsigned int)PIECES);
	expect(test, b, 2, 0);
	undo(b);
	bed_end(b);
}

/* While it waited the room that it had seen went to somebody else. */
static void full_when_it_comes(struct kunit *test, unsigned int nr, bool all,
			       unsigned int others, int result)
{
	struct bed *b = bed_new(test, kt_pool_max(test, 2), SIZE);
	struct mpool_class *cls = kt_class(test, b->pool, SIZE);
	struct mpool_quota *quota = &b->client->quota;
	struct mpool_desc *descs[2];
	struct kt_thread *t;

	b->pool->settings.client_max = 2;
	b->nr = nr;
	b->all = all;
	descs[0] = kt_lease(test, cls);
	descs[1] = kt_lease(test, cls);
	t = kt_start(test, -1, lease_in_thread, b);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(mpool_has_waiters(cls)));
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, others, PAGES), others);
	mpool_stock_return(cls, NULL, NULL, 2, descs);
	KUNIT_EXPECT_EQ(test, kt_join(test, t), result);
	if (!result)
		undo(b);
	mpool_keep_drop(b->client);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 0ULL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&quota->own.buffers),
			(long)others);
	mpool_quota_uncharge(quota, others, PAGES);
	bed_end(b);
}

static void a_limit_is_looked_at_when_the_buffers_are_there(struct kunit *test)
{
	full_when_it_comes(test, 1, false, 1, 0);
	full_when_it_comes(test, 1, false, 2, -EDQUOT);
	full_when_it_comes(test, 2, true, 1, -EDQUOT);
}

static struct kunit_case grant_cases[] = {
	KUNIT_CASE(what_cannot_be_told_is_undone),
	KUNIT_CASE(what_has_ended_is_not_undone),
	KUNIT_CASE(what_came_after_is_not_undone),
	KUNIT_CASE(all_or_what_there_is),
	KUNIT_CASE(the_window_is_full),
	KUNIT_CASE(pieces_that_are_undone_leave_their_page),
	KUNIT_CASE(the_window_is_full_of_pieces),
	KUNIT_CASE(worn_pieces_are_made_up_for),
	KUNIT_CASE(no_place_for_what_worn_pieces_need),
	KUNIT_CASE(worn_pieces_are_waited_for),
	KUNIT_CASE(a_limit_is_looked_at_when_the_buffers_are_there),
	{}
};

KT_SUITE(grant);
