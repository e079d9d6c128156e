/* SPDX-License-Identifier: MIT
 *
 * What all calls of a manager's objects have in common.
 */
#pragma once

#include <stdint.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"

/* manager_of returns the manager that call->self is. */
brood_manager *manager_of(const struct call *call);

/* manager_answer answers a fetched value, if r says that there is one;
 * manager_answer_int64 a number, negative for a failure. */
int manager_answer(struct call *call, int r, brood_value value);
int manager_answer_int64(struct call *call, int64_t number);

/* manager_answer_argument answers an argument, null if it is not given. */
int manager_answer_argument(struct call *call, int index);

/* manager_with calls do_it with the values of the arguments from first to last,
 * all of which are needed, and answers what it returns as call_done does. */
int manager_with(struct call *call, int first, int last,
                 int (*do_it)(void *object, const brood_value *values));

/* manager_fetch likewise answers a value. */
int manager_fetch(struct call *call, int first, int last,
                  int (*do_it)(void *object, const brood_value *values,
                               brood_value *out_value));

/* manager_tuple is a tuple of values, also of none. */
brood_value manager_tuple(const struct arguments *values);

/* Where a manager is, and its key, as long as the options need them. */
struct manager_far {
  char address[512];
  void *key;
};

/* manager_read_far reads "address? authkey?" into options. */
int manager_read_far(struct call *call, int address, struct manager_far *out,
                     brood_manager_options *options);
void manager_clear_far(struct manager_far *far);

/* manager_read_address is the attribute. */
int manager_read_address(struct call *call);
