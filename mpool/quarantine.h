/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers that something still reaches when their lease has ended.
 */
#ifndef _MPOOL_QUARANTINE_H
#define _MPOOL_QUARANTINE_H

struct mpool;
struct mpool_class;
struct mpool_desc;
struct mpool_shelf;
struct user_struct;
struct work_struct;

void mpool_quarantine_add(struct mpool_class *cls, struct mpool_shelf *shelf,
			  struct user_struct *user, struct mpool_desc *desc);
void mpool_quarantine_look(struct mpool *pool);
void mpool_quarantine_fn(struct work_struct *work);
void mpool_quarantine_exit(struct mpool_class *cls);

#endif /* _MPOOL_QUARANTINE_H */
