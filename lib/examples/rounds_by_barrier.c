/* SPDX-License-Identifier: MIT
 *
 * Shows: three processes that work in rounds. Nobody begins a round before all
 * have ended the last, and between two rounds one of them, whichever came last,
 * does what has to be done once.
 *
 * The parties are daemonic: if one of them cannot be started, main's exit ends
 * the others, which wait for it. Otherwise it would join them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum { NUM_PARTIES = 3, NUM_ROUNDS = 2 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

/* In one call, so that lines of several processes do not mix. */
static void say(const char *text) {
  if (write(STDOUT_FILENO, text, 11) != 11) brood_fail("cannot write");
}

static int end_round(void) {
  say("round over\n");
  return 0;
}
BROOD_ACTION(end_round);

static void work(const brood_args *args) {
  brood_barrier *barrier =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_BARRIER);
  if (barrier == NULL) {
    brood_fail(brood_error_message());
  }
  for (int round = 0; round < NUM_ROUNDS; round++) {
    say("work done.\n");
    if (brood_barrier_wait(barrier, BROOD_FOREVER) < 0) {
      brood_fail(brood_error_message());
    }
  }
}
BROOD_TARGET(work);

int main(int argc, char **argv) {
  brood_init(argc, argv);
  brood_barrier *barrier =
      brood_barrier_new(NULL, NUM_PARTIES, end_round, BROOD_FOREVER);
  if (barrier == NULL) fail();
  brood_process *processes[NUM_PARTIES];
  for (int i = 0; i < NUM_PARTIES; i++) {
    processes[i] = brood_process_new(
        NULL, &(brood_process_options){.target = work,
                                       .daemon = BROOD_DAEMON,
                                       BROOD_ARGS(brood_object(barrier))});
    if (processes[i] == NULL || brood_process_start(processes[i]) < 0) fail();
  }
  /* Everybody has it: the maker's handle is not needed any more. */
  brood_barrier_free(barrier);
  for (int i = 0; i < NUM_PARTIES; i++) {
    if (brood_process_join(processes[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(processes[i]);
  }
  return 0;
}
