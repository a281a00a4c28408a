// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: what fits, what is taken back when a later account is full, and
 * numbers at their ends.
 */
#include <linux/cred.h>
#include <linux/limits.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "helpers.h"
#include "quota.h"
#include "suites.h"

struct limits {
	u32 client_max;
	u32 client_pages;
	u32 user_max;
	u32 user_pages;
};

static struct mpool *pool_with(struct kunit *test, struct limits limits)
{
	struct mpool_config cfg = {
		.settings = {
			.client_max = limits.client_max,
			.client_max_bytes = (u64)limits.client_pages * PAGE_SIZE,
			.user_max = limits.user_max,
			.user_max_bytes = (u64)limits.user_pages * PAGE_SIZE,
		},
	};

	return kt_pool(test, &cfg);
}

/* An account whose opener may lock what he likes. */
static struct mpool_quota *open_for(struct kunit *test, struct mpool *pool,
				    uid_t uid)
{
	struct mpool_quota *quota = kunit_kzalloc(test, sizeof(*quota),
						  GFP_KERNEL);
	struct mpool_share *share = mpool_share_new();

	KUNIT_ASSERT_NOT_NULL(test, quota);
	KUNIT_ASSERT_NOT_NULL(test, share);
	quota->uid = KUIDT_INIT(uid);
	mutex_lock(&pool->clients_lock);
	mpool_quota_attach(quota, pool, share);
	mutex_unlock(&pool->clients_lock);
	return quota;
}

static void expect(struct kunit *test, const struct mpool_account *account,
		   long buffers, long pages)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->buffers), buffers);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pages), pages);
}

/* Room promises what a charge takes, and one more is refused. */
static void fills(struct kunit *test, struct mpool_quota *quota,
		  unsigned int fits, unsigned int pages)
{
	KUNIT_EXPECT_EQ(test, mpool_quota_room(quota, 100, pages), fits);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 100, pages), fits);
	KUNIT_EXPECT_EQ(test, mpool_quota_room(quota, 1, pages), 0U);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 1, pages), 0U);
	expect(test, &quota->own, fits, (long)fits * pages);
	expect(test, &quota->share->account, fits, (long)fits * pages);
	mpool_quota_uncharge(quota, fits, pages);
	expect(test, &quota->own, 0, 0);
	expect(test, &quota->share->account, 0, 0);
}

static void fill_one(struct kunit *test, struct limits limits,
		     unsigned int fits, unsigned int pages)
{
	struct mpool_quota *quota = open_for(test, pool_with(test, limits), 1);

	fills(test, quota, fits, pages);
	mpool_quota_detach(quota);
}

static void a_later_limit_takes_back_what_earlier_ones_gave(struct kunit *test)
{
	fill_one(test, (struct limits){ .client_max = 8 }, 8, 3);
	fill_one(test, (struct limits){ 8, 5, 0, 0 }, 5, 1);
	fill_one(test, (struct limits){ 8, 20, 4, 0 }, 4, 2);
	fill_one(test, (struct limits){ 8, 20, 4, 6 }, 3, 2);
}

static void a_part_of_a_buffer_does_not_fit(struct kunit *test)
{
	fill_one(test, (struct limits){ .client_pages = 7 }, 3, 2);
	fill_one(test, (struct limits){ .user_pages = 7 }, 1, 4);
	fill_one(test, (struct limits){ .user_pages = 3 }, 0, 4);
}

/* The locked memory is the last account; its limit is the caller's. */
static void locked_memory_is_the_last_to_be_asked(struct kunit *test)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_MEMLOCK];
	struct mpool *pool = pool_with(test, (struct limits){ 8, 0, 0, 0 });
	struct mpool_quota *quota = open_for(test, pool, 1);
	struct user_struct *user = get_uid(current_user());
	unsigned long was = limit->rlim_cur;
	long before;

	/* Others of this user's may come and go. */
	before = atomic_long_xchg(&user->locked_vm, 0);
	quota->user = user;
	limit->rlim_cur = 5 * PAGE_SIZE + 1;
	fills(test, quota, 2, 2);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 2, 2), 2U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&user->locked_vm), 4L);
	mpool_quota_uncharge(quota, 2, 2);
	limit->rlim_cur = RLIM_INFINITY;
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 9, 1), 8U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&user->locked_vm), 8L);
	/* What is pinned leaves the client, but stays locked. */
	mpool_quota_part(quota, 8, 3, 1);
	KUNIT_EXPECT_EQ(test, atomic_long_xchg(&user->locked_vm, 0), 3L);
	expect(test, &quota->own, 0, 0);
	expect(test, &quota->share->account, 0, 0);
	limit->rlim_cur = was;
	atomic_long_add(before, &user->locked_vm);
	mpool_quota_detach(quota);
	/* Ends with the client's reference on the user. */
	mpool_quota_exit(quota);
}

/* Without a limit, and with less room than a number has. */
static void numbers_do_not_wrap(struct kunit *test)
{
	struct mpool *pool = pool_with(test, (struct limits){});
	struct mpool_quota *quota = open_for(test, pool, 1);
	struct mpool_account *own = &quota->own;

	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, INT_MAX, INT_MAX),
			(unsigned int)INT_MAX);
	expect(test, own, INT_MAX, (long)INT_MAX * INT_MAX);
	mpool_quota_uncharge(quota, INT_MAX, INT_MAX);
	expect(test, own, 0, 0);
	/* A product that no number holds: as many as one does. */
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, UINT_MAX, UINT_MAX),
			(unsigned int)(LONG_MAX / UINT_MAX));
	mpool_quota_uncharge(quota, LONG_MAX / UINT_MAX, UINT_MAX);
	expect(test, own, 0, 0);

	atomic_long_set(&own->buffers, LONG_MAX - 3);
	KUNIT_EXPECT_EQ(test, mpool_quota_room(quota, 8, 1), 3U);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 8, 1), 3U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->buffers), LONG_MAX);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 1, 1), 0U);
	KUNIT_EXPECT_FALSE(test, mpool_quota_over(quota));
	mpool_quota_uncharge(quota, 3, 1);
	atomic_long_set(&own->buffers, 0);

	atomic_long_set(&own->pages, LONG_MAX - 5);
	KUNIT_EXPECT_EQ(test, mpool_quota_room(quota, 8, 2), 2U);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 8, 2), 2U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->pages), LONG_MAX - 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->buffers), 2L);
	mpool_quota_uncharge(quota, 2, 2);
	atomic_long_set(&own->pages, 0);

	/* Bytes without end are pages without end. */
	pool->settings.client_max_bytes = U64_MAX;
	KUNIT_EXPECT_EQ(test, mpool_quota_room(quota, UINT_MAX, 1), UINT_MAX);
	mpool_quota_detach(quota);
}

/* Passed by what is leased already: no room, and none below none. */
static void a_lowered_limit_is_passed_but_gives_nothing(struct kunit *test)
{
	struct mpool *pool = pool_with(test, (struct limits){ 8, 0, 0, 0 });
	struct mpool_quota *quota = open_for(test, pool, 1);
	struct mpool_pool_config *set = &pool->settings;

	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 8, 2), 8U);
	KUNIT_EXPECT_FALSE(test, mpool_quota_over(quota));
	set->client_max = 7;
	KUNIT_EXPECT_TRUE(test, mpool_quota_over(quota));
	KUNIT_EXPECT_EQ(test, mpool_quota_room(quota, 1, 1), 0U);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 1, 1), 0U);
	set->client_max = 0;
	set->client_max_bytes = 15 * PAGE_SIZE;
	KUNIT_EXPECT_TRUE(test, mpool_quota_over(quota));
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(quota, 1, 1), 0U);
	set->client_max_bytes = 16 * PAGE_SIZE;
	KUNIT_EXPECT_FALSE(test, mpool_quota_over(quota));
	set->user_max = 7;
	KUNIT_EXPECT_TRUE(test, mpool_quota_over(quota));
	set->user_max = 0;
	set->user_max_bytes = 15 * PAGE_SIZE;
	KUNIT_EXPECT_TRUE(test, mpool_quota_over(quota));
	/* What is above may be given back all the same. */
	mpool_quota_uncharge(quota, 8, 2);
	expect(test, &quota->own, 0, 0);
	expect(test, &quota->share->account, 0, 0);
	mpool_quota_detach(quota);
}

static void a_share_is_one_users_and_goes_with_his_last(struct kunit *test)
{
	struct mpool *pool = pool_with(test, (struct limits){ 0, 0, 5, 0 });
	struct mpool_quota *a = open_for(test, pool, 1);
	struct mpool_quota *b = open_for(test, pool, 1);
	struct mpool_quota *c = open_for(test, pool, 2);

	KUNIT_EXPECT_PTR_EQ(test, a->share, b->share);
	KUNIT_EXPECT_PTR_NE(test, a->share, c->share);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(a, 3, 1), 3U);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(b, 3, 1), 2U);
	expect(test, &b->own, 2, 2);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(c, 6, 1), 5U);
	mpool_quota_uncharge(a, 3, 1);
	mpool_quota_detach(a);
	/* What another one of his has counts on. */
	expect(test, &b->share->account, 2, 2);
	KUNIT_EXPECT_EQ(test, b->share->clients, 1U);
	mpool_quota_uncharge(b, 2, 1);
	mpool_quota_detach(b);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&pool->shares));
	mpool_quota_uncharge(c, 5, 1);
	mpool_quota_detach(c);
	KUNIT_EXPECT_TRUE(test, list_empty(&pool->shares));
}

/* Pools know nothing of each other's shares. */
static void a_share_is_one_pools(struct kunit *test)
{
	struct limits limits = { 0, 0, 4, 0 };
	struct mpool_quota *a = open_for(test, pool_with(test, limits), 1);
	struct mpool_quota *b = open_for(test, pool_with(test, limits), 1);

	KUNIT_EXPECT_EQ(test, mpool_quota_charge(a, 9, 1), 4U);
	KUNIT_EXPECT_EQ(test, mpool_quota_charge(b, 9, 1), 4U);
	mpool_quota_uncharge(a, 4, 1);
	mpool_quota_uncharge(b, 4, 1);
	mpool_quota_detach(a);
	mpool_quota_detach(b);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE(a_later_limit_takes_back_what_earlier_ones_gave),
	KUNIT_CASE(a_part_of_a_buffer_does_not_fit),
	KUNIT_CASE(locked_memory_is_the_last_to_be_asked),
	KUNIT_CASE(numbers_do_not_wrap),
	KUNIT_CASE(a_lowered_limit_is_passed_but_gives_nothing),
	KUNIT_CASE(a_share_is_one_users_and_goes_with_his_last),
	KUNIT_CASE(a_share_is_one_pools),
	{}
};

KT_SUITE(quota);
