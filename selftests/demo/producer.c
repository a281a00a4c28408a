// SPDX-License-Identifier: GPL-2.0
/*
 * producer POOL SOCKET INPUT SHARE SHARES: cuts one share of INPUT into records,
 * reads each straight into a leased buffer and tells the consumer; releases it
 * when the consumer says so.  Goes on with a dead producer's share when told.
 */
#include <errno.h>
#include <libmpool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"
#include "share.h"

#define SHARES_MAX	16

static struct mpl_client *client;
static struct input input;
static struct share shares[SHARES_MAX];
static unsigned int nr_shares;
static int sock;

static unsigned long records, bytes;

/* Ends leases in batches, before anything else is leased or waited for. */
static struct mpool_lease consumed[64];
static unsigned int nr_consumed;

static void release_consumed(void)
{
	int err;

	if (!nr_consumed)
		return;
	err = mpl_release_many(client, consumed, nr_consumed);
	if (err)
		demo_die(err, "cannot release %u leases", nr_consumed);
	nr_consumed = 0;
}

static struct share *share_of(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr_shares; i++)
		if (shares[i].nr == nr)
			return &shares[i];
	demo_die(0, "the consumer speaks of share %u, which is not mine", nr);
}

static void hear(const struct demo_message *message)
{
	switch (message->type) {
	case DEMO_CONSUMED:
		share_of(message->share)->out--;
		consumed[nr_consumed++] = message->lease;
		if (nr_consumed == 64)
			release_consumed();
		break;
	case DEMO_TAKEOVER:
		if (nr_shares == SHARES_MAX)
			demo_die(0, "too many shares");
		share_begin(&input, &shares[nr_shares++], message->share,
			    message->chunk, message->record, message->pos);
		break;
	default:
		demo_die(0, "message %u is unknown", message->type);
	}
}

/* All that came; with @wait at least one.  False: the consumer has ended. */
static bool hear_all(bool wait)
{
	struct demo_message message;
	int n;

	do {
		n = demo_receive(sock, &message, wait);
		if (n > 0)
			hear(&message);
		wait = false;
	} while (n > 0);
	if (n < 0 && n != -EAGAIN)
		demo_die(n, "no word from the consumer");
	release_consumed();
	return n != 0;
}

/* The earliest record that may be sent now: nobody waits for later ones. */
static struct share *choose(void)
{
	struct share *best = NULL;
	unsigned int i;

	for (i = 0; i < nr_shares; i++) {
		if (shares[i].ended || shares[i].out >= input.credit)
			continue;
		if (!best || shares[i].chunk < best->chunk)
			best = &shares[i];
	}
	return best;
}

static void say(struct demo_message *message)
{
	int err = demo_send(sock, message);

	if (err)
		demo_die(err, "cannot speak to the consumer");
}

static void say_if_ended(const struct share *share)
{
	struct demo_message end = { .type = DEMO_END, .share = share->nr };

	if (share->ended)
		say(&end);
}

/* pread() writes into the lease; there is no other copy in this process. */
static void fill(const struct mpool_lease *lease, size_t pos, size_t length)
{
	char *to = mpl_pointer(client, lease);
	ssize_t n;

	while (length) {
		n = pread(input.fd, to, length, pos);
		if (n <= 0)
			demo_die(n ? errno : EIO, "cannot read the input");
		to += n;
		pos += n;
		length -= n;
	}
}

static void send_record(struct share *share)
{
	struct demo_message message = {
		.type = DEMO_RECORD,
		.share = share->nr,
		.chunk = share->chunk,
		.record = share->record,
		.pos = share->pos,
	};
	bool last;
	int got;

	message.length = share_next(&input, share, &last);
	message.last = last;
	got = mpl_lease_many(client, message.length, &message.lease, 1, 0,
			     MPOOL_FOREVER);
	if (got < 0)
		demo_die(got, "cannot lease %u bytes", message.length);
	fill(&message.lease, message.pos, message.length);
	say(&message);
	records++;
	bytes += message.length;
	share->out++;
	share_advance(&input, share, message.length);
	say_if_ended(share);
}

static void work(void)
{
	unsigned int begun = nr_shares;
	struct share *share = choose();

	while (hear_all(!share)) {
		for (; begun < nr_shares; begun++)
			say_if_ended(&shares[begun]);
		share = choose();
		if (share) {
			send_record(share);
			share = choose();
		}
	}
}

int main(int argc, char **argv)
{
	struct demo_message hello = { .type = DEMO_HELLO };
	int err;

	if (argc != 6)
		demo_die(0, "usage: producer POOL SOCKET INPUT SHARE SHARES");
	hello.share = strtoul(argv[4], NULL, 10);
	err = input_open(&input, argv[3], strtoul(argv[5], NULL, 10));
	if (err)
		demo_die(err, "%s", argv[3]);
	err = mpl_open(&client, argv[1]);
	if (err)
		demo_die(err, "cannot attach to the pool %s", argv[1]);
	sock = demo_connect(argv[2]);
	if (sock < 0)
		demo_die(sock, "%s", argv[2]);
	err = mpl_send(client, sock);
	if (err)
		demo_die(err, "cannot send my open file");
	hello.chunk = input_chunks(&input, hello.share);
	say(&hello);

	share_begin(&input, &shares[nr_shares++], hello.share, hello.share, 0,
		    0);
	say_if_ended(&shares[0]);
	work();
	printf("producer %u: pid %d, uid %u: %lu records, %lu bytes%s\n",
	       hello.share, getpid(), getuid(), records, bytes,
	       nr_shares > 1 ? ", with a share taken over" : "");
	mpl_close(client);
	return 0;
}
