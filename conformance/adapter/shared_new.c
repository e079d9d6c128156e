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

static int write_structure(struct call *call, struct structure *memory) {
  if (write_member(call, FIRST, 'i', &memory->x) < 0) return -1;
  return write_member(call, SECOND, 'd', &memory->y);
}

/* Takes a value whose initial one was written, or was not. */
static int answer_value(struct call *call, brood_shared_value *value,
                        void *lock, int r) {
  if (r == 0) {
    return call_made(
        call, lock == BROOD_NO_LOCK ? VALUE_RAW_VALUE : VALUE_VALUE, value);
  }
  brood_shared_value_free(value);
  return r;
}

static int new_structure(struct call *call, void *lock) {
  brood_shared_value *value = brood_shared_value_new_sized(
      context_of(call, lock), sizeof(struct structure), lock);
  if (value == NULL) return call_fail_brood(call);
  return answer_value(call, value, lock,
                      write_structure(call, brood_shared_value_get_obj(value)));
}

static int new_value(struct call *call, void *lock) {
  const struct value *type = handles_resolve(call->handles, call->args[CODE]);
  if (type != NULL && type->kind == VALUE_STRUCTURE) {
    return new_structure(call, lock);
  }
  char typecode = 0;
  if (read_code(call, &typecode) < 0) return -1;
  if (call->args[SECOND] != NULL) {
    return call_fail(call, "TypeError", "too many initial values");
  }
  brood_shared_value *value =
      brood_shared_value_new(context_of(call, lock), typecode, lock);
  if (value == NULL) return call_fail_brood(call);
  return answer_value(
      call, value, lock,
      write_member(call, FIRST, typecode, brood_shared_value_get_obj(value)));
}

static int write_elements(struct call *call, brood_shared_array *array,
                          const cJSON *list) {
  char typecode = (char)brood_shared_array_typecode(array);
  char *element = brood_shared_array_get_obj(array);
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    if (element_set(call, typecode, item, element) < 0) return -1;
    element += brood_shared_array_itemsize(array);
  }
  return 0;
}

static int new_array(struct call *call, void *lock) {
  const cJSON *list = call->args[FIRST];
  char typecode = 0;
  int64_t length = 0;
  if (read_code(call, &typecode) < 0) return -1;
  if (cJSON_IsArray(list)) {
    length = cJSON_GetArraySize(list);
  } else if (call_int64(call, FIRST, &length) < 0) {
    return -1;
  }
  brood_shared_array *array =
      brood_shared_array_new(context_of(call, lock), typecode, length, lock);
  if (array == NULL) return call_fail_brood(call);
  if (cJSON_IsArray(list) && write_elements(call, array, list) < 0) {
    brood_shared_array_free(array);
    return -1;
  }
  return call_made(call, lock == BROOD_NO_LOCK ? VALUE_RAW_ARRAY : VALUE_ARRAY,
                   array);
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
