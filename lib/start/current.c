/* SPDX-License-Identifier: MIT
 *
 * See current.h. All state here belongs to one process: a fork makes the child
 * forget the pidfd, and current_become replaces the rest.
 */
#include "lib/start/current.h"

#include <errno.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

enum { AUTHKEY_SIZE = 32 };

#define LOOK_AGAIN_NS INT64_C(50000000)

static struct brood_process self = {
    .kind = PROCESS_SELF,
    .name = (char[]){"MainProcess"},
    .identity = (char[]){""},
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .launched = {.pidfd = -1, .report = -1},
    .lifeline = SYS_KEPT_NONE,
};
static struct brood_process parent = {
    .kind = PROCESS_PARENT,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .lifeline = SYS_KEPT_NONE,
};
static const struct brood_process *creators_handle;
static uint64_t creator; /* token */
static bool is_child;
static atomic_int num_made;

static struct sys_kept own_pidfd = SYS_KEPT_NONE;

/* The number stays open in a fork's child: there it names the parent. */
static void forget_own_pidfd(void) {
  own_pidfd.fd = -1;
}

__attribute__((constructor)) static void register_own_pidfd(void) {
  guard_at_fork(forget_own_pidfd);
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
  int r = own_pidfd.fd;
  if (!sys_kept_is_open(&own_pidfd)) {
    r = sys_pidfd_open(sys_getpid());
    own_pidfd = sys_keep(r);
  }
  guard_unlock();
  return r;
}

int current_next_number(void) {
  return atomic_fetch_add(&num_made, 1) + 1;
}

int current_copy_authkey(struct brood_process *out) {
  int r = 0;
  guard_lock();
  static uint8_t first[AUTHKEY_SIZE];
  if (self.authkey_size == 0 && !is_child) {
    r = sys_random(first, sizeof first);
    self.authkey = first;
    if (r == 0) self.authkey_size = sizeof first;
  }
  out->authkey = self.authkey;
  out->authkey_size = self.authkey_size;
  guard_unlock();
  return r;
}

static void fill_self(const struct wire_record *record) {
  self.creator = sync_number_of(record->creator);
  self.name = (char *)record->name;
  self.identity = (char *)record->identity;
  self.daemon = (record->flags & WIRE_RECORD_DAEMON) != 0;
  self.authkey = record->authkey;
  self.authkey_size = record->authkey_size;
  atomic_store(&self.state, PROCESS_STARTED);
}

/* Names stay where the record is. */
static void fill_parent(const struct wire_record *record, int creator_pidfd) {
  parent.name = (char *)record->creator_name;
  parent.launched = (struct launched){.pid = sync_number_of(record->creator),
                                      .pidfd = creator_pidfd,
                                      .report = -1};
  parent.pidfd_file = sys_keep(creator_pidfd);
  creator = record->creator;
  atomic_store(&parent.state, PROCESS_STARTED);
}

void current_become(const struct brood_process *handle,
                    const struct wire_record *record, int creator_pidfd) {
  sync_set_home(record->home);
  fill_self(record);
  fill_parent(record, creator_pidfd);
  creators_handle = handle;
  atomic_store(&num_made, 0);
  is_child = true;
}

/* A child that closed its descriptors goes by the creator's token. */
int current_await_parent(int64_t deadline_ns) {
  int r = -EBADF;
  if (sys_kept_is_open(&parent.pidfd_file)) {
    r = sys_pidfd_wait(parent.launched.pidfd, deadline_ns);
  }
  while (r == -EBADF) {
    if (sync_has_ended(creator)) return 1;
    if (sys_clock_ns() >= deadline_ns) return 0;
    int64_t end_ns = sys_clock_ns() + LOOK_AGAIN_NS;
    sys_poll(NULL, 0, end_ns < deadline_ns ? end_ns : deadline_ns);
  }
  return r;
}

bool current_is(const struct brood_process *process) {
  return process == &self || (is_child && process == creators_handle);
}
