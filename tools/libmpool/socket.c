// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A client's open file, handed to another process over a unix socket.
 *
 * With it goes what ATTACH answered: an attached file cannot be asked again.
 * The receiver believes none of it that could harm him: a window that is said
 * to be larger than it is cannot be mapped.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define MAGIC	0x6d706c31	/* "mpl1" */

struct message {
	__u32 magic;
	__u32 abi_version;
	struct mpool_attach attach;
};

/* Aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

int mpl_send(const struct mpl_client *client, int sock)
{
	struct message message = {
		.magic = MAGIC,
		.abi_version = MPOOL_ABI_VERSION,
		.attach = client->attach,
	};
	struct iovec iov = { &message, sizeof(message) };
	union control control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &client->fd, sizeof(int));

	n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	/* Of a stream, a part may have gone; there is no taking it back. */
	return n == sizeof(message) ? 0 : -EPIPE;
}

/* Returns the file that came. */
static int receive(int sock, struct message *message)
{
	struct iovec iov = { message, sizeof(*message) };
	union control control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	ssize_t n;
	int fd;

	n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET ||
	    cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	if (n == sizeof(*message) && !(msg.msg_flags & MSG_CTRUNC))
		return fd;
	close(fd);
	return -EPROTO;
}

/* Is it what its sender says it is? */
static int check(const struct message *message, int fd)
{
	struct mpool_info info = { .size = sizeof(info) };
	const struct mpool_attach *attach = &message->attach;

	if (message->magic != MAGIC)
		return -EPROTO;
	if (message->abi_version != MPOOL_ABI_VERSION ||
	    attach->size != sizeof(*attach))
		return -EPROTONOSUPPORT;
	if (!memchr(attach->name, 0, sizeof(attach->name)))
		return -EPROTO;
	return mpl_call(fd, MPOOL_IOC_INFO, &info) ? -EPROTO : 0;
}

int mpl_receive(struct mpl_client **client, int sock)
{
	struct message message;
	int fd, err;

	fd = receive(sock, &message);
	if (fd < 0)
		return fd;
	err = check(&message, fd);
	if (!err)
		err = mpl_client_new(client, fd, &message.attach);
	if (err)
		close(fd);
	return err;
}
