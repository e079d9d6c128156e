/* SPDX-License-Identifier: MIT
 *
 * See data.h: how values compare.
 */
#include <stdint.h>
#include <string.h>

#include "lib/manager/data.h"

/* Types whose values are compared with each other; booleans are numbers. */
static int class_of(const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_BOOL:
    case BROOD_TYPE_DOUBLE: return BROOD_TYPE_INT64;
    default: return (int)value->type;
  }
}

long double as_number(const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_BOOL: return value->as.boolean;
    case BROOD_TYPE_DOUBLE: return value->as.real;
    default: return value->as.int64;
  }
}

static int order_of(size_t left, size_t right) {
  return (left > right) - (left < right);
}

/* Set by compare_values if two were of different classes, or have no order. */
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
  int class = class_of(a), other = class_of(b);
  if (class != other) {
    is_incomparable = true;
    return order_of((size_t) class, (size_t)other);
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

/* No number is equal to what is none. */
bool is_equal(const brood_value *a, const brood_value *b) {
  bool is_nan = (a->type == BROOD_TYPE_DOUBLE && a->as.real != a->as.real) ||
                (b->type == BROOD_TYPE_DOUBLE && b->as.real != b->as.real);
  return !is_nan && compare_values(a, b) == 0;
}
