// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Opening the device, attaching to a pool, mapping the window.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

int mpl_call(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

int mpl_device(void)
{
	int fd = open(MPL_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* @to is MPOOL_NAME_LEN bytes, all 0.  The kernel judges what is in it. */
int mpl_set_name(char *to, const char *pool)
{
	size_t len = strlen(pool);

	if (!len || len >= MPOOL_NAME_LEN)
		return -EINVAL;
	memcpy(to, pool, len);
	return 0;
}

/* On success, @fd is the client's. */
int mpl_client_new(struct mpl_client **client, int fd,
		   const struct mpool_attach *attach)
{
	struct mpl_client *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->fd = fd;
	c->attach = *attach;
	err = -pthread_mutex_init(&c->lock, NULL);
	if (err)
		goto free_client;
	c->window = mmap(NULL, attach->window_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (c->window == MAP_FAILED) {
		err = -errno;
		goto destroy_lock;
	}
	*client = c;
	return 0;

destroy_lock:
	pthread_mutex_destroy(&c->lock);
free_client:
	free(c);
	return err;
}

int mpl_open_flags(struct mpl_client **client, const char *pool,
		   unsigned int flags)
{
	struct mpool_attach attach = { .size = sizeof(attach), .flags = flags };
	int fd, err;

	err = mpl_set_name(attach.name, pool);
	if (err)
		return err;
	fd = mpl_device();
	if (fd < 0)
		return fd;
	err = mpl_call(fd, MPOOL_IOC_ATTACH, &attach);
	if (!err)
		err = mpl_client_new(client, fd, &attach);
	if (err)
		close(fd);
	return err;
}

int mpl_open(struct mpl_client **client, const char *pool)
{
	return mpl_open_flags(client, pool, 0);
}

void mpl_close(struct mpl_client *client)
{
	if (!client)
		return;
	munmap(client->window, client->attach.window_size);
	close(client->fd);
	mpl_table_free(&client->table);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

int mpl_fd(const struct mpl_client *client)
{
	return client->fd;
}

const char *mpl_pool(const struct mpl_client *client)
{
	return client->attach.name;
}

size_t mpl_max_size(const struct mpl_client *client)
{
	return client->attach.max_size;
}
