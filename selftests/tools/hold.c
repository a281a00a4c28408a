// SPDX-License-Identifier: GPL-2.0
/* hold POOL: leases a buffer and waits to be killed. */
#include <libmpool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct mpl_client *client;
	struct mpool_lease lease;
	int err;

	if (argc != 2)
		return 2;
	err = mpl_open(&client, argv[1]);
	if (!err)
		err = mpl_lease(client, 1, &lease);
	if (err) {
		fprintf(stderr, "hold: %s\n", strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
