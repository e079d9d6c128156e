/* SPDX-License-Identifier: MIT
 *
 * See server.h: dict, namespace. A dict is a tree by key, tsearch's, and a list
 * of its entries in their order.
 */
#include <search.h>
#include <stdlib.h>

#include "lib/manager/server.h"
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
  if (key == NULL || key->type == BROOD_TYPE_DOUBLE ||
      key->type == BROOD_TYPE_OBJECT) {
    return error_set(BROOD_TYPE_ERROR, "a double or an object cannot be a key");
  }
  size_t count = key->type == BROOD_TYPE_TUPLE ? key->num_items : 0;
  int r = 0;
  for (size_t i = 0; r == 0 && i < count; i++) r = check_key(&key->as.items[i]);
  return r;
}

static void free_entry(struct dict_entry *entry) {
  drop_kept(&entry->key);
  drop_kept(&entry->value);
  free(entry);
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
  free_entry(entry);
}

void clear_dict(struct managed *dict) {
  while (dict->newest != NULL) remove_entry(dict, dict->newest);
}

/* Has an entry, of NULL a new one, this value, which is taken. */
static int set_entry(struct managed *dict, struct dict_entry **at,
                     const brood_value *key, struct kept *value) {
  if (*at != NULL) {
    drop_kept(&(*at)->value);
    (*at)->value = *value;
    return 0;
  }
  struct dict_entry *entry = malloc(sizeof *entry);
  if (entry == NULL) {
    drop_kept(value);
    return refuse_memory();
  }
  *entry = (struct dict_entry){.value = *value, .before = dict->newest};
  int r = keep_copy(key, &entry->key);
  if (r == 0 && tsearch(entry, &dict->tree, compare_entries) == NULL) {
    r = refuse_memory();
  }
  if (r < 0) {
    free_entry(entry);
    return r;
  }
  *(dict->newest == NULL ? &dict->oldest : &dict->newest->after) = entry;
  *at = dict->newest = entry;
  dict->num_items++;
  return 0;
}

static int set_entry_copy(struct managed *dict, struct dict_entry **entry,
                          const brood_value *key, const brood_value *value) {
  struct kept copy;
  int r = keep_copy(value, &copy);
  return r < 0 ? r : set_entry(dict, entry, key, &copy);
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
    struct dict_entry *entry = find_entry(dict, &items[0]);
    r = set_entry_copy(dict, &entry, &items[0], &items[1]);
  }
  return r;
}

static int fetch_all(const struct managed *dict, struct caller *caller) {
  uint32_t op = caller->head.op;
  size_t words = op == CALL_ITEMS ? 3 : 1, i = 0;
  int r = make_many(dict->num_items * words);
  if (r < 0) return r;
  brood_value *pairs = answered.many + dict->num_items;
  for (struct dict_entry *entry = dict->oldest; entry != NULL;
       entry = entry->after, i++) {
    const brood_value *key = kept_value(&entry->key);
    const brood_value *value = kept_value(&entry->value);
    answered.many[i] = op == CALL_KEYS ? *key : *value;
    if (op != CALL_ITEMS) continue;
    pairs[2 * i] = *key;
    pairs[2 * i + 1] = *value;
    answered.many[i] = brood_tuple(&pairs[2 * i], 2);
  }
  answered.tuple = brood_tuple(answered.many, dict->num_items);
  caller->value = &answered.tuple;
  return 0;
}

/* An entry that cannot be sent stays. */
static int64_t pop_entry(struct managed *dict, struct dict_entry *entry,
                         struct caller *caller, const brood_value *value) {
  caller->value = value;
  if (answer_call(caller, 0)) remove_entry(dict, entry);
  return PARKED;
}

static int64_t pop_newest(struct managed *dict, struct caller *caller) {
  struct dict_entry *entry = dict->newest;
  if (entry == NULL) {
    return error_set(BROOD_KEY_ERROR, "popitem(): dictionary is empty");
  }
  brood_value pair[] = {*kept_value(&entry->key), *kept_value(&entry->value)};
  brood_value both = brood_tuple(pair, 2);
  return pop_entry(dict, entry, caller, &both);
}

static int add_number(struct managed *dict, struct dict_entry **entry,
                      const brood_value *key, int64_t number) {
  int64_t sum = 0;
  if (*entry != NULL) {
    const brood_value *value = kept_value(&(*entry)->value);
    if (value->type != BROOD_TYPE_INT64) {
      return error_set(BROOD_TYPE_ERROR, "the key's value is no integer");
    }
    sum = value->as.int64;
  }
  if (__builtin_add_overflow(sum, number, &sum)) {
    return error_set(BROOD_OVERFLOW_ERROR, "the sum has over 64 bits");
  }
  struct kept kept = {.whole = brood_int64(sum)};
  return set_entry(dict, entry, key, &kept);
}

static int compare_set(struct managed *dict, struct dict_entry *entry,
                       struct caller *caller) {
  const brood_value *expected = call_value(caller, 1);
  const brood_value *value = call_value(caller, 2);
  if (expected == NULL || value == NULL) return refuse_memory();
  bool is_as_expected = entry == NULL
                            ? expected->type == BROOD_TYPE_NONE
                            : is_equal(expected, kept_value(&entry->value));
  if (!is_as_expected) return 0;
  int r = set_entry_copy(dict, &entry, call_value(caller, 0), value);
  return r < 0 ? r : 1;
}

static int refuse_key(const struct managed *dict) {
  return dict->kind == SHARE_NAMESPACE
             ? error_set(BROOD_ATTRIBUTE_ERROR, "no such attribute")
             : error_set(BROOD_KEY_ERROR, "no such key");
}

/* Calls that are about one key; 1 with its value: it is new. */
static int64_t call_entry(struct managed *dict, struct caller *caller) {
  const brood_value *key = call_value(caller, 0);
  int r = check_key(key);
  if (r < 0) return r;
  struct dict_entry *entry = find_entry(dict, key);
  bool is_new = entry == NULL;
  struct kept value;
  switch (caller->head.op) {
    case CALL_CONTAINS: return !is_new;
    case CALL_COMPARE_SET: return compare_set(dict, entry, caller);
    case CALL_SET_ITEM:
      /* The message, in which key and value lie, is kept as it came. */
      r = keep_value(caller, 1, &value);
      return r < 0 ? r : set_entry(dict, &entry, key, &value);
    case CALL_ADD:
      r = add_number(dict, &entry, key, caller->head.number);
      break;
    case CALL_SET_DEFAULT:
      if (is_new) r = set_entry_copy(dict, &entry, key, call_value(caller, 1));
      break;
    case CALL_GET_ITEM:
    case CALL_DELETE:
    case CALL_POP:
      if (is_new) r = refuse_key(dict);
      break;
    default: return object_lacks(dict);
  }
  if (r < 0) return r;
  switch (caller->head.op) {
    case CALL_DELETE: remove_entry(dict, entry); return 0;
    case CALL_POP:
      return pop_entry(dict, entry, caller, kept_value(&entry->value));
    default: caller->value = kept_value(&entry->value); return is_new;
  }
}

int64_t call_dict(struct managed *dict, struct caller *caller) {
  switch (caller->head.op) {
    case CALL_POPITEM: return pop_newest(dict, caller);
    case CALL_LENGTH: return (int64_t)dict->num_items;
    case CALL_CLEAR: clear_dict(dict); return 0;
    case CALL_UPDATE: return update_dict(dict, call_value(caller, 0));
    case CALL_ITEMS:
    case CALL_KEYS:
    case CALL_VALUES: return fetch_all(dict, caller);
    default: return call_entry(dict, caller);
  }
}
