/* SPDX-License-Identifier: MIT
 *
 * Sources of items; see source.h.
 */
#include "conformance/adapter/source.h"

#include <inttypes.h>
#include <stdio.h>

#include "conformance/adapter/arguments.h"
#include "conformance/adapter/call.h"
#include "conformance/adapter/class.h"
#include "conformance/adapter/io.h"
#include "conformance/adapter/memory.h"

struct source {
  struct arguments items;
  char *path;
  int64_t fail_at; /* negative: never */
  size_t next;
};

static int note_item(const char *path, const brood_value *item) {
  if (item->type == BROOD_TYPE_STRING) return io_note(path, item->as.data);
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, item->as.int64);
  return io_note(path, text);
}

int source_next(void *object, brood_value *out_item) {
  struct source *source = object;
  if ((int64_t)source->next == source->fail_at) {
    return brood_raise(BROOD_INDEX_ERROR, "the source fails at %zu",
                       source->next);
  }
  if (source->next == source->items.count) return 0;
  const brood_value *item = &source->items.values[source->next++];
  if (note_item(source->path, item) < 0) {
    return brood_raise(BROOD_OS_ERROR, "cannot note an item");
  }
  int r = brood_value_copy(item, out_item);
  return r < 0 ? r : 1;
}

static int new_source(struct call *call) {
  const cJSON *list = NULL;
  const char *path = NULL;
  int64_t fail_at = -1;
  bool fails = call->args[2] != NULL && !cJSON_IsNull(call->args[2]);
  if (call_list(call, 0, &list) < 0) return -1;
  if (call_text(call, 1, &path) < 0) return -1;
  if (fails && call_int64(call, 2, &fail_at) < 0) return -1;
  struct arguments items = {0};
  if (arguments_read(call, list, &items) < 0 ||
      arguments_copy(call, &items) < 0) {
    arguments_clear(&items);
    return -1;
  }
  struct source *source = memory_new(1, sizeof *source);
  *source = (struct source){
      .items = items, .path = memory_text(path), .fail_at = fail_at};
  memory_keep(source);
  call->result = (struct value){.kind = VALUE_SOURCE, .as.object = source};
  return 0;
}

const struct method source_new_methods[] = {
    {"source", "list path fail_at?", new_source},
    {NULL, NULL, NULL},
};
