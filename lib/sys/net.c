/* SPDX-License-Identifier: MIT
 *
 * See net.h.
 */
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

static int unix_address(const char *path, struct sockaddr_un *out) {
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof out->sun_path) return -ENAMETOOLONG;
  strcpy(out->sun_path, path);
  return 0;
}

static int unix_socket(int flags) {
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
  return sys_fd_new(fd < 0 ? -errno : fd);
}

/* It has to wait if more have come than are accepted. */
int sys_unix_connect(const char *path, int seconds) {
  SYS_FAULT();
  struct sockaddr_un address;
  struct timeval most = {.tv_sec = seconds};
  int r = unix_address(path, &address);
  int fd = r < 0 ? r : unix_socket(seconds == 0 ? SOCK_NONBLOCK : 0);
  if (fd < 0) return fd;
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  do {
    r = connect(fd, (struct sockaddr *)&address, sizeof address);
  } while (r < 0 && errno == EINTR);
  if (r == 0) return fd;
  r = -errno;
  sys_close(fd);
  return r;
}

/* Does nobody listen at a socket file? */
static bool is_stale(const char *path) {
  if (sys_socket_file(path) == 0) return false;
  int fd = sys_unix_connect(path, 0);
  if (fd >= 0) sys_close(fd);
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

static int make_listen(int fd, const char *path,
                       const struct sockaddr_un *address) {
  int directory = lock_directory_of(*address);
  int r = try_bind(fd, address);
  if (r == -EADDRINUSE && is_stale(path)) {
    unlink(path);
    r = try_bind(fd, address);
  }
  if (r == 0 && listen(fd, BACKLOG) < 0) r = -errno;
  if (directory >= 0) sys_close(directory);
  return r;
}

int sys_unix_listen(const char *path) {
  SYS_FAULT();
  struct sockaddr_un address;
  int r = unix_address(path, &address);
  int fd = r < 0 ? r : unix_socket(SOCK_NONBLOCK);
  if (fd < 0) return fd;
  /* bind gives the file the mode of the socket, less the umask. */
  r = fchmod(fd, S_IRUSR | S_IWUSR) < 0 ? -errno
                                        : make_listen(fd, path, &address);
  if (r == 0) return fd;
  sys_close(fd);
  return r;
}

int sys_unix_peer(int sock, pid_t *out_pid, uid_t *out_uid) {
  SYS_FAULT();
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
    return -errno;
  }
  *out_pid = peer.pid;
  *out_uid = peer.uid;
  return 0;
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

static int resolve(const char *host, const char *port, int flags,
                   struct addrinfo **out) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                           .ai_flags = flags | AI_NUMERICSERV};
  int r = getaddrinfo(host, port, &hints, out);
  if (r == EAI_SYSTEM && errno != 0) return -errno;
  return r == EAI_MEMORY ? -ENOMEM : r == 0 ? 0 : -EADDRNOTAVAIL;
}

static int tcp_socket(const struct addrinfo *address, int flags) {
  int type = SOCK_STREAM | SOCK_CLOEXEC | flags;
  int fd = socket(address->ai_family, type, 0);
  return sys_fd_new(fd < 0 ? -errno : fd);
}

static int listen_at(const struct addrinfo *address) {
  int fd = tcp_socket(address, SOCK_NONBLOCK), on = 1;
  if (fd < 0) return fd;
  /* Connections that are just ending do not keep the port. */
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
      listen(fd, BACKLOG) == 0) {
    return fd;
  }
  int r = -errno;
  sys_close(fd);
  return r;
}

int sys_tcp_listen(const char *host, const char *port) {
  SYS_FAULT();
  struct addrinfo *addresses;
  int r = resolve(host, port, AI_PASSIVE, &addresses);
  if (r < 0) return r;
  r = -EADDRNOTAVAIL;
  for (struct addrinfo *at = addresses; r < 0 && at; at = at->ai_next) {
    r = listen_at(at);
  }
  freeaddrinfo(addresses);
  return r;
}

int sys_tcp_port(int sock) {
  SYS_FAULT();
  struct sockaddr_in6 address; /* the port lies at the same place in both */
  socklen_t size = sizeof address;
  int r = getsockname(sock, (struct sockaddr *)&address, &size);
  return r < 0 ? -errno : ntohs(address.sin6_port);
}

static int connect_to(const struct addrinfo *address, int64_t deadline_ns) {
  int fd = tcp_socket(address, SOCK_NONBLOCK);
  if (fd < 0) return fd;
  int r = 0, error = 0;
  if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
    r = errno == EINTR ? -EINPROGRESS : -errno;
  }
  if (r == -EINPROGRESS) {
    r = sys_poll_one(fd, POLLOUT, deadline_ns);
    socklen_t size = sizeof error;
    if (r == 0) r = -ETIMEDOUT;
    if (r > 0) r = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (r == 0) r = -error;
  }
  if (r == 0) return fd;
  sys_close(fd);
  return r;
}

int sys_tcp_connect(const char *host, const char *port, int64_t deadline_ns) {
  SYS_FAULT();
  struct addrinfo *addresses;
  int r = resolve(host, port, 0, &addresses);
  if (r < 0) return r;
  r = -EADDRNOTAVAIL;
  for (struct addrinfo *at = addresses; r < 0 && at; at = at->ai_next) {
    r = connect_to(at, deadline_ns);
  }
  freeaddrinfo(addresses);
  return r;
}

int sys_tcp_watch(int sock, int seconds) {
  SYS_FAULT();
  int on = 1, idle = seconds / 3, interval = seconds / 6, count = 4;
  unsigned most_ms = (unsigned)seconds * 1000;
  bool works =
      setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
      setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0 &&
      setsockopt(sock, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle) == 0 &&
      setsockopt(sock, IPPROTO_TCP, TCP_KEEPINTVL, &interval,
                 sizeof interval) == 0 &&
      setsockopt(sock, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count) == 0 &&
      setsockopt(sock, IPPROTO_TCP, TCP_USER_TIMEOUT, &most_ms,
                 sizeof most_ms) == 0;
  return works ? 0 : -errno;
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
