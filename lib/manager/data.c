/* SPDX-License-Identifier: MIT
 *
 * See server.h: what data has in common, and how values compare.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/server.h"
#include "lib/state/error.h"

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

void data_destroy(struct managed *object) {
  clear_dict(object);
  for (size_t i = 0; i < object->num_items; i++) {
    drop_kept(&object->items[object->first + i]);
  }
  free(object->items);
  object->items = NULL;
  object->num_items = 0;
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
