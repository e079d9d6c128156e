/* SPDX-License-Identifier: MIT
 *
 * Process handles: who the calling process is and who made it; making a handle,
 * giving it back, and what it says of its process.
 */
#include "lib/start/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* ------------------------------------------------ The calling process -- */

/* All state here belongs to one process: a fork makes the child forget the
 * pidfd, and current_become replaces the rest. PROCESS_STARTED: it has done so.
 */
static struct brood_process self = {.kind = PROCESS_SELF,
                                    .name = (char[]){"MainProcess"},
                                    .identity = (char[]){""},
                                    .launched = LAUNCHED_NONE};
static struct brood_process parent = {.kind = PROCESS_PARENT,
                                      .launched = LAUNCHED_NONE};
static const struct brood_process *creators_handle;
static atomic_int num_made;

static struct sys_kept own_pidfd = SYS_KEPT_NONE;

/* The number stays open in a fork's child: there it names the parent. */
static void forget_own_pidfd(void) {
  own_pidfd.fd = -1;
}

GUARD_AT_FORK(forget_own_pidfd)

brood_process *brood_current_process(void) {
  return &self;
}

bool current_is_child(void) {
  return process_state(&self) == PROCESS_STARTED;
}

brood_process *brood_parent_process(void) {
  if (current_is_child()) return &parent;
  error_clear();
  return NULL;
}

int current_pidfd(void) {
  guard_lock();
  int r = own_pidfd.fd;
  if (!sys_kept_is_open(&own_pidfd)) {
    r = sys_pidfd_open(sys_getpid());
    own_pidfd = sys_keep(r);
  }
  guard_unlock();
  return r;
}

/* Writes the key that a new process inherits; the first process of all makes
 * one up. Sets its error. */
static int copy_authkey(struct brood_process *out) {
  int r = 0;
  guard_lock();
  static uint8_t first[32];
  if (self.authkey_size == 0 && !current_is_child()) {
    r = sys_random(first, sizeof first);
    self.authkey = first;
    if (r == 0) self.authkey_size = sizeof first;
  }
  out->authkey = self.authkey;
  out->authkey_size = self.authkey_size;
  guard_unlock();
  return r < 0 ? error_set_os(r, "cannot make an authkey") : 0;
}

/* Names stay where the record is. */
void current_become(const struct brood_process *handle,
                    const struct wire_record *record, int creator_pidfd) {
  sync_set_home(record->home);
  self.name = (char *)record->name;
  self.identity = (char *)record->identity;
  self.daemon = (record->flags & WIRE_RECORD_DAEMON) != 0;
  self.is_servant = false; /* a fork of a supervisor is none */
  self.authkey = record->authkey;
  self.authkey_size = record->authkey_size;
  atomic_store(&self.state, PROCESS_STARTED);
  parent.name = (char *)record->creator_name;
  parent.launched.pid = sync_number_of(record->creator);
  parent.launched.pidfd = sys_keep(creator_pidfd);
  atomic_store(&parent.state, PROCESS_STARTED);
  self.creator = record->creator;
  creators_handle = handle;
  atomic_store(&num_made, 0);
}

/* A child that closed its descriptors, or may poll none (RLIMIT_NOFILE 0), goes
 * by the creator's token. */
int current_await_parent(int64_t deadline_ns) {
  int r = -EBADF;
  if (sys_kept_is_open(&parent.launched.pidfd)) {
    r = sys_pidfd_wait(parent.launched.pidfd.fd, deadline_ns);
  }
  while (r < 0) {
    if (sync_has_ended(self.creator)) return 1;
    if (sys_clock_ns() >= deadline_ns) return 0;
    int64_t end_ns = sys_clock_ns() + INT64_C(50000000);
    sys_poll(NULL, 0, end_ns < deadline_ns ? end_ns : deadline_ns);
  }
  return r;
}

bool current_is(const struct brood_process *process) {
  return process == &self || (current_is_child() && process == creators_handle);
}

/* --------------------------------------------------------- Any process -- */

enum process_state process_state(const struct brood_process *process) {
  return atomic_load(&process->state);
}

int process_refuse_null(void) {
  return error_set(BROOD_TYPE_ERROR, "expected a process, not NULL");
}

int process_check(const struct brood_process *process) {
  if (process == NULL) return process_refuse_null();
  if (process_state(process) != PROCESS_CLOSED) return 0;
  return error_set(BROOD_VALUE_ERROR, "process object '%.100s' is closed",
                   process->name);
}

bool process_is_own_child(const struct brood_process *process) {
  return process->kind == PROCESS_CHILD &&
         process->creator == sync_self_process();
}

void process_lock(struct brood_process *process) {
  guard_shield();
  pthread_mutex_lock(&process->mutex);
}

void process_unlock(struct brood_process *process) {
  pthread_mutex_unlock(&process->mutex);
  guard_unshield();
}

void process_release(struct brood_process *process) {
  sys_kept_close(&process->launched.pidfd);
  sys_kept_close(&process->launched.report);
}

/* A name or key that a handle has or had: it may be read while that lives. */
struct process_text {
  struct process_text *next;
  char bytes[];
};

/* Copies bytes, and a NUL behind them, to a handle; NULL without memory. */
static char *keep_text(struct brood_process *process, const void *bytes,
                       size_t size) {
  struct process_text *text = malloc(sizeof *text + size + 1);
  if (text == NULL) return NULL;
  memcpy(text->bytes, bytes, size);
  text->bytes[size] = '\0';
  guard_lock();
  text->next = process->texts;
  process->texts = text;
  guard_unlock();
  return text->bytes;
}

static int check_options(const brood_process_options *options) {
  if (options->group != NULL) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "group argument must be None for now, not %p",
                     options->group);
  }
  if ((unsigned)options->daemon > BROOD_NOT_DAEMON) {
    return error_set(BROOD_TYPE_ERROR, "unknown daemon flag %u",
                     (unsigned)options->daemon);
  }
  return 0;
}

static int check_name(const char *name) {
  size_t size = strlen(name);
  if (size <= BROOD_MAX_NAME) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "name '%.40s...' of %zu bytes is over the maximum of %d",
                   name, size, BROOD_MAX_NAME);
}

static int fill_name(struct brood_process *process, const char *name) {
  const char *above = self.identity;
  const char *class =
      process->context == NULL ? "Process" : process->context->process_class;
  char *own;
  int r = asprintf(&own, "%s-%s%s%d", class, above, *above == '\0' ? "" : ":",
                   atomic_fetch_add(&num_made, 1) + 1);
  if (r < 0) return -ENOMEM;
  char *text = keep_text(process, own, (size_t)r);
  free(own);
  if (text == NULL) return -ENOMEM;
  process->identity = text + strlen(class) + 1;
  bool is_given = name != NULL && *name != '\0';
  process->name = is_given ? keep_text(process, name, strlen(name)) : text;
  return process->name == NULL ? -ENOMEM : 0;
}

/* As one tuple; objects among them are held until the handle goes. */
static int pack_args(struct pack *out, const brood_value *values,
                     size_t num_values) {
  int r = error_check_array(values, num_values, BROOD_MAX_ARGS, "arguments");
  if (r < 0) return r;
  *out = (struct pack){.use = PACK_FOR_PROCESS};
  if (num_values == 0) return 0;
  brood_value tuple = brood_tuple(values, num_values);
  return pack_value(out, &tuple, PACK_FOR_PROCESS);
}

static int fill_process(struct brood_process *process,
                        const brood_process_options *options) {
  int r = check_options(options);
  if (r == 0 && options->name != NULL) r = check_name(options->name);
  if (r == 0) r = pack_args(&process->args, options->args, options->num_args);
  if (r == 0 && options->setup != NULL) {
    r = setup_pack(&process->setup, options->setup);
  }
  if (r < 0) return r;
  process->target = options->target;
  process->daemon = options->daemon == BROOD_DAEMON_INHERIT
                        ? self.daemon
                        : options->daemon == BROOD_DAEMON;
  r = copy_authkey(process);
  if (r < 0) return r;
  r = fill_name(process, options->name);
  return r < 0 ? error_set_os(r, "cannot make a process") : 0;
}

brood_process *brood_process_new(const brood_context *context,
                                 const brood_process_options *options) {
  static const brood_process_options nothing;
  struct brood_process *process = malloc(sizeof *process);
  if (process == NULL) {
    error_set_os(-ENOMEM, "cannot make a process");
    return NULL;
  }
  *process = (struct brood_process){.num_handles = 1,
                                    .creator = sync_self_process(),
                                    .context = context,
                                    .mutex = PTHREAD_MUTEX_INITIALIZER,
                                    .launched = LAUNCHED_NONE,
                                    .lifeline = SYS_KEPT_NONE};
  int r = fill_process(process, options == NULL ? &nothing : options);
  return r == 0 ? process : brood_process_free(process);
}

brood_process *process_start_servant(const brood_context *context,
                                     const char *name, enum servant servant,
                                     brood_target target,
                                     const brood_value *args, size_t num_args) {
  brood_process_options options = {
      .name = name,
      .target = target,
      .args = args,
      .num_args = num_args,
      .daemon = servant == SERVANT_STAYS ? BROOD_NOT_DAEMON : BROOD_DAEMON};
  brood_process *process = brood_process_new(context, &options);
  if (process == NULL) return NULL;
  process->is_servant = true;
  process->is_relay = servant == SERVANT_RELAY;
  return brood_process_start(process) == 0 ? process
                                           : brood_process_free(process);
}

int current_maker(const struct brood_process *made, struct wire_record *out) {
  bool is_for_parent = made->is_servant && self.is_servant;
  out->creator_name = is_for_parent ? parent.name : self.name;
  out->creator = is_for_parent ? self.creator : sync_self_process();
  if (!is_for_parent) return current_pidfd();
  const struct sys_kept *pidfd = &parent.launched.pidfd;
  return sys_kept_is_open(pidfd) ? pidfd->fd : -EBADF;
}

void current_serve(void) {
  self.is_servant = true;
  pack_hold_nothing();
}

brood_process *brood_process_free(brood_process *process) {
  if (process == NULL || process->kind != PROCESS_CHILD) return NULL;
  if (atomic_fetch_sub(&process->num_handles, 1) > 1) return NULL;
  process_release(process);
  pack_discard(&process->args, false);
  free(process->setup.data);
  while (process->texts != NULL) {
    struct process_text *text = process->texts;
    process->texts = text->next;
    free(text);
  }
  pthread_mutex_destroy(&process->mutex);
  free(process);
  return NULL;
}

/* ------------------------------------------------------- Attributes -- */

int brood_process_pid(brood_process *process) {
  int r = process_check(process);
  if (r < 0) return r;
  return current_is(process) ? sys_getpid() : process->launched.pid;
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
  int r = check_name(name);
  if (r < 0) return r;
  char *copy = keep_text(process, name, strlen(name));
  if (copy == NULL) return error_set_os(-ENOMEM, "cannot keep a name");
  atomic_store(&process->name, copy);
  return 0;
}

int brood_process_daemon(brood_process *process) {
  return process == NULL ? process_refuse_null() : process->daemon;
}

int brood_process_set_daemon(brood_process *process, bool daemon) {
  if (process == NULL) return process_refuse_null();
  /* One that was closed need not have been started. */
  if (process_state(process) != PROCESS_NEW &&
      (process->kind != PROCESS_CHILD || process->launched.pid != 0)) {
    return error_set(BROOD_ASSERTION_ERROR,
                     "process '%.100s' has already started", process->name);
  }
  process->daemon = daemon;
  return 0;
}

const void *brood_process_authkey(brood_process *process,
                                  size_t *out_size_bytes) {
  int r =
      process == NULL ? process_refuse_null() : error_check_out(out_size_bytes);
  if (r == 0 && process == &self) r = copy_authkey(process);
  if (r < 0) return NULL;
  guard_lock();
  const void *key = process->authkey;
  if (key != NULL) *out_size_bytes = process->authkey_size;
  guard_unlock();
  if (key == NULL) {
    error_set(BROOD_ATTRIBUTE_ERROR,
              "the authkey of '%.100s' is not known here", process->name);
  }
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
  char *copy = keep_text(process, key, size_bytes);
  if (copy == NULL) return error_set_os(-ENOMEM, "cannot keep an authkey");
  guard_lock();
  process->authkey = (const uint8_t *)copy;
  process->authkey_size = size_bytes;
  guard_unlock();
  return 0;
}
