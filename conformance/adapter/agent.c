/* SPDX-License-Identifier: MIT
 *
 * Actors; see agent.h. Parent and child run the same code. A forked child
 * inherits the connection of the actor that it was forked from and must not
 * keep it: the runner would take the one for the other.
 */
#include "conformance/adapter/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/handle.h"
#include "conformance/adapter/line.h"
#include "conformance/adapter/request.h"

/* The connection of this process's actor, or, right after a fork, of the
 * parent's; -1 for none. */
static int connection = -1;

static void keep_objects(struct handles *handles, const brood_args *args) {
  for (size_t i = 1; i < brood_args_count(args); i++) {
    char name[24];
    snprintf(name, sizeof name, "$%zu", i - 1);
    struct value value = arguments_value(args, i);
    value.given = true;
    handles_keep(handles, value, name);
  }
}

static int greet(struct line_stream *stream) {
  char line[64];
  snprintf(line, sizeof line, "{\"hello\":{\"pid\":%d}}", (int)getpid());
  return line_write(stream, line);
}

/* Answers one request; false if the connection or the runner is unusable. */
static bool serve_line(struct line_stream *stream, struct handles *handles,
                       const char *line, struct ending *ending) {
  char *reply = request_answer(handles, line, ending);
  if (reply == NULL) {
    fprintf(stderr, "adapter: not a request: %.200s\n", line);
    return false;
  }
  bool silent = ending->how == ENDING_EXIT || ending->how == ENDING_FAIL;
  bool sent = silent || line_write(stream, reply) == 0;
  free(reply);
  return sent;
}

static struct ending serve(struct line_stream *stream,
                           struct handles *handles) {
  struct ending ending = {.how = ENDING_NONE};
  if (greet(stream) < 0) return ending;
  while (ending.how == ENDING_NONE) {
    const char *line = line_read(stream);
    if (line == NULL) {
      if (errno != 0) fprintf(stderr, "adapter: %s\n", strerror(errno));
      break;
    }
    if (!serve_line(stream, handles, line, &ending)) break;
  }
  return ending;
}

static void open_stream(struct line_stream *out_stream, const char *path) {
  if (connection >= 0) close(connection);
  connection = -1;
  if (line_connect(out_stream, path) < 0) {
    char text[256];
    snprintf(text, sizeof text, "adapter: cannot connect to %.100s: %s", path,
             strerror(errno));
    brood_fail(text);
  }
  connection = out_stream->descriptor;
}

int agent_connection(void) {
  return connection;
}

void agent_run(const char *path, const brood_args *args) {
  struct line_stream stream;
  struct handles handles;
  open_stream(&stream, path);
  handles_init(&handles);
  if (args != NULL) keep_objects(&handles, args);
  struct ending ending = serve(&stream, &handles);
  line_close(&stream);
  connection = -1;
  handles_clear(&handles);
  if (ending.how == ENDING_EXIT) brood_exit(ending.code);
  if (ending.how == ENDING_FAIL) brood_fail(ending.text);
}
