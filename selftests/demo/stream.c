// SPDX-License-Identifier: GPL-2.0
/*
 * Puts the records of all shares in order.  Only messages are kept here.
 */
#include <stddef.h>

#include "stream.h"

void stream_begin(struct stream *stream, unsigned int shares)
{
	unsigned int i;

	stream->shares = shares;
	for (i = 0; i < shares; i++)
		stream->queues[i].next_chunk = i;
}

static struct queue *queue_of(struct stream *stream, unsigned int share)
{
	if (share >= stream->shares)
		demo_die(0, "there is no share %u", share);
	return &stream->queues[share];
}

/* A record that came must be the one that was to come. */
void stream_add(struct stream *stream, unsigned int from,
		const struct demo_message *message)
{
	struct queue *queue = queue_of(stream, message->share);

	if (message->chunk != queue->next_chunk ||
	    message->record != queue->next_record ||
	    (message->record && message->pos != queue->next_pos) ||
	    !message->length || message->length > message->lease.length)
		demo_die(0, "record %u.%u of share %u came instead of %u.%u",
			 message->chunk, message->record, message->share,
			 queue->next_chunk, queue->next_record);
	if (queue->ended || queue->head - queue->tail == QUEUE_SIZE)
		demo_die(0, "share %u has too many records", message->share);
	queue->records[queue->head++ % QUEUE_SIZE] = (struct record){
		.from = from,
		.message = *message,
	};
	queue->next_pos = message->pos + message->length;
	queue->next_record++;
	if (message->last) {
		queue->next_chunk += stream->shares;
		queue->next_record = 0;
	}
}

void stream_end_share(struct stream *stream, unsigned int share)
{
	queue_of(stream, share)->ended = true;
}

/* The record whose turn it is, if it has come. */
const struct record *stream_next(const struct stream *stream)
{
	const struct queue *queue =
		&stream->queues[stream->chunk % stream->shares];
	const struct record *record;

	if (queue->head == queue->tail)
		return NULL;
	record = &queue->records[queue->tail % QUEUE_SIZE];
	if (record->message.chunk != stream->chunk ||
	    record->message.record != stream->record ||
	    record->message.pos != stream->pos)
		demo_die(0, "record %u.%u at %llu is not %u.%u at %llu",
			 record->message.chunk, record->message.record,
			 record->message.pos, stream->chunk, stream->record,
			 stream->pos);
	return record;
}

/* That record is consumed. */
void stream_advance(struct stream *stream)
{
	struct queue *queue = &stream->queues[stream->chunk % stream->shares];
	const struct demo_message *message =
		&queue->records[queue->tail % QUEUE_SIZE].message;

	stream->pos += message->length;
	stream->record++;
	if (message->last) {
		stream->chunk++;
		stream->record = 0;
	}
	queue->tail++;
}

bool stream_done(const struct stream *stream)
{
	unsigned int i;

	for (i = 0; i < stream->shares; i++)
		if (!stream->queues[i].ended ||
		    stream->queues[i].head != stream->queues[i].tail)
			return false;
	return true;
}
