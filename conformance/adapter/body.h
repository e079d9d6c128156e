/* SPDX-License-Identifier: MIT
 *
 * What the bodies of functions and tasks have in common. As in Python, an
 * argument that is not what it should be is an uncaught error: here it ends the
 * process, and so does a file that cannot be used.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "brood.h"

/* body_must ends the process if r is the last failure of the library; returns
 * r. */
int body_must(int r);

const char *body_text(const brood_args *args, size_t index);
int64_t body_int64(const brood_args *args, size_t index);
void *body_object(const brood_args *args, size_t index, enum brood_kind kind);

/* body_at returns any argument. */
const brood_value *body_at(const brood_args *args, size_t index);

/* body_note appends a line to a file; body_gate waits at a gate. */
void body_note(const char *path, const char *text);
void body_gate(const char *path);

/* body_answer is the value of a task, and nothing where a process runs it. It
 * returns what the task is to return. */
int body_answer(brood_value value);
int body_answer_int64(int64_t integer);

/* body_run runs a task as a process does: a failure is an uncaught error. */
void body_run(brood_task task, const brood_args *args);

/* BODY_OF_PROCESS(f); beside what processes run makes f_task for pools, whose
 * value is none. BODY_OF_TASK(f); beside a task makes f_target for processes.
 * Both are registered. */
#define BODY_OF_PROCESS(function)                      \
  static int function##_task(const brood_args *args) { \
    function(args);                                    \
    return 0;                                          \
  }                                                    \
  BROOD_TASK(function##_task);                         \
  BROOD_TARGET(function)

#define BODY_OF_TASK(function)                            \
  static void function##_target(const brood_args *args) { \
    body_run(function, args);                             \
  }                                                       \
  BROOD_TARGET(function##_target);                        \
  BROOD_TASK(function)
