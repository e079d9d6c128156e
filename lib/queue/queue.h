/* SPDX-License-Identifier: MIT
 *
 * The parts of all kinds of queues. Users call queue.c, which calls put.c and
 * get.c.
 *
 * An item lies in a ring as its head; if it has descriptors, their number in
 * the courier; its body. It is light if it is text, bytes or a number, all of
 * it in the ring: nearly all are.
 *
 * The courier is the socket pair that goes with the queue's arena. There the
 * descriptors of items wait, each message with a number that the item has too,
 * and that is higher than all before.
 *
 * Killed where? After sending, before the item is committed: the next item has
 * a higher number, and its consumer throws these away. After looking, before
 * the item is got: they are still there for the next. After the item is got,
 * before they are dropped: as in the first case. If no consumer gets such items
 * any more, they would take all room: the next producer throws them away.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"
#include "lib/queue/ring.h"
#include "lib/queue/tasks.h"
#include "lib/share/block.h"
#include "lib/wire/value.h"

struct queue {
  struct tasks tasks;
  uint32_t is_joinable;
  struct ring ring;
};

_Static_assert((int)WIRE_HEAD == (int)MARK_UNIT, "a head is one unit");

static inline uint32_t item_units(size_t body_size, size_t num_fds) {
  return 1 + (num_fds > 0) +
         (uint32_t)((body_size + MARK_UNIT - 1) / MARK_UNIT);
}

/* queue_lock_get takes the consumers' lock, and puts right what a killed holder
 * left; 0 or -ETIMEDOUT. */
int queue_lock_get(struct queue *queue, int64_t deadline_ns);

/* queue_refuse_lock sets and returns the error of a caller that got no lock,
 * and so cannot see the ring. */
int queue_refuse_lock(void);

/* The descriptor that is readable while there are items: queue_notice_begin has
 * it be so from now on; 0, -ETIMEDOUT or another -errno. queue_notice_send,
 * with put_lock held, comes before the commit of an item: 0 or -errno.
 * queue_notice_take, with no lock held, after the last one was got or none was
 * found, takes it out; true: there is an item. */
int queue_notice_begin(struct queue *queue);
int queue_notice_send(struct queue *queue);
bool queue_notice_take(struct queue *queue);

/* queue_put_quickly puts items that need no waiting and are known to be right,
 * in one hold of the lock; returns how many. */
size_t queue_put_quickly(struct queue *queue, const brood_value *items,
                         size_t count);

/* queue_put puts items and returns how many. 0: there was no room for the first
 * in time; or an error that is set. */
int queue_put(struct queue *queue, const brood_value *items, size_t count,
              int64_t deadline_ns);

/* queue_get_quickly likewise gets one; false if there is none, or it needs
 * more. */
bool queue_get_quickly(struct queue *queue, brood_value *out_item);

/* queue_get likewise gets as many items as there are. A claim, with which
 * capacity is 1, is called for an item that is about to be got, or that goes
 * since it cannot be got, which is the error then; with its number, counted
 * from the first ever put; the consumers' lock is held. */
int queue_get(struct queue *queue, brood_value *out_items, size_t capacity,
              int64_t deadline_ns, void (*claim)(uint32_t number));
