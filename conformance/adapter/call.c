/* SPDX-License-Identifier: MIT
 *
 * Reading the arguments of a call; see call.h. Types are as strict as
 * Python's functions are: a number is no text and a text no number, but a
 * bool is a number.
 */
#include "conformance/adapter/call.h"

#include <errno.h>
#include <limits.h>

#include "conformance/adapter/number.h"

const cJSON *call_plain(const struct call *call, const cJSON *json) {
  const struct value *value = handles_resolve(call->handles, json);
  return value != NULL && value->kind == VALUE_JSON ? value->as.json : json;
}

static int wrong_type(struct call *call, int index, const char *wanted) {
  return call_fail(call, "TypeError", "argument %d must be %s", index + 1,
                   wanted);
}

int call_text(struct call *call, int index, const char **out_text) {
  const char *text = cJSON_GetStringValue(call->args[index]);
  if (text == NULL) return wrong_type(call, index, "a text");
  *out_text = text;
  return 0;
}

int call_text_or_null(struct call *call, int index, const char **out_text) {
  const cJSON *arg = call->args[index];
  if (arg != NULL && !cJSON_IsNull(arg))
    return call_text(call, index, out_text);
  *out_text = NULL;
  return 0;
}

int call_int64(struct call *call, int index, int64_t *out_integer) {
  const cJSON *arg = call->args[index];
  double real = 0;
  if (cJSON_IsBool(arg)) {
    *out_integer = cJSON_IsTrue(arg);
    return 0;
  }
  switch (number_get(arg, out_integer, &real)) {
    case NUMBER_INTEGER: return 0;
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "argument %d is too large",
                       index + 1);
    default: return wrong_type(call, index, "an integer");
  }
}

int call_int(struct call *call, int index, int *out_integer) {
  int64_t integer = 0;
  if (call_int64(call, index, &integer) < 0) return -1;
  if (integer < INT_MIN || integer > INT_MAX) {
    return call_fail(call, "OverflowError", "argument %d is too large: %lld",
                     index + 1, (long long)integer);
  }
  *out_integer = (int)integer;
  return 0;
}

static int64_t nanoseconds(double seconds) {
  if (seconds < 0) return -1;
  double ns = seconds * 1e9;
  return ns < 9e18 ? (int64_t)ns : INT64_MAX;
}

int call_timeout(struct call *call, int index, int64_t *out_timeout_ns) {
  const cJSON *arg = call->args[index];
  int64_t integer = cJSON_IsTrue(arg);
  double real = 0;
  if (arg == NULL || cJSON_IsNull(arg)) {
    *out_timeout_ns = BROOD_FOREVER;
    return 0;
  }
  switch (cJSON_IsBool(arg) ? NUMBER_INTEGER
                            : number_get(arg, &integer, &real)) {
    case NUMBER_INTEGER:
      *out_timeout_ns = nanoseconds((double)integer);
      return 0;
    case NUMBER_REAL: *out_timeout_ns = nanoseconds(real); return 0;
    case NUMBER_TOO_LARGE:
      return call_fail(call, "OverflowError", "timeout is too large");
    default: return wrong_type(call, index, "a number of seconds");
  }
}

int call_block(struct call *call, int index, int64_t *out_timeout_ns) {
  if (call_timeout(call, index + 1, out_timeout_ns) < 0) return -1;
  if (!call_truth(call, index, true)) *out_timeout_ns = 0;
  return 0;
}

int call_function_name(struct call *call, int index, const char **out_name) {
  const cJSON *arg = call->args[index];
  *out_name = NULL;
  if (arg == NULL || cJSON_IsNull(arg)) return 0;
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(arg, "fn");
  if (!cJSON_IsString(name)) return wrong_type(call, index, "a function");
  *out_name = name->valuestring;
  return 0;
}

int call_list(struct call *call, int index, const cJSON **out_list) {
  if (!cJSON_IsArray(call->args[index])) {
    return wrong_type(call, index, "a list");
  }
  *out_list = call->args[index];
  return 0;
}

int call_descriptor_of(struct call *call, const cJSON *json,
                       int *out_descriptor) {
  const struct value *value = handles_resolve(call->handles, json);
  if (value != NULL && value->kind == VALUE_DESCRIPTOR) {
    *out_descriptor = value->as.descriptor;
    return 0;
  }
  int64_t integer = 0;
  double real = 0;
  enum number_kind kind = number_get(call_plain(call, json), &integer, &real);
  if (kind != NUMBER_INTEGER || integer < INT_MIN || integer > INT_MAX) {
    return call_fail(call, "TypeError", "not a descriptor");
  }
  *out_descriptor = (int)integer;
  return 0;
}

int call_descriptor(struct call *call, int index, int *out_descriptor) {
  return call_descriptor_of(call, call->args[index], out_descriptor);
}

bool call_truth(const struct call *call, int index, bool otherwise) {
  const cJSON *arg = call->args[index];
  int64_t integer = 0;
  double real = 0;
  if (arg == NULL) return otherwise;
  if (cJSON_IsNull(arg) || cJSON_IsFalse(arg)) return false;
  if (cJSON_IsString(arg)) return arg->valuestring[0] != '\0';
  if (cJSON_IsArray(arg)) return arg->child != NULL;
  enum number_kind kind = number_get(arg, &integer, &real);
  if (kind == NUMBER_INTEGER) return integer != 0;
  return kind == NUMBER_REAL ? real != 0 : true;
}

int call_fail_os(struct call *call, const char *what) {
  return failure_of_errno(&call->failure, errno, what);
}

int call_fail_brood(struct call *call) {
  return failure_of_brood(&call->failure);
}

int call_done(struct call *call, int r) {
  return r < 0 ? call_fail_brood(call) : 0;
}

int call_answer_bool(struct call *call, int r) {
  if (r >= 0) call->result = value_bool(r > 0);
  return call_done(call, r);
}

int call_answer_count(struct call *call, int r) {
  if (r >= 0) call->result = value_int64(r);
  return call_done(call, r);
}

int call_answer_timed(struct call *call, int r) {
  bool late = r == BROOD_TIMEOUT;
  if (r >= 0 || late) call->result = value_bool(!late);
  return late ? 0 : call_done(call, r);
}

int call_made(struct call *call, enum value_kind kind, void *object) {
  if (object == NULL) return call_fail_brood(call);
  call->result =
      (struct value){.kind = kind, .owned = true, .as.object = object};
  return 0;
}
