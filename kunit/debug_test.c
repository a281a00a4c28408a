// SPDX-License-Identifier: GPL-2.0
/*
 * Debugged pools: each fault is made, and has to be found and named.
 */
#include <linux/poison.h>
#include <linux/sizes.h>

#include "compat/stack.h"
#include "debug.h"
#include "helpers.h"
#include "holders.h"
#include "leak.h"
#include "record.h"
#include "suites.h"

/* Sizes asked for, of each kind of class, and none of them whole. */
static const unsigned int asked_sizes[] = { 60, 250, SZ_4K - 100, 3 * SZ_4K - 8,
					    SZ_16K - 1 };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(asked, asked_sizes, size_desc);

static size_t asked(struct kunit *test)
{
	return *(const unsigned int *)test->param_value;
}

static struct mpool *debug_pool(struct kunit *test, unsigned int max)
{
	struct mpool_config cfg = {
		.settings = {
			.flags = MPOOL_POOL_DEBUG,
			.max = { max, max, max },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			.growth_percent = 100,
		},
	};

	return kt_pool(test, &cfg);
}

/* Of one buffer, so that the next allocation gets the last free's. */
static struct mpool_class *debug_class(struct kunit *test)
{
	return kt_class(test, debug_pool(test, 1), asked(test));
}

static u64 damaged(const struct mpool_class *cls)
{
	return atomic64_read(&cls->records->damaged);
}

/* As somebody with a stale pointer does, behind the sanitizer's back. */
static noinline __no_sanitize_address void poke(u8 *at, u8 value)
{
	WRITE_ONCE(*at, value);
}

/* Not a tail call: these names have to be found. */
static noinline void *taken_here(struct mpool_class *cls, size_t size)
{
	void *buf = mpool_alloc(cls->pool, size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(buf);
	return buf;
}

static noinline void given_here(struct mpool_class *cls, void *buf)
{
	mpool_free(cls->pool, buf);
	barrier();
}

static bool site_is(const struct mpool_site *site, const char *name)
{
	unsigned long *entries;
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "%ps", (void *)site->caller);
	if (strncmp(symbol, name, strlen(name)) || !site->when)
		return false;
	/* Where there are stacks, they begin there. */
	return !site->stack || (mpool_stack_fetch(site->stack, &entries) &&
				entries[0] == site->caller);
}

static struct mpool_record *record_of(struct mpool_class *cls, void *buf)
{
	return mpool_record(cls, buf);
}

static void a_write_after_free(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	void *buf = taken_here(cls, asked(test)), *again;

	memset(buf, 0xff, asked(test));
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 0ULL);
	poke(buf + asked(test) - 1, 0);
	again = taken_here(cls, asked(test));
	KUNIT_EXPECT_PTR_EQ(test, again, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	/* Once: it is in order again. */
	given_here(cls, buf);
	KUNIT_EXPECT_PTR_EQ(test, taken_here(cls, asked(test)), buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	given_here(cls, buf);
}

static void a_write_after_free_of_what_goes(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	void *buf = taken_here(cls, asked(test));

	given_here(cls, buf);
	poke(buf, 0);
	mpool_trim(cls->pool, 0);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
}

static void a_write_behind(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	void *buf = taken_here(cls, asked(test));

	memset(buf, 0, asked(test) + 1);
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	buf = taken_here(cls, asked(test));
	memset(buf, 0, asked(test));
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
}

/* All of the class's bytes are asked for: a small one has a zone yet. */
static void a_write_behind_a_whole_one(struct kunit *test)
{
	struct mpool_class *cls = kt_class(test, debug_pool(test, 1), 256);
	u8 *buf = mpool_class_alloc(cls, GFP_KERNEL);

	memset(buf, 0, 256);
	buf[256] = 0;
	mpool_class_free(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	/* And while it is free. */
	poke(buf + 256, 0);
	buf = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, damaged(cls), 2ULL);
	mpool_class_free(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 2ULL);
}

static void a_write_before(struct kunit *test)
{
	struct mpool_class *cls = kt_class(test, debug_pool(test, 1), 256);
	u8 *buf = mpool_class_alloc(cls, GFP_KERNEL);

	buf[-1] = 0;
	mpool_class_free(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 0ULL);
}

static void a_write_over_the_header(struct kunit *test)
{
	struct mpool_class *cls = kt_class(test, debug_pool(test, 4), 256);
	u8 *buf = taken_here(cls, 256);
	struct mpool_head head = *mpool_head(buf);
	struct mpool_found found;

	memset(buf - sizeof(head), 0, sizeof(head));
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, cls->pool->bad_frees.counter, 1LL);
	KUNIT_EXPECT_TRUE(test, mpool_record_find(buf, &found));
	KUNIT_EXPECT_FALSE(test, found.tagged);
	KUNIT_EXPECT_STREQ(test, (char *)found.pool, cls->pool->name);
	KUNIT_EXPECT_TRUE(test, site_is(&found.record.alloc, "taken_here"));
	*mpool_head(buf) = head;
	given_here(cls, buf);
}

static void a_double_free(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	void *buf = taken_here(cls, asked(test));
	struct mpool_found found;

	KUNIT_EXPECT_TRUE(test, mpool_record_find(buf, &found));
	KUNIT_EXPECT_EQ(test, found.record.free.when, 0ULL);
	given_here(cls, buf);
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).bad_frees, 1ULL);
	KUNIT_EXPECT_TRUE(test, mpool_record_find(buf, &found));
	KUNIT_EXPECT_TRUE(test, found.tagged);
	KUNIT_EXPECT_EQ(test, found.state, (unsigned int)MPOOL_FREE);
	KUNIT_EXPECT_EQ(test, found.size, cls->size);
	KUNIT_EXPECT_EQ(test, found.record.asked, (u32)asked(test));
	KUNIT_EXPECT_TRUE(test, site_is(&found.record.alloc, "taken_here"));
	KUNIT_EXPECT_TRUE(test, site_is(&found.record.free, "given_here"));
	KUNIT_EXPECT_EQ(test, found.record.alloc.pid, current->pid);
	KUNIT_EXPECT_STREQ(test, (char *)found.record.alloc.comm,
			   current->comm);
	KUNIT_EXPECT_LE(test, found.record.alloc.when, found.record.free.when);
}

static void another_pools(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	struct mpool_class *other = debug_class(test);
	struct mpool_class *plain = kt_class_max(test, asked(test), 4);
	void *buf = taken_here(other, asked(test));
	struct mpool_found found;

	given_here(cls, buf);
	given_here(plain, buf);
	KUNIT_EXPECT_EQ(test, kt_stats(other).allocated, 1ULL);
	KUNIT_EXPECT_TRUE(test, mpool_record_find(buf, &found));
	KUNIT_EXPECT_STREQ(test, (char *)found.pool, other->pool->name);
	KUNIT_EXPECT_EQ(test, found.state, (unsigned int)MPOOL_ALLOCATED);
	given_here(other, buf);
	buf = taken_here(plain, asked(test));
	KUNIT_EXPECT_FALSE(test, mpool_record_find(buf, &found));
	given_here(plain, buf);
}

static void what_is_no_buffer(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	void *buf = taken_here(cls, asked(test));
	struct mpool_found found;

	KUNIT_EXPECT_FALSE(test, mpool_record_find(NULL, &found));
	KUNIT_EXPECT_FALSE(test, mpool_record_find((void *)-1UL, &found));
	KUNIT_EXPECT_FALSE(test, mpool_record_find(&found, &found));
	KUNIT_EXPECT_FALSE(test, mpool_record_find(buf + 16, &found));
	given_here(cls, buf);
}

/* What a visitor was told. */
struct told {
	struct mpool_leak leaks[4];
	unsigned int nr;
};

static void tell(const struct mpool_leak *leak, void *arg)
{
	struct told *t = arg;

	if (t->nr < ARRAY_SIZE(t->leaks))
		t->leaks[t->nr++] = *leak;
}

static void what_is_out_by_site(struct kunit *test)
{
	struct mpool *pool = debug_pool(test, 8);
	struct mpool_class *cls = kt_class(test, pool, asked(test));
	void **bufs = kt_array(test, 4);
	struct told t = {};
	char symbol[64];
	int i;

	for (i = 0; i < 3; i++)
		bufs[i] = taken_here(cls, asked(test));
	bufs[3] = mpool_class_alloc(cls, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mpool_holders_visit(pool, tell, &t), 0);
	KUNIT_EXPECT_EQ(test, t.nr, 2U);
	KUNIT_EXPECT_EQ(test, t.leaks[0].nr, 3ULL);
	KUNIT_EXPECT_EQ(test, t.leaks[0].size, cls->size);
	KUNIT_EXPECT_EQ(test, t.leaks[0].since,
			record_of(cls, bufs[0])->alloc.when);
	KUNIT_EXPECT_EQ(test, t.leaks[0].pid, current->pid);
	snprintf(symbol, sizeof(symbol), "%ps",
		 (void *)mpool_leak_caller(&t.leaks[0]));
	KUNIT_EXPECT_EQ(test, strncmp(symbol, "taken_here", 10), 0);
	KUNIT_EXPECT_EQ(test, t.leaks[1].nr, 1ULL);
	KUNIT_EXPECT_EQ(test, mpool_report_leaks(pool), 4L);
	kt_give(cls, 4, bufs);
	KUNIT_EXPECT_TRUE(test, list_empty(&cls->records->out));
	KUNIT_EXPECT_EQ(test, mpool_report_leaks(pool), 0L);
}

static void in_bulk(struct kunit *test)
{
	struct mpool *pool = debug_pool(test, 8);
	struct mpool_class *cls = kt_class(test, pool, asked(test));
	void **bufs = kt_array(test, 8);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mpool_alloc_bulk(pool, asked(test), GFP_KERNEL,
					       8, bufs), 8U);
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_FALSE(test,
				   list_empty(&record_of(cls, bufs[i])->node));
		memset(bufs[i], 0, asked(test) + !i);
	}
	mpool_free_bulk(pool, 8, bufs);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&cls->records->out));
	poke(bufs[3], 1);
	KUNIT_EXPECT_TRUE(test, mpool_class_alloc_all(cls, GFP_NOWAIT, 8,
						      bufs));
	KUNIT_EXPECT_EQ(test, damaged(cls), 2ULL);
	mpool_class_free_bulk(cls, 8, bufs);
}

static void a_new_owner_finds_no_poison(struct kunit *test)
{
	struct mpool_class *cls = debug_class(test);
	u8 *buf = taken_here(cls, asked(test));

	/* Not zero by chance: what nobody wrote is not to be read. */
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, POISON_INUSE, asked(test)));
	given_here(cls, buf);
	buf = mpool_alloc(cls->pool, asked(test), GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(buf, asked(test)));
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 0ULL);
}

static void a_client_finds_no_poison(struct kunit *test)
{
	struct mpool_class *cls = kt_class(test, debug_pool(test, 1), SZ_16K);
	void *buf = taken_here(cls, SZ_16K - 9);
	struct mpool_desc *desc;

	given_here(cls, buf);
	desc = kt_lease(test, cls);
	KUNIT_EXPECT_PTR_EQ(test, desc->addr, buf);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(buf, SZ_16K));
	memset(buf, 1, SZ_16K);
	kt_return(cls, desc);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	buf = taken_here(cls, SZ_16K - 9);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	given_here(cls, buf);
	KUNIT_EXPECT_EQ(test, damaged(cls), 0ULL);
	/* What is wrong is found on the way to a client, too. */
	poke(buf + 5, 0);
	desc = kt_lease(test, cls);
	KUNIT_EXPECT_EQ(test, damaged(cls), 1ULL);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(desc->addr, SZ_16K));
	kt_return(cls, desc);
}

static void fill(void *buf, size_t size, void *arg)
{
	memset(buf, (int)(long)arg, size);
}

static void what_a_constructor_made_stays(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.flags = MPOOL_POOL_DEBUG,
			.max = { 1, 1, 1 },
		},
		.ctor = fill,
		.arg = (void *)0x77L,
	};
	struct mpool *pool = kt_pool(test, &cfg);
	struct mpool_class *cls = kt_class(test, pool, 250);
	u8 *buf;
	int i;

	for (i = 0; i < 3; i++) {
		buf = taken_here(cls, 250);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x77, cls->size));
		given_here(cls, buf);
	}
	KUNIT_EXPECT_EQ(test, damaged(cls), 0ULL);
}

static void others_pay_nothing(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, 256, 1000);
	struct mpool_class *watched = kt_class(test, debug_pool(test, 1000),
					       256);

	KUNIT_EXPECT_NULL(test, cls->records);
	KUNIT_EXPECT_GT(test, cls->free_cap, 0U);
	KUNIT_EXPECT_EQ(test, cls->slow, 0U);
	KUNIT_EXPECT_EQ(test, watched->free_cap, 0U);
	KUNIT_EXPECT_EQ(test, watched->slow, 1U);
	KUNIT_EXPECT_EQ(test, mpool_class_cost(cls),
			ALIGN(sizeof(struct mpool_head) + 256, 32));
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE_PARAM(a_write_after_free, asked_gen_params),
	KUNIT_CASE_PARAM(a_write_after_free_of_what_goes, asked_gen_params),
	KUNIT_CASE_PARAM(a_write_behind, asked_gen_params),
	KUNIT_CASE(a_write_behind_a_whole_one),
	KUNIT_CASE(a_write_before),
	KUNIT_CASE(a_write_over_the_header),
	KUNIT_CASE_PARAM(a_double_free, asked_gen_params),
	KUNIT_CASE_PARAM(another_pools, asked_gen_params),
	KUNIT_CASE_PARAM(what_is_no_buffer, asked_gen_params),
	KUNIT_CASE_PARAM(what_is_out_by_site, asked_gen_params),
	KUNIT_CASE_PARAM(in_bulk, asked_gen_params),
	KUNIT_CASE_PARAM(a_new_owner_finds_no_poison, asked_gen_params),
	KUNIT_CASE(a_client_finds_no_poison),
	KUNIT_CASE(what_a_constructor_made_stays),
	KUNIT_CASE(others_pay_nothing),
	{}
};

KT_SUITE(debug);
