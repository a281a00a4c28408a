// SPDX-License-Identifier: GPL-2.0
/*
 * Time, signals and processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "task.h"

/* A test ends by _exit(): what it said must have been written by then. */
static void __attribute__((constructor)) write_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static bool disturbed;

static void disturb(int sig)
{
	(void)sig;
}

/* In a test's own process: its harness waits by SIGALRM, and so did it. */
static void start_signals(void)
{
	const struct itimerval tick = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction act = { .sa_handler = disturb };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
}

/*
 * With SIGNALS=1 in the environment, each test runs under a signal every
 * millisecond, and every call has to end well in spite of it: a LEASE that waits
 * until its deadline has passed, and then once undisturbed.
 */
static void __attribute__((constructor)) want_signals(void)
{
	const char *want = getenv("SIGNALS");

	disturbed = want && *want;
	if (disturbed)
		pthread_atfork(NULL, NULL, start_signals);
}

bool mt_disturbed(void)
{
	return disturbed;
}

void mt_hold_signals(sigset_t *old)
{
	sigset_t ticks;

	sigemptyset(&ticks);
	sigaddset(&ticks, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &ticks, old);
}

__u64 mt_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void mt_sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int mt_poll(int fd, short events, int ms)
{
	const __u64 end = mt_now() + ms * 1000000ULL;
	struct pollfd p = { .fd = fd, .events = events };

	while (poll(&p, 1, ms) < 0) {
		if (errno != EINTR)
			return -errno;
		ms = mt_now() < end ? (end - mt_now()) / 1000000 : 0;
	}
	return p.revents;
}

/* As proc(5) has it, after the name in parentheses; 0: not there. */
static char state_of(int tid)
{
	char path[64], line[512], *end;
	char state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	stat = fopen(path, "r");
	if (!stat)
		return 0;
	if (fgets(line, sizeof(line), stat)) {
		end = strrchr(line, ')');
		if (end && end[1])
			state = end[2];
	}
	fclose(stat);
	return state;
}

int mt_start_asleep(pthread_t *thread, void *(*fn)(void *arg), void *arg,
		    int *tid)
{
	int i, now, err;

	*tid = 0;
	err = -pthread_create(thread, NULL, fn, arg);
	if (err)
		return err;
	for (i = 0; i < 10000; i++) {
		now = __atomic_load_n(tid, __ATOMIC_ACQUIRE);
		if (now && state_of(now) == 'S')
			return 0;
		mt_sleep_ms(3);
	}
	return -ETIMEDOUT;
}

void *mt_shared(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int mt_wait(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int mt_in_child(int (*fn)(void *arg), void *arg)
{
	int pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		int status = fn(arg);

		fflush(stdout);
		_exit(status);
	}
	return mt_wait(pid);
}

int mt_become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(MT_NOBODY) || setuid(MT_NOBODY))
		return -errno;
	return 0;
}
