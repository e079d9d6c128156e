/* SPDX-License-Identifier: MIT
 *
 * Descriptors, and the memory that they name. Every wrapper in this room
 * returns >= 0 or -errno, restarts after a signal unless its comment says
 * otherwise, and makes descriptors close-on-exec.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "lib/names.h"

/* sys_close returns -1, the invalid descriptor: fd = sys_close(fd). */
int sys_close(int fd);

/* sys_fd_new is what every wrapper returns what the kernel answered through: -1
 * becomes -errno; a descriptor with a number of the standard streams, which may
 * be closed, is moved above them, or a stray printf would write into it.
 * sys_fds_new does so for two that a call with this result made. */
int sys_fd_new(int fd);
int sys_fds_new(int result, int out_fds[2]);

/* sys_fd_unless returns fd, unless r is an error: then it closes fd, and
 * returns r. */
int sys_fd_unless(int fd, int r);

/* A descriptor that the library keeps between calls. The program may have
 * closed it, and its number be that of another file by now: nothing is written
 * to, punched or closed by a kept number before sys_kept_is_open. (Pidfds are
 * told apart from Linux 6.9 on; before, only from other kinds of files.) */
struct sys_kept {
  int fd; /* -1: none */
  uint64_t device, file;
};

#define SYS_KEPT_NONE ((struct sys_kept){.fd = -1})

/* sys_keep takes a descriptor, or -1. sys_kept_close closes it, if it is still
 * the same file. */
struct sys_kept sys_keep(int fd);
bool sys_kept_is_open(const struct sys_kept *kept);
void sys_kept_close(struct sys_kept *kept);

/* sys_open_null opens a file that has nothing to read: /dev/null, or an empty
 * memory where there is none. sys_stream puts a descriptor on a standard
 * stream. */
int sys_open_null(void);
int sys_stream(int fd, int number);

/* sys_directory_open returns the working directory, whatever it is called or
 * permits by now. sys_directory_enter makes one the working directory. */
int sys_directory_open(void);
int sys_directory_enter(int fd);

/* sys_fd_valid returns 0 if fd is open, -EBADF if not; sys_fd_copy another
 * descriptor of the same file. sys_cloexec marks one close-on-exec. */
int sys_fd_valid(int fd);
int sys_fd_copy(int fd);
int sys_cloexec(int fd);

/* sys_pipe makes a pipe: out_ends[0] reads, out_ends[1] writes. */
int sys_pipe(int out_ends[2]);

/* sys_die_at_hangup has the kernel kill this process when anything is written
 * to the pipe that fd reads, or its last writer goes; at once if that has
 * happened already. */
int sys_die_at_hangup(int fd);

/* sys_fd_room returns 0 if one more descriptor could be opened, and one of this
 * number, -EMFILE if not. fd is any open one. */
int sys_fd_room(int fd, size_t number);

/* sys_fd_limit_raise lets this process have as many descriptors as anybody may,
 * and returns the limit before, for sys_fd_limit_restore. */
struct rlimit sys_fd_limit_raise(void);
void sys_fd_limit_restore(const struct rlimit *before);

/* sys_poll waits until one of the descriptors has an event, or a deadline of
 * sys_clock_ns (SYS_CLOCK_NEVER: without limit; in the past: just looks).
 * Returns how many have one: 0 is the deadline. */
int sys_poll(struct pollfd *fds, size_t num_fds, int64_t deadline_ns);

/* sys_poll_one does so for one, and returns the events seen. */
int sys_poll_one(int fd, short events, int64_t deadline_ns);

/* sys_poll_soon is sys_poll for what is likely to happen soon: it keeps looking
 * for a moment, letting others have the processor, before it goes to sleep. To
 * wake an idle processor takes longer than to answer a request (decision 008).
 * An answer, or the next of several starts, comes sooner than SYS_SOON_NS. */
#define SYS_SOON_NS INT64_C(200000)
int sys_poll_soon(struct pollfd *fds, size_t num_fds, int64_t deadline_ns);

/* Many that are waited for together, without naming each of them each time.
 * sys_epoll_add adds one, until sys_epoll_remove, which must come before it is
 * closed: a copy of it elsewhere would keep it in the set. Its events have
 * `who`. */
int sys_epoll_new(void);
int sys_epoll_add(int epoll, int fd, void *who);
void sys_epoll_remove(int epoll, int fd);

/* sys_epoll_soon is sys_poll_soon, but writes the events, capacity at most, and
 * a deadline ends within a millisecond. With yields_first nothing is expected
 * before others have had the processor. */
int sys_epoll_soon(int epoll, struct epoll_event *out_events, int capacity,
                   bool yields_first, int64_t deadline_ns);

/* ------------------------------------------- Files and shared memory -- */

/* sys_read_full and sys_write_full move all of size bytes; a short read is
 * -EPIPE. */
int sys_read_full(int fd, void *out_data, size_t size);
int sys_write_full(int fd, const void *data, size_t size);

/* sys_read_at and sys_write_at do so at an offset of a file, without moving
 * where others read from. -ENODATA if the file is not so long to read; -EFBIG
 * if it may not become so long. */
int sys_read_at(int fd, void *out_data, size_t size, size_t offset);
int sys_write_at(int fd, const void *data, size_t size, size_t offset);

/* sys_read_text reads a small file, as far as there is room, or writes "". */
int sys_read_text(const char *path, char *out_text, size_t capacity);

/* sys_file_size returns the size of a file, or -errno; -EINVAL if fd is no
 * regular one, sys_mem_size also if it is not sealed as sys_mem_new does. */
int64_t sys_file_size(int fd);
int64_t sys_mem_size(int fd);

/* sys_map_file maps all of the file that fd names, private and read-only (but
 * not if it is empty: -EINVAL), and writes its size. */
int sys_map_file(int fd, const void **out_data, size_t *out_size);

/* sys_memfd_new makes an empty file without a name, so that nothing of it
 * outlives its descriptors and mappings. It is to have so many bytes: -EFBIG if
 * no file may (RLIMIT_FSIZE), for the kernel would kill the process that makes
 * it so. Nobody can seal it any further. */
int sys_memfd_new(const char *name, size_t size);

/* sys_mem_new makes one that reaches to *size, and gives its first `least`
 * bytes pages, all zero: -ENOSPC or -ENOMEM if there are not so many. Nobody
 * can make it smaller, so a mapping never loses what it has. If RLIMIT_FSIZE
 * allows less, *size becomes that; -EFBIG if it is less than `least`. */
int sys_mem_new(const char *name, size_t least, size_t *size);

/* sys_mem_room returns -ENOMEM if the machine, or a cgroup, has not so much
 * memory left: the kernel would rather kill somebody than refuse it. */
int sys_mem_room(size_t size);

/* sys_mem_reserve gives pages to another part of it, where it is mapped.
 * Without it the first access might kill the process. Only older kernels need
 * the file: -EBADF if that is not open. */
int sys_mem_reserve(const struct sys_kept *file, void *memory, size_t offset,
                    size_t size);

/* sys_mem_release takes the pages that lie in a part, and what was in them,
 * back. */
int sys_mem_release(void *memory, size_t offset, size_t size);

/* sys_mem_map maps it for reading and writing from all who map it. */
int sys_mem_map(int fd, size_t size, void **out_memory);
void sys_mem_unmap(void *memory, size_t size);
