// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events of a client's pool.
 */
#include <errno.h>
#include <unistd.h>

#include "client.h"

int mpl_events(struct mpl_client *client, unsigned int mask, int eventfd,
	       unsigned int leak_age_ms)
{
	struct mpool_events events = {
		.size = sizeof(events),
		.mask = mask,
		.record_size = sizeof(struct mpool_event),
		.eventfd = eventfd,
		.leak_age_ms = leak_age_ms,
	};

	return mpl_call(client->fd, MPOOL_IOC_EVENTS, &events);
}

int mpl_read_events(struct mpl_client *client, struct mpool_event *events,
		    unsigned int count)
{
	ssize_t n = read(client->fd, events, count * sizeof(*events));

	return n < 0 ? -errno : (int)(n / sizeof(*events));
}
