/* See inside.h.
 * SPDX-License-Identifier: MIT */
#include "lib/test/inside.h"

#include "lib/manager/call.h"
#include "lib/queue/queue.h"
#include "lib/start/context.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/work/pool.h"

static struct queue *inside(brood_queue *queue) {
  return (struct queue *)queue;
}

static void hold(struct sync_lock *lock) {
  sync_lock_acquire(lock, sync_self_process(), SYS_CLOCK_NEVER);
}

void inside_hold_get_lock(brood_queue *queue) {
  hold(&inside(queue)->ring.get_lock);
}

void inside_hold_put_lock(brood_queue *queue) {
  hold(&inside(queue)->ring.put_lock);
}

void inside_begin_put(brood_queue *queue) {
  inside_hold_put_lock(queue);
  queue_notice_send(inside(queue));
}

void inside_set_taker(brood_queue *queue, uint32_t taker) {
  struct queue *all = inside(queue);
  all->tasks.change.head =
      mark_items(atomic_load_explicit(&all->ring.head, memory_order_relaxed));
  atomic_store(&all->tasks.change.taker, taker);
}

void inside_begin_reason(brood_pool *pool) {
  atomic_store(&pool->crew.board->has_reason, 1);
}

int inside_supervisor(brood_pool *pool) {
  return brood_process_pid(pool->supervisor);
}

const unsigned inside_serve_connect = SERVE_CONNECT;
const unsigned inside_serve_launch = SERVE_LAUNCH;
const unsigned inside_call_hello = CALL_HELLO;
const unsigned inside_call_shutdown = CALL_SHUTDOWN;
const unsigned inside_call_acquire = PROXY_ACQUIRE;
