/* SPDX-License-Identifier: MIT
 *
 * Shows: questions and answers over pipes. Each worker has one end of a pipe of
 * its own; whoever asks waits for all of them at once, and takes what comes. A
 * worker that dies is an end of file, as is, for the workers, the end of the
 * questions.
 *
 * By spawn, a worker has the end that it was given and no other. A forked one
 * would have copies of all the pipes made before it, and would have to close
 * them: a file ends when nobody has the other end any more.
 *
 * Workers that wait for somebody are daemonic: if main fails half-way, its exit
 * ends them. Others it would join, and wait for those who wait for it.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_WORKERS = 3 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void square(const brood_args *args) {
  brood_connection *connection =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_CONNECTION);
  if (connection == NULL) {
    brood_fail(brood_error_message());
  }
  brood_value question;
  while (brood_connection_recv(connection, &question, BROOD_FOREVER) == 0) {
    int64_t number;
    if (brood_value_int64(&question, &number) < 0) {
      brood_fail(brood_error_message());
    }
    if (number == 13) raise(SIGKILL); /* an accident */
    if (brood_connection_send(connection, brood_int64(number * number),
                              BROOD_FOREVER) < 0) {
      brood_fail(brood_error_message());
    }
    brood_value_clear(&question);
  }
  if (brood_error() != BROOD_EOF) brood_fail(brood_error_message());
}
BROOD_TARGET(square);

static brood_process *start_worker(brood_connection **out_connection) {
  brood_connection *workers;
  if (brood_pipe_new(NULL, 0, out_connection, &workers) < 0) fail();
  brood_process *process = brood_process_new(
      brood_get_context("spawn"),
      &(brood_process_options){.target = square,
                               .daemon = BROOD_DAEMON,
                               BROOD_ARGS(brood_object(workers))});
  if (process == NULL || brood_process_start(process) < 0) fail();
  brood_connection_free(workers); /* or its death would be no end of file */
  return process;
}

/* Takes the answers of all, in the order in which they come. */
static void collect(brood_connection *const *connections, int64_t *answers) {
  brood_value waiting[NUM_WORKERS];
  size_t worker_of[NUM_WORKERS], ready[NUM_WORKERS];
  bool has_answered[NUM_WORKERS] = {false};
  for (size_t num_left = NUM_WORKERS; num_left > 0;) {
    size_t count = 0;
    for (size_t i = 0; i < NUM_WORKERS; i++) {
      if (has_answered[i]) continue;
      waiting[count] = brood_object(connections[i]);
      worker_of[count++] = i;
    }
    int num_ready = brood_wait(waiting, count, ready, BROOD_FOREVER);
    if (num_ready < 0) fail();
    for (int i = 0; i < num_ready; i++) {
      size_t worker = worker_of[ready[i]];
      brood_value answer = brood_int64(-1);
      int r = brood_connection_recv(connections[worker], &answer, 0);
      if (r < 0 && r != BROOD_EOF) fail();
      if (brood_value_int64(&answer, &answers[worker]) < 0) fail();
      has_answered[worker] = true;
      num_left--;
    }
  }
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const int64_t questions[NUM_WORKERS] = {12, 13, 14};
  brood_process *processes[NUM_WORKERS];
  brood_connection *connections[NUM_WORKERS];
  int64_t answers[NUM_WORKERS];
  for (int i = 0; i < NUM_WORKERS; i++) {
    processes[i] = start_worker(&connections[i]);
    if (brood_connection_send(connections[i], brood_int64(questions[i]),
                              BROOD_FOREVER) < 0) {
      fail();
    }
  }
  collect(connections, answers);
  for (int i = 0; i < NUM_WORKERS; i++) {
    if (answers[i] < 0) {
      printf("no answer to %" PRId64 ": the worker is gone\n", questions[i]);
    } else {
      printf("%" PRId64 " squared is %" PRId64 "\n", questions[i], answers[i]);
    }
    brood_connection_free(connections[i]); /* no more questions */
    if (brood_process_join(processes[i], BROOD_FOREVER) < 0) fail();
    brood_process_free(processes[i]);
  }
  return 0;
}
