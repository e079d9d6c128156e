/* SPDX-License-Identifier: MIT
 *
 * See server.h: values and arrays, and how values compare.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"

/* --------------------------------------------------------- In common ----- */

struct answered answered;

int refuse_memory(void) {
  return error_set_os(-ENOMEM, "cannot keep a value");
}

int make_many(size_t count) {
  free(answered.many);
  answered.many = calloc(count + 1, sizeof *answered.many);
  if (answered.many == NULL) return refuse_memory();
  answered.tuple = brood_tuple(answered.many, count);
  return 0;
}

/* ------------------------------------------------------------ Comparing -- */

/* Types whose values are compared with each other; booleans are numbers. */
static size_t class_of(const brood_value *value) {
  bool is_number =
      value->type == BROOD_TYPE_BOOL || value->type == BROOD_TYPE_DOUBLE;
  return is_number ? BROOD_TYPE_INT64 : value->type;
}

static long double as_number(const brood_value *value) {
  if (value->type == BROOD_TYPE_DOUBLE) return value->as.real;
  return value->type == BROOD_TYPE_BOOL ? value->as.boolean : value->as.int64;
}

static int order_of(size_t left, size_t right) {
  return (left > right) - (left < right);
}

bool is_incomparable;

static int compare_tuples(const brood_value *a, const brood_value *b) {
  size_t count = a->num_items < b->num_items ? a->num_items : b->num_items;
  for (size_t i = 0; i < count; i++) {
    int order = compare_values(&a->as.items[i], &b->as.items[i]);
    if (order != 0) return order;
  }
  return order_of(a->num_items, b->num_items);
}

static int compare_text(const brood_value *a, const brood_value *b) {
  size_t size = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
  int order = size == 0 ? 0 : memcmp(a->as.data, b->as.data, size);
  return order != 0 ? order : order_of(a->size_bytes, b->size_bytes);
}

int compare_values(const brood_value *a, const brood_value *b) {
  size_t class = class_of(a), other = class_of(b);
  if (class != other) {
    is_incomparable = true;
    return order_of(class, other);
  }
  switch (class) {
    case BROOD_TYPE_INT64: {
      long double left = as_number(a), right = as_number(b);
      if (left != left || right != right) { /* what is no number comes last */
        return (left != left) - (right != right);
      }
      return (left > right) - (left < right);
    }
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: return compare_text(a, b);
    case BROOD_TYPE_TUPLE: return compare_tuples(a, b);
    case BROOD_TYPE_OBJECT:
      is_incomparable = true;
      return order_of((uintptr_t)object_of(a), (uintptr_t)object_of(b));
    default: is_incomparable = true; return 0;
  }
}

/* What is no number is equal to nothing. */
bool is_equal(const brood_value *a, const brood_value *b) {
  bool is_nan = a->type == BROOD_TYPE_DOUBLE && a->as.real != a->as.real;
  return !is_nan && compare_values(a, b) == 0;
}

/* ------------------------------------------------------------- Value, array */

/* 0 if a number is of a typecode's type, and as it is there. */
static int check_number(char typecode, const brood_value *value,
                        brood_value *out) {
  static const struct {
    char typecode;
    int64_t least;
    int64_t most;
  } types[] = {{'b', INT8_MIN, INT8_MAX},   {'B', 0, UINT8_MAX},
               {'h', INT16_MIN, INT16_MAX}, {'H', 0, UINT16_MAX},
               {'i', INT32_MIN, INT32_MAX}, {'I', 0, UINT32_MAX},
               {'l', LONG_MIN, LONG_MAX},   {'L', 0, INT64_MAX},
               {'q', INT64_MIN, INT64_MAX}, {'Q', 0, INT64_MAX}};
  if (strchr("fd", typecode) != NULL) {
    if (value->type == BROOD_TYPE_DOUBLE || value->type == BROOD_TYPE_INT64) {
      double number = (double)as_number(value);
      *out = brood_double(typecode == 'f' ? (float)number : number);
      return 0;
    }
    return error_set(BROOD_TYPE_ERROR, "an array of type '%c' has numbers",
                     typecode);
  }
  *out = *value;
  if (value->type != BROOD_TYPE_INT64) {
    return error_set(BROOD_TYPE_ERROR, "an array of type '%c' has integers",
                     typecode);
  }
  size_t i = 0;
  while (types[i].typecode != typecode) i++; /* data_fill knows it */
  int64_t number = value->as.int64;
  if (number >= types[i].least && number <= types[i].most) return 0;
  return error_set(BROOD_OVERFLOW_ERROR,
                   "%" PRId64 " is no number of type '%c'", number, typecode);
}

int data_fill(struct managed *array, struct caller *caller) {
  if (array->kind == SHARE_MANAGED_VALUE) {
    return insert_item(array, 0, 0, caller, 1);
  }
  const brood_value *typecode = call_value(caller, 1);
  const brood_value *items = call_value(caller, 2);
  if (typecode != NULL) array->typecode = (char)typecode->as.int64;
  if (array->typecode == 0 || strchr("bBhHiIlLqQfd", array->typecode) == NULL) {
    return error_set(BROOD_TYPE_ERROR, "no typecode: %d", array->typecode);
  }
  if (items == NULL || items->type != BROOD_TYPE_TUPLE) return refuse_memory();
  int r = make_many(items->num_items);
  for (size_t i = 0; r == 0 && i < items->num_items; i++) {
    r = check_number(array->typecode, &items->as.items[i], &answered.many[i]);
  }
  return r < 0 ? r : replace_by_copies(array, 0, 0, &answered.tuple);
}

int64_t call_fixed(struct managed *object, struct caller *caller) {
  uint32_t op = caller->head.op;
  /* A number is its own, wherever it came in. */
  brood_value *value = (brood_value *)call_value(caller, 0);
  bool is_array = object->kind == SHARE_MANAGED_ARRAY;
  if (op == CALL_LENGTH && is_array) return (int64_t)object->num_items;
  if (op != CALL_GET_ITEM && op != CALL_SET_ITEM) return object_lacks(object);
  if (op == CALL_SET_ITEM && is_array && value != NULL) {
    int r = check_number(object->typecode, value, value);
    if (r < 0) return r;
  }
  return call_item(object, caller);
}

void data_destroy(struct managed *object) {
  clear_dict(object);
  for (size_t i = 0; i < object->num_items; i++) {
    drop_kept(&object->items[object->first + i]);
  }
  free(object->items);
  object->items = NULL;
  object->num_items = 0;
}
