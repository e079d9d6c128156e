/* SPDX-License-Identifier: MIT
 *
 * Pools: how calls give tasks to them, and what they answer.
 */
#pragma once

#include <stdint.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"

/* pool_new makes a pool of the context that call->self is. */
int pool_new(struct call *call);

/* pool_read_task reads the function of an argument; null and nothing are
 * NULL. */
int pool_read_task(struct call *call, int index, brood_task *out_task);

/* pool_read_limit reads a number of seconds; null and nothing are 0. */
int pool_read_limit(struct call *call, int index, int64_t *out_limit_ns);

/* pool_read_items reads the items of a map. A list among them is one argument;
 * if `star` it is all of them, and each item has to be one. */
int pool_read_items(struct call *call, int index, bool star,
                    struct arguments *items);

/* pool_answer answers a value of the pool's, if r says that there is one. */
int pool_answer(struct call *call, int r, brood_value value);

/* pool_result and pool_iterate answer a handle; iterate reads the arguments
 * "func iterable chunksize? *buffersize?". */
int pool_result(struct call *call, brood_async_result *result);
int pool_iterate(struct call *call, unsigned flags);

/* pool_wait_any waits for any of a list of results: "results timeout?". */
int pool_wait_any(struct call *call);
