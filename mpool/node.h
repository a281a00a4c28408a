/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NUMA nodes: whose memory a buffer is, and which nodes are near.
 *
 * All of it is for possible nodes: a depot is there for each, and nodes come
 * and go without anybody of ours being told.
 */
#ifndef _MPOOL_NODE_H
#define _MPOOL_NODE_H

#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/types.h>

struct kmem_cache;

extern unsigned int mpool_nr_nodes;

int mpool_node_init(void);
void mpool_node_exit(void);
const u16 *mpool_nodes_from(int node);
int mpool_node_with_memory(int node);
void *mpool_node_kmem(struct kmem_cache *cache, gfp_t gfp, int node);

/* Each possible node, the nearest to @from first. */
#define mpool_for_each_near(node, from)					\
	for (const u16 *__at = mpool_nodes_from(from),			\
		       *__end = __at + mpool_nr_nodes;			\
	     __at < __end && ((node) = *__at, true); __at++)

/* Is there more than one node?  A constant where there cannot be. */
static inline bool mpool_numa(void)
{
	return nr_online_nodes > 1;
}

/* Whose memory a buffer is: where it is at home. */
static inline int mpool_buf_node(const void *buf)
{
	return page_to_nid(virt_to_page(buf));
}

#endif /* _MPOOL_NODE_H */
