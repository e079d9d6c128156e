/* SPDX-License-Identifier: MIT
 *
 * Tasks that end their worker, that will not be ended, and that are told of a
 * soft limit, and a namesake; see functions.h.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conformance/adapter/body.h"
#include "conformance/adapter/functions.h"
#include "conformance/adapter/memory.h"

static int task_note_die(const brood_args *args) {
  body_note(body_text(args, 0), body_text(args, 1));
  kill(getpid(), SIGKILL);
  return 0;
}
BODY_OF_TASK(task_note_die);

static int task_odd_dies(const brood_args *args) {
  int64_t n = body_int64(args, 0);
  if (n % 2 != 0) kill(getpid(), SIGKILL);
  return body_answer_int64(n);
}
BODY_OF_TASK(task_odd_dies);

static void *die_at_gate(void *path) {
  body_gate(path);
  kill(getpid(), SIGKILL);
  return NULL;
}

static int task_dying_echo(const brood_args *args) {
  pthread_t thread;
  char *path = memory_text(body_text(args, 0));
  if (pthread_create(&thread, NULL, die_at_gate, path) != 0) {
    brood_fail("no thread");
  }
  pthread_detach(thread);
  return body_answer(*body_at(args, 1));
}
BODY_OF_TASK(task_dying_echo);

static int task_stubborn(const brood_args *args) {
  signal(SIGTERM, SIG_IGN);
  body_note(body_text(args, 0), "deaf");
  while (pause() < 0) continue;
  return 0;
}
BODY_OF_TASK(task_stubborn);

/* Returns once the task is told. The signal interrupts the sleep; one that
 * comes just before it is seen after it. */
static void await_soft_limit(const char *path) {
  body_note(path, "waits");
  while (!brood_task_soft_limit()) {
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  }
}

static int task_soft_fail(const brood_args *args) {
  await_soft_limit(body_text(args, 0));
  return brood_raise(BROOD_SOFT_TIME_LIMIT, "the soft limit is over");
}
BODY_OF_TASK(task_soft_fail);

static int task_soft_echo(const brood_args *args) {
  await_soft_limit(body_text(args, 0));
  return body_answer(*body_at(args, 1));
}
BODY_OF_TASK(task_soft_echo);

static int task_soft_deaf(const brood_args *args) {
  const char *path = body_text(args, 0);
  await_soft_limit(path);
  body_note(path, "told");
  body_gate(body_text(args, 1));
  return 0;
}
BODY_OF_TASK(task_soft_deaf);

static int task_soft_told(const brood_args *args) {
  (void)args;
  return body_answer(brood_bool(brood_task_soft_limit() > 0));
}
BODY_OF_TASK(task_soft_told);

/* Found instead of the one in functions.c, by a name that both have. */
static void shadowed(const brood_args *args) {
  body_note(body_text(args, 0), "the other");
}
BODY_OF_PROCESS(shadowed);

const struct function functions_ending[] = {
    {"dying_echo", task_dying_echo_target, task_dying_echo},
    {"note_die", task_note_die_target, task_note_die},
    {"namesake", shadowed, shadowed_task},
    {"odd_dies", task_odd_dies_target, task_odd_dies},
    {"soft_deaf", task_soft_deaf_target, task_soft_deaf},
    {"soft_echo", task_soft_echo_target, task_soft_echo},
    {"soft_fail", task_soft_fail_target, task_soft_fail},
    {"soft_told", task_soft_told_target, task_soft_told},
    {"stubborn", task_stubborn_target, task_stubborn},
    {NULL, NULL, NULL},
};
