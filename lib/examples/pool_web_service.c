/* SPDX-License-Identifier: MIT
 *
 * Shows: the backend of a web service. Four workers answer requests for as long
 * as there are any. Each of them leaves after a hundred and a fresh one takes
 * its place, so whatever a handler leaks does not add up.
 *
 * No more than a few requests are under way at once: who gives more than the
 * workers can do would fill the memory with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "brood.h"

enum {
  NUM_WORKERS = 4,
  NUM_ANSWERED_EACH = 100,
  NUM_UNDER_WAY = 16,
  NUM_REQUESTS = 1000,
  OK = 200,
  NOT_FOUND = 404
};

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

/* In a worker: from a path to a status, and who says so. */
static int handle(const brood_args *args) {
  const char *path;
  if (brood_value_string(brood_args_get(args, 0), &path) < 0) {
    return brood_error();
  }
  int page, known = sscanf(path, "/page/%d", &page) == 1;
  brood_value answer[] = {brood_int64(known ? OK : NOT_FOUND),
                          brood_int64(getpid())};
  return brood_return(brood_tuple(answer, 2));
}
BROOD_TASK(handle);

/* Where requests come from: 0 says that there are no more. */
static int next_request(char *path, size_t size_bytes) {
  static int count = 0;
  if (count == NUM_REQUESTS) return 0;
  const char *format = count % 10 == 9 ? "/nowhere/%d" : "/page/%d";
  snprintf(path, size_bytes, format, count++);
  return 1;
}

/* What is told about in the end. */
static int num_ok, num_not_found, num_pids;
static int64_t pids[NUM_REQUESTS];

static void remember(int64_t pid) {
  for (int i = 0; i < num_pids; i++) {
    if (pids[i] == pid) return;
  }
  pids[num_pids++] = pid;
}

static void collect(brood_async_result *result) {
  brood_value answer;
  if (brood_async_result_get(result, &answer, BROOD_FOREVER) < 0) fail();
  const brood_value *items = answer.as.items;
  num_ok += items[0].as.int64 == OK;
  num_not_found += items[0].as.int64 == NOT_FOUND;
  remember(items[1].as.int64);
  brood_value_clear(&answer);
  brood_async_result_free(result);
}

static void serve(brood_pool *pool) {
  brood_async_result *under_way[NUM_UNDER_WAY];
  int given = 0, collected = 0;
  char path[32];
  while (next_request(path, sizeof path)) {
    if (given - collected == NUM_UNDER_WAY) {
      collect(under_way[collected++ % NUM_UNDER_WAY]); /* the oldest */
    }
    brood_value argument = brood_string(path);
    brood_async_result *result =
        brood_pool_apply_async(pool, handle, brood_tuple(&argument, 1), NULL);
    if (result == NULL) fail();
    under_way[given++ % NUM_UNDER_WAY] = result;
  }
  while (collected < given) collect(under_way[collected++ % NUM_UNDER_WAY]);
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  brood_pool *pool = brood_pool_new(
      brood_get_context("forkserver"),
      &(brood_pool_options){.processes = NUM_WORKERS,
                            .maxtasksperchild = NUM_ANSWERED_EACH});
  if (pool == NULL) fail();
  serve(pool);

  /* No more requests: the workers leave by themselves. */
  if (brood_pool_close(pool) < 0 || brood_pool_join(pool, BROOD_FOREVER) < 0) {
    fail();
  }
  brood_pool_free(pool);
  printf("%d pages, %d not found\n", num_ok, num_not_found);
  printf("workers that answered: %d\n", num_pids);
  return 0;
}
