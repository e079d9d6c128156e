/* SPDX-License-Identifier: MIT
 *
 * The ways in which the actor's own process ends. All but `_exit` are carried
 * out by the serving loop, after it has closed its connection, so that they
 * happen where a program's own end would.
 */
#include <stdio.h>
#include <unistd.h>

#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static int end(struct call *call, enum ending_how how, int code) {
  if (call->ending == NULL) {
    return call_fail(call, "RuntimeError", "not from this thread");
  }
  call->ending->how = how;
  call->ending->code = code;
  return 0;
}

static int leave(struct call *call) {
  const cJSON *arg = call->args[0];
  int64_t code = 0;
  if (cJSON_IsString(arg)) {
    fprintf(stderr, "%s\n", arg->valuestring);
    code = 1;
  } else if (arg != NULL && !cJSON_IsNull(arg)) {
    if (call_int64(call, 0, &code) < 0) return -1;
  }
  return end(call, ENDING_EXIT, (int)(code & 255));
}

static int leave_now(struct call *call) {
  int64_t code = 0;
  if (call_int64(call, 0, &code) < 0) return -1;
  _exit((int)(code & 255));
}

static int raise_error(struct call *call) {
  const char *kind = NULL;
  if (call_text(call, 0, &kind) < 0) return -1;
  if (end(call, ENDING_FAIL, 1) < 0) return -1;
  snprintf(call->ending->text, sizeof call->ending->text,
           "%s: raised on request", kind);
  return 0;
}

const struct method os_ending_methods[] = {
    {"exit", "code?", leave},
    {"_exit", "code", leave_now},
    {"raise", "kind", raise_error},
    {NULL, NULL, NULL},
};
