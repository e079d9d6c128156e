/* SPDX-License-Identifier: MIT
 *
 * The forkserver: a single thread that waits for requests and forks itself.
 * It never waits for one client: a launch whose descriptors come in several
 * messages is collected per channel, so a client killed half-way holds up
 * nobody.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/child.h"
#include "lib/start/image.h"
#include "lib/start/parcel.h"
#include "lib/start/reports.h"
#include "lib/start/serve.h"
#include "lib/start/settings.h"
#include "lib/state/registry.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"
#include "lib/wire/record.h"

/* A launch as far as it has arrived. One that came in a single message, as
 * most do, is made of what is on the stack; only one that has to wait for more
 * is copied to the heap. The server and each child pay for every page that
 * either writes to after the fork. */
struct pending {
  const uint8_t *data; /* NULL if it is in a parcel */
  size_t size;
  int parcel;
  int *fds;
  size_t num_fds;
  size_t want_fds;
};

struct channel {
  int fd;
  int latest;              /* a pidfd of the latest child, for SERVE_CANCEL */
  bool lost;               /* the launch has failed that is still arriving */
  struct pending *pending; /* on the heap, or NULL */
};

static struct channel *channels;
static size_t num_channels;
static int door[2] = {-1, -1}; /* [1] is what children connect over */
static struct sys_signals signals_before;
static struct rlimit limit_before; /* of descriptors */

/* ----------------------------------------------------------- Channels -- */

static void close_fds(const int *fds, size_t num_fds) {
  for (size_t i = 0; i < num_fds; i++) sys_close(fds[i]);
}

static void discard_pending(struct channel *channel) {
  struct pending *pending = channel->pending;
  if (pending == NULL) return;
  close_fds(pending->fds, pending->num_fds);
  sys_close(pending->parcel);
  free((void *)pending->data);
  free(pending->fds);
  free(pending);
  channel->pending = NULL;
}

/* Takes fd. */
static void add_channel(int fd) {
  struct channel *more =
      realloc(channels, (num_channels + 1) * sizeof *channels);
  if (more == NULL || sys_sock_restrict(fd) < 0) {
    if (more != NULL) channels = more;
    sys_close(fd); /* its client finds out and runs a server of its own */
    return;
  }
  channels = more;
  channels[num_channels++] = (struct channel){.fd = fd, .latest = -1};
}

static void drop_channel(size_t index) {
  sys_close(channels[index].fd);
  sys_close(channels[index].latest);
  discard_pending(&channels[index]);
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

/* ------------------------------------------------------------ Children -- */

/* Finds what a record names before the fork rather than in the child, which
 * would have to fetch the pages with the names first. */
static brood_target look_up(const struct pending *pending) {
  struct wire_record record;
  if (pending->parcel >= 0 ||
      !wire_record_decode(&record, pending->data, pending->size, NULL)) {
    return NULL;
  }
  return registry_target(record.target);
}

/* What has arrived of other launches, too, is not this child's. */
static void close_channels(const struct pending *own) {
  for (size_t i = 0; i < num_channels; i++) {
    const struct channel *channel = &channels[i];
    sys_close(channel->fd);
    sys_close(channel->latest);
    if (channel->pending == NULL || channel->pending == own) continue;
    close_fds(channel->pending->fds, channel->pending->num_fds);
    sys_close(channel->pending->parcel);
  }
}

__attribute__((noreturn)) static void run_served_child(struct pending *pending,
                                                       brood_target target) {
  sys_signals_restore(&signals_before);
  sys_fd_limit_restore(&limit_before);
  close_channels(pending);
  sys_close(SERVE_FD_OWNER);
  reports_close();
  struct delivery delivery = {.target = target,
                              .data = pending->data,
                              .size = pending->size,
                              .fds = pending->fds,
                              .num_fds = pending->num_fds};
  if (pending->parcel >= 0) {
    struct parcel parcel;
    int r = parcel_open(&parcel, pending->parcel);
    if (r < 0) child_refuse("cannot open the record: %s", strerrordesc_np(-r));
    sys_close(pending->parcel);
    delivery.data = parcel.data;
    delivery.size = parcel.size;
  }
  child_main(&delivery);
}

/* Forks a child for a launch that has arrived whole. out_fds get what goes
 * back to the client. Returns the pid, or -errno and there is no child. */
static int fork_child(struct pending *pending, int out_fds[2]) {
  int r = sys_fd_room(SERVE_FD_OWNER, 0);
  if (r == 0) r = reports_prepare(&out_fds[1]);
  if (r < 0) return r;
  brood_target target = look_up(pending);
  int pid = sys_fork();
  if (pid == 0) run_served_child(pending, target);
  if (pid > 0) {
    out_fds[0] = sys_pidfd_open(pid);
    if (out_fds[0] >= 0) return pid;
    sys_discard_child(pid);
    pid = out_fds[0];
  }
  reports_settle(-1);
  return pid;
}

static void cancel(const struct channel *channel) {
  if (channel->latest >= 0) sys_pidfd_signal(channel->latest, SIGKILL);
}

/* False if the client cannot be told. If it lives, its start fails, and the
 * child must not live; if it was killed, the child is an orphan like others. */
static bool launch(struct channel *channel, struct pending *pending) {
  int fds[2] = {-1, -1};
  int pid = fork_child(pending, fds);
  struct serve_reply reply = {.error = pid < 0 ? pid : 0, .pid = pid};
  int r = answer(channel->fd, &reply, fds, pid < 0 ? 0 : 1 + (fds[1] >= 0));
  if (pid > 0) reports_settle(pid); /* after the answer: nobody waits for it */
  sys_close(fds[1]);
  sys_close(channel->latest);
  channel->latest = fds[0];
  if (r >= 0 || r == -EPIPE || r == -ECONNRESET) return r >= 0;
  cancel(channel);
  return r != -EAGAIN && answer_error(channel, r);
}

/* ------------------------------------------------------------ Requests -- */

/* One message as it came. */
struct served_message {
  struct serve_request request;
  uint8_t record[SERVE_INLINE];
  size_t record_size;
  int fds[SYS_SOCK_MAX_FDS];
  size_t num_fds;
  bool lost; /* there was no room for its descriptors */
};

/* Copies a launch that has to wait for more descriptors; NULL without memory.
 * The descriptors are taken. */
static struct pending *keep_pending(const struct pending *arrived) {
  struct pending *pending = malloc(sizeof *pending);
  uint8_t *data = malloc(arrived->size + 1);
  int *fds = malloc((arrived->want_fds + 1) * sizeof *fds);
  if (pending == NULL || data == NULL || fds == NULL) {
    free(pending);
    free(data);
    free(fds);
    return NULL;
  }
  if (arrived->size > 0) memcpy(data, arrived->data, arrived->size);
  memcpy(fds, arrived->fds, arrived->num_fds * sizeof *fds);
  *pending = *arrived;
  pending->data = data;
  pending->fds = fds;
  return pending;
}

/* Each of the following handles one message and takes its descriptors; false
 * if the channel is of no more use. */

/* A launch whose descriptors did not fit. It is answered when all of it has
 * come, for the client sends all before it listens. */
static bool handle_lost(struct channel *channel,
                        const struct served_message *message) {
  const struct serve_request *request = &message->request;
  close_fds(message->fds, message->num_fds);
  discard_pending(channel);
  if (request->kind == SERVE_CONNECT) return true; /* it finds out */
  uint32_t here = request->kind != SERVE_LAUNCH ? 0
                  : request->in_parcel          ? SYS_SOCK_MAX_FDS - 1
                                                : SYS_SOCK_MAX_FDS;
  channel->lost = request->num_fds > here;
  return channel->lost || answer_error(channel, -EMFILE);
}

static bool handle_launch(struct channel *channel,
                          struct served_message *message) {
  bool in_parcel = message->request.in_parcel != 0;
  struct pending arrived = {.data = message->record,
                            .size = message->record_size,
                            .parcel = in_parcel ? message->fds[0] : -1,
                            .fds = message->fds + in_parcel,
                            .num_fds = message->num_fds - in_parcel,
                            .want_fds = message->request.num_fds};
  discard_pending(channel);
  channel->lost = false;
  bool ok = message->num_fds >= in_parcel &&
            arrived.num_fds <= arrived.want_fds &&
            arrived.want_fds <= SERVE_MAX_FDS;
  if (ok && arrived.num_fds < arrived.want_fds) {
    channel->pending = keep_pending(&arrived);
    if (channel->pending != NULL) return true;
    ok = false;
  }
  if (ok) ok = launch(channel, &arrived);
  close_fds(message->fds, message->num_fds);
  return ok;
}

static bool handle_fds(struct channel *channel,
                       const struct served_message *message) {
  struct pending *pending = channel->pending;
  if (pending == NULL ||
      message->num_fds > pending->want_fds - pending->num_fds) {
    close_fds(message->fds, message->num_fds);
    return false;
  }
  memcpy(pending->fds + pending->num_fds, message->fds,
         message->num_fds * sizeof *pending->fds);
  pending->num_fds += message->num_fds;
  if (pending->num_fds < pending->want_fds) return true;
  bool ok = launch(channel, pending);
  discard_pending(channel);
  return ok;
}

/* The client could not receive the answer. It waits for this one. */
static bool handle_cancel(struct channel *channel,
                          const struct served_message *message) {
  close_fds(message->fds, message->num_fds);
  cancel(channel);
  answer_error(channel, -ECANCELED);
  return false;
}

static bool handle_connect(const struct served_message *message) {
  if (message->num_fds != 1) {
    close_fds(message->fds, message->num_fds);
    return false;
  }
  add_channel(message->fds[0]);
  return true;
}

/* Reads one message; false at the end of the channel. */
static bool receive_request(int fd, struct served_message *out) {
  out->num_fds = SYS_SOCK_MAX_FDS;
  out->request.kind = 0;
  int n =
      sys_sock_receive(fd, out, offsetof(struct served_message, record_size),
                       out->fds, &out->num_fds);
  out->lost = n == -EMFILE;
  if (out->lost) out->num_fds = 0;
  if (out->lost) return true;
  if (n >= (int)sizeof out->request) {
    out->record_size = (size_t)n - sizeof out->request;
    return true;
  }
  if (n > 0) close_fds(out->fds, out->num_fds);
  return false;
}

static void serve(size_t index, struct served_message *message) {
  struct channel *channel = &channels[index];
  bool ok = receive_request(channel->fd, message);
  if (ok && (message->lost ||
             (channel->lost && message->request.kind == SERVE_FDS))) {
    ok = handle_lost(channel, message);
  } else if (ok) {
    switch (message->request.kind) {
      case SERVE_LAUNCH: ok = handle_launch(channel, message); break;
      case SERVE_FDS: ok = handle_fds(channel, message); break;
      case SERVE_CANCEL: ok = handle_cancel(channel, message); break;
      case SERVE_CONNECT: ok = handle_connect(message); break;
      default: close_fds(message->fds, message->num_fds); ok = false;
    }
  }
  if (!ok) drop_channel(index);
}

/* Without pidfds the hang-up of a channel has to tell of an end: what stands in
 * for a pidfd is always readable. */
static int to_poll(int pidfd) {
  return pidfd >= 0 && sys_pidfd_pollable(pidfd) ? pidfd : -1;
}

/* Waits for requests, for ends of children, and for the owner's end. */
static void serve_forever(void) {
  enum { OWNER, REPORTS, FIRST_CHANNEL };
  struct served_message message;
  struct pollfd *polls = NULL;
  size_t capacity = 0;
  int owner = to_poll(SERVE_FD_OWNER);
  for (;;) {
    /* With nobody but the door left there is nobody to serve. */
    if (num_channels == 1 && !reports_pending()) sys_exit(0);
    size_t count = FIRST_CHANNEL + num_channels;
    if (count > capacity) {
      capacity = 2 * count;
      polls = realloc(polls, capacity * sizeof *polls);
      if (polls == NULL) sys_exit(1);
    }
    polls[OWNER] = (struct pollfd){.fd = owner, .events = POLLIN};
    polls[REPORTS] = (struct pollfd){.fd = reports_fd(), .events = POLLIN};
    for (size_t i = 0; i < num_channels; i++) {
      polls[FIRST_CHANNEL + i] =
          (struct pollfd){.fd = channels[i].fd, .events = POLLIN};
    }
    /* Soon: who starts one process often starts another. */
    if (sys_poll_soon(polls, count, SYS_CLOCK_NEVER) < 0) sys_exit(1);
    if (polls[OWNER].revents != 0) sys_exit(0);
    if (polls[REPORTS].revents != 0) reports_send();
    /* Backwards: dropping a channel moves the last one into its place. */
    for (size_t i = count - FIRST_CHANNEL; i-- > 0;) {
      if (polls[FIRST_CHANNEL + i].revents != 0) serve(i, &message);
    }
  }
}

/* -------------------------------------------------------------- Start -- */

/* Calls the preload functions that are registered here; the reply names the
 * first that fails. */
static void run_preloads(const struct wire_texts *names,
                         struct serve_reply *out_reply) {
  struct wire_reader reader = names->reader;
  size_t ignored;
  for (uint32_t i = 0; i < names->count; i++) {
    brood_callable preload =
        registry_callable(wire_get_string(&reader, &ignored));
    int code = preload == NULL ? 0 : preload();
    if (code != 0) {
      out_reply->preload = (int32_t)i;
      out_reply->preload_code = code;
      return;
    }
  }
}

/* Receives SERVE_INIT and does what it says. */
static void receive_init(void) {
  struct pollfd polls[] = {{.fd = SERVE_FD_CHANNEL, .events = POLLIN},
                           {.fd = to_poll(SERVE_FD_OWNER), .events = POLLIN}};
  if (sys_poll(polls, 2, SYS_CLOCK_NEVER) < 0 || polls[1].revents != 0) {
    sys_exit(1);
  }
  struct serve_request request;
  int parcel = -1;
  size_t num_fds = 1;
  int n = sys_sock_receive(SERVE_FD_CHANNEL, &request, sizeof request, &parcel,
                           &num_fds);
  if (n != (int)sizeof request || request.kind != SERVE_INIT || num_fds != 1) {
    sys_exit(1);
  }
  const void *data;
  struct wire_reader reader = {0};
  if (sys_map_file(parcel, &data, &reader.left) < 0) sys_exit(1);
  sys_close(parcel);
  reader.at = data;
  struct wire_texts argv = wire_get_texts(&reader);
  struct wire_texts preload = wire_get_texts(&reader);
  if (reader.bad) sys_exit(1);
  const char **program_argv = malloc((argv.count + 1) * sizeof *program_argv);
  if (program_argv == NULL) sys_exit(1);
  child_texts(&argv, program_argv);
  settings_set_argv(program_argv, (int)argv.count);
  struct serve_reply reply = {0};
  run_preloads(&preload, &reply);
  fflush(NULL); /* or every child says it again */
  if (reports_open(&signals_before) < 0 || sys_sock_pair(door) < 0) sys_exit(1);
  int r = answer(SERVE_FD_CHANNEL, &reply, NULL, 0);
  if (r < 0 || reply.preload_code != 0) sys_exit(1);
}

/* The client waits for this process, and then reads: so it knows of the server,
 * or that there is none, whoever else has a copy of its end. */
static void introduce(int pid) {
  struct serve_reply hello = {.pid = pid};
  int pidfd = to_poll(sys_pidfd_open(pid));
  answer(SERVE_FD_CHANNEL, &hello, &pidfd, pidfd >= 0);
}

void forkserver_main(void) {
  if (sys_sock_check(SERVE_FD_CHANNEL) < 0 ||
      sys_cloexec(SERVE_FD_CHANNEL) < 0 || sys_cloexec(SERVE_FD_OWNER) < 0) {
    child_refuse("this program was run with " IMAGE_FORKSERVER
                 " but not as a forkserver");
  }
  limit_before = sys_fd_limit_raise();
  /* The owner waits for this process; the one that serves is nobody's child. */
  int pid = sys_fork();
  if (pid < 0) sys_exit(1);
  if (pid > 0) introduce(pid);
  if (pid > 0) sys_exit(0);
  receive_init();
  forkserver_adopt(door[1], to_poll(sys_pidfd_open(sys_getpid())));
  add_channel(SERVE_FD_CHANNEL);
  add_channel(door[0]);
  serve_forever();
  sys_exit(1);
}
