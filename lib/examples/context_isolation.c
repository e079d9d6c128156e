/* SPDX-License-Identifier: MIT
 *
 * Shows: contexts share nothing but what they are given. Two of the same
 * method each have a queue of their own; what is put into one is not seen
 * through the other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void isolated_worker(const brood_args *args) {
  brood_queue *queue =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_QUEUE);
  int64_t context_id;
  if (queue == NULL ||
      brood_value_int64(brood_args_get(args, 1), &context_id) < 0) {
    brood_fail(brood_error_message());
  }
  char text[64];
  snprintf(text, sizeof text, "message from context %d", (int)context_id);
  if (brood_queue_put(queue, brood_string(text), BROOD_FOREVER) < 0) {
    brood_fail(brood_error_message());
  }
}
BROOD_TARGET(isolated_worker);

static brood_process *start_worker(const brood_context *context,
                                   brood_queue *queue, int context_id) {
  brood_process *process = brood_process_new(
      context, &(brood_process_options){
                   .target = isolated_worker,
                   BROOD_ARGS(brood_object(queue), brood_int64(context_id))});
  if (process == NULL || brood_process_start(process) < 0) fail();
  return process;
}

static void show(int context_id, brood_queue *queue) {
  brood_value message;
  const char *text;
  if (brood_queue_get(queue, &message, BROOD_FOREVER) < 0 ||
      brood_value_string(&message, &text) < 0) {
    fail();
  }
  printf("context %d: %s, and %d more\n", context_id, text,
         brood_queue_qsize(queue));
  brood_value_clear(&message);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const brood_context *first = brood_get_context("spawn");
  const brood_context *second = brood_get_context("spawn");
  brood_queue *queues[] = {brood_queue_new(first, 0),
                           brood_queue_new(second, 0)};
  if (queues[0] == NULL || queues[1] == NULL) fail();
  brood_process *processes[] = {start_worker(first, queues[0], 1),
                                start_worker(second, queues[1], 2)};
  for (int i = 0; i < 2; i++) show(i + 1, queues[i]);
  for (int i = 0; i < 2; i++) {
    if (brood_process_join(processes[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(processes[i]);
    brood_queue_free(queues[i]);
  }
  return 0;
}
