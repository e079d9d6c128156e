/* SPDX-License-Identifier: MIT
 *
 * SimpleQueue.
 */
#include <errno.h>

#include "lib/comm/queue.h"
#include "lib/share/arena.h"
#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sys/clock.h"

struct brood_simple_queue {
  struct comm_queue base;
};

static int check_simple_queue(brood_simple_queue *queue) {
  int r = share_check(queue, SHARE_SIMPLE_QUEUE);
  if (r < 0 || !arena_is_closed(share_block_of(queue))) return r;
  return error_set_os(-EBADF, "simple queue at %p: handle is closed",
                      (void *)queue);
}

brood_simple_queue *brood_simple_queue_new(const brood_context *context) {
  return queue_make(context, SHARE_SIMPLE_QUEUE, 0, false);
}

brood_simple_queue *brood_simple_queue_free(brood_simple_queue *queue) {
  return share_free(queue, SHARE_SIMPLE_QUEUE);
}

int brood_simple_queue_put(brood_simple_queue *queue, brood_value item) {
  int r = check_simple_queue(queue);
  if (r < 0 || queue_put_quickly(&queue->base, &item, 1) == 1) return r;
  size_t count;
  return queue_put(&queue->base, &item, 1, SYS_CLOCK_NEVER, &count);
}

int brood_simple_queue_get(brood_simple_queue *queue, brood_value *out_item) {
  int r = check_simple_queue(queue);
  if (r == 0) r = error_check_out(out_item);
  if (r < 0 || queue_get_quickly(&queue->base, out_item)) return r;
  size_t count;
  return queue_get(&queue->base, out_item, 1, SYS_CLOCK_NEVER, &count);
}

int brood_simple_queue_empty(brood_simple_queue *queue) {
  int r = check_simple_queue(queue);
  return r < 0 ? r : ring_count(&queue->base.ring) == 0;
}

int brood_simple_queue_close(brood_simple_queue *queue) {
  int r = share_check(queue, SHARE_SIMPLE_QUEUE);
  if (r == 0) arena_close(share_block_of(queue));
  return r;
}
