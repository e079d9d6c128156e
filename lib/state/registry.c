/* SPDX-License-Identifier: MIT
 *
 * See registry.h. Constructors push to two lists before main, and dlopen later.
 * Entries are never removed, so reading needs no lock, and a fork finds the
 * lists whole.
 */
#include "lib/state/registry.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "lib/state/error.h"

static struct brood_target_entry *_Atomic targets;
static struct brood_callable_entry *_Atomic callables;
static struct brood_task_entry *_Atomic tasks;

/* Only this thread's last error tells: the callers are constructors. */
static void refuse_entry(const void *entry) {
  error_set(BROOD_TYPE_ERROR, "the entry at %p has no name or no function",
            entry);
}

void brood_register_target(struct brood_target_entry *entry) {
  if (entry == NULL || entry->name == NULL || entry->function == NULL) {
    refuse_entry(entry);
    return;
  }
  entry->next = atomic_load(&targets);
  while (!atomic_compare_exchange_weak(&targets, &entry->next, entry)) continue;
}

void brood_register_callable(struct brood_callable_entry *entry) {
  if (entry == NULL || entry->name == NULL || entry->function == NULL) {
    refuse_entry(entry);
    return;
  }
  entry->next = atomic_load(&callables);
  while (!atomic_compare_exchange_weak(&callables, &entry->next, entry)) {
    continue;
  }
}

void brood_register_task(struct brood_task_entry *entry) {
  if (entry == NULL || entry->name == NULL || entry->function == NULL) {
    refuse_entry(entry);
    return;
  }
  entry->next = atomic_load(&tasks);
  while (!atomic_compare_exchange_weak(&tasks, &entry->next, entry)) continue;
}

static bool is_ambiguous(const char *name, brood_target target) {
  const struct brood_target_entry *entry = atomic_load(&targets);
  for (; entry != NULL; entry = entry->next) {
    if (strcmp(entry->name, name) == 0 && entry->function != target) {
      return true;
    }
  }
  return false;
}

int registry_target_name(brood_target target, const char **out_name) {
  const struct brood_target_entry *entry = atomic_load(&targets);
  while (entry != NULL && entry->function != target) entry = entry->next;
  if (entry == NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "the target at %p is not registered: "
                     "write BROOD_TARGET(name); beside the function",
                     (void *)target);
  }
  if (is_ambiguous(entry->name, target)) {
    return error_set(BROOD_VALUE_ERROR,
                     "two targets are registered as '%.100s'", entry->name);
  }
  *out_name = entry->name;
  return 0;
}

brood_target registry_target(const char *name) {
  const struct brood_target_entry *entry = atomic_load(&targets);
  while (entry != NULL && strcmp(entry->name, name) != 0) entry = entry->next;
  return entry == NULL ? NULL : entry->function;
}

brood_task registry_task(const char *name) {
  const struct brood_task_entry *entry = atomic_load(&tasks);
  while (entry != NULL && strcmp(entry->name, name) != 0) entry = entry->next;
  return entry == NULL ? NULL : entry->function;
}

int registry_task_name(brood_task task, const char **out_name) {
  const struct brood_task_entry *entry = atomic_load(&tasks);
  while (entry != NULL && entry->function != task) entry = entry->next;
  if (entry == NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "the task at %p is not registered: write "
                     "BROOD_TASK(name); beside the function",
                     (void *)task);
  }
  for (const struct brood_task_entry *other = atomic_load(&tasks);
       other != NULL; other = other->next) {
    if (strcmp(entry->name, other->name) == 0 && other->function != task) {
      return error_set(BROOD_VALUE_ERROR,
                       "two tasks are registered as '%.100s'", entry->name);
    }
  }
  *out_name = entry->name;
  return 0;
}

brood_callable registry_callable(const char *name) {
  const struct brood_callable_entry *entry = atomic_load(&callables);
  while (entry != NULL && strcmp(entry->name, name) != 0) entry = entry->next;
  return entry == NULL ? NULL : entry->function;
}

const char *registry_callable_name(brood_callable function) {
  const struct brood_callable_entry *entry = atomic_load(&callables);
  while (entry != NULL && entry->function != function) entry = entry->next;
  bool unique = entry != NULL && registry_callable(entry->name) == function;
  return unique ? entry->name : NULL;
}

static _Atomic uint32_t chosen = DEFAULT_NONE;

uint32_t default_get(void) {
  return atomic_load(&chosen);
}

void default_set(uint32_t method) {
  atomic_store(&chosen, method);
}

uint32_t default_choose(uint32_t method) {
  uint32_t nobodys = DEFAULT_NONE;
  atomic_compare_exchange_strong(&chosen, &nobodys, method);
  return nobodys;
}
