/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time, signals and processes.
 */
#ifndef _MPOOL_TEST_TASK_H
#define _MPOOL_TEST_TASK_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define MT_NOBODY	65534U

/* Signals come all the time: LEASE is called again when one ends its wait. */
bool mt_disturbed(void);
/* They come to this thread no more; @old, if not NULL, is its mask before. */
void mt_hold_signals(sigset_t *old);

__u64 mt_now(void);
void mt_sleep_ms(unsigned int ms);
/* poll() of one file, called again after a signal; its revents, or -errno. */
int mt_poll(int fd, short events, int ms);
/* Memory that children share, zeroed. */
void *mt_shared(size_t len);
/*
 * Starts a thread, and waits until it sleeps: in what it calls after it stored
 * its gettid() in @tid.  It is a sleep that a signal ends, which those on the way
 * there are not.
 */
int mt_start_asleep(pthread_t *thread, void *(*fn)(void *arg), void *arg,
		    int *tid);
/* Runs @fn in a child; its exit status, or 128 and the signal. */
int mt_in_child(int (*fn)(void *arg), void *arg);
int mt_wait(int pid);
/* Gives up root; for children. */
int mt_become_nobody(void);

#endif /* _MPOOL_TEST_TASK_H */
