/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of mpoolctl have in common.
 */
#ifndef _MPOOLCTL_H
#define _MPOOLCTL_H

#include <stdbool.h>
#include <stddef.h>

#include <libmpool.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Command lines, and exit statuses: 0 done, 1 refused, 2 not understood. */
#define EXIT_REFUSED	1
#define EXIT_USAGE	2

/**
 * struct options - what may stand anywhere behind the command
 * @json: print JSON
 */
struct options {
	bool json;
};

/* The commands get their arguments only: argv[0] is the first. */
int cmd_list(int argc, char **argv, const struct options *opt);
int cmd_info(int argc, char **argv, const struct options *opt);
int cmd_create(int argc, char **argv, const struct options *opt);
int cmd_destroy(int argc, char **argv, const struct options *opt);
int cmd_config(int argc, char **argv, const struct options *opt);
int cmd_trim(int argc, char **argv, const struct options *opt);
int cmd_stats(int argc, char **argv, const struct options *opt);
int cmd_classes(int argc, char **argv, const struct options *opt);
int cmd_clients(int argc, char **argv, const struct options *opt);
int cmd_revoke(int argc, char **argv, const struct options *opt);
int cmd_watch(int argc, char **argv, const struct options *opt);
int cmd_leases(int argc, char **argv, const struct options *opt);

/* message.c */
#define __printf(a, b)	__attribute((__format__(__printf__, a, b)))

__printf(1, 2)
void complain(const char *format, ...);
int refused(const char *what, const char *pool, int err);

/* settings.c */
int parse_number(const char *text, unsigned long long *value);
int parse_setting(struct mpool_pool_config *config, __u64 *mask,
		  const char *text);
int show_settings(const struct mpool_pool_config *config,
		  const struct options *opt);
void finish_settings(struct mpool_pool_config *config);

/* table.c */
struct table;

/**
 * struct column - of a table
 * @name: as in its head, and in lower case in JSON
 * @number: aligned right, and a number in JSON
 */
struct column {
	const char *name;
	bool number;
};

struct table *table_new(const char *name, const struct column *columns,
			size_t nr, const struct options *opt);
void table_row(struct table *table);
__printf(2, 3)
void table_cell(struct table *table, const char *format, ...);
int table_print(struct table *table);

#endif /* _MPOOLCTL_H */
