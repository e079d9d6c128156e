/* SPDX-License-Identifier: MIT
 *
 * Values: one variable in shared memory, or a structure with the members x and
 * y. Of what came in as an argument the type is not known: it is asked as an
 * integer first.
 */
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/lockable.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/object.h"
#include "conformance/adapter/structure.h"

static brood_shared_value *value_of(const struct call *call) {
  return call->self->as.object;
}

static int read_value(struct call *call) {
  int64_t integer = 0;
  double real = 0;
  int r = brood_shared_value_get_int64(value_of(call), &integer);
  if (r == 0) call->result = value_int64(integer);
  if (r != BROOD_TYPE_ERROR) return call_done(call, r);
  r = brood_shared_value_get_double(value_of(call), &real);
  if (r == 0) call->result = value_json(number_double(real));
  return call_done(call, r);
}

static int write_value(struct call *call) {
  int64_t integer = 0;
  double real = 0;
  switch (number_get(call->args[0], &integer, &real)) {
    case NUMBER_INTEGER:
      return call_done(call,
                       brood_shared_value_set_int64(value_of(call), integer));
    case NUMBER_REAL:
      return call_done(call,
                       brood_shared_value_set_double(value_of(call), real));
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "the number is too large");
    default: return call_fail(call, "TypeError", "not a number");
  }
}

/* A member is accessed as Python does it: under the lock, if there is one. */
static int access_member(struct call *call, char typecode, size_t offset,
                         bool writes) {
  bool guarded = call->self->kind == VALUE_VALUE;
  if (guarded) {
    int r = lockable_acquire(call->self, BROOD_FOREVER);
    if (r < 0) return call_fail_brood(call);
  }
  char *memory = brood_shared_value_get_obj(value_of(call));
  int r = 0;
  if (writes) {
    r = element_set(call, typecode, call->args[0], memory + offset);
  } else {
    call->result = value_json(element_get(typecode, memory + offset));
  }
  if (guarded) lockable_release(call->self);
  return r;
}

static int read_x(struct call *call) {
  return access_member(call, 'i', offsetof(struct structure, x), false);
}

static int write_x(struct call *call) {
  return access_member(call, 'i', offsetof(struct structure, x), true);
}

static int read_y(struct call *call) {
  return access_member(call, 'd', offsetof(struct structure, y), false);
}

static int write_y(struct call *call) {
  return access_member(call, 'd', offsetof(struct structure, y), true);
}

static int get_lock(struct call *call) {
  call->result = object_value(brood_shared_value_get_lock(value_of(call)));
  return 0;
}

static int get_obj(struct call *call) {
  if (call->self->typecode == 0) {
    return call_fail(call, "TypeError", "the type is not known here");
  }
  call->result = value_memory(brood_shared_value_get_obj(value_of(call)),
                              call->self->typecode, 1, VALUE_VARIABLE);
  return 0;
}

const struct method shared_value_methods[] = {
    {"get_lock", "", get_lock},
    {"get_obj", "", get_obj},
    {NULL, NULL, NULL},
};

const struct attribute shared_value_attributes[] = {
    {"value", read_value, write_value},
    {"x", read_x, write_x},
    {"y", read_y, write_y},
    {NULL, NULL, NULL},
};
