/* SPDX-License-Identifier: MIT
 *
 * Constructors push to the lists before main, and dlopen later. Entries are
 * never removed, so reading needs no lock, and a fork finds the lists whole.
 */
#include "lib/state/registry.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"

/* A list of functions of one type: registry_add_NOUN and brood_register_NOUN
 * add an entry, registry_NOUN finds a function, or NULL, and NOUN_name the name
 * of one, or NULL, and whether another has it too. */
#define REGISTRY(noun)                                                         \
  static struct brood_##noun##_entry *_Atomic noun##_list;                     \
                                                                               \
  void registry_add_##noun(struct brood_##noun##_entry *entry) {               \
    if (entry == NULL || entry->name == NULL || entry->function == NULL) {     \
      /* Only the error tells: the callers are constructors. */                \
      error_set(BROOD_TYPE_ERROR,                                              \
                "the entry at %p has no name or no function",                  \
                (const void *)entry);                                          \
      return;                                                                  \
    }                                                                          \
    guard_lock(); /* or two threads that pushed one entry would make a loop */ \
    const struct brood_##noun##_entry *old = atomic_load(&noun##_list);        \
    while (old != NULL && old != entry) old = old->next;                       \
    if (old == NULL) {                                                         \
      entry->next = atomic_load(&noun##_list);                                 \
      atomic_store(&noun##_list, entry);                                       \
    }                                                                          \
    guard_unlock();                                                            \
  }                                                                            \
                                                                               \
  void brood_register_##noun(struct brood_##noun##_entry *entry) {             \
    registry_add_##noun(entry);                                                \
  }                                                                            \
                                                                               \
  brood_##noun registry_##noun(const char *name) {                             \
    const struct brood_##noun##_entry *entry = atomic_load(&noun##_list);      \
    while (entry != NULL && strcmp(entry->name, name) != 0) {                  \
      entry = entry->next;                                                     \
    }                                                                          \
    return entry == NULL ? NULL : entry->function;                             \
  }                                                                            \
                                                                               \
  static const char *noun##_name(brood_##noun function, bool *out_shared) {    \
    const struct brood_##noun##_entry *entry = atomic_load(&noun##_list);      \
    while (entry != NULL && entry->function != function) {                     \
      entry = entry->next;                                                     \
    }                                                                          \
    const char *name = entry == NULL ? NULL : entry->name;                     \
    *out_shared = false;                                                       \
    for (entry = atomic_load(&noun##_list); name != NULL && entry != NULL;     \
         entry = entry->next) {                                                \
      *out_shared |=                                                           \
          strcmp(entry->name, name) == 0 && entry->function != function;       \
    }                                                                          \
    return name;                                                               \
  }

REGISTRY(target)
REGISTRY(callable)
REGISTRY(task)

/* 0, or the error of a function without a name of its own. */
static int check_name_of(const char *noun, const char *macro,
                         const void *function, const char *name,
                         bool is_shared) {
  if (name == NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "the %s at %p is not registered: write %s(name); beside "
                     "the function",
                     noun, function, macro);
  }
  if (!is_shared) return 0;
  return error_set(BROOD_VALUE_ERROR, "two %ss are registered as '%.100s'",
                   noun, name);
}

#define REGISTRY_NAME(noun, macro)                                           \
  int registry_##noun##_name(brood_##noun function, const char **out_name) { \
    bool is_shared;                                                          \
    *out_name = noun##_name(function, &is_shared);                           \
    return check_name_of(#noun, macro, (void *)function, *out_name,          \
                         is_shared);                                         \
  }

REGISTRY_NAME(target, "BROOD_TARGET")
REGISTRY_NAME(task, "BROOD_TASK")

const char *registry_callable_name(brood_callable function) {
  bool is_shared;
  const char *name = callable_name(function, &is_shared);
  return is_shared ? NULL : name;
}

_Atomic uint32_t default_method = DEFAULT_NONE;

uint32_t default_choose(uint32_t method) {
  uint32_t nobodys = DEFAULT_NONE;
  atomic_compare_exchange_strong(&default_method, &nobodys, method);
  return nobodys;
}
