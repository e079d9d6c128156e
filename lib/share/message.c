/* SPDX-License-Identifier: MIT
 *
 * See message.h. What arrives may be anybody's bytes: a descriptor of a pipe
 * can be written to by whoever has it.
 */
#include "lib/share/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* --------------------------------------------------------------- Loans -- */

/* Memory that bodies are lent, so that it can be used again: to get a fresh
 * memfd's pages and to give them back takes longer than to copy a megabyte.
 * A process that has received it may keep it, and see or change what is
 * written there next. So it is used again for the same end only: nobody sees
 * what was not sent to that end's readers.
 *
 * A word before the body is 1 from before that is written until somebody has
 * read it, then 0. It is written and read like the body, by system calls: those
 * who receive need no mapping.
 *
 * The memfds are one process's: a fork's child closes its copies, and makes
 * others. */
enum {
  LOAN_MAX = 8 << 20, /* larger bodies have memory of their own */
  LOAN_BODY = 4096,   /* the word has a page of its own */
  /* As many of one end are written to and read from at once: two are not enough
   * to keep both sides busy. And as many ends have some. */
  LOANS_OF_END = 4,
  NUM_LOANS = 4 * LOANS_OF_END,
  /* If so many others were made, one that has not come back belongs to the
   * dead: far more than can be under way in one pipe. */
  TOO_OLD = 1000
};

/* Longer than it takes to read the largest. */
#define RETURN_SOON_NS INT64_C(500000)

static const uint64_t lent = 1, returned = 0;

/* All guarded; memory also belongs to who has it busy. */
static struct loan {
  const struct brood_connection *end; /* NULL: none, ever */
  struct sys_kept memory;
  bool is_busy;
  uint64_t number; /* of the body that it was last lent */
} loans[NUM_LOANS];
static uint64_t owner;
static uint64_t num_wanted;

static void forget_loan(struct loan *loan) {
  if (loan->end != NULL) sys_kept_close(&loan->memory);
  *loan = (struct loan){.memory = SYS_KEPT_NONE};
}

/* Has nobody to read it any more? What is too old, or closed by the program,
 * is forgotten. */
static bool has_come_back(struct loan *loan) {
  if (loan->is_busy) return false;
  if (loan->end == NULL) return true;
  if (sys_kept_is_open(&loan->memory) && num_wanted - loan->number < TOO_OLD) {
    uint64_t word;
    int r = sys_read_at(loan->memory.fd, &word, sizeof word,
                        LOAN_BODY - sizeof word);
    return r == 0 && word == returned;
  }
  forget_loan(loan);
  return true;
}

/* One of the end's own, or, if it has not all that it may have, a place that
 * nobody has, or else another's; or NULL. */
static struct loan *find_loan(const struct brood_connection *end) {
  int num_own = 0;
  struct loan *found = NULL;
  for (struct loan *loan = loans; loan < loans + NUM_LOANS; loan++) {
    if (loan->end != end) continue;
    if (has_come_back(loan)) return loan;
    num_own++;
  }
  if (num_own == LOANS_OF_END) return NULL;
  for (struct loan *loan = loans; loan < loans + NUM_LOANS; loan++) {
    if (loan->end == NULL) return loan;
    if (found == NULL && loan->end != end && has_come_back(loan)) found = loan;
  }
  return found;
}

/* Takes one for writing; NULL if none is free. */
static struct loan *take_loan(const struct brood_connection *end,
                              bool is_first_try) {
  guard_lock();
  if (owner != sync_self_process()) {
    /* The parent's: its words, and its threads' writing. */
    for (int i = 0; i < NUM_LOANS; i++) forget_loan(&loans[i]);
    owner = sync_self_process();
  }
  num_wanted += is_first_try;
  struct loan *loan = find_loan(end);
  if (loan != NULL) {
    if (loan->end != end) forget_loan(loan);
    loan->end = end;
    loan->is_busy = true;
    loan->number = num_wanted;
  }
  guard_unlock();
  return loan;
}

static void give_back(struct loan *loan) {
  guard_lock();
  loan->is_busy = false;
  guard_unlock();
}

/* Likewise, but looks for a moment: whoever receives is about to give one back,
 * unless it was not the last time. */
static struct loan *take_soon(const struct brood_connection *end) {
  static atomic_bool is_hopeless;
  struct loan *loan = take_loan(end, true);
  if (loan == NULL && !atomic_load(&is_hopeless)) {
    int64_t end_ns = sys_clock_ns() + RETURN_SOON_NS;
    do {
      sys_yield();
      loan = take_loan(end, false);
    } while (loan == NULL && sys_clock_ns() < end_ns);
  }
  atomic_store(&is_hopeless, loan == NULL);
  return loan;
}

/* Writes a body into memory that is lent through this end. Returns the memfd,
 * which stays the loan's, or -errno: -EAGAIN if none is to be had. */
static int lend(const struct brood_connection *end, const struct pack *pack,
                struct loan **out) {
  struct loan *loan = take_soon(end);
  if (loan == NULL) return -EAGAIN;
  int fd = loan->memory.fd; /* ours while it is busy */
  if (fd < 0) {
    fd = sys_memfd_new("brood-message", LOAN_BODY + pack->size);
    loan->memory = sys_keep(fd);
  }
  int r = fd;
  if (fd >= 0)
    r = sys_write_at(fd, &lent, sizeof lent, LOAN_BODY - sizeof lent);
  if (r == 0) r = sys_write_at(fd, pack->body, pack->size, LOAN_BODY);
  if (r == 0) {
    *out = loan;
    return fd;
  }
  sys_kept_close(&loan->memory);
  give_back(loan);
  return r;
}

/* Says that a body has been read. */
static void return_loan(int fd) {
  /* All of the body has been read before the word says so. Partner: the look at
   * the word before the next body is written. */
  atomic_thread_fence(memory_order_release);
  sys_write_at(fd, &returned, sizeof returned, LOAN_BODY - sizeof returned);
}

void message_drop_loans(const struct brood_connection *end) {
  guard_lock();
  for (int i = 0; owner == sync_self_process() && i < NUM_LOANS; i++) {
    if (loans[i].end == end) forget_loan(&loans[i]);
  }
  guard_unlock();
}

/* ------------------------------------------------------------- Sending -- */

/* A memfd of the body, or -errno. */
static int write_outside(const struct pack *pack) {
  int r = sys_mem_room(pack->size);
  int memory = r < 0 ? r : sys_memfd_new("brood-message", pack->size);
  if (memory < 0) return memory;
  r = sys_write_full(memory, pack->body, pack->size);
  return sys_fd_unless(memory, r);
}

int message_move_outside(struct message *message, enum brood_type type,
                         const brood_connection *lender) {
  struct pack *pack = &message->pack;
  int fd = -EAGAIN;
  if (pack->num_fds == MESSAGE_MAX_FDS) return -E2BIG;
  if (lender != NULL && pack->size <= LOAN_MAX) {
    fd = lend(lender, pack, &message->loan);
  }
  if (fd == -EAGAIN || fd == -EFBIG) {
    fd = write_outside(pack);
    message->memory = fd;
  }
  if (fd < 0) return fd;
  pack->fds[pack->num_fds++] = fd;
  struct wire_head head = {.size = 8,
                           .type = (uint8_t)type,
                           .flags = WIRE_OUTSIDE,
                           .num_fds = (uint16_t)pack->num_fds};
  if (message->loan != NULL) head.flags |= WIRE_LENT;
  wire_put_eight(pack->small, wire_head_bits(head));
  wire_put_eight(pack->small + WIRE_HEAD, pack->size);
  pack->head = pack->small;
  pack->body = pack->small + WIRE_HEAD;
  pack->size = head.size;
  return 0;
}

static int refuse_outside(const struct pack *pack, int r) {
  if (r != -E2BIG) return error_set_os(r, "cannot send %zu bytes", pack->size);
  return error_set(BROOD_VALUE_ERROR,
                   "cannot send more than %d descriptors and %zu bytes",
                   MESSAGE_MAX_FDS - 1, pack->size);
}

int message_pack(struct message *out, const brood_value *value,
                 size_t max_inside, const brood_connection *lender) {
  out->memory = -1;
  out->loan = NULL;
  int r = pack_value(&out->pack, value, PACK_TO_SEND);
  bool may_be_large = value->type == BROOD_TYPE_STRING ||
                      value->type == BROOD_TYPE_BYTES ||
                      value->type == BROOD_TYPE_TUPLE;
  if (r == 0 && may_be_large && out->pack.size > max_inside) {
    r = message_move_outside(out, value->type, lender);
    if (r < 0) r = refuse_outside(&out->pack, r);
    if (r < 0) message_discard(out, false);
  }
  return r;
}

void message_discard(struct message *message, bool was_sent) {
  if (message->loan != NULL) {
    if (!was_sent) return_loan(message->loan->memory.fd);
    give_back(message->loan);
  }
  sys_close(message->memory);
  pack_discard(&message->pack, was_sent);
}

/* ----------------------------------------------------------- Receiving -- */

int message_open(struct received *out, const uint8_t head[WIRE_HEAD],
                 const uint8_t *body, size_t body_size, int *fds,
                 size_t num_fds) {
  if (!wire_get_head(&out->head, head)) return -EBADMSG;
  if (body_size < out->head.size) return -ENODATA;
  if (body_size > out->head.size || num_fds != out->head.num_fds) {
    return -EBADMSG;
  }
  out->body = body;
  out->fds = fds;
  out->outside =
      (out->head.flags & WIRE_OUTSIDE) != 0 ? &fds[num_fds - 1] : NULL;
  out->memory = NULL;
  return wire_get_value(&out->head, body, &out->view) ? 0 : -EBADMSG;
}

static bool is_lent(const struct received *received) {
  return (received->head.flags & WIRE_LENT) != 0;
}

/* Of a tuple it may be too late for an error after it has been got: what is in
 * it may not be to be had. */
static bool is_read_later(const struct received *received) {
  return received->outside != NULL && received->head.num_fds == 1;
}

/* Where a body that is outside begins there. */
static size_t body_offset(const struct received *received) {
  return is_lent(received) ? LOAN_BODY : 0;
}

/* Is the memfd as large as it is said to be? Nobody waits for one that is not:
 * whoever sends it has written all of it before. */
static int check_outside(const struct received *received) {
  if (received->outside == NULL) return 0;
  int64_t size = sys_file_size(*received->outside);
  if (size == -EINVAL) return -EBADMSG;
  if (size < 0) return (int)size;
  size_t end = body_offset(received) + received->view.size_bytes;
  return (uint64_t)size < end ? -ENODATA : 0;
}

/* Reads the first bytes of the body. */
static int read_body(const struct received *received, void *out_data,
                     size_t size) {
  if (received->outside != NULL) {
    return sys_read_at(*received->outside, out_data, size,
                       body_offset(received));
  }
  if (size > 0) memcpy(out_data, received->body, size);
  return 0;
}

void message_finish(struct received *received) {
  if (is_lent(received)) return_loan(*received->outside);
  message_close(received);
}

/* A descriptor that came along but cannot be read, or only names a file, is no
 * part of a message of ours. It is not this connection that is closed. */
static int judge(int r) {
  return r == -EBADF ? -EBADMSG : r;
}

int message_copy(const struct received *received, void *out_data) {
  int r = check_outside(received);
  if (r == 0) r = read_body(received, out_data, received->view.size_bytes);
  if (r == 0 && is_lent(received)) return_loan(*received->outside);
  return judge(r);
}

/* Finds memory for the body, and before it for the values of a tuple. */
static int make_body_room(const struct received *received, brood_value *out) {
  bool is_tuple = received->view.type == BROOD_TYPE_TUPLE;
  size_t size = received->view.size_bytes;
  uint8_t counts[WIRE_COUNTS];
  uint32_t num_values = 0;
  int r = is_tuple && size < WIRE_COUNTS ? -EBADMSG : check_outside(received);
  if (r == 0 && is_tuple) {
    r = read_body(received, counts, sizeof counts);
    if (r == 0 && !wire_get_counts(counts, size, &num_values)) r = -EBADMSG;
  }
  size_t room = num_values * sizeof *out + size + 1;
  if (r == 0 && received->outside != NULL) r = sys_mem_room(room);
  if (r < 0) return r;
  char *memory = malloc(room);
  if (memory == NULL) return -ENOMEM;
  memory[room - 1] = '\0';
  *out = (brood_value){.type = received->view.type,
                       .as.object = memory,
                       .size_bytes = is_tuple ? num_values : size};
  return 0;
}

/* Reads the body to where there is room for it, or gives that back. */
static int fill_room(struct received *received, brood_value *value) {
  bool is_tuple = value->type == BROOD_TYPE_TUPLE;
  uint32_t num_values = is_tuple ? (uint32_t)value->num_items : 0;
  size_t size = received->view.size_bytes;
  brood_value *memory = value->as.object;
  int r = read_body(received, memory + num_values, size);
  if (r == 0 && is_tuple) {
    size_t num_inner =
        received->head.num_fds - (size_t)(received->outside != NULL);
    r = unpack_tuple(value, num_values, size, received->fds, num_inner, false);
  }
  if (r < 0) free(memory);
  return r;
}

int message_unpack_head(struct received *received, brood_value *out) {
  brood_value value = received->view;
  bool is_text =
      value.type == BROOD_TYPE_STRING || value.type == BROOD_TYPE_BYTES;
  int r = 0;
  if (is_text && received->outside == NULL && received->memory != NULL) {
    /* A realloc that only shrinks may fail: then it is as it was. */
    char *data = realloc(*received->memory, value.size_bytes + 1);
    if (data == NULL) data = (char *)*received->memory;
    *received->memory = NULL;
    data[value.size_bytes] = '\0';
    value.as.data = data;
  } else if (is_text || value.type == BROOD_TYPE_TUPLE) {
    r = make_body_room(received, &value);
    if (r == 0 && !is_read_later(received)) r = fill_room(received, &value);
  } else {
    r = unpack_values(&value, 1, received->fds, received->head.num_fds);
  }
  if (r == 0 && !is_read_later(received)) message_finish(received);
  if (r == 0) *out = value;
  return judge(r);
}

int message_unpack_body(struct received *received, brood_value *value) {
  if (!is_read_later(received)) return 0;
  int r = fill_room(received, value);
  if (r == 0) message_finish(received);
  return judge(r);
}

int message_unpack(struct received *received, brood_value *out) {
  brood_value value;
  int r = message_unpack_head(received, &value);
  if (r == 0) r = message_unpack_body(received, &value);
  if (r == 0) *out = value;
  return r;
}

void message_close(struct received *received) {
  for (uint32_t i = 0; i < received->head.num_fds; i++) {
    received->fds[i] = sys_close(received->fds[i]);
  }
}
