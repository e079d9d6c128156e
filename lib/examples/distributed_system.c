// A dictionary that several processes change. One of them is killed while it
// has the lock: the next is told so, and goes on.
// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "brood.h"

// sell(inventory, guard, fruit, pieces); of no pieces it dies.
static void sell(const brood_args *args) {
  brood_dict *inventory =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_DICT);
  brood_lock *guard =
      brood_value_object(brood_args_get(args, 1), BROOD_KIND_LOCK);
  const char *fruit;
  int64_t pieces, left;
  if (inventory == NULL || guard == NULL ||
      brood_value_string(brood_args_get(args, 2), &fruit) < 0 ||
      brood_value_int64(brood_args_get(args, 3), &pieces) < 0) {
    brood_fail(brood_error_message());
  }
  int r = brood_lock_acquire(guard, BROOD_FOREVER);
  if (r < 0 && r != BROOD_OWNER_DIED) brood_fail(brood_error_message());
  if (r == BROOD_OWNER_DIED) printf("the one before me was killed\n");
  if (pieces == 0) raise(SIGKILL);
  if (brood_dict_add(inventory, brood_string(fruit), -pieces, &left) < 0) {
    brood_fail(brood_error_message());
  }
  printf("%s: %" PRId64 " left\n", fruit, left);
  brood_lock_release(guard);
}
BROOD_TARGET(sell);

static int run(const brood_context *context, brood_dict *inventory,
               brood_lock *guard, const char *fruit, int64_t pieces) {
  brood_process *process = brood_process_new(
      context, &(brood_process_options){
                   .target = sell,
                   BROOD_ARGS(brood_object(inventory), brood_object(guard),
                              brood_string(fruit), brood_int64(pieces))});
  int r = process == NULL ? brood_error() : brood_process_start(process);
  if (r == 0) r = brood_process_join(process, BROOD_FOREVER);
  brood_process_free(process);
  return r;
}

int main(int argc, char **argv) {
  brood_init(argc, argv);
  const brood_context *context = brood_get_context("forkserver");
  brood_manager *manager = brood_manager_new(context, NULL);
  if (manager == NULL) brood_fail(brood_error_message());
  brood_dict *inventory = brood_manager_dict(manager, NULL);
  brood_lock *guard = brood_manager_lock(manager, NULL);
  if (inventory == NULL || guard == NULL) brood_fail(brood_error_message());
  brood_dict_set(inventory, brood_string("pears"), brood_int64(10));
  brood_dict_set(inventory, brood_string("plums"), brood_int64(50));
  if (run(context, inventory, guard, "pears", 3) < 0 ||
      run(context, inventory, guard, "plums", 0) < 0 ||
      run(context, inventory, guard, "plums", 8) < 0) {
    brood_fail(brood_error_message());
  }
  brood_value names = brood_none();
  if (brood_dict_keys(inventory, &names) < 0) brood_fail(brood_error_message());
  printf("%zu kinds of fruit\n", names.num_items);
  brood_value_clear(&names);
  brood_lock_free(guard);
  brood_dict_free(inventory);
  brood_manager_free(manager);
  return 0;
}
