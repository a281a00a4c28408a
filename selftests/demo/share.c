// SPDX-License-Identifier: GPL-2.0
/*
 * The input is cut into chunks that begin after an end of line, and the chunks
 * are dealt out like cards: chunk 0 to share 0, chunk 1 to share 1, and so on.
 * A chunk is cut into records at ends of lines: single lines most of all, and
 * packs of lines up to 64 KiB.  All of it depends on the input alone, so that
 * anybody can go on with a share from any record.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share.h"

#define CHUNK_MAX	(256u << 10)
#define RECORD_MAX	(64u << 10)

int input_open(struct input *input, const char *path, unsigned int shares)
{
	struct stat st;

	memset(input, 0, sizeof(*input));
	input->shares = shares;
	input->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0 || fstat(input->fd, &st))
		return -errno;
	input->size = st.st_size;
	input->chunk = input->size / (16 * shares);
	/* Few enough that a share of a small input does not end at once. */
	input->credit = 6;
	if (input->chunk > CHUNK_MAX) {
		input->chunk = CHUNK_MAX;
		input->credit = 16;
	}
	if (!input->chunk)
		input->chunk = 1;
	if (!input->size)
		return 0;
	input->text = mmap(NULL, input->size, PROT_READ, MAP_SHARED, input->fd,
			   0);
	return input->text == MAP_FAILED ? -errno : 0;
}

static unsigned int all_chunks(const struct input *input)
{
	return (input->size + input->chunk - 1) / input->chunk;
}

/* How many of the chunks are in a share. */
unsigned int input_chunks(const struct input *input, unsigned int share)
{
	return (all_chunks(input) + input->shares - 1 - share) / input->shares;
}

/* Where a chunk begins: behind an end of line, if one comes soon. */
static size_t chunk_start(const struct input *input, unsigned int chunk)
{
	size_t start = chunk * input->chunk, look = input->chunk / 2;
	const char *end;

	if (start >= input->size)
		return input->size;
	if (!start)
		return 0;
	if (look > input->size - start)
		look = input->size - start;
	end = memchr(input->text + start - 1, '\n', look);
	/* No chunk is empty. */
	if (!end || end + 1 == input->text + input->size)
		return start;
	return end + 1 - input->text;
}

/* A number that looks random and is always the same for a record. */
static unsigned int mix(unsigned int chunk, unsigned int record)
{
	unsigned int x = chunk * 0x9e3779b1u + record * 0x85ebca77u + 1;

	x ^= x >> 15;
	x *= 0x2c1b3c6du;
	x ^= x >> 12;
	x *= 0x297a2d39u;
	return x ^ x >> 15;
}

/* Most bytes of a record: every second one is a line. */
static size_t wish(const struct share *share)
{
	unsigned int x = mix(share->chunk, share->record);

	switch (x & 15) {
	case 0 ... 7:
		return 0;
	case 8 ... 11:
		return 1 + (x >> 4) % (4u << 10);
	case 12 ... 14:
		return 1 + (x >> 4) % (16u << 10);
	default:
		return 1 + (x >> 4) % RECORD_MAX;
	}
}

/**
 * share_begin() - go to a record
 * @input: the input
 * @share: to be set
 * @nr: number of the share
 * @chunk: one of its chunks, or the one after its last
 * @record: in the chunk
 * @pos: of the record; not looked at for a chunk's first one
 */
void share_begin(const struct input *input, struct share *share,
		 unsigned int nr, unsigned int chunk, unsigned int record,
		 size_t pos)
{
	share->nr = nr;
	share->chunk = chunk;
	share->record = record;
	share->pos = record ? pos : chunk_start(input, chunk);
	share->out = 0;
	share->ended = chunk >= all_chunks(input);
}

/**
 * share_next() - bytes of the next record
 * @input: the input
 * @share: not ended
 * @last: set to whether it is its chunk's last
 */
size_t share_next(const struct input *input, const struct share *share,
		  bool *last)
{
	const char *text = input->text + share->pos, *end;
	size_t left = chunk_start(input, share->chunk + 1) - share->pos;
	size_t length = left < RECORD_MAX ? left : RECORD_MAX;
	size_t most = wish(share);

	if (!most) {
		end = memchr(text, '\n', length);
		if (end)
			length = end + 1 - text;
	} else if (most < length) {
		end = memrchr(text, '\n', most);
		length = end ? (size_t)(end + 1 - text) : most;
	}
	*last = length == left;
	return length;
}

/**
 * share_advance() - go to the record behind
 * @input: the input
 * @share: not ended
 * @length: of the record here
 */
void share_advance(const struct input *input, struct share *share,
		   size_t length)
{
	unsigned int out = share->out;

	share->pos += length;
	share->record++;
	if (share->pos == chunk_start(input, share->chunk + 1))
		share_begin(input, share, share->nr,
			    share->chunk + input->shares, 0, 0);
	share->out = out;
}
