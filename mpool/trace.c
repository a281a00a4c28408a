// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints' own code, and the out-of-line ends of the hit path.
 */
#include "class.h"
#include "pool.h"
#include "traced.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * mpool_traced_alloc() - tell who traces of an allocation
 * @cls: the class
 * @buf: the buffer, the caller's already
 * @asked: bytes that were asked for
 * @gfp: how
 * @caller: by whom
 *
 * Context: any but NMI.
 * Return: @buf.
 */
noinline void *mpool_traced_alloc(struct mpool_class *cls, void *buf,
				  size_t asked, gfp_t gfp, unsigned long caller)
{
	trace_mpool_alloc(cls->pool->name, cls->size, buf, asked, gfp, caller);
	return buf;
}

/**
 * mpool_traced_bulk() - tell who traces of allocations in bulk
 * @cls: the class
 * @nr: how many
 * @bufs: the buffers, the caller's already
 * @asked: bytes of each that were asked for
 * @gfp: how
 * @caller: by whom
 *
 * Context: any but NMI.
 */
noinline void mpool_traced_bulk(struct mpool_class *cls, unsigned int nr,
				void **bufs, size_t asked, gfp_t gfp,
				unsigned long caller)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		trace_mpool_alloc(cls->pool->name, cls->size, bufs[i], asked,
				  gfp, caller);
}
