/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Touching memory: accesses that may fail, and what is there.
 */
#ifndef _MPOOL_TEST_TOUCH_H
#define _MPOOL_TEST_TOUCH_H

#include <stdbool.h>
#include <stddef.h>

/* One access: 0, or the signal that it brought. */
int mt_peek(const void *p, unsigned char *value);
int mt_poke(void *p, unsigned char value);
/* All of it is @value; else says what is not. */
bool mt_all(const void *p, unsigned char value, size_t len);

#endif /* _MPOOL_TEST_TOUCH_H */
