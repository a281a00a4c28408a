/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hrtimer_init() and a stored function became hrtimer_setup() in Linux 6.13.
 */
#ifndef _MPOOL_COMPAT_TIMER_H
#define _MPOOL_COMPAT_TIMER_H

#include <linux/hrtimer.h>
#include <linux/version.h>

static inline void
mpool_hrtimer_setup(struct hrtimer *timer,
		    enum hrtimer_restart (*fn)(struct hrtimer *timer),
		    clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

#endif /* _MPOOL_COMPAT_TIMER_H */
