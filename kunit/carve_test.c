// SPDX-License-Identifier: GPL-2.0
/*
 * Pieces of a page: which come first, when their page comes and goes, and the
 * end of their generations.  A table of its own, and pages that nobody looks at.
 */
#include <linux/bitops.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/sizes.h>

#include "helpers.h"
#include "slots.h"
#include "suites.h"
#include "window.h"

#define PIECES	4
/* More than a lease looks at. */
#define PAGES	9
#define CARVED	0
#define WHOLE	1

struct carve {
	struct mpool_slots slots;
	struct mpool_desc pages[PAGES + 1];
	struct page stubs[PAGES + 1];
	struct mpool_hold holds[PAGES * PIECES];
	u64 handles[PAGES * PIECES];
	u32 bad;
};

static struct carve *carve_new(struct kunit *test)
{
	struct carve *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct mpool_slot_class *classes;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_ASSERT_EQ(test, mpool_slots_init(&c->slots, 2), 0);
	/* Nobody's, and mapped nowhere. */
	for (i = 0; i < ARRAY_SIZE(c->stubs); i++) {
		set_page_count(&c->stubs[i], 1);
		atomic_set(&c->stubs[i]._mapcount, -1);
		c->pages[i].page = &c->stubs[i];
	}
	classes = c->slots.classes;
	classes[CARVED].pieces = PIECES;
	classes[CARVED].capacity = PAGES * MPOOL_SLOT_CHUNK;
	classes[WHOLE].capacity = PAGES;
	return c;
}

static struct mpool_slot_class *carved(struct carve *c)
{
	return &c->slots.classes[CARVED];
}

/* What stands in a list, which has nothing else, and how much is idle there. */
static unsigned int listed(struct kunit *test, struct list_head *list,
			   bool idle, u32 *nr_idle, u32 *nr_withheld)
{
	struct mpool_slot *chunk;
	unsigned int nr = 0;

	list_for_each_entry(chunk, list, node) {
		*nr_idle += hweight64(chunk[1].idle);
		*nr_withheld += chunk[1].nr_withheld;
		KUNIT_EXPECT_EQ(test, !!chunk[1].idle, idle);
		nr++;
	}
	return nr;
}

static void carve_end(struct kunit *test, struct carve *c)
{
	u32 idle = 0, withheld = 0, pinned;

	listed(test, &carved(c)->partial, true, &idle, &withheld);
	KUNIT_EXPECT_EQ(test, withheld, 0U);
	pinned = listed(test, &carved(c)->mixed, true, &idle, &withheld) +
		 listed(test, &carved(c)->pinned, false, &idle, &withheld);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_idle, idle);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, withheld);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_pinned, pinned);
	mpool_slots_exit(&c->slots);
}

/* Pieces of a page more, reserved. */
static int add(struct carve *c, unsigned int page, unsigned int nr,
	       struct mpool_hold *holds)
{
	return mpool_slots_add_page(&c->slots, CARVED, &c->pages[page], nr,
				    holds);
}

static unsigned int take(struct carve *c, unsigned int nr,
			 struct mpool_hold *holds, unsigned int *unkept)
{
	return mpool_slots_carve(&c->slots, CARVED, nr, holds, unkept);
}

static void pin(struct carve *c, unsigned int page)
{
	page_ref_inc(&c->stubs[page]);
}

static void unpin(struct carve *c, unsigned int page)
{
	page_ref_dec(&c->stubs[page]);
}

static void publish(struct carve *c, unsigned int nr, struct mpool_hold *holds)
{
	const struct mpool_holder holder = {};
	unsigned int i;

	mpool_slots_publish(&c->slots, nr, holds, &holder);
	for (i = 0; i < nr; i++)
		c->handles[i] = mpool_slot_handle(holds[i].slot->gen,
						  holds[i].slot->id);
}

/* Ends leases; what is whole then is in front. */
static unsigned int end(struct kunit *test, struct carve *c, unsigned int nr,
			struct mpool_hold *holds)
{
	KUNIT_ASSERT_EQ(test, mpool_slots_kill(&c->slots, nr, c->handles,
					       holds, &c->bad), 0);
	return mpool_slots_uncarve(&c->slots, nr, holds, true);
}

static struct mpool_desc *page_at(struct carve *c, u32 id)
{
	struct mpool_desc *page = NULL;
	struct mpool_slot *slot;

	spin_lock(&c->slots.lock);
	slot = mpool_slots_find(&c->slots, id);
	if (slot)
		page = mpool_slots_page(&c->slots, slot);
	spin_unlock(&c->slots.lock);
	return page;
}

static u32 slot_of(const struct mpool_hold *hold)
{
	return mpool_slot_nr(hold->slot->id);
}

static void a_page_has_so_many_pieces_from_its_start(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int i, unkept;

	KUNIT_EXPECT_NULL(test, page_at(c, 0));
	KUNIT_ASSERT_EQ(test, add(c, 0, 10, c->holds), PIECES);
	for (i = 0; i < PIECES; i++) {
		KUNIT_EXPECT_EQ(test, slot_of(&c->holds[i]), i);
		KUNIT_EXPECT_PTR_EQ(test, c->holds[i].desc, &c->pages[0]);
		KUNIT_EXPECT_PTR_EQ(test, page_at(c, i), &c->pages[0]);
	}
	/* Numbers of a chunk that has fewer pieces are no slots. */
	KUNIT_EXPECT_NULL(test, page_at(c, PIECES));
	KUNIT_EXPECT_NULL(test, page_at(c, MPOOL_SLOT_CHUNK));
	KUNIT_EXPECT_EQ(test, carved(c)->pages, 1U);
	KUNIT_EXPECT_EQ(test, take(c, 1, c->holds, &unkept), 0U);
	carve_end(test, c);
}

static void pages_in_use_come_first_then_kept_ones(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 4, c->holds), 4);
	publish(c, 4, c->holds);
	KUNIT_ASSERT_EQ(test, end(test, c, 4, c->holds), 1U);
	mpool_slots_keep(&c->slots, 1, c->holds, 1);
	KUNIT_EXPECT_NULL(test, page_at(c, 0));
	KUNIT_ASSERT_EQ(test, add(c, 1, 1, c->holds), 1);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), (u32)MPOOL_SLOT_CHUNK);

	/* The rest of the page, and no more than is wanted. */
	KUNIT_EXPECT_EQ(test, take(c, 2, c->holds + 1, &unkept), 2U);
	KUNIT_EXPECT_EQ(test, unkept, 0U);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[2].desc, &c->pages[1]);
	KUNIT_EXPECT_EQ(test, c->slots.nr_kept, 1U);
	/* Its last piece, then of what is kept. */
	KUNIT_EXPECT_EQ(test, take(c, 9, c->holds + 3, &unkept), 5U);
	KUNIT_EXPECT_EQ(test, unkept, 1U);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[3].desc, &c->pages[1]);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[4].desc, &c->pages[0]);
	KUNIT_EXPECT_EQ(test, c->slots.nr_kept, 0U);
	KUNIT_EXPECT_EQ(test, carved(c)->pages, 2U);
	carve_end(test, c);
}

static void a_page_goes_with_its_last_piece(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 4, c->holds), 4);
	publish(c, 4, c->holds);
	KUNIT_ASSERT_EQ(test, end(test, c, 3, c->holds), 0U);
	KUNIT_EXPECT_PTR_EQ(test, page_at(c, 1), &c->pages[0]);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&carved(c)->partial));
	/* Others have its pieces meanwhile. */
	KUNIT_ASSERT_EQ(test, take(c, 2, c->holds, &unkept), 2U);
	KUNIT_ASSERT_EQ(test, mpool_slots_uncarve(&c->slots, 2, c->holds, true), 0U);

	c->handles[0] = c->handles[3];
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 1U);
	/* In the place of the piece, the page. */
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 0U);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[0].desc, &c->pages[0]);
	KUNIT_EXPECT_NULL(test, page_at(c, 0));
	KUNIT_EXPECT_EQ(test, carved(c)->pages, 0U);
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->partial));
	KUNIT_EXPECT_EQ(test, take(c, 1, c->holds + 1, &unkept), 0U);

	/* Not before its mappings are gone is its place another page's. */
	KUNIT_ASSERT_EQ(test, add(c, 1, 1, c->holds + 1), 1);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[1]), (u32)MPOOL_SLOT_CHUNK);
	mpool_slots_free(&c->slots, 1, c->holds);
	KUNIT_ASSERT_EQ(test, add(c, 2, 1, c->holds), 1);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 0U);
	KUNIT_EXPECT_PTR_EQ(test, page_at(c, 0), &c->pages[2]);
	carve_end(test, c);
}

/* The window has a place for so many pages. */
static void no_place_for_a_page_changes_nothing(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		KUNIT_ASSERT_EQ(test, add(c, i, 1, c->holds + i), 1);
	KUNIT_EXPECT_EQ(test, add(c, PAGES, 1, c->holds + PAGES), -ENOSPC);
	KUNIT_EXPECT_EQ(test, carved(c)->pages, (u32)PAGES);
	KUNIT_EXPECT_EQ(test, mpool_slots_uncarve(&c->slots, 1, c->holds, true), 1U);
	/* Dying is not gone. */
	KUNIT_EXPECT_EQ(test, add(c, PAGES, 1, c->holds + PAGES), -ENOSPC);
	mpool_slots_free(&c->slots, 1, c->holds);
	KUNIT_EXPECT_EQ(test, add(c, PAGES, 1, c->holds + PAGES), 1);
	carve_end(test, c);
}

static void whole_buffers_among_pieces_stay_whole(struct kunit *test)
{
	struct mpool_hold holds[4], pieces[2];
	struct carve *c = carve_new(test);

	KUNIT_ASSERT_EQ(test, add(c, 0, 2, pieces), 2);
	KUNIT_ASSERT_EQ(test, mpool_slots_reserve(&c->slots, WHOLE, 2, true,
						  holds), 2);
	holds[0].desc = &c->pages[1];
	holds[3] = holds[1];
	holds[3].desc = &c->pages[2];
	holds[1] = pieces[0];
	holds[2] = pieces[1];
	KUNIT_ASSERT_EQ(test, mpool_slots_uncarve(&c->slots, 4, holds, true), 3U);
	KUNIT_EXPECT_PTR_EQ(test, holds[0].desc, &c->pages[1]);
	KUNIT_EXPECT_PTR_EQ(test, holds[1].desc, &c->pages[0]);
	KUNIT_EXPECT_PTR_EQ(test, holds[2].desc, &c->pages[2]);
	/* A whole buffer's slot is no piece of anything. */
	KUNIT_EXPECT_NULL(test, page_at(c, holds[0].slot->id));
	mpool_slots_free(&c->slots, 3, holds);
	carve_end(test, c);
}

static void each_lease_of_a_piece_has_its_own_generation(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;
	u64 old, other;

	KUNIT_ASSERT_EQ(test, add(c, 0, 2, c->holds), 2);
	publish(c, 2, c->holds);
	old = c->handles[0];
	other = c->handles[1];
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	KUNIT_ASSERT_EQ(test, take(c, 1, c->holds, &unkept), 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 0U);
	publish(c, 1, c->holds);
	KUNIT_EXPECT_EQ(test, c->handles[0], old + BIT_ULL(MPOOL_GEN_SHIFT));
	KUNIT_EXPECT_EQ(test, mpool_slots_kill(&c->slots, 1, &old, c->holds,
					       &c->bad), -ESTALE);
	/* Its neighbour's is what it was. */
	KUNIT_EXPECT_EQ(test, mpool_slots_kill(&c->slots, 1, &other, c->holds,
					       &c->bad), 0);
	carve_end(test, c);
}

/* Ends every lease of a page but for those of @left, as the last that could be. */
static void wear_out(struct kunit *test, struct carve *c, unsigned int page,
		     unsigned int left)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, add(c, page, PIECES, c->holds), PIECES);
	for (i = left; i < PIECES; i++)
		c->holds[i].slot->gen = U32_MAX - 1;
	publish(c, PIECES, c->holds);
}

static void a_piece_at_the_end_of_its_generations_is_left_out(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept, i;

	wear_out(test, c, 0, 2);
	/* One that is worn, and one that is not, while the page is in use. */
	swap(c->handles[0], c->handles[2]);
	KUNIT_ASSERT_EQ(test, end(test, c, 2, c->holds), 0U);
	KUNIT_EXPECT_EQ(test, take(c, 4, c->holds, &unkept), 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 1U);
	publish(c, 1, c->holds);
	/* All of them; the page is carved anew without the worn ones. */
	c->handles[1] = mpool_slot_handle(1, 0);
	c->handles[2] = mpool_slot_handle(U32_MAX, 3);
	KUNIT_ASSERT_EQ(test, end(test, c, 3, c->holds), 1U);
	KUNIT_EXPECT_TRUE(test, mpool_slots_keepable(&c->slots, c->holds));
	mpool_slots_free(&c->slots, 1, c->holds);
	KUNIT_ASSERT_EQ(test, add(c, 1, PIECES, c->holds), 2);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, slot_of(&c->holds[i]), i);
	carve_end(test, c);
}

/* The first one's slot stands for the page, but is a piece as the others are. */
static void a_page_whose_first_piece_is_worn_is_kept(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, PIECES, c->holds), PIECES);
	c->holds[0].slot->gen = U32_MAX - 1;
	publish(c, PIECES, c->holds);
	KUNIT_ASSERT_EQ(test, end(test, c, PIECES, c->holds), 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 0U);
	KUNIT_EXPECT_TRUE(test, mpool_slots_keepable(&c->slots, c->holds));
	mpool_slots_keep(&c->slots, 1, c->holds, 1);
	KUNIT_EXPECT_EQ(test, take(c, PIECES, c->holds, &unkept), PIECES - 1U);
	KUNIT_EXPECT_EQ(test, unkept, 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 1U);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[0].desc, &c->pages[0]);
	carve_end(test, c);
}

static void a_place_whose_pieces_are_all_worn_is_lost(struct kunit *test)
{
	struct carve *c = carve_new(test);

	carved(c)->capacity = MPOOL_SLOT_CHUNK;
	wear_out(test, c, 0, 0);
	KUNIT_ASSERT_EQ(test, end(test, c, PIECES, c->holds), 1U);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[0].desc, &c->pages[0]);
	/* Kept, it could not be leased. */
	KUNIT_EXPECT_FALSE(test, mpool_slots_keepable(&c->slots, c->holds));
	mpool_slots_free(&c->slots, 1, c->holds);
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->free));
	KUNIT_EXPECT_EQ(test, add(c, 1, 1, c->holds), -ENOSPC);
	carve_end(test, c);
}

/* At the client's end a page comes once, whatever is in use of it. */
static void the_end_takes_each_page_once(struct kunit *test)
{
	struct mpool_desc *descs[MPOOL_SLOT_CHUNK];
	struct carve *c = carve_new(test);
	unsigned long pos = 0;
	unsigned int kept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 3, c->holds), 3);
	publish(c, 3, c->holds);
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	KUNIT_ASSERT_EQ(test, add(c, 1, 4, c->holds), 4);
	KUNIT_ASSERT_EQ(test, mpool_slots_uncarve(&c->slots, 4, c->holds, true), 1U);
	mpool_slots_keep(&c->slots, 1, c->holds, 1);
	KUNIT_ASSERT_EQ(test, add(c, 2, 1, c->holds), 1);
	KUNIT_ASSERT_EQ(test, mpool_slots_uncarve(&c->slots, 1, c->holds, true), 1U);
	mpool_slots_free(&c->slots, 1, c->holds);

	KUNIT_EXPECT_EQ(test, mpool_slots_drain(&c->slots, &pos, descs, &kept),
			1U);
	KUNIT_EXPECT_PTR_EQ(test, descs[0], &c->pages[0]);
	KUNIT_EXPECT_EQ(test, kept, 0U);
	KUNIT_EXPECT_EQ(test, mpool_slots_drain(&c->slots, &pos, descs, &kept),
			1U);
	KUNIT_EXPECT_PTR_EQ(test, descs[0], &c->pages[1]);
	KUNIT_EXPECT_EQ(test, kept, 1U);
	KUNIT_EXPECT_EQ(test, mpool_slots_drain(&c->slots, &pos, descs, &kept),
			0U);
	carve_end(test, c);
}

static void revoked_pieces_are_told_from_released_ones(struct kunit *test)
{
	struct mpool_hold holds[MPOOL_SLOT_CHUNK];
	struct carve *c = carve_new(test);
	unsigned long pos = 0;

	KUNIT_ASSERT_EQ(test, add(c, 0, 3, c->holds), 3);
	publish(c, 3, c->holds);
	KUNIT_ASSERT_EQ(test, end(test, c, 1, holds), 0U);
	KUNIT_ASSERT_EQ(test, mpool_slots_revoke_all(&c->slots, &pos, holds),
			2U);
	KUNIT_EXPECT_EQ(test, mpool_slots_live(&c->slots), 0U);
	KUNIT_EXPECT_EQ(test, mpool_slots_kill(&c->slots, 1, c->handles, holds,
					       &c->bad), -ESTALE);
	KUNIT_EXPECT_EQ(test, mpool_slots_kill(&c->slots, 1, c->handles + 1,
					       holds, &c->bad), -EKEYREVOKED);
	carve_end(test, c);
}

/*
 * Of a larger buffer a fault maps the other pages, too, where the pieces of the
 * next one are to be.
 */
static void pieces_are_of_single_pages(struct kunit *test)
{
	static const unsigned int with[] = { 1024, SZ_4K, SZ_8K };
	static const unsigned int without[] = { 1024, SZ_8K, SZ_16K };
	struct mpool_config cfg = { .sizes = with, .nr_sizes = 3 };
	struct mpool_window *window;

	window = mpool_window_new(kt_pool(test, &cfg), NULL, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, window);
	KUNIT_EXPECT_EQ(test, window->carved, 1U);
	mpool_window_free(window);
	cfg.sizes = without;
	window = mpool_window_new(kt_pool(test, &cfg), NULL, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, window);
	KUNIT_EXPECT_EQ(test, window->carved, 0U);
	mpool_window_free(window);
}

/* Nobody knows which of its pieces it is that are pinned. */
static void a_piece_of_a_pinned_page_is_withheld(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 3, c->holds), 3);
	publish(c, 3, c->holds);
	pin(c, 0);
	KUNIT_ASSERT_EQ(test, end(test, c, 2, c->holds), 0U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, 2U);
	/* What nobody had since before the pin can be had. */
	KUNIT_ASSERT_EQ(test, take(c, 4, c->holds, &unkept), 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[0]), 3U);
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->partial));
	KUNIT_EXPECT_EQ(test, take(c, 1, c->holds + 1, &unkept), 0U);

	unpin(c, 0);
	KUNIT_ASSERT_EQ(test, take(c, 1, c->holds + 1, &unkept), 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[1]), 0U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, 0U);
	KUNIT_ASSERT_EQ(test, take(c, 2, c->holds + 2, &unkept), 1U);
	KUNIT_EXPECT_EQ(test, slot_of(&c->holds[2]), 1U);
	carve_end(test, c);
}

/* Reserved for a lease that failed, they were nobody's: no pin is theirs. */
static void what_was_no_lease_is_not_withheld(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 2, c->holds), 2);
	publish(c, 2, c->holds);
	pin(c, 0);
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	KUNIT_ASSERT_EQ(test, take(c, 2, c->holds, &unkept), 2U);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&carved(c)->pinned));
	KUNIT_EXPECT_EQ(test, mpool_slots_uncarve(&c->slots, 2, c->holds,
						  false), 0U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, 1U);
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->pinned));
	KUNIT_EXPECT_TRUE(test, mpool_slots_has_idle(&c->slots, CARVED));
	KUNIT_EXPECT_EQ(test, take(c, 4, c->holds, &unkept), 2U);
	KUNIT_EXPECT_FALSE(test, mpool_slots_has_idle(&c->slots, CARVED));
	unpin(c, 0);
	KUNIT_EXPECT_TRUE(test, mpool_slots_has_idle(&c->slots, CARVED));
	KUNIT_EXPECT_EQ(test, take(c, 4, c->holds + 2, &unkept), 1U);
	carve_end(test, c);
}

/* Another piece's end is a look as well. */
static void a_later_end_offers_what_was_withheld(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 4, c->holds), 4);
	publish(c, 4, c->holds);
	pin(c, 0);
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	unpin(c, 0);
	c->handles[0] = c->handles[1];
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, 0U);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&carved(c)->partial));
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->pinned));
	KUNIT_EXPECT_EQ(test, take(c, 2, c->holds, &unkept), 2U);
	carve_end(test, c);
}

/* Empty, it is looked at as any buffer, and begins anew. */
static void a_pinned_page_that_empties_withholds_nothing(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int unkept;

	KUNIT_ASSERT_EQ(test, add(c, 0, 4, c->holds), 4);
	publish(c, 4, c->holds);
	pin(c, 0);
	KUNIT_ASSERT_EQ(test, end(test, c, 4, c->holds), 1U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, 0U);
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->pinned));
	mpool_slots_keep(&c->slots, 1, c->holds, 1);
	KUNIT_ASSERT_EQ(test, take(c, 4, c->holds, &unkept), 4U);
	KUNIT_EXPECT_EQ(test, unkept, 1U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, 0U);
	carve_end(test, c);
}

/* However many there are, a lease looks at a few, and not always the same. */
static void pinned_pages_are_looked_at_in_turn(struct kunit *test)
{
	struct carve *c = carve_new(test);
	unsigned int i, unkept, got = 0;

	for (i = 0; i < PAGES; i++) {
		KUNIT_ASSERT_EQ(test, add(c, i, 4, c->holds), 4);
		publish(c, 4, c->holds);
		pin(c, i);
		KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	}
	KUNIT_EXPECT_EQ(test, carved(c)->nr_withheld, (u32)PAGES);
	unpin(c, PAGES - 1);
	for (i = 0; i < PAGES && !got; i++)
		got = take(c, 1, c->holds, &unkept);
	KUNIT_ASSERT_EQ(test, got, 1U);
	KUNIT_EXPECT_GT(test, i, 1U);
	KUNIT_EXPECT_PTR_EQ(test, c->holds[0].desc, &c->pages[PAGES - 1]);
	carve_end(test, c);
}

/* Fewer than are needed are left to others; pages with idle ones are looked at. */
static void enough_or_none(struct kunit *test)
{
	struct carve *c = carve_new(test);

	KUNIT_ASSERT_EQ(test, add(c, 0, 3, c->holds), 3);
	publish(c, 3, c->holds);
	pin(c, 0);
	KUNIT_ASSERT_EQ(test, end(test, c, 1, c->holds), 0U);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&carved(c)->mixed));
	mpool_slots_look(&c->slots, CARVED);
	KUNIT_EXPECT_EQ(test, mpool_slots_carve_idle(&c->slots, CARVED, 2, 4,
						     c->holds), 0U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_idle, 1U);
	unpin(c, 0);
	mpool_slots_look(&c->slots, CARVED);
	KUNIT_EXPECT_TRUE(test, list_empty(&carved(c)->mixed));
	KUNIT_EXPECT_EQ(test, mpool_slots_carve_idle(&c->slots, CARVED, 2, 4,
						     c->holds), 2U);
	KUNIT_EXPECT_EQ(test, carved(c)->nr_idle, 0U);
	carve_end(test, c);
}

static struct kunit_case carve_cases[] = {
	KUNIT_CASE(a_page_has_so_many_pieces_from_its_start),
	KUNIT_CASE(pages_in_use_come_first_then_kept_ones),
	KUNIT_CASE(a_page_goes_with_its_last_piece),
	KUNIT_CASE(no_place_for_a_page_changes_nothing),
	KUNIT_CASE(whole_buffers_among_pieces_stay_whole),
	KUNIT_CASE(each_lease_of_a_piece_has_its_own_generation),
	KUNIT_CASE(a_piece_at_the_end_of_its_generations_is_left_out),
	KUNIT_CASE(a_page_whose_first_piece_is_worn_is_kept),
	KUNIT_CASE(a_place_whose_pieces_are_all_worn_is_lost),
	KUNIT_CASE(the_end_takes_each_page_once),
	KUNIT_CASE(revoked_pieces_are_told_from_released_ones),
	KUNIT_CASE(pieces_are_of_single_pages),
	KUNIT_CASE(a_piece_of_a_pinned_page_is_withheld),
	KUNIT_CASE(what_was_no_lease_is_not_withheld),
	KUNIT_CASE(a_later_end_offers_what_was_withheld),
	KUNIT_CASE(a_pinned_page_that_empties_withholds_nothing),
	KUNIT_CASE(pinned_pages_are_looked_at_in_turn),
	KUNIT_CASE(enough_or_none),
	{}
};

KT_SUITE(carve);
