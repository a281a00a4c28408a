// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes by distance.
 *
 * The kernel keeps the distances and exports them; the order that it makes of
 * them for its own fallbacks it does not.  They are firmware's and constant,
 * for nodes that are offline, too: so the order is made once.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "node.h"

unsigned int mpool_nr_nodes __ro_after_init;

/* mpool_nr_nodes of them for each node id. */
static u16 *order __ro_after_init;

/*
 * Of nodes at the same distance, the next one up comes first, around: if all
 * began with the lowest, its depot would serve all who are short.
 */
static void __init order_from(int from)
{
	u16 *row = order + from * mpool_nr_nodes;
	unsigned int nr = 0, i;
	int node = from;

	do {
		for (i = nr++; i && node_distance(from, row[i - 1]) >
				    node_distance(from, node); i--)
			row[i] = row[i - 1];
		row[i] = node;
		node = next_node_in(node, node_possible_map);
	} while (node != from);
}

/**
 * mpool_node_init() - once, before the first class
 *
 * Return: 0 or -ENOMEM.
 */
int __init mpool_node_init(void)
{
	int node;

	mpool_nr_nodes = num_possible_nodes();
	order = kcalloc(array_size(nr_node_ids, mpool_nr_nodes),
			sizeof(*order), GFP_KERNEL);
	if (!order)
		return -ENOMEM;
	for_each_node(node)
		order_from(node);
	return 0;
}

/**
 * mpool_node_exit() - after the last class
 */
void mpool_node_exit(void)
{
	kfree(order);
}

/**
 * mpool_nodes_from() - all possible nodes by distance
 * @node: from which, a possible one
 *
 * Context: any.
 * Return: mpool_nr_nodes of them, @node first.
 */
const u16 *mpool_nodes_from(int node)
{
	return order + node * mpool_nr_nodes;
}

/**
 * mpool_node_with_memory() - where memory for a node comes from
 * @node: a possible node, that may have CPUs only or be offline
 *
 * Context: any.
 * Return: @node if it has memory, else the nearest that has.
 */
int mpool_node_with_memory(int node)
{
	int other;

	if (likely(node_state(node, N_MEMORY)))
		return node;
	mpool_for_each_near(other, node)
		if (node_state(other, N_MEMORY))
			return other;
	return node;
}

/**
 * mpool_node_kmem() - an object of a node, or of any if that has no memory
 * @cache: the cache
 * @gfp: how to allocate; __GFP_THISNODE: of no other node
 * @node: the node, NUMA_NO_NODE for any
 *
 * SLUB of 6.1, asked for an object of a node that has no memory left,
 * makes a slab on another one, and finds at the next such object that it is
 * not the node's: a slab an object.  So a node is asked for what it has, and
 * then it is all the same which.
 *
 * Context: as @gfp says.
 * Return: the object or NULL.
 */
void *mpool_node_kmem(struct kmem_cache *cache, gfp_t gfp, int node)
{
	gfp_t here = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_THISNODE |
		     __GFP_NOWARN;
	void *obj;

	if (node == NUMA_NO_NODE)
		return kmem_cache_alloc(cache, gfp);
	obj = kmem_cache_alloc_node(cache, here, node);
	if (obj || gfp & __GFP_THISNODE)
		return obj;
	return kmem_cache_alloc(cache, gfp);
}
