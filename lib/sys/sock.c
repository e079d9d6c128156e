/* SPDX-License-Identifier: MIT
 *
 * See sock.h. Descriptors can leak on receipt in three ways: the message is
 * cut (MSG_TRUNC), the control data is cut (MSG_CTRUNC: the kernel installs
 * what fits), or more than one SCM_RIGHTS header comes. All three end in the
 * loop of receive_message that closes them.
 */
#include "lib/sys/sock.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/sys/fault.h"
#include "lib/sys/fd.h"
#include "lib/sys/libc.h"

union control {
  char bytes[CMSG_SPACE(SYS_SOCK_MAX_FDS * sizeof(int)) +
             CMSG_SPACE(sizeof(struct ucred))];
  struct cmsghdr header; /* alignment */
};

int sys_sock_pair(int out_ends[2]) {
  SYS_FAULT();
  int r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out_ends);
  return sys_fds_new(r, out_ends);
}

SYS_CALL(sys_sock_restrict, (int sock),
         setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)))

bool sys_sock_is_unread(int sock) {
  int size = 0;
  return ioctl(sock, TIOCOUTQ, &size) == 0 && size > 0;
}

int sys_sock_check(int fd) {
  SYS_FAULT();
  int type, domain;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return -errno;
  size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0) return -errno;
  return type == SOCK_SEQPACKET && domain == AF_UNIX ? 0 : -EPROTOTYPE;
}

int sys_sock_try_send(int sock, const struct iovec *parts, size_t num_parts,
                      const int *fds, size_t num_fds) {
  SYS_FAULT();
  if (num_fds > SYS_SOCK_MAX_FDS) return -EINVAL;
  union control control;
  struct msghdr message = {.msg_iov = (struct iovec *)parts,
                           .msg_iovlen = num_parts};
  if (num_fds > 0) {
    size_t size = num_fds * sizeof(int);
    memset(control.bytes, 0, CMSG_SPACE(size)); /* its padding travels too */
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), fds, size);
  }
  int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  bool is_plain = num_parts == 1 && num_fds == 0; /* the kernel copies less */
  ssize_t n;
  do {
    n = is_plain ? send(sock, parts->iov_base, parts->iov_len, flags)
                 : sys_sendmsg(sock, &message, flags);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : 0;
}

/* Takes the descriptors of one control header; returns how many it wrote, and
 * closes what does not fit. */
static size_t take_fds(const struct cmsghdr *header, int *out_fds,
                       size_t capacity, int *overflow) {
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  size_t taken = 0;
  for (size_t i = 0; i < count; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
    fd = taken < capacity ? sys_fd_new(fd) : sys_close(fd);
    if (fd >= 0) {
      out_fds[taken++] = fd;
    } else {
      *overflow = 1; /* perhaps no number above the streams is left */
    }
  }
  return taken;
}

/* Has it been sent by our own user and group? What was sent before the kernel
 * was asked to write that down has been by nobody. */
static bool is_from_us(const struct cmsghdr *header) {
  struct ucred sender;
  memcpy(&sender, CMSG_DATA(header), sizeof sender);
  return sender.uid == getuid() && sender.gid == getgid();
}

static int receive_message(int sock, const struct iovec *parts,
                           size_t num_parts, int *out_fds, size_t *num_fds,
                           int flags) {
  union control control;
  struct msghdr message = {.msg_iov = (struct iovec *)parts,
                           .msg_iovlen = num_parts,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  ssize_t n;
  do {
    n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC | flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  size_t taken = 0;
  int overflow = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  bool foreign = false;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_CREDENTIALS) foreign = !is_from_us(header);
    if (header->cmsg_type != SCM_RIGHTS) continue;
    taken += take_fds(header, out_fds + taken, *num_fds - taken, &overflow);
  }
  /* An empty message may have some, and looks like the end. */
  bool is_whole = !foreign && !overflow;
  for (; taken > 0 && (!is_whole || n == 0); taken--) {
    sys_close(out_fds[taken - 1]);
  }
  if (foreign && n > 0) return -EPERM;
  if (!is_whole) return message.msg_flags & MSG_CTRUNC ? -EMFILE : -EMSGSIZE;
  *num_fds = taken;
  return (int)n;
}

int sys_sock_receive(int sock, void *out_data, size_t capacity, int *out_fds,
                     size_t *num_fds) {
  SYS_FAULT();
  struct iovec part = {.iov_base = out_data, .iov_len = capacity};
  return receive_message(sock, &part, 1, out_fds, num_fds, 0);
}

int sys_sock_try_receive_parts(int sock, const struct iovec *parts,
                               size_t num_parts, int *out_fds,
                               size_t *num_fds) {
  SYS_FAULT();
  return receive_message(sock, parts, num_parts, out_fds, num_fds,
                         MSG_DONTWAIT);
}

int sys_sock_peek(int sock, void *out_data, size_t capacity, int *out_fds,
                  size_t *num_fds) {
  SYS_FAULT();
  struct iovec part = {.iov_base = out_data, .iov_len = capacity};
  return receive_message(sock, &part, 1, out_fds, num_fds,
                         MSG_PEEK | MSG_DONTWAIT);
}

void sys_sock_drop(int sock) {
  char nothing;
  while (recv(sock, &nothing, 0, MSG_DONTWAIT) < 0 && errno == EINTR) {
  }
}
