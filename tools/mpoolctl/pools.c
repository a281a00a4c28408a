// SPDX-License-Identifier: GPL-2.0
/*
 * info, list, create, config, destroy and trim.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "mpoolctl.h"

int cmd_info(int argc, char **argv, const struct options *opt)
{
	static const struct column columns[] = {
		{ "ABI", true },
		{ "PAGE-SIZE", true },
		{ "BATCH-MAX", true },
		{ "POOLS", true },
		{ "FAULT-AROUND", false },
		{ "URING-REGISTER", false },
	};
	struct mpool_info info;
	struct table *table;
	int err = mpl_info(&info);

	(void)argc;
	(void)argv;
	if (err)
		return refused("info", "all pools", err);
	table = table_new("info", columns, ARRAY_SIZE(columns), opt);
	table_row(table);
	table_cell(table, "%u", info.abi_version);
	table_cell(table, "%u", info.page_size);
	table_cell(table, "%u", info.batch_max);
	table_cell(table, "%u", info.nr_pools);
	table_cell(table, "%s", info.features & MPOOL_FEATURE_FAULT_AROUND ?
		   "yes" : "no");
	table_cell(table, "%s", info.features & MPOOL_FEATURE_URING_REGISTER ?
		   "yes" : "no");
	return table_print(table);
}

int cmd_list(int argc, char **argv, const struct options *opt)
{
	static const struct column columns[] = {
		{ "NAME", false },
		{ "UID", true },
		{ "GID", true },
		{ "MODE", false },
		{ "CLIENTS", true },
		{ "CLASSES", true },
		{ "BYTES", true },
		{ "MAX-BYTES", true },
	};
	struct mpool_pool_entry *pools;
	struct table *table;
	unsigned int count, i;
	int err = mpl_list(&pools, &count);

	(void)argc;
	(void)argv;
	if (err)
		return refused("list", "all pools", err);
	table = table_new("pools", columns, ARRAY_SIZE(columns), opt);
	for (i = 0; i < count; i++) {
		table_row(table);
		table_cell(table, "%.*s", MPOOL_NAME_LEN, pools[i].name);
		table_cell(table, "%u", pools[i].uid);
		table_cell(table, "%u", pools[i].gid);
		table_cell(table, "%04o", pools[i].mode);
		table_cell(table, "%u", pools[i].nr_clients);
		table_cell(table, "%u", pools[i].nr_classes);
		table_cell(table, "%llu", pools[i].bytes);
		table_cell(table, "%llu", pools[i].max_bytes);
	}
	free(pools);
	return table_print(table);
}

int cmd_create(int argc, char **argv, const struct options *opt)
{
	struct mpool_pool_config config = {};
	int i, err;

	(void)opt;
	for (i = 1; i < argc; i++)
		if (parse_setting(&config, NULL, argv[i]))
			return EXIT_USAGE;
	finish_settings(&config);
	err = mpl_create(argv[0], &config);
	return err ? refused("create", argv[0], err) : 0;
}

int cmd_config(int argc, char **argv, const struct options *opt)
{
	struct mpool_pool_config config = {};
	__u64 mask = 0;
	int i, err;

	for (i = 1; i < argc; i++)
		if (parse_setting(&config, &mask, argv[i]))
			return EXIT_USAGE;
	if (mask && opt->json) {
		complain("--json goes with \"mpoolctl config NAME\", which shows all settings");
		return EXIT_USAGE;
	}
	err = mpl_config(argv[0], &config, mask);
	if (err)
		return refused(mask ? "change" : "show", argv[0], err);
	return mask ? 0 : show_settings(&config, opt);
}

int cmd_destroy(int argc, char **argv, const struct options *opt)
{
	int err = mpl_destroy(argv[0]);

	(void)argc;
	(void)opt;
	return err ? refused("destroy", argv[0], err) : 0;
}

int cmd_trim(int argc, char **argv, const struct options *opt)
{
	unsigned long long age = 0;
	__u64 bytes;
	int err;

	(void)opt;
	if (argc > 1 && (parse_number(argv[1], &age) || age > UINT_MAX)) {
		complain("%s: not an age; give milliseconds, or nothing to trim every idle buffer",
			 argv[1]);
		return EXIT_USAGE;
	}
	err = mpl_trim(argv[0], age, &bytes);
	if (err)
		return refused("trim", argv[0], err);
	printf("%llu bytes given back\n", bytes);
	return 0;
}
