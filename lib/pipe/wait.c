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

/* Writes the poll entry of a value; a connection is left by leave_all.
 */
static int enter_value(const brood_value *value, size_t index,
                       struct pollfd *out) {
  *out = (struct pollfd){.fd = value->as.descriptor, .events = POLLIN};
  if (value->type == BROOD_TYPE_DESCRIPTOR) {
    return out->fd < 0 ? refuse_descriptor(out->fd, index) : 0;
  }
  brood_connection *end =
      value->type == BROOD_TYPE_OBJECT ? end_find(value->as.data) : NULL;
  if (end == NULL) return refuse_to_wait_for(value, index);
  int r = connection_begin(end, 0);
  out->fd = atomic_load(&end->fd);
  return r;
}

static void leave_all(const brood_value *objects, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (objects[i].type == BROOD_TYPE_OBJECT) {
      connection_end(objects[i].as.object);
    }
  }
}

/* Marks connections with a message that is kept here already. */
static bool mark_kept(const brood_value *objects, size_t count,
                      struct pollfd *polls) {
  bool any = false;
  for (size_t i = 0; i < count; i++) {
    if (objects[i].type != BROOD_TYPE_OBJECT) continue;
    if (end_kept(objects[i].as.object, false) == NULL) continue;
    polls[i].revents = POLLIN;
    any = true;
  }
  return any;
}

/* Writes the indexes of the ready values; returns how many, or an error. */
static int collect_ready(const struct pollfd *polls, size_t count,
                         size_t *out_ready) {
  for (size_t i = 0; i < count; i++) {
    if ((polls[i].revents & POLLNVAL) != 0) {
      return refuse_descriptor(polls[i].fd, i);
    }
  }
  int num_ready = 0;
  for (size_t i = 0; i < count; i++) {
    if (polls[i].revents != 0) out_ready[num_ready++] = i;
  }
  return num_ready;
}

/* A wait under way. */
struct waiting {
  const brood_value *objects;
  size_t count; /* entered */
  struct pollfd *polls;
  bool is_allocated;
};

static void give_up_waiting(void *argument) {
  struct waiting *waiting = argument;
  leave_all(waiting->objects, waiting->count);
  if (waiting->is_allocated) free(waiting->polls);
}

static int wait_entered(struct waiting *waiting, size_t *out_ready,
                        int64_t deadline_ns) {
  const brood_value *objects = waiting->objects;
  size_t count = waiting->count;
  struct connection_wait wait = {.abandon = give_up_waiting,
                                 .argument = waiting};
  guard_shield();
  bool kept = mark_kept(objects, count, waiting->polls);
  int r =
      connection_await(&wait, waiting->polls, count, kept ? 0 : deadline_ns);
  guard_unshield();
  if (r < 0) return error_set_os(r, "cannot wait for %zu values", count);
  if (kept) mark_kept(objects, count, waiting->polls); /* poll has reset it */
  return collect_ready(waiting->polls, count, out_ready);
}

static int wait_for(struct waiting *waiting, size_t count, size_t *out_ready,
                    int64_t deadline_ns) {
  int r = 0;
  while (waiting->count < count) {
    size_t index = waiting->count;
    r = enter_value(&waiting->objects[index], index, &waiting->polls[index]);
    if (r < 0) break;
    waiting->count++;
  }
  if (r == 0) r = wait_entered(waiting, out_ready, deadline_ns);
  leave_all(waiting->objects, waiting->count);
  return r;
}

int brood_wait(const brood_value *objects, size_t num_objects,
               size_t *out_ready, int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  if (num_objects > 0 && (objects == NULL || out_ready == NULL)) {
    return error_set(BROOD_TYPE_ERROR, "%zu values at %p, ready ones at %p",
                     num_objects, (const void *)objects, (void *)out_ready);
  }
  struct pollfd few[FEW_POLLS];
  struct waiting waiting = {.objects = objects,
                            .polls = few,
                            .is_allocated = num_objects > FEW_POLLS};
  if (waiting.is_allocated) {
    waiting.polls = reallocarray(NULL, num_objects, sizeof *waiting.polls);
  }
  if (waiting.polls == NULL) {
    return error_set_os(-ENOMEM, "cannot wait for %zu values", num_objects);
  }
  int r = wait_for(&waiting, num_objects, out_ready, deadline_ns);
  if (waiting.is_allocated) free(waiting.polls);
  return r;
}
