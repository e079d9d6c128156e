/* SPDX-License-Identifier: MIT
 *
 * Unix socket pairs that carry messages and descriptors. There is no bind and
 * no listen in this library: what has no name cannot be connected to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "lib/names.h"

/* The kernel's limit of descriptors in one message (SCM_MAX_FD). */
#define SYS_SOCK_MAX_FDS 253

/* sys_sock_pair makes two connected SOCK_SEQPACKET ends: a message arrives
 * whole or not at all. */
int sys_sock_pair(int out_ends[2]);

/* sys_sock_restrict: to whoever receives at this end, a message is -EPERM and
 * lost that a process with another real user or group sends from now on, or has
 * sent before. */
int sys_sock_restrict(int sock);

/* sys_sock_is_unread: something that was sent from this end has not been
 * received at the other. */
bool sys_sock_is_unread(int sock);

/* sys_sock_check returns 0 if fd is such an end. */
int sys_sock_check(int fd);

/* sys_sock_try_send sends one message with descriptors, or is -EAGAIN if there
 * is no room; never raises SIGPIPE. */
int sys_sock_try_send(int sock, const struct iovec *parts, size_t num_parts,
                      const int *fds, size_t num_fds);

/* sys_sock_receive receives one message and up to *num_fds descriptors, writes
 * their number, and returns the size of the message: 0 at the end of file. A
 * message or a set of descriptors that does not fit is -EMSGSIZE, one that the
 * descriptor table has no room for -EMFILE, and nothing of it stays open. */
int sys_sock_receive(int sock, void *out_data, size_t capacity, int *out_fds,
                     size_t *num_fds);

/* sys_sock_try_receive_parts receives likewise into several parts, one after
 * the other, or is -EAGAIN if there is no message. */
int sys_sock_try_receive_parts(int sock, const struct iovec *parts,
                               size_t num_parts, int *out_fds, size_t *num_fds);

/* sys_sock_peek is sys_sock_receive, but leaves the message where it is, and
 * its descriptors in it; -EAGAIN if there is none. sys_sock_drop takes the
 * first message and throws it away. */
int sys_sock_peek(int sock, void *out_data, size_t capacity, int *out_fds,
                  size_t *num_fds);
void sys_sock_drop(int sock);
