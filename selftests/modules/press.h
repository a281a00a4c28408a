/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory pressure, on one node at a time, so that nobody has to be killed for it.
 */
#ifndef _MPOOL_SELFTESTS_PRESS_H
#define _MPOOL_SELFTESTS_PRESS_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>

/*
 * The node with memory after @nid, and after the last the first; -1 when there is
 * no other to go to from there.
 */
static inline int press_next(int nid)
{
	if (num_node_state(N_MEMORY) < 2)
		return -1;
	return next_node_in(nid, node_states[N_MEMORY]);
}

/*
 * Takes all memory of a node for a moment, reclaiming what can be; who wants
 * some meanwhile finds it elsewhere.  Returns pages had.
 */
static inline unsigned long press(int nid, const bool *stop)
{
	gfp_t gfp = GFP_KERNEL | __GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN;
	struct page *page, *next;
	unsigned int order = 6;
	unsigned long got = 0;
	LIST_HEAD(pages);

	while (!READ_ONCE(*stop)) {
		page = alloc_pages_node(nid, gfp, order);
		if (!page && !order)
			break;
		if (!page) {
			order = 0;
			continue;
		}
		got += 1UL << order;
		set_page_private(page, order);
		list_add(&page->lru, &pages);
		cond_resched();
	}
	list_for_each_entry_safe(page, next, &pages, lru) {
		order = page_private(page);
		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
		cond_resched();
	}
	return got;
}

#endif /* _MPOOL_SELFTESTS_PRESS_H */
