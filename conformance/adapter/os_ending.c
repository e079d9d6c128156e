/* SPDX-License-Identifier: MIT
 *
 * The ways in which the actor's own process ends, or becomes another program.
 * All but `_exit` and `exec` are carried out by the serving loop, after it has
 * closed its connection, so that they happen where a program's own end would.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/io.h"
#include "conformance/adapter/memory.h"

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
  return end(call, ENDING_EXIT, (int)code);
}

static int leave_now(struct call *call) {
  int64_t code = 0;
  if (call_int64(call, 0, &code) < 0) return -1;
  _exit((int)code);
}

static int raise_error(struct call *call) {
  const char *kind = NULL;
  if (call_text(call, 0, &kind) < 0) return -1;
  if (end(call, ENDING_FAIL, 1) < 0) return -1;
  snprintf(call->ending->text, sizeof call->ending->text,
           "%s: raised on request", kind);
  return 0;
}

/* The actor's connection closes with it, as does all that is close-on-exec. */
static int exec(struct call *call) {
  const cJSON *list = NULL, *word = NULL;
  if (call_list(call, 0, &list) < 0) return -1;
  size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
  char **words = memory_new(count + 1, sizeof *words);
  cJSON_ArrayForEach(word, list) words[i++] = cJSON_GetStringValue(word);
  errno = EINVAL;
  if (words[0] != NULL) execvp(words[0], words);
  free(words);
  return call_fail_os(call, "exec");
}

static char *exit_path, *exit_text;

static void note_at_exit(void) {
  io_note(exit_path, exit_text);
}

static int at_exit(struct call *call) {
  const char *path = NULL, *text = NULL;
  if (call_text(call, 0, &path) < 0) return -1;
  if (call_text(call, 1, &text) < 0) return -1;
  exit_path = memory_must(strdup(path));
  exit_text = memory_must(strdup(text));
  return atexit(note_at_exit) != 0 ? call_fail_os(call, "atexit") : 0;
}

const struct method os_ending_methods[] = {
    {"exit", "code?", leave},          {"_exit", "code", leave_now},
    {"raise", "kind", raise_error},    {"exec", "words", exec},
    {"at_exit", "path text", at_exit}, {NULL, NULL, NULL},
};
