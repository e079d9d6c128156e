/* SPDX-License-Identifier: MIT
 *
 * Process objects: their methods and attributes, each one call of the
 * library.
 */
#include <stddef.h>
#include <stdlib.h>

#include "brood.h"
#include "conformance/adapter/base64.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"

static brood_process *process_of(const struct call *call) {
  return call->self->as.process;
}

static int start(struct call *call) {
  return call_done(call, brood_process_start(process_of(call)));
}

/* As in Python, an end of the time is no error. */
static int join(struct call *call) {
  int64_t timeout_ns = BROOD_FOREVER;
  if (call_timeout(call, 0, &timeout_ns) < 0) return -1;
  int r = brood_process_join(process_of(call), timeout_ns);
  return r == BROOD_TIMEOUT ? 0 : call_done(call, r);
}

static int is_alive(struct call *call) {
  return call_answer_bool(call, brood_process_is_alive(process_of(call)));
}

static int terminate(struct call *call) {
  return call_done(call, brood_process_terminate(process_of(call)));
}

static int kill_process(struct call *call) {
  return call_done(call, brood_process_kill(process_of(call)));
}

static int close_process(struct call *call) {
  return call_done(call, brood_process_close(process_of(call)));
}

static int read_name(struct call *call) {
  const char *name = brood_process_name(process_of(call));
  if (name == NULL) return call_fail_brood(call);
  call->result = value_text(name);
  return 0;
}

/* What is no text is given to the library as NULL, which has a rule for it
 * (name.type). */
static int write_name(struct call *call) {
  const char *name = cJSON_GetStringValue(call->args[0]);
  return call_done(call, brood_process_set_name(process_of(call), name));
}

static int read_daemon(struct call *call) {
  return call_answer_bool(call, brood_process_daemon(process_of(call)));
}

static int write_daemon(struct call *call) {
  bool daemon = call_truth(call, 0, false);
  return call_done(call, brood_process_set_daemon(process_of(call), daemon));
}

static int read_pid(struct call *call) {
  int pid = brood_process_pid(process_of(call));
  if (pid > 0) call->result = value_int64(pid);
  return call_done(call, pid);
}

static int read_exitcode(struct call *call) {
  int exitcode = 0;
  int r = brood_process_exitcode(process_of(call), &exitcode);
  if (r > 0) call->result = value_int64(exitcode);
  return call_done(call, r);
}

static int read_sentinel(struct call *call) {
  int sentinel = brood_process_sentinel(process_of(call));
  if (sentinel >= 0) call->result = value_int64(sentinel);
  return call_done(call, sentinel);
}

static int read_authkey(struct call *call) {
  size_t size_bytes = 0;
  const void *key = brood_process_authkey(process_of(call), &size_bytes);
  if (key == NULL) return call_fail_brood(call);
  call->result = value_bytes(key, size_bytes);
  return 0;
}

static int write_authkey(struct call *call) {
  size_t size_bytes = 0;
  const char *text = cJSON_GetStringValue(
      cJSON_GetObjectItemCaseSensitive(call->args[0], "b64"));
  void *key = text != NULL ? base64_decode(text, &size_bytes) : NULL;
  if (key == NULL) return call_fail(call, "TypeError", "not bytes");
  int r = brood_process_set_authkey(process_of(call), key, size_bytes);
  free(key);
  return call_done(call, r);
}

const struct method process_methods[] = {
    {"start", "", start},       {"join", "timeout?", join},
    {"is_alive", "", is_alive}, {"terminate", "", terminate},
    {"kill", "", kill_process}, {"close", "", close_process},
    {NULL, NULL, NULL},
};

const struct attribute process_attributes[] = {
    {"name", read_name, write_name},
    {"daemon", read_daemon, write_daemon},
    {"pid", read_pid, NULL},
    {"ident", read_pid, NULL},
    {"exitcode", read_exitcode, NULL},
    {"sentinel", read_sentinel, NULL},
    {"authkey", read_authkey, write_authkey},
    {NULL, NULL, NULL},
};
