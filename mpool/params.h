/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools that module parameters ask for.
 */
#ifndef _MPOOL_PARAMS_H
#define _MPOOL_PARAMS_H

int mpool_params_create_pools(void);

#endif /* _MPOOL_PARAMS_H */
