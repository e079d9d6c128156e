/* SPDX-License-Identifier: MIT
 *
 * Shows: what happens to a lock whose holder is killed. Nobody waits for ever:
 * the next to acquire it gets it, and is told that what the lock guards may be
 * half changed. Here two numbers must be equal; the heir puts them right.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

struct account {
  int credit, debit; /* equal whenever nobody holds the lock */
};

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

static void die_half_way(const brood_args *args) {
  brood_lock *lock =
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_LOCK);
  brood_shared_value *value =
      brood_value_object(brood_args_get(args, 1), BROOD_KIND_VALUE);
  if (lock == NULL || value == NULL ||
      brood_lock_acquire(lock, BROOD_FOREVER) < 0) {
    brood_fail(brood_error_message());
  }
  struct account *account = brood_shared_value_get_obj(value);
  account->credit++;
  raise(SIGKILL);
}
BROOD_TARGET(die_half_way);

int main(int argc, char **argv) {
  brood_init(argc, argv);
  brood_lock *lock = brood_lock_new(NULL);
  brood_shared_value *value =
      brood_shared_value_new_sized(NULL, sizeof(struct account), BROOD_NO_LOCK);
  if (lock == NULL || value == NULL) fail();
  struct account *account = brood_shared_value_get_obj(value);

  brood_process *process = brood_process_new(
      NULL, &(brood_process_options){
                .target = die_half_way,
                BROOD_ARGS(brood_object(lock), brood_object(value))});
  if (process == NULL || brood_process_start(process) < 0 ||
      brood_process_join(process, BROOD_FOREVER) < 0) {
    fail();
  }

  int r = brood_lock_acquire(lock, BROOD_FOREVER);
  printf("acquire: %s\n", r == 0 ? "clean" : brood_error_name(r));
  printf("found: credit %d, debit %d\n", account->credit, account->debit);
  if (r == BROOD_OWNER_DIED) account->credit = account->debit;
  brood_lock_release(lock);

  r = brood_lock_acquire(lock, BROOD_FOREVER);
  printf("acquire: %s\n", r == 0 ? "clean" : brood_error_name(r));
  printf("found: credit %d, debit %d\n", account->credit, account->debit);
  brood_lock_release(lock);

  brood_process_free(process);
  brood_shared_value_free(value);
  brood_lock_free(lock);
  return 0;
}
