/* SPDX-License-Identifier: MIT
 *
 * The forkserver: a single thread that waits for requests and forks itself.
 * It never waits for one client and keeps nothing of a launch: descriptors that
 * do not fit into the message lie ready in a pair of their own, from which the
 * child takes them, so a client that is killed half-way holds up nobody.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/context.h"
#include "lib/state/registry.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"

/* One message as it came. The server and each child pay for every page that
 * either writes to after the fork, so this is on the stack. */
struct served_message {
  struct serve_request request;
  uint8_t record[SERVE_INLINE];
  size_t record_size;
  int fds[SYS_SOCK_MAX_FDS];
  size_t num_fds;
};

struct channel {
  int fd;
  int latest; /* a pidfd of the latest child, for SERVE_CANCEL, or -1 */
};

static struct channel *channels;
static size_t num_channels;
static int door[2] = {-1, -1}; /* [1] is what children connect over */
static struct sys_signals *signals_before; /* on the stack of main */
static struct rlimit limit_before;         /* of descriptors */

/* ----------------------------------------------------------- Channels -- */

/* Takes fd. */
static void add_channel(int fd) {
  struct channel *more =
      realloc(channels, (num_channels + 1) * sizeof *channels);
  if (more != NULL) channels = more;
  if (more == NULL || sys_sock_restrict(fd) < 0) {
    sys_close(fd); /* its client finds out and runs a server of its own */
  } else {
    channels[num_channels++] = (struct channel){.fd = fd, .latest = -1};
  }
}

static void drop_channel(size_t index) {
  sys_close(channels[index].fd);
  sys_close(channels[index].latest);
  channels[index] = channels[--num_channels];
}

/* Never waits: a client that reads nothing would stop the server for all. */
static int answer(int fd, const struct serve_reply *reply, const int *fds,
                  size_t num_fds) {
  struct iovec part = {.iov_base = (void *)reply, .iov_len = sizeof *reply};
  return sys_sock_try_send(fd, &part, 1, fds, num_fds);
}

static bool answer_error(const struct channel *channel, int error) {
  struct serve_reply reply = {.error = error};
  return answer(channel->fd, &reply, NULL, 0) >= 0;
}

/* ------------------------------------------------------------- Reports -- */

/* From Linux 6.15 on the kernel tells clients how their processes ended, and
 * the server has its children reaped without ever waking up. On older kernels
 * the server waits, and reports through a pipe for each child that has not
 * ended yet. The last entry may be a prepared one: its pid is 0. */
struct report {
  pid_t pid;
  int fd;
};

static struct report *reports;
static size_t num_reports;
static int child_signals = -1; /* readable at an end; -1: the kernel tells */

/* Does this kernel say how a process ended that has been reaped already? A
 * child that ends at once shows it. */
static bool kernel_tells(void) {
  int pid = sys_fork();
  if (pid < 0) return false;
  if (pid == 0) sys_exit(0);
  int pidfd = sys_pidfd_open(pid);
  sys_wait_pid(pid);
  bool tells = pidfd >= 0 && sys_pidfd_exit_info(pidfd, &(int){0}) == 1;
  sys_close(pidfd);
  return tells;
}

/* Before each fork: writes the client's end of the child's pipe, if there is
 * need of one; and keeps the child from being reaped until settle_report. */
static int prepare_report(int *out_report) {
  if (child_signals < 0) {
    sys_signals_hold_children();
    return 0;
  }
  struct report *more = realloc(reports, (num_reports + 1) * sizeof *reports);
  if (more == NULL) return -ENOMEM;
  reports = more;
  int ends[2];
  int r = sys_pipe(ends);
  if (r < 0) return r;
  reports[num_reports++] = (struct report){.fd = ends[1]};
  *out_report = ends[0];
  return 0;
}

/* Says which pid it is; negative: there is no child. */
static void settle_report(pid_t pid) {
  if (child_signals < 0) {
    /* Not each time: the kernel walks over all children to find one. */
    bool any = sys_signals_let_children();
    while (any && sys_reap_any(&(int){0}) > 0) continue;
  } else if (pid > 0) {
    reports[num_reports - 1].pid = pid;
  } else {
    sys_close(reports[--num_reports].fd);
  }
}

static void send_reports(void) {
  int exitcode = 0, pid;
  sys_signals_drain(child_signals);
  while ((pid = sys_reap_any(&exitcode)) > 0) {
    size_t i = 0;
    while (i < num_reports && reports[i].pid != pid) i++;
    if (i == num_reports) continue;
    /* Never waits: four bytes fit into the pipe. A client may have gone. */
    sys_write_full(reports[i].fd, &exitcode, sizeof exitcode);
    sys_close(reports[i].fd);
    reports[i] = reports[--num_reports];
  }
}

/* ------------------------------------------------------------ Children -- */

/* Finds what a record names before the fork rather than in the child, which
 * would have to fetch the pages with the names first. */
static brood_target look_up(const struct served_message *message) {
  struct wire_record record;
  if (message->request.in_parcel ||
      !wire_record_decode(&record, message->record, message->record_size,
                          NULL)) {
    return NULL;
  }
  return registry_target(record.target);
}

/* Receives what did not fit into the message: the first of fds is the end of a
 * pair, where it lies. There is room for one message more than should be. */
static int *receive_others(const int *fds, size_t count, size_t num_fds) {
  char nothing;
  struct iovec part = {.iov_base = &nothing, .iov_len = 1};
  int *all = malloc((num_fds + SYS_SOCK_MAX_FDS) * sizeof *all);
  if (all == NULL) child_refuse("no memory for %zu descriptors", num_fds);
  memcpy(all, fds + 1, --count * sizeof *all);
  while (count < num_fds) {
    size_t more = SYS_SOCK_MAX_FDS;
    int r = sys_sock_try_receive_parts(fds[0], &part, 1, all + count, &more);
    if (r <= 0) child_refuse("cannot receive: %s", sys_error_text(-r));
    count += more;
  }
  sys_close(fds[0]);
  return all;
}

__attribute__((noreturn)) static void run_served_child(
    struct served_message *message, brood_target target) {
  sys_signals_restore(signals_before);
  for (size_t i = 0; i < num_channels; i++) {
    sys_close(channels[i].fd);
    sys_close(channels[i].latest);
  }
  sys_close(SERVE_FD_OWNER);
  for (size_t i = 0; i < num_reports; i++) sys_close(reports[i].fd);
  sys_close(child_signals);
  size_t in_parcel = message->request.in_parcel;
  size_t count = message->num_fds - in_parcel;
  struct delivery delivery = {.target = target,
                              .data = message->record,
                              .size = message->record_size,
                              .fds = message->fds + in_parcel};
  int r = in_parcel ? parcel_open(&delivery, message->fds[0]) : 0;
  if (r < 0) child_refuse("cannot open the record: %s", sys_error_text(-r));
  if (in_parcel) sys_close(message->fds[0]);
  delivery.num_fds = message->request.num_fds;
  if (count < delivery.num_fds) {
    delivery.fds = receive_others(delivery.fds, count, delivery.num_fds);
  }
  sys_fd_limit_restore(&limit_before);
  child_main(&delivery);
}

/* Forks a child for a launch. out_fds get what goes back to the client. Returns
 * the pid, or -errno and there is no child. */
static int fork_child(struct served_message *message, int out_fds[2]) {
  /* A child has less than 16 of its own while it receives those of a launch. */
  int r = sys_fd_room(SERVE_FD_OWNER, 16 + message->request.num_fds);
  if (r == 0) r = prepare_report(&out_fds[1]);
  if (r < 0) return r;
  brood_target target = look_up(message);
  int pid = sys_fork();
  if (pid == 0) {
    sys_close(out_fds[1]);
    run_served_child(message, target);
  }
  if (pid > 0) {
    out_fds[0] = sys_pidfd_open(pid);
    if (out_fds[0] >= 0) return pid;
    sys_discard_child(pid);
    pid = out_fds[0];
  }
  settle_report(-1);
  return pid;
}

/* False if it is no launch, or the client cannot be told. If it lives, its
 * start fails, and the child must not live; if it was killed, the child is an
 * orphan like others. */
static bool launch(struct channel *channel, struct served_message *message) {
  size_t in_parcel = message->request.in_parcel;
  if (in_parcel > 1 || message->num_fds < in_parcel) return false;
  size_t count = message->num_fds - in_parcel, all = message->request.num_fds;
  bool is_whole = all == count || (all > count && count > 1); /* with a pair */
  if (!is_whole) return false;
  int fds[2] = {-1, -1};
  int pid = fork_child(message, fds);
  struct serve_reply reply = {.error = pid < 0 ? pid : 0, .pid = pid};
  int r = answer(channel->fd, &reply, fds, pid < 0 ? 0 : 1 + (fds[1] >= 0));
  if (pid > 0) settle_report(pid); /* after the answer: nobody waits for it */
  sys_try_yield(); /* to the child, if it is to run where the server does */
  sys_close(fds[1]);
  sys_close(channel->latest);
  channel->latest = fds[0];
  if (r >= 0 || r == -EPIPE || r == -ECONNRESET) return r >= 0;
  sys_pidfd_signal(channel->latest, SIGKILL);
  return r != -EAGAIN && answer_error(channel, r);
}

/* ------------------------------------------------------------ Requests -- */

/* Reads one message and does what it says. */
static void serve(size_t index, struct served_message *message) {
  struct channel *channel = &channels[index];
  message->num_fds = SYS_SOCK_MAX_FDS;
  message->request.kind = 0;
  int r = sys_sock_receive(channel->fd, message,
                           offsetof(struct served_message, record_size),
                           message->fds, &message->num_fds);
  if (r < 0) message->num_fds = 0;
  message->record_size = (size_t)r - sizeof message->request;
  uint32_t kind = message->request.kind;
  bool ok = false;
  if (r == -EMFILE) { /* a client that connects finds out by itself */
    ok = kind == SERVE_CONNECT || answer_error(channel, r);
  } else if (r >= (int)sizeof message->request) {
    if (kind == SERVE_LAUNCH) ok = launch(channel, message);
    if (kind == SERVE_CONNECT && message->num_fds == 1) {
      add_channel(message->fds[0]); /* from here on channel may be no more */
      message->num_fds = 0;
      ok = true;
    }
    if (kind == SERVE_CANCEL) { /* the client waits for this answer */
      sys_pidfd_signal(channel->latest, SIGKILL);
      answer_error(channel, -ECANCELED);
    }
  }
  for (size_t i = 0; i < message->num_fds; i++) sys_close(message->fds[i]);
  if (!ok) drop_channel(index);
}

/* Without pidfds the hang-up of a channel has to tell of an end: what stands in
 * for a pidfd is always readable. */
static int to_poll(int pidfd) {
  return pidfd >= 0 && sys_pidfd_pollable(pidfd) ? pidfd : -1;
}

/* Waits for requests, for ends of children, and for the owner's end. */
__attribute__((noreturn)) static void serve_forever(void) {
  enum { OWNER, REPORTS, FIRST_CHANNEL };
  struct served_message message;
  struct pollfd *polls = NULL;
  size_t capacity = 0;
  int owner = to_poll(SERVE_FD_OWNER);
  for (;;) {
    /* With nobody but the door left there is nobody to serve. */
    if (num_channels == 1 && num_reports == 0) sys_exit(0);
    size_t count = FIRST_CHANNEL + num_channels;
    if (count > capacity) {
      capacity = 2 * count;
      polls = realloc(polls, capacity * sizeof *polls);
      if (polls == NULL) sys_exit(1);
    }
    polls[OWNER] = (struct pollfd){.fd = owner, .events = POLLIN};
    polls[REPORTS] = (struct pollfd){.fd = child_signals, .events = POLLIN};
    for (size_t i = 0; i < num_channels; i++) {
      polls[FIRST_CHANNEL + i] =
          (struct pollfd){.fd = channels[i].fd, .events = POLLIN};
    }
    /* Soon: who starts one process often starts another. */
    if (sys_poll_soon(polls, count, SYS_CLOCK_NEVER) < 0) sys_exit(1);
    if (polls[OWNER].revents != 0) sys_exit(0);
    if (polls[REPORTS].revents != 0) send_reports();
    /* Backwards: dropping a channel moves the last one into its place. */
    for (size_t i = count - FIRST_CHANNEL; i-- > 0;) {
      if (polls[FIRST_CHANNEL + i].revents != 0) serve(i, &message);
    }
  }
}

/* -------------------------------------------------------------- Start -- */

/* Takes argv from the parcel, runs the preloads that are registered here, and
 * answers: with the first that fails. */
static void open_parcel(void) {
  const void *data;
  struct wire_reader reader = {0};
  if (sys_map_file(SERVE_FD_PARCEL, &data, &reader.left) < 0) sys_exit(1);
  sys_close(SERVE_FD_PARCEL);
  reader.at = data;
  struct wire_texts argv = wire_get_texts(&reader);
  struct wire_texts preload = wire_get_texts(&reader);
  if (reader.bad) sys_exit(1);
  settings_set_argv(child_texts(&argv, NULL), (int)argv.count);
  struct serve_reply reply = {0};
  reader = preload.reader;
  for (uint32_t i = 0; i < preload.count && reply.preload_code == 0; i++) {
    const char *name = wire_get_string(&reader);
    brood_callable function = registry_callable(name);
    reply.preload = (int32_t)i;
    if (function != NULL) reply.preload_code = function();
  }
  fflush(NULL); /* or every child says it again */
  bool reports_needed = !kernel_tells();
  int r = sys_signals_serve(signals_before, reports_needed);
  if (r < 0 || sys_sock_pair(door) < 0) sys_exit(1);
  if (reports_needed) child_signals = r;
  r = answer(SERVE_FD_CHANNEL, &reply, NULL, 0);
  if (r < 0 || reply.preload_code != 0) sys_exit(1);
}

void forkserver_main(void) {
  if (sys_sock_check(SERVE_FD_CHANNEL) < 0 ||
      sys_cloexec(SERVE_FD_CHANNEL) < 0 || sys_cloexec(SERVE_FD_OWNER) < 0) {
    child_refuse("this program was run with " IMAGE_FORKSERVER
                 " but not as a forkserver");
  }
  struct sys_signals signals;
  signals_before = &signals;
  limit_before = sys_fd_limit_raise();
  /* The one that serves is nobody's child. The owner waits for this process,
   * and then reads: so it knows of the server, or that (and why: -errno) there
   * is none, whoever has a copy of its end. The server begins when this process
   * has ended, so that what it says comes second. */
  int ends[2];
  int r = sys_pipe(ends);
  int pid = r < 0 ? r : sys_fork();
  if (pid != 0) {
    struct serve_reply hello = {.error = pid < 0 ? pid : 0, .pid = pid};
    int pidfd = to_poll(sys_pidfd_open(pid));
    answer(SERVE_FD_CHANNEL, &hello, &pidfd, pidfd >= 0);
    sys_exit(pid < 0);
  }
  sys_close(ends[1]);
  if (sys_poll_one(ends[0], POLLIN, SYS_CLOCK_NEVER) < 0) sys_exit(1);
  sys_close(ends[0]);
  open_parcel();
  forkserver_adopt(door[1], to_poll(sys_pidfd_open(sys_getpid())));
  add_channel(SERVE_FD_CHANNEL);
  add_channel(door[0]);
  serve_forever();
}
