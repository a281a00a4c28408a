/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which part of the input is whose, and where its records end.
 */
#ifndef _DEMO_SHARE_H
#define _DEMO_SHARE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct input - the file that is sent through
 * @fd: it
 * @text: it, mapped: only to look for the ends of lines
 * @size: its bytes
 * @chunk: bytes of a chunk, before it is moved to the next end of a line
 * @shares: into how many it is dealt, chunk by chunk
 * @credit: most records of a share that are handed over and not consumed
 */
struct input {
	int fd;
	const char *text;
	size_t size;
	size_t chunk;
	unsigned int shares;
	unsigned int credit;
};

/**
 * struct share - a producer's place in one share
 * @chunk: number of the chunk, of all
 * @record: number of the next record in it
 * @pos: where that stands in the input
 * @out: records handed over, not yet consumed
 * @ended: nothing is left
 */
struct share {
	unsigned int nr;
	unsigned int chunk;
	unsigned int record;
	size_t pos;
	unsigned int out;
	bool ended;
};

int input_open(struct input *input, const char *path, unsigned int shares);
unsigned int input_chunks(const struct input *input, unsigned int share);
void share_begin(const struct input *input, struct share *share,
		 unsigned int nr, unsigned int chunk, unsigned int record,
		 size_t pos);
size_t share_next(const struct input *input, const struct share *share,
		  bool *last);
void share_advance(const struct input *input, struct share *share,
		   size_t length);

#endif /* _DEMO_SHARE_H */
