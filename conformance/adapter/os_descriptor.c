/* SPDX-License-Identifier: MIT
 *
 * The actor's own descriptors. A number is kept in its handle after it was
 * closed, so that a scenario can see what using it leads to.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "conformance/adapter/agent.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/io.h"
#include "conformance/adapter/libc.h"
#include "conformance/adapter/memory.h"

/* As many bytes as fit into a reply, however they are escaped. */
enum { MAX_READ = 1 << 17, MAX_OPEN = 1 << 16 };

static int open_fd(struct call *call) {
  const char *path = NULL;
  if (call_text(call, 0, &path) < 0) return -1;
  int descriptor = io_open(path, O_RDWR | O_CREAT);
  if (descriptor < 0) return call_fail_os(call, path);
  if (call_truth(call, 1, false)) fcntl(descriptor, F_SETFD, 0);
  call->result = value_descriptor(descriptor);
  return 0;
}

static int open_fds(struct call *call) {
  const char *path = NULL;
  int count = 0, opened = 0;
  if (call_text(call, 0, &path) < 0) return -1;
  if (call_int(call, 1, &count) < 0) return -1;
  if (count < 0 || count > MAX_OPEN) {
    return call_fail(call, "ValueError", "cannot open %d files", count);
  }
  struct value list = value_list(VALUE_DESCRIPTORS, (size_t)count);
  for (; opened < count; opened++) {
    int descriptor = io_open(path, O_RDWR | O_CREAT);
    if (descriptor < 0) goto fail;
    list.as.items[opened] = value_descriptor(descriptor);
  }
  call->result = list;
  return 0;
fail:
  call_fail_os(call, path);
  while (opened > 0) close(list.as.items[--opened].as.descriptor);
  value_clear(&list);
  return -1;
}

static int fd_of(struct call *call) {
  int descriptor = -1;
  if (call_int(call, 0, &descriptor) < 0) return -1;
  if (fcntl(descriptor, F_GETFD) < 0) return call_fail_os(call, "fd_of");
  call->result = value_descriptor(descriptor);
  return 0;
}

static int fd_number(struct call *call) {
  int descriptor = -1;
  if (call_descriptor(call, 0, &descriptor) < 0) return -1;
  call->result = value_int64(descriptor);
  return 0;
}

static int read_text(struct call *call, int descriptor, int size_bytes) {
  if (size_bytes < 0 || size_bytes > MAX_READ) {
    return call_fail(call, "ValueError", "cannot read %d bytes", size_bytes);
  }
  char *text = memory_new((size_t)size_bytes + 1, 1);
  ssize_t size = io_read(descriptor, text, (size_t)size_bytes);
  int r = size < 0 ? call_fail_os(call, "read") : 0;
  if (r == 0) call->result = value_text(text);
  free(text);
  return r;
}

static int read_fd(struct call *call) {
  int descriptor = -1, size_bytes = 0;
  if (call_descriptor(call, 0, &descriptor) < 0) return -1;
  if (call_int(call, 1, &size_bytes) < 0) return -1;
  return read_text(call, descriptor, size_bytes);
}

static int read_stdin(struct call *call) {
  int size_bytes = 0;
  if (call_int(call, 0, &size_bytes) < 0) return -1;
  return read_text(call, STDIN_FILENO, size_bytes);
}

static int write_fd(struct call *call) {
  int descriptor = -1;
  const char *text = NULL;
  if (call_descriptor(call, 0, &descriptor) < 0) return -1;
  if (call_text(call, 1, &text) < 0) return -1;
  ssize_t size = io_write(descriptor, text, strlen(text));
  return size < 0 ? call_fail_os(call, "write") : 0;
}

static int make_pipe(struct call *call) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return call_fail_os(call, "pipe");
  call->result = value_list(VALUE_LIST, 2);
  call->result.as.items[0] = value_descriptor(ends[0]);
  call->result.as.items[1] = value_descriptor(ends[1]);
  return 0;
}

static int close_fd(struct call *call) {
  int descriptor = -1;
  if (call_descriptor(call, 0, &descriptor) < 0) return -1;
  return close(descriptor) < 0 ? call_fail_os(call, "close") : 0;
}

/* What programs do before they go to the background. The connection to the
 * runner stays: a scenario needs it. */
static int close_from(struct call *call) {
  int first = 0;
  if (call_int(call, 0, &first) < 0) return -1;
  int kept = agent_connection();
  if (first < kept) close_range((unsigned)first, (unsigned)kept - 1, 0);
  close_range((unsigned)(first > kept ? first : kept + 1), ~0U, 0);
  return 0;
}

static int limit_files(struct call *call) {
  int most = 0;
  struct rlimit limit;
  if (call_int(call, 0, &most) < 0) return -1;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = (rlim_t)most;
  return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? call_fail_os(call, "setrlimit")
                                              : 0;
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A signal must not end the wait early, nor make it longer. */
static int poll_until(struct pollfd *polled, nfds_t count, int64_t timeout_ns) {
  int64_t start = now_ns();
  int r = 0;
  do {
    struct timespec rest = {0};
    int64_t rest_ns = timeout_ns - (now_ns() - start);
    if (rest_ns > 0) {
      rest.tv_sec = rest_ns / 1000000000;
      rest.tv_nsec = rest_ns % 1000000000;
    }
    bool forever = timeout_ns == BROOD_FOREVER;
    r = ppoll(polled, count, forever ? NULL : &rest, NULL);
  } while (r < 0 && errno == EINTR);
  return r;
}

static int answer_ready(struct call *call, const struct pollfd *polled) {
  cJSON *ready = memory_must(cJSON_CreateArray());
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, call->args[0]) {
    short events = (polled++)->revents;
    if (events == 0) continue;
    if ((events & POLLNVAL) != 0) {
      cJSON_Delete(ready);
      errno = EBADF;
      return call_fail_os(call, "poll");
    }
    cJSON_AddItemToArray(ready, memory_must(cJSON_Duplicate(item, true)));
  }
  call->result = value_json(ready);
  return 0;
}

static int wait_readable(struct call *call) {
  const cJSON *list = NULL, *item = NULL;
  int64_t timeout_ns = 0;
  if (call_list(call, 0, &list) < 0) return -1;
  if (call_timeout(call, 1, &timeout_ns) < 0) return -1;
  size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
  struct pollfd *polled = memory_new(count, sizeof *polled);
  int r = 0;
  cJSON_ArrayForEach(item, list) {
    polled[i].events = POLLIN;
    r = call_descriptor_of(call, item, &polled[i++].fd);
    if (r < 0) goto out;
  }
  r = poll_until(polled, count, timeout_ns) < 0 ? call_fail_os(call, "poll")
                                                : answer_ready(call, polled);
out:
  free(polled);
  return r;
}

static int redirect(struct call *call, int flags, int number) {
  const char *path = NULL;
  if (call_text(call, 0, &path) < 0) return -1;
  int descriptor = io_open(path, flags);
  if (descriptor < 0) return call_fail_os(call, path);
  /* dup2's copy is inheritable, as a standard stream has to be. */
  int r = dup2(descriptor, number) < 0 ? call_fail_os(call, "dup2") : 0;
  close(descriptor);
  return r;
}

static int redirect_stdin(struct call *call) {
  return redirect(call, O_RDONLY, STDIN_FILENO);
}

static int redirect_stdout(struct call *call) {
  fflush(stdout);
  return redirect(call, O_WRONLY | O_APPEND | O_CREAT, STDOUT_FILENO);
}

const struct method os_descriptor_methods[] = {
    {"open_fd", "path inheritable", open_fd},
    {"open_fds", "path n", open_fds},
    {"fd_of", "number", fd_of},
    {"fd_number", "fd", fd_number},
    {"read_fd", "fd n", read_fd},
    {"write_fd", "fd text", write_fd},
    {"read_stdin", "n", read_stdin},
    {"pipe", "", make_pipe},
    {"close_fd", "fd", close_fd},
    {"close_from", "number", close_from},
    {"limit_files", "n", limit_files},
    {"wait_readable", "list seconds", wait_readable},
    {"redirect_stdin", "path", redirect_stdin},
    {"redirect_stdout", "path", redirect_stdout},
    {NULL, NULL, NULL},
};
