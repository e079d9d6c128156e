/* SPDX-License-Identifier: MIT
 *
 * One call while it runs: its arguments, bound to the parameters of what is
 * called, and its outcome. Here, and only here, it is decided what Python
 * calls a TypeError of the caller.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "conformance/adapter/failure.h"
#include "conformance/adapter/handle.h"
#include "conformance/adapter/value.h"

enum { CALL_MAX_ARGS = 16 };

enum ending_how {
  ENDING_NONE,
  ENDING_BYE,  /* the actor returns */
  ENDING_EXIT, /* the process ends with the code */
  ENDING_FAIL  /* an uncaught error with the text */
};

/* How the actor is to end after this request. */
struct ending {
  enum ending_how how;
  int code;
  char text[256];
};

struct call {
  struct handles *handles;
  const struct value *self;
  const cJSON *args[CALL_MAX_ARGS]; /* NULL: not given */
  struct ending *ending;            /* NULL: this call may not end the actor */
  struct value result;
  struct failure failure;
};

/* call_function does the work: 0, or -1 and the failure is set. */
typedef int (*call_function)(struct call *call);

/* call_bind binds the lists of a request (each may be NULL) to a signature:
 * names between blanks, with `?` behind what may be left out and `*` before
 * what is only given by name, as in "group? target? *daemon?".
 *
 * TypeError  an unknown or doubled name, one too many or too few */
int call_bind(struct call *call, const char *signature, const cJSON *args,
              const cJSON *named);

/* call_plain returns a value as JSON, with a handle of plain data replaced by
 * that data. */
const cJSON *call_plain(const struct call *call, const cJSON *json);

/* Each reads one argument and is a TypeError if it is something else.
 * call_text_or_null also takes null and nothing, and then writes NULL. */
int call_text(struct call *call, int index, const char **out_text);
int call_text_or_null(struct call *call, int index, const char **out_text);
int call_int64(struct call *call, int index, int64_t *out_integer);

/* OverflowError  the number is no int */
int call_int(struct call *call, int index, int *out_integer);

/* call_timeout reads seconds: null and nothing are without limit, and a
 * negative number polls, as in the library. */
int call_timeout(struct call *call, int index, int64_t *out_timeout_ns);

/* call_block reads the pair `block? timeout?`, of which index is the first:
 * without blocking, the timeout does not count. */
int call_block(struct call *call, int index, int64_t *out_timeout_ns);

/* call_function_name reads {"fn": name}; null and nothing are NULL. */
int call_function_name(struct call *call, int index, const char **out_name);

/* call_list reads a list. */
int call_list(struct call *call, int index, const cJSON **out_list);

/* call_descriptor_of reads a descriptor, a handle or an integer, that need
 * not be an argument itself. */
int call_descriptor(struct call *call, int index, int *out_descriptor);
int call_descriptor_of(struct call *call, const cJSON *json,
                       int *out_descriptor);

/* call_truth is Python's idea of what is true; `otherwise` if not given. */
bool call_truth(const struct call *call, int index, bool otherwise);

/* Each gives the library's answer: call_done no more than success or failure,
 * call_answer_bool what is 1 or 0, call_answer_count what is a number from 0
 * up. call_answer_timed says, as Python does,
 * whether it was in time. call_made takes a new object, or NULL. */
int call_done(struct call *call, int r);
int call_answer_bool(struct call *call, int r);
int call_answer_count(struct call *call, int r);
int call_answer_timed(struct call *call, int r);
int call_made(struct call *call, enum value_kind kind, void *object);

/* call_fail, with a format like printf's; call_fail_os takes errno,
 * call_fail_brood the library's last failure. All return -1. */
#define call_fail(call, ...) failure_set(&(call)->failure, __VA_ARGS__)
int call_fail_os(struct call *call, const char *what);
int call_fail_brood(struct call *call);
