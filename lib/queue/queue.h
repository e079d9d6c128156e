/* SPDX-License-Identifier: MIT
 *
 * The parts of all kinds of queues. Users call queue.c, which calls put.c and
 * get.c.
 */
#ifndef BROOD_QUEUE_QUEUE_H
#define BROOD_QUEUE_QUEUE_H

#include "brood.h"
#include "lib/names.h"
#include "lib/queue/ring.h"
#include "lib/queue/tasks.h"
#include "lib/share/block.h"

struct queue {
  struct tasks tasks;
  uint32_t is_joinable;
  struct ring ring;
};

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

/* A function that is called for an item that is about to be got, which can fail
 * no more, with its number, counted from the first ever put; the consumers'
 * lock is held. */
struct queue_claim {
  void (*call)(void *context, uint32_t number);
  void *context;
};

/* queue_get likewise gets as many items as there are. With a claim, which may
 * be NULL, capacity is 1. */
int queue_get(struct queue *queue, brood_value *out_items, size_t capacity,
              int64_t deadline_ns, const struct queue_claim *claim);

#endif /* BROOD_QUEUE_QUEUE_H */
