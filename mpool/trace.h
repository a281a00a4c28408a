/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what Documentation/tracing.rst promises, and no more.
 *
 * Names and fields are kept, new fields come at the end.  A pool's name is an
 * array, and not a pointer, so that filters and BPF programs compare it as it
 * stands.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mpool

#if !defined(_MPOOL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MPOOL_TRACE_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>
#include <uapi/linux/mpool.h>

TRACE_EVENT(mpool_alloc,
	    TP_PROTO(const char *pool, u32 size, const void *buf, u32 asked,
		     gfp_t gfp, unsigned long caller),
	    TP_ARGS(pool, size, buf, asked, gfp, caller),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(u32, asked)
			     __field(const void *, buf)
			     __field(unsigned long, caller)
			     __field(unsigned long, gfp)
			     __field(int, node)),
	    TP_fast_assign(/* Names are padded with zeros. */
			   memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->asked = asked;
			   __entry->buf = buf;
			   __entry->caller = caller;
			   __entry->gfp = (__force unsigned long)gfp;
			   __entry->node = page_to_nid(virt_to_page(buf));),
	    TP_printk("pool=%s size=%u asked=%u buf=%p node=%d gfp=%s caller=%pS",
		      __entry->pool, __entry->size, __entry->asked,
		      __entry->buf, __entry->node,
		      show_gfp_flags(__entry->gfp), (void *)__entry->caller)
);

TRACE_EVENT(mpool_free,
	    TP_PROTO(const char *pool, u32 size, const void *buf,
		     unsigned long caller),
	    TP_ARGS(pool, size, buf, caller),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(int, node)
			     __field(const void *, buf)
			     __field(unsigned long, caller)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->node = page_to_nid(virt_to_page(buf));
			   __entry->buf = buf;
			   __entry->caller = caller;),
	    TP_printk("pool=%s size=%u buf=%p node=%d caller=%pS",
		      __entry->pool, __entry->size, __entry->buf,
		      __entry->node, (void *)__entry->caller)
);

TRACE_EVENT(mpool_miss,
	    TP_PROTO(const char *pool, u32 size, gfp_t gfp, int err, u64 ns),
	    TP_ARGS(pool, size, gfp, err, ns),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(int, err)
			     __field(u64, ns)
			     __field(unsigned long, gfp)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->err = err;
			   __entry->ns = ns;
			   __entry->gfp = (__force unsigned long)gfp;),
	    TP_printk("pool=%s size=%u err=%d ns=%llu gfp=%s", __entry->pool,
		      __entry->size, __entry->err, __entry->ns,
		      show_gfp_flags(__entry->gfp))
);

TRACE_EVENT(mpool_grow,
	    TP_PROTO(const char *pool, u32 size, u32 nr, u32 backed, u32 max,
		     int node, gfp_t gfp),
	    TP_ARGS(pool, size, nr, backed, max, node, gfp),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(u32, nr)
			     __field(u32, backed)
			     __field(u32, max)
			     __field(unsigned long, gfp)
			     __field(int, node)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->nr = nr;
			   __entry->backed = backed;
			   __entry->max = max;
			   __entry->gfp = (__force unsigned long)gfp;
			   __entry->node = node;),
	    TP_printk("pool=%s size=%u nr=%u backed=%u max=%u node=%d gfp=%s",
		      __entry->pool, __entry->size, __entry->nr,
		      __entry->backed, __entry->max, __entry->node,
		      show_gfp_flags(__entry->gfp))
);

TRACE_EVENT(mpool_shrink,
	    TP_PROTO(const char *pool, u32 size, u32 nr, u32 backed),
	    TP_ARGS(pool, size, nr, backed),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(u32, nr)
			     __field(u32, backed)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->nr = nr;
			   __entry->backed = backed;),
	    TP_printk("pool=%s size=%u nr=%u backed=%u", __entry->pool,
		      __entry->size, __entry->nr, __entry->backed)
);

TRACE_EVENT(mpool_exhaust,
	    TP_PROTO(const char *pool, u32 size, u32 max, long bytes,
		     unsigned long max_bytes, gfp_t gfp, int err, bool waits),
	    TP_ARGS(pool, size, max, bytes, max_bytes, gfp, err, waits),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(u32, max)
			     __field(unsigned long, bytes)
			     __field(unsigned long, max_bytes)
			     __field(unsigned long, gfp)
			     __field(int, err)
			     __field(bool, waits)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->max = max;
			   __entry->bytes = bytes;
			   __entry->max_bytes = max_bytes;
			   __entry->gfp = (__force unsigned long)gfp;
			   __entry->err = err;
			   __entry->waits = waits;),
	    TP_printk("pool=%s size=%u max=%u bytes=%lu max_bytes=%lu err=%d waits=%d gfp=%s",
		      __entry->pool, __entry->size, __entry->max,
		      __entry->bytes, __entry->max_bytes, __entry->err,
		      __entry->waits, show_gfp_flags(__entry->gfp))
);

TRACE_EVENT(mpool_wait_begin,
	    TP_PROTO(const char *pool, u32 size),
	    TP_ARGS(pool, size),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;),
	    TP_printk("pool=%s size=%u", __entry->pool, __entry->size)
);

TRACE_EVENT(mpool_wait,
	    TP_PROTO(const char *pool, u32 size, int err, u64 ns),
	    TP_ARGS(pool, size, err, ns),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __field(u32, size)
			     __field(int, err)
			     __field(u64, ns)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   __entry->size = size;
			   __entry->err = err;
			   __entry->ns = ns;),
	    TP_printk("pool=%s size=%u err=%d ns=%llu", __entry->pool,
		      __entry->size, __entry->err, __entry->ns)
);

TRACE_EVENT(mpool_leak,
	    TP_PROTO(const char *pool, u32 size, u64 nr, u64 age_ms,
		     unsigned long caller, pid_t pid, const char *comm,
		     bool leased),
	    TP_ARGS(pool, size, nr, age_ms, caller, pid, comm, leased),
	    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
			     __array(char, comm, TASK_COMM_LEN)
			     __field(u64, nr)
			     __field(u64, age_ms)
			     __field(unsigned long, caller)
			     __field(u32, size)
			     __field(pid_t, pid)
			     __field(bool, leased)),
	    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
			   memcpy(__entry->comm, comm, TASK_COMM_LEN);
			   __entry->nr = nr;
			   __entry->age_ms = age_ms;
			   __entry->caller = caller;
			   __entry->size = size;
			   __entry->pid = pid;
			   __entry->leased = leased;),
	    TP_printk("pool=%s size=%u nr=%llu age_ms=%llu leased=%d pid=%d comm=%s caller=%pS",
		      __entry->pool, __entry->size, __entry->nr,
		      __entry->age_ms, __entry->leased, __entry->pid,
		      __entry->comm, (void *)__entry->caller)
);

DECLARE_EVENT_CLASS(mpool_lease_class,
		    TP_PROTO(const char *pool, u32 size, u64 client,
			     u64 handle, const void *buf),
		    TP_ARGS(pool, size, client, handle, buf),
		    TP_STRUCT__entry(__array(char, pool, MPOOL_NAME_LEN)
				     __field(u32, size)
				     __field(int, node)
				     __field(u64, client)
				     __field(u64, handle)
				     __field(const void *, buf)),
		    TP_fast_assign(memcpy(__entry->pool, pool, MPOOL_NAME_LEN);
				   __entry->size = size;
				   __entry->node = page_to_nid(virt_to_page(buf));
				   __entry->client = client;
				   __entry->handle = handle;
				   __entry->buf = buf;),
		    TP_printk("pool=%s size=%u client=%llu handle=%#llx buf=%p node=%d",
			      __entry->pool, __entry->size, __entry->client,
			      __entry->handle, __entry->buf, __entry->node)
);

DEFINE_EVENT(mpool_lease_class, mpool_lease,
	     TP_PROTO(const char *pool, u32 size, u64 client, u64 handle,
		      const void *buf),
	     TP_ARGS(pool, size, client, handle, buf)
);

DEFINE_EVENT(mpool_lease_class, mpool_release,
	     TP_PROTO(const char *pool, u32 size, u64 client, u64 handle,
		      const void *buf),
	     TP_ARGS(pool, size, client, handle, buf)
);

#endif /* _MPOOL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
