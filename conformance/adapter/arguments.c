/* SPDX-License-Identifier: MIT
 *
 * The arguments of a process; see arguments.h.
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
  void *buffer = NULL;
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
      buffer = memory_new(value->size, 1);
      append(arguments, brood_bytes(buffer, value->size), buffer);
      return 0;
    default:
      if (object_is(value)) {
        append(arguments, brood_object(value->as.object), NULL);
        return 0;
      }
      /* The child may be made much later: the object has to wait for it. */
      handles_pin(call->handles, value);
      append(arguments, brood_pointer(value), NULL);
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

int arguments_read(struct call *call, const cJSON *list,
                   struct arguments *arguments) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    const cJSON *json = call_plain(call, item);
    const struct value *value = handles_resolve(call->handles, json);
    int r = value != NULL ? append_handle(call, value, arguments)
                          : append_json(call, json, arguments);
    if (r < 0) return r;
  }
  return 0;
}

void arguments_clear(struct arguments *arguments) {
  for (size_t i = 0; i < arguments->count; i++) free(arguments->buffers[i]);
  free(arguments->values);
  free(arguments->buffers);
  *arguments = (struct arguments){0};
}

static struct value pointer_value(const brood_args *args, size_t index) {
  const void *pointer = NULL;
  brood_args_pointer(args, index, &pointer);
  /* A copy of the creator's handle: its count is the creator's to give
   * back. */
  struct value value = *(const struct value *)pointer;
  value.owned = false;
  return value;
}

static struct value bytes_value(const brood_args *args, size_t index) {
  const void *data = NULL;
  size_t size_bytes = 0;
  brood_args_bytes(args, index, &data, &size_bytes);
  return value_bytes(data, size_bytes);
}

static struct value number_value(const brood_args *args, size_t index) {
  int64_t integer = 0;
  double real = 0;
  if (brood_args_int64(args, index, &integer) == 0) {
    return value_int64(integer);
  }
  brood_args_double(args, index, &real);
  return value_json(number_double(real));
}

struct value arguments_value(const brood_args *args, size_t index) {
  bool boolean = false;
  const char *text = "";
  int descriptor = -1;
  switch (brood_args_type(args, index)) {
    case BROOD_TYPE_BOOL:
      brood_args_bool(args, index, &boolean);
      return value_bool(boolean);
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE: return number_value(args, index);
    case BROOD_TYPE_STRING:
      brood_args_string(args, index, &text);
      return value_text(text);
    case BROOD_TYPE_BYTES: return bytes_value(args, index);
    case BROOD_TYPE_DESCRIPTOR:
      brood_args_descriptor(args, index, &descriptor);
      return value_descriptor(descriptor);
    case BROOD_TYPE_OBJECT: return object_received(args, index);
    case BROOD_TYPE_POINTER: return pointer_value(args, index);
    default: return value_json(cJSON_CreateNull());
  }
}
