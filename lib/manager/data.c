/* SPDX-License-Identifier: MIT
 *
 * See server.h: lists, arrays, and values, which are a list of one; what data
 * has in common, and how values compare.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
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

/* Two values that were compared are of different classes, or have no order. */
static bool is_incomparable;

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

/* ----------------------------------------------------------------- Items -- */

int replace_items(struct managed *list, size_t at, size_t num_old,
                  struct kept *new_items, size_t num_new) {
  size_t count = list->num_items - num_old + num_new;
  if (list->first + count > list->room && list->first > list->num_items) {
    memcpy(list->items, list->items + list->first,
           list->num_items * sizeof *list->items);
    list->first = 0;
  }
  if (list->first + count > list->room) {
    size_t room = list->first + count + count / 2 + 4;
    struct kept *more = reallocarray(list->items, room, sizeof *more);
    if (more == NULL) {
      for (size_t i = 0; i < num_new; i++) drop_kept(&new_items[i]);
      return refuse_memory();
    }
    list->items = more;
    list->room = room;
  }
  if (count == 0 && num_old == 0) return 0; /* there may be no memory yet */
  struct kept *gap = list->items + list->first + at;
  for (size_t i = 0; i < num_old; i++) drop_kept(&gap[i]);
  memmove(gap + num_new, gap + num_old,
          (list->num_items - at - num_old) * sizeof *gap);
  if (num_new > 0) memcpy(gap, new_items, num_new * sizeof *gap);
  list->num_items = count;
  return 0;
}

int replace_by_copies(struct managed *list, size_t at, size_t num_old,
                      const brood_value *values) {
  if (values == NULL || values->type != BROOD_TYPE_TUPLE) {
    return error_set(BROOD_TYPE_ERROR, "no tuple of values");
  }
  size_t count = values->num_items, made = 0;
  struct kept *copies = calloc(count + 1, sizeof *copies);
  int r = copies == NULL ? refuse_memory() : 0;
  for (; r == 0 && made < count; made++) {
    r = keep_copy(&values->as.items[made], &copies[made]);
  }
  if (r == 0) {
    r = replace_items(list, at, num_old, copies, count);
  } else {
    while (made > 0) drop_kept(&copies[--made]);
  }
  free(copies);
  return r;
}

static int insert_item(struct managed *list, size_t at, size_t num_old,
                       struct caller *caller, size_t index) {
  struct kept item;
  int r = keep_value(caller, index, &item);
  return r < 0 ? r : replace_items(list, at, num_old, &item, 1);
}

/* An index as it was given, inside of the list, or at its ends. */
static size_t item_place(const struct managed *list, int64_t index) {
  int64_t count = (int64_t)list->num_items;
  if (index < 0) index = index < -count ? 0 : index + count;
  return (size_t)(index > count ? count : index);
}

/* Two places of the array; those that are equal stay in their order. */
static int compare_places(const void *a, const void *b) {
  const struct kept *left = *(struct kept *const *)a;
  const struct kept *right = *(struct kept *const *)b;
  int order = compare_values(kept_value(left), kept_value(right));
  return order != 0 ? order : left < right ? -1 : 1;
}

static int64_t sort_list(struct managed *list) {
  size_t count = list->num_items;
  if (count == 0) return 0;
  struct kept **places = calloc(count + 1, sizeof *places);
  struct kept *sorted = calloc(count + 1, sizeof *sorted);
  int r = places == NULL || sorted == NULL ? refuse_memory() : 0;
  for (size_t i = 0; r == 0 && i < count; i++) places[i] = &list->items[i];
  is_incomparable = false;
  if (r == 0) qsort(places, count, sizeof *places, compare_places);
  if (is_incomparable) {
    r = error_set(BROOD_TYPE_ERROR, "values that have no order");
  }
  for (size_t i = 0; r == 0 && i < count; i++) sorted[i] = *places[i];
  if (r == 0) memcpy(list->items, sorted, count * sizeof *sorted);
  free(places);
  free(sorted);
  return r;
}

static void reverse_list(struct managed *list) {
  for (size_t i = 0; i < list->num_items / 2; i++) {
    struct kept *other = &list->items[list->num_items - 1 - i];
    struct kept item = list->items[i];
    list->items[i] = *other;
    *other = item;
  }
}

/* From head.number on, up to the number that comes as value. */
static int64_t slice_list(struct managed *list, struct caller *caller) {
  int64_t stop = call_number(caller, 0);
  size_t first = item_place(list, caller->head.number);
  size_t behind = item_place(list, stop == BROOD_ALL ? INT64_MAX : stop);
  size_t count = behind > first ? behind - first : 0;
  if (caller->head.op == CALL_SET_SLICE) {
    return replace_by_copies(list, first, count, call_value(caller, 1));
  }
  int r = make_many(count);
  for (size_t i = 0; r == 0 && i < count; i++) {
    answered.many[i] = *kept_value(&list->items[first + i]);
  }
  caller->value = &answered.tuple;
  return r;
}

/* Calls that are about one item, or where none may be. */
static int64_t call_item(struct managed *list, struct caller *caller) {
  int64_t index = caller->head.number;
  size_t at = item_place(list, index);
  if (caller->head.op == CALL_INSERT)
    return insert_item(list, at, 0, caller, 0);
  if (at == list->num_items || index < -(int64_t)list->num_items) {
    return error_set(BROOD_INDEX_ERROR,
                     "index %" PRId64 " out of range: %zu items", index,
                     list->num_items);
  }
  switch (caller->head.op) {
    case CALL_GET_ITEM: caller->value = kept_value(&list->items[at]); return 0;
    case CALL_SET_ITEM: return insert_item(list, at, 1, caller, 0);
    case CALL_POP: /* what cannot be sent stays */
      caller->value = kept_value(&list->items[at]);
      if (answer_call(caller, 0)) replace_items(list, at, 1, NULL, 0);
      return PARKED;
    case CALL_DELETE: return replace_items(list, at, 1, NULL, 0);
    default: return object_lacks(list);
  }
}

static int64_t call_equal(struct managed *list, struct caller *caller) {
  const brood_value *value = call_value(caller, 0);
  int64_t first = -1, count = 0;
  for (size_t i = list->num_items; value != NULL && i-- > 0;) {
    if (!is_equal(kept_value(&list->items[i]), value)) continue;
    first = (int64_t)i;
    count++;
  }
  if (caller->head.op == CALL_COUNT_EQUAL) return count;
  if (first < 0)
    return error_set(BROOD_VALUE_ERROR, "the value is not in list");
  if (caller->head.op == CALL_INDEX) return first;
  return replace_items(list, (size_t)first, 1, NULL, 0);
}

/* -------------------------------------------------------- Values, arrays -- */

/* 0 if a number is of an array's type, and it is as it is there. It is its own,
 * wherever it came in. */
static int check_number(char typecode, const brood_value *number) {
  static const struct {
    char typecode;
    int64_t least;
    int64_t most;
  } types[] = {{'b', INT8_MIN, INT8_MAX},   {'B', 0, UINT8_MAX},
               {'h', INT16_MIN, INT16_MAX}, {'H', 0, UINT16_MAX},
               {'i', INT32_MIN, INT32_MAX}, {'I', 0, UINT32_MAX},
               {'l', LONG_MIN, LONG_MAX},   {'L', 0, INT64_MAX},
               {'q', INT64_MIN, INT64_MAX}, {'Q', 0, INT64_MAX}};
  bool is_real = strchr("fd", typecode) != NULL;
  bool is_double = number->type == BROOD_TYPE_DOUBLE;
  if (!(is_real && is_double) && number->type != BROOD_TYPE_INT64) {
    return error_set(BROOD_TYPE_ERROR, "an array of type '%c' has %s", typecode,
                     is_real ? "numbers" : "integers");
  }
  if (is_real) {
    double real = is_double ? number->as.real : (double)number->as.int64;
    real = typecode == 'f' ? (float)real : real;
    *(brood_value *)number = brood_double(real);
    return 0;
  }
  size_t i = 0;
  while (types[i].typecode != typecode) i++; /* data_fill knows it */
  int64_t integer = number->as.int64;
  if (integer >= types[i].least && integer <= types[i].most) return 0;
  return error_set(BROOD_OVERFLOW_ERROR,
                   "%" PRId64 " is no number of type '%c'", integer, typecode);
}

int data_fill(struct managed *array, struct caller *caller) {
  if (array->kind == SHARE_MANAGED_VALUE) {
    return insert_item(array, 0, 0, caller, 1);
  }
  const brood_value *items = call_value(caller, 2);
  array->typecode = (char)call_number(caller, 1);
  if (array->typecode == 0 || strchr("bBhHiIlLqQfd", array->typecode) == NULL) {
    return error_set(BROOD_TYPE_ERROR, "no typecode: %d", array->typecode);
  }
  if (items == NULL || items->type != BROOD_TYPE_TUPLE) return refuse_memory();
  int r = 0;
  for (size_t i = 0; r == 0 && i < items->num_items; i++) {
    r = check_number(array->typecode, &items->as.items[i]);
  }
  return r < 0 ? r : replace_by_copies(array, 0, 0, items);
}

int64_t call_list(struct managed *list, struct caller *caller) {
  uint32_t op = caller->head.op;
  const brood_value *value = call_value(caller, 0);
  bool is_for_all =
      op == CALL_GET_ITEM || op == CALL_SET_ITEM || op == CALL_LENGTH;
  if (list->kind != SHARE_LIST && !is_for_all) return object_lacks(list);
  if (list->typecode != 0 && op == CALL_SET_ITEM && value != NULL) {
    int r = check_number(list->typecode, value);
    if (r < 0) return r;
  }
  switch (op) {
    case CALL_REMOVE:
    case CALL_INDEX:
    case CALL_COUNT_EQUAL: return call_equal(list, caller);
    case CALL_EXTEND: return replace_by_copies(list, list->num_items, 0, value);
    case CALL_SLICE:
    case CALL_SET_SLICE: return slice_list(list, caller);
    case CALL_LENGTH: return (int64_t)list->num_items;
    case CALL_CLEAR: return replace_items(list, 0, list->num_items, NULL, 0);
    case CALL_REVERSE: reverse_list(list); return 0;
    case CALL_SORT: return sort_list(list);
    default: return call_item(list, caller);
  }
}
