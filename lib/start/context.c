/* SPDX-License-Identifier: MIT
 *
 * Contexts: constants with a name, numbered in this order. Which one is the
 * default is default.c's, because a child sets it without knowing the others.
 */
#include "lib/start/context.h"

#include <string.h>

#include "lib/state/error.h"
#include "lib/state/registry.h"

/* The platform's default first. */
static const brood_context contexts[] = {
    {&start_fork},
    {&start_spawn},
    {&start_forkserver},
};

enum { NUM_CONTEXTS = sizeof contexts / sizeof *contexts };

static const char *names[NUM_CONTEXTS + 1];

/* Before any thread could see it half done. */
__attribute__((constructor)) static void list_names(void) {
  for (size_t i = 0; i < NUM_CONTEXTS; i++) names[i] = contexts[i].method->name;
}

const char *const *brood_get_all_start_methods(void) {
  return names;
}

uint32_t context_number(const brood_context *context) {
  return (uint32_t)(context - contexts);
}

static const brood_context *find_or_fail(const char *method) {
  for (size_t i = 0; i < NUM_CONTEXTS; i++) {
    if (strcmp(contexts[i].method->name, method) == 0) return &contexts[i];
  }
  error_set(BROOD_VALUE_ERROR, "cannot find context for '%.100s'", method);
  return NULL;
}

const brood_context *context_default(void) {
  uint32_t before = default_choose(0);
  return before < NUM_CONTEXTS ? &contexts[before] : &contexts[0];
}

const brood_context *brood_get_context(const char *method) {
  return method == NULL ? context_default() : find_or_fail(method);
}

const brood_context *brood_context_get_context(const brood_context *context,
                                               const char *method) {
  if (method == NULL && context != NULL) return context;
  return brood_get_context(method);
}

static int refuse_flags(unsigned flags) {
  return error_set(BROOD_TYPE_ERROR, "unexpected flags 0x%x", flags);
}

static int force_start_method(const char *method) {
  const brood_context *context = NULL;
  if (method != NULL) {
    context = find_or_fail(method);
    if (context == NULL) return BROOD_VALUE_ERROR;
  }
  default_set(context == NULL ? DEFAULT_NONE : context_number(context));
  return 0;
}

int brood_set_start_method(const char *method, unsigned flags) {
  if ((flags & ~(unsigned)BROOD_FORCE) != 0) return refuse_flags(flags);
  if (flags & BROOD_FORCE) return force_start_method(method);
  /* Before the name is looked at: that it is too late outweighs. */
  static const char too_late[] = "context has already been set";
  if (default_get() != DEFAULT_NONE) {
    return error_set(BROOD_RUNTIME_ERROR, too_late);
  }
  const brood_context *context =
      method == NULL ? &contexts[0] : find_or_fail(method);
  if (context == NULL) return BROOD_VALUE_ERROR;
  if (default_choose(context_number(context)) != DEFAULT_NONE) {
    return error_set(BROOD_RUNTIME_ERROR, too_late);
  }
  return 0;
}

int brood_context_set_start_method(const brood_context *context,
                                   const char *method, unsigned flags) {
  if (context == NULL) return brood_set_start_method(method, flags);
  return error_set(BROOD_VALUE_ERROR,
                   "cannot set start method of concrete context '%s'",
                   context->method->name);
}

const char *brood_get_start_method(unsigned flags) {
  if ((flags & ~(unsigned)BROOD_ALLOW_NONE) != 0) {
    refuse_flags(flags);
    return NULL;
  }
  if ((flags & BROOD_ALLOW_NONE) == 0 || default_get() != DEFAULT_NONE) {
    return context_default()->method->name;
  }
  error_clear();
  return NULL;
}

const char *brood_context_get_start_method(const brood_context *context,
                                           unsigned flags) {
  if (context == NULL) return brood_get_start_method(flags);
  if ((flags & ~(unsigned)BROOD_ALLOW_NONE) != 0) {
    refuse_flags(flags);
    return NULL;
  }
  return context->method->name;
}
