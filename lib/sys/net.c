/* SPDX-License-Identifier: MIT */
#include "lib/sys/net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"

/* What waits to be accepted costs the kernel, not us. */
enum { BACKLOG = 1024 };

/* ---------------------------------------------------------------- Unix -- */

/* A socket, and the address of a path. */
static int unix_socket(const char *path, int flags, struct sockaddr_un *out) {
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof out->sun_path) return -ENAMETOOLONG;
  strcpy(out->sun_path, path);
  int type = SOCK_SEQPACKET | SOCK_CLOEXEC | flags;
  return sys_fd_new(socket(AF_UNIX, type, 0));
}

/* It has to wait if more have come than are accepted. */
int sys_unix_connect(const char *path, int seconds) {
  SYS_FAULT();
  struct sockaddr_un address;
  struct timeval most = {.tv_sec = seconds};
  int r, fd = unix_socket(path, seconds == 0 ? SOCK_NONBLOCK : 0, &address);
  if (fd < 0) return fd;
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  do {
    r = connect(fd, (struct sockaddr *)&address, sizeof address);
  } while (r < 0 && errno == EINTR);
  return sys_fd_unless(fd, r < 0 ? -errno : 0);
}

/* Does nobody listen at a socket file? */
static bool is_stale(const char *path) {
  if (sys_socket_file(path) == 0) return false;
  int fd = sys_unix_connect(path, 0);
  sys_close(fd);
  return fd == -ECONNREFUSED;
}

static int try_bind(int fd, const struct sockaddr_un *address) {
  int r = bind(fd, (const struct sockaddr *)address, sizeof *address);
  return r < 0 ? -errno : 0;
}

/* A directory in which one process at a time makes a socket: until it listens,
 * its file looks stale. One that takes a second for that is not waited for. */
static int lock_directory_of(struct sockaddr_un address) {
  char *end = strrchr(address.sun_path, '/');
  if (end != NULL) end[1] = '\0';
  const char *directory = end == NULL ? "." : address.sun_path;
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 100 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
    if (errno != EWOULDBLOCK) break;
    poll(NULL, 0, 10);
  }
  return fd;
}

static int make_listen(int fd, const struct sockaddr_un *address) {
  /* bind gives the file the mode of the socket, less the umask. */
  if (fchmod(fd, S_IRUSR | S_IWUSR) < 0) return -errno;
  int directory = lock_directory_of(*address);
  int r = try_bind(fd, address);
  if (r == -EADDRINUSE && is_stale(address->sun_path)) {
    unlink(address->sun_path);
    r = try_bind(fd, address);
  }
  if (r == 0 && listen(fd, BACKLOG) < 0) r = -errno;
  sys_close(directory);
  return r;
}

int sys_unix_listen(const char *path) {
  SYS_FAULT();
  struct sockaddr_un address;
  int fd = unix_socket(path, SOCK_NONBLOCK, &address);
  return fd < 0 ? fd : sys_fd_unless(fd, make_listen(fd, &address));
}

int sys_unix_peer(int sock) {
  SYS_FAULT();
  struct ucred peer;
  socklen_t size = sizeof peer;
  int r = getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  if (r < 0) return -errno;
  return peer.uid == geteuid() ? peer.pid : -EPERM;
}

uint64_t sys_socket_file(const char *path) {
  struct stat status;
  if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode)) return 0;
  return status.st_ino;
}

void sys_socket_file_remove(const char *path, uint64_t number) {
  if (number != 0 && sys_socket_file(path) == number) unlink(path);
}

/* ----------------------------------------------------------------- TCP -- */

static int listen_at(int fd, const struct addrinfo *address) {
  int on = 1;
  /* Connections that are just ending do not keep the port. */
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool listens = bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
                 listen(fd, BACKLOG) == 0;
  return listens ? 0 : -errno;
}

static int connect_to(int fd, const struct addrinfo *address,
                      int64_t deadline_ns) {
  if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) return 0;
  if (errno != EINTR && errno != EINPROGRESS) return -errno;
  int error = 0, r = sys_poll_one(fd, POLLOUT, deadline_ns);
  socklen_t size = sizeof error;
  if (r == 0) return -ETIMEDOUT;
  if (r > 0) r = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return r < 0 ? r : -error;
}

/* A socket that listens or connects, with the first address of a name that
 * lets it. */
static int tcp_socket(const char *host, const char *port, int flags,
                      int64_t deadline_ns) {
  struct addrinfo *addresses,
      hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
  int r = getaddrinfo(host, port, &hints, &addresses);
  if (r == EAI_SYSTEM && errno != 0) return -errno;
  if (r != 0) return r == EAI_MEMORY ? -ENOMEM : -EADDRNOTAVAIL;
  r = -EADDRNOTAVAIL;
  for (struct addrinfo *at = addresses; r < 0 && at; at = at->ai_next) {
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = r = sys_fd_new(socket(at->ai_family, type, 0));
    if (fd < 0) continue;
    r = flags & AI_PASSIVE ? listen_at(fd, at)
                           : connect_to(fd, at, deadline_ns);
    r = sys_fd_unless(fd, r);
  }
  freeaddrinfo(addresses);
  return r;
}

int sys_tcp_listen(const char *host, const char *port) {
  SYS_FAULT();
  return tcp_socket(host, port, AI_PASSIVE, 0);
}

int sys_tcp_connect(const char *host, const char *port, int64_t deadline_ns) {
  SYS_FAULT();
  return tcp_socket(host, port, 0, deadline_ns);
}

int sys_tcp_port(int sock) {
  SYS_FAULT();
  struct sockaddr_in6 address; /* the port lies at the same place in both */
  socklen_t size = sizeof address;
  int r = getsockname(sock, (struct sockaddr *)&address, &size);
  return r < 0 ? -errno : ntohs(address.sin6_port);
}

int sys_tcp_watch(int sock, int seconds) {
  SYS_FAULT();
  const struct {
    int level, name, value;
  } options[] = {{IPPROTO_TCP, TCP_NODELAY, 1},
                 {SOL_SOCKET, SO_KEEPALIVE, 1},
                 {IPPROTO_TCP, TCP_KEEPIDLE, seconds / 3},
                 {IPPROTO_TCP, TCP_KEEPINTVL, seconds / 6},
                 {IPPROTO_TCP, TCP_KEEPCNT, 4},
                 {IPPROTO_TCP, TCP_USER_TIMEOUT, seconds * 1000}};
  int r = 0;
  for (size_t i = 0; r == 0 && i < sizeof options / sizeof options[0]; i++) {
    r = setsockopt(sock, options[i].level, options[i].name, &options[i].value,
                   sizeof options[i].value);
  }
  return r < 0 ? -errno : 0;
}

/* ----------------------------------------------------------- Connections -- */

int sys_accept(int sock) {
  SYS_FAULT();
  int fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0) return sys_fd_new(fd);
  /* What went wrong with a connection that nobody has is nobody's. */
  bool is_ours = errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                 errno == ENOBUFS || errno == EBADF || errno == EINVAL;
  return is_ours ? -errno : -EAGAIN;
}

int sys_stream_read(int sock, void *out_data, size_t size) {
  SYS_FAULT();
  ssize_t n;
  if (size > INT_MAX) size = INT_MAX;
  do {
    n = recv(sock, out_data, size, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : (int)n;
}

int sys_stream_write(int sock, const void *data, size_t size) {
  SYS_FAULT();
  ssize_t n;
  if (size > INT_MAX) size = INT_MAX;
  do {
    n = send(sock, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : (int)n;
}
