/* SPDX-License-Identifier: MIT
 *
 * Shows: a start method chosen by what the program is at the moment. With one
 * thread fork is safe and quickest; with more, a process must not begin as a
 * copy of this one.
 *
 * Advice for several platforms usually adds that Windows has spawn alone, and
 * that macOS is better off with it because its frameworks do not survive a
 * fork. Brood runs on Linux only, so there is no branch for them here. The
 * question is asked of the list of methods, not of the platform: where forking
 * is not offered, the last line answers spawn.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"

static bool is_available(const char *method) {
  const char *const *methods = brood_get_all_start_methods();
  for (size_t i = 0; methods[i] != NULL; i++) {
    if (strcmp(methods[i], method) == 0) return true;
  }
  return false;
}

/* Asks the kernel: it also knows the threads that libraries have made. */
static bool has_threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) return true; /* cannot tell: do not fork */
  int count = 0;
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(tasks);
  return count > 1;
}

static const brood_context *select_optimal_context(void) {
  if (!has_threads() && is_available("fork")) return brood_get_context("fork");
  if (is_available("forkserver")) return brood_get_context("forkserver");
  return brood_get_context("spawn");
}

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void work(const brood_args *args) {
  (void)args;
  printf("the child was started by %s\n", brood_get_start_method(0));
}
BROOD_TARGET(work);

static void select_and_run(const char *situation) {
  const brood_context *context = select_optimal_context();
  if (context == NULL) fail();
  printf("%s: selected %s\n", situation,
         brood_context_get_start_method(context, 0));
  brood_process *process =
      brood_process_new(context, &(brood_process_options){.target = work});
  if (process == NULL) fail();
  if (brood_process_start(process) < 0) fail();
  if (brood_process_join(process, BROOD_FOREVER) < 0) fail();
  brood_process_free(process);
}

/* Alive until main unlocks. */
static void *wait_for_main(void *mutex) {
  pthread_mutex_lock(mutex);
  pthread_mutex_unlock(mutex);
  return NULL;
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  select_and_run("one thread");

  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_t thread;
  pthread_mutex_lock(&mutex);
  if (pthread_create(&thread, NULL, wait_for_main, &mutex) != 0) return 1;
  select_and_run("two threads");
  pthread_mutex_unlock(&mutex);
  pthread_join(thread, NULL);
  return 0;
}
