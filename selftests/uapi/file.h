/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of a word or a number, as the kernel has them for settings and counts.
 * Paths are made as by printf().
 */
#ifndef _MPOOL_TEST_FILE_H
#define _MPOOL_TEST_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define __printf(a, b)	__attribute((__format__(__printf__, a, b)))

#define MT_PATH_MAX	128

/* As a shell's > does; 0 or a negative errno. */
__printf(2, 3)
static inline int mt_write(const char *text, const char *format, ...)
{
	char path[MT_PATH_MAX];
	va_list args;
	int fd, err;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* The number that is all of a file, or that stands behind @word; -1: none. */
__printf(2, 3)
static inline long mt_number(const char *word, const char *format, ...)
{
	char path[MT_PATH_MAX], found[64];
	long value, result = -1;
	va_list args;
	FILE *f;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (!word && fscanf(f, "%ld", &result) != 1)
		result = -1;
	while (word && fscanf(f, "%63s %ld", found, &value) == 2)
		if (!strcmp(found, word))
			result = value;
	fclose(f);
	return result;
}

#endif /* _MPOOL_TEST_FILE_H */
