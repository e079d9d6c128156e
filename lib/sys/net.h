/* SPDX-License-Identifier: MIT
 *
 * Sockets with a name: what a manager with an address listens at, and what
 * connects to it. Nothing else in this library has one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"

/* sys_unix_listen makes a socket file that only its owner can connect to, from
 * the first moment on. One where nobody listens gives way; -EADDRINUSE: it is
 * something else. -ENAMETOOLONG: over 107 bytes.
 * sys_unix_connect connects to one, within so many seconds, or -EAGAIN; the
 * messages are those of sys/sock.h. */
int sys_unix_listen(const char *path);
int sys_unix_connect(const char *path, int seconds);

/* sys_unix_peer returns the pid of who connected; -EPERM: another user. */
int sys_unix_peer(int sock);

/* sys_socket_file is a socket file's number, 0 if there is none;
 * sys_socket_file_remove removes it if it still has that. */
uint64_t sys_socket_file(const char *path);
void sys_socket_file_remove(const char *path, uint64_t number);

/* sys_tcp_listen listens at a host and a port, "0" for any; sys_tcp_port tells
 * which. sys_tcp_connect connects until a deadline of sys_clock_ns. A name that
 * cannot be resolved is -EADDRNOTAVAIL. */
int sys_tcp_listen(const char *host, const char *port);
int sys_tcp_port(int sock);
int sys_tcp_connect(const char *host, const char *port, int64_t deadline_ns);

/* sys_tcp_watch has the kernel end a connection whose other host has been
 * silent for so many seconds, and send without delay. */
int sys_tcp_watch(int sock, int seconds);

/* sys_accept takes a connection that has come; -EAGAIN: none, or it has gone
 * again. */
int sys_accept(int sock);

/* sys_stream_read and sys_stream_write move up to so many bytes and return how
 * many, 0 at the end of file; they do not wait: -EAGAIN. */
int sys_stream_read(int sock, void *out_data, size_t size);
int sys_stream_write(int sock, const void *data, size_t size);
