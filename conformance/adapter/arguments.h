/* SPDX-License-Identifier: MIT
 *
 * The arguments of a process, and what is sent: from the wire to the library,
 * and back to values in whoever received it. Order, number and type survive.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stddef.h>

#include "brood.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/value.h"

/* Values for the library. All zero is none. */
struct arguments {
  brood_value *values;
  size_t count;
  void **owned; /* what the values borrow */
  size_t num_owned;
  bool copied; /* the values own what is in them */
};

/* arguments_read appends the items of a list. Handles of descriptors become
 * descriptors, those of shared objects objects; those of others become
 * pointers, which only a fork can take; lists become tuples. What the library
 * has no type for is a TypeError. */
int arguments_read(struct call *call, const cJSON *list,
                   struct arguments *arguments);

/* arguments_read_one appends what is to be one value.
 *
 * TypeError  it is many, or none that the library has a type for */
int arguments_read_one(struct call *call, const cJSON *json,
                       struct arguments *arguments);

/* arguments_wrap makes the last value a tuple that holds nothing else. */
void arguments_wrap(struct arguments *arguments);

/* arguments_copy makes the values independent of the request and of handles. */
int arguments_copy(struct call *call, struct arguments *arguments);

/* arguments_read_bytes likewise, and a TypeError if it is not bytes. */
int arguments_read_bytes(struct call *call, const cJSON *json,
                         struct arguments *arguments);

/* arguments_pin has what the pointers point to live as long as the actor: a
 * child may be made of it much later. */
void arguments_pin(struct call *call, const struct arguments *arguments);

void arguments_clear(struct arguments *arguments);

/* arguments_value returns an argument that this process received. */
struct value arguments_value(const brood_args *args, size_t index);

/* arguments_received takes what a pipe, a queue or a pool gave. A tuple becomes
 * a list; one of plain data is plain data. */
struct value arguments_received(brood_value received);
