/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Places in which a test can hold a thread, to let another one overtake it.
 * They are there on kernels made to fail on purpose, and nothing elsewhere.
 */
#ifndef _MPOOL_HOLD_H
#define _MPOOL_HOLD_H

/**
 * enum mpool_hold_point - where a thread can be held
 * @MPOOL_HOLD_FOUND: a fault has found its lease; no lock is held
 * @MPOOL_HOLD_CHECKED: a fault found it live under the page lock, and is about
 *	to have the page mapped
 * @MPOOL_HOLD_IDLE: a pool that is to be destroyed was seen idle and without
 *	pins; the registry's mutex is held
 * @MPOOL_HOLD_MAKING: a pool is to be made and has its name, which nobody finds;
 *	no lock is held
 */
enum mpool_hold_point {
	MPOOL_HOLD_FOUND = 1,
	MPOOL_HOLD_CHECKED,
	MPOOL_HOLD_IDLE,
	MPOOL_HOLD_MAKING,
};

#ifdef CONFIG_FAULT_INJECTION
void mpool_hold(enum mpool_hold_point point);
#else
static inline void mpool_hold(enum mpool_hold_point point) { }
#endif

#endif /* _MPOOL_HOLD_H */
