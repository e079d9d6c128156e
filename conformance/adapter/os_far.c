/* SPDX-License-Identifier: MIT
 *
 * What strangers do who know a manager's host and port, but not its key, and
 * have no library: they knock, listen to what others say, and say it again.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/thread.h"

/* What two who talked to each other have said. */
enum { CLIENT, SERVER, MOST = 1 << 16 };
static struct {
  char bytes[MOST];
  atomic_size_t size;
} heard[2];

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

static int call_port(struct call *call, int *out) {
  const cJSON *json = call_plain(call, call->args[0]);
  const cJSON *port = cJSON_GetArrayItem(json, 1);
  if (!cJSON_IsNumber(port)) return call_fail(call, "TypeError", "not a port");
  *out = port->valueint;
  return 0;
}

/* The connection stays open as long as the process lives. */
static int say(struct call *call, const char *text, size_t size) {
  int port = 0;
  if (call_port(call, &port) < 0) return -1;
  int fd = connect_to(port);
  if (fd < 0) return call_fail_os(call, "connect");
  if (size == 0 || send(fd, text, size, MSG_NOSIGNAL) > 0) return 0;
  return call_fail_os(call, "send");
}

static int knock(struct call *call) {
  const char *text = NULL;
  if (call_text_or_null(call, 1, &text) < 0) return -1;
  return say(call, text, text == NULL ? 0 : strlen(text));
}

static int replay(struct call *call) {
  return say(call, heard[CLIENT].bytes, heard[CLIENT].size);
}

/* ------------------------------------------------------------ Listening -- */

struct listener {
  int fd;
  int port; /* of the one who is listened to */
};

/* The first who comes, and the only one. */
static int await_client(void *argument, int *out_port) {
  struct listener *listener = argument;
  int client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
  *out_port = listener->port;
  close(listener->fd);
  free(listener);
  return client;
}

/* What one says is told to the other, and kept; false: it says no more. */
static bool carry(int from, int to, int who) {
  char some[4096];
  ssize_t n = recv(from, some, sizeof some, 0);
  if (n <= 0 || send(to, some, (size_t)n, MSG_NOSIGNAL) != n) return false;
  size_t size = heard[who].size, room = MOST - size;
  if ((size_t)n < room) room = (size_t)n;
  memcpy(heard[who].bytes + size, some, room);
  heard[who].size = size + room;
  return true;
}

static void *stand_between(void *argument) {
  int port, client = await_client(argument, &port), server = connect_to(port);
  struct pollfd polls[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
  bool goes_on = client >= 0 && server >= 0;
  while (goes_on && poll(polls, 2, -1) > 0) {
    if (polls[CLIENT].revents) goes_on = carry(client, server, CLIENT);
    if (polls[SERVER].revents) goes_on &= carry(server, client, SERVER);
  }
  close(client);
  close(server);
  return NULL;
}

static void *say_heard(void *argument) {
  int port, client = await_client(argument, &port);
  send(client, heard[SERVER].bytes, heard[SERVER].size, MSG_NOSIGNAL);
  return NULL;
}

/* The packets are lib/net's: of the last one only the first word is what the
 * server said. */
static void *say_mirrored(void *argument) {
  enum { CHALLENGE = 40, PROOF = 72, PROVEN = 40, WORD = 8 };
  char proof[PROOF];
  int port, client = await_client(argument, &port);
  const char *said = heard[SERVER].bytes;
  if (send(client, said, CHALLENGE, MSG_NOSIGNAL) == CHALLENGE &&
      recv(client, proof, PROOF, MSG_WAITALL) == PROOF &&
      send(client, said + CHALLENGE, WORD, MSG_NOSIGNAL) == WORD) {
    send(client, proof + PROOF - PROVEN, PROVEN, MSG_NOSIGNAL);
  }
  return NULL;
}

/* Answers an address; a thread has what comes to it. */
static int listen_there(struct call *call, int port, void *(*run)(void *)) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct listener *listener = memory_must(malloc(sizeof *listener));
  *listener = (struct listener){
      .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .port = port};
  if (bind(listener->fd, (struct sockaddr *)&address, size) < 0 ||
      listen(listener->fd, 1) < 0 ||
      getsockname(listener->fd, (struct sockaddr *)&address, &size) < 0) {
    call_fail_os(call, "listen");
    close(listener->fd);
    free(listener);
    return -1;
  }
  pthread_t thread;
  thread_start(&thread, run, listener);
  cJSON *list = memory_must(cJSON_CreateArray());
  cJSON_AddItemToArray(list, memory_must(cJSON_CreateString("127.0.0.1")));
  cJSON_AddItemToArray(
      list, memory_must(cJSON_CreateNumber(ntohs(address.sin_port))));
  call->result = value_json(list);
  return 0;
}

static int overhear(struct call *call) {
  int port = 0;
  if (call_port(call, &port) < 0) return -1;
  return listen_there(call, port, stand_between);
}

static int pose(struct call *call) {
  return listen_there(call, 0, say_heard);
}

static int mirror(struct call *call) {
  return listen_there(call, 0, say_mirrored);
}

const struct method os_far_methods[] = {
    {"knock", "address text?", knock},
    {"overhear", "address", overhear},
    {"replay", "address", replay},
    {"pose", "", pose},
    {"mirror", "", mirror},
    {NULL, NULL, NULL},
};
