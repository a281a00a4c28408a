// SPDX-License-Identifier: GPL-2.0
/*
 * All suites, from the lowest layer up: the first to fail is the nearest to
 * the fault.
 */
#include <linux/kernel.h>

#include "compat/kunit.h"
#include "kunit.h"
#include "suites.h"

static struct kunit_suite *suites[] = {
	&mpool_settings_suite,
	&mpool_backing_suite,
	&mpool_magazine_suite,
	&mpool_cpu_suite,
	&mpool_class_suite,
	&mpool_wait_suite,
	&mpool_stock_suite,
	&mpool_lease_suite,
	&mpool_reclaim_suite,
	&mpool_pool_suite,
	&mpool_configure_suite,
	&mpool_registry_suite,
	&mpool_alloc_suite,
	&mpool_report_suite,
	&mpool_stats_suite,
	&mpool_hist_suite,
	&mpool_leak_suite,
	&mpool_trace_suite,
};

void mpool_kunit_start(void)
{
	mpool_kunit_run(suites, ARRAY_SIZE(suites));
}

void mpool_kunit_stop(void)
{
	__kunit_test_suites_exit(suites, ARRAY_SIZE(suites));
}
