/* SPDX-License-Identifier: MIT
 *
 * Values: one variable in shared memory, or a structure with the members x and
 * y.
 */
#include <stddef.h>

#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/shared.h"
#include "conformance/adapter/structure.h"

static int read_value(struct call *call) {
  struct shared shared;
  if (shared_begin(call, &shared) < 0) return -1;
  int r = 0;
  if (shared.typecode != 0) {
    call->result = value_json(element_get(shared.typecode, shared.memory));
  } else {
    r = call_fail(call, "AttributeError", "a structure has no 'value'");
  }
  return shared_end(call, &shared, r);
}

static int write_value(struct call *call) {
  struct shared shared;
  if (shared_begin(call, &shared) < 0) return -1;
  int r = shared.typecode != 0
              ? element_set(call, shared.typecode, call->args[0], shared.memory)
              : call_fail(call, "AttributeError", "a structure has no 'value'");
  return shared_end(call, &shared, r);
}

static int access_member(struct call *call, char typecode, size_t offset,
                         bool writes) {
  struct shared shared;
  if (shared_begin(call, &shared) < 0) return -1;
  int r = 0;
  if (shared.typecode != 0 || shared.itemsize != sizeof(struct structure)) {
    r = call_fail(call, "AttributeError", "not a structure");
  } else if (writes) {
    r = element_set(call, typecode, call->args[0], shared.memory + offset);
  } else {
    call->result = value_json(element_get(typecode, shared.memory + offset));
  }
  return shared_end(call, &shared, r);
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

const struct attribute shared_value_attributes[] = {
    {"value", read_value, write_value},
    {"x", read_x, write_x},
    {"y", read_y, write_y},
    {NULL, NULL, NULL},
};
