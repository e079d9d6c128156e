/* SPDX-License-Identifier: MIT
 *
 * Errors in Python's names; see failure.h. The two tables are all that this
 * adapter knows of Python's exceptions: who descends from whom, and which
 * errno value is which heir of OSError (PEP 3151).
 */
#include "conformance/adapter/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "brood.h"
#include "conformance/adapter/memory.h"

/* Whoever is not here descends from Exception directly. */
static const struct {
  const char *type;
  const char *parent;
} ancestors[] = {
    {"BlockingIOError", "OSError"},
    {"ChildProcessError", "OSError"},
    {"ConnectionError", "OSError"},
    {"BrokenPipeError", "ConnectionError"},
    {"ConnectionAbortedError", "ConnectionError"},
    {"ConnectionRefusedError", "ConnectionError"},
    {"ConnectionResetError", "ConnectionError"},
    {"FileExistsError", "OSError"},
    {"FileNotFoundError", "OSError"},
    {"InterruptedError", "OSError"},
    {"IsADirectoryError", "OSError"},
    {"NotADirectoryError", "OSError"},
    {"PermissionError", "OSError"},
    {"ProcessLookupError", "OSError"},
    {"TimeoutError", "OSError"},
    {"IndexError", "LookupError"},
    {"KeyError", "LookupError"},
    {"OverflowError", "ArithmeticError"},
    {"BrokenBarrierError", "RuntimeError"},
    {"AuthenticationError", "ProcessError"},
    {"BufferTooShort", "ProcessError"},
};

static const struct {
  int number;
  const char *type;
} os_errors[] = {
    {EAGAIN, "BlockingIOError"},
    {EALREADY, "BlockingIOError"},
    {EINPROGRESS, "BlockingIOError"},
    {ECHILD, "ChildProcessError"},
    {EPIPE, "BrokenPipeError"},
    {ESHUTDOWN, "BrokenPipeError"},
    {ECONNABORTED, "ConnectionAbortedError"},
    {ECONNREFUSED, "ConnectionRefusedError"},
    {ECONNRESET, "ConnectionResetError"},
    {EEXIST, "FileExistsError"},
    {ENOENT, "FileNotFoundError"},
    {EINTR, "InterruptedError"},
    {EISDIR, "IsADirectoryError"},
    {ENOTDIR, "NotADirectoryError"},
    {EACCES, "PermissionError"},
    {EPERM, "PermissionError"},
    {ESRCH, "ProcessLookupError"},
    {ETIMEDOUT, "TimeoutError"},
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

static const char *parent_of(const char *type) {
  for (size_t i = 0; i < LENGTH(ancestors); i++) {
    if (strcmp(ancestors[i].type, type) == 0) return ancestors[i].parent;
  }
  return strcmp(type, "Exception") == 0 ? NULL : "Exception";
}

static const char *type_of_errno(int number) {
  for (size_t i = 0; i < LENGTH(os_errors); i++) {
    if (os_errors[i].number == number) return os_errors[i].type;
  }
  return "OSError";
}

int failure_set(struct failure *out_failure, const char *type,
                const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(out_failure->text, sizeof out_failure->text, format, values);
  va_end(values);
  out_failure->type = type;
  out_failure->data = NULL;
  out_failure->size_bytes = 0;
  out_failure->number = 0;
  out_failure->task.name[0] = '\0';
  return -1;
}

int failure_unsupported(struct failure *out_failure, const char *name) {
  failure_set(out_failure, "", "%s", name);
  out_failure->type = NULL;
  return -1;
}

int failure_of_errno(struct failure *out_failure, int number,
                     const char *what) {
  failure_set(out_failure, type_of_errno(number), "%s: %s", what,
              strerror(number));
  out_failure->number = number;
  return -1;
}

/* A number of the program's own, which the adapter's tasks do not return, has
 * no type. */
static int failure_of_task(struct failure *out_failure,
                           const brood_failure *task) {
  const char *type =
      brood_error_name(task->code < 0 ? task->code : BROOD_TASK_ERROR);
  failure_set(out_failure, type, "%s", task->text);
  struct failed_task *known = &out_failure->task;
  *known = (struct failed_task){.index = task->index,
                                .worker_pid = task->worker_pid,
                                .exitcode = task->exitcode};
  snprintf(known->name, sizeof known->name, "%s", task->name);
  snprintf(known->text, sizeof known->text, "%s", task->text);
  return -1;
}

int failure_of_brood(struct failure *out_failure) {
  const brood_failure *task = brood_task_failure();
  if (task != NULL) return failure_of_task(out_failure, task);
  int code = brood_error();
  const char *type = brood_error_name(code);
  if (code == BROOD_OS_ERROR) type = type_of_errno(brood_errno());
  failure_set(out_failure, type, "%s", brood_error_message());
  out_failure->number = brood_errno(); /* 0 if it is none of the system's */
  size_t size_bytes = 0;
  const void *data = brood_error_data(&size_bytes);
  if (data != NULL) {
    out_failure->data = memory_new(size_bytes, 1);
    out_failure->size_bytes = size_bytes;
    memcpy(out_failure->data, data, size_bytes);
  }
  return -1;
}

cJSON *failure_types(const char *type) {
  cJSON *list = memory_must(cJSON_CreateArray());
  for (; type != NULL; type = parent_of(type)) {
    cJSON_AddItemToArray(list, memory_must(cJSON_CreateString(type)));
  }
  return list;
}

void failure_add(const struct failure *failure, cJSON *reply) {
  if (failure->type == NULL) {
    memory_must(cJSON_AddStringToObject(reply, "unsupported", failure->text));
    return;
  }
  cJSON_AddItemToObject(reply, "error", failure_types(failure->type));
  memory_must(cJSON_AddStringToObject(reply, "text", failure->text));
}
