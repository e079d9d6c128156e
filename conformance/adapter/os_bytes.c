/* SPDX-License-Identifier: MIT
 *
 * Bytes that do not travel on the wire: made, compared, and carried by errors;
 * those of a float; and what else is known of the actor's last error.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/channel.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/libc.h"
#include "conformance/adapter/memory.h"
#include "conformance/adapter/number.h"

static int blob(struct call *call) {
  int size = 0, seed = 0;
  if (call_int(call, 0, &size) < 0) return -1;
  if (call->args[1] != NULL && call_int(call, 1, &seed) < 0) return -1;
  if (size < 0) return call_fail(call, "ValueError", "%d bytes", size);
  call->result =
      value_blob(memory_pattern((size_t)size, (unsigned)seed), (size_t)size);
  return 0;
}

static bool are_same(const brood_value *a, const brood_value *b) {
  return a->size_bytes == b->size_bytes &&
         (a->size_bytes == 0 ||
          memcmp(a->as.data, b->as.data, a->size_bytes) == 0);
}

static int same_bytes(struct call *call) {
  struct arguments both = {0};
  int r = arguments_read_bytes(call, call->args[0], &both);
  if (r == 0) r = arguments_read_bytes(call, call->args[1], &both);
  if (r == 0) {
    call->result = value_bool(are_same(&both.values[0], &both.values[1]));
  }
  arguments_clear(&both);
  return r;
}

static int bits(struct call *call) {
  int64_t integer = 0;
  double real = 0;
  char digits[NUMBER_BITS];
  if (number_get(call->args[0], &integer, &real) != NUMBER_REAL) {
    return call_fail(call, "TypeError", "not a float");
  }
  number_bits(real, digits);
  call->result = value_text(digits);
  return 0;
}

/* ---------------------------------------------------------------- Series -- */

/* Of put_blobs and get_blobs. */
struct series {
  const struct value *channel;
  int first, count, size;
};

static int read_series(struct call *call, struct series *out) {
  out->channel = handles_resolve(call->handles, call->args[0]);
  if (out->channel == NULL) return call_fail(call, "TypeError", "no channel");
  if (call_int(call, 1, &out->first) < 0) return -1;
  if (call_int(call, 2, &out->count) < 0) return -1;
  return call_int(call, 3, &out->size);
}

/* Of many sizes, so that the series comes to lie in many ways. */
static size_t size_in(const struct series *series, int i) {
  return (size_t)(series->size + i % 8);
}

static int put_blobs(struct call *call) {
  struct series series;
  if (read_series(call, &series) < 0) return -1;
  for (int i = series.first; i < series.first + series.count; i++) {
    size_t size = size_in(&series, i);
    unsigned char *data = memory_pattern(size, (unsigned)i);
    int r = channel_put(series.channel, brood_bytes(data, size));
    free(data);
    if (r < 0) return call_fail_brood(call);
  }
  return 0;
}

static bool is_of(const brood_value *item, size_t size, int i) {
  unsigned char *data = memory_pattern(size, (unsigned)i);
  brood_value wanted = brood_bytes(data, size);
  bool is = item->type == BROOD_TYPE_BYTES && are_same(item, &wanted);
  free(data);
  return is;
}

static int get_blobs(struct call *call) {
  struct series series;
  if (read_series(call, &series) < 0) return -1;
  cJSON *wrong = memory_must(cJSON_CreateArray());
  call->result = value_json(wrong);
  for (int i = series.first; i < series.first + series.count; i++) {
    brood_value item = brood_none();
    if (channel_get(series.channel, &item) < 0) return call_fail_brood(call);
    if (!is_of(&item, size_in(&series, i), i)) {
      cJSON_AddItemToArray(wrong, number_int64(i));
    }
    brood_value_clear(&item);
  }
  return 0;
}

static int error_data(struct call *call) {
  const struct failure *last = &call->handles->last;
  if (last->data != NULL) {
    call->result = value_bytes(last->data, last->size_bytes);
  }
  return 0;
}

static int error_name(struct call *call) {
  int number = call->handles->last.number;
  if (number != 0) call->result = value_text(strerrorname_np(number));
  return 0;
}

static int error_text(struct call *call) {
  const struct failure *last = &call->handles->last;
  if (last->type != NULL) call->result = value_text(last->text);
  return 0;
}

/* null where the last error was not a task's. */
static int failed_task(struct call *call) {
  const struct failed_task *task = &call->handles->last.task;
  const char *name = NULL;
  if (call_text(call, 0, &name) < 0) return -1;
  if (task->name[0] == '\0') return 0;
  if (strcmp(name, "name") == 0) {
    call->result = value_text(task->name);
  } else if (strcmp(name, "text") == 0) {
    call->result = value_text(task->text);
  } else if (strcmp(name, "index") == 0) {
    call->result = value_int64(task->index);
  } else if (strcmp(name, "worker_pid") == 0) {
    call->result = value_int64(task->worker_pid);
  } else if (strcmp(name, "exitcode") == 0) {
    call->result = value_int64(task->exitcode);
  } else {
    return call_fail(call, "KeyError", "nothing is called '%s'", name);
  }
  return 0;
}

const struct method os_bytes_methods[] = {
    {"bits", "x", bits},
    {"blob", "n seed?", blob},
    {"same_bytes", "a b", same_bytes},
    {"put_blobs", "channel first n size", put_blobs},
    {"get_blobs", "channel first n size", get_blobs},
    {"error_data", "", error_data},
    {"error_name", "", error_name},
    {"error_text", "", error_text},
    {"failed_task", "name", failed_task},
    {NULL, NULL, NULL},
};
