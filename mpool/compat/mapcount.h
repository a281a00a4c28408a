/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many page-table entries map a folio of ours: up to 6.9 the function that
 * says so was not there for modules, and a large folio had no count of its own.
 */
#ifndef _MPOOL_COMPAT_MAPCOUNT_H
#define _MPOOL_COMPAT_MAPCOUNT_H

#include <linux/mm.h>
#include <linux/version.h>

static inline int mpool_folio_mapcount(struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return folio_mapcount(folio);
#else
	int i, nr = folio_nr_pages(folio), entire, sum = 0;

	if (nr == 1)
		return page_mapcount(&folio->page);
	/* An entry for all of it counts there, and at each page once more. */
	entire = folio_entire_mapcount(folio);
	for (i = 0; i < nr; i++)
		sum += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return sum - entire * (nr - 1);
#endif
}

/* Of a page that is no part of a larger folio. */
static inline int mpool_page_mapcount(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return folio_mapcount(page_folio(page));
#else
	return page_mapcount(page);
#endif
}

#endif /* _MPOOL_COMPAT_MAPCOUNT_H */
