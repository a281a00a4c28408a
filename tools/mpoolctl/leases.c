// SPDX-License-Identifier: GPL-2.0
/*
 * leases: who holds what, as debugfs tells it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "mpoolctl.h"

#define DEBUGFS	"/sys/kernel/debug"

static const struct column columns[] = {
	{ "HANDLE", false },
	{ "SIZE", true },
	{ "AGE", true },
	{ "PID", true },
	{ "OPENER", true },
	{ "CLIENT", true },
	{ "NAMES", false },
};

/* Why the view could not be opened. */
static int no_view(const char *pool, int err)
{
	struct mpool_info info;
	struct statfs fs;
	int why = mpl_info(&info);

	if (why)
		return refused("leases", pool, why);
	if (err == EACCES || err == EPERM)
		complain("only root may see who holds leases: run as root");
	else if (statfs(DEBUGFS, &fs) || fs.f_type != DEBUGFS_MAGIC)
		complain("debugfs is not mounted: mount -t debugfs none %s",
			 DEBUGFS);
	else
		return refused("leases", pool, -err);
	return EXIT_REFUSED;
}

/* Cells are separated by blanks; the names come last, and may have some. */
static void lease_row(struct table *table, char *line)
{
	char *rest = line, *cell;
	size_t i;

	table_row(table);
	for (i = 0; i + 1 < ARRAY_SIZE(columns); i++) {
		cell = strsep(&rest, " ");
		while (cell && !*cell)
			cell = strsep(&rest, " ");
		table_cell(table, "%s", cell ? cell : "");
	}
	table_cell(table, "%s", rest ? rest : "");
}

int cmd_leases(int argc, char **argv, const struct options *opt)
{
	char path[sizeof(DEBUGFS "/mpool//leases") + MPOOL_NAME_LEN];
	struct table *table;
	char *line = NULL;
	size_t size = 0;
	FILE *view;

	(void)argc;
	/* A name with a slash would lead elsewhere. */
	if (strlen(argv[0]) >= MPOOL_NAME_LEN || strchr(argv[0], '/'))
		return refused("leases", argv[0], -EINVAL);
	snprintf(path, sizeof(path), DEBUGFS "/mpool/%s/leases", argv[0]);
	view = fopen(path, "r");
	if (!view)
		return no_view(argv[0], errno);
	table = table_new("leases", columns, ARRAY_SIZE(columns), opt);
	while (getline(&line, &size, view) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0x", 2))
			lease_row(table, line);
	}
	free(line);
	fclose(view);
	return table_print(table);
}
