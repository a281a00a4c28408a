// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocation and a free cost, beside the kernel's own allocators.
 *
 * /sys/kernel/debug/mpool_bench has a file for each group of shapes; reading
 * one runs the group.  Under QEMU's -icount shift=N one instruction is 2^N ns
 * of guest time: insn_ns=2^N makes instructions of them.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../../../mpool/compat/export.h"
#include "bench.h"
#include "subjects.h"

/*
 * On an idle host, whoever was measured first was up to half slower in some runs,
 * mpool and kmem_cache alike, and nobody after that.  Waiting or spinning before
 * changes nothing, some milliseconds of the same work do.
 */
#define WARM_UP_NS	(20 * NSEC_PER_MSEC)

/* Of a mempool_t, which makes them ahead. */
#define RESERVE_BYTES	(4UL << 20)

/* All lines of a group; seq_file would run it again if they did not fit. */
#define OUTPUT_MAX	SZ_1M

unsigned int bench_insn_ns;
module_param_named(insn_ns, bench_insn_ns, uint, 0444);
MODULE_PARM_DESC(insn_ns, "Nanoseconds of guest time for one instruction; 0: time is time");

bool bench_quick;
module_param_named(quick, bench_quick, bool, 0644);
MODULE_PARM_DESC(quick, "A subset that takes a minute");

const unsigned int bench_sizes[] = {
	64, 256, 1024, 4096, 16384, 65536, SZ_2M,
};

const unsigned int bench_nr_sizes = ARRAY_SIZE(bench_sizes);

DEFINE_PER_CPU(struct bench_bare, bench_bare);

static void **bench_held;
static struct dentry *dir;

/* Of this module's own: the inline functions of mpool's tags know it. */
unsigned long mpool_private_bias;

/* As mpool's: below a page behind a header, from there on of whole pages. */
static void *bare_make(unsigned int size)
{
	struct mpool_head *head;

	if (size >= PAGE_SIZE)
		return (void *)__get_free_pages(GFP_KERNEL, get_order(size));
	head = kmalloc(sizeof(*head) + size, GFP_KERNEL);
	return head ? head + 1 : NULL;
}

static void bare_end(void *buf, unsigned int size)
{
	if (!buf)
		return;
	if (size >= PAGE_SIZE) {
		set_page_private(virt_to_page(buf), 0);
		free_pages((unsigned long)buf, get_order(size));
	} else {
		kfree(mpool_head(buf));
	}
}

/* The arrays are full again, of one and the same buffer. */
static void bare_fill(void *buf)
{
	struct bench_bare *b;
	int cpu;

	for_each_possible_cpu(cpu) {
		b = per_cpu_ptr(&bench_bare, cpu);
		for (b->nr = 0; b->nr < BENCH_HELD_MAX; b->nr++)
			b->objs[b->nr] = buf;
	}
}

static void set_free(struct bench_set *s)
{
	bare_end(s->bare, s->size);
	if (s->pages)
		page_pool_destroy(s->pages);
	mempool_destroy(s->reserve);
	kmem_cache_destroy(s->cache);
	if (!IS_ERR_OR_NULL(s->pool))
		mpool_put(s->pool);
}

static void warm_up(struct bench_set *s)
{
	u64 end = ktime_get_ns() + WARM_UP_NS;
	unsigned int i;
	void *p;

	while (!bench_insn_ns && ktime_get_ns() < end) {
		for (i = 0; i < 64; i++) {
			p = kmem_cache_alloc(s->cache, GFP_KERNEL);
			if (p)
				kmem_cache_free(s->cache, p);
		}
		cond_resched();
	}
}

/**
 * bench_page_pool() - a page_pool as a set has it
 * @size: bytes
 *
 * Return: it, for page_pool_destroy(); NULL below a page, or where there is none.
 */
struct page_pool *bench_page_pool(unsigned int size)
{
	struct page_pool_params params = {
		.order = get_order(size),
		.pool_size = bench_room(size, 8192),
		.nid = NUMA_NO_NODE,
	};
	struct page_pool *pages;

	if (!IS_ENABLED(CONFIG_PAGE_POOL) || size < PAGE_SIZE)
		return NULL;
	pages = page_pool_create(&params);
	return IS_ERR(pages) ? NULL : pages;
}

/* A call for many asks a mempool_t for no more than it reserves. */
static unsigned int bench_reserve(unsigned int size)
{
	return clamp(RESERVE_BYTES / size, 4UL, 512UL);
}

/*
 * Everybody who is measured, at one size.  Each size has a pool of its own, so
 * that no size finds what another left.
 */
static int set_up(struct bench_set *s, unsigned int size)
{
	const unsigned int most = bench_room(size, BENCH_HELD_MAX);
	const struct mpool_config cfg = {
		.settings = {
			.max_size = SZ_2M,
			.max = { most + 1024, most + 1024, most + 64 },
			.max_bytes = 2 * BENCH_BYTES_MAX,
		},
	};

	*s = (struct bench_set) {
		.size = size,
		.order = get_order(size),
		.held = bench_held,
	};
	s->pool = mpool_create("bench", &cfg);
	if (IS_ERR(s->pool))
		return PTR_ERR(s->pool);
	s->cls = mpool_class_get(s->pool, size);
	if (IS_ERR(s->cls)) {
		set_free(s);
		return PTR_ERR(s->cls);
	}
	s->bare = bare_make(size);
	if (s->bare)
		s->cache = kmem_cache_create("mpool_bench", size, 0, 0, NULL);
	if (s->cache)
		s->reserve = mempool_create_slab_pool(bench_reserve(size), s->cache);
	if (s->reserve)
		s->pages = bench_page_pool(size);
	if (!s->reserve) {
		set_free(s);
		return -ENOMEM;
	}
	warm_up(s);
	bare_fill(s->bare);
	mpool_tag_set(s->bare, mpool_buf_paged(s->bare), BENCH_TAG, MPOOL_FREE);
	return 0;
}

/**
 * bench_each_size() - a group's figures at each of some sizes
 * @m: where to
 * @sizes: bytes
 * @nr: how many
 * @fn: measures on a set, and leaves it with all buffers back; 0 or an error
 *
 * Return: 0, or the first error: @fn's, or that a set could not be made.
 */
int bench_each_size(struct seq_file *m, const unsigned int *sizes,
		    unsigned int nr,
		    int (*fn)(struct seq_file *m, struct bench_set *s))
{
	struct bench_set s;
	int err = 0;

	while (!err && nr--) {
		err = set_up(&s, *sizes++);
		if (err)
			break;
		err = fn(m, &s);
		set_free(&s);
	}
	return err;
}

static const struct {
	const char *name;
	int (*run)(struct seq_file *m);
} groups[] = {
	{ "single", bench_single },
	{ "bulk", bench_bulk },
	{ "matrix", bench_matrix },
	{ "softirq", bench_softirq },
	{ "threads", bench_threads },
	{ "cross", bench_cross },
	{ "many", bench_many },
	{ "waste", bench_waste },
	{ "burst", bench_burst },
};

static DEFINE_MUTEX(one_at_a_time);

static int group_show(struct seq_file *m, void *v)
{
	unsigned long i = (unsigned long)m->private;
	int err;

	err = mutex_lock_killable(&one_at_a_time);
	if (err)
		return err;
	/* The bare arrays are the CPU's, see subjects.h. */
	err = set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	if (!err)
		err = groups[i].run(m);
	mutex_unlock(&one_at_a_time);
	return err;
}

static int group_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, group_show, inode->i_private, OUTPUT_MAX);
}

static const struct file_operations group_fops = {
	.owner = THIS_MODULE,
	.open = group_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static void bare_free(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(per_cpu(bench_bare, cpu).objs);
}

static int bare_alloc(void)
{
	struct bench_bare *b;
	int cpu;

	for_each_possible_cpu(cpu) {
		b = per_cpu_ptr(&bench_bare, cpu);
		b->objs = kvcalloc(BENCH_HELD_MAX, sizeof(*b->objs), GFP_KERNEL);
		if (!b->objs) {
			bare_free();
			return -ENOMEM;
		}
	}
	return 0;
}

static int __init bench_init(void)
{
	unsigned long i;
	int err;

	mpool_private_bias = mpool_private_bias_init();
	bench_held = kvcalloc(BENCH_HELD_MAX, sizeof(*bench_held), GFP_KERNEL);
	if (!bench_held)
		return -ENOMEM;
	err = bare_alloc();
	if (err) {
		kvfree(bench_held);
		return err;
	}
	dir = debugfs_create_dir("mpool_bench", NULL);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		debugfs_create_file(groups[i].name, 0400, dir, (void *)i,
				    &group_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove_recursive(dir);
	bare_free();
	kvfree(bench_held);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Costs of mpool beside the kernel's allocators");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MPOOL_NS);
