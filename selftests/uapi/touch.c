// SPDX-License-Identifier: GPL-2.0
/*
 * Touching memory: accesses that may fail, and what is there.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

#include "touch.h"

static __thread sigjmp_buf access_env;
static __thread bool accessing;

static void access_failed(int sig)
{
	if (accessing)
		siglongjmp(access_env, sig);
	/* A test's own mistake: on return it dies of it. */
	signal(sig, SIG_DFL);
}

/* No system call at an access: races are about what lies between them. */
static void __attribute__((constructor)) catch_faults(void)
{
	struct sigaction act = {
		.sa_handler = access_failed,
		.sa_flags = SA_NODEFER,
	};

	sigaction(SIGBUS, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
}

int mt_peek(const void *p, unsigned char *value)
{
	int sig = sigsetjmp(access_env, 0);

	accessing = !sig;
	if (!sig)
		*value = __atomic_load_n((const unsigned char *)p,
					 __ATOMIC_RELAXED);
	accessing = false;
	return sig;
}

int mt_poke(void *p, unsigned char value)
{
	int sig = sigsetjmp(access_env, 0);

	accessing = !sig;
	if (!sig)
		__atomic_store_n((unsigned char *)p, value, __ATOMIC_RELAXED);
	accessing = false;
	return sig;
}

bool mt_all(const void *p, unsigned char value, size_t len)
{
	const unsigned char *c = p;
	size_t i;

	for (i = 0; i < len; i++) {
		if (c[i] == value)
			continue;
		printf("# byte %zu of %zu is %#x instead of %#x\n", i, len,
		       c[i], value);
		return false;
	}
	return true;
}
