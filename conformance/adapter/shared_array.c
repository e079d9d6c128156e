/* SPDX-License-Identifier: MIT
 *
 * Arrays: elements by their index, and slices.
 */
#include <stddef.h>

#include "conformance/adapter/class.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/shared.h"
#include "conformance/adapter/slice.h"

static int length(struct call *call) {
  int64_t count = brood_shared_array_length(call->self->as.object);
  if (count >= 0) call->result = value_int64(count);
  return call_done(call, count < 0 ? (int)count : 0);
}

static char *element_at(const struct shared *shared, int64_t index) {
  return shared->memory + index * shared->itemsize;
}

static int find(struct call *call, const struct shared *shared, int64_t index,
                char **out_element) {
  if (index < 0) index += shared->length;
  if (index < 0 || index >= shared->length) {
    return call_fail(call, "IndexError", "invalid index");
  }
  *out_element = element_at(shared, index);
  return 0;
}

static int get(struct call *call) {
  int64_t index = 0;
  struct shared shared;
  char *element = NULL;
  if (call_int64(call, 0, &index) < 0) return -1;
  if (shared_begin(call, &shared) < 0) return -1;
  int r = find(call, &shared, index, &element);
  if (r == 0) call->result = value_json(element_get(shared.typecode, element));
  return shared_end(call, &shared, r);
}

static int set(struct call *call) {
  int64_t index = 0;
  struct shared shared;
  char *element = NULL;
  if (call_int64(call, 0, &index) < 0) return -1;
  if (shared_begin(call, &shared) < 0) return -1;
  int r = find(call, &shared, index, &element);
  if (r == 0) r = element_set(call, shared.typecode, call->args[1], element);
  return shared_end(call, &shared, r);
}

static int slice(struct call *call) {
  struct shared shared;
  struct slice slice;
  if (shared_begin(call, &shared) < 0) return -1;
  int r = slice_read(call, shared.length, &slice);
  if (r == 0) {
    cJSON *list = memory_must(cJSON_CreateArray());
    for (int64_t i = 0; i < slice.count; i++) {
      char *element = element_at(&shared, slice.start + i * slice.step);
      cJSON_AddItemToArray(list, element_get(shared.typecode, element));
    }
    call->result = value_json(list);
  }
  return shared_end(call, &shared, r);
}

/* As in Python, those before one that is refused are written. */
static int write_slice(struct call *call, const struct shared *shared,
                       const cJSON *list) {
  struct slice slice;
  const cJSON *item = NULL;
  if (slice_read(call, shared->length, &slice) < 0) return -1;
  if (cJSON_GetArraySize(list) != slice.count) {
    return call_fail(call, "ValueError", "the slice has %lld elements",
                     (long long)slice.count);
  }
  int64_t index = slice.start;
  cJSON_ArrayForEach(item, list) {
    char *element = element_at(shared, index);
    if (element_set(call, shared->typecode, item, element) < 0) return -1;
    index += slice.step;
  }
  return 0;
}

static int set_slice(struct call *call) {
  const cJSON *list = NULL;
  struct shared shared;
  if (call_list(call, 3, &list) < 0) return -1;
  if (shared_begin(call, &shared) < 0) return -1;
  return shared_end(call, &shared, write_slice(call, &shared, list));
}

const struct method shared_array_methods[] = {
    {"length", "", length},
    {"get", "index", get},
    {"set", "index value", set},
    {"slice", "start? stop? step?", slice},
    {"set_slice", "start stop step list", set_slice},
    {NULL, NULL, NULL},
};
