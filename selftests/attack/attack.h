/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mpool must survive: each attack is one test, named after its number in
 * the list (see the file "list") and what it does.
 */
#ifndef _ATTACK_H
#define _ATTACK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mpool_test.h"

/*
 * Seconds after which the harness ends a test.  No attack is meant to come
 * near it: the machine's own clock is set for the form that is run.
 */
#define ATTACK_TIMEOUT	14400

/* The form that fits into every check, or the full one. */
static inline unsigned long attack_form(unsigned long brief, unsigned long full)
{
	const char *form = getenv("ATTACK");

	return form && !strcmp(form, "full") ? full : brief;
}

/* Whether each access is checked here: that finds more a round, and takes its time. */
static inline bool attack_checked(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK) ||
	       !access("/sys/kernel/debug/kcsan", F_OK);
}

/*
 * How far it is, each half minute: who watches the machine takes one that has
 * nothing to say for twenty minutes for one that is stuck.
 */
static inline void attack_round(unsigned long nr, unsigned long all)
{
	const __u64 now = mt_now();
	static __u64 said;

	if (!said)
		said = now;
	if (now - said < 30000000000ULL)
		return;
	printf("# %lu of %lu\n", nr, all);
	fflush(stdout);
	said = now;
}

/*
 * The attacker comes to its turn: on a slow machine it would wait for its victims
 * most of the time.
 */
static inline void attack_first(void)
{
	setpriority(PRIO_PROCESS, 0, -10);
}

#endif /* _ATTACK_H */
