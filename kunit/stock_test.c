// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of pages between owners: dirty, clean, pinned.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/user.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "helpers.h"
#include "pages.h"
#include "quarantine.h"
#include "stock.h"
#include "suites.h"

static const unsigned int sizes[] = { SZ_4K, 3 * SZ_4K, SZ_16K };

static void size_desc(const unsigned int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static struct mpool_class *param_class(struct kunit *test)
{
	return kt_class_max(test, *(const unsigned int *)test->param_value, 8);
}

/* Without the worker, a dirty buffer stays one. */
static void worker_off(struct mpool_class *cls)
{
	spin_lock_irq(&cls->stock.lock);
	cls->stock.ended = true;
	spin_unlock_irq(&cls->stock.lock);
	flush_work(&cls->stock.clean_work);
}

static void worker_on(struct mpool_class *cls)
{
	spin_lock_irq(&cls->stock.lock);
	cls->stock.ended = false;
	spin_unlock_irq(&cls->stock.lock);
}

static void clean_zeroes_all_of_a_buffer(struct kunit *test)
{
	struct mpool_class *cls = param_class(test);
	struct mpool_desc *desc = kt_lease(test, cls);

	memset(desc->addr, 0xa5, cls->size);
	desc->owner = MPOOL_OWNER_CLIENT + 7;
	mpool_desc_clean(desc);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(desc->addr, cls->size));
	KUNIT_EXPECT_EQ(test, desc->owner, (u32)MPOOL_OWNER_CLEAN);
	kt_return(cls, desc);
}

static void what_is_returned_is_zeroed_in_the_background(struct kunit *test)
{
	struct mpool_class *cls = param_class(test);
	struct mpool_desc *desc = kt_lease(test, cls);

	memset(desc->addr, 0xa5, cls->size);
	kt_return(cls, desc);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).leased, 0ULL);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	KUNIT_EXPECT_TRUE(test, kt_is_zero(desc->addr, cls->size));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).zeroed, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).zeroed_sync, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).releases, 1ULL);
	KUNIT_EXPECT_EQ(test, (int)kt_state(cls, desc->addr), (int)MPOOL_FREE);
}

static void many_returned_at_once_are_all_zeroed(struct kunit *test)
{
	struct mpool_class *cls = param_class(test);
	struct mpool_desc *descs[8];
	int i;

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
					       MPOOL_OWNER_CLIENT, 8, true,
					       MPOOL_DEADLINE_NOW, descs), 8);
	for (i = 0; i < 8; i++)
		memset(descs[i]->addr, i + 1, cls->size);
	mpool_stock_return(cls, NULL, NULL, 8, descs);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 8));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_TRUE(test, kt_is_zero(descs[i]->addr, cls->size));
}

static void a_pinned_buffer_waits_in_quarantine(struct kunit *test)
{
	struct mpool_class *cls = param_class(test);
	struct mpool_desc *desc = kt_lease(test, cls);
	/* The last page, since the first is what is easy to look at. */
	struct page *page = virt_to_page(desc->addr + cls->size - 1);

	get_page(page);
	memset(desc->addr, 0xa5, cls->size);
	kt_return(cls, desc);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 1ULL);
	KUNIT_EXPECT_EQ(test, (int)kt_state(cls, desc->addr),
			(int)MPOOL_QUARANTINED);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	/* A few looks at it later it is still there, and as it was. */
	msleep(60);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 0ULL);
	KUNIT_EXPECT_EQ(test, *(u8 *)desc->addr, 0xa5);
	put_page(page);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 0ULL);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(desc->addr, cls->size));
}

static void a_pinned_buffer_is_not_handed_out(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 1);
	struct mpool_desc *desc = kt_lease(test, cls), *again;
	struct page *page = desc->page;

	get_page(page);
	kt_return(cls, desc);
	KUNIT_EXPECT_NULL(test, mpool_class_alloc(cls, GFP_KERNEL |
						  __GFP_NORETRY));
	KUNIT_EXPECT_EQ(test, mpool_lease_take(cls, NULL,
					       MPOOL_OWNER_CLIENT, 1, false,
					       MPOOL_DEADLINE_NOW, &again),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0), (size_t)0);
	put_page(page);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
}

/* One look, however many there are: who asks stands at a limit because of them. */
static void a_look_that_is_asked_for_sees_all_that_were_pinned(struct kunit *test)
{
	struct user_struct *user = current_user();
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 100);
	struct mpool_stock *stock = &cls->stock;
	struct mpool_desc *descs[100];
	long locked;
	int i;

	KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL, MPOOL_OWNER_CLIENT,
					       100, true, MPOOL_DEADLINE_NOW,
					       descs), 100);
	locked = atomic_long_add_return(100, &user->locked_vm);
	for (i = 0; i < 100; i++)
		get_page(descs[i]->page);
	KUNIT_EXPECT_EQ(test, mpool_stock_return(cls, NULL, user, 100, descs),
			100U);
	/* The next look of its own is far off. */
	spin_lock_irq(&stock->lock);
	stock->pin_armed = true;
	stock->pin_due = jiffies;
	spin_unlock_irq(&stock->lock);
	cancel_delayed_work_sync(&stock->pin_work);
	for (i = 0; i < 100; i++)
		put_page(descs[i]->page);
	mpool_quarantine_look(cls->pool);
	KUNIT_EXPECT_EQ(test, READ_ONCE(stock->nr_quarantined), 0U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&user->locked_vm), locked - 100);
	spin_lock_irq(&stock->lock);
	stock->pin_armed = false;
	spin_unlock_irq(&stock->lock);
	mpool_quarantine_look(cls->pool);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 100));
}

struct dirtier {
	struct mpool_class *cls;
	bool began;
	bool stop;
	bool settled;
};

/* Faster than a worker can zero. */
static int dirty_all(void *arg)
{
	struct dirtier *d = arg;
	struct mpool_desc *desc;
	int nr = 0;

	while (!READ_ONCE(d->stop)) {
		desc = mpool_stock_take_clean(d->cls, NULL);
		if (desc) {
			mpool_stock_add_dirty(d->cls, NULL, NULL, desc);
			nr = min(nr + 1, INT_MAX / 2);
			WRITE_ONCE(d->began, true);
		}
		kt_resched();
	}
	return nr;
}

static int settle(void *arg)
{
	struct dirtier *d = arg;
	int i;

	for (i = 0; i < 10; i++)
		mpool_stock_settle(d->cls);
	WRITE_ONCE(d->settled, true);
	return 0;
}

/* Who wants what is idle waits for one buffer, not for whoever dirties them. */
static void nobody_waits_for_all_that_is_dirty(struct kunit *test)
{
	struct dirtier d = { .cls = kt_class_max(test, SZ_1M, 8) };
	struct kt_thread *here, *there, *waiter;
	int other = kt_other_cpu(test);
	struct mpool_desc *descs[8];

	KUNIT_ASSERT_EQ(test, mpool_lease_take(d.cls, NULL, MPOOL_OWNER_CLIENT,
					       8, true, MPOOL_DEADLINE_NOW,
					       descs), 8);
	/* One of them runs whichever CPU the worker is on. */
	here = kt_start(test, raw_smp_processor_id(), dirty_all, &d);
	there = kt_start(test, other, dirty_all, &d);
	mpool_stock_return(d.cls, NULL, NULL, 8, descs);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(READ_ONCE(d.began)));
	waiter = kt_start(test, -1, settle, &d);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(READ_ONCE(d.settled)));
	WRITE_ONCE(d.stop, true);
	KUNIT_EXPECT_GT(test, kt_join(test, here) + kt_join(test, there), 0);
	kt_join(test, waiter);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(d.cls).clean == 8));
}

/* The one that the worker has in its hands is had, too. */
static void all_that_is_dirty_can_be_leased_at_once(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_256K, 8);
	struct mpool_desc *descs[8];
	int i;

	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
						       MPOOL_OWNER_CLIENT, 8,
						       true, MPOOL_DEADLINE_NOW,
						       descs), 8);
		mpool_stock_return(cls, NULL, NULL, 8, descs);
	}
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0), (size_t)8 * SZ_256K);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

/* So is the one that is to be set aside, or is above a limit that was lowered. */
static void what_is_being_cleaned_is_found_by_a_change(struct kunit *test)
{
	struct mpool_config cfg = {
		.settings = {
			.max = { 8, 8, 8 },
			.initial = { MPOOL_NONE, MPOOL_NONE, MPOOL_NONE },
			/* A cleaning takes longer than the rest. */
			.max_size = SZ_4M,
			.growth_percent = 100,
		},
	};
	struct mpool_class *cls = kt_class(test, kt_pool(test, &cfg), SZ_4M);
	struct mpool_pool_config set = { .max = { 8, 8, 8 } };
	const u64 max = MPOOL_CONFIG_MAX_SMALL | MPOOL_CONFIG_MAX_MEDIUM |
			MPOOL_CONFIG_MAX_LARGE;
	struct mpool_desc *descs[8];
	int i;

	for (i = 0; i < 5; i++) {
		KUNIT_ASSERT_EQ(test, mpool_lease_take(cls, NULL,
						       MPOOL_OWNER_CLIENT, 8,
						       true, MPOOL_DEADLINE_NOW,
						       descs), 8);
		/* The only one that is idle. */
		mpool_stock_return(cls, NULL, NULL, 1, descs);
		set.reserve = 1;
		KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
						      MPOOL_CONFIG_RESERVE), 0);
		set.reserve = MPOOL_NONE;
		KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set,
						      MPOOL_CONFIG_RESERVE), 0);
		mpool_stock_return(cls, NULL, NULL, 7, descs + 1);
		set.max[0] = 1;
		set.max[1] = 1;
		set.max[2] = 1;
		KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set, max), 0);
		KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 1ULL);
		set.max[0] = 8;
		set.max[1] = 8;
		set.max[2] = 8;
		KUNIT_EXPECT_EQ(test, mpool_configure(cls->pool, &set, max), 0);
	}
}

/* The pin outlives the pool: its last put gives the page to the system. */
static void pinned_at_the_end_is_left_to_the_pin(struct kunit *test)
{
	unsigned int size = *(const unsigned int *)test->param_value;
	struct mpool *pool = mpool_create("kunit-pinned", NULL);
	struct mpool_class *cls;
	struct mpool_desc *desc;
	struct page *page;
	u8 *byte;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	cls = kt_class(test, pool, size);
	desc = kt_lease(test, cls);
	byte = desc->addr + cls->size - 1;
	page = virt_to_page(byte);
	get_page(page);
	*byte = 0x77;
	kt_return(cls, desc);
	mpool_put(pool);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-pinned"));
	/* The pin's own is all that is left, and the page still its. */
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	KUNIT_EXPECT_EQ(test, *byte, 0x77);
	put_page(page);
}

static void the_end_counts_what_it_abandons(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);
	struct mpool_desc *desc[2] = { kt_lease(test, cls), kt_lease(test, cls) };
	struct page *page = desc[0]->page;

	get_page(page);
	mpool_stock_return(cls, NULL, NULL, 2, desc);
	mpool_stock_stop(cls);
	mpool_stock_exit(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).abandoned, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).quarantined, 0ULL);
	KUNIT_EXPECT_TRUE(test, kt_balanced(cls));
	put_page(page);
}

static void the_kernel_gets_clean_stock_at_the_limit(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 1);
	struct mpool_desc *desc = kt_lease(test, cls);
	void *addr = desc->addr, *buf;

	memset(addr, 0xa5, cls->size);
	kt_return(cls, desc);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	buf = mpool_class_alloc(cls, GFP_NOWAIT);
	KUNIT_EXPECT_PTR_EQ(test, buf, addr);
	KUNIT_EXPECT_TRUE(test, buf && kt_is_zero(buf, cls->size));
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).allocated, 1ULL);
	mpool_class_free(cls, buf);
}

static void the_kernel_gets_no_byte_of_dirty_stock(struct kunit *test)
{
	struct mpool_class *cls = param_class(test);
	struct mpool_desc *desc = kt_lease(test, cls), *got;

	memset(desc->addr, 0xa5, cls->size);
	worker_off(cls);
	kt_return(cls, desc);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).dirty, 1ULL);
	/* Who may not sleep cannot zero. */
	KUNIT_EXPECT_NULL(test, mpool_stock_steal(cls, false));
	got = mpool_stock_steal(cls, true);
	worker_on(cls);
	KUNIT_EXPECT_PTR_EQ(test, got, desc);
	KUNIT_EXPECT_TRUE(test, kt_is_zero(desc->addr, cls->size));
	KUNIT_EXPECT_EQ(test, desc->owner, (u32)MPOOL_OWNER_KERNEL);
	mpool_stock_add_dirty(cls, NULL, NULL, desc);
}

static void shrinking_takes_dirty_ones_first(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);
	struct mpool_desc *desc[2] = { kt_lease(test, cls), kt_lease(test, cls) };

	kt_return(cls, desc[0]);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	worker_off(cls);
	kt_return(cls, desc[1]);
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 0, 1), 1U);
	worker_on(cls);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).dirty, 0ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).clean, 1ULL);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 1ULL);
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 0, 5), 1U);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

static void shrinking_spares_young_stock(struct kunit *test)
{
	struct mpool_class *cls = kt_class_max(test, SZ_4K, 4);

	kt_return(cls, kt_lease(test, cls));
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, 60 * HZ, 5), 0U);
	msleep(50);
	KUNIT_EXPECT_EQ(test, mpool_stock_shrink(cls, msecs_to_jiffies(20), 5),
			1U);
}

static void trim_reaches_the_stock(struct kunit *test)
{
	struct mpool_class *cls = param_class(test);

	kt_return(cls, kt_lease(test, cls));
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_stats(cls).clean == 1));
	KUNIT_EXPECT_EQ(test, mpool_trim(cls->pool, 0), (size_t)cls->size);
	KUNIT_EXPECT_EQ(test, kt_stats(cls).backed, 0ULL);
}

static struct kunit_case stock_cases[] = {
	KUNIT_CASE_PARAM(clean_zeroes_all_of_a_buffer, size_gen_params),
	KUNIT_CASE_PARAM(what_is_returned_is_zeroed_in_the_background,
			 size_gen_params),
	KUNIT_CASE_PARAM(many_returned_at_once_are_all_zeroed, size_gen_params),
	KUNIT_CASE_PARAM(a_pinned_buffer_waits_in_quarantine, size_gen_params),
	KUNIT_CASE(a_pinned_buffer_is_not_handed_out),
	KUNIT_CASE(a_look_that_is_asked_for_sees_all_that_were_pinned),
	KUNIT_CASE(nobody_waits_for_all_that_is_dirty),
	KUNIT_CASE(all_that_is_dirty_can_be_leased_at_once),
	KUNIT_CASE(what_is_being_cleaned_is_found_by_a_change),
	KUNIT_CASE_PARAM(pinned_at_the_end_is_left_to_the_pin, size_gen_params),
	KUNIT_CASE(the_end_counts_what_it_abandons),
	KUNIT_CASE(the_kernel_gets_clean_stock_at_the_limit),
	KUNIT_CASE_PARAM(the_kernel_gets_no_byte_of_dirty_stock,
			 size_gen_params),
	KUNIT_CASE(shrinking_takes_dirty_ones_first),
	KUNIT_CASE(shrinking_spares_young_stock),
	KUNIT_CASE_PARAM(trim_reaches_the_stock, size_gen_params),
	{}
};

KT_SUITE(stock);
