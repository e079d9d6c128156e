/* What is inside of a queue, for tests that hold its locks as a process does
 * that is stopped there, or that write nonsense into it.
 * SPDX-License-Identifier: MIT */
#pragma once

#include "brood.h"

#ifdef __cplusplus
extern "C" {
#endif

/* These take the lock of those who get, or put, and keep it. */
void inside_hold_get_lock(brood_queue *queue);
void inside_hold_put_lock(brood_queue *queue);

/* inside_begin_put holds it too, and has told of an item that is not there. */
void inside_begin_put(brood_queue *queue);

/* inside_set_taker says that a taker has begun a change, while none gets. */
void inside_set_taker(brood_queue *queue, uint32_t taker);

/* inside_begin_reason writes as much of why a pool is broken as a process that
 * is killed just then has written. */
void inside_begin_reason(brood_pool *pool);

/* inside_supervisor returns the pid of a pool's supervisor. */
int inside_supervisor(brood_pool *pool);

/* What clients and a forkserver say to each other. */
extern const unsigned inside_serve_connect, inside_serve_launch;

/* What clients and the server of a manager do. */
extern const unsigned inside_call_hello, inside_call_shutdown,
    inside_call_acquire;

#ifdef __cplusplus
}
#endif
