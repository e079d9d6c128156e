/* SPDX-License-Identifier: MIT
 *
 * The values of the library; see arguments.h.
 */
#include "conformance/adapter/arguments.h"

#include <stdlib.h>

#include "conformance/adapter/base64.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/object.h"

static void append(struct arguments *arguments, brood_value value,
                   void *buffer) {
  size_t n = arguments->count + 1;
  arguments->values =
      memory_must(realloc(arguments->values, n * sizeof *arguments->values));
  arguments->buffers =
      memory_must(realloc(arguments->buffers, n * sizeof *arguments->buffers));
  arguments->values[n - 1] = value;
  arguments->buffers[n - 1] = buffer;
  arguments->count = n;
}

static int append_handle(struct call *call, const struct value *value,
                         struct arguments *arguments) {
  switch (value->kind) {
    case VALUE_NOTHING: return call_fail(call, "KeyError", "no such handle");
    case VALUE_DESCRIPTOR:
      append(arguments, brood_descriptor(value->as.descriptor), NULL);
      return 0;
    case VALUE_DESCRIPTORS:
      for (size_t i = 0; i < value->size; i++) {
        append_handle(call, &value->as.items[i], arguments);
      }
      return 0;
    case VALUE_BLOB:
      append(arguments, brood_bytes(value->as.data, value->size), NULL);
      return 0;
    default:
      append(arguments,
             object_is(value) ? brood_object(value->as.object)
                              : brood_pointer(value),
             NULL);
      return 0;
  }
}

static int append_bytes(struct call *call, const cJSON *text,
                        struct arguments *arguments) {
  size_t size = 0;
  void *data =
      cJSON_IsString(text) ? base64_decode(text->valuestring, &size) : NULL;
  if (data == NULL) {
    return call_fail(call, "TypeError", "no type for this argument");
  }
  append(arguments, brood_bytes(data, size), data);
  return 0;
}

static int append_number(struct call *call, const cJSON *json,
                         struct arguments *arguments) {
  int64_t integer = 0;
  double real = 0;
  switch (number_get(json, &integer, &real)) {
    case NUMBER_INTEGER:
      append(arguments, brood_int64(integer), NULL);
      return 0;
    case NUMBER_REAL: append(arguments, brood_double(real), NULL); return 0;
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "argument is too large");
    default:
      return append_bytes(call, cJSON_GetObjectItemCaseSensitive(json, "b64"),
                          arguments);
  }
}

static int append_json(struct call *call, const cJSON *json,
                       struct arguments *arguments) {
  if (cJSON_IsNull(json)) {
    append(arguments, brood_none(), NULL);
  } else if (cJSON_IsBool(json)) {
    append(arguments, brood_bool(cJSON_IsTrue(json)), NULL);
  } else if (cJSON_IsString(json)) {
    append(arguments, brood_string(json->valuestring), NULL);
  } else {
    return append_number(call, json, arguments);
  }
  return 0;
}

static int append_any(struct call *call, const cJSON *item,
                      struct arguments *arguments) {
  const cJSON *json = call_plain(call, item);
  const struct value *value = handles_resolve(call->handles, json);
  return value != NULL ? append_handle(call, value, arguments)
                       : append_json(call, json, arguments);
}

int arguments_read(struct call *call, const cJSON *list,
                   struct arguments *arguments) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    int r = append_any(call, item, arguments);
    if (r < 0) return r;
  }
  return 0;
}

int arguments_read_one(struct call *call, const cJSON *json,
                       struct arguments *arguments) {
  size_t before = arguments->count;
  int r = append_any(call, json, arguments);
  if (r < 0 || arguments->count - before == 1) return r;
  return call_fail(call, "TypeError", "%zu values in the place of one",
                   arguments->count - before);
}

int arguments_read_bytes(struct call *call, const cJSON *json,
                         struct arguments *arguments) {
  if (arguments_read_one(call, json, arguments) < 0) return -1;
  const brood_value *last = &arguments->values[arguments->count - 1];
  if (last->type == BROOD_TYPE_BYTES) return 0;
  return call_fail(call, "TypeError", "not bytes");
}

void arguments_pin(struct call *call, const struct arguments *arguments) {
  for (size_t i = 0; i < arguments->count; i++) {
    const brood_value *value = &arguments->values[i];
    if (value->type != BROOD_TYPE_POINTER) continue;
    handles_pin(call->handles, value->as.data);
  }
}

void arguments_clear(struct arguments *arguments) {
  for (size_t i = 0; i < arguments->count; i++) free(arguments->buffers[i]);
  free(arguments->values);
  free(arguments->buffers);
  *arguments = (struct arguments){0};
}

/* A copy of the creator's handle: what it counts or holds is the creator's to
 * give back. */
static struct value pointer_value(const struct value *pointer) {
  struct value value = *pointer;
  value.owned = false;
  return value;
}

static struct value value_of(const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_BOOL: return value_bool(value->as.boolean);
    case BROOD_TYPE_INT64: return value_int64(value->as.int64);
    case BROOD_TYPE_DOUBLE: return value_json(number_double(value->as.real));
    case BROOD_TYPE_STRING: return value_text(value->as.data);
    case BROOD_TYPE_BYTES:
      return value_bytes(value->as.data, value->size_bytes);
    case BROOD_TYPE_DESCRIPTOR: return value_descriptor(value->as.descriptor);
    case BROOD_TYPE_OBJECT: return object_value(value->as.object);
    case BROOD_TYPE_POINTER: return pointer_value(value->as.data);
    default: return value_json(cJSON_CreateNull());
  }
}

struct value arguments_value(const brood_args *args, size_t index) {
  return value_of(brood_args_get(args, index));
}

struct value arguments_received(brood_value received) {
  struct value value = value_of(&received);
  value.owned = value.received = object_is(&value);
  if (received.type == BROOD_TYPE_STRING || received.type == BROOD_TYPE_BYTES) {
    brood_value_clear(&received);
  }
  return value;
}
