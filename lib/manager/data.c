/* SPDX-License-Identifier: MIT
 *
 * See server.h: dict, list, namespace, value, array. A dict is a tree by key,
 * tsearch's, and a list of its entries in their order. A list, an array, and a
 * value, which is a list of one, are an array of values.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/server.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

/* --------------------------------------------------------------- Compared --
 */

/* Types whose values are compared with each other; booleans are numbers. */
static int class_of(const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_BOOL:
    case BROOD_TYPE_DOUBLE: return BROOD_TYPE_INT64;
    default: return (int)value->type;
  }
}

static long double as_number(const brood_value *value) {
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
static bool is_incomparable;

static int compare_values(const brood_value *a, const brood_value *b);

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

static int compare_values(const brood_value *a, const brood_value *b) {
  int class = class_of(a), other = class_of(b);
  if (class != other) {
    is_incomparable = true;
    return order_of((size_t) class, (size_t)other);
  }
  switch (class) {
    case BROOD_TYPE_INT64: {
      long double left = as_number(a), right = as_number(b);
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
static bool is_equal(const brood_value *a, const brood_value *b) {
  bool is_nan = (a->type == BROOD_TYPE_DOUBLE && a->as.real != a->as.real) ||
                (b->type == BROOD_TYPE_DOUBLE && b->as.real != b->as.real);
  return !is_nan && compare_values(a, b) == 0;
}

/* ------------------------------------------------------------ Dictionaries */

struct dict_entry {
  struct kept key, value;
  struct dict_entry *before, *after;
};

static int compare_entries(const void *a, const void *b) {
  const struct dict_entry *left = a, *right = b;
  return compare_values(kept_value(&left->key), kept_value(&right->key));
}

static struct dict_entry *find_entry(const struct managed *dict,
                                     const brood_value *key) {
  struct dict_entry sought = {.key.part = key};
  void *node = tfind(&sought, &dict->tree, compare_entries);
  return node == NULL ? NULL : *(struct dict_entry **)node;
}

static int check_key(const brood_value *key) {
  int r = key == NULL ? -1 : 0;
  if (r == 0 && key->type == BROOD_TYPE_TUPLE) {
    for (size_t i = 0; r == 0 && i < key->num_items; i++) {
      r = check_key(&key->as.items[i]);
    }
    return r;
  }
  if (r == 0 && key->type != BROOD_TYPE_DOUBLE &&
      key->type != BROOD_TYPE_OBJECT) {
    return 0;
  }
  return error_set(BROOD_TYPE_ERROR, "a double or an object cannot be a key");
}

static void remove_entry(struct managed *dict, struct dict_entry *entry) {
  tdelete(entry, &dict->tree, compare_entries);
  struct dict_entry **from_before =
      entry->before == NULL ? &dict->oldest : &entry->before->after;
  struct dict_entry **from_after =
      entry->after == NULL ? &dict->newest : &entry->after->before;
  *from_before = entry->after;
  *from_after = entry->before;
  dict->num_items--;
  drop_kept(&entry->key);
  drop_kept(&entry->value);
  free(entry);
}

static void clear_dict(struct managed *dict) {
  while (dict->newest != NULL) remove_entry(dict, dict->newest);
}

static int refuse_memory(void) {
  return error_set_os(-ENOMEM, "cannot keep a value");
}

/* A new entry; key and value are taken. */
static int add_entry(struct managed *dict, struct kept *key,
                     struct kept *value) {
  struct dict_entry *entry = calloc(1, sizeof *entry);
  if (entry != NULL) {
    *entry = (struct dict_entry){
        .key = *key, .value = *value, .before = dict->newest};
    if (tsearch(entry, &dict->tree, compare_entries) == NULL) {
      free(entry);
      entry = NULL;
    }
  }
  if (entry == NULL) {
    drop_kept(key);
    drop_kept(value);
    return refuse_memory();
  }
  *(dict->newest == NULL ? &dict->oldest : &dict->newest->after) = entry;
  dict->newest = entry;
  dict->num_items++;
  return 0;
}

/* Sets a copy. */
static int set_copy(struct managed *dict, const brood_value *key,
                    const brood_value *value) {
  struct kept new_value, new_key;
  int r = keep_copy(value, &new_value);
  if (r < 0) return r;
  struct dict_entry *entry = find_entry(dict, key);
  if (entry != NULL) {
    drop_kept(&entry->value);
    entry->value = new_value;
    return 0;
  }
  r = keep_copy(key, &new_key);
  if (r == 0) return add_entry(dict, &new_key, &new_value);
  drop_kept(&new_value);
  return r;
}

/* The message, in which the value lies, is kept as it came; a small key is
 * copied. */
static int set_item(struct managed *dict, struct caller *caller) {
  const brood_value *key = call_value(caller, 0);
  struct kept new_key = {0}, new_value;
  struct dict_entry *entry = find_entry(dict, key);
  int r = entry == NULL ? keep_copy(key, &new_key) : 0;
  if (r < 0) return r;
  r = keep_value(caller, 1, &new_value);
  if (r < 0) {
    drop_kept(&new_key);
    return r;
  }
  if (entry == NULL) return add_entry(dict, &new_key, &new_value);
  drop_kept(&entry->value);
  entry->value = new_value;
  return 0;
}

static int update_dict(struct managed *dict, const brood_value *pairs) {
  int r = 0;
  if (pairs == NULL || pairs->type != BROOD_TYPE_TUPLE) return refuse_memory();
  for (size_t i = 0; r == 0 && i < pairs->num_items; i++) {
    const brood_value *pair = &pairs->as.items[i];
    if (pair->type != BROOD_TYPE_TUPLE || pair->num_items != 2) {
      return error_set(BROOD_TYPE_ERROR, "item %zu is no tuple of two", i);
    }
    r = check_key(&pair->as.items[0]);
  }
  for (size_t i = 0; r == 0 && i < pairs->num_items; i++) {
    const brood_value *items = pairs->as.items[i].as.items;
    r = set_copy(dict, &items[0], &items[1]);
  }
  return r;
}

/* What is answered, where that is not one value: it lives until it was. */
static struct kept gone; /* what has been taken out */
static brood_value *many, many_value;
static brood_value pair[2];

static int make_many(size_t count) {
  free(many);
  many = calloc(count + 1, sizeof *many);
  if (many == NULL) return refuse_memory();
  many_value = brood_tuple(many, count);
  return 0;
}

enum part { KEYS = 1, VALUES = 2, ITEMS = 3 };

static int fetch_all(const struct managed *dict, enum part part,
                     const brood_value **out_value) {
  size_t words = part == ITEMS ? 3 : 1, i = 0;
  int r = make_many(dict->num_items * words);
  if (r < 0) return r;
  brood_value *pairs = many + dict->num_items;
  for (struct dict_entry *entry = dict->oldest; entry != NULL;
       entry = entry->after, i++) {
    const brood_value *key = kept_value(&entry->key);
    const brood_value *value = kept_value(&entry->value);
    many[i] = part == KEYS ? *key : *value;
    if (part != ITEMS) continue;
    pairs[2 * i] = *key;
    pairs[2 * i + 1] = *value;
    many[i] = brood_tuple(&pairs[2 * i], 2);
  }
  many_value = brood_tuple(many, dict->num_items);
  *out_value = &many_value;
  return 0;
}

static int64_t take_entry(struct managed *dict, struct dict_entry *entry) {
  drop_kept(&gone);
  gone = entry->value;
  entry->value = (struct kept){0};
  remove_entry(dict, entry);
  return 0;
}

static int64_t pop_pair(struct managed *dict, const brood_value **out_value) {
  struct dict_entry *entry = dict->newest;
  if (entry == NULL) {
    return error_set(BROOD_KEY_ERROR, "popitem(): dictionary is empty");
  }
  static struct kept gone_key;
  drop_kept(&gone_key);
  gone_key = entry->key;
  drop_kept(&gone);
  gone = entry->value;
  /* The tree needs the key. */
  tdelete(entry, &dict->tree, compare_entries);
  dict->newest = entry->before;
  *(entry->before == NULL ? &dict->oldest : &entry->before->after) = NULL;
  dict->num_items--;
  free(entry);
  pair[0] = *kept_value(&gone_key);
  pair[1] = *kept_value(&gone);
  many_value = brood_tuple(pair, 2);
  *out_value = &many_value;
  return 0;
}

static int64_t add_number(struct managed *dict, struct caller *caller,
                          struct dict_entry *entry) {
  int64_t sum = 0;
  if (entry != NULL) {
    const brood_value *value = kept_value(&entry->value);
    if (value->type != BROOD_TYPE_INT64) {
      return error_set(BROOD_TYPE_ERROR, "the key's value is no integer");
    }
    sum = value->as.int64;
  }
  if (__builtin_add_overflow(sum, caller->head.number, &sum)) {
    return error_set(BROOD_OVERFLOW_ERROR, "the sum has over 64 bits");
  }
  brood_value number = brood_int64(sum);
  int r = set_copy(dict, call_value(caller, 0), &number);
  return r;
}

static int64_t compare_set(struct managed *dict, struct caller *caller,
                           const struct dict_entry *entry) {
  const brood_value *expected = call_value(caller, 1);
  const brood_value *value = call_value(caller, 2);
  if (expected == NULL || value == NULL) return refuse_memory();
  bool is_as_expected = entry == NULL
                            ? expected->type == BROOD_TYPE_NONE
                            : is_equal(expected, kept_value(&entry->value));
  if (!is_as_expected) return 0;
  int r = set_copy(dict, call_value(caller, 0), value);
  return r < 0 ? r : 1;
}

static int refuse_key(const struct managed *dict) {
  return dict->kind == SHARE_NAMESPACE
             ? error_set(BROOD_ATTRIBUTE_ERROR, "no such attribute")
             : error_set(BROOD_KEY_ERROR, "no such key");
}

/* Calls that are about one key. */
static int64_t call_entry(struct managed *dict, struct caller *caller,
                          const brood_value **out_value) {
  const brood_value *key = call_value(caller, 0);
  int r = check_key(key);
  if (r < 0) return r;
  struct dict_entry *entry = find_entry(dict, key);
  switch (caller->head.op) {
    case CALL_CONTAINS: return entry != NULL;
    case CALL_SET_ITEM: return set_item(dict, caller);
    case CALL_ADD: {
      int64_t added = add_number(dict, caller, entry);
      if (added < 0) return added;
      *out_value = kept_value(&find_entry(dict, key)->value);
      return 0;
    }
    case CALL_COMPARE_SET: return compare_set(dict, caller, entry);
    case CALL_SET_DEFAULT: {
      bool is_new = entry == NULL;
      const brood_value *value = call_value(caller, 1);
      if (is_new && value != NULL) r = set_copy(dict, key, value);
      entry = find_entry(dict, key);
      if (r < 0 || entry == NULL) return r < 0 ? r : refuse_memory();
      *out_value = kept_value(&entry->value);
      return is_new;
    }
    default: break;
  }
  if (entry == NULL) return refuse_key(dict);
  switch (caller->head.op) {
    case CALL_GET_ITEM: *out_value = kept_value(&entry->value); return 0;
    case CALL_POP:
      take_entry(dict, entry);
      *out_value = kept_value(&gone);
      return 0;
    default: remove_entry(dict, entry); return 0;
  }
}

static int64_t call_dict(struct managed *dict, struct caller *caller,
                         const brood_value **out_value) {
  switch (caller->head.op) {
    case CALL_GET_ITEM:
    case CALL_SET_ITEM:
    case CALL_DELETE:
    case CALL_POP:
    case CALL_SET_DEFAULT:
    case CALL_CONTAINS:
    case CALL_COMPARE_SET:
    case CALL_ADD: return call_entry(dict, caller, out_value);
    case CALL_POPITEM: return pop_pair(dict, out_value);
    case CALL_LENGTH: return (int64_t)dict->num_items;
    case CALL_CLEAR: clear_dict(dict); return 0;
    case CALL_UPDATE: return update_dict(dict, call_value(caller, 0));
    case CALL_ITEMS: return fetch_all(dict, ITEMS, out_value);
    case CALL_KEYS: return fetch_all(dict, KEYS, out_value);
    case CALL_VALUES: return fetch_all(dict, VALUES, out_value);
    default: return object_lacks(dict);
  }
}

/* ------------------------------------------------------------------ Lists */

/* Opens a gap of num_new items in the place of num_old ones. */
static int replace_items(struct managed *list, size_t at, size_t num_old,
                         struct kept *new_items, size_t num_new) {
  size_t count = list->num_items - num_old + num_new;
  if (count > list->room) {
    size_t room = count + count / 2 + 4;
    struct kept *more = reallocarray(list->items, room, sizeof *more);
    if (more == NULL) return refuse_memory();
    list->items = more;
    list->room = room;
  }
  if (count == 0 && num_old == 0) return 0; /* there may be no memory yet */
  struct kept *gap = list->items + at;
  for (size_t i = 0; i < num_old; i++) drop_kept(&gap[i]);
  memmove(gap + num_new, gap + num_old,
          (list->num_items - at - num_old) * sizeof *gap);
  if (num_new > 0) memcpy(gap, new_items, num_new * sizeof *gap);
  list->num_items = count;
  return 0;
}

/* The same with copies of a tuple's items. */
static int replace_by_copies(struct managed *list, size_t at, size_t num_old,
                             const brood_value *values) {
  if (values == NULL || values->type != BROOD_TYPE_TUPLE) {
    return error_set(BROOD_TYPE_ERROR, "no tuple of values");
  }
  size_t count = values->num_items, made = 0;
  struct kept *copies = calloc(count + 1, sizeof *copies);
  int r = copies == NULL ? refuse_memory() : 0;
  while (r == 0 && made < count) {
    r = keep_copy(&values->as.items[made], &copies[made]);
    if (r == 0) made++;
  }
  if (r == 0) r = replace_items(list, at, num_old, copies, count);
  for (size_t i = 0; r < 0 && i < made; i++) drop_kept(&copies[i]);
  free(copies);
  return r;
}

static int64_t insert_item(struct managed *list, size_t at, size_t num_old,
                           struct caller *caller) {
  struct kept item;
  int r = keep_value(caller, 0, &item);
  if (r < 0) return r;
  r = replace_items(list, at, num_old, &item, 1);
  if (r < 0) drop_kept(&item);
  return r;
}

/* An index as it was given, inside of the list, or at its ends. */
static size_t item_place(const struct managed *list, int64_t index) {
  int64_t count = (int64_t)list->num_items;
  if (index < 0) index = index < -count ? 0 : index + count;
  return (size_t)(index > count ? count : index);
}

static int64_t find_item(const struct managed *list, const brood_value *value,
                         int64_t *out_count) {
  int64_t first = -1;
  *out_count = 0;
  for (size_t i = 0; value != NULL && i < list->num_items; i++) {
    if (!is_equal(kept_value(&list->items[i]), value)) continue;
    if (first < 0) first = (int64_t)i;
    ++*out_count;
  }
  return first;
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
  if (r == 0) {
    for (size_t i = 0; i < count; i++) places[i] = &list->items[i];
    is_incomparable = false;
    qsort(places, count, sizeof *places, compare_places);
    if (is_incomparable) {
      r = error_set(BROOD_TYPE_ERROR, "values that have no order");
    }
    for (size_t i = 0; r == 0 && i < count; i++) sorted[i] = *places[i];
    if (r == 0) memcpy(list->items, sorted, count * sizeof *sorted);
  }
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
static void find_slice(const struct managed *list, struct caller *caller,
                       size_t *out_first, size_t *out_count) {
  const brood_value *stop = call_value(caller, 0);
  int64_t end = stop != NULL && stop->type == BROOD_TYPE_INT64 &&
                        stop->as.int64 != BROOD_ALL
                    ? stop->as.int64
                    : INT64_MAX;
  *out_first = item_place(list, caller->head.number);
  size_t behind = item_place(list, end);
  *out_count = behind > *out_first ? behind - *out_first : 0;
}

static int64_t slice_list(struct managed *list, struct caller *caller,
                          const brood_value **out_value) {
  size_t first, count;
  find_slice(list, caller, &first, &count);
  if (caller->head.op == CALL_SET_SLICE) {
    return replace_by_copies(list, first, count, call_value(caller, 1));
  }
  int r = make_many(count);
  for (size_t i = 0; r == 0 && i < count; i++) {
    many[i] = *kept_value(&list->items[first + i]);
  }
  *out_value = &many_value;
  return r;
}

/* Calls that are about one item, or where none may be. */
static int64_t call_item(struct managed *list, struct caller *caller,
                         const brood_value **out_value) {
  int64_t index = caller->head.number;
  size_t at = item_place(list, index);
  if (caller->head.op == CALL_INSERT) return insert_item(list, at, 0, caller);
  if (at == list->num_items || index < -(int64_t)list->num_items) {
    return error_set(BROOD_INDEX_ERROR,
                     "index %" PRId64 " out of range: %zu items", index,
                     list->num_items);
  }
  switch (caller->head.op) {
    case CALL_GET_ITEM: *out_value = kept_value(&list->items[at]); return 0;
    case CALL_SET_ITEM: return insert_item(list, at, 1, caller);
    case CALL_POP:
      drop_kept(&gone);
      gone = list->items[at];
      list->items[at] = (struct kept){0};
      *out_value = kept_value(&gone);
      return replace_items(list, at, 1, NULL, 0);
    default: return replace_items(list, at, 1, NULL, 0);
  }
}

static int64_t call_equal(struct managed *list, struct caller *caller) {
  int64_t count;
  int64_t first = find_item(list, call_value(caller, 0), &count);
  if (caller->head.op == CALL_COUNT_EQUAL) return count;
  if (first < 0)
    return error_set(BROOD_VALUE_ERROR, "the value is not in list");
  if (caller->head.op == CALL_INDEX) return first;
  return replace_items(list, (size_t)first, 1, NULL, 0);
}

static int64_t call_list(struct managed *list, struct caller *caller,
                         const brood_value **out_value) {
  switch (caller->head.op) {
    case CALL_GET_ITEM:
    case CALL_SET_ITEM:
    case CALL_DELETE:
    case CALL_POP:
    case CALL_INSERT: return call_item(list, caller, out_value);
    case CALL_REMOVE:
    case CALL_INDEX:
    case CALL_COUNT_EQUAL: return call_equal(list, caller);
    case CALL_EXTEND:
      return replace_by_copies(list, list->num_items, 0, call_value(caller, 0));
    case CALL_SLICE:
    case CALL_SET_SLICE: return slice_list(list, caller, out_value);
    case CALL_LENGTH: return (int64_t)list->num_items;
    case CALL_CLEAR: return replace_items(list, 0, list->num_items, NULL, 0);
    case CALL_REVERSE: reverse_list(list); return 0;
    case CALL_SORT: return sort_list(list);
    default: return object_lacks(list);
  }
}

/* ------------------------------------------------------------- Value, array */

/* 0 if a number is of the type that a typecode stands for, and as it is there.
 */
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
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (types[i].typecode != typecode) continue;
    int64_t number = value->as.int64;
    if (number >= types[i].least && number <= types[i].most) return 0;
    return error_set(BROOD_OVERFLOW_ERROR,
                     "%" PRId64 " is no number of type '%c'", number, typecode);
  }
  return 0;
}

static int fill_array(struct managed *array, struct caller *caller) {
  const brood_value *typecode = call_value(caller, 1);
  const brood_value *items = call_value(caller, 2);
  if (typecode != NULL) array->typecode = (char)typecode->as.int64;
  if (array->typecode == 0 || strchr("bBhHiIlLqQfd", array->typecode) == NULL) {
    return error_set(BROOD_TYPE_ERROR, "no typecode: %d", array->typecode);
  }
  if (items == NULL || items->type != BROOD_TYPE_TUPLE) return refuse_memory();
  int r = make_many(items->num_items);
  for (size_t i = 0; r == 0 && i < items->num_items; i++) {
    r = check_number(array->typecode, &items->as.items[i], &many[i]);
  }
  return r < 0 ? r : replace_by_copies(array, 0, 0, &many_value);
}

int data_fill(struct managed *object, struct caller *caller) {
  if (object->kind == SHARE_MANAGED_ARRAY) return fill_array(object, caller);
  if (object->kind != SHARE_MANAGED_VALUE) return 0;
  struct kept value;
  int r = keep_value(caller, 1, &value);
  if (r == 0) r = replace_items(object, 0, 0, &value, 1);
  return r;
}

static int64_t call_fixed(struct managed *object, struct caller *caller,
                          const brood_value **out_value) {
  uint32_t op = caller->head.op;
  const brood_value *value = call_value(caller, 0);
  bool is_array = object->kind == SHARE_MANAGED_ARRAY;
  if (op == CALL_LENGTH && is_array) return (int64_t)object->num_items;
  if (op != CALL_GET_ITEM && op != CALL_SET_ITEM) return object_lacks(object);
  if (op == CALL_SET_ITEM && is_array && value != NULL) {
    brood_value number;
    int r = check_number(object->typecode, value, &number);
    if (r < 0) return r;
    /* A number is its own, wherever it came in. */
    *(brood_value *)value = number;
  }
  return call_item(object, caller, out_value);
}

int64_t data_call(struct managed *object, struct caller *caller,
                  const brood_value **out_value) {
  switch (object->kind) {
    case SHARE_DICT:
    case SHARE_NAMESPACE: return call_dict(object, caller, out_value);
    case SHARE_LIST: return call_list(object, caller, out_value);
    default: return call_fixed(object, caller, out_value);
  }
}

void data_destroy(struct managed *object) {
  clear_dict(object);
  for (size_t i = 0; i < object->num_items; i++) {
    struct kept *item = object->kind == SHARE_QUEUE
                            ? &object->items[(object->first + i) % object->room]
                            : &object->items[i];
    drop_kept(item);
  }
  free(object->items);
}
