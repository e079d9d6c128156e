/* SPDX-License-Identifier: MIT
 *
 * See settings.h. Two settings are text of any length, copied in and out under
 * the guard; the others are written by brood_init, before there are threads.
 * A fork copies all.
 */
#include "lib/start/settings.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/proc.h"

static char *executable;
static const char **preload; /* one block: pointers, NULL, then the texts */

static const char *const *program_argv;
static int program_argc;
static atomic_bool initialised;

int brood_set_executable(const char *path) {
  if (path == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected a path, not NULL");
  }
  char *copy = strdup(path);
  if (copy == NULL) {
    return error_set_os(-ENOMEM, "cannot keep executable '%.100s'", path);
  }
  guard_lock();
  char *old = executable;
  executable = copy;
  guard_unlock();
  free(old);
  return 0;
}

int settings_executable(char *out_path, size_t capacity) {
  int r = 1;
  guard_lock();
  if (executable != NULL) {
    size_t size = strlen(executable) + 1;
    r = size > capacity ? -ENAMETOOLONG : 0;
    if (r == 0) memcpy(out_path, executable, size);
  }
  guard_unlock();
  return r;
}

/* Each pointer is read once. A text that grows in place is cut: there is room
 * for what was counted, and for the end of each. */
const char **texts_copy(const char *const *texts, size_t max_texts) {
  const char **block = malloc((max_texts + 1) * sizeof *block);
  if (block == NULL) return NULL;
  size_t count = 0, room = 0;
  while (count < max_texts && (block[count] = texts[count]) != NULL) {
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
  const char **copy = texts_copy(names, num_names);
  if (copy == NULL) {
    return error_set_os(-ENOMEM, "cannot keep %zu preload names", num_names);
  }
  guard_lock();
  const char **old = preload;
  preload = copy;
  guard_unlock();
  free(old);
  return 0;
}

const char **settings_preload(void) {
  guard_lock();
  size_t count = 0;
  while (preload != NULL && preload[count] != NULL) count++;
  const char **copy = texts_copy(preload, count);
  guard_unlock();
  return copy;
}

void settings_set_argv(const char *const *argv, int argc) {
  program_argv = argv;
  program_argc = argc;
  atomic_store(&initialised, true);
}

bool settings_initialised(void) {
  return atomic_load(&initialised);
}

const char *const *brood_argv(int *out_argc) {
  if (!settings_initialised()) {
    error_clear();
    return NULL;
  }
  if (out_argc != NULL) *out_argc = program_argc;
  return program_argv;
}

int brood_cpu_count(void) {
  int count = sys_cpu_count();
  if (count < 0) {
    return error_set(BROOD_RUNTIME_ERROR, "cannot determine number of cpus");
  }
  return count;
}
