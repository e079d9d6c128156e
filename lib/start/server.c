/* SPDX-License-Identifier: MIT
 *
 * The forkserver: a single thread that waits for requests and forks itself.
 * It never waits for one client: a launch whose descriptors come in several
 * messages is collected per channel, so a client killed half-way holds up
 * nobody.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/start/child.h"
#include "lib/start/image.h"
#include "lib/start/parcel.h"
#include "lib/start/registry.h"
#include "lib/start/reports.h"
#include "lib/start/serve.h"
#include "lib/start/settings.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/sys/signal.h"
#include "lib/sys/sock.h"
#include "lib/wire/record.h"

/* A launch as far as it has arrived. */
struct pending {
  uint8_t *data; /* NULL if it is in a parcel */
  size_t size;
  int parcel;
  int *fds; /* NULL: nothing is pending */
  size_t num_fds;
  size_t want_fds;
};

struct channel {
  int fd;
  struct pending pending;
};

static struct channel *channels;
static size_t num_channels;
static int door[2] = {-1, -1}; /* [1] is what children connect over */
static struct sys_signals signals_before;

/* ----------------------------------------------------------- Channels -- */

static void discard_pending(struct pending *pending) {
  for (size_t i = 0; i < pending->num_fds; i++) sys_close(pending->fds[i]);
  sys_close(pending->parcel);
  free(pending->fds);
  free(pending->data);
  *pending = (struct pending){.parcel = -1};
}

/* Takes fd. */
static void add_channel(int fd) {
  struct channel *more =
      realloc(channels, (num_channels + 1) * sizeof *channels);
  if (more == NULL) {
    sys_close(fd); /* its client finds out and runs a server of its own */
    return;
  }
  channels = more;
  channels[num_channels++] =
      (struct channel){.fd = fd, .pending = {.parcel = -1}};
}

static void drop_channel(size_t index) {
  sys_close(channels[index].fd);
  discard_pending(&channels[index].pending);
  channels[index] = channels[--num_channels];
}

static int answer(int fd, const struct serve_reply *reply, const int *fds,
                  size_t num_fds) {
  struct iovec part = {.iov_base = (void *)reply, .iov_len = sizeof *reply};
  return sys_sock_send(fd, &part, 1, fds, num_fds);
}

/* ------------------------------------------------------------ Children -- */

__attribute__((noreturn)) static void run_child(struct pending *pending) {
  sys_signals_restore(&signals_before);
  for (size_t i = 0; i < num_channels; i++) sys_close(channels[i].fd);
  sys_close(SERVE_FD_OWNER);
  reports_close();
  forkserver_adopt(door[1]);
  struct delivery delivery = {.data = pending->data,
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
 * back to the client. Returns the pid or -errno. */
static int fork_child(struct pending *pending, int out_fds[2],
                      size_t *out_num_fds) {
  int r = sys_fd_room(SERVE_FD_OWNER);
  if (r < 0) return r;
  int report = -1;
  r = reports_prepare(&report);
  if (r < 0) return r;
  int pid = sys_fork();
  if (pid == 0) run_child(pending);
  int pidfd = pid < 0 ? pid : sys_pidfd_open(pid);
  if (pidfd < 0) {
    if (pid > 0) sys_discard_child(pid);
    reports_settle(-1);
    sys_close(report);
    return pidfd;
  }
  reports_settle(pid);
  out_fds[0] = pidfd;
  out_fds[1] = report;
  *out_num_fds = report >= 0 ? 2 : 1;
  return pid;
}

static void launch(struct channel *channel) {
  int fds[2] = {-1, -1};
  size_t num_fds = 0;
  int pid = fork_child(&channel->pending, fds, &num_fds);
  struct serve_reply reply = {.error = pid < 0 ? pid : 0, .pid = pid};
  answer(channel->fd, &reply, fds, num_fds);
  sys_close(fds[0]);
  sys_close(fds[1]);
  discard_pending(&channel->pending);
}

/* ------------------------------------------------------------ Requests -- */

/* One message as it came. */
struct message {
  struct serve_request request;
  uint8_t record[SERVE_INLINE];
};

/* Appends received descriptors, which are taken. False if there are more than
 * the launch announced. */
static bool collect(struct pending *pending, const int *fds, size_t num_fds) {
  if (pending->fds == NULL ||
      num_fds > pending->want_fds - pending->num_fds) {
    for (size_t i = 0; i < num_fds; i++) sys_close(fds[i]);
    return false;
  }
  memcpy(pending->fds + pending->num_fds, fds, num_fds * sizeof *fds);
  pending->num_fds += num_fds;
  return true;
}

static bool begin_launch(struct pending *pending, const struct message *message,
                         size_t size, const int *fds, size_t num_fds) {
  size_t skip = 0;
  discard_pending(pending);
  pending->want_fds = message->request.num_fds;
  pending->fds = malloc((pending->want_fds + 1) * sizeof *pending->fds);
  if (message->request.in_parcel && num_fds > 0) {
    pending->parcel = fds[0];
    skip = 1;
  } else {
    pending->data = malloc(size + 1);
    pending->size = size;
    if (pending->data != NULL) memcpy(pending->data, message->record, size);
  }
  bool ok = pending->parcel >= 0 || pending->data != NULL;
  return collect(pending, fds + skip, num_fds - skip) && ok;
}

/* Handles one message; false if the channel is of no more use. */
static bool handle(struct channel *channel, const struct message *message,
                   size_t size, const int *fds, size_t num_fds) {
  struct pending *pending = &channel->pending;
  bool ok = false;
  switch (message->request.kind) {
    case SERVE_LAUNCH:
      ok = begin_launch(pending, message, size, fds, num_fds);
      break;
    case SERVE_FDS: ok = collect(pending, fds, num_fds); break;
    default:
      for (size_t i = 0; i < num_fds; i++) sys_close(fds[i]);
  }
  if (ok && pending->num_fds == pending->want_fds) launch(channel);
  return ok;
}

static void serve(size_t index, struct message *message) {
  int fds[SYS_SOCK_MAX_FDS];
  size_t num_fds = SYS_SOCK_MAX_FDS;
  int n = sys_sock_receive(channels[index].fd, message, sizeof *message, fds,
                           &num_fds);
  if (n < (int)sizeof message->request) {
    for (size_t i = 0; n > 0 && i < num_fds; i++) sys_close(fds[i]);
    drop_channel(index);
    return;
  }
  if (message->request.kind == SERVE_CONNECT && num_fds == 1) {
    add_channel(fds[0]);
    return;
  }
  size_t size = (size_t)n - sizeof message->request;
  if (!handle(&channels[index], message, size, fds, num_fds)) {
    drop_channel(index);
  }
}

/* Waits for requests, for ends of children, and for the owner's end. */
static void serve_forever(void) {
  enum { OWNER, REPORTS, FIRST_CHANNEL };
  struct pollfd *polls = NULL;
  struct message *message = malloc(sizeof *message);
  if (message == NULL) sys_exit(1);
  for (;;) {
    size_t count = FIRST_CHANNEL + num_channels;
    struct pollfd *more = realloc(polls, count * sizeof *polls);
    if (more == NULL) sys_exit(1);
    polls = more;
    polls[OWNER] = (struct pollfd){.fd = SERVE_FD_OWNER, .events = POLLIN};
    polls[REPORTS] = (struct pollfd){.fd = reports_fd(), .events = POLLIN};
    for (size_t i = 0; i < num_channels; i++) {
      polls[FIRST_CHANNEL + i] =
          (struct pollfd){.fd = channels[i].fd, .events = POLLIN};
    }
    if (sys_poll(polls, count, SYS_CLOCK_NEVER) < 0) sys_exit(1);
    if (polls[OWNER].revents != 0) sys_exit(0);
    if (polls[REPORTS].revents != 0) reports_send();
    /* Backwards: dropping a channel moves the last one into its place. */
    for (size_t i = num_channels; i-- > 0;) {
      if (count > FIRST_CHANNEL + i && polls[FIRST_CHANNEL + i].revents != 0) {
        serve(i, message);
      }
    }
  }
}

/* -------------------------------------------------------------- Start -- */

/* Calls the preload functions that are registered here; the reply names the
 * first that fails. */
static void run_preloads(const struct wire_texts *names,
                         struct serve_reply *out_reply) {
  const char *name = names->first;
  for (uint32_t i = 0; i < names->count; i++) {
    brood_preload preload = registry_preload(name);
    int code = preload == NULL ? 0 : preload();
    if (code != 0) {
      out_reply->preload = (int32_t)i;
      out_reply->preload_code = code;
      return;
    }
    name = wire_texts_next(name);
  }
}

/* Receives SERVE_INIT and does what it says. */
static void receive_init(void) {
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
  settings_set_argv((const char *const *)child_texts(&argv), (int)argv.count);
  struct serve_reply reply = {0};
  run_preloads(&preload, &reply);
  fflush(NULL); /* or every child says it again */
  if (reports_open(&signals_before) < 0 || sys_sock_pair(door) < 0) sys_exit(1);
  answer(SERVE_FD_CHANNEL, &reply, NULL, 0);
  if (reply.preload_code != 0) sys_exit(1);
}

void forkserver_main(void) {
  if (sys_cloexec(SERVE_FD_CHANNEL) < 0 || sys_cloexec(SERVE_FD_OWNER) < 0) {
    child_refuse("this program was run with " IMAGE_FORKSERVER
                 " but not as a forkserver");
  }
  /* The owner waits for this process; the one that serves is nobody's child. */
  int pid = sys_fork();
  if (pid < 0) sys_exit(1);
  if (pid > 0) sys_exit(0);
  receive_init();
  add_channel(SERVE_FD_CHANNEL);
  add_channel(door[0]);
  serve_forever();
  sys_exit(1);
}
