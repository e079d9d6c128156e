/* SPDX-License-Identifier: MIT
 *
 * Lines over a stream socket, of at most 1 MiB each.
 */
#pragma once

#include <stddef.h>

enum { LINE_MAX_BYTES = 1 << 20 }; /* without the newline */

/* One end of a connection. */
struct line_stream {
  int descriptor;
  char *buffer;
  size_t size;  /* bytes in the buffer */
  size_t taken; /* of these, in the line that was given out */
};

/* line_connect connects to a Unix socket. -1 and errno. */
int line_connect(struct line_stream *out_stream, const char *path);

/* line_close closes the stream and frees what it holds. */
void line_close(struct line_stream *stream);

/* line_read returns the next line without its newline, valid until the next
 * call, or NULL: end of file (errno is 0), or an error, EMSGSIZE for a line
 * that is too long. */
char *line_read(struct line_stream *stream);

/* line_write writes a line and its newline. -1 and errno, EMSGSIZE likewise;
 * then nothing was written. */
int line_write(struct line_stream *stream, const char *line);
