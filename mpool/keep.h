/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client's own cache: buffers that it released and may lease again.
 */
#ifndef _MPOOL_KEEP_H
#define _MPOOL_KEEP_H

#include <linux/types.h>

struct mpool_client;
struct mpool_hold;

void mpool_keep_init(struct mpool_client *client);
void mpool_keep_exit(struct mpool_client *client);
void mpool_keep_tell(struct mpool_client *client);
void mpool_keep_uncarve(struct mpool_client *client, unsigned int nr,
			struct mpool_hold *holds);
void mpool_keep_release(struct mpool_client *client, unsigned int nr,
			struct mpool_hold *holds, bool keep);
unsigned int mpool_keep_take(struct mpool_client *client, unsigned int index,
			     unsigned int nr, struct mpool_hold *holds);
unsigned int mpool_keep_carve(struct mpool_client *client, unsigned int index,
			      unsigned int nr, struct mpool_hold *holds);
void mpool_keep_give_up(struct mpool_client *client, unsigned int nr,
			struct mpool_hold *holds);
void mpool_keep_drop(struct mpool_client *client);
void mpool_keep_yield(struct mpool_client *client);

#endif /* _MPOOL_KEEP_H */
