/* SPDX-License-Identifier: MIT
 *
 * Locks as arguments; see guard.h.
 */
#include "conformance/adapter/guard.h"

#include "brood.h"
#include "conformance/adapter/object.h"

void *guard_object(const struct call *call, const cJSON *json) {
  static char nothing[64];
  const struct value *value = handles_resolve(call->handles, json);
  return value != NULL && object_is(value) ? value->as.object : nothing;
}

void *guard_read(const struct call *call, int index) {
  const cJSON *arg = call->args[index];
  if (arg == NULL || cJSON_IsNull(arg) || cJSON_IsTrue(arg)) return NULL;
  if (cJSON_IsFalse(arg)) return BROOD_NO_LOCK;
  return guard_object(call, arg);
}
