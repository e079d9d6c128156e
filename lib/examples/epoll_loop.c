/* SPDX-License-Identifier: MIT
 *
 * Shows: a program with a loop of its own, by epoll, that waits for items of a
 * queue and for the end of a worker at once. Sockets and timers go into the
 * same loop.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "brood.h"

enum { FIRST = 4, LAST = 6 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void worker(const brood_args *args) {
  brood_queue *results =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_QUEUE);
  if (results == NULL) brood_fail(brood_error_message());
  for (int64_t number = FIRST; number <= LAST; number++) {
    if (brood_queue_put(results, brood_int64(number * number), BROOD_FOREVER) <
        0) {
      brood_fail(brood_error_message());
    }
  }
}
BROOD_TARGET(worker);

static void watch(int loop, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (descriptor < 0) fail();
  if (epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event) < 0) {
    fprintf(stderr, "epoll_ctl: %s\n", strerror(errno));
    exit(1);
  }
}

/* Gets what is there. BROOD_EMPTY is no failure: another process may have been
 * quicker. */
static void show_results(brood_queue *results, int64_t *number) {
  brood_value result;
  int r;
  while ((r = brood_queue_get_nowait(results, &result)) == 0) {
    int64_t square;
    if (brood_value_int64(&result, &square) < 0) fail();
    printf("%d squared is %d\n", (int)*number, (int)square);
    ++*number;
  }
  if (r != BROOD_EMPTY) fail();
}

static void run_loop(int loop, brood_queue *results, int sentinel) {
  int64_t number = FIRST;
  struct epoll_event event = {.data.fd = -1};
  do {
    if (epoll_wait(loop, &event, 1, -1) < 0) {
      if (errno == EINTR) continue;
      fprintf(stderr, "epoll_wait: %s\n", strerror(errno));
      exit(1);
    }
    /* All that the worker put was there before its end. */
    show_results(results, &number);
  } while (event.data.fd != sentinel);
  printf("the worker has ended\n");
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const brood_context *context = brood_get_context("forkserver");
  brood_queue *results = brood_queue_new(context, 0);
  if (results == NULL) fail();
  brood_process *process = brood_process_new(
      context, &(brood_process_options){.target = worker,
                                        BROOD_ARGS(brood_object(results))});
  if (process == NULL || brood_process_start(process) < 0) fail();

  int loop = epoll_create1(EPOLL_CLOEXEC);
  if (loop < 0) {
    fprintf(stderr, "epoll_create1: %s\n", strerror(errno));
    exit(1);
  }
  int sentinel = brood_process_sentinel(process);
  watch(loop, brood_queue_fileno(results));
  watch(loop, sentinel);
  run_loop(loop, results, sentinel);

  close(loop);
  if (brood_process_join(process, BROOD_FOREVER) < 0) fail();
  brood_process_free(process);
  brood_queue_free(results);
  return 0;
}
