// SPDX-License-Identifier: GPL-2.0
/* Leases 16 KiB of the pool "default", uses them in place, gives them back. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/mpool.h>

int main(void)
{
	struct mpool_attach attach = { .size = sizeof(attach), .name = "default" };
	struct mpool_lease lease;
	struct mpool_lease_req req = { .size = sizeof(req), .length = 16384,
				       .count = 1, .leases = (uintptr_t)&lease };
	struct mpool_release release = { .size = sizeof(release), .count = 1,
					 .handles = (uintptr_t)&lease.handle };
	int fd = open("/dev/mpool", O_RDWR);
	char *window;

	if (fd < 0 || ioctl(fd, MPOOL_IOC_ATTACH, &attach))
		err(1, "/dev/mpool, pool default");
	window = mmap(NULL, attach.window_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (window == MAP_FAILED)
		err(1, "mmap");
	if (ioctl(fd, MPOOL_IOC_LEASE, &req))
		err(1, "lease");
	strcpy(window + lease.offset, "hello from a lease");
	puts(window + lease.offset);
	if (ioctl(fd, MPOOL_IOC_RELEASE, &release))
		err(1, "release");
	return 0;
}
