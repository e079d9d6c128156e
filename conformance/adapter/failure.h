/* SPDX-License-Identifier: MIT
 *
 * What went wrong in a request, in the words of the wire: an error's type in
 * Python's names and one sentence, or a name that does not exist.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* How a task failed, as far as the adapter was told. */
struct failed_task {
  char name[64]; /* "": it was no failure of a task */
  char text[512];
  int64_t index;
  int worker_pid;
  int exitcode;
};

struct failure {
  const char *type; /* NULL: text is a name that does not exist */
  char text[512];
  void *data; /* what the error carries, for free; or NULL */
  size_t size_bytes;
  int number; /* errno; 0 if it is no error of the system */
  struct failed_task task;
};

/* Each records a failure and returns -1, so that callers write
 * `return failure_set(…);`. */
__attribute__((format(printf, 3, 4))) int failure_set(
    struct failure *out_failure, const char *type, const char *format, ...);

/* failure_unsupported says that there is no such name. */
int failure_unsupported(struct failure *out_failure, const char *name);

/* failure_of_errno takes an errno value apart into Python's heirs of OSError;
 * `what` is what was being done. */
int failure_of_errno(struct failure *out_failure, int number, const char *what);

/* failure_of_brood takes this thread's last failure of the library, with what
 * it carries. That of a task is what the task failed with. */
int failure_of_brood(struct failure *out_failure);

/* failure_types returns a type and its ancestors, most specific first. */
cJSON *failure_types(const char *type);

/* failure_add writes the failure into a reply. */
void failure_add(const struct failure *failure, cJSON *reply);
