/* SPDX-License-Identifier: MIT
 *
 * Shows: workers that take tasks from a JoinableQueue, and what becomes of a
 * task whose worker dies: join says so instead of waiting for ever.
 *
 * Workers that wait for tasks are daemonic: if main fails half-way, its exit
 * ends them. Others it would join, and wait for those who wait for it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum { NUM_WORKERS = 2, NUM_TASKS = 6, DEADLY = 4 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

/* Task 4 is the end of whoever takes it. */
static int64_t work(int64_t task) {
  if (task == DEADLY) kill(getpid(), SIGKILL);
  return task * task;
}

static void worker(const brood_args *args) {
  brood_queue *tasks =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_QUEUE);
  brood_queue *results =
      brood_value_object(brood_args_get(args, 1), BROOD_KIND_QUEUE);
  if (tasks == NULL || results == NULL) {
    brood_fail(brood_error_message());
  }
  brood_value task;
  while (brood_queue_get(tasks, &task, BROOD_FOREVER) == 0) {
    if (task.type == BROOD_TYPE_NONE) return; /* no more of them */
    int64_t number;
    if (brood_value_int64(&task, &number) < 0 ||
        brood_queue_put(results, brood_int64(work(number)), BROOD_FOREVER) <
            0 ||
        brood_queue_task_done(tasks) < 0) {
      break;
    }
  }
  brood_fail(brood_error_message());
}
BROOD_TARGET(worker);

static void put(brood_queue *queue, brood_value value) {
  if (brood_queue_put(queue, value, BROOD_FOREVER) < 0) fail();
}

static void show_sum(brood_queue *results) {
  int64_t sum = 0;
  int count = 0;
  brood_value result;
  while (brood_queue_get_nowait(results, &result) == 0) {
    int64_t number;
    if (brood_value_int64(&result, &number) < 0) fail();
    sum += number;
    count++;
  }
  printf("%d results, their sum is %d\n", count, (int)sum);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const brood_context *context = brood_get_context("forkserver");
  brood_queue *tasks = brood_joinable_queue_new(context, 0);
  brood_queue *results = brood_queue_new(context, 0);
  if (tasks == NULL || results == NULL) fail();
  for (int i = 0; i < NUM_TASKS; i++) put(tasks, brood_int64(i));

  brood_process *workers[NUM_WORKERS];
  for (int i = 0; i < NUM_WORKERS; i++) {
    workers[i] = brood_process_new(
        context, &(brood_process_options){
                     .target = worker,
                     .daemon = BROOD_DAEMON,
                     BROOD_ARGS(brood_object(tasks), brood_object(results))});
    if (workers[i] == NULL || brood_process_start(workers[i]) < 0) fail();
  }

  int r = brood_queue_join(tasks, BROOD_FOREVER);
  printf("join: %s\n", r < 0 ? brood_error_name(r) : "all tasks are done");
  show_sum(results);

  for (int i = 0; i < NUM_WORKERS; i++) put(tasks, brood_none());
  for (int i = 0; i < NUM_WORKERS; i++) {
    if (brood_process_join(workers[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(workers[i]);
  }
  brood_queue_free(results);
  brood_queue_free(tasks);
  return 0;
}
