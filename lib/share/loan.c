/* SPDX-License-Identifier: MIT
 *
 * See loan.h. The word: 1 from before the body is written until somebody has
 * read it, then 0. It is written and read like the body, by system calls: those
 * who receive need no mapping.
 *
 * The memfds are one process's: a fork's child closes its copies, and makes
 * others.
 */
#include "lib/share/loan.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* As many of one end are written to and read from at once: two are not enough
 * to keep both sides busy. And as many ends have some. */
enum { LOANS_OF_END = 4, NUM_LOANS = 4 * LOANS_OF_END };

static const uint64_t lent = 1, returned = 0;

/* Longer than it takes to read the largest. */
#define RETURN_SOON_NS INT64_C(500000)

/* A loan that has not come back while so many others were made belongs to the
 * dead: far more than can be under way in one pipe. */
enum { TOO_OLD = 1000 };

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

/* What is here belongs to the parent: its words, and its threads' writing. */
static void disown(void) {
  if (owner == sync_self_process()) return;
  for (int i = 0; i < NUM_LOANS; i++) forget_loan(&loans[i]);
  owner = sync_self_process();
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
 * nobody has, or else another's; or -1. */
static int find_loan(const struct brood_connection *end) {
  int num_own = 0, found = -1;
  for (int i = 0; i < NUM_LOANS; i++) {
    if (loans[i].end != end) continue;
    if (has_come_back(&loans[i])) return i;
    num_own++;
  }
  if (num_own == LOANS_OF_END) return -1;
  for (int i = 0; i < NUM_LOANS; i++) {
    if (loans[i].end == NULL) return i;
    if (found < 0 && loans[i].end != end && has_come_back(&loans[i])) found = i;
  }
  return found;
}

/* Takes one for writing; -EAGAIN if none is free. */
static int take_loan(const struct brood_connection *end, bool is_first_try) {
  guard_lock();
  disown();
  num_wanted += is_first_try;
  int i = find_loan(end);
  if (i >= 0) {
    if (loans[i].end != end) forget_loan(&loans[i]);
    loans[i].end = end;
    loans[i].is_busy = true;
    loans[i].number = num_wanted;
  }
  guard_unlock();
  return i >= 0 ? i : -EAGAIN;
}

static void give_back(int loan) {
  guard_lock();
  loans[loan].is_busy = false;
  guard_unlock();
}

/* Likewise, but looks for a moment: whoever receives is about to give one back,
 * unless it was not the last time. */
static int take_soon(const struct brood_connection *end) {
  static atomic_bool is_hopeless;
  int loan = take_loan(end, true);
  if (loan < 0 && !atomic_load(&is_hopeless)) {
    int64_t end_ns = sys_clock_ns() + RETURN_SOON_NS;
    do {
      sys_yield();
      loan = take_loan(end, false);
    } while (loan < 0 && sys_clock_ns() < end_ns);
  }
  atomic_store(&is_hopeless, loan < 0);
  return loan;
}

int loan_make(const struct brood_connection *end, const void *body, size_t size,
              int *out_loan) {
  int loan = take_soon(end);
  if (loan < 0) return loan;
  struct sys_kept *memory = &loans[loan].memory; /* ours while it is busy */
  int fd = memory->fd;
  if (fd < 0) fd = sys_memfd_new("brood-message", LOAN_BODY + size);
  if (memory->fd < 0) *memory = sys_keep(fd);
  int r = fd < 0 ? fd : 0;
  if (r == 0) r = sys_write_at(fd, &lent, sizeof lent, LOAN_BODY - sizeof lent);
  if (r == 0) r = sys_write_at(fd, body, size, LOAN_BODY);
  if (r < 0) {
    sys_kept_close(memory);
    give_back(loan);
    return r;
  }
  *out_loan = loan;
  return fd;
}

void loan_settle(int loan, bool was_sent) {
  if (!was_sent) loan_return(loans[loan].memory.fd);
  give_back(loan);
}

void loan_return(int fd) {
  /* All of the body has been read before the word says so. Partner: the look at
   * the word before the next body is written. */
  atomic_thread_fence(memory_order_release);
  sys_write_at(fd, &returned, sizeof returned, LOAN_BODY - sizeof returned);
}

void loan_drop(const struct brood_connection *end) {
  guard_lock();
  for (int i = 0; owner == sync_self_process() && i < NUM_LOANS; i++) {
    if (loans[i].end == end) forget_loan(&loans[i]);
  }
  guard_unlock();
}
