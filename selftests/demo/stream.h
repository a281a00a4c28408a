/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records that came and wait for their turn, and whose turn it is.
 */
#ifndef _DEMO_STREAM_H
#define _DEMO_STREAM_H

#include <stdbool.h>

#include "protocol.h"

#define SHARES_MAX	16
/* Twice the credit of a share, since a dead producer's records wait on. */
#define QUEUE_SIZE	64

/**
 * struct record - one that was handed over
 * @from: number of the producer whose window it is in
 * @message: the rest
 */
struct record {
	unsigned int from;
	struct demo_message message;
};

/**
 * struct queue - a share's records, in order
 * @records: ring
 * @head: records that came
 * @tail: records that were taken
 * @next_chunk: of the record that comes next
 * @next_record: of it
 * @next_pos: of it; nothing unless next_record
 * @ended: none comes
 */
struct queue {
	struct record records[QUEUE_SIZE];
	unsigned int head;
	unsigned int tail;
	unsigned int next_chunk;
	unsigned int next_record;
	__u64 next_pos;
	bool ended;
};

/**
 * struct stream - the input, being put together again
 * @queues: of the shares
 * @shares: how many
 * @chunk: whose turn it is
 * @record: in that chunk
 * @pos: bytes that are together
 */
struct stream {
	struct queue queues[SHARES_MAX];
	unsigned int shares;
	unsigned int chunk;
	unsigned int record;
	__u64 pos;
};

void stream_begin(struct stream *stream, unsigned int shares);
void stream_add(struct stream *stream, unsigned int from,
		const struct demo_message *message);
void stream_end_share(struct stream *stream, unsigned int share);
const struct record *stream_next(const struct stream *stream);
void stream_advance(struct stream *stream);
bool stream_done(const struct stream *stream);

#endif /* _DEMO_STREAM_H */
