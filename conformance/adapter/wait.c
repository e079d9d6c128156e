/* SPDX-License-Identifier: MIT
 *
 * Waiting for several things: connections, descriptors, and sentinels, which on
 * the wire are integers.
 */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"

static int read_waited(struct call *call, const cJSON *list,
                       struct arguments *waited) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    if (arguments_read_one(call, item, waited) < 0) return -1;
    brood_value *value = &waited->values[waited->count - 1];
    if (value->type != BROOD_TYPE_INT64) continue;
    if (value->as.int64 < INT_MIN || value->as.int64 > INT_MAX) {
      return call_fail(call, "OverflowError", "no descriptor: %lld",
                       (long long)value->as.int64);
    }
    *value = brood_descriptor((int)value->as.int64);
  }
  return 0;
}

/* Each as it was given. */
static cJSON *list_ready(const struct call *call, const cJSON *list,
                         const size_t *ready, int count) {
  cJSON *answer = memory_must(cJSON_CreateArray());
  for (int i = 0; i < count; i++) {
    const cJSON *item = cJSON_GetArrayItem(list, (int)ready[i]);
    const cJSON *json = call_plain(call, item);
    const struct value *value = handles_resolve(call->handles, json);
    cJSON_AddItemToArray(
        answer, value != NULL ? handles_name(call->handles, value)
                              : memory_must(cJSON_Duplicate(json, true)));
  }
  return answer;
}

static int wait_for(struct call *call) {
  struct arguments waited = {0};
  const cJSON *list = NULL;
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_list(call, 0, &list) < 0) return -1;
  if (call_timeout(call, 1, &timeout_ns) < 0) return -1;
  size_t *ready = memory_new((size_t)cJSON_GetArraySize(list), sizeof *ready);
  int r = read_waited(call, list, &waited);
  if (r == 0) {
    int count = brood_wait(waited.values, waited.count, ready, timeout_ns);
    if (count >= 0) {
      call->result = value_json(list_ready(call, list, ready, count));
    }
    r = call_done(call, count);
  }
  free(ready);
  arguments_clear(&waited);
  return r;
}

const struct method wait_methods[] = {
    {"wait", "list timeout?", wait_for},
    {NULL, NULL, NULL},
};
