/* SPDX-License-Identifier: MIT
 *
 * Shows: a clean stop on Ctrl-C, which the terminal sends to every process of
 * the group. If it is left to kill, it kills the workers where they stand, and
 * a handler would be main's alone: spawn and forkserver begin without it.
 *
 * So main blocks SIGINT before the first start. Its children inherit that, and
 * so do the forkserver and what that starts. Main waits for the signal with
 * sigwait, and tells the workers by an event. SIGTERM is not blocked: it ends a
 * worker that does not listen, by brood_process_terminate, and all of them,
 * for they are daemonic, when main ends early.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_METHODS = 3, NUM_WORKERS = 2 * NUM_METHODS };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

/* Works in small pieces, and looks between two whether it is to stop. */
static void work(const brood_args *args) {
  brood_event *stop =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_EVENT);
  brood_semaphore *at_work =
      brood_value_object(brood_args_get(args, 1), BROOD_KIND_SEMAPHORE);
  if (stop == NULL || at_work == NULL || brood_semaphore_release(at_work) < 0) {
    brood_fail(brood_error_message());
  }
  int r;
  while ((r = brood_event_wait(stop, BROOD_MILLISECONDS(10))) ==
         BROOD_TIMEOUT) {
    /* a piece of work */
  }
  if (r < 0) brood_fail(brood_error_message());
  printf("%s: cleaned up\n", brood_process_name(brood_current_process()));
}
BROOD_TARGET(work);

/* One that never looks. */
static void ignore_all(const brood_args *args) {
  brood_semaphore *at_work =
      brood_value_object(brood_args_get(args, 1), BROOD_KIND_SEMAPHORE);
  brood_semaphore *never =
      brood_value_object(brood_args_get(args, 2), BROOD_KIND_SEMAPHORE);
  if (at_work == NULL || never == NULL ||
      brood_semaphore_release(at_work) < 0) {
    brood_fail(brood_error_message());
  }
  brood_semaphore_acquire(never, BROOD_FOREVER);
}
BROOD_TARGET(ignore_all);

static brood_process *start(const char *method, const char *name,
                            brood_target target, const brood_value *args) {
  brood_process *process =
      brood_process_new(brood_get_context(method),
                        &(brood_process_options){.target = target,
                                                 .name = name,
                                                 .args = args,
                                                 .num_args = 3,
                                                 .daemon = BROOD_DAEMON});
  if (process == NULL || brood_process_start(process) < 0) fail();
  return process;
}

/* Gives a worker some time; one that does not end then is terminated. */
static void finish(brood_process *process, int64_t timeout_ns) {
  int exitcode = 0;
  int r = brood_process_join(process, timeout_ns);
  if (r == BROOD_TIMEOUT) {
    brood_process_terminate(process);
    r = brood_process_join(process, BROOD_FOREVER);
  }
  if (r < 0 || brood_process_exitcode(process, &exitcode) < 0) fail();
  printf("%s: exit code %d\n", brood_process_name(process), exitcode);
  brood_process_free(process);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  if (sigprocmask(SIG_BLOCK, &interrupt, NULL) < 0) return 1;

  brood_event *stop = brood_event_new(NULL);
  brood_semaphore *at_work = brood_semaphore_new(NULL, 0);
  brood_semaphore *never = brood_semaphore_new(NULL, 0);
  if (stop == NULL || at_work == NULL || never == NULL) fail();
  const brood_value args[] = {brood_object(stop), brood_object(at_work),
                              brood_object(never)};
  const char *const *methods = brood_get_all_start_methods();
  brood_process *listen[NUM_METHODS], *deaf[NUM_METHODS];
  for (int i = 0; i < NUM_METHODS; i++) {
    char name[32];
    snprintf(name, sizeof name, "worker by %s", methods[i]);
    listen[i] = start(methods[i], name, work, args);
    snprintf(name, sizeof name, "deaf one by %s", methods[i]);
    deaf[i] = start(methods[i], name, ignore_all, args);
  }
  for (int i = 0; i < NUM_WORKERS; i++) {
    if (brood_semaphore_acquire(at_work, BROOD_SECONDS(10)) < 0) fail();
  }
  printf("%d workers: Ctrl-C stops them\n", NUM_WORKERS);
  fflush(stdout);

  int signal_number;
  if (sigwait(&interrupt, &signal_number) != 0) return 1;
  if (brood_event_set(stop) < 0) fail();
  for (int i = 0; i < NUM_METHODS; i++) finish(listen[i], BROOD_SECONDS(10));
  for (int i = 0; i < NUM_METHODS; i++) {
    finish(deaf[i], BROOD_MILLISECONDS(100));
  }
  brood_semaphore_free(never);
  brood_semaphore_free(at_work);
  brood_event_free(stop);
  return 0;
}
