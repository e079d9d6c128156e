/* SPDX-License-Identifier: MIT
 *
 * Shows: contexts share nothing but what they are given. Two of the same
 * method each have an array and an event of their own; what happens to one is
 * not seen through the other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { MESSAGE_SIZE = 40 };

struct side {
  brood_shared_array *message;
  brood_event *written;
  brood_process *process;
};

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void isolated_worker(const brood_args *args) {
  brood_shared_array *message;
  brood_event *written;
  int64_t number;
  if (brood_args_shared_array(args, 0, &message) < 0 ||
      brood_args_event(args, 1, &written) < 0 ||
      brood_args_int64(args, 2, &number) < 0) {
    brood_fail(brood_error_message());
  }
  snprintf(brood_shared_array_get_obj(message), MESSAGE_SIZE,
           "message from context %d", (int)number);
  brood_event_set(written);
}
BROOD_TARGET(isolated_worker);

static struct side make_side(const brood_context *context, int number) {
  struct side side = {
      .message =
          brood_shared_array_new(context, 'c', MESSAGE_SIZE, BROOD_NO_LOCK),
      .written = brood_event_new(context),
  };
  if (side.message == NULL || side.written == NULL) fail();
  side.process = brood_process_new(
      context, &(brood_process_options){.target = isolated_worker,
                                        BROOD_ARGS(brood_object(side.message),
                                                   brood_object(side.written),
                                                   brood_int64(number))});
  if (side.process == NULL) fail();
  return side;
}

static void show(const char *name, const struct side *side) {
  printf("%s: %s, '%s'\n", name,
         brood_event_is_set(side->written) ? "written" : "not written",
         (const char *)brood_shared_array_get_obj(side->message));
}

static void run(const struct side *side) {
  if (brood_process_start(side->process) < 0) fail();
  if (brood_event_wait(side->written, BROOD_FOREVER) < 0) fail();
  if (brood_process_join(side->process, BROOD_FOREVER) < 0) fail();
}

static void free_side(struct side *side) {
  brood_process_free(side->process);
  brood_event_free(side->written);
  brood_shared_array_free(side->message);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  struct side first = make_side(brood_get_context("spawn"), 1);
  struct side second = make_side(brood_get_context("spawn"), 2);
  run(&first);
  show("first", &first);
  show("second", &second);
  run(&second);
  show("first", &first);
  show("second", &second);
  free_side(&first);
  free_side(&second);
  return 0;
}
