/* SPDX-License-Identifier: MIT
 *
 * brood_wait: several connections, descriptors and sentinels at once.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/pipe/connection.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/wire/value.h"

/* Up to this number needs no allocation. */
enum { FEW_POLLS = 32 };

static int refuse_to_wait_for(const brood_value *value, size_t index) {
  if (value->type == BROOD_TYPE_OBJECT) {
    return error_set(BROOD_TYPE_ERROR,
                     "cannot wait for value %zu: the object at %p is no "
                     "connection",
                     index, value->as.data);
  }
  return error_set(BROOD_TYPE_ERROR,
                   "cannot wait for value %zu, which is %s: neither a "
                   "connection nor a descriptor",
                   index, wire_type_name(value->type));
}

static int refuse_descriptor(int descriptor, size_t index) {
  return error_set(BROOD_VALUE_ERROR,
                   "cannot wait for value %zu: descriptor %d is not open",
                   index, descriptor);
}

/* A wait under way. */
struct waiting {
  const brood_value *objects;
  size_t count; /* entered */
  struct pollfd *polls, few[FEW_POLLS];
};

static void leave_waiting(void *argument) {
  struct waiting *waiting = argument;
  for (size_t i = 0; i < waiting->count; i++) {
    if (waiting->objects[i].type == BROOD_TYPE_OBJECT) {
      connection_end(waiting->objects[i].as.object);
    }
  }
  if (waiting->polls != waiting->few) free(waiting->polls);
}

/* Writes the poll entry of the next value. */
static int enter_next(struct waiting *waiting) {
  size_t index = waiting->count;
  const brood_value *value = &waiting->objects[index];
  struct pollfd *out = &waiting->polls[index];
  *out = (struct pollfd){.fd = value->as.descriptor, .events = POLLIN};
  if (value->type == BROOD_TYPE_DESCRIPTOR) {
    if (out->fd < 0) return refuse_descriptor(out->fd, index);
  } else {
    brood_connection *end =
        value->type == BROOD_TYPE_OBJECT ? end_find(value->as.data) : NULL;
    if (end == NULL) return refuse_to_wait_for(value, index);
    int r = connection_begin(end, 0);
    if (r < 0) return r;
    out->fd = atomic_load(&end->fd);
  }
  waiting->count++;
  return 0;
}

/* Marks connections with a message that is kept here already. */
static bool mark_kept(struct waiting *waiting) {
  bool any = false;
  for (size_t i = 0; i < waiting->count; i++) {
    const brood_value *value = &waiting->objects[i];
    if (value->type != BROOD_TYPE_OBJECT) continue;
    if (end_kept(value->as.object, false) == NULL) continue;
    waiting->polls[i].revents = POLLIN;
    any = true;
  }
  return any;
}

/* Writes the indexes of the ready values; returns how many, or an error. */
static int wait_entered(struct waiting *waiting, size_t *out_ready,
                        int64_t deadline_ns) {
  struct pollfd *polls = waiting->polls;
  size_t count = waiting->count;
  int num_ready = 0;
  guard_shield();
  bool kept = mark_kept(waiting);
  int r = connection_await(polls, count, kept ? 0 : deadline_ns, leave_waiting,
                           waiting);
  guard_unshield();
  if (r < 0) return error_set_os(r, "cannot wait for %zu values", count);
  if (kept) mark_kept(waiting); /* poll has reset it */
  for (size_t i = 0; i < count; i++) {
    if ((polls[i].revents & POLLNVAL) != 0) {
      return refuse_descriptor(polls[i].fd, i);
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (polls[i].revents != 0) out_ready[num_ready++] = i;
  }
  return num_ready;
}

int brood_wait(const brood_value *objects, size_t num_objects,
               size_t *out_ready, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  if (num_objects > 0 && (objects == NULL || out_ready == NULL)) {
    return error_set(BROOD_TYPE_ERROR, "%zu values at %p, ready ones at %p",
                     num_objects, (const void *)objects, (void *)out_ready);
  }
  struct waiting waiting;
  waiting.objects = objects;
  waiting.count = 0;
  waiting.polls = waiting.few;
  if (num_objects > FEW_POLLS) {
    waiting.polls = reallocarray(NULL, num_objects, sizeof *waiting.polls);
  }
  if (waiting.polls == NULL) {
    return error_set_os(-ENOMEM, "cannot wait for %zu values", num_objects);
  }
  int r = 0;
  while (r == 0 && waiting.count < num_objects) r = enter_next(&waiting);
  if (r == 0) r = wait_entered(&waiting, out_ready, deadline_ns);
  leave_waiting(&waiting);
  return r;
}
