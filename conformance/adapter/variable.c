/* SPDX-License-Identifier: MIT
 *
 * What get_obj answers: the variables behind a Value or an Array, without a
 * lock.
 */
#include <stddef.h>

#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"

static int read_value(struct call *call) {
  const struct value *self = call->self;
  call->result = value_json(element_get(self->typecode, self->as.object));
  return 0;
}

static int write_value(struct call *call) {
  const struct value *self = call->self;
  return element_set(call, self->typecode, call->args[0], self->as.object);
}

static int length(struct call *call) {
  call->result = value_int64((int64_t)call->self->size);
  return 0;
}

static int find(struct call *call, void **out_memory) {
  const struct value *self = call->self;
  int64_t index = 0, count = (int64_t)self->size;
  if (call_int64(call, 0, &index) < 0) return -1;
  if (index < 0) index += count;
  if (index < 0 || index >= count) {
    return call_fail(call, "IndexError", "no such element");
  }
  *out_memory =
      (char *)self->as.object + (size_t)index * element_size(self->typecode);
  return 0;
}

static int get(struct call *call) {
  void *memory = NULL;
  if (find(call, &memory) < 0) return -1;
  call->result = value_json(element_get(call->self->typecode, memory));
  return 0;
}

static int set(struct call *call) {
  void *memory = NULL;
  if (find(call, &memory) < 0) return -1;
  return element_set(call, call->self->typecode, call->args[1], memory);
}

const struct attribute variable_attributes[] = {
    {"value", read_value, write_value},
    {NULL, NULL, NULL},
};

const struct method variables_methods[] = {
    {"length", "", length},
    {"get", "index", get},
    {"set", "index value", set},
    {NULL, NULL, NULL},
};
