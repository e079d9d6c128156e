/* SPDX-License-Identifier: MIT
 *
 * posix_spawn with a descriptor table of our own choice. Everything that the
 * table does not name is closed in the child, so the numbers of other
 * descriptors are free to be overwritten there: first every source that lies
 * where a target will be is moved out of the way, then all go home.
 */
#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"

enum { FIRST_TARGET = 3 };

static bool contains(const int *fds, size_t num_fds, int fd) {
  for (size_t i = 0; i < num_fds; i++) {
    if (fds[i] == fd) return true;
  }
  return false;
}

/* Will the child's table overwrite this number? */
static bool in_the_way(int fd, size_t num_fds) {
  return fd == STDIN_FILENO ||
         (fd >= FIRST_TARGET && (size_t)(fd - FIRST_TARGET) < num_fds);
}

/* The number that a source has in the child: the last one is its standard
 * input. */
static int target_of(size_t i, size_t num_fds) {
  return i == num_fds ? STDIN_FILENO : FIRST_TARGET + (int)i;
}

static int plan(posix_spawn_file_actions_t *actions, int *sources,
                size_t num_fds) {
  int next_free = FIRST_TARGET + (int)num_fds;
  int r = 0;
  for (size_t i = 0; r == 0 && i <= num_fds; i++) {
    int from = sources[i];
    /* A source that is its own target stays: dup2 onto itself clears
     * close-on-exec. */
    if (from == target_of(i, num_fds)) continue;
    if (!in_the_way(from, num_fds)) continue;
    while (contains(sources, num_fds + 1, next_free)) next_free++;
    r = posix_spawn_file_actions_adddup2(actions, from, next_free);
    for (size_t k = i; k <= num_fds; k++) { /* and its repetitions */
      if (sources[k] == from) sources[k] = next_free;
    }
    next_free++;
  }
  for (size_t i = 0; r == 0 && i <= num_fds; i++) {
    r = posix_spawn_file_actions_adddup2(actions, sources[i],
                                         target_of(i, num_fds));
  }
  if (r == 0) {
    r = sys_spawn_close_from(actions, FIRST_TARGET + (int)num_fds, next_free);
  }
  return r;
}

int sys_spawn(const char *path, char *const argv[], const int *fds,
              size_t num_fds, const sigset_t *mask) {
  SYS_FAULT();
  int null = sys_open_null();
  if (null < 0) return null;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t pid = 0;
  int r = ENOMEM;
  int *sources = malloc((num_fds + 1) * sizeof *sources);
  if (sources == NULL) goto out;
  memcpy(sources, fds, num_fds * sizeof *sources);
  sources[num_fds] = null;
  r = posix_spawn_file_actions_init(&actions);
  if (r != 0) goto out;
  posix_spawnattr_init(&attributes); /* these cannot fail */
  if (mask != NULL) {
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, mask);
  }
  r = plan(&actions, sources, num_fds);
  if (r == 0) r = posix_spawn(&pid, path, &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
out:
  free(sources);
  sys_close(null);
  if (r == 0) return pid;
  /* So says the C library of a number over RLIMIT_NOFILE, open or not. */
  return r == EBADF ? -EMFILE : -r;
}
