/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPOOL_KUNIT_SUITES_H
#define _MPOOL_KUNIT_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite mpool_settings_suite;
extern struct kunit_suite mpool_pool_suite;
extern struct kunit_suite mpool_configure_suite;
extern struct kunit_suite mpool_registry_suite;
extern struct kunit_suite mpool_backing_suite;
extern struct kunit_suite mpool_alloc_suite;
extern struct kunit_suite mpool_bulk_suite;
extern struct kunit_suite mpool_report_suite;
extern struct kunit_suite mpool_kasan_suite;
extern struct kunit_suite mpool_debug_suite;
extern struct kunit_suite mpool_cpu_suite;
extern struct kunit_suite mpool_magazine_suite;
extern struct kunit_suite mpool_seats_suite;
extern struct kunit_suite mpool_numa_suite;
extern struct kunit_suite mpool_class_suite;
extern struct kunit_suite mpool_reclaim_suite;
extern struct kunit_suite mpool_rounds_suite;
extern struct kunit_suite mpool_reserve_suite;
extern struct kunit_suite mpool_use_suite;
extern struct kunit_suite mpool_wait_suite;
extern struct kunit_suite mpool_starve_suite;
extern struct kunit_suite mpool_told_suite;
extern struct kunit_suite mpool_stock_suite;
extern struct kunit_suite mpool_recall_suite;
extern struct kunit_suite mpool_events_suite;
extern struct kunit_suite mpool_lease_suite;
extern struct kunit_suite mpool_quota_suite;
extern struct kunit_suite mpool_carve_suite;
extern struct kunit_suite mpool_grant_suite;
extern struct kunit_suite mpool_payer_suite;
extern struct kunit_suite mpool_stats_suite;
extern struct kunit_suite mpool_hist_suite;
extern struct kunit_suite mpool_leak_suite;
extern struct kunit_suite mpool_trace_suite;

#endif /* _MPOOL_KUNIT_SUITES_H */
