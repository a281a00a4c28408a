// SPDX-License-Identifier: GPL-2.0
/*
 * Names and lives of pools.
 */
#include <linux/err.h>
#include <linux/string.h>

#include "helpers.h"
#include "registry.h"
#include "suites.h"

struct name {
	const char *desc;
	const char *text;
};

#define LEN31	"abcdefghijklmnopqrstuvwxyz01234"

static const struct name good_names[] = {
	{ "one letter", "a" },
	{ "all kinds", "aZ09_.-" },
	{ "31 characters", LEN31 },
	{ "dot inside", "a.b" },
	{ "dot at the end", "a." },
	{ "dash first", "-a" },
	{ "underscore", "_" },
	{ "digit", "7" }, { "begins as summary does", "summary2" },
	{ "begins as abandoned does", "abandoned_" },
	{ "other case", "Summary" },
};

static const struct name bad_names[] = {
	{ "empty", "" },
	{ "32 characters", LEN31 "5" },
	{ "far too long", LEN31 LEN31 LEN31 },
	{ "dot", "." },
	{ "two dots", ".." },
	{ "begins with a dot", ".a" },
	{ "slash", "a/b" },
	{ "space", "a b" },
	{ "new line", "a\n" },
	{ "colon", "a:b" },
	{ "comma", "a,b" },
	{ "percent", "%s" },
	{ "delete", "a\x7f" },
	{ "UTF-8", "b\303\274fer" },
	{ "Latin-1", "b\374fer" },
	{ "name of a debugfs file", "summary" },
	{ "name of another", "abandoned" },
};

static void name_desc(const struct name *n, char *desc)
{
	strscpy(desc, n->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(good, good_names, name_desc);
KUNIT_ARRAY_PARAM(bad, bad_names, name_desc);

static void a_good_name_is_taken(struct kunit *test)
{
	const struct name *n = test->param_value;
	struct mpool *pool = mpool_create(n->text, NULL), *found;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_STREQ(test, mpool_name(pool), n->text);
	found = mpool_find(n->text);
	KUNIT_EXPECT_PTR_EQ(test, found, pool);
	mpool_put(found);
	mpool_put(pool);
	KUNIT_EXPECT_NULL(test, mpool_find(n->text));
}

static void a_bad_name_is_refused(struct kunit *test)
{
	const struct name *n = test->param_value;
	unsigned int before = mpool_registry_count();

	KUNIT_EXPECT_FALSE(test, mpool_name_valid(n->text));
	KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_create(n->text, NULL)),
			(long)-EINVAL);
	KUNIT_EXPECT_NULL(test, mpool_find(n->text));
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
}

static void no_name_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_create(NULL, NULL)), (long)-EINVAL);
	KUNIT_EXPECT_NULL(test, mpool_find(NULL));
	mpool_put(NULL);
}

static void a_bad_configuration_leaves_no_name(struct kunit *test)
{
	struct mpool_config cfg = { .settings = { .growth_percent = 99 } };
	unsigned int before = mpool_registry_count();

	KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_create("kunit-bad", &cfg)),
			(long)-EINVAL);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-bad"));
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
}

static void a_name_in_use_is_refused(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL), *found;
	unsigned int before = mpool_registry_count();

	KUNIT_EXPECT_EQ(test, PTR_ERR(mpool_create(mpool_name(pool), NULL)),
			(long)-EEXIST);
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
	found = mpool_find(mpool_name(pool));
	KUNIT_EXPECT_PTR_EQ(test, found, pool);
	mpool_put(found);
}

static void a_name_is_its_whole_length(struct kunit *test)
{
	struct mpool *pool = mpool_create("kunit-name", NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-nam"));
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-name2"));
	KUNIT_EXPECT_NULL(test, mpool_find("KUNIT-NAME"));
	mpool_put(pool);
}

static void a_found_pool_outlives_its_creator(struct kunit *test)
{
	struct mpool *pool = mpool_create("kunit-life", NULL), *found;
	void *buf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	found = mpool_find("kunit-life");
	mpool_put(pool);
	buf = mpool_alloc(found, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	mpool_free(found, buf);
	pool = mpool_find("kunit-life");
	KUNIT_EXPECT_PTR_EQ(test, pool, found);
	mpool_put(pool);
	mpool_put(found);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-life"));
}

static void a_name_is_free_after_the_last_put(struct kunit *test)
{
	struct mpool *pool;
	void *buf;
	int i;

	/* With classes, whose caches have names as well. */
	for (i = 0; i < 5; i++) {
		pool = mpool_create("kunit-again", NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
		buf = mpool_alloc(pool, 64, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, buf);
		mpool_free(pool, buf);
		mpool_put(pool);
	}
}

static struct mpool *owned_pool(struct kunit *test)
{
	struct mpool *pool = mpool_registry_add("kunit-owned", NULL, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	/* The registry has its reference, and this one is the test's. */
	return mpool_find("kunit-owned");
}

static void a_pool_in_use_is_not_removed(struct kunit *test)
{
	struct mpool *pool = owned_pool(test);
	struct mpool *other = mpool_find("kunit-owned");
	void *buf;

	KUNIT_EXPECT_EQ(test, mpool_registry_remove(pool, false), -EBUSY);
	mpool_put(other);
	buf = mpool_alloc(pool, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mpool_registry_remove(pool, false), -EBUSY);
	other = mpool_find("kunit-owned");
	KUNIT_EXPECT_PTR_EQ(test, other, pool);
	mpool_put(other);
	mpool_free(pool, buf);
	KUNIT_EXPECT_EQ(test, mpool_registry_remove(pool, false), 0);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-owned"));
}

static void a_pool_of_another_module_is_not_removed(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL);

	KUNIT_EXPECT_EQ(test, mpool_registry_remove(pool, false), -EPERM);
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->ref), 1U);
}

struct visit {
	char last[MPOOL_NAME_LEN];
	unsigned int seen;
	unsigned int disorder;
};

static void visit_one(struct mpool *pool, void *arg)
{
	struct visit *v = arg;

	v->seen++;
	v->disorder += strcmp(v->last, mpool_name(pool)) >= 0;
	strscpy(v->last, mpool_name(pool), sizeof(v->last));
}

static void pools_are_visited_in_order_of_name(struct kunit *test)
{
	static const char * const names[] = { "kunit-c", "kunit-a", "kunit-b",
					      "Kunit", "kunit-a0" };
	unsigned int before = mpool_registry_count(), i;
	struct mpool *made[ARRAY_SIZE(names)];
	struct visit v = {};

	for (i = 0; i < ARRAY_SIZE(names); i++)
		made[i] = mpool_create(names[i], NULL);
	mpool_registry_visit(visit_one, &v);
	KUNIT_EXPECT_EQ(test, v.seen, before + (u32)ARRAY_SIZE(names));
	KUNIT_EXPECT_EQ(test, v.seen, mpool_registry_count());
	KUNIT_EXPECT_EQ(test, v.disorder, 0U);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		mpool_put(made[i]);
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
}

static int count_references(struct mpool *pool, void *arg)
{
	*(struct mpool **)arg = pool;
	return refcount_read(&pool->ref);
}

static void a_look_takes_no_reference(struct kunit *test)
{
	struct mpool *pool = kt_pool(test, NULL), *seen = NULL;

	KUNIT_EXPECT_EQ(test, mpool_registry_look(mpool_name(pool),
						  count_references, &seen), 1);
	KUNIT_EXPECT_PTR_EQ(test, seen, pool);
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->ref), 1U);
	KUNIT_EXPECT_EQ(test, mpool_registry_look("kunit-absent",
						  count_references, &seen),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, mpool_registry_look("bad name", count_references,
						  &seen), -ENOENT);
}

static int create_find_put(void *arg)
{
	struct mpool *pool;
	int i, bad = 0;
	void *buf;

	for (i = 0; i < 60; i++) {
		pool = mpool_create("kunit-race", NULL);
		if (PTR_ERR(pool) == -EEXIST)
			pool = mpool_find("kunit-race");
		if (!pool)
			continue;
		if (IS_ERR(pool)) {
			bad++;
			continue;
		}
		bad += !!strcmp(mpool_name(pool), "kunit-race");
		if (!(i & 3)) {
			buf = mpool_alloc(pool, 4096, GFP_KERNEL);
			bad += !buf;
			mpool_free(pool, buf);
		}
		mpool_put(pool);
	}
	return bad;
}

static void making_finding_and_ending_race(struct kunit *test)
{
	unsigned int before = mpool_registry_count();
	struct kt_thread *t[4];
	int i;

	for (i = 0; i < 4; i++)
		t[i] = kt_start(test, -1, create_find_put, NULL);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, kt_join(test, t[i]), 0);
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-race"));
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
}

static int put_it(void *pool)
{
	mpool_put(pool);
	return 0;
}

static int create_and_put(void *name)
{
	struct mpool *pool = mpool_create(name, NULL);

	return IS_ERR(pool) ? PTR_ERR(pool) : put_it(pool);
}

/* The end of a class takes its drain_mutex: an end as long as one likes. */
static void an_ending_pool_holds_up_only_its_namesake(struct kunit *test)
{
	struct mpool *pool = mpool_create("kunit-ending", NULL);
	struct kt_thread *ending, *namesake, *other;
	unsigned int before = mpool_registry_count();
	struct mpool_class *cls;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	cls = mpool_class_get(pool, 256);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cls));
	mutex_lock(&cls->drain_mutex);
	ending = kt_start(test, -1, put_it, pool);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(mpool_registry_count() < before));
	namesake = kt_start(test, -1, create_and_put, "kunit-ending");
	other = kt_start(test, -1, create_and_put, "kunit-other");
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(other)));
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(namesake)));
	KUNIT_EXPECT_NULL(test, mpool_find("kunit-ending"));
	KUNIT_EXPECT_FALSE(test, kt_ended(ending));
	KUNIT_EXPECT_FALSE(test, kt_ended(namesake));
	mutex_unlock(&cls->drain_mutex);
	KUNIT_EXPECT_EQ(test, kt_join(test, ending), 0);
	KUNIT_EXPECT_EQ(test, kt_join(test, namesake), 0);
	KUNIT_EXPECT_EQ(test, kt_join(test, other), 0);
}

/* An eager pool whose making takes as long as one likes: see its ctor. */
struct making {
	struct mpool_config cfg;
	struct completion go;
	struct completion put;
	bool hurry;
	unsigned int made;
};

static void wait_to_go(void *buf, size_t size, void *arg)
{
	struct making *m = arg;

	WRITE_ONCE(m->made, m->made + 1);
	wait_for_completion(&m->go);
}

static void take_time(void *buf, size_t size, void *arg)
{
	struct making *m = arg;

	WRITE_ONCE(m->made, m->made + 1);
	if (!READ_ONCE(m->hurry))
		usleep_range(1000, 2000);
}

static void making_init(struct making *m, unsigned int nr,
			void (*ctor)(void *buf, size_t size, void *arg))
{
	*m = (struct making) {
		.cfg = {
			.settings = {
				.flags = MPOOL_POOL_EAGER,
				.min_size = 256,
				.max_size = 256,
				.initial = { nr },
				.max = { nr },
			},
			.ctor = ctor,
			.arg = m,
		},
	};
	init_completion(&m->go);
	init_completion(&m->put);
}

static int make_and_put(void *arg)
{
	struct making *m = arg;
	struct mpool *pool = mpool_create("kunit-making", &m->cfg);

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	if (m->cfg.ctor == wait_to_go)
		wait_for_completion(&m->put);
	mpool_put(pool);
	return 0;
}

static void count_it(struct mpool *pool, void *arg)
{
	++*(unsigned int *)arg;
}

/* How many there are; or that the one is found that is being made. */
static int look_around(void *arg)
{
	struct mpool *seen = NULL;
	unsigned int nr = 0;

	mpool_registry_visit(count_it, &nr);
	return mpool_registry_look("kunit-making", count_references,
				   &seen) == -ENOENT ? nr : -EEXIST;
}

/* Who would make one of its name is told that there is one when there is. */
static void a_pool_in_the_making_holds_up_only_its_namesake(struct kunit *test)
{
	unsigned int before = mpool_registry_count();
	struct kt_thread *maker, *namesake, *other, *looker;
	struct mpool *pool;
	struct making m;

	making_init(&m, 4, wait_to_go);
	maker = kt_start(test, -1, make_and_put, &m);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(READ_ONCE(m.made)));
	looker = kt_start(test, -1, look_around, NULL);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(looker)));
	namesake = kt_start(test, -1, create_and_put, "kunit-making");
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(namesake)));
	other = kt_start(test, -1, create_and_put, "kunit-other");
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(other)));
	pool = mpool_find("kunit-making");
	KUNIT_EXPECT_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
	KUNIT_EXPECT_FALSE(test, kt_ended(maker));
	KUNIT_EXPECT_FALSE(test, kt_ended(namesake));
	complete_all(&m.go);
	KUNIT_EXPECT_EQ(test, kt_join(test, namesake), -EEXIST);
	complete_all(&m.put);
	KUNIT_EXPECT_EQ(test, kt_join(test, maker), 0);
	KUNIT_EXPECT_EQ(test, kt_join(test, looker), (int)before);
	KUNIT_EXPECT_EQ(test, kt_join(test, other), 0);
	KUNIT_EXPECT_EQ(test, create_and_put("kunit-making"), 0);
}

/* Starts it, kills it when some of @m are made; what came of it. */
static int killed_amid(struct kunit *test, struct making *m,
		       int (*fn)(void *arg), void *arg)
{
	struct kt_thread *t;

	t = kt_start(test, -1, fn, arg);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(READ_ONCE(m->made) > 40));
	kt_kill(t);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(t)));
	WRITE_ONCE(m->hurry, true);
	return kt_join(test, t);
}

static void who_is_killed_makes_no_pool(struct kunit *test)
{
	unsigned int before = mpool_registry_count();
	struct making m;

	making_init(&m, 100000, take_time);
	KUNIT_EXPECT_EQ(test, killed_amid(test, &m, make_and_put, &m), -EINTR);
	KUNIT_EXPECT_LT(test, m.made, 100000U);
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
	KUNIT_EXPECT_EQ(test, create_and_put("kunit-making"), 0);
}

/* The same for a reserve, which is made first. */
static void who_is_killed_sets_nothing_aside(struct kunit *test)
{
	unsigned int before = mpool_registry_count();
	struct making m;

	making_init(&m, 100000, take_time);
	m.cfg.settings.initial[MPOOL_SMALL] = MPOOL_NONE;
	m.cfg.settings.reserve = 50000;
	KUNIT_EXPECT_EQ(test, killed_amid(test, &m, make_and_put, &m), -EINTR);
	KUNIT_EXPECT_LT(test, m.made, 50000U);
	KUNIT_EXPECT_EQ(test, mpool_registry_count(), before);
}

static int alloc_and_free(void *pool)
{
	void *buf = mpool_alloc(pool, 256, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	mpool_free(pool, buf);
	return 0;
}

/* He has what he asked for, and not what others may ask for later. */
static void who_is_killed_grows_no_class(struct kunit *test)
{
	struct mpool *pool;
	struct making m;

	making_init(&m, 100000, take_time);
	m.cfg.settings.flags = 0;
	pool = kt_pool(test, &m.cfg);
	KUNIT_EXPECT_EQ(test, killed_amid(test, &m, alloc_and_free, pool), 0);
	KUNIT_EXPECT_LT(test, m.made, 100000U);
}

/* Nor does who would have its name wait for it when he is killed. */
static void who_waits_for_a_name_can_be_killed(struct kunit *test)
{
	struct mpool *pool = mpool_create("kunit-ending", NULL);
	unsigned int before = mpool_registry_count();
	struct kt_thread *ending, *namesake;
	struct mpool_class *cls;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	cls = mpool_class_get(pool, 256);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cls));
	mutex_lock(&cls->drain_mutex);
	ending = kt_start(test, -1, put_it, pool);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(mpool_registry_count() < before));
	namesake = kt_start(test, -1, create_and_put, "kunit-ending");
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(namesake)));
	kt_kill(namesake);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_ended(namesake)));
	KUNIT_EXPECT_FALSE(test, kt_ended(ending));
	mutex_unlock(&cls->drain_mutex);
	KUNIT_EXPECT_EQ(test, kt_join(test, namesake), -EINTR);
	KUNIT_EXPECT_EQ(test, kt_join(test, ending), 0);
}

struct slow_look {
	struct completion seen;
	struct completion go;
};

static int look_for_long(struct mpool *pool, void *arg)
{
	struct slow_look *l = arg;

	complete(&l->seen);
	wait_for_completion(&l->go);
	/* It has its classes still. */
	return mpool_pool_idle(pool);
}

static int look_at_ending(void *arg)
{
	return mpool_registry_look("kunit-ending", look_for_long, arg);
}

/* What is looked at is there until nobody looks, and others do not wait. */
static void an_end_waits_for_who_looks(struct kunit *test)
{
	struct mpool *pool = mpool_create("kunit-ending", NULL);
	unsigned int before = mpool_registry_count();
	struct kt_thread *ending, *looker;
	struct mpool_class *cls;
	struct slow_look l;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	cls = mpool_class_get(pool, 256);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cls));
	init_completion(&l.seen);
	init_completion(&l.go);
	looker = kt_start(test, -1, look_at_ending, &l);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(completion_done(&l.seen)));
	ending = kt_start(test, -1, put_it, pool);
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(mpool_registry_count() < before));
	KUNIT_EXPECT_TRUE(test, KT_UNTIL(kt_asleep(ending)));
	msleep(50);
	KUNIT_EXPECT_FALSE(test, kt_ended(ending));
	pool = mpool_find("kunit-ending");
	KUNIT_EXPECT_NULL(test, pool);
	complete_all(&l.go);
	KUNIT_EXPECT_EQ(test, kt_join(test, looker), 1);
	KUNIT_EXPECT_EQ(test, kt_join(test, ending), 0);
}

static struct kunit_case registry_cases[] = {
	KUNIT_CASE_PARAM(a_good_name_is_taken, good_gen_params),
	KUNIT_CASE_PARAM(a_bad_name_is_refused, bad_gen_params),
	KUNIT_CASE(no_name_is_refused),
	KUNIT_CASE(a_bad_configuration_leaves_no_name),
	KUNIT_CASE(a_name_in_use_is_refused),
	KUNIT_CASE(a_name_is_its_whole_length),
	KUNIT_CASE(a_found_pool_outlives_its_creator),
	KUNIT_CASE(a_name_is_free_after_the_last_put),
	KUNIT_CASE(a_pool_in_use_is_not_removed),
	KUNIT_CASE(a_pool_of_another_module_is_not_removed),
	KUNIT_CASE(pools_are_visited_in_order_of_name),
	KUNIT_CASE(a_look_takes_no_reference),
	KUNIT_CASE(making_finding_and_ending_race),
	KUNIT_CASE(an_ending_pool_holds_up_only_its_namesake),
	KUNIT_CASE(a_pool_in_the_making_holds_up_only_its_namesake),
	KUNIT_CASE(who_is_killed_makes_no_pool),
	KUNIT_CASE(who_is_killed_sets_nothing_aside),
	KUNIT_CASE(who_is_killed_grows_no_class),
	KUNIT_CASE(who_waits_for_a_name_can_be_killed),
	KUNIT_CASE(an_end_waits_for_who_looks),
	{}
};

KT_SUITE(registry);
