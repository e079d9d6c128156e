/* SPDX-License-Identifier: MIT
 *
 * The values of the library; see arguments.h.
 */
#include "conformance/adapter/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/base64.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/object.h"

static void append(struct arguments *arguments, brood_value value) {
  size_t n = arguments->count + 1;
  arguments->values =
      memory_must(realloc(arguments->values, n * sizeof *arguments->values));
  arguments->values[n - 1] = value;
  arguments->count = n;
}

static void own(struct arguments *arguments, void *memory) {
  size_t n = arguments->num_owned + 1;
  arguments->owned =
      memory_must(realloc(arguments->owned, n * sizeof *arguments->owned));
  arguments->owned[n - 1] = memory;
  arguments->num_owned = n;
}

static int append_handle(struct call *call, const struct value *value,
                         struct arguments *arguments) {
  switch (value->kind) {
    case VALUE_NOTHING: return call_fail(call, "KeyError", "no such handle");
    case VALUE_DESCRIPTOR:
      append(arguments, brood_descriptor(value->as.descriptor));
      return 0;
    case VALUE_DESCRIPTORS:
      for (size_t i = 0; i < value->size; i++) {
        append_handle(call, &value->as.items[i], arguments);
      }
      return 0;
    case VALUE_BLOB:
      append(arguments, brood_bytes(value->as.data, value->size));
      return 0;
    default:
      append(arguments, object_is(value) ? brood_object(value->as.object)
                                         : brood_pointer(value));
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
  append(arguments, brood_bytes(data, size));
  own(arguments, data);
  return 0;
}

/* Whether a text with a NUL inside can be sent is the library's to say. */
static int append_with_nul(const char *text, struct arguments *arguments) {
  char *copy = memory_text(text);
  size_t size = strlen(copy);
  for (size_t i = 0; i < size; i++) {
    if (copy[i] == 1) copy[i] = '\0';
  }
  own(arguments, copy);
  append(arguments,
         (brood_value){
             .type = BROOD_TYPE_STRING, .as.data = copy, .size_bytes = size});
  return 0;
}

static int append_form(struct call *call, const cJSON *json,
                       struct arguments *arguments) {
  const char *with_nul =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "nul"));
  if (with_nul != NULL) return append_with_nul(with_nul, arguments);
  return append_bytes(call, cJSON_GetObjectItemCaseSensitive(json, "b64"),
                      arguments);
}

static int append_number(struct call *call, const cJSON *json,
                         struct arguments *arguments) {
  int64_t integer = 0;
  double real = 0;
  switch (number_get(json, &integer, &real)) {
    case NUMBER_INTEGER: append(arguments, brood_int64(integer)); return 0;
    case NUMBER_REAL: append(arguments, brood_double(real)); return 0;
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "argument is too large");
    default: return append_form(call, json, arguments);
  }
}

/* Even of nothing a tuple has an address. */
static int append_list(struct call *call, const cJSON *list,
                       struct arguments *arguments) {
  struct arguments items = {0};
  int r = arguments_read(call, list, &items);
  for (size_t i = 0; i < items.num_owned; i++) own(arguments, items.owned[i]);
  free(items.owned);
  if (items.values == NULL) items.values = memory_new(1, sizeof(brood_value));
  own(arguments, items.values);
  append(arguments, brood_tuple(items.values, items.count));
  return r;
}

static int append_json(struct call *call, const cJSON *json,
                       struct arguments *arguments) {
  if (cJSON_IsNull(json)) {
    append(arguments, brood_none());
  } else if (cJSON_IsBool(json)) {
    append(arguments, brood_bool(cJSON_IsTrue(json)));
  } else if (cJSON_IsString(json)) {
    append(arguments, brood_string(json->valuestring));
  } else if (cJSON_IsArray(json)) {
    return append_list(call, json, arguments);
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

void arguments_wrap(struct arguments *arguments) {
  brood_value *last = &arguments->values[arguments->count - 1];
  brood_value *item = memory_new(1, sizeof *item);
  own(arguments, item);
  *item = *last;
  *last = brood_tuple(item, 1);
}

int arguments_copy(struct call *call, struct arguments *arguments) {
  struct arguments copies = {.copied = true};
  for (size_t i = 0; i < arguments->count; i++) {
    brood_value copy = brood_none();
    if (brood_value_copy(&arguments->values[i], &copy) < 0) {
      arguments_clear(&copies);
      return call_fail_brood(call);
    }
    append(&copies, copy);
  }
  arguments_clear(arguments);
  *arguments = copies;
  return 0;
}

int arguments_read_bytes(struct call *call, const cJSON *json,
                         struct arguments *arguments) {
  if (arguments_read_one(call, json, arguments) < 0) return -1;
  const brood_value *last = &arguments->values[arguments->count - 1];
  if (last->type == BROOD_TYPE_BYTES) return 0;
  return call_fail(call, "TypeError", "not bytes");
}

static void pin(struct call *call, const brood_value *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (values[i].type == BROOD_TYPE_TUPLE) {
      pin(call, values[i].as.items, values[i].num_items);
    } else if (values[i].type == BROOD_TYPE_POINTER) {
      handles_pin(call->handles, values[i].as.data);
    }
  }
}

void arguments_pin(struct call *call, const struct arguments *arguments) {
  pin(call, arguments->values, arguments->count);
}

void arguments_clear(struct arguments *arguments) {
  for (size_t i = 0; arguments->copied && i < arguments->count; i++) {
    brood_value_clear(&arguments->values[i]);
  }
  for (size_t i = 0; i < arguments->num_owned; i++) free(arguments->owned[i]);
  free(arguments->values);
  free(arguments->owned);
  *arguments = (struct arguments){0};
}

/* A copy of the creator's handle: what it counts or holds is the creator's to
 * give back. */
static struct value pointer_value(const struct value *pointer) {
  struct value value = *pointer;
  value.owned = false;
  return value;
}

static struct value value_of(const brood_value *value);

/* A list of plain data is plain data. */
static struct value simplest_list(struct value list) {
  for (size_t i = 0; i < list.size; i++) {
    if (list.as.items[i].kind != VALUE_JSON) return list;
  }
  cJSON *json = memory_must(cJSON_CreateArray());
  for (size_t i = 0; i < list.size; i++) {
    cJSON_AddItemToArray(json, list.as.items[i].as.json);
    list.as.items[i] = (struct value){.kind = VALUE_NOTHING};
  }
  value_clear(&list);
  return value_json(json);
}

static struct value list_of(const brood_value *tuple) {
  struct value list = value_list(VALUE_LIST, tuple->num_items);
  for (size_t i = 0; i < list.size; i++) {
    list.as.items[i] = value_of(&tuple->as.items[i]);
  }
  return simplest_list(list);
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
    case BROOD_TYPE_TUPLE: return list_of(value);
    default: return value_json(cJSON_CreateNull());
  }
}

struct value arguments_value(const brood_args *args, size_t index) {
  return value_of(brood_args_get(args, index));
}

/* A tuple owns its items, hence each is copied out of it. */
static struct value received_list(brood_value tuple) {
  struct value list = value_list(VALUE_LIST, tuple.num_items);
  for (size_t i = 0; i < list.size; i++) {
    brood_value item = brood_none();
    if (brood_value_copy(&tuple.as.items[i], &item) < 0) item = brood_none();
    list.as.items[i] = arguments_received(item);
  }
  brood_value_clear(&tuple);
  return simplest_list(list);
}

struct value arguments_received(brood_value received) {
  if (received.type == BROOD_TYPE_TUPLE) return received_list(received);
  struct value value = value_of(&received);
  value.owned = value.received = object_is(&value);
  if (received.type == BROOD_TYPE_STRING || received.type == BROOD_TYPE_BYTES) {
    brood_value_clear(&received);
  }
  return value;
}
