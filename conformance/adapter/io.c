/* SPDX-License-Identifier: MIT
 *
 * Descriptors; see io.h. Opening may be interrupted as well: a FIFO opens
 * when somebody opens its other end.
 */
#include "conformance/adapter/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int io_open(const char *path, int flags) {
  int descriptor = -1;
  do {
    descriptor = open(path, flags | O_CLOEXEC, 0600);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

ssize_t io_read(int descriptor, void *out_data, size_t size_bytes) {
  ssize_t size = 0;
  do {
    size = read(descriptor, out_data, size_bytes);
  } while (size < 0 && errno == EINTR);
  return size;
}

ssize_t io_write(int descriptor, const void *data, size_t size_bytes) {
  ssize_t size = 0;
  do {
    size = write(descriptor, data, size_bytes);
  } while (size < 0 && errno == EINTR);
  return size;
}

int io_drain(int descriptor) {
  char waste[4096];
  ssize_t size = 0;
  do {
    size = io_read(descriptor, waste, sizeof waste);
  } while (size > 0);
  return (int)size;
}

int io_note(const char *path, const char *text) {
  char line[4096];
  int length = snprintf(line, sizeof line, "%s\n", text);
  if (length >= (int)sizeof line) {
    errno = EMSGSIZE;
    return -1;
  }
  int file = io_open(path, O_WRONLY | O_APPEND | O_CREAT);
  if (file < 0) return -1;
  /* One write, so that the lines of several processes do not mix. */
  ssize_t size = io_write(file, line, (size_t)length);
  close(file);
  return size < 0 ? -1 : 0;
}

int io_gate(const char *path) {
  int fifo = io_open(path, O_RDONLY);
  if (fifo < 0) return -1;
  int r = io_drain(fifo);
  close(fifo);
  return r;
}
