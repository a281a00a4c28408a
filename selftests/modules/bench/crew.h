/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads, spread over the CPUs, that begin at one moment.
 */
#ifndef _BENCH_CREW_H
#define _BENCH_CREW_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "bench.h"

#define CREW_MAX	10
/* Some 20 us: longer than anybody on an idle machine waits. */
#define CREW_SPINS	2000

/**
 * struct crew - threads that begin at one moment
 * @s: what they work on
 * @m: where figures go
 * @nr: how many
 * @ready: have arrived
 * @gone: have ended
 * @go: written by the last to arrive, read by all
 * @bad: an allocation failed; written by any
 * @wait: for @go, when they are more than CPUs
 * @done: completed by the last to end
 * @begin: when @go was written, ns
 * @begin_tsc: the same
 * @end: when the last one ended
 * @end_tsc: the same
 */
struct crew {
	struct bench_set *s;
	struct seq_file *m;
	unsigned int nr;
	atomic_t ready;
	atomic_t gone;
	bool go;
	bool bad;
	wait_queue_head_t wait;
	struct completion done;
	u64 begin;
	u64 begin_tsc;
	u64 end;
	u64 end_tsc;
};

/**
 * struct crew_size - how large a crew is
 * @nr: of how many threads
 * @ops: operations of all of them in a run
 */
struct crew_size {
	unsigned int nr;
	u64 ops;
};

struct crew_member {
	struct crew *crew;
	unsigned int index;
};

/*
 * Between two looks at what another thread writes.  cond_resched() is empty
 * where the kernel preempts, and user-mode Linux does not preempt who spins.  A
 * sleep now and then gives a busy host's processor to the other one.
 */
static inline void crew_relax(unsigned int *spun)
{
	cpu_relax();
	if (need_resched())
		schedule();
	else if (!(++*spun % CREW_SPINS))
		usleep_range(20, 50);
}

void crew_begin(struct crew *c);
int crew_end(struct crew *c);
void crew_measure(struct crew *c, const struct crew_size *sizes,
		  unsigned int nr, const char *shape, const char *subject,
		  unsigned int batch, int (*fn)(void *member));

#endif /* _BENCH_CREW_H */
