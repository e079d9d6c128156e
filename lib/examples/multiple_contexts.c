/* SPDX-License-Identifier: MIT
 *
 * Shows: contexts side by side. Workers of every start method run at once and
 * put their results into one queue, which the default context made: an object
 * carries no start method.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { MAX_METHODS = 8 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void context_worker(const brood_args *args) {
  const char *context_name;
  brood_queue *results =
      brood_value_object(brood_args_get(args, 1), BROOD_KIND_QUEUE);
  if (brood_value_string(brood_args_get(args, 0), &context_name) < 0 ||
      results == NULL) {
    brood_fail(brood_error_message());
  }
  char text[128];
  snprintf(text, sizeof text, "worker from the %s context, started by %s",
           context_name, brood_get_start_method(0));
  if (brood_queue_put(results, brood_string(text), BROOD_FOREVER) < 0) {
    brood_fail(brood_error_message());
  }
}
BROOD_TARGET(context_worker);

static brood_process *start_worker(const char *method, brood_queue *results) {
  const brood_context *context = brood_get_context(method);
  if (context == NULL) fail();
  brood_process *process = brood_process_new(
      context, &(brood_process_options){
                   .target = context_worker,
                   BROOD_ARGS(brood_string(method), brood_object(results))});
  if (process == NULL || brood_process_start(process) < 0) fail();
  return process;
}

static void show_result(brood_queue *results) {
  brood_value result;
  const char *text;
  if (brood_queue_get(results, &result, BROOD_FOREVER) < 0 ||
      brood_value_string(&result, &text) < 0) {
    fail();
  }
  printf("%s\n", text);
  brood_value_clear(&result);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  printf(
      "the same context every time: %s\n",
      brood_get_context("spawn") == brood_get_context("spawn") ? "yes" : "no");
  brood_queue *results = brood_queue_new(NULL, 0);
  if (results == NULL) fail();

  const char *const *methods = brood_get_all_start_methods();
  brood_process *processes[MAX_METHODS];
  size_t count = 0;
  for (; count < MAX_METHODS && methods[count] != NULL; count++) {
    processes[count] = start_worker(methods[count], results);
  }
  for (size_t i = 0; i < count; i++) show_result(results);

  for (size_t i = 0; i < count; i++) {
    if (brood_process_join(processes[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(processes[i]);
  }
  brood_queue_free(results);
  return 0;
}
