/* SPDX-License-Identifier: MIT
 *
 * Shows: what becomes of a parent's threads. Three are alive while a process
 * is started by each method, and every child reports that it has one thread.
 *
 * With fork that is no comfort: the three stopped wherever they were, and a
 * lock that one of them held stays locked in the child. (glibc puts malloc and
 * stdio right; nobody does so for the program's own locks.) Under spawn and
 * forkserver the child begins clean.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum { NUM_THREADS = 3 };

/* Passed twice by each thread and by main: all are alive in between. */
static pthread_barrier_t all_alive;

static void *stay_alive(void *unused) {
  (void)unused;
  pthread_barrier_wait(&all_alive);
  pthread_barrier_wait(&all_alive);
  return NULL;
}

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static int count_threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) exit(1);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(tasks);
  return count;
}

static void report(const brood_args *args) {
  const char *method;
  if (brood_value_string(brood_args_get(args, 0), &method) < 0)
    brood_fail("which method?");
  printf("child by %s: pid %d, kernel's parent %d, creator %d\n", method,
         getpid(), getppid(), brood_process_pid(brood_parent_process()));
  printf("threads in the child: %d\n", count_threads());
}
BROOD_TARGET(report);

static void run_child(const char *method) {
  const brood_context *context = brood_get_context(method);
  if (context == NULL) fail();
  brood_process *process = brood_process_new(
      context, &(brood_process_options){.target = report,
                                        BROOD_ARGS(brood_string(method))});
  if (process == NULL) fail();
  if (brood_process_start(process) < 0) fail();
  if (brood_process_join(process, BROOD_FOREVER) < 0) fail();
  brood_process_free(process);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  pthread_barrier_init(&all_alive, NULL, NUM_THREADS + 1);
  pthread_t threads[NUM_THREADS];
  for (int i = 0; i < NUM_THREADS; i++) {
    if (pthread_create(&threads[i], NULL, stay_alive, NULL) != 0) return 1;
  }
  pthread_barrier_wait(&all_alive);
  printf("parent: pid %d\n", getpid());
  printf("threads in the parent: %d\n", count_threads());

  const char *const *methods = brood_get_all_start_methods();
  for (size_t i = 0; methods[i] != NULL; i++) run_child(methods[i]);

  pthread_barrier_wait(&all_alive);
  for (int i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&all_alive);
  return 0;
}
