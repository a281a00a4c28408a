// SPDX-License-Identifier: GPL-2.0
/*
 * Tables for people and JSON for programs, by libsmartcols.
 */
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>

#include "mpoolctl.h"

/**
 * struct table - one that is being filled, row by row, cell by cell
 * @scols: the library's
 * @line: the row
 * @cell: number of the next cell in it
 */
struct table {
	struct libscols_table *scols;
	struct libscols_line *line;
	size_t cell;
};

static noreturn void no_memory(void)
{
	complain("out of memory");
	exit(EXIT_REFUSED);
}

struct table *table_new(const char *name, const struct column *columns,
			size_t nr, const struct options *opt)
{
	struct table *table = calloc(1, sizeof(*table));
	struct libscols_column *column;
	size_t i;

	if (table)
		table->scols = scols_new_table();
	if (!table || !table->scols || scols_table_set_name(table->scols, name))
		no_memory();
	scols_table_enable_json(table->scols, opt->json);
	for (i = 0; i < nr; i++) {
		column = scols_table_new_column(table->scols, columns[i].name,
						0, columns[i].number ?
						SCOLS_FL_RIGHT : 0);
		if (!column)
			no_memory();
		if (columns[i].number)
			scols_column_set_json_type(column, SCOLS_JSON_NUMBER);
	}
	return table;
}

void table_row(struct table *table)
{
	table->line = scols_table_new_line(table->scols, NULL);
	if (!table->line)
		no_memory();
	table->cell = 0;
}

void table_cell(struct table *table, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0 || scols_line_refer_data(table->line, table->cell++, text))
		no_memory();
}

/* The library prints nothing, or no array, when there are no rows. */
static int print_empty(struct libscols_table *scols)
{
	struct libscols_column *column;
	size_t i;

	if (scols_table_is_json(scols)) {
		printf("{\n   \"%s\": []\n}\n", scols_table_get_name(scols));
		return 0;
	}
	for (i = 0; i < scols_table_get_ncols(scols); i++) {
		column = scols_table_get_column(scols, i);
		printf("%s%s", i ? " " : "", scols_column_get_name(column));
	}
	putchar('\n');
	return 0;
}

/* Prints and frees it; returns an exit status. */
int table_print(struct table *table)
{
	int err = scols_table_get_nlines(table->scols) ?
		  scols_print_table(table->scols) : print_empty(table->scols);

	scols_unref_table(table->scols);
	free(table);
	if (fflush(stdout) || err) {
		complain("cannot write the answer");
		return EXIT_REFUSED;
	}
	return 0;
}
