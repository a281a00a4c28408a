// SPDX-License-Identifier: GPL-2.0
/*
 * mpool: named pools of ready buffers, for kernel modules and processes.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "backing.h"
#include "chardev.h"
#include "debugfs.h"
#include "kunit.h"
#include "node.h"
#include "params.h"
#include "reclaim.h"
#include "registry.h"
#include "work.h"

struct workqueue_struct *mpool_wq;

static int __init mpool_init(void)
{
	int err = -ENOMEM;

	/* Zeroing and ageing give memory back: they must go on without any. */
	mpool_wq = alloc_workqueue("mpool", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!mpool_wq)
		return err;
	err = mpool_node_init();
	if (err)
		goto destroy_wq;
	err = mpool_backing_page_init();
	if (err)
		goto exit_node;
	err = mpool_reclaim_init();
	if (err)
		goto exit_backing;
	err = mpool_registry_init();
	if (err)
		goto exit_reclaim;
	mpool_debugfs_init();
	err = mpool_params_create_pools();
	if (err)
		goto exit_registry;
	err = mpool_chardev_init();
	if (err)
		goto exit_registry;
	mpool_kunit_start();
	return 0;

exit_registry:
	mpool_registry_exit();
	mpool_debugfs_exit();
exit_reclaim:
	mpool_reclaim_exit();
exit_backing:
	mpool_backing_page_exit();
exit_node:
	mpool_node_exit();
destroy_wq:
	destroy_workqueue(mpool_wq);
	/* By this who loads a module is told that it is there already. */
	return err == -EEXIST ? -EBUSY : err;
}

static void __exit mpool_exit(void)
{
	mpool_kunit_stop();
	mpool_chardev_exit();
	mpool_registry_exit();
	mpool_debugfs_exit();
	mpool_reclaim_exit();
	mpool_backing_page_exit();
	mpool_node_exit();
	destroy_workqueue(mpool_wq);
}

module_init(mpool_init);
module_exit(mpool_exit);

MODULE_DESCRIPTION("Named pools of ready buffers, shared by kernel and processes");
MODULE_AUTHOR("The mpool maintainers");
MODULE_LICENSE("GPL");
