/* SPDX-License-Identifier: MIT
 *
 * See pack.h. A value is looked at twice: once to see whether it can be packed,
 * and how much that takes, and once to write it. Objects are looked up the
 * second time only, when they are held as well.
 */
#include "lib/share/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/share/end.h"
#include "lib/state/error.h"
#include "lib/sync/self.h"
#include "lib/sys/fd.h"
#include "lib/sys/sock.h"

_Static_assert((int)WIRE_MAX_OBJECT_FDS == SHARE_MAX_BLOCKS * ARENA_MAX_FDS,
               "one number");

/* Packing in the making. At first it counts: bytes, and how many descriptors
 * and blocks there are at most. As long as there are none of these, and room,
 * the bytes are written as well; when they all are, that was it. */
struct packing {
  struct pack *pack;
  struct wire_writer writer;
  bool is_counting;
  size_t index; /* of the argument */
  int64_t max_size;
  uint32_t max_fds;
  char subject[40];
};

/* What the sentence of an error begins with. */
static const char *subject_of(struct packing *packing) {
  if (packing->pack->use == PACK_TO_SEND) return "cannot send ";
  if (packing->pack->use == PACK_TO_COPY) return "cannot copy ";
  snprintf(packing->subject, sizeof packing->subject,
           "argument %zu: ", packing->index);
  return packing->subject;
}

/* ------------------------------------------------------------ Checking -- */

static int check_text(struct packing *packing, const brood_value *value) {
  bool string = value->type == BROOD_TYPE_STRING;
  size_t size = value->size_bytes;
  if (value->as.data == NULL && (string || size > 0)) {
    return error_set(BROOD_TYPE_ERROR, "%s%s of %zu bytes at NULL",
                     subject_of(packing), wire_type_name(value->type), size);
  }
  if (size > (uint64_t)packing->max_size) {
    return error_set(BROOD_VALUE_ERROR, "%s%zu bytes: the maximum is %" PRId64,
                     subject_of(packing), size, packing->max_size);
  }
  if (string && memchr(value->as.data, 0, size) != NULL) {
    return error_set(BROOD_VALUE_ERROR,
                     "%sa string of %zu bytes with a NUL inside",
                     subject_of(packing), size);
  }
  return 0;
}

/* Those of a process have to be open when it is started only. */
static int check_packed_fd(struct packing *packing, int fd) {
  if (packing->pack->use != PACK_FOR_PROCESS) {
    int r = sys_fd_valid(fd);
    if (r == 0) return 0;
    return error_set_os(r, "%sdescriptor %d", subject_of(packing), fd);
  }
  if (fd >= 0) return 0;
  return error_set(BROOD_VALUE_ERROR, "%sdescriptor %d is negative",
                   subject_of(packing), fd);
}

static int check_tuple(struct packing *packing, const brood_value *value) {
  size_t count = value->num_items;
  if (count > 0 && value->as.items == NULL) {
    return error_set(BROOD_TYPE_ERROR, "%sa tuple of %zu items at NULL",
                     subject_of(packing), count);
  }
  if (count <= (uint64_t)packing->max_size / WIRE_HEAD) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "%sa tuple of %zu items: the maximum is %" PRId64,
                   subject_of(packing), count, packing->max_size / WIRE_HEAD);
}

static int check_value(struct packing *packing, const brood_value *value) {
  switch (value->type) {
    case BROOD_TYPE_NONE:
    case BROOD_TYPE_BOOL:
    case BROOD_TYPE_INT64:
    case BROOD_TYPE_DOUBLE:
    case BROOD_TYPE_OBJECT: return 0;
    case BROOD_TYPE_STRING:
    case BROOD_TYPE_BYTES: return check_text(packing, value);
    case BROOD_TYPE_DESCRIPTOR:
      return check_packed_fd(packing, value->as.descriptor);
    case BROOD_TYPE_TUPLE: return check_tuple(packing, value);
    case BROOD_TYPE_POINTER:
      packing->pack->has_pointer = true;
      if (packing->pack->use != PACK_TO_SEND) return 0;
      return error_set(BROOD_TYPE_ERROR,
                       "%sthe pointer %p: it means nothing in another process",
                       subject_of(packing), value->as.data);
  }
  return error_set(BROOD_TYPE_ERROR, "%sa value of unknown type %u",
                   subject_of(packing), (unsigned)value->type);
}

/* ------------------------------------------------------------- Writing -- */

static int put_fd(struct packing *packing, int fd) {
  struct pack *pack = packing->pack;
  if (packing->is_counting) {
    packing->writer.data = NULL;
  } else if (pack->num_fds == packing->max_fds) {
    return error_set(BROOD_VALUE_ERROR, "%smore than %u descriptors at once",
                     subject_of(packing), packing->max_fds);
  } else {
    pack->fds[pack->num_fds] = fd;
  }
  pack->num_fds++;
  return 0;
}

/* Writes the index of a block's first descriptor. That of an arena may be there
 * already; connections and proxies have none. */
static int put_name_fds(struct packing *packing, const struct arena_name *name,
                        uint32_t *out_index) {
  const struct pack *pack = packing->pack;
  bool has_arena = name->kind < SHARE_CONNECTION && name->fds[0] >= 0;
  for (*out_index = 0; has_arena && *out_index < pack->num_fds; ++*out_index) {
    if (pack->fds[*out_index] == name->fds[0]) return 0;
  }
  *out_index = pack->num_fds;
  for (uint32_t i = 0; i < name->num_fds; i++) {
    int r = put_fd(packing, name->fds[i]);
    if (r < 0) return r;
  }
  return 0;
}

/* A proxy goes as an end that is made for it, and belongs to the pack. */
static int hold_proxy(struct pack *pack, struct proxy *proxy,
                      struct arena_name *out) {
  struct brood_connection *end;
  int r = proxy_engine->pack(proxy, &end);
  if (r < 0) return r;
  end->is_made_for_pack = true;
  pack->held[pack->num_held++] = share_block_of(end);
  *out = (struct arena_name){.kind = proxy_kind_sent(proxy->kind),
                             .id = proxy->server,
                             .offset = proxy->id,
                             .fds = {atomic_load(&end->fd)},
                             .num_fds = 1};
  return 0;
}

static bool holds_nothing;

void pack_hold_nothing(void) {
  holds_nothing = true;
}

/* What must not happen to an object until pack_discard, and after. */
static int hold_block(struct pack *pack, struct share_block *block,
                      struct arena_name *out) {
  void *object = share_object_of(block);
  if (proxy_is_block(block)) return hold_proxy(pack, object, out);
  struct brood_connection *end = object;
  bool is_end = end_is_block(block);
  bool to_send = pack->use == PACK_TO_SEND;
  bool for_process = pack->use == PACK_FOR_PROCESS;
  if (is_end && !for_process && !end_enter(end)) {
    return error_set_os(-EBADF, "cannot %s a connection: handle is closed",
                        to_send ? "send" : "copy");
  }
  if (is_end) { /* it stays open, if it was entered */
    *out = (struct arena_name){.kind = SHARE_CONNECTION,
                               .id = atomic_load(&end->flags),
                               .fds = {atomic_load(&end->fd)},
                               .num_fds = 1};
  } else {
    *out = arena_of(block);
  }
  for (uint32_t i = 0; to_send && !is_end && i < out->num_fds; i++) {
    if (out->fds[i] >= 0) continue;
    return error_set_os(-EBADF,
                        "cannot send %s: the program has closed its "
                        "descriptors",
                        share_kind_name(out->kind));
  }
  if (for_process && holds_nothing) return 0;
  if (!is_end) arena_hold(block);
  if (is_end && for_process) share_hold(block);
  pack->held[pack->num_held++] = block;
  return 0;
}

static int put_object(struct packing *packing, const void *object) {
  struct pack *pack = packing->pack;
  uint32_t fds_before = pack->num_fds;
  struct share_block *blocks[SHARE_MAX_BLOCKS];
  struct pack_entry entries[SHARE_MAX_BLOCKS];
  size_t count = SHARE_MAX_BLOCKS;
  if (packing->is_counting) {
    packing->writer.data = NULL;
    pack->num_fds += WIRE_MAX_OBJECT_FDS;
    pack->num_held += SHARE_MAX_BLOCKS;
  } else {
    count = share_blocks(object, blocks);
    if (count == 0) {
      return error_set(BROOD_TYPE_ERROR,
                       "%sthe object at %p: it is no shared object, or has "
                       "been freed",
                       subject_of(packing), object);
    }
  }
  for (size_t i = 0; !packing->is_counting && i < count; i++) {
    struct arena_name name = {0};
    int r = hold_block(pack, blocks[i], &name);
    if (r == 0) r = put_name_fds(packing, &name, &entries[i].first_fd);
    if (r < 0) return r;
    entries[i].kind = name.kind;
    entries[i].id = name.id;
    entries[i].offset = name.offset;
  }
  brood_value bytes = {.type = BROOD_TYPE_OBJECT,
                       .as.data = entries,
                       .size_bytes = count * sizeof *entries};
  wire_put_value(&packing->writer, &bytes, pack->num_fds - fds_before);
  return 0;
}

static int put_value(struct packing *packing, const brood_value *value,
                     int depth);

static int put_tuple(struct packing *packing, const brood_value *tuple,
                     int depth) {
  struct pack *pack = packing->pack;
  uint32_t count = (uint32_t)tuple->num_items;
  uint32_t values_before = pack->num_values, fds_before = pack->num_fds;
  if (depth > BROOD_MAX_DEPTH) {
    return error_set(BROOD_VALUE_ERROR, "%stuples more than %d deep",
                     subject_of(packing), BROOD_MAX_DEPTH);
  }
  size_t begin = wire_begin_tuple(&packing->writer);
  for (uint32_t i = 0; i < count; i++) {
    if (depth == 0) packing->index = i;
    int r = put_value(packing, &tuple->as.items[i], depth + 1);
    if (r < 0) return r;
  }
  pack->num_values += count;
  wire_end_tuple(&packing->writer, begin, count,
                 pack->num_values - values_before, pack->num_fds - fds_before);
  return 0;
}

/* depth: of the tuple that this is, if it is one. */
static int put_value(struct packing *packing, const brood_value *value,
                     int depth) {
  struct wire_writer *writer = &packing->writer;
  if (packing->is_counting) {
    int r = check_value(packing, value);
    if (r < 0) return r;
    bool is_text =
        value->type == BROOD_TYPE_STRING || value->type == BROOD_TYPE_BYTES;
    /* A head, eight bytes of a number, a tuple's counts or a NUL, and text. */
    size_t most = WIRE_HEAD + 8 + (is_text ? value->size_bytes : 0);
    if (writer->used + most > sizeof packing->pack->small) writer->data = NULL;
  }
  int r = 0;
  if (value->type == BROOD_TYPE_OBJECT) {
    r = put_object(packing, value->as.data);
  } else if (value->type == BROOD_TYPE_TUPLE) {
    r = put_tuple(packing, value, depth);
  } else {
    bool has_fd = value->type == BROOD_TYPE_DESCRIPTOR;
    if (has_fd) r = put_fd(packing, value->as.descriptor);
    wire_put_value(writer, value, has_fd);
  }
  if (r < 0) return r;
  if (!writer->bad && writer->used <= (uint64_t)packing->max_size) return 0;
  return error_set(BROOD_VALUE_ERROR,
                   "%s%zu bytes together: the maximum is %" PRId64,
                   subject_of(packing), writer->used, packing->max_size);
}

/* ------------------------------------------------------------- Packing -- */

/* Makes room for what was counted: blocks, descriptors, bytes in one piece.
 * Most values need no more than there is. */
static int allocate_pack(struct packing *packing) {
  struct pack *pack = packing->pack;
  size_t size = packing->writer.used;
  packing->writer.data = pack->small;
  if (size <= sizeof pack->small && pack->num_held <= SHARE_MAX_BLOCKS &&
      pack->num_fds <= WIRE_MAX_OBJECT_FDS) {
    return 0;
  }
  size_t held_size = pack->num_held * sizeof *pack->held;
  size_t fds_size = (pack->num_fds + 1) * sizeof *pack->fds;
  char *memory = malloc(held_size + fds_size + size);
  if (memory == NULL) {
    return error_set_os(-ENOMEM, "%s%zu bytes", subject_of(packing), size);
  }
  pack->memory = memory;
  pack->held = (struct share_block **)memory;
  pack->fds = (int *)(memory + held_size);
  packing->writer.data = (uint8_t *)memory + held_size + fds_size;
  return 0;
}

/* The text stays where it is, or, if there is room, goes behind its head. */
static void pack_text(struct pack *pack, const brood_value *value) {
  struct wire_head head = {.size = (uint32_t)value->size_bytes,
                           .type = (uint8_t)value->type};
  wire_put_eight(pack->small, wire_head_bits(head));
  pack->body = value->as.data;
  pack->size = value->size_bytes;
  if (pack->size > sizeof pack->small - WIRE_HEAD) return;
  pack->body = pack->small + WIRE_HEAD;
  if (pack->size > 0)
    memcpy(pack->small + WIRE_HEAD, value->as.data, pack->size);
}

int pack_value(struct pack *out, const brood_value *value, enum pack_use use) {
  bool for_process = use == PACK_FOR_PROCESS;
  struct packing packing = {
      .pack = out,
      .writer = {.data = out->small, .capacity = sizeof out->small},
      .is_counting = true,
      .max_size = for_process ? BROOD_MAX_RECORD : BROOD_MAX_MESSAGE,
      .max_fds = use == PACK_TO_SEND ? SYS_SOCK_MAX_FDS : WIRE_MAX_FDS};
  out->use = use;
  out->memory = NULL;
  out->has_pointer = false;
  out->num_fds = out->num_held = out->num_values = 0;
  out->head = out->small;
  out->fds = out->few_fds;
  out->held = out->few_held;
  out->holder = for_process ? sync_self_process() : 0;
  if (value->type == BROOD_TYPE_STRING || value->type == BROOD_TYPE_BYTES) {
    int r = check_text(&packing, value);
    if (r == 0) pack_text(out, value);
    return r;
  }
  struct wire_writer *writer = &packing.writer;
  int depth = for_process ? 0 : 1;
  int r = put_value(&packing, value, depth);
  if (r < 0 || writer->data == NULL) {
    if (r == 0) r = allocate_pack(&packing);
    writer->capacity = writer->used;
    writer->used = 0;
    out->num_fds = out->num_held = out->num_values = 0;
    packing.is_counting = false;
    if (r == 0) r = put_value(&packing, value, depth);
  }
  if (r < 0) {
    pack_discard(out, false);
    return r;
  }
  out->head = writer->data;
  out->body = writer->data + WIRE_HEAD;
  out->size = writer->used - WIRE_HEAD;
  return 0;
}

void pack_discard(struct pack *pack, bool was_sent) {
  /* A fork's child does not hold what its parent's processes have. */
  bool held = pack->num_held > 0 && (pack->use != PACK_FOR_PROCESS ||
                                     pack->holder == sync_self_process());
  for (uint32_t i = 0; held && i < pack->num_held; i++) {
    struct share_block *block = pack->held[i];
    struct brood_connection *end = share_object_of(block);
    if (!end_is_block(block)) {
      if (was_sent) arena_send(block);
      arena_let_go(block);
    } else if (end->is_made_for_pack) {
      end_free(end);
    } else if (pack->use == PACK_FOR_PROCESS) {
      end_release(block);
    } else {
      end_leave(end);
    }
  }
  free(pack->memory);
  pack->memory = NULL;
  pack->num_fds = pack->num_held = 0;
}
