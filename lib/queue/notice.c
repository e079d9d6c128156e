/* SPDX-License-Identifier: MIT
 *
 * The descriptor of a queue that is readable while there are items. Nothing is
 * made for it: the courier of a queue is a pair of sockets, which every process
 * that has the queue has, and it carries one way only. The other way goes the
 * notice: see lib/share/arena.h.
 *
 * What is known of it is under put_lock: a producer sends it before it commits
 * the first item, and only who sees the ring empty with that lock takes it out.
 *
 * Killed where? A producer between the two leaves a notice without an item, a
 * consumer after its commit likewise: the descriptor is readable once in vain,
 * until a process has looked for an item. There is no moment at which an item
 * is there without a notice.
 */
#include "lib/queue/queue.h"
#include "lib/share/arena.h"
#include "lib/sync/lock.h"

int queue_notice_send(struct queue *queue) {
  if (queue->ring.notice < ARENA_NOTICE_UNSURE) return 0;
  return arena_notice_send(arena_fd(share_block_of(queue), ARENA_RECEIVER),
                           &queue->ring.notice);
}

/* A producer is quick unless it is stopped: the caller waits for it, as one
 * that polls does for any lock of a ring. */
bool queue_notice_take(struct queue *queue) {
  struct ring *ring = &queue->ring;
  if (ring_lock(ring, &ring->put_lock, 0) < 0) return false;
  bool has_item = ring_count(ring) > 0;
  if (!has_item) {
    arena_notice_take(arena_fd(share_block_of(queue), ARENA_SENDER),
                      &ring->notice);
  }
  sync_quick_release(&ring->put_lock);
  return has_item;
}

int queue_notice_begin(struct queue *queue) {
  struct ring *ring = &queue->ring;
  if (atomic_load(&ring->is_watched) != 0) return 0;
  int r = ring_lock(ring, &ring->put_lock, 0);
  if (r < 0) return r;
  r = queue_lock_get(queue, 0);
  if (r == 0) {
    ring->notice = ARENA_NOTICE_UNSURE;
    if (ring_count(ring) > 0) r = queue_notice_send(queue);
    /* Whoever was killed before this has not set it. */
    if (r == 0) atomic_store(&ring->is_watched, 1);
    sync_quick_release(&ring->get_lock);
  }
  sync_quick_release(&ring->put_lock);
  return r;
}
