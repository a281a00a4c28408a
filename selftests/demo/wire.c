// SPDX-License-Identifier: GPL-2.0
/*
 * Packets over a unix socket, and the end of a process that cannot go on.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"

static int address_of(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

int demo_listen(const char *path, int backlog)
{
	struct sockaddr_un address;
	int sock, err = address_of(path, &address);

	if (err)
		return err;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	unlink(path);
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(sock, backlog)) {
		err = -errno;
		close(sock);
		return err;
	}
	return sock;
}

/* The consumer may still be about to listen. */
int demo_connect(const char *path)
{
	struct sockaddr_un address;
	int sock, tries, err = address_of(path, &address);

	if (err)
		return err;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	for (tries = 0; tries < 100; tries++) {
		if (!connect(sock, (struct sockaddr *)&address,
			     sizeof(address)))
			return sock;
		err = -errno;
		if (err != -ENOENT && err != -ECONNREFUSED)
			break;
		usleep(100000);
	}
	close(sock);
	return err;
}

int demo_send(int sock, const struct demo_message *message)
{
	ssize_t n = send(sock, message, sizeof(*message), MSG_NOSIGNAL);

	return n < 0 ? -errno : 0;
}

int demo_receive(int sock, struct demo_message *message, bool wait)
{
	ssize_t n;

	/*
	 * A peer that died with our packets unread makes one ECONNRESET, before
	 * the packets that it had sent itself.
	 */
	do {
		n = recv(sock, message, sizeof(*message),
			 wait ? 0 : MSG_DONTWAIT);
	} while (n < 0 && errno == ECONNRESET);
	if (n < 0)
		return -errno;
	if (n && n != sizeof(*message))
		return -EPROTO;
	return n;
}

void demo_die(int err, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (err)
		fprintf(stderr, ": %s", strerror(err < 0 ? -err : err));
	fputc('\n', stderr);
	exit(1);
}
