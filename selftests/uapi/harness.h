/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is other than in kselftest_harness.h, after it: time and order.
 */
#ifndef _MPOOL_TEST_HARNESS_H
#define _MPOOL_TEST_HARNESS_H

#include <stdlib.h>

/*
 * Seconds: its 30 are for a machine of one's own.  Tests take up to 10 on an
 * emulated debug kernel, and several times that beside other machines; 100 is
 * below what the program as a whole is given.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	100

/*
 * The harness runs tests as they stand in the source.  With SHUFFLE=NUMBER in
 * the environment the tests of each fixture, and the fixtures, change places:
 * a test that needs what another one left is found so.
 */
static inline void mt_shuffle(void **items, unsigned int nr)
{
	unsigned int j;
	void *item;

	for (; nr > 1; nr--) {
		j = random() % nr;
		item = items[nr - 1];
		items[nr - 1] = items[j];
		items[j] = item;
	}
}

/* The lists end by their next, and their order is all that is used of them. */
static inline void mt_shuffle_fixture(struct __fixture_metadata *f)
{
	struct __test_metadata *tests[256], *t;
	unsigned int i, nr = 0;

	for (t = f->tests; t; t = t->next)
		tests[nr++] = t;
	mt_shuffle((void **)tests, nr);
	for (i = 0; i < nr; i++)
		tests[i]->next = i + 1 < nr ? tests[i + 1] : NULL;
	if (nr)
		f->tests = tests[0];
}

static inline void mt_shuffle_tests(void)
{
	const char *seed = getenv("SHUFFLE");
	struct __fixture_metadata *fixtures[64], *f;
	unsigned int i, nr = 0;

	if (!seed || !*seed)
		return;
	srandom(atoi(seed));
	for (f = __fixture_list; f; f = f->next) {
		mt_shuffle_fixture(f);
		fixtures[nr++] = f;
	}
	mt_shuffle((void **)fixtures, nr);
	for (i = 0; i < nr; i++)
		fixtures[i]->next = i + 1 < nr ? fixtures[i + 1] : NULL;
	__fixture_list = fixtures[0];
}

#undef TEST_HARNESS_MAIN
#define TEST_HARNESS_MAIN						\
	static void __attribute__((constructor))			\
	__constructor_order_last(void)					\
	{								\
		if (!__constructor_order)				\
			__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD; \
	}								\
	int main(int argc, char **argv)					\
	{								\
		mt_shuffle_tests();					\
		exit(test_harness_run(argc, argv));			\
	}

#endif /* _MPOOL_TEST_HARNESS_H */
