// SPDX-License-Identifier: GPL-2.0
/*
 * mpoolctl: what administrators do with pools.  See mpoolctl(8).
 */
#include <stdio.h>
#include <string.h>

#include "mpoolctl.h"

/**
 * struct command - one of them
 * @name: as it is called
 * @run: does it
 * @least: arguments that it must have
 * @most: that it may have
 * @json: it can answer in JSON
 * @usage: its arguments
 * @help: what it does
 */
static const struct command {
	const char *name;
	int (*run)(int argc, char **argv, const struct options *opt);
	int least;
	int most;
	bool json;
	const char *usage;
	const char *help;
} commands[] = {
	{ "list", cmd_list, 0, 0, true, "[--json]",
	  "the pools that there are" },
	{ "info", cmd_info, 0, 0, true, "[--json]",
	  "what the module can do" },
	{ "create", cmd_create, 1, 64, false, "NAME [SETTING=VALUE...]",
	  "make a pool; sizes may end in K, M or G, 0 means none.\n"
	  "  sizes:      min_size, max_size (16 to 4M), max_bytes,\n"
	  "              max_bytes_small, max_bytes_medium, max_bytes_large\n"
	  "  buffers:    max_small, max_medium, max_large, initial_small,\n"
	  "              initial_medium, initial_large, reserve\n"
	  "  growing:    growth_percent, shrink_percent, cleanup_interval_ms,\n"
	  "              max_age_ms, adaptive\n"
	  "  shares:     client_max, client_max_bytes, user_max, user_max_bytes\n"
	  "  events:     low_percent, high_percent\n"
	  "  who may:    mode (as 0660), uid, gid (numbers or names)\n"
	  "  and:        node, eager, debug (no value)" },
	{ "config", cmd_config, 1, 64, true, "NAME [SETTING=VALUE...] [--json]",
	  "show a pool's settings, or change some while it is used;\n"
	  "  those of create, but min_size, max_size, node, eager and debug" },
	{ "destroy", cmd_destroy, 1, 1, false, "NAME",
	  "end a pool that nobody uses" },
	{ "stats", cmd_stats, 0, 1, true, "[NAME] [--json]",
	  "counters of a pool, or of all" },
	{ "classes", cmd_classes, 1, 1, true, "NAME [--json]",
	  "counters of each size class" },
	{ "trim", cmd_trim, 1, 2, false, "NAME [AGE_MS]",
	  "give idle buffers back to the system" },
	{ "clients", cmd_clients, 1, 1, true, "NAME [--json]",
	  "who is attached, and how much each has" },
	{ "leases", cmd_leases, 1, 1, true, "NAME [--json]",
	  "who holds which buffer, since how many seconds (root)" },
	{ "revoke", cmd_revoke, 2, 3, false, "NAME CLIENT [HANDLE]",
	  "take a lease back from who holds it, or all that he has;\n"
	  "  CLIENT as clients shows it, HANDLE as leases does" },
	{ "watch", cmd_watch, 1, 2, false, "NAME [LEAK_AGE_MS]",
	  "say what happens to a pool, until interrupted;\n"
	  "  watermarks crossed, nothing left to give, and leases older than\n"
	  "  LEAK_AGE_MS.  It attaches to the pool." },
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int explain(const char *name)
{
	const struct command *c;

	if (name) {
		c = find_command(name);
		if (!c) {
			complain("%s: not a command; \"mpoolctl help\" lists them",
				 name);
			return EXIT_USAGE;
		}
		printf("mpoolctl %s %s\n%s\n", c->name, c->usage, c->help);
		return 0;
	}
	puts("usage: mpoolctl COMMAND [ARGUMENT...]\n");
	for (c = commands; c < commands + ARRAY_SIZE(commands); c++)
		printf("  %-8s %-33s %.*s\n", c->name, c->usage,
		       (int)strcspn(c->help, ";\n"), c->help);
	puts("  help     [COMMAND]                         this, or more of a command");
	return 0;
}

/* Takes the options out of the arguments; NULL, or one that is not known. */
static const char *take_options(int *argc, char **argv, struct options *opt)
{
	int i, nr = 0;

	for (i = 0; i < *argc; i++) {
		if (argv[i][0] != '-')
			argv[nr++] = argv[i];
		else if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "-J"))
			opt->json = true;
		else
			return argv[i];
	}
	*argc = nr;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct options opt = {};
	const char *unknown;

	if (argc < 2) {
		explain(NULL);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
	    !strcmp(argv[1], "-h"))
		return explain(argc > 2 ? argv[2] : NULL);
	c = find_command(argv[1]);
	if (!c) {
		complain("%s: not a command; \"mpoolctl help\" lists them",
			 argv[1]);
		return EXIT_USAGE;
	}
	argc -= 2;
	argv += 2;
	unknown = take_options(&argc, argv, &opt);
	if (unknown || (opt.json && !c->json)) {
		complain("%s has no option %s; usage: mpoolctl %s %s", c->name,
			 unknown ? unknown : "--json", c->name, c->usage);
		return EXIT_USAGE;
	}
	if (argc < c->least || argc > c->most) {
		complain("%s arguments; usage: mpoolctl %s %s",
			 argc < c->least ? "too few" : "too many", c->name,
			 c->usage);
		return EXIT_USAGE;
	}
	return c->run(argc, argv, &opt);
}
