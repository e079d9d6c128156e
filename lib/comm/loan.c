/* SPDX-License-Identifier: MIT
 *
 * See loan.h. The word: 1 from before the body is written until somebody has
 * read it, then 0. It is written and read like the body, by system calls: those
 * who receive need no mapping.
 *
 * The memfds are one process's: a fork's child closes its copies, and makes
 * others.
 */
#include "lib/comm/loan.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "lib/share/end.h"
#include "lib/state/guard.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/fd.h"
#include "lib/sys/proc.h"

/* As many are written to and read from at once: two are not enough to keep both
 * sides busy. */
enum { NUM_LOANS = 4 };

static const uint64_t lent = 1, returned = 0;

/* Longer than it takes to read the largest. */
#define SOON_NS INT64_C(500000)

/* What has not come back while so many others were made belongs to the dead:
 * far more than can be under way in one pipe. */
enum { TOO_OLD = 1000 };

/* All guarded; fd also belongs to who has it busy. */
static struct {
  int fd; /* -1: none */
  bool is_busy;
  uint64_t number; /* of the body that it was last lent */
} loans[NUM_LOANS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}};
static uint64_t owner;
static uint64_t num_wanted;

static void close_all(void) {
  for (int i = 0; i < NUM_LOANS; i++) {
    if (!loans[i].is_busy) loans[i].fd = sys_close(loans[i].fd);
  }
}

static bool has_returned(int fd) {
  uint64_t word;
  int r = sys_read_at(fd, &word, sizeof word, LOAN_BODY - sizeof word);
  return r == 0 && word == returned;
}

static bool is_free(int loan) {
  if (loans[loan].is_busy) return false;
  if (loans[loan].fd < 0 || has_returned(loans[loan].fd)) return true;
  if (num_wanted - loans[loan].number < TOO_OLD) return false;
  loans[loan].fd = sys_close(loans[loan].fd);
  return true;
}

/* What is here belongs to the parent: its words, and its threads' writing. */
static void disown(void) {
  if (owner == sync_self_process()) return;
  for (int i = 0; i < NUM_LOANS; i++) loans[i].is_busy = false;
  close_all();
  owner = sync_self_process();
}

/* Takes one for writing; -EAGAIN if none is free. */
static int take(bool is_first_try) {
  guard_lock();
  disown();
  num_wanted += is_first_try;
  int loan = 0;
  while (loan < NUM_LOANS && !is_free(loan)) loan++;
  if (loan < NUM_LOANS) {
    loans[loan].is_busy = true;
    loans[loan].number = num_wanted;
  }
  guard_unlock();
  return loan < NUM_LOANS ? loan : -EAGAIN;
}

static void give_back(int loan, int fd) {
  guard_lock();
  loans[loan].fd = fd;
  loans[loan].is_busy = false;
  guard_unlock();
}

static int write_body(int fd, const void *body, size_t size) {
  int r = sys_write_at(fd, &lent, sizeof lent, LOAN_BODY - sizeof lent);
  return r < 0 ? r : sys_write_at(fd, body, size, LOAN_BODY);
}

/* Likewise, but looks for a moment: whoever receives is about to give one back,
 * unless it was not the last time. */
static int take_soon(void) {
  static atomic_bool is_hopeless;
  int loan = take(true);
  if (loan < 0 && !atomic_load(&is_hopeless)) {
    int64_t end_ns = sys_clock_ns() + SOON_NS;
    do {
      sys_yield();
      loan = take(false);
    } while (loan < 0 && sys_clock_ns() < end_ns);
  }
  atomic_store(&is_hopeless, loan < 0);
  return loan;
}

int loan_make(const void *body, size_t size, int *out_loan) {
  int loan = take_soon();
  if (loan < 0) return loan;
  int fd = loans[loan].fd; /* ours while it is busy */
  if (fd < 0) fd = sys_memfd_new("brood-message", LOAN_BODY + size);
  int r = fd < 0 ? fd : write_body(fd, body, size);
  if (r < 0) {
    give_back(loan, sys_close(fd));
    return r;
  }
  loans[loan].fd = fd;
  *out_loan = loan;
  return fd;
}

void loan_settle(int loan, bool was_sent) {
  int fd = loans[loan].fd;
  if (!was_sent) loan_return(fd);
  give_back(loan, fd);
}

void loan_return(int fd) {
  /* All of the body has been read before the word says so. Partner: the look at
   * the word before the next body is written. */
  atomic_thread_fence(memory_order_release);
  sys_write_at(fd, &returned, sizeof returned, LOAN_BODY - sizeof returned);
}

void loan_drop(void) {
  if (end_any()) return;
  guard_lock();
  if (owner == sync_self_process()) close_all();
  guard_unlock();
}
