/* SPDX-License-Identifier: MIT
 *
 * Values; see value.h. The only place that knows how each kind is given back.
 */
#include "conformance/adapter/value.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/base64.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/object.h"

struct value value_json(cJSON *json) {
  return (struct value){.kind = VALUE_JSON, .as.json = memory_must(json)};
}

struct value value_int64(int64_t integer) {
  return value_json(number_int64(integer));
}

struct value value_bool(bool boolean) {
  return value_json(cJSON_CreateBool(boolean));
}

struct value value_text(const char *text) {
  return value_json(cJSON_CreateString(text));
}

struct value value_bytes(const void *data, size_t size_bytes) {
  if (size_bytes > VALUE_MAX_BYTES) {
    void *copy = memory_new(size_bytes, 1);
    memcpy(copy, data, size_bytes);
    return value_blob(copy, size_bytes);
  }
  char *text = base64_encode(data, size_bytes);
  cJSON *json = memory_must(cJSON_CreateObject());
  memory_must(cJSON_AddStringToObject(json, "b64", text));
  free(text);
  return value_json(json);
}

struct value value_blob(void *data, size_t size_bytes) {
  return (struct value){
      .kind = VALUE_BLOB, .as.data = data, .size = size_bytes};
}

struct value value_process(brood_process *process, bool owned) {
  return (struct value){
      .kind = VALUE_PROCESS, .owned = owned, .as.process = process};
}

struct value value_context(const brood_context *context) {
  return (struct value){.kind = VALUE_CONTEXT, .as.context = context};
}

struct value value_descriptor(int descriptor) {
  return (struct value){.kind = VALUE_DESCRIPTOR, .as.descriptor = descriptor};
}

struct value value_list(enum value_kind kind, size_t size) {
  return (struct value){.kind = kind,
                        .as.items = memory_new(size, sizeof(struct value)),
                        .size = size};
}

bool value_same(const struct value *a, const struct value *b) {
  /* The library may call a semaphore what was made as a bounded one. */
  if (object_is(a) && object_is(b)) return a->as.object == b->as.object;
  if (a->kind != b->kind) return false;
  if (a->kind == VALUE_PROCESS) return a->as.process == b->as.process;
  if (a->kind == VALUE_CONTEXT) return a->as.context == b->as.context;
  if (a->kind >= VALUE_POOL && a->kind <= VALUE_SOURCE) {
    return a->as.object == b->as.object;
  }
  return a == b;
}

const char *value_type(const struct value *value) {
  switch (value->kind) {
    case VALUE_PROCESS: return "Process";
    case VALUE_CONTEXT: return "Context";
    case VALUE_OS: return "os";
    case VALUE_DESCRIPTOR: return "fd";
    case VALUE_DESCRIPTORS: return "fds";
    case VALUE_BLOB: return "blob";
    case VALUE_VARIABLE: return "RawValue";
    case VALUE_VARIABLES: return "RawArray";
    case VALUE_POOL: return "Pool";
    case VALUE_RESULT: return "AsyncResult";
    case VALUE_ITERATOR: return "Iterator";
    case VALUE_MANAGER: return "Manager";
    case VALUE_CALLBACK: return "callback";
    case VALUE_SOURCE: return "source";
    default: return object_is(value) ? object_type(value->kind) : "plain";
  }
}

static void clear_items(struct value *value) {
  for (size_t i = 0; i < value->size; i++) value_clear(&value->as.items[i]);
  free(value->as.items);
}

void value_clear(struct value *value) {
  switch (value->kind) {
    case VALUE_JSON: cJSON_Delete(value->as.json); break;
    case VALUE_PROCESS:
      if (value->owned) brood_process_free(value->as.process);
      break;
    case VALUE_BLOB: free(value->as.data); break;
    case VALUE_LIST:
    case VALUE_DESCRIPTORS: clear_items(value); break;
    case VALUE_POOL:
    case VALUE_RESULT:
    case VALUE_ITERATOR:
    case VALUE_MANAGER:
      if (value->owned) value->give_back(value->as.object);
      break;
    default:
      if (object_is(value) && (value->owned || value->given)) {
        object_free(value);
      }
      break;
  }
  *value = (struct value){.kind = VALUE_NOTHING};
}
