// SPDX-License-Identifier: GPL-2.0
/*
 * consumer SOCKET OUTPUT SHARES VICTIM: maps the windows of as many producers as
 * there are shares, and writes their records to OUTPUT in the input's order,
 * each straight from where its producer leased it.  A producer that dies is
 * followed by another one.
 *
 * What happens is told on standard output, one event a line:
 *   half PID TAKEN LEFT  half of VICTIM's share is consumed, LEFT more records
 *                        of it are here; goes on after a line on standard input
 *   died PID LEFT PID2   PID died, PID2 takes over its share
 *   closed PID           the last record in PID's window is consumed, and its
 *                        window unmapped and its file closed
 *   done RECORDS BYTES
 * DEMO_CORRUPT=1 flips one bit of a record.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmpool.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "stream.h"

/* How many of the victim's records shall be here when it is killed. */
#define VICTIM_LEFT	4

/**
 * struct producer - one that connected
 * @client: its open file, and our mapping of its window
 * @sock: connection; -1: it is dead
 * @pid: process
 * @share: that it began with
 * @taken: its records that were consumed
 * @left: its records that were not
 */
struct producer {
	struct mpl_client *client;
	int sock;
	pid_t pid;
	unsigned int share;
	unsigned long taken;
	unsigned long left;
};

static struct stream stream;
static struct producer producers[SHARES_MAX];
static unsigned int nr_producers;
/* Who serves a share: an index of producers. */
static unsigned int owner[SHARES_MAX];

static int output;
static int victim = -1;
static unsigned int victim_chunks;
static bool corrupt;
static unsigned long records;

static void listen_to_one(int listener)
{
	struct producer *producer = &producers[nr_producers];
	struct demo_message hello;
	struct ucred cred;
	socklen_t length = sizeof(cred);
	int err;

	producer->sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (producer->sock < 0 && errno == EAGAIN)
		demo_die(0, "only %u producers came", nr_producers);
	if (producer->sock < 0 ||
	    getsockopt(producer->sock, SOL_SOCKET, SO_PEERCRED, &cred, &length))
		demo_die(errno, "cannot accept a producer");
	producer->pid = cred.pid;
	err = mpl_receive(&producer->client, producer->sock);
	if (err)
		demo_die(err, "cannot receive the window of %d", cred.pid);
	err = demo_receive(producer->sock, &hello, true);
	if (err <= 0 || hello.type != DEMO_HELLO ||
	    hello.share >= stream.shares)
		demo_die(err, "producer %d does not begin well", cred.pid);
	producer->share = hello.share;
	owner[hello.share] = nr_producers++;
	if ((int)hello.share == victim)
		victim_chunks = hello.chunk;
}

/* Its records are consumed and it is dead: what it leased goes back now. */
static void close_window(struct producer *producer)
{
	mpl_close(producer->client);
	producer->client = NULL;
	printf("closed %d\n", producer->pid);
}

static struct producer *anybody_alive(void)
{
	unsigned int i;

	for (i = nr_producers; i--;)
		if (producers[i].sock >= 0)
			return &producers[i];
	demo_die(0, "no producer is left");
}

static void bury(struct producer *dead)
{
	unsigned int me = dead - producers, i;
	struct producer *heir;
	int err;

	close(dead->sock);
	dead->sock = -1;
	heir = anybody_alive();
	printf("died %d %lu %d\n", dead->pid, dead->left, heir->pid);
	for (i = 0; i < stream.shares; i++) {
		struct queue *queue = &stream.queues[i];
		struct demo_message takeover = {
			.type = DEMO_TAKEOVER,
			.share = i,
			.chunk = queue->next_chunk,
			.record = queue->next_record,
			.pos = queue->next_pos,
		};

		if (owner[i] != me || queue->ended)
			continue;
		owner[i] = heir - producers;
		err = demo_send(heir->sock, &takeover);
		if (err)
			demo_die(err, "cannot speak to %d", heir->pid);
	}
	if (!dead->left)
		close_window(dead);
}

static void hear(struct producer *producer)
{
	struct demo_message message;
	int n;

	for (;;) {
		n = demo_receive(producer->sock, &message, false);
		if (n <= 0)
			break;
		if (message.type == DEMO_RECORD) {
			stream_add(&stream, producer - producers, &message);
			producer->left++;
		} else if (message.type == DEMO_END) {
			stream_end_share(&stream, message.share);
		} else {
			demo_die(0, "message %u is unknown", message.type);
		}
	}
	if (n == 0)
		bury(producer);
	else if (n != -EAGAIN)
		demo_die(n, "no word from producer %d", producer->pid);
}

static void hear_all(void)
{
	struct pollfd polled[SHARES_MAX];
	unsigned int i;

	for (i = 0; i < nr_producers; i++)
		polled[i] = (struct pollfd){
			.fd = producers[i].sock,
			.events = POLLIN,
		};
	if (poll(polled, nr_producers, -1) < 0)
		demo_die(errno, "cannot wait");
	for (i = 0; i < nr_producers; i++)
		if (polled[i].revents)
			hear(&producers[i]);
}

/*
 * The stage for the accident: half the victim's share is consumed, some of its
 * records are here.  Whoever sees to it may look around, and lets us go on.
 * Returns whether to wait for more records first.
 */
static bool set_stage(const struct record *record)
{
	const struct producer *producer = &producers[record->from];
	const struct queue *queue;
	char line[16];

	if (victim < 0 || (int)record->message.share != victim ||
	    record->message.chunk / stream.shares < victim_chunks / 2)
		return false;
	queue = &stream.queues[victim];
	if (!queue->ended && producer->left < VICTIM_LEFT)
		return true;
	victim = -1;
	if (queue->ended)
		return false;
	printf("half %d %lu %lu\n", producer->pid, producer->taken,
	       producer->left);
	if (!fgets(line, sizeof(line), stdin))
		demo_die(0, "nobody said that I may go on");
	/* Hear what became of it, while its records still wait. */
	return true;
}

/* The kernel reads from the lease; nothing copies in this process. */
static void write_out(char *from, size_t length)
{
	ssize_t n;

	if (corrupt) {
		*from ^= 1;
		corrupt = false;
	}
	while (length) {
		n = write(output, from, length);
		if (n < 0)
			demo_die(errno, "cannot write");
		from += n;
		length -= n;
	}
}

static void consume(const struct record *record)
{
	struct producer *producer = &producers[record->from];
	struct demo_message consumed = record->message;

	write_out(mpl_pointer(producer->client, &consumed.lease),
		  consumed.length);
	consumed.type = DEMO_CONSUMED;
	/* It may die at any time: then poll() says so. */
	if (producer->sock >= 0)
		demo_send(producer->sock, &consumed);
	producer->taken++;
	producer->left--;
	records++;
	stream_advance(&stream);
	if (producer->sock < 0 && !producer->left)
		close_window(producer);
}

static void work(void)
{
	const struct record *record;

	while (!stream_done(&stream)) {
		record = stream_next(&stream);
		if (!record || set_stage(record))
			hear_all();
		else
			consume(record);
	}
}

int main(int argc, char **argv)
{
	const char *flip = getenv("DEMO_CORRUPT");
	struct timeval patience = { .tv_sec = 30 };
	unsigned int i;
	int listener;

	if (argc != 5)
		demo_die(0, "usage: consumer SOCKET OUTPUT SHARES VICTIM");
	setvbuf(stdout, NULL, _IOLBF, 0);
	i = strtoul(argv[3], NULL, 10);
	if (!i || i > SHARES_MAX)
		demo_die(0, "1 to %u shares, please", SHARES_MAX);
	stream_begin(&stream, i);
	victim = atoi(argv[4]);
	corrupt = flip && !strcmp(flip, "1");
	output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (output < 0)
		demo_die(errno, "%s", argv[2]);
	listener = demo_listen(argv[1], SHARES_MAX);
	if (listener < 0)
		demo_die(listener, "%s", argv[1]);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	while (nr_producers < stream.shares)
		listen_to_one(listener);
	close(listener);

	work();
	printf("done %lu %llu\n", records, stream.pos);
	for (i = 0; i < nr_producers; i++) {
		close(producers[i].sock);
		mpl_close(producers[i].client);
	}
	return 0;
}
