/* SPDX-License-Identifier: MIT
 *
 * What a handle says of its process, and what may be changed.
 */
#include <errno.h>
#include <string.h>

#include "lib/start/current.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/proc.h"

int brood_process_pid(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  return process->kind == PROCESS_SELF ? sys_getpid() : process->launched.pid;
}

const char *brood_process_name(brood_process *process) {
  if (process != NULL) return process->name;
  process_refuse_null();
  return NULL;
}

int brood_process_set_name(brood_process *process, const char *name) {
  if (process == NULL) return process_refuse_null();
  if (name == NULL) {
    return error_set(BROOD_ASSERTION_ERROR, "name must be a string, not NULL");
  }
  int r = process_check_name(name);
  if (r < 0) return r;
  char *copy = process_keep_text(process, name, strlen(name));
  if (copy == NULL) return error_set_os(-ENOMEM, "cannot keep a name");
  atomic_store(&process->name, copy);
  return 0;
}

int brood_process_daemon(brood_process *process) {
  return process == NULL ? process_refuse_null() : process->daemon;
}

int brood_process_set_daemon(brood_process *process, bool daemon) {
  if (process == NULL) return process_refuse_null();
  if (process_state(process) == PROCESS_STARTED ||
      process_state(process) == PROCESS_ENDED) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "process '%.100s' has already started", process->name);
  }
  process->daemon = daemon;
  return 0;
}

const void *brood_process_authkey(brood_process *process,
                                  size_t *out_size_bytes) {
  if (process == NULL) {
    process_refuse_null();
    return NULL;
  }
  if (error_check_out(out_size_bytes) < 0) return NULL;
  if (process == current_process()) {
    int r = current_copy_authkey(process);
    if (r < 0) {
      error_set_os(r, "cannot make an authkey");
      return NULL;
    }
  }
  guard_lock();
  *out_size_bytes = process->authkey_size;
  const void *key = process->authkey;
  guard_unlock();
  return key;
}

int brood_process_set_authkey(brood_process *process, const void *key,
                              size_t size_bytes) {
  if (process == NULL) return process_refuse_null();
  if (key == NULL) return error_set(BROOD_TYPE_ERROR, "authkey is NULL");
  if (size_bytes == 0 || size_bytes > BROOD_MAX_AUTHKEY) {
    return error_set(BROOD_VALUE_ERROR,
                     "authkey of %zu bytes: between 1 and %d are needed",
                     size_bytes, BROOD_MAX_AUTHKEY);
  }
  char *copy = process_keep_text(process, key, size_bytes);
  if (copy == NULL) return error_set_os(-ENOMEM, "cannot keep an authkey");
  guard_lock();
  process->authkey = (const uint8_t *)copy;
  process->authkey_size = size_bytes;
  guard_unlock();
  return 0;
}
