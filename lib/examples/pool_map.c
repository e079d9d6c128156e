/* SPDX-License-Identifier: MIT
 *
 * Shows: high-performance computing. A pool of as many workers as there are
 * processors maps a function over numbers; the values come back in order.
 *
 * The numbers travel in chunks, so that little is said about each of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "brood.h"

enum { NUM_NUMBERS = 10000 };

static void fail(void) {
  fprintf(stderr, "%s: %s\n", brood_error_name(brood_error()),
          brood_error_message());
  exit(1);
}

/* Whether its argument is a prime number. */
static int is_prime(const brood_args *args) {
  int64_t n;
  if (brood_value_int64(brood_args_get(args, 0), &n) < 0) return brood_error();
  int prime = n > 1;
  for (int64_t i = 2; i * i <= n && prime; i++) prime = n % i != 0;
  return brood_return(brood_bool(prime));
}
BROOD_TASK(is_prime);

int main(int argc, char **argv) {
  brood_init(argc, argv);
  /* No options: a worker for each processor. */
  brood_pool *pool = brood_pool_new(brood_get_context("forkserver"), NULL);
  if (pool == NULL) fail();

  static brood_value numbers[NUM_NUMBERS], values[NUM_NUMBERS];
  for (int i = 0; i < NUM_NUMBERS; i++) numbers[i] = brood_int64(i);
  if (brood_pool_map(pool, is_prime, numbers, NUM_NUMBERS, BROOD_ALL, values,
                     BROOD_FOREVER) < 0) {
    fail();
  }

  int count = 0, largest = 0;
  for (int i = 0; i < NUM_NUMBERS; i++) {
    if (values[i].as.boolean) {
      count++;
      largest = i;
    }
    brood_value_clear(&values[i]);
  }
  printf("%d primes below %d, the largest is %d\n", count, NUM_NUMBERS,
         largest);
  brood_pool_free(pool);
  return 0;
}
