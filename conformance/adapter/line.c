/* SPDX-License-Identifier: MIT
 *
 * Lines; see line.h. No stdio: a FILE is shared by fork, and both copies
 * would flush it.
 */
#include "conformance/adapter/line.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conformance/adapter/io.h"
#include "conformance/adapter/memory.h"

int line_connect(struct line_stream *out_stream, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int r = 0;
  do {
    r = connect(descriptor, (struct sockaddr *)&address, sizeof address);
  } while (r < 0 && errno == EINTR);
  if (r < 0) {
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
  }
  *out_stream = (struct line_stream){
      .descriptor = descriptor, .buffer = memory_new(LINE_MAX_BYTES + 2, 1)};
  return 0;
}

void line_close(struct line_stream *stream) {
  close(stream->descriptor);
  free(stream->buffer);
  *stream = (struct line_stream){.descriptor = -1};
}

static void forget_taken(struct line_stream *stream) {
  stream->size -= stream->taken;
  memmove(stream->buffer, stream->buffer + stream->taken, stream->size);
  stream->taken = 0;
}

char *line_read(struct line_stream *stream) {
  size_t searched = 0;
  forget_taken(stream);
  while (true) {
    char *end =
        memchr(stream->buffer + searched, '\n', stream->size - searched);
    if (end != NULL) {
      *end = '\0';
      stream->taken = (size_t)(end - stream->buffer) + 1;
      return stream->buffer;
    }
    searched = stream->size;
    if (stream->size > LINE_MAX_BYTES) {
      errno = EMSGSIZE;
      return NULL;
    }
    ssize_t size = io_read(stream->descriptor, stream->buffer + stream->size,
                           LINE_MAX_BYTES + 1 - stream->size);
    if (size <= 0) {
      if (size == 0) errno = 0;
      return NULL;
    }
    stream->size += (size_t)size;
  }
}

static int write_all(int descriptor, const char *data, size_t size_bytes) {
  while (size_bytes > 0) {
    /* Not write: a runner that is gone must not raise SIGPIPE here, whose
     * disposition is the scenario's to choose. */
    ssize_t size = send(descriptor, data, size_bytes, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return -1;
    data += size;
    size_bytes -= (size_t)size;
  }
  return 0;
}

int line_write(struct line_stream *stream, const char *line) {
  size_t size = strlen(line);
  if (size > LINE_MAX_BYTES) {
    errno = EMSGSIZE;
    return -1;
  }
  if (write_all(stream->descriptor, line, size) < 0) return -1;
  return write_all(stream->descriptor, "\n", 1);
}
