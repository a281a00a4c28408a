// SPDX-License-Identifier: GPL-2.0
/*
 * All suites, from the lowest layer up: the first to fail is the nearest to
 * the fault.
 */
#include <linux/glob.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#include "compat/kunit.h"
#include "kunit.h"
#include "suites.h"

static struct kunit_suite *suites[] = {
	&mpool_settings_suite,
	&mpool_backing_suite,
	&mpool_magazine_suite,
	&mpool_seats_suite,
	&mpool_numa_suite,
	&mpool_cpu_suite,
	&mpool_class_suite,
	&mpool_wait_suite,
	&mpool_starve_suite,
	&mpool_told_suite,
	&mpool_stock_suite,
	&mpool_recall_suite,
	&mpool_events_suite,
	&mpool_lease_suite,
	&mpool_quota_suite,
	&mpool_carve_suite,
	&mpool_grant_suite,
	&mpool_payer_suite,
	&mpool_reclaim_suite,
	&mpool_rounds_suite,
	&mpool_reserve_suite,
	&mpool_use_suite,
	&mpool_pool_suite,
	&mpool_configure_suite,
	&mpool_registry_suite,
	&mpool_alloc_suite,
	&mpool_bulk_suite,
	&mpool_report_suite,
	&mpool_kasan_suite,
	&mpool_debug_suite,
	&mpool_stats_suite,
	&mpool_hist_suite,
	&mpool_leak_suite,
	&mpool_trace_suite,
};

/* For a machine that is there for some of them. */
static char *only;
module_param_named(suites, only, charp, 0400);
MODULE_PARM_DESC(suites, "run the suites that this pattern matches");

static unsigned int chosen;

/* To the front come those that are to run. */
static void choose(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (!only || glob_match(only, suites[i]->name))
			suites[chosen++] = suites[i];
}

void mpool_kunit_start(void)
{
	choose();
	mpool_kunit_run(suites, chosen);
}

void mpool_kunit_stop(void)
{
	__kunit_test_suites_exit(suites, chosen);
}
