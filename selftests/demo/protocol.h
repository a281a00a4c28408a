/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a producer and the consumer say to each other: one packet a message.
 * The payload never passes here; it stays where the producer leased it.
 */
#ifndef _DEMO_PROTOCOL_H
#define _DEMO_PROTOCOL_H

#include <linux/mpool.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#define __printf(a, b)	__attribute((__format__(__printf__, a, b)))

enum demo_type {
	/* producer: I begin with @share; it has @chunk chunks */
	DEMO_HELLO = 1,
	/* producer: a record is in @lease */
	DEMO_RECORD,
	/* producer: there is nothing more in @share */
	DEMO_END,
	/* consumer: the record of @share in @lease is consumed */
	DEMO_CONSUMED,
	/* consumer: take over @share, from @chunk, @record, @pos on */
	DEMO_TAKEOVER,
};

/**
 * struct demo_message - a packet
 * @type: enum demo_type
 * @share: whose records these are
 * @chunk: piece of the input that the record is from
 * @record: number of the record in its chunk; both make the order
 * @last: the chunk's last record
 * @pos: where the record stands in the input
 * @length: its bytes
 * @lease: where it is
 */
struct demo_message {
	__u32 type;
	__u32 share;
	__u32 chunk;
	__u32 record;
	__u32 last;
	__u32 length;
	__u64 pos;
	struct mpool_lease lease;
};

/* wire.c */
int demo_connect(const char *path);
int demo_listen(const char *path, int backlog);
/* Both fail with a negative errno; receive returns 0 at the end. */
int demo_send(int sock, const struct demo_message *message);
int demo_receive(int sock, struct demo_message *message, bool wait);
noreturn __printf(2, 3)
void demo_die(int err, const char *format, ...);

#endif /* _DEMO_PROTOCOL_H */
