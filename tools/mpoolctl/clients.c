// SPDX-License-Identifier: GPL-2.0
/*
 * clients, revoke and watch: what clients have, and what happens to them.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpoolctl.h"

/* Half of what the kernel keeps; more come with the next call. */
#define NR_EVENTS	32

int cmd_clients(int argc, char **argv, const struct options *opt)
{
	static const struct column columns[] = {
		{ "CLIENT", true },
		{ "PID", true },
		{ "UID", true },
		{ "LEASES", true },
		{ "BUFFERS", true },
		{ "BYTES", true },
		{ "KEPT-BYTES", true },
		{ "MODE", false },
		{ "NAME", false },
	};
	struct mpool_client_entry *clients;
	struct table *table;
	unsigned int count, i;
	int err = mpl_clients(argv[0], &clients, &count);

	(void)argc;
	if (err)
		return refused("clients", argv[0], err);
	table = table_new("clients", columns, ARRAY_SIZE(columns), opt);
	for (i = 0; i < count; i++) {
		const struct mpool_client_entry *c = &clients[i];

		table_row(table);
		table_cell(table, "%llu", c->client);
		table_cell(table, "%u", c->pid);
		table_cell(table, "%u", c->uid);
		table_cell(table, "%llu", c->leases);
		table_cell(table, "%llu", c->buffers);
		table_cell(table, "%llu", c->bytes);
		table_cell(table, "%llu", c->kept_bytes);
		table_cell(table, "%s", c->flags & MPOOL_ATTACH_STRICT ?
			   "strict" : "-");
		table_cell(table, "%.*s", (int)sizeof(c->comm), c->comm);
	}
	free(clients);
	return table_print(table);
}

int cmd_revoke(int argc, char **argv, const struct options *opt)
{
	unsigned long long client, handle = 0;
	__u64 revoked;
	int err;

	(void)opt;
	if (parse_number(argv[1], &client)) {
		complain("%s: not a client; \"mpoolctl clients %s\" has its number",
			 argv[1], argv[0]);
		return EXIT_USAGE;
	}
	if (argc > 2 && (parse_number(argv[2], &handle) || !handle)) {
		complain("%s: %s", argv[2],
			 "not a handle; give one that \"mpoolctl leases\" shows, or nothing to take all leases of the client");
		return EXIT_USAGE;
	}
	err = mpl_revoke(argv[0], client, handle, &revoked);
	if (err)
		return refused("revoke", argv[0], err);
	printf("%llu leases taken back\n", revoked);
	return 0;
}

static void show(const struct mpool_event *event)
{
	printf("%llu.%06llu ", event->time_ns / 1000000000,
	       event->time_ns / 1000 % 1000000);
	if (event->lost)
		printf("lost=%u ", event->lost);
	switch (event->type) {
	case MPOOL_EVENT_LOW:
	case MPOOL_EVENT_HIGH:
		printf("%s count=%llu percent=%llu",
		       event->type == MPOOL_EVENT_LOW ? "low" : "high",
		       event->count, event->value);
		break;
	case MPOOL_EVENT_EXHAUSTED:
		printf("exhausted count=%llu size=%llu backed=%llu",
		       event->count, event->length, event->value);
		break;
	case MPOOL_EVENT_LEAK:
		printf("leak count=%llu size=%llu client=%llu oldest=0x%016llx",
		       event->count, event->length, event->client,
		       event->value);
		break;
	default:
		printf("event-%#x count=%llu", event->type, event->count);
	}
	putchar('\n');
}

int cmd_watch(int argc, char **argv, const struct options *opt)
{
	unsigned int mask = MPOOL_EVENT_LOW | MPOOL_EVENT_HIGH |
			    MPOOL_EVENT_EXHAUSTED;
	struct mpool_event events[NR_EVENTS];
	unsigned long long age = 0;
	struct mpl_client *client;
	int err, i, nr;

	(void)opt;
	if (argc > 1 && (parse_number(argv[1], &age) || !age ||
			 age > UINT_MAX)) {
		complain("%s: %s", argv[1],
			 "not an age; give the milliseconds after which a lease is suspect, or nothing not to look for such");
		return EXIT_USAGE;
	}
	if (age)
		mask |= MPOOL_EVENT_LEAK;
	err = mpl_open(&client, argv[0]);
	if (err)
		return refused("watch", argv[0], err);
	err = mpl_events(client, mask, -1, age);
	while (!err) {
		nr = mpl_read_events(client, events, NR_EVENTS);
		for (i = 0; i < nr; i++)
			show(&events[i]);
		fflush(stdout);
		/* A reader that is gone is a reason to end, not to complain. */
		if (ferror(stdout))
			break;
		if (nr < 0 && nr != -EINTR)
			err = nr;
	}
	mpl_close(client);
	return err ? refused("watch", argv[0], err) : 0;
}
