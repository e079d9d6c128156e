/* SPDX-License-Identifier: MIT
 *
 * What a context makes to share: values and arrays, with a lock or raw.
 */
#include <stddef.h>
#include <string.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/guard.h"
#include "conformance/adapter/shared_array.h"
#include "conformance/adapter/structure.h"

enum { CODE, FIRST, SECOND, VALUE_LOCK_ARG, ARRAY_LOCK_ARG = SECOND };

/* Raw ones belong to no context; to ask the default one would fix it. */
static const brood_context *context_of(const struct call *call,
                                       const void *lock) {
  const brood_context *context = call->self->as.context;
  bool raw_of_default = context == NULL && lock == BROOD_NO_LOCK;
  return raw_of_default ? brood_get_context("spawn") : context;
}

static int read_code(struct call *call, char *out_typecode) {
  const char *text = NULL;
  if (call_text(call, CODE, &text) < 0) return -1;
  if (strlen(text) != 1) {
    return call_fail(call, "TypeError", "a code is one letter");
  }
  *out_typecode = text[0];
  return 0;
}

static int write_member(struct call *call, int index, char typecode,
                        void *memory) {
  if (call->args[index] == NULL) return 0;
  return element_set(call, typecode, call->args[index], memory);
}

static int new_structure(struct call *call, void *lock) {
  struct structure initial = {0};
  if (write_member(call, FIRST, 'i', &initial.x) < 0) return -1;
  if (write_member(call, SECOND, 'd', &initial.y) < 0) return -1;
  brood_shared_value *value = brood_shared_value_new_sized(
      context_of(call, lock), sizeof initial, lock);
  if (value == NULL) return call_fail_brood(call);
  memcpy(brood_shared_value_get_obj(value), &initial, sizeof initial);
  call->result = value_typed(
      lock == BROOD_NO_LOCK ? VALUE_RAW_VALUE : VALUE_VALUE, value, 0);
  return 0;
}

static int new_value(struct call *call, void *lock) {
  const struct value *type = handles_resolve(call->handles, call->args[CODE]);
  if (type != NULL && type->kind == VALUE_STRUCTURE) {
    return new_structure(call, lock);
  }
  char typecode = 0;
  double initial = 0; /* aligned for any element */
  if (read_code(call, &typecode) < 0) return -1;
  if (call->args[SECOND] != NULL) {
    return call_fail(call, "TypeError", "too many initial values");
  }
  if (write_member(call, FIRST, typecode, &initial) < 0) return -1;
  brood_shared_value *value =
      brood_shared_value_new(context_of(call, lock), typecode, lock);
  if (value == NULL) return call_fail_brood(call);
  memcpy(brood_shared_value_get_obj(value), &initial, element_size(typecode));
  call->result = value_typed(
      lock == BROOD_NO_LOCK ? VALUE_RAW_VALUE : VALUE_VALUE, value, typecode);
  return 0;
}

static int new_array(struct call *call, void *lock) {
  const cJSON *arg = call->args[FIRST], *item = NULL;
  char typecode = 0;
  int64_t length = 0, i = 0;
  int r = 0;
  if (read_code(call, &typecode) < 0) return -1;
  if (cJSON_IsArray(arg)) {
    length = cJSON_GetArraySize(arg);
  } else if (call_int64(call, FIRST, &length) < 0) {
    return -1;
  }
  brood_shared_array *array =
      brood_shared_array_new(context_of(call, lock), typecode, length, lock);
  if (array == NULL) return call_fail_brood(call);
  if (cJSON_IsArray(arg)) {
    cJSON_ArrayForEach(item, arg) {
      r = shared_array_set(call, array, i++, item);
      if (r < 0) break;
    }
  }
  if (r < 0) {
    brood_shared_array_free(array);
    return r;
  }
  call->result = value_typed(
      lock == BROOD_NO_LOCK ? VALUE_RAW_ARRAY : VALUE_ARRAY, array, typecode);
  return 0;
}

static int value(struct call *call) {
  return new_value(call, guard_read(call, VALUE_LOCK_ARG));
}

static int raw_value(struct call *call) {
  return new_value(call, BROOD_NO_LOCK);
}

static int array(struct call *call) {
  return new_array(call, guard_read(call, ARRAY_LOCK_ARG));
}

static int raw_array(struct call *call) {
  return new_array(call, BROOD_NO_LOCK);
}

const struct method shared_new_methods[] = {
    {"Value", "typecode_or_type first? second? *lock?", value},
    {"RawValue", "typecode_or_type first? second?", raw_value},
    {"Array", "typecode_or_type size_or_initializer *lock?", array},
    {"RawArray", "typecode_or_type size_or_initializer", raw_array},
    {NULL, NULL, NULL},
};
