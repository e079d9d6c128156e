/* SPDX-License-Identifier: MIT
 *
 * Arrays. Slices are read and written in the array's own type by the process
 * that made it, which alone knows it here. Others have to do with elements, by
 * their values, one after the other.
 */
#include <stddef.h>
#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/object.h"
#include "conformance/adapter/shared_array.h"
#include "conformance/adapter/slice.h"

static brood_shared_array *array_of(const struct call *call) {
  return call->self->as.object;
}

static int length(struct call *call) {
  int64_t count = brood_shared_array_length(array_of(call));
  if (count >= 0) call->result = value_int64(count);
  return call_done(call, count < 0 ? (int)count : 0);
}

static int get_element(struct call *call, int64_t index, cJSON **out_element) {
  int64_t integer = 0;
  double real = 0;
  int r = brood_shared_array_get_int64(array_of(call), index, &integer);
  if (r == 0) *out_element = number_int64(integer);
  if (r != BROOD_TYPE_ERROR) return call_done(call, r);
  r = brood_shared_array_get_double(array_of(call), index, &real);
  if (r == 0) *out_element = number_double(real);
  return call_done(call, r);
}

static int get(struct call *call) {
  int64_t index = 0;
  cJSON *element = NULL;
  if (call_int64(call, 0, &index) < 0) return -1;
  if (get_element(call, index, &element) < 0) return -1;
  call->result = value_json(element);
  return 0;
}

static int set(struct call *call) {
  int64_t index = 0;
  if (call_int64(call, 0, &index) < 0) return -1;
  return shared_array_set(call, array_of(call), index, call->args[1]);
}

int shared_array_set(struct call *call, brood_shared_array *array,
                     int64_t index, const cJSON *json) {
  int64_t integer = 0;
  double real = 0;
  switch (number_get(json, &integer, &real)) {
    case NUMBER_INTEGER:
      return call_done(call,
                       brood_shared_array_set_int64(array, index, integer));
    case NUMBER_REAL:
      return call_done(call, brood_shared_array_set_double(array, index, real));
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "the number is too large");
    default: return call_fail(call, "TypeError", "not a number");
  }
}

static int read_slice(struct call *call, struct slice *out_slice) {
  return slice_read(call, brood_shared_array_length(array_of(call)), out_slice);
}

static int slice_by_elements(struct call *call, const struct slice *slice) {
  cJSON *list = memory_must(cJSON_CreateArray());
  int r = 0;
  for (int64_t i = 0; i < slice->count && r == 0; i++) {
    cJSON *element = NULL;
    r = get_element(call, slice->start + i * slice->step, &element);
    if (r == 0) cJSON_AddItemToArray(list, element);
  }
  if (r == 0) {
    call->result = value_json(list);
  } else {
    cJSON_Delete(list);
  }
  return r;
}

static int slice(struct call *call) {
  struct slice slice;
  if (read_slice(call, &slice) < 0) return -1;
  char typecode = call->self->typecode;
  if (typecode == 0) return slice_by_elements(call, &slice);
  size_t size = element_size(typecode);
  char *elements = memory_new((size_t)slice.count, size);
  int r = brood_shared_array_read(array_of(call), slice.start, slice.step,
                                  slice.count, elements);
  if (r == 0) {
    cJSON *list = memory_must(cJSON_CreateArray());
    for (int64_t i = 0; i < slice.count; i++) {
      cJSON_AddItemToArray(list,
                           element_get(typecode, elements + (size_t)i * size));
    }
    call->result = value_json(list);
  }
  free(elements);
  return call_done(call, r);
}

static int set_slice_by_elements(struct call *call, const struct slice *slice,
                                 const cJSON *list) {
  int64_t index = slice->start;
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    if (shared_array_set(call, array_of(call), index, item) < 0) return -1;
    index += slice->step;
  }
  return 0;
}

static int set_slice(struct call *call) {
  struct slice slice;
  const cJSON *list = NULL, *item = NULL;
  if (read_slice(call, &slice) < 0) return -1;
  if (call_list(call, 3, &list) < 0) return -1;
  if (cJSON_GetArraySize(list) != slice.count) {
    return call_fail(call, "ValueError", "the slice has %lld elements",
                     (long long)slice.count);
  }
  if (call->self->typecode == 0) {
    return set_slice_by_elements(call, &slice, list);
  }
  size_t size = element_size(call->self->typecode), i = 0;
  char *elements = memory_new((size_t)slice.count, size);
  int r = 0;
  cJSON_ArrayForEach(item, list) {
    r = element_set(call, call->self->typecode, item, elements + i++ * size);
    if (r < 0) break;
  }
  if (r == 0) {
    r = call_done(
        call, brood_shared_array_write(array_of(call), slice.start, slice.step,
                                       slice.count, elements));
  }
  free(elements);
  return r;
}

static int get_lock(struct call *call) {
  call->result = object_value(brood_shared_array_get_lock(array_of(call)));
  return 0;
}

static int get_obj(struct call *call) {
  if (call->self->typecode == 0) {
    return call_fail(call, "TypeError", "the type is not known here");
  }
  call->result = value_memory(
      brood_shared_array_get_obj(array_of(call)), call->self->typecode,
      (size_t)brood_shared_array_length(array_of(call)), VALUE_VARIABLES);
  return 0;
}

const struct method shared_array_methods[] = {
    {"length", "", length},
    {"get", "index", get},
    {"set", "index value", set},
    {"slice", "start? stop? step?", slice},
    {"set_slice", "start stop step list", set_slice},
    {NULL, NULL, NULL},
};

/* What raw ones do not have. */
const struct method guarded_array_methods[] = {
    {"get_lock", "", get_lock},
    {"get_obj", "", get_obj},
    {NULL, NULL, NULL},
};
