/* SPDX-License-Identifier: MIT
 *
 * What a process is told once: the names of functions, for processes without
 * shared memory, and the default start method.
 */
#pragma once

#include <stdint.h>

#include "brood.h"
#include "lib/names.h"

/* registry_target_name writes the name of a registered target. Sets and
 * returns an error if there is none, or if it names another function too. */
int registry_target_name(brood_target target, const char **out_name);

/* REGISTRY_TARGET(function); is BROOD_TARGET for the library's own: if there is
 * another copy of the library in the process, that has its own. */
#define REGISTRY_TARGET(function) \
  BROOD_REGISTER_(function, brood_target_entry, registry_add_target)
void registry_add_target(struct brood_target_entry *entry);
void registry_add_callable(struct brood_callable_entry *entry);
void registry_add_task(struct brood_task_entry *entry);

/* registry_target returns the function of a name, or NULL. */
brood_target registry_target(const char *name);

/* Likewise for tasks. */
int registry_task_name(brood_task task, const char **out_name);
brood_task registry_task(const char *name);

/* Likewise, but without an error: NULL if it has no name of its own. */
brood_callable registry_callable(const char *name);
const char *registry_callable_name(brood_callable function);

/* The default context: the number of a start method, or none yet. Fork copies
 * it, and a child then overwrites it with the method that started it. */
#define DEFAULT_NONE UINT32_MAX
extern _Atomic uint32_t default_method;

/* default_choose sets it only if nobody has; returns what it was before. */
uint32_t default_choose(uint32_t method);
