/* SPDX-License-Identifier: MIT
 *
 * Threads that can be had.
 */
#pragma once

#include <pthread.h>

/* thread_start starts a thread, or ends the process: threads that wait for one
 * that cannot come could not be told. */
void thread_start(pthread_t *out_thread, void *(*run)(void *), void *argument);
