/* SPDX-License-Identifier: MIT
 *
 * Threads that can be had.
 */
#ifndef BROOD_ADAPTER_THREAD_H
#define BROOD_ADAPTER_THREAD_H

#include <pthread.h>

/* thread_start starts a thread, or ends the process: threads that wait for one
 * that cannot come could not be told. */
void thread_start(pthread_t *out_thread, void *(*run)(void *), void *argument);

#endif /* BROOD_ADAPTER_THREAD_H */
