/* SPDX-License-Identifier: MIT
 *
 * Forkserver: the courier is a message to a clean process that forks itself.
 * This is the client; server.c is the other end.
 *
 * The server is run when the first process needs it, is nobody's child (it
 * cannot disturb a program that waits for any), has no address, and goes when
 * its owner does. It may be killed at any time. A request that it has not read
 * by then comes back as ECONNRESET, and a new server gets it; one that it has
 * read may have been carried out, so that start fails.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error/error.h"
#include "lib/start/current.h"
#include "lib/start/image.h"
#include "lib/start/method.h"
#include "lib/start/parcel.h"
#include "lib/start/process.h"
#include "lib/start/reap.h"
#include "lib/start/serve.h"
#include "lib/start/settings.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"
#include "lib/sys/task.h"

/* The mutex is held for a whole request, so a fork in another thread may find
 * it locked: the child starts with a new one, and with a channel that it only
 * inherited. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int channel = -1;
static bool is_inherited;

static void forget(void) {
  mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  is_inherited = true;
}

__attribute__((constructor)) static void watch_forks(void) {
  guard_at_fork(forget);
}

void forkserver_adopt(int inherited) {
  channel = inherited;
  is_inherited = true;
}

/* -------------------------------------------------------- The channel -- */

/* Is this how a request that nobody read comes back? */
static bool is_undelivered(int negative_errno) {
  return negative_errno == -ECONNRESET || negative_errno == -EPIPE;
}

/* A memfd of argv and preload names, or -errno. */
static int pack_init(const char *const *preload) {
  struct wire_writer writer = {0};
  const char *const *argv = brood_argv(NULL);
  wire_put_texts(&writer, argv);
  wire_put_texts(&writer, preload);
  uint8_t *data = malloc(writer.used);
  if (data == NULL) return -ENOMEM;
  writer = (struct wire_writer){.data = data, .capacity = writer.used};
  wire_put_texts(&writer, argv);
  wire_put_texts(&writer, preload);
  int fd = sys_memfd_new("brood-forkserver", writer.used);
  int r = fd < 0 ? fd : sys_write_full(fd, data, writer.used);
  free(data);
  if (r >= 0) return fd;
  sys_close(fd);
  return r;
}

/* One request and its answer; -ENODATA if the server went without one. */
static int ask_init(int sock, const char *const *preload,
                    struct serve_reply *out_reply) {
  int parcel = pack_init(preload);
  if (parcel < 0) return parcel;
  struct serve_request request = {.kind = SERVE_INIT};
  struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
  int r = sys_sock_send(sock, &part, 1, &parcel, 1);
  sys_close(parcel);
  size_t no_fds = 0;
  if (r == 0) {
    r = sys_sock_receive(sock, out_reply, sizeof *out_reply, NULL, &no_fds);
  }
  if (r == 0 || is_undelivered(r)) return -ENODATA;
  return r < 0 ? r : 0;
}

static int init_server(int sock) {
  const char **preload = settings_preload();
  if (preload == NULL) return error_set_os(-ENOMEM, "cannot run a forkserver");
  struct serve_reply reply;
  int r = ask_init(sock, preload, &reply);
  if (r == -ENODATA) {
    r = error_set(BROOD_RUNTIME_ERROR,
                  "the forkserver ended before it could serve: the executable "
                  "must be a program whose main begins with brood_init");
  } else if (r < 0) {
    r = error_set_os(r, "cannot run a forkserver");
  } else if (reply.preload_code != 0) {
    r = error_set(BROOD_RUNTIME_ERROR,
                  "forkserver preload '%.100s' failed with %d",
                  preload[reply.preload], (int)reply.preload_code);
  }
  free(preload);
  return r;
}

/* Runs a server; the image forks itself away from us and exits. */
static int run_server(int *out_channel) {
  int ends[2];
  int owner = current_pidfd();
  int r = owner < 0 ? owner : sys_sock_pair(ends);
  if (r < 0) return error_set_os(r, "cannot run a forkserver");
  int fds[] = {ends[1], owner};
  r = image_run(IMAGE_FORKSERVER, fds, 2);
  sys_close(ends[1]);
  if (r > 0) {
    sys_wait_pid(r); /* what becomes of it, the channel tells */
    r = init_server(ends[0]);
  }
  if (r < 0) {
    sys_close(ends[0]);
    return r;
  }
  *out_channel = ends[0];
  return 0;
}

/* Makes a channel of our own over the inherited one; -errno. */
static int connect_over(int inherited, int *out_channel) {
  int ends[2];
  int r = sys_sock_pair(ends);
  if (r < 0) return r;
  struct serve_request request = {.kind = SERVE_CONNECT};
  struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
  r = sys_sock_send(inherited, &part, 1, &ends[1], 1);
  sys_close(ends[1]);
  if (r < 0) {
    sys_close(ends[0]);
    return r;
  }
  *out_channel = ends[0];
  return 0;
}

/* In this order: a fork in between must not find a closed number. */
static void drop_channel(void) {
  int dead = channel;
  channel = -1;
  sys_close(dead);
}

/* Makes sure that there is a channel of our own. Sets errors. */
static int open_channel(void) {
  if (channel >= 0 && is_inherited) {
    int own = -1;
    int r = connect_over(channel, &own);
    if (r < 0 && !is_undelivered(r)) {
      return error_set_os(r, "cannot connect to the forkserver");
    }
    drop_channel();
    channel = own; /* or -1: that server is dead */
  }
  is_inherited = false;
  return channel >= 0 ? 0 : run_server(&channel);
}

/* ------------------------------------------------------------ A launch -- */

/* Sends descriptors that did not fit into the first message. */
static int send_fds(const int *fds, size_t num_fds) {
  struct serve_request request = {.kind = SERVE_FDS};
  struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
  int r = 0;
  while (r == 0 && num_fds > 0) {
    size_t now = num_fds < SYS_SOCK_MAX_FDS ? num_fds : SYS_SOCK_MAX_FDS;
    r = sys_sock_send(channel, &part, 1, fds, now);
    fds += now;
    num_fds -= now;
  }
  return r;
}

static int send_launch(const struct launch *launch) {
  size_t size = launch->head_size + launch->args_size;
  int fds[SYS_SOCK_MAX_FDS];
  size_t first = 0;
  int parcel = -1;
  if (size > SERVE_INLINE) {
    parcel = parcel_pack(launch);
    if (parcel < 0) return parcel;
    fds[first++] = parcel;
  }
  size_t now = launch->num_fds;
  if (now > SYS_SOCK_MAX_FDS - first) now = SYS_SOCK_MAX_FDS - first;
  memcpy(fds + first, launch->fds, now * sizeof *fds);
  struct serve_request request = {.kind = SERVE_LAUNCH,
                                  .num_fds = (uint32_t)launch->num_fds,
                                  .in_parcel = parcel >= 0};
  struct iovec parts[] = {{&request, sizeof request},
                          {(void *)launch->head, launch->head_size},
                          {(void *)launch->args, launch->args_size}};
  int r = sys_sock_send(channel, parts, parcel >= 0 ? 1 : 3, fds, first + now);
  sys_close(parcel);
  if (r < 0) return r;
  r = send_fds(launch->fds + now, launch->num_fds - now);
  if (r < 0) drop_channel(); /* or the server would keep what it has of them */
  return r;
}

/* After an answer that could not be received: what was started must not live,
 * and what is still on its way must not answer the next request. */
static void cancel_launch(void) {
  struct serve_request request = {.kind = SERVE_CANCEL};
  struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
  if (sys_sock_send(channel, &part, 1, NULL, 0) == 0) {
    sys_poll_one(channel, 0, SYS_CLOCK_NEVER);
  }
  drop_channel();
}

/* 0, -errno, or -ENODATA if the server went after it had read the request. */
static int receive_launched(struct launched *out) {
  struct serve_reply reply;
  int fds[2] = {-1, -1};
  size_t num_fds = 2;
  struct pollfd answer = {.fd = channel, .events = POLLIN};
  sys_poll_soon(&answer, 1, SYS_CLOCK_NEVER);
  int r = sys_sock_receive(channel, &reply, sizeof reply, fds, &num_fds);
  if (r < 0 && !is_undelivered(r)) cancel_launch();
  if (r < 0) return r;
  if (r == 0) return -ENODATA;
  if (reply.error < 0) return reply.error;
  *out = (struct launched){.pid = reply.pid, .pidfd = fds[0], .report = fds[1]};
  return 0;
}

static int converse(const struct launch *launch, struct launched *out) {
  int r = reap_check_room(channel);
  if (r == 0) r = send_launch(launch);
  return r < 0 ? r : receive_launched(out);
}

static int launch_locked(const struct launch *launch, struct launched *out) {
  const char *name = launch->process->name;
  int r = -ECONNRESET;
  /* The second server has just been run for this: once is enough. */
  for (int attempt = 0; attempt < 2 && is_undelivered(r); attempt++) {
    if (open_channel() < 0) return brood_error();
    r = converse(launch, out);
    if (is_undelivered(r) || r == -ENODATA) drop_channel();
  }
  if (r == -ENODATA) r = -ECONNRESET;
  if (r == 0) return 0;
  return error_set_os(r, "cannot start '%.100s' by the forkserver", name);
}

static int launch_by_forkserver(const struct launch *launch,
                                struct launched *out) {
  pthread_mutex_lock(&mutex);
  int r = launch_locked(launch, out);
  pthread_mutex_unlock(&mutex);
  return r;
}

/* -------------------------------------------------------------- The end -- */

/* Reads the server's report; false if the server died first. The descriptor
 * stays open: other threads may be about to poll it. */
static bool read_report(struct launched *launched, int *out_exitcode) {
  int32_t exitcode;
  int r = sys_read_full(launched->report, &exitcode, sizeof exitcode);
  launched->report_lost = r < 0;
  if (r == 0) *out_exitcode = exitcode;
  return r == 0;
}

static int reap_by_forkserver(struct launched *launched, int *out_exitcode) {
  if (launched->report >= 0 && !launched->report_lost) {
    if (sys_poll_one(launched->report, POLLIN, 0) <= 0) return 0;
    if (read_report(launched, out_exitcode)) return 1;
  }
  int pidfd = launched->pidfd;
  if (sys_pidfd_exit_info(pidfd, out_exitcode) == 1) return 1;
  if (sys_pidfd_wait(pidfd, 0) <= 0) return 0;
  if (reap_ask_kernel(pidfd, out_exitcode) == 1) return 1;
  /* The server was killed: a zombie until whoever adopted it cares. */
  if (sys_zombie_exitcode(pidfd, launched->pid, out_exitcode) == 1) return 1;
  if (sys_pidfd_exit_info(pidfd, out_exitcode) == 1) return 1;
  *out_exitcode = REAP_LOST;
  return 1;
}

const struct start_method start_forkserver = {
    .name = "forkserver",
    .process_class = "ForkServerProcess",
    .fresh_image = true,
    .surroundings = true,
    .launch = launch_by_forkserver,
    .reap = reap_by_forkserver,
};
