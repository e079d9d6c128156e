/* SPDX-License-Identifier: MIT
 *
 * See current.h. All state here belongs to one process: a fork makes the child
 * forget the pidfd, and current_become replaces the rest.
 */
#include "lib/start/current.h"

#include <string.h>

#include "lib/error/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

enum { AUTHKEY_SIZE = 32 };

static struct brood_process self = {
    .kind = PROCESS_SELF,
    .name = (char[]){"MainProcess"},
    .name_is_constant = true,
    .identity = (char[]){""},
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .launched = {.pidfd = -1, .report = -1},
    .lifeline = -1,
};
static struct brood_process parent = {
    .kind = PROCESS_PARENT,
    .name_is_constant = true,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .lifeline = -1,
};
static const struct brood_process *creators_handle;
static bool is_child;
static atomic_int num_made;

static int pidfd = -1;

/* The number stays open in a fork's child: there it names the parent. */
static void forget(void) {
  pidfd = -1;
}

__attribute__((constructor)) static void watch_forks(void) {
  guard_at_fork(forget);
}

struct brood_process *current_process(void) {
  return &self;
}

brood_process *brood_current_process(void) {
  return &self;
}

brood_process *brood_parent_process(void) {
  if (is_child) return &parent;
  error_clear();
  return NULL;
}

bool current_is_child(void) {
  return is_child;
}

int current_pidfd(void) {
  guard_lock();
  if (pidfd < 0) pidfd = sys_pidfd_open(sys_getpid());
  int r = pidfd;
  guard_unlock();
  return r;
}

int current_next_number(void) {
  return atomic_fetch_add(&num_made, 1) + 1;
}

int current_copy_authkey(struct brood_process *out) {
  int r = 0;
  guard_lock();
  if (self.authkey_size == 0 && !is_child) {
    r = sys_random(self.authkey_storage, AUTHKEY_SIZE);
    self.authkey = self.authkey_storage;
    if (r == 0) self.authkey_size = AUTHKEY_SIZE;
  }
  if (r == 0 && out != &self) {
    memcpy(out->authkey_storage, self.authkey, self.authkey_size);
    out->authkey = out->authkey_storage;
    out->authkey_size = self.authkey_size;
  }
  guard_unlock();
  return r;
}

static void fill_self(const struct wire_record *record) {
  self.creator = (pid_t)record->creator_pid;
  self.name = (char *)record->name;
  self.identity = (char *)record->identity;
  self.daemon = (record->flags & WIRE_RECORD_DAEMON) != 0;
  self.authkey = record->authkey;
  self.authkey_size = record->authkey_size;
  self.name_is_constant = true;
  atomic_store(&self.state, PROCESS_STARTED);
}

/* Names stay where the record is. */
static void fill_parent(const struct wire_record *record, int creator_pidfd) {
  parent.name = (char *)record->creator_name;
  parent.launched = (struct launched){
      .pid = (pid_t)record->creator_pid, .pidfd = creator_pidfd, .report = -1};
  atomic_store(&parent.state, PROCESS_STARTED);
}

void current_become(const struct brood_process *handle,
                    const struct wire_record *record, int creator_pidfd) {
  fill_self(record);
  fill_parent(record, creator_pidfd);
  creators_handle = handle;
  atomic_store(&num_made, 0);
  is_child = true;
}

bool current_is(const struct brood_process *process) {
  return process == &self || (is_child && process == creators_handle);
}
