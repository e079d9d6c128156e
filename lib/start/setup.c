/* SPDX-License-Identifier: MIT
 *
 * One packet travels on the line. It says what failed in words, for the child
 * has the values. A line that closes without a packet, or a child that ends, is
 * a failure as well: the creator watches both, since other processes may have a
 * copy of the child's end. The child goes on if its creator has been killed.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/state/registry.h"
#include "lib/sys/clock.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"
#include "lib/wire/record.h"

struct setup_report {
  int32_t result; /* 0, -errno, or 1: what failed is no system call */
  char text[252];
};

static const char *const stream_names[] = {"standard input", "standard output",
                                           "standard error"};

/* ---------------------------------------------------- In the handle -- */

static int check_list(const char *what, const void *list, size_t count) {
  return error_check_array(list, count, BROOD_MAX_SETUP, what);
}

static int check_stream(int i, const struct brood_stream *stream) {
  if ((unsigned)stream->kind > BROOD_STREAM_DESCRIPTOR) {
    return error_set(BROOD_TYPE_ERROR, "unknown kind of stream %u of %s",
                     (unsigned)stream->kind, stream_names[i]);
  }
  if (stream->kind == BROOD_STREAM_DESCRIPTOR && stream->descriptor < 0) {
    return error_set(BROOD_VALUE_ERROR, "negative descriptor %d for %s",
                     stream->descriptor, stream_names[i]);
  }
  return 0;
}

static int check_setup(const brood_child_setup *setup) {
  int r = error_check_flags(setup->flags, BROOD_SETUP_ALL);
  if (r < 0) return r;
  if (setup->nice < -20 || setup->nice > 19) {
    return error_set(BROOD_VALUE_ERROR, "nice value %d: -20 to 19 are possible",
                     setup->nice);
  }
  if ((setup->flags & BROOD_SETUP_USER_ID && setup->user_id == UINT32_MAX) ||
      (setup->flags & BROOD_SETUP_GROUP_ID && setup->group_id == UINT32_MAX)) {
    return error_set(BROOD_VALUE_ERROR, "user or group id -1 changes nothing");
  }
  size_t num_variables = 0;
  char *const *variable = setup->environment;
  while (variable != NULL && *variable++ != NULL) num_variables++;
  r = check_list("variables", setup->environment, num_variables);
  if (r == 0) r = check_list("processors", setup->cpus, setup->num_cpus);
  if (r == 0) r = check_list("groups", setup->groups, setup->num_groups);
  if (r == 0) r = check_list("limits", setup->limits, setup->num_limits);
  for (int i = 0; r == 0 && i < 3; i++) r = check_stream(i, &setup->streams[i]);
  for (size_t i = 0; r == 0 && i < setup->num_cpus; i++) {
    if (setup->cpus[i] >= 0 && setup->cpus[i] <= BROOD_MAX_CPU) continue;
    r = error_set(BROOD_VALUE_ERROR, "processor %d: 0 to %d are possible",
                  setup->cpus[i], BROOD_MAX_CPU);
  }
  return r;
}

int setup_pack(struct setup *out, const brood_child_setup *setup) {
  int r = check_setup(setup);
  if (r < 0) return r;
  const char *name =
      setup->prepare == NULL ? "" : registry_callable_name(setup->prepare);
  *out = (struct setup){.num_fds = 1,
                        .streams = {-1, -1, -1},
                        .prepare = setup->prepare,
                        .prepare_has_name = name != NULL};
  if (name == NULL) name = "";
  struct wire_writer count = {0};
  wire_setup_encode(&count, setup, name);
  if (!count.bad) out->data = malloc(count.used);
  if (out->data == NULL) return error_set_os(-ENOMEM, "cannot keep a setup");
  struct wire_writer writer = {.data = out->data, .capacity = count.used};
  wire_setup_encode(&writer, setup, name);
  out->size = writer.used;
  for (int i = 0; i < 3; i++) {
    const struct brood_stream *stream = &setup->streams[i];
    bool own = stream->kind == BROOD_STREAM_INHERIT;
    if (!wire_stream_travels(stream->kind)) continue;
    out->streams[i] = own ? i : stream->descriptor;
    out->fds[out->num_fds++] = out->streams[i];
  }
  return 0;
}

int setup_check(const struct brood_process *process, bool fresh_image) {
  const struct setup *setup = &process->setup;
  if (setup->data == NULL) return 0;
  if (fresh_image && setup->prepare != NULL && !setup->prepare_has_name) {
    return error_set(BROOD_VALUE_ERROR,
                     "the prepare function of '%.100s' is not registered, or "
                     "its name is that of another one too",
                     process->name);
  }
  for (int i = 0; i < 3; i++) {
    int r = setup->streams[i] < 0 ? 0 : sys_fd_valid(setup->streams[i]);
    if (r == 0) continue;
    return error_set_os(r, "cannot start '%.100s': %s from descriptor %d",
                        process->name, stream_names[i], setup->streams[i]);
  }
  return 0;
}

/* ------------------------------------------------- In the creator -- */

/* A prepare function may take long. 1: the child has ended; -errno. */
static int await_line(struct pollfd polls[2], int pidfd) {
  enum { LOOK_NS = 10000000 }; /* for what cannot be polled */
  bool pollable = polls[1].fd >= 0;
  int r = pollable ? guard_poll(polls, 2, LOOK_NS)
                   : sys_poll_soon(polls, 1, sys_clock_ns() + LOOK_NS);
  if (r < 0) return r;
  return pollable ? polls[1].revents != 0 : sys_pidfd_wait(pidfd, 0);
}

/* 0, -errno, or 1: there is no report, and there will be none. */
static int receive_report(const struct launched *launched, int line,
                          struct setup_report *out) {
  int pidfd = launched->pidfd.fd;
  struct pollfd polls[] = {
      {.fd = line, .events = POLLIN},
      {.fd = sys_pidfd_pollable(pidfd) ? pidfd : -1, .events = POLLIN}};
  struct iovec part = {.iov_base = out, .iov_len = sizeof *out};
  int ended, r;
  do { /* what a child said came before its end */
    size_t num_fds = 0;
    ended = launched->gone ? 1 : await_line(polls, pidfd);
    if (ended < 0) return ended;
    r = sys_sock_try_receive_parts(line, &part, 1, NULL, &num_fds);
  } while (r == -EAGAIN && !ended);
  if (r == (int)sizeof *out) return 0;
  return r < 0 && r != -EAGAIN && r != -ECONNRESET ? r : 1;
}

/* Nothing of a child that failed is left, whoever its kernel parent is. */
static void remove_child(struct brood_process *process, bool is_own) {
  const struct launched *launched = &process->launched;
  if (!launched->gone) { /* by its number it might be somebody else by now */
    int pidfd = launched->pidfd.fd;
    sys_pidfd_signal(pidfd, SIGKILL);
    sys_pidfd_wait(pidfd, SYS_CLOCK_NEVER);
    if (is_own) sys_pidfd_reap(pidfd, launched->pid, &(int){0});
  }
  process_release(process);
  process->launched = LAUNCHED_NONE;
}

int setup_await(struct brood_process *process, const brood_context *context,
                int launch_result, int line) {
  struct setup_report report = {.result = 1,
                                .text = "it ended while it was being set up"};
  process->setup.fds[0] = sys_close(process->setup.fds[0]);
  int r = launch_result;
  if (r == 0) r = receive_report(&process->launched, line, &report);
  sys_close(line);
  if (launch_result != 0 || (r == 0 && report.result == 0)) return r;
  remove_child(process, !context->of_server);
  if (r < 0) return r;
  static const char format[] = "cannot start '%.100s' by %s: %.251s";
  if (report.result < 0) {
    error_set_os(report.result, format, process->name, context->name,
                 report.text);
  } else {
    error_set(BROOD_RUNTIME_ERROR, format, process->name, context->name,
              report.text);
  }
  return 1;
}

/* --------------------------------------------------- In the child -- */

struct child_setup {
  struct wire_setup is;
  const struct delivery *delivery;
  const struct wire_record *record;
  int *fds; /* the streams' in the table */
  struct sys_kept line;
};

static int send_report(struct sys_kept *line,
                       const struct setup_report *report) {
  struct iovec part = {.iov_base = (void *)report, .iov_len = sizeof *report};
  return sys_kept_is_open(line) ? sys_sock_try_send(line->fd, &part, 1, NULL, 0)
                                : -EBADF;
}

/* Ends the process, unless r is 0. */
__attribute__((format(printf, 3, 4))) static void check_step(
    struct child_setup *setup, int r, const char *format, ...) {
  if (r == 0) return;
  struct setup_report report = {.result = r};
  va_list values;
  va_start(values, format);
  vsnprintf(report.text, sizeof report.text, format, values);
  va_end(values);
  send_report(&setup->line, &report);
  sys_exit(1);
}

static void set_streams(struct child_setup *setup) {
  const struct delivery *delivery = setup->delivery;
  const struct brood_process *shared = delivery->handle;
  for (int i = 0; i < 3; i++) {
    if (setup->is.streams[i] == BROOD_STREAM_DEFAULT) continue;
    int r = child_free_number(delivery->fds, delivery->num_fds, i);
    check_step(setup, r, "%s", stream_names[i]);
  }
  for (int i = 0; i < 3; i++) {
    uint32_t kind = setup->is.streams[i];
    if (kind == BROOD_STREAM_DEFAULT) continue;
    int fd = wire_stream_travels(kind) ? *setup->fds++ : sys_open_sink();
    check_step(setup, fd < 0 ? fd : sys_stream(fd, i), "%s", stream_names[i]);
    /* What a fork found under the creator's number is not ours to close, nor
     * is what the rest of the table has as well. */
    bool is_kept = shared != NULL && fd == shared->setup.streams[i];
    const int *end = delivery->fds + delivery->num_fds;
    for (const int *at = setup->fds; at < end; at++) is_kept |= *at == fd;
    if (!is_kept) sys_close(fd);
  }
}

static void set_affinity(struct child_setup *setup) {
  uint64_t bits[(BROOD_MAX_CPU + 1) / 64] = {0};
  struct wire_list *cpus = &setup->is.cpus;
  for (uint32_t i = 0; i < cpus->count; i++) {
    uint32_t cpu = wire_get_u32(&cpus->reader) & BROOD_MAX_CPU;
    bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
  }
  if (cpus->count == 0) return;
  int r = sys_affinity_set(bits, sizeof bits / sizeof bits[0]);
  check_step(setup, r, "%u processors", cpus->count);
}

static void set_limits(struct child_setup *setup) {
  struct wire_reader *reader = &setup->is.limits.reader;
  for (uint32_t i = 0; i < setup->is.limits.count; i++) {
    int resource = (int)wire_get_u32(reader);
    uint64_t soft = wire_get_u64(reader);
    uint64_t hard = wire_get_u64(reader);
    check_step(setup, sys_limit_set(resource, soft, hard),
               "limit %d of %llu, hard %llu", resource,
               (unsigned long long)soft, (unsigned long long)hard);
  }
}

static void set_groups(struct child_setup *setup) {
  struct wire_list *list = &setup->is.groups;
  uint32_t *groups = malloc((list->count + 1) * sizeof *groups);
  int r = groups == NULL ? -ENOMEM : 0;
  for (uint32_t i = 0; r == 0 && i < list->count; i++) {
    groups[i] = wire_get_u32(&list->reader);
  }
  if (r == 0) r = sys_groups_set(groups, list->count);
  check_step(setup, r, "%u supplementary groups", list->count);
  free(groups);
}

/* The lifeline is taken anew: the kernel lets a signal through that comes from
 * who has this process's user. */
static void set_ids(struct child_setup *setup) {
  const struct wire_setup *is = &setup->is;
  if (is->flags & BROOD_SETUP_GROUPS) set_groups(setup);
  if (is->flags & BROOD_SETUP_GROUP_ID) {
    int r = sys_group_id_set(is->group_id);
    check_step(setup, r, "group id %u", is->group_id);
  }
  if (is->flags & BROOD_SETUP_USER_ID) {
    int r = sys_user_id_set(is->user_id);
    check_step(setup, r, "user id %u", is->user_id);
    if ((setup->record->flags & WIRE_RECORD_LIFELINE) == 0) return;
    r = sys_die_at_hangup(setup->delivery->fds[WIRE_RECORD_FD_LIFELINE]);
    check_step(setup, r, "lifeline of user id %u", is->user_id);
  }
}

/* A prepare function that ends its thread ends the process. */
static void leave_by_prepare(void *nothing) {
  (void)nothing;
  child_leave(1);
}

static int call_prepare(void *argument) {
  brood_callable prepare = *(brood_callable *)argument;
  int code;
  pthread_cleanup_push(leave_by_prepare, NULL);
  code = prepare();
  pthread_cleanup_pop(0);
  return code;
}

static void run_prepare(struct child_setup *setup) {
  const struct brood_process *shared = setup->delivery->handle;
  const char *name = setup->is.prepare;
  brood_callable prepare =
      shared != NULL ? shared->setup.prepare : registry_callable(name);
  check_step(setup, prepare == NULL, "no function is registered as '%.200s'",
             name);
  int code = guard_call(call_prepare, &prepare);
  check_step(setup, code != 0, "prepare function '%.200s' failed with %d", name,
             code);
}

/* The order is that of brood_child_setup, which says why. */
static void apply_all(struct child_setup *setup) {
  const struct wire_setup *is = &setup->is;
  if (is->flags & WIRE_SETUP_ENVIRONMENT) {
    environ = (char **)child_texts(&is->environment, NULL);
  }
  set_streams(setup);
  if (is->flags & BROOD_SETUP_SESSION) {
    check_step(setup, sys_session_new(), "new session");
  }
  if (is->flags & BROOD_SETUP_PROCESS_GROUP) {
    int r = sys_process_group_join(is->process_group);
    check_step(setup, r, "process group %d", is->process_group);
  }
  if (is->flags & BROOD_SETUP_NICE) {
    check_step(setup, sys_nice_set(is->nice), "nice value %d", is->nice);
  }
  set_affinity(setup);
  set_limits(setup);
  if (is->flags & BROOD_SETUP_UMASK) sys_umask_set(is->umask);
  set_ids(setup);
  if (is->flags & WIRE_SETUP_DIRECTORY) {
    int r = sys_directory_change(is->directory);
    check_step(setup, r, "working directory '%.200s'", is->directory);
  }
  if (is->flags & BROOD_SETUP_NO_NEW_PRIVILEGES) {
    check_step(setup, sys_no_new_privileges(), "no new privileges");
  }
  if (is->flags & WIRE_SETUP_PREPARE) run_prepare(setup);
}

struct sys_kept setup_apply(const struct delivery *delivery,
                            const struct wire_record *record) {
  struct child_setup setup = {.delivery = delivery, .record = record};
  uint32_t num_fds = 1;
  bool good = wire_setup_decode(&setup.is, record->setup, record->setup_size);
  for (int i = 0; good && i < 3; i++) {
    num_fds += wire_stream_travels(setup.is.streams[i]);
  }
  if (!good || num_fds != record->setup_fds) {
    child_refuse("the setup of %zu bytes is broken", record->setup_size);
  }
  int *fds = delivery->fds + wire_record_first_setup_fd(record);
  setup.line = sys_keep(fds[0]);
  setup.fds = fds + 1;
  apply_all(&setup);
  return setup.line;
}

void setup_finish(struct sys_kept *line) {
  int r = send_report(line, &(struct setup_report){0});
  if (r < 0 && r != -EPIPE && r != -ECONNRESET) {
    child_refuse("cannot tell that the setup is done: %s", sys_error_text(-r));
  }
  sys_kept_close(line);
}
