// A server and its clients, which are programs of their own, perhaps on other
// hosts. They share an address and a key, and names of objects.
//
//   remote_manager                  all of it here, over a port of this host
//   remote_manager serve ADDRESS    tcp://HOST:PORT or unix:PATH
//   remote_manager work ADDRESS
//
// The key is in the environment, as KEY.
// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brood.h"

enum { JOBS = 8, WORKERS = 2 };

static brood_manager_options at(const char *address) {
  const char *key = getenv("KEY") == NULL ? "no secret" : getenv("KEY");
  return (brood_manager_options){
      .address = address, .authkey = key, .authkey_size = strlen(key)};
}

// Squares numbers until the server is gone.
static void work_at(const char *address) {
  brood_manager_options options = at(address);
  brood_manager *manager = brood_manager_connect(NULL, &options);
  if (manager == NULL) brood_fail(brood_error_message());
  brood_queue *jobs = brood_manager_joinable_queue(manager, "jobs", 0);
  brood_dict *squares = brood_manager_dict(manager, "squares");
  brood_value job;
  while (jobs != NULL && squares != NULL &&
         brood_queue_get(jobs, &job, BROOD_FOREVER) == 0) {
    brood_dict_set(squares, job, brood_int64(job.as.int64 * job.as.int64));
    brood_queue_task_done(jobs);
  }
  if (brood_error() != BROOD_OS_ERROR) brood_fail(brood_error_message());
  brood_queue_free(jobs);
  brood_dict_free(squares);
  brood_manager_free(manager);
}

static void work(const brood_args *args) {
  const char *address;
  if (brood_value_string(brood_args_get(args, 0), &address) < 0) {
    brood_fail(brood_error_message());
  }
  work_at(address);
}
BROOD_TARGET(work);

static void start_workers(brood_process *workers[], const char *address) {
  for (int i = 0; i < WORKERS; i++) {
    workers[i] = brood_process_new(
        NULL, &(brood_process_options){.target = work,
                                       BROOD_ARGS(brood_string(address))});
    if (workers[i] == NULL || brood_process_start(workers[i]) < 0) {
      brood_fail(brood_error_message());
    }
  }
}

static void print_sum(brood_dict *squares) {
  brood_value all;
  int64_t sum = 0;
  if (brood_dict_values(squares, &all) < 0) brood_fail(brood_error_message());
  for (size_t i = 0; i < all.num_items; i++) sum += all.as.items[i].as.int64;
  printf("%zu squares, their sum is %" PRId64 "\n", all.num_items, sum);
  brood_value_clear(&all);
}

static void serve(const char *address, bool has_own_workers) {
  brood_process *workers[WORKERS] = {NULL};
  brood_manager_options options = at(address);
  brood_manager *manager = brood_manager_new(NULL, &options);
  if (manager == NULL) brood_fail(brood_error_message());
  brood_queue *jobs = brood_manager_joinable_queue(manager, "jobs", 0);
  brood_dict *squares = brood_manager_dict(manager, "squares");
  if (jobs == NULL || squares == NULL) brood_fail(brood_error_message());
  if (has_own_workers) start_workers(workers, brood_manager_address(manager));
  for (int i = 1; i <= JOBS; i++) {
    brood_queue_put(jobs, brood_int64(i), BROOD_FOREVER);
  }
  int r = brood_queue_join(jobs, BROOD_FOREVER);
  if (r == BROOD_OWNER_DIED) printf("a worker was killed with a job\n");
  print_sum(squares);
  brood_queue_free(jobs);
  brood_dict_free(squares);
  brood_manager_free(manager);
  for (int i = 0; i < WORKERS; i++) {
    if (workers[i] != NULL) brood_process_join(workers[i], BROOD_FOREVER);
    brood_process_free(workers[i]);
  }
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  if (argc == 1) {
    serve("tcp://127.0.0.1:0", true);
  } else if (argc == 3 && strcmp(argv[1], "serve") == 0) {
    serve(argv[2], false);
  } else if (argc == 3 && strcmp(argv[1], "work") == 0) {
    work_at(argv[2]);
  } else {
    fprintf(stderr, "remote_manager [serve|work ADDRESS]\n");
    return 2;
  }
  return 0;
}
