/* SPDX-License-Identifier: MIT
 *
 * The processes behind an address, see relay.h. The porter is one loop:
 * strangers, each until it has proven the key, and the streams of those that
 * did. What it does for strangers is bounded in number, bytes and time.
 *
 * It has no lifeline: it ends when the server has, and removes the socket file.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/call.h"
#include "lib/net/handshake.h"
#include "lib/net/relay.h"
#include "lib/share/end.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/net.h"
#include "lib/sys/proc.h"
#include "lib/sys/sock.h"

/* How soon it accepts again when it has no descriptors left. */
#define PAUSE_NS INT64_C(100000000)

struct stranger {
  int fd;
  int64_t deadline_ns;
  struct handshake shake;
  size_t have; /* of the proof */
};

static struct {
  int listener;
  const char *path; /* of the socket file; NULL: clients come over TCP */
  struct net_key key;
  uint64_t server;
  brood_connection *door;
  int door_fd, pidfd;
  int64_t pause_ns;
  struct stranger strangers[BROOD_MAX_STRANGERS]; /* oldest first */
  size_t num_strangers;
  struct relay **relays;
  size_t num_relays;
  struct pollfd *polls;
  size_t polls_room;
} porter;

/* -------------------------------------------------------------- Clients -- */

/* Gives the server an end, which is taken, as one more line. */
static bool give_server(int fd) {
  brood_connection *end;
  if (end_make(fd, END_BOTH, &end) < 0) {
    sys_close(fd);
    return false;
  }
  return call_send_end(porter.door, 0, end, CALL_PATIENCE_NS) == 0;
}

/* A stream gets a relay, and the server the other end of that. The stream is
 * taken only if that succeeds. */
static bool admit_stream(int stream) {
  int ends[2];
  void *more =
      reallocarray(porter.relays, porter.num_relays + 1, sizeof *porter.relays);
  if (more != NULL) porter.relays = more;
  if (more == NULL || sys_tcp_watch(stream, BROOD_VANISHED_SECONDS) < 0 ||
      sys_sock_pair(ends) < 0) {
    return false;
  }
  struct relay *relay = NULL;
  if (give_server(ends[1])) relay = relay_new(stream, ends[0], false);
  if (relay == NULL) {
    sys_close(ends[0]);
    return false;
  }
  porter.relays[porter.num_relays++] = relay;
  return true;
}

/* Over unix the server must see a client's processes as they see themselves. */
static int judge_stranger(const struct stranger *stranger) {
  uint64_t token = stranger->shake.proof.token;
  pid_t pid = porter.path == NULL ? 0 : sys_unix_peer(stranger->fd);
  if (pid < 0) return EPERM;
  if (!handshake_check(&stranger->shake, &porter.key)) return EKEYREJECTED;
  if (porter.path == NULL) return 0;
  return pid == sync_number_of(token) && !sync_has_ended(token) ? 0 : EXDEV;
}

/* Its proof is whole: it is let in, or told why not. False: to be closed. */
static bool answer_proof(struct stranger *stranger) {
  struct handshake *shake = &stranger->shake;
  int why = judge_stranger(stranger);
  handshake_answer(shake, &porter.key, porter.server, why);
  int n =
      sys_stream_write(stranger->fd, &shake->verdict, sizeof shake->verdict);
  if (why != 0 || n != sizeof shake->verdict) return false;
  if (porter.path == NULL) return admit_stream(stranger->fd);
  give_server(stranger->fd);
  return true;
}

/* ------------------------------------------------------------- Strangers -- */

static void remove_stranger(size_t index, bool closes) {
  struct stranger *stranger = &porter.strangers[index];
  if (closes) sys_close(stranger->fd);
  porter.num_strangers--;
  memmove(stranger, stranger + 1,
          (porter.num_strangers - index) * sizeof *stranger);
}

static void hear_stranger(size_t index) {
  struct stranger *stranger = &porter.strangers[index];
  size_t size = sizeof stranger->shake.proof;
  int n = sys_stream_read(stranger->fd,
                          (uint8_t *)&stranger->shake.proof + stranger->have,
                          size - stranger->have);
  if (n == -EAGAIN) return;
  if (n > 0) stranger->have += (size_t)n;
  if (n > 0 && stranger->have < size) return;
  bool is_in = n > 0 && answer_proof(stranger);
  remove_stranger(index, !is_in);
}

/* The oldest one gives way. */
static void add_stranger(int fd) {
  if (porter.num_strangers == BROOD_MAX_STRANGERS) remove_stranger(0, true);
  struct stranger *stranger = &porter.strangers[porter.num_strangers];
  struct handshake *shake = &stranger->shake;
  *stranger = (struct stranger){
      .fd = fd,
      .deadline_ns = sys_clock_ns() + BROOD_SECONDS(BROOD_STRANGER_SECONDS)};
  bool is_told =
      handshake_challenge(shake) == 0 &&
      sys_stream_write(fd, &shake->challenge, sizeof shake->challenge) ==
          sizeof shake->challenge;
  porter.num_strangers++;
  if (!is_told) remove_stranger(porter.num_strangers - 1, true);
}

static void accept_some(void) {
  for (int i = 0; i < 16; i++) {
    int fd = sys_accept(porter.listener);
    if (fd < 0 && fd != -EAGAIN) porter.pause_ns = sys_clock_ns() + PAUSE_NS;
    if (fd < 0) return;
    add_stranger(fd);
  }
}

/* -------------------------------------------------------------- The loop -- */

enum { AT_SERVER, AT_DOOR, AT_LISTENER, AT_STRANGERS };

static int await_anything(void) {
  size_t count = AT_STRANGERS + porter.num_strangers;
  for (size_t i = 0; i < porter.num_relays; i++) {
    count += relay_num_polls(porter.relays[i]);
  }
  if (count > porter.polls_room) {
    void *more = reallocarray(porter.polls, count * 2, sizeof *porter.polls);
    if (more == NULL) return -ENOBUFS; /* which no poll returns */
    porter.polls = more;
    porter.polls_room = count * 2;
  }
  bool pauses = porter.pause_ns > sys_clock_ns();
  int64_t wake_ns = pauses ? porter.pause_ns : SYS_CLOCK_NEVER;
  struct pollfd *at = porter.polls;
  *at++ = (struct pollfd){.fd = porter.pidfd, .events = POLLIN};
  *at++ = (struct pollfd){.fd = porter.door_fd, .events = POLLIN};
  *at++ =
      (struct pollfd){.fd = pauses ? -1 : porter.listener, .events = POLLIN};
  for (size_t i = 0; i < porter.num_strangers; i++) {
    struct stranger *stranger = &porter.strangers[i];
    if (stranger->deadline_ns < wake_ns) wake_ns = stranger->deadline_ns;
    *at++ = (struct pollfd){.fd = stranger->fd, .events = POLLIN};
  }
  for (size_t i = 0; i < porter.num_relays; i++) {
    relay_fill_polls(porter.relays[i], at);
    at += relay_num_polls(porter.relays[i]);
  }
  return sys_poll_soon(porter.polls, count, wake_ns);
}

static void serve_relays(const struct pollfd *at) {
  size_t kept = 0;
  for (size_t i = 0; i < porter.num_relays; i++) {
    struct relay *relay = porter.relays[i];
    size_t count = relay_num_polls(relay);
    if (relay_step(relay, at)) {
      porter.relays[kept++] = relay;
    } else {
      relay_free(relay);
    }
    at += count;
  }
  porter.num_relays = kept;
}

static void serve_strangers(const struct pollfd *at, size_t count) {
  for (size_t i = count; i-- > 0;) {
    if (at[i].revents != 0) hear_stranger(i);
  }
  int64_t now_ns = sys_clock_ns();
  while (porter.num_strangers > 0 &&
         porter.strangers[0].deadline_ns <= now_ns) {
    remove_stranger(0, true);
  }
}

static void let_strangers_in(void) {
  for (;;) {
    if (await_anything() < 0) continue;
    if (porter.polls[AT_SERVER].revents != 0 ||
        porter.polls[AT_DOOR].revents != 0) {
      return; /* the server has ended: it sends nothing through this door */
    }
    size_t count = porter.num_strangers;
    serve_relays(porter.polls + AT_STRANGERS + count);
    serve_strangers(porter.polls + AT_STRANGERS, count);
    if (porter.polls[AT_LISTENER].revents != 0) accept_some();
  }
}

static brood_connection *end_at(const brood_args *args, size_t index) {
  return brood_value_object(brood_args_get(args, index), BROOD_KIND_CONNECTION);
}

/* Of the other end of its own it must have no copy, which after a fork it has:
 * it would never see that closed. */
static void prepare(brood_connection *not_ours) {
  sys_signal_answer(SIGINT, SIG_IGN);
  sys_signal_answer(SIGTERM, SIG_IGN);
  sys_fd_limit_raise();
  brood_connection_free(not_ours);
}

void brood_net_porter(const brood_args *args) {
  const brood_value *key = brood_args_get(args, PORTER_KEY);
  const brood_value *address = brood_args_get(args, PORTER_ADDRESS);
  const brood_value *pidfd = brood_args_get(args, PORTER_PIDFD);
  prepare(end_at(args, PORTER_NOT_OURS));
  porter.path = address_path(address->as.data);
  porter.listener = brood_args_get(args, PORTER_LISTENER)->as.descriptor;
  porter.key = (struct net_key){key->as.data, key->size_bytes};
  porter.server = (uint64_t)brood_args_get(args, PORTER_ID)->as.int64;
  porter.door = end_at(args, PORTER_DOOR);
  porter.door_fd = brood_connection_fileno(porter.door);
  bool has_pidfd = pidfd->type == BROOD_TYPE_DESCRIPTOR &&
                   sys_pidfd_pollable(pidfd->as.descriptor);
  porter.pidfd = has_pidfd ? pidfd->as.descriptor : -1;
  uint64_t file = porter.path != NULL ? sys_socket_file(porter.path) : 0;
  let_strangers_in();
  if (porter.path != NULL) sys_socket_file_remove(porter.path, file);
}
REGISTRY_TARGET(brood_net_porter);

void brood_net_relay(const brood_args *args) {
  prepare(end_at(args, RELAY_NOT_OURS));
  int stream = brood_args_get(args, RELAY_STREAM)->as.descriptor;
  brood_connection *end = end_at(args, RELAY_END);
  int first = sys_fd_copy(brood_connection_fileno(end));
  brood_connection_free(end);
  struct relay *relay = first < 0 ? NULL : relay_new(stream, first, true);
  /* What a porter waits for besides, and poll passes over here. */
  porter.listener = porter.pidfd = porter.door_fd = -1;
  porter.relays = &relay;
  porter.num_relays = relay != NULL;
  while (porter.num_relays > 0) {
    int r = await_anything();
    if (r == -ENOBUFS) return;
    if (r >= 0) serve_relays(porter.polls + AT_STRANGERS);
  }
}
REGISTRY_TARGET(brood_net_relay);
