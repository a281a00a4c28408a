// SPDX-License-Identifier: GPL-2.0
/*
 * A user of the exported symbols who makes one mistake, by fault=, when it is
 * loaded: debug.sh and kasan_alone.sh say what has to be told of it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mpool.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../../mpool/compat/export.h"

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "Which mistake to make");

static bool debugged = true;
module_param(debugged, bool, 0444);
MODULE_PARM_DESC(debugged, "Have the pool debugged (default: Y)");

static unsigned int size = 250;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "Bytes to allocate");

static struct mpool *pool, *other;
static void *kept;

/* None is inlined, or left by a jump: the names have to be in the reports. */
static noinline void *misuse_takes(void)
{
	void *buf = mpool_alloc(pool, size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(buf);
	return buf;
}

static noinline void misuse_gives(struct mpool *to, void *buf)
{
	mpool_free(to, buf);
	barrier();
}

/* What no sanitizer sees. */
static noinline __no_sanitize_address void misuse_pokes(u8 *at)
{
	WRITE_ONCE(*at, 0x55);
}

/* What one has to see. */
static noinline void misuse_uses(u8 *at)
{
	WRITE_ONCE(*at, 0x55);
}

static int write_after_free(u8 *buf)
{
	misuse_gives(pool, buf);
	misuse_pokes(buf + 17);
	misuse_gives(pool, misuse_takes());
	return 0;
}

static int write_behind(u8 *buf)
{
	misuse_pokes(buf + size);
	misuse_gives(pool, buf);
	return 0;
}

static int write_before(u8 *buf)
{
	misuse_pokes(buf - 1);
	misuse_gives(pool, buf);
	return 0;
}

static int double_free(u8 *buf)
{
	misuse_gives(pool, buf);
	misuse_gives(pool, buf);
	return 0;
}

static int wrong_pool(u8 *buf)
{
	misuse_gives(other, buf);
	misuse_gives(pool, buf);
	return 0;
}

static int use_after_free(u8 *buf)
{
	misuse_gives(pool, buf);
	misuse_uses(buf + 17);
	return 0;
}

/* Until it is unloaded. */
static int keep(u8 *buf)
{
	kept = buf;
	return mpool_report_leaks(pool) == 1 ? 0 : -EINVAL;
}

static int none(u8 *buf)
{
	memset(buf, 0x55, size);
	misuse_gives(pool, buf);
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(u8 *buf);
} faults[] = {
	{ "none", none },
	{ "write_after_free", write_after_free },
	{ "write_behind", write_behind },
	{ "write_before", write_before },
	{ "double_free", double_free },
	{ "wrong_pool", wrong_pool },
	{ "use_after_free", use_after_free },
	{ "keep", keep },
};

static int make(void)
{
	u8 *buf = misuse_takes();
	size_t i;

	if (!buf)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(fault, faults[i].name))
			return faults[i].fn(buf);
	misuse_gives(pool, buf);
	return -EINVAL;
}

static void end(void)
{
	mpool_free(pool, kept);
	mpool_put(other);
	mpool_put(pool);
}

static int __init misuse_init(void)
{
	struct mpool_config cfg = {
		.settings = {
			.flags = debugged ? MPOOL_POOL_DEBUG : 0,
			/* One buffer: what is freed is what comes next. */
			.max = { 1, 1, 1 },
		},
	};
	int err;

	pool = mpool_create("misuse", &cfg);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	other = mpool_create("misuse-other", NULL);
	if (IS_ERR(other)) {
		mpool_put(pool);
		return PTR_ERR(other);
	}
	err = make();
	if (err)
		end();
	return err;
}

static void __exit misuse_exit(void)
{
	end();
}

module_init(misuse_init);
module_exit(misuse_exit);

MODULE_DESCRIPTION("Mistakes that users of mpool make");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
