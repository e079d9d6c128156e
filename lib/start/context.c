/* SPDX-License-Identifier: MIT
 *
 * The contexts, and what a program sets for all of them: its own arguments, the
 * executable, the preload list, the log. A fork copies all.
 */
#include "lib/start/context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sys/proc.h"

/* The platform's default first. The order is the number in a launch record. */
static const brood_context contexts[] = {
    {.name = "fork", .process_class = "ForkProcess", .launch = launch_by_fork},
    {.name = "spawn",
     .process_class = "SpawnProcess",
     .fresh_image = true,
     .own_image = true,
     .launch = launch_by_spawn},
    {.name = "forkserver",
     .process_class = "ForkServerProcess",
     .fresh_image = true,
     .of_server = true,
     .launch = launch_by_forkserver},
};

enum { NUM_CONTEXTS = sizeof contexts / sizeof *contexts };

const char *const *brood_get_all_start_methods(void) {
  static const char *const names[] = {"fork", "spawn", "forkserver", NULL};
  return names;
}

uint32_t context_number(const brood_context *context) {
  return (uint32_t)(context - contexts);
}

static const brood_context *find_or_fail(const char *method) {
  for (size_t i = 0; i < NUM_CONTEXTS; i++) {
    if (strcmp(contexts[i].name, method) == 0) return &contexts[i];
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

int brood_set_start_method(const char *method, unsigned flags) {
  int r = error_check_flags(flags, BROOD_FORCE);
  if (r < 0) return r;
  bool force = (flags & BROOD_FORCE) != 0;
  /* Before the name is looked at: that it is too late outweighs. */
  static const char too_late[] = "context has already been set";
  if (!force && atomic_load(&default_method) != DEFAULT_NONE) {
    return error_set(BROOD_RUNTIME_ERROR, too_late);
  }
  uint32_t number = force ? DEFAULT_NONE : 0;
  if (method != NULL) {
    const brood_context *context = find_or_fail(method);
    if (context == NULL) return BROOD_VALUE_ERROR;
    number = context_number(context);
  }
  if (force) {
    atomic_store(&default_method, number);
  } else if (default_choose(number) != DEFAULT_NONE) {
    return error_set(BROOD_RUNTIME_ERROR, too_late);
  }
  return 0;
}

int brood_context_set_start_method(const brood_context *context,
                                   const char *method, unsigned flags) {
  if (context == NULL) return brood_set_start_method(method, flags);
  return error_set(BROOD_VALUE_ERROR,
                   "cannot set start method of concrete context '%s'",
                   context->name);
}

const char *brood_context_get_start_method(const brood_context *context,
                                           unsigned flags) {
  if (error_check_flags(flags, BROOD_ALLOW_NONE) < 0) return NULL;
  if (context != NULL) return context->name;
  bool is_set = atomic_load(&default_method) != DEFAULT_NONE;
  if ((flags & BROOD_ALLOW_NONE) == 0 || is_set) {
    return context_default()->name;
  }
  error_clear();
  return NULL;
}

const char *brood_get_start_method(unsigned flags) {
  return brood_context_get_start_method(NULL, flags);
}

/* ------------------------------------------------------- The settings -- */

/* Under the guard. Each is one block: pointers, NULL, then the texts. */
static const char **settings[2];

/* Written by brood_init, before there are threads. */
static const char *const *_Atomic program_argv;
static int program_argc;

/* Each pointer that counts is read once. A text that grows in place is cut:
 * there is room for what was counted, and for the end of each. */
const char **texts_copy(const char *const *texts, size_t max_texts) {
  size_t most = 0, count = 0, room = 0;
  while (texts != NULL && most < max_texts && texts[most] != NULL) most++;
  const char **block = malloc((most + 1) * sizeof *block);
  if (block == NULL) return NULL;
  while (count < most && (block[count] = texts[count]) != NULL) {
    room += strlen(block[count++]) + 1;
  }
  const char **more = realloc(block, (count + 1) * sizeof *block + room);
  if (more == NULL) free(block);
  if (more == NULL) return NULL;
  char *at = (char *)(more + count + 1);
  for (size_t i = 0; i < count; i++) {
    size_t size = strnlen(more[i], room - (count - i));
    more[i] = memcpy(at, more[i], size);
    at[size] = '\0';
    at += size + 1;
    room -= size + 1;
  }
  more[count] = NULL;
  return more;
}

const char **settings_copy(enum setting which) {
  guard_lock();
  const char **copy = texts_copy(settings[which], SIZE_MAX);
  guard_unlock();
  return copy;
}

static int change_setting(enum setting which, const char *const *texts,
                          size_t num_texts) {
  const char **copy = texts_copy(texts, num_texts);
  if (copy == NULL) {
    return error_set_os(-ENOMEM, "cannot keep %zu names", num_texts);
  }
  guard_lock();
  const char **old = settings[which];
  settings[which] = copy;
  guard_unlock();
  free(old);
  return 0;
}

int brood_set_executable(const char *path) {
  if (path == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected a path, not NULL");
  }
  return change_setting(SETTING_EXECUTABLE, &path, 1);
}

int brood_set_forkserver_preload(const char *const *names, size_t num_names) {
  if (num_names > BROOD_MAX_PRELOAD) {
    return error_set(BROOD_VALUE_ERROR, "%zu preload names: at most %d",
                     num_names, BROOD_MAX_PRELOAD);
  }
  for (size_t i = 0; i < num_names; i++) {
    if (names == NULL || names[i] == NULL) {
      return error_set(BROOD_TYPE_ERROR,
                       "preload names must be a list of strings: "
                       "number %zu is NULL",
                       i);
    }
  }
  return change_setting(SETTING_PRELOAD, names, num_names);
}

void settings_set_argv(const char *const *argv, int argc) {
  program_argc = argc;
  atomic_store(&program_argv, argv);
}

bool settings_initialised(void) {
  return atomic_load(&program_argv) != NULL;
}

const char *const *brood_argv(int *out_argc) {
  const char *const *argv = atomic_load(&program_argv);
  if (argv == NULL) error_clear();
  if (argv != NULL && out_argc != NULL) *out_argc = program_argc;
  return argv;
}

#define TEXT_OF(number) #number
#define VERSION_OF(major, minor, patch) \
  TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *brood_version(void) {
  return VERSION_OF(BROOD_VERSION_MAJOR, BROOD_VERSION_MINOR,
                    BROOD_VERSION_PATCH);
}

int brood_cpu_count(void) {
  int count = sys_cpu_count();
  if (count < 0) {
    return error_set(BROOD_RUNTIME_ERROR, "cannot determine number of cpus");
  }
  return count;
}

/* ------------------------------------------------------------- The log -- */

/* Each call of brood_log_to_stderr adds a handler, as in Python, so a record
 * comes out as often as it was called. */
_Atomic uint32_t log_least_level, log_num_handlers;

int brood_log_to_stderr(int level) {
  if (level < 0) {
    return error_set(BROOD_VALUE_ERROR, "negative log level %d", level);
  }
  if (level != BROOD_LOG_UNCHANGED) {
    atomic_store(&log_least_level, (uint32_t)level);
  }
  atomic_fetch_add(&log_num_handlers, 1);
  return 0;
}

void log_info(const char *format, ...) {
  uint32_t level = atomic_load(&log_least_level);
  uint32_t handlers = atomic_load(&log_num_handlers);
  /* An unset level is Python's: its root logger lets WARNING and above by. */
  if (handlers == 0 || level == 0 || level > BROOD_LOG_INFO) return;
  char text[256];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  const char *name = brood_process_name(brood_current_process());
  for (uint32_t i = 0; i < handlers; i++) {
    fprintf(stderr, "[INFO/%s] %s\n", name, text);
  }
}

/* ------------------------------------------------ The first statement -- */

/* Is this image what the program was run again for? A set-uid program is never
 * run again: its caller, whom it has rights over, would choose what is run. */
static bool has_role(int argc, char **argv, const char *role) {
  if (argc != 2 || strcmp(argv[1], role) != 0) return false;
  if (sys_is_privileged()) {
    child_refuse(
        "this program was run with %s by somebody who has not its "
        "rights",
        role);
  }
  sys_set_name(argv[0]);
  return true;
}

int brood_init(int argc, char **argv) {
  if (settings_initialised()) return 0;
  if (has_role(argc, argv, IMAGE_SPAWNED)) spawn_child();
  if (has_role(argc, argv, IMAGE_FORKSERVER)) forkserver_main();
  /* A copy: programs sort, cut and overwrite what they were given. */
  const char **copy = texts_copy((const char *const *)argv, (size_t)argc);
  if (copy == NULL) return error_set_os(-ENOMEM, "cannot keep argv");
  settings_set_argv(copy, argc);
  return 0;
}
