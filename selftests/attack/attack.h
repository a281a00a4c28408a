/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mpool must survive: each attack is one test, named after its number in
 * the list (see the file "list") and what it does.
 */
#ifndef _ATTACK_H
#define _ATTACK_H

#include <stdlib.h>
#include <string.h>

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

#endif /* _ATTACK_H */
