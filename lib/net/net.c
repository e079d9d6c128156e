/* SPDX-License-Identifier: MIT
 *
 * What lib/manager asks of this room: see manager/net.h. Addresses as texts:
 * "unix:PATH", "tcp://HOST:PORT", "tcp://[HOST]:PORT".
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manager/link.h"
#include "lib/manager/net.h"
#include "lib/net/handshake.h"
#include "lib/net/relay.h"
#include "lib/share/end.h"
#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/net.h"

/* ------------------------------------------------------------- Addresses -- */

struct address {
  const char *path; /* borrowed; NULL: it is one of TCP */
  char host[256];
  char port[6];
};

const char *address_path(const char *text) {
  return strncmp(text, "unix:", 5) == 0 ? text + 5 : NULL;
}

/* "HOST:PORT" or "[HOST]:PORT". */
static bool read_host(struct address *out, const char *text) {
  bool has_brackets = text[0] == '[';
  const char *host = text + has_brackets;
  const char *end = strchr(host, has_brackets ? ']' : ':');
  const char *colon = end != NULL ? end + has_brackets : NULL;
  if (end == NULL || end == host || *colon != ':' ||
      (size_t)(end - host) >= sizeof out->host) {
    return false;
  }
  size_t size = strlen(colon + 1);
  if (size == 0 || size >= sizeof out->port ||
      strspn(colon + 1, "0123456789") != size || atoi(colon + 1) > UINT16_MAX) {
    return false;
  }
  snprintf(out->host, sizeof out->host, "%.*s", (int)(end - host), host);
  strcpy(out->port, colon + 1);
  return true;
}

static int read_address(struct address *out, const char *text) {
  *out = (struct address){.path = address_path(text)};
  bool is_right = strncmp(text, "tcp://", 6) == 0 && read_host(out, text + 6);
  if (out->path != NULL) is_right = out->path[0] != '\0';
  if (is_right && strlen(text) < NET_ADDRESS) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "'%.200s' is neither tcp://HOST:PORT nor unix:PATH", text);
}

/* ------------------------------------------------------------- Listening -- */

static int net_listen(const char *text, char out_address[NET_ADDRESS]) {
  struct address address;
  int r = read_address(&address, text);
  if (r < 0) return r;
  bool is_unix = address.path != NULL;
  strcpy(out_address, text);
  int fd = is_unix ? sys_unix_listen(address.path)
                   : sys_tcp_listen(address.host, address.port);
  r = fd < 0 || is_unix ? fd : sys_tcp_port(fd);
  if (r >= 0 && !is_unix) {
    uint16_t port = (uint16_t)r;
    snprintf(strrchr(out_address, ':') + 1, sizeof address.port, "%u", port);
  }
  if (r >= 0) return fd;
  sys_close(fd);
  return error_set_os(r, "cannot listen at %s", text);
}

static void net_unlisten(int listener, const char *text) {
  const char *path = address_path(text);
  sys_close(listener);
  if (path != NULL) sys_socket_file_remove(path, sys_socket_file(path));
}

/* ------------------------------------------------------------ Connecting -- */

/* All of a packet, until a deadline; 0 or -errno. */
static int read_packet(int fd, void *out, size_t size, int64_t deadline_ns) {
  size_t have = 0;
  while (have < size) {
    int n = sys_stream_read(fd, (uint8_t *)out + have, size - have);
    if (n == 0) return -ECONNRESET;
    if (n > 0) have += (size_t)n;
    if (n == -EAGAIN) n = sys_poll_one(fd, POLLIN, deadline_ns);
    if (n <= 0) return n < 0 ? n : -ETIMEDOUT;
  }
  return 0;
}

static int shake_hands(int fd, const struct net_key *key, int64_t by_ns,
                       uint64_t *out_server) {
  struct handshake shake;
  int r = read_packet(fd, &shake.challenge, sizeof shake.challenge, by_ns);
  if (r == 0) r = handshake_prove(&shake, key, sync_self_process());
  if (r == 0) r = sys_stream_write(fd, &shake.proof, sizeof shake.proof);
  if (r >= 0) r = r == sizeof shake.proof ? 0 : -EPROTO; /* it fits at once */
  if (r == 0) r = read_packet(fd, &shake.verdict, sizeof shake.verdict, by_ns);
  if (r == 0) r = handshake_conclude(&shake, key);
  if (r == 0) *out_server = shake.verdict.server;
  return r;
}

static int connect_to_server(const struct address *address,
                             const struct net_key *key, uint64_t *out_server) {
  int64_t by_ns = sys_clock_deadline(BROOD_SECONDS(BROOD_STRANGER_SECONDS));
  int fd = address->path != NULL
               ? sys_unix_connect(address->path, BROOD_STRANGER_SECONDS)
               : sys_tcp_connect(address->host, address->port, by_ns);
  if (fd < 0) return fd == -EAGAIN ? -ETIMEDOUT : fd;
  int r = shake_hands(fd, key, by_ns, out_server);
  if (r == 0 && address->path == NULL) {
    r = sys_tcp_watch(fd, BROOD_VANISHED_SECONDS);
  }
  return sys_fd_unless(fd, r);
}

/* A line by way of a relay, which gets the stream. */
static int relay_stream(const brood_context *context, int stream,
                        brood_connection **out_door,
                        brood_process **out_relay) {
  brood_connection *near, *far;
  int r = brood_pipe_new(context, 0, &near, &far);
  if (r < 0) return r;
  brood_value args[RELAY_ARGS] = {[RELAY_STREAM] = brood_descriptor(stream),
                                  [RELAY_END] = brood_object(far),
                                  [RELAY_NOT_OURS] = brood_object(near)};
  *out_relay =
      process_start_servant(context, "SyncManager-relay", SERVANT_RELAY,
                            brood_net_relay, args, RELAY_ARGS);
  brood_connection_free(far);
  r = *out_relay == NULL ? brood_error() : link_renew(&near);
  if (r < 0) near = brood_connection_free(near);
  *out_door = near;
  return r;
}

static int refuse(int r, const char *address) {
  switch (r) {
    case -EACCES:
    case -EPERM:
      return error_set_os(-EPERM, "the server at %s is another user's",
                          address);
    case -EKEYREJECTED:
      return error_set(BROOD_AUTHENTICATION_ERROR,
                       "the server at %s and this client have different keys",
                       address);
    case -EXDEV:
      return error_set_os(r, "the server at %s cannot see this process",
                          address);
    default: return error_set_os(r, "cannot connect to %s", address);
  }
}

static int net_connect(const brood_context *context, const char *text,
                       struct net_key key, uint64_t *out_id,
                       brood_connection **out_door, brood_process **out_relay) {
  struct address address;
  int r = read_address(&address, text);
  if (r < 0) return r;
  int fd = connect_to_server(&address, &key, out_id);
  if (fd < 0) return refuse(fd, text);
  if (address.path == NULL) {
    r = relay_stream(context, fd, out_door, out_relay);
    sys_close(fd);
    return r;
  }
  r = end_make(fd, END_BOTH, out_door);
  if (r == 0) return 0;
  sys_close(fd);
  return error_set_os(r, "cannot connect to %s", text);
}

__attribute__((constructor)) static void register_net(void) {
  static const struct manager_net net = {.listen = net_listen,
                                         .unlisten = net_unlisten,
                                         .porter = brood_net_porter,
                                         .connect = net_connect};
  if (sodium_init() >= 0) manager_set_net(&net);
}
