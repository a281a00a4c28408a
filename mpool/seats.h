/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Seats: which CPUs may use their magazines, where a class's limit is too small
 * for all of them.
 *
 * Magazines of all CPUs together hold at most a quarter of the limit.  As many
 * CPUs as that allows have a seat; the others stand, and go to the depot.  A
 * CPU sits down by itself when there is a seat, and is made to stand by each
 * drain, and when it dies: the magazines go to those who come first, and so
 * mostly to those who come often.  Who stood is seen to at the next cleanup,
 * by a drain.
 */
#ifndef _MPOOL_SEATS_H
#define _MPOOL_SEATS_H

#include <linux/types.h>

struct mpool_class;
struct mpool_cpu;

void mpool_seats_init(struct mpool_class *cls);
bool mpool_seat_take(struct mpool_class *cls);
void mpool_seat_leave(struct mpool_class *cls, struct mpool_cpu *cpu);
bool mpool_seats_crowded(struct mpool_class *cls);

#endif /* _MPOOL_SEATS_H */
