/* SPDX-License-Identifier: MIT
 *
 * See data.h: dict, namespace. A dict is a tree by key, tsearch's, and a list
 * of its entries in their order.
 */
#include <search.h>
#include <stdlib.h>

#include "lib/manager/data.h"
#include "lib/share/object.h"
#include "lib/state/error.h"

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

void clear_dict(struct managed *dict) {
  while (dict->newest != NULL) remove_entry(dict, dict->newest);
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
static int set_item(struct managed *dict, struct caller *caller,
                    struct dict_entry *entry) {
  const brood_value *key = call_value(caller, 0);
  struct kept new_key = {0}, new_value;
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

/* What popitem answers. */
static brood_value pair[2];

enum part { KEYS = 1, VALUES = 2, ITEMS = 3 };

static int fetch_all(const struct managed *dict, enum part part,
                     const brood_value **out_value) {
  size_t words = part == ITEMS ? 3 : 1, i = 0;
  int r = make_many(dict->num_items * words);
  if (r < 0) return r;
  brood_value *pairs = answered.many + dict->num_items;
  for (struct dict_entry *entry = dict->oldest; entry != NULL;
       entry = entry->after, i++) {
    const brood_value *key = kept_value(&entry->key);
    const brood_value *value = kept_value(&entry->value);
    answered.many[i] = part == KEYS ? *key : *value;
    if (part != ITEMS) continue;
    pairs[2 * i] = *key;
    pairs[2 * i + 1] = *value;
    answered.many[i] = brood_tuple(&pairs[2 * i], 2);
  }
  answered.tuple = brood_tuple(answered.many, dict->num_items);
  *out_value = &answered.tuple;
  return 0;
}

static int64_t take_entry(struct managed *dict, struct dict_entry *entry) {
  drop_kept(&answered.gone);
  answered.gone = entry->value;
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
  drop_kept(&answered.gone);
  answered.gone = entry->value;
  /* The tree needs the key. */
  tdelete(entry, &dict->tree, compare_entries);
  dict->newest = entry->before;
  *(entry->before == NULL ? &dict->oldest : &entry->before->after) = NULL;
  dict->num_items--;
  free(entry);
  pair[0] = *kept_value(&gone_key);
  pair[1] = *kept_value(&answered.gone);
  answered.tuple = brood_tuple(pair, 2);
  *out_value = &answered.tuple;
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
    case CALL_SET_ITEM: return set_item(dict, caller, entry);
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
      *out_value = kept_value(&answered.gone);
      return 0;
    default: remove_entry(dict, entry); return 0;
  }
}

int64_t call_dict(struct managed *dict, struct caller *caller,
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
