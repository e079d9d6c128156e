/* SPDX-License-Identifier: MIT
 *
 * Forkserver: the courier is a message to a clean process that forks itself.
 * This is the client; server.c is the other end. The server is run when the
 * first process needs it, is nobody's child (it cannot disturb a program that
 * waits for any), has no address, and goes when its owner does. It may be
 * killed at any time. A request that it has not read by then comes back as
 * ECONNRESET, or lies there unread, and a new server gets it; one that it has
 * read may have been carried out, so that start fails.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"

/* A way to a server. Another process may hold a copy of the server's end of the
 * channel, from a fork before its closing here; then there is no hang-up, and
 * only the pidfd tells that the server has ended. The program may close both.
 */
struct server_line {
  struct sys_kept channel;
  struct sys_kept process; /* none before Linux 5.3, and under valgrind */
  uint64_t ids;            /* whose rights the server has */
};

#define NO_LINE \
  ((struct server_line){.channel = {.fd = -1}, .process = {.fd = -1}})

/* The mutex is held for a whole request, so a fork in another thread may find
 * it locked: the child starts with a new one, and with a line that it only
 * inherited. The line is written under the guard, which that fork waits for. */
static pthread_mutex_t line_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct server_line line = NO_LINE;
static bool is_inherited;

static void forget_line(void) {
  line_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  is_inherited = true;
}

GUARD_AT_FORK(forget_line)

static void set_line(const struct server_line *new_line) {
  guard_lock();
  line = *new_line;
  is_inherited = false;
  guard_unlock();
}

void forkserver_adopt(int channel, int process) {
  line = (struct server_line){.channel = sys_keep(channel),
                              .process = sys_keep(process),
                              .ids = sys_ids()};
}

static void close_line(struct server_line *old) {
  sys_kept_close(&old->channel);
  sys_kept_close(&old->process);
}

/* In this order: a fork in between must not find a closed number. */
static void drop_line(void) {
  struct server_line old = line;
  set_line(&NO_LINE);
  close_line(&old);
}

/* Is this how a request that nobody read comes back? */
static bool is_undelivered(int negative_errno) {
  return negative_errno == -ECONNRESET || negative_errno == -EPIPE;
}

/* Waits for an event of the channel; -EPIPE if the server ended without. */
static int await(const struct server_line *on, short events) {
  struct pollfd polls[] = {{.fd = on->channel.fd, .events = events},
                           {.fd = on->process.fd, .events = POLLIN}};
  /* An answer comes in 20 ms, or it is stopped, perhaps: Ctrl-C must work. */
  int r = guard_poll(polls, 2, 20000000);
  if (r < 0) return r;
  if (polls[0].revents != 0) return 0;
  /* What it said last came before its end, but perhaps after the look. */
  return sys_poll_one(on->channel.fd, events, 0) > 0 ? 0 : -EPIPE;
}

static int send_on_line(const struct iovec *parts, size_t num_parts,
                        const int *fds, size_t num_fds) {
  int r = 0;
  while (r == 0) {
    r = sys_sock_try_send(line.channel.fd, parts, num_parts, fds, num_fds);
    if (r != -EAGAIN) return r;
    r = await(&line, POLLOUT);
  }
  return r;
}

/* A request that is no launch. */
static int send_request(enum serve_kind kind, const int *fds, size_t num_fds) {
  struct serve_request request = {.kind = kind};
  struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
  return send_on_line(&part, 1, fds, num_fds);
}

/* An answer, with up to num_fds descriptors: 0, -errno, or -ENODATA if the
 * server went without after it had read the request. */
static int receive_on(const struct server_line *on,
                      struct serve_reply *out_reply, int *out_fds,
                      size_t num_fds) {
  int r = await(on, POLLIN);
  if (r == -EPIPE && !sys_sock_is_unread(on->channel.fd)) return -ENODATA;
  if (r == 0) {
    r = sys_sock_receive(on->channel.fd, out_reply, sizeof *out_reply, out_fds,
                         &num_fds);
  }
  return r == 0 ? -ENODATA : r < 0 ? r : 0;
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
  int fd = parcel_pack(&(struct delivery){.data = data, .size = writer.used});
  free(data);
  return fd;
}

/* The following return 0, -errno, or 1 and have set an error. -ECONNRESET: the
 * server was killed before it could serve. */

/* What the server says when it has run its preload functions. */
static int hear_of_preloads(const struct server_line *on,
                            const char *const *preload) {
  struct serve_reply reply;
  int r = receive_on(on, &reply, NULL, 0);
  if (r == -ENODATA && preload[0] != NULL) {
    error_set(BROOD_RUNTIME_ERROR,
              "the forkserver ended while it ran its preload functions");
    r = 1;
  } else if (r == 0 && reply.preload_code != 0) {
    error_set(BROOD_RUNTIME_ERROR, "forkserver preload '%.100s' failed with %d",
              preload[reply.preload], (int)reply.preload_code);
    r = 1;
  }
  return r == -ENODATA ? -ECONNRESET : r;
}

/* What an image that serves says before it ends. */
static int meet_server(struct server_line *on, bool image_was_killed) {
  struct serve_reply hello = {0};
  struct iovec part = {.iov_base = &hello, .iov_len = sizeof hello};
  int process = -1;
  size_t num_fds = 1;
  int r =
      sys_sock_try_receive_parts(on->channel.fd, &part, 1, &process, &num_fds);
  if (r > 0) {
    on->process = sys_keep(num_fds > 0 ? process : -1);
    return hello.error < 0 ? hello.error : 0;
  }
  if (image_was_killed) return -ECONNRESET;
  if (r < 0 && r != -EAGAIN && !is_undelivered(r)) return r;
  error_set(BROOD_RUNTIME_ERROR,
            "the forkserver ended before it could serve: the executable "
            "must be a program whose main begins with brood_init");
  return 1;
}

struct servers_image {
  int fds[3];
  int pid;
  bool was_killed;
};

/* The image forks itself away from us and exits. */
static void run_to_its_end(void *data) {
  struct servers_image *image = data;
  image->pid = image_run(IMAGE_FORKSERVER, image->fds, 3);
  if (image->pid > 0) image->was_killed = sys_wait_pid(image->pid);
}

static int run_servers_image(int servers_end, const char *const *preload,
                             struct server_line *on) {
  int owner = current_pidfd();
  int parcel = owner < 0 ? owner : pack_init(preload);
  if (parcel < 0) return parcel;
  /* The server is nobody's child; where orphans are ours, a keeper's, which may
   * be killed before it has run anything. */
  struct servers_image image = {.fds = {servers_end, owner, parcel},
                                .pid = -ECONNRESET,
                                .was_killed = true};
  if (!sys_adopts_orphans() || sys_keeper_run(run_to_its_end, &image) < 0) {
    run_to_its_end(&image);
  }
  sys_close(parcel);
  if (image.pid <= 0) return image.pid < 0 ? image.pid : 1;
  return meet_server(on, image.was_killed);
}

static int run_server(void) {
  int ends[2];
  int r = sys_sock_pair(ends);
  if (r < 0) return r;
  struct server_line fresh = NO_LINE;
  fresh.channel = sys_keep(ends[0]);
  fresh.ids = sys_ids();
  const char **preload = settings_copy(SETTING_PRELOAD);
  r = preload == NULL ? -ENOMEM : sys_sock_restrict(ends[1]);
  if (r == 0) r = run_servers_image(ends[1], preload, &fresh);
  sys_close(ends[1]);
  if (r == 0) r = hear_of_preloads(&fresh, preload);
  free(preload);
  if (r == 0) set_line(&fresh);
  if (r != 0) close_line(&fresh);
  return r;
}

/* Makes a channel of our own over the inherited one. */
static int connect_over_line(void) {
  int ends[2];
  int r = sys_sock_pair(ends);
  if (r < 0) return r;
  r = sys_sock_restrict(ends[1]);
  if (r == 0) r = send_request(SERVE_CONNECT, &ends[1], 1);
  sys_close(ends[1]);
  struct sys_kept left = sys_keep(ends[0]);
  if (r == 0) {
    struct server_line own = line;
    own.channel = left;
    left = line.channel;
    set_line(&own);
  }
  sys_kept_close(&left);
  return r;
}

/* Makes sure that there is a channel of our own, to a server that may serve us:
 * one that was run with other rights would give its children those. */
static int open_channel(void) {
  int r = 0;
  if (!sys_kept_is_open(&line.process)) line.process.fd = -1;
  bool is_good = sys_kept_is_open(&line.channel) && line.ids == sys_ids();
  if (is_good && is_inherited) r = connect_over_line();
  if (!is_good || is_undelivered(r)) {
    drop_line();
    r = run_server();
  }
  return r;
}

/* ------------------------------------------------------------ A launch -- */

/* Puts the descriptors that do not fit into a pair, where they wait for the
 * child: it never has to wait for this process. */
static int send_others(int end, const int *fds, size_t num_fds) {
  struct iovec part = {.iov_base = (char[]){0}, .iov_len = 1};
  int r = 0;
  while (r == 0 && num_fds > 0) {
    size_t now = num_fds < SYS_SOCK_MAX_FDS ? num_fds : SYS_SOCK_MAX_FDS;
    r = sys_sock_try_send(end, &part, 1, fds, now);
    fds += now;
    num_fds -= now;
  }
  return r;
}

static int send_launch(const struct delivery *delivery) {
  bool in_parcel = delivery->size + delivery->args_size > SERVE_INLINE;
  size_t most = SYS_SOCK_MAX_FDS - in_parcel, now = delivery->num_fds;
  int *fds = delivery->fds;
  int pair[2] = {-1, -1}, parcel = -1, r = 0;
  if (now > most) {
    now = most - 1;
    r = sys_sock_pair(pair);
    if (r < 0) return r;
    r = send_others(pair[0], delivery->fds + now, delivery->num_fds - now);
    *--fds = pair[1];
  }
  if (r == 0 && in_parcel) {
    r = parcel = parcel_pack(delivery);
    *--fds = parcel;
  }
  struct serve_request request = {.kind = SERVE_LAUNCH,
                                  .num_fds = (uint32_t)delivery->num_fds,
                                  .in_parcel = in_parcel};
  struct iovec parts[] = {{&request, sizeof request},
                          {(void *)delivery->data, delivery->size},
                          {(void *)delivery->args, delivery->args_size}};
  size_t num_fds = now + (size_t)(delivery->fds - fds);
  if (r >= 0) r = send_on_line(parts, in_parcel ? 1 : 3, fds, num_fds);
  sys_close(parcel);
  sys_close(pair[0]);
  sys_close(pair[1]);
  return r;
}

/* After an answer that could not be received: what was started must not live,
 * and what is still on its way must not answer the next request. */
static void cancel_launch(void) {
  struct serve_reply reply = {0};
  int r = send_request(SERVE_CANCEL, NULL, 0) == 0 ? 0 : -EPIPE;
  while (r != -ENODATA && !is_undelivered(r) && reply.error != -ECANCELED) {
    r = receive_on(&line, &reply, NULL, 0);
  }
  drop_line();
}

/* 0, -errno, or -ENODATA if the server went after it had read the request. */
static int receive_launched(struct launched *out) {
  struct serve_reply reply;
  int fds[2] = {-1, -1};
  int r = receive_on(&line, &reply, fds, 2);
  if (r < 0 && r != -ENODATA && !is_undelivered(r)) cancel_launch();
  if (r < 0) return r;
  if (reply.error < 0) return reply.error;
  *out = (struct launched){
      .pid = reply.pid, .pidfd = sys_keep(fds[0]), .report = sys_keep(fds[1])};
  return 0;
}

int launch_by_forkserver(const struct delivery *delivery,
                         struct launched *out) {
  int r = -ECONNRESET;
  pthread_mutex_lock(&line_mutex);
  /* One server may have been killed before, one while it was run for this. */
  for (int attempt = 0; attempt < 3 && is_undelivered(r); attempt++) {
    r = open_channel();
    /* The server may have more descriptors than its child is to have. */
    size_t most = IMAGE_FIRST_FD + delivery->num_fds;
    if (r == 0) r = sys_fd_room(line.channel.fd, most);
    if (r == 0) r = send_launch(delivery);
    if (r == 0) r = receive_launched(out);
    if (is_undelivered(r) || r == -ENODATA) drop_line();
  }
  pthread_mutex_unlock(&line_mutex);
  return r == -ENODATA ? -ECONNRESET : r;
}
