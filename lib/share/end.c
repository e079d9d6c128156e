/* SPDX-License-Identifier: MIT
 *
 * See end.h. The word `calls`:
 *
 *   bits 63..32   how many forks there were when the calls were counted; of
 *                 those that were counted before the last one, nobody is here
 *   bit 31        closed
 *   bits 30..0    calls in progress
 *
 * Who brings it to closed and no calls closes the descriptor. A child that was
 * forked while another thread's call kept a closed end open keeps its copy of
 * the descriptor.
 *
 * Memory is held once by the maker until end_free, once by the descriptor while
 * it is open, and by process handles that have the end among their arguments.
 */
#include "lib/share/end.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/share/message.h"
#include "lib/state/guard.h"
#include "lib/sys/fd.h"

#define CLOSED (UINT64_C(1) << 31)
#define CALLS (CLOSED - 1)

/* Few: a fork copies each page of static memory that its child writes to. */
enum { NUM_LISTS = 61 };

static struct brood_connection *lists[NUM_LISTS];
static uint32_t num_forks;

static void count_fork(void) {
  num_forks++;
}

GUARD_AT_FORK(count_fork)

/* Where a list points to this end, or its NULL at the end; with the mutex. */
static struct brood_connection **find_listed(const void *pointer) {
  struct brood_connection **at = &lists[(uintptr_t)pointer / 64 % NUM_LISTS];
  while (*at != NULL && *at != pointer) at = &(*at)->next;
  return at;
}

void end_packet_free(struct end_packet *packet) {
  if (packet == NULL) return;
  for (size_t i = 0; i < packet->num_fds; i++) sys_close(packet->fds[i]);
  free(packet->body);
  free(packet);
}

int end_make(int fd, unsigned flags, struct brood_connection **out) {
  struct share_block *block =
      calloc(1, sizeof *block + sizeof(struct brood_connection));
  if (block == NULL) return -ENOMEM;
  block->kind = SHARE_CONNECTION;
  block->holds = 2;
  struct brood_connection *end = share_object_of(block);
  end->file = sys_keep(fd);
  end->fd = fd;
  end->flags = flags;
  guard_lock();
  *find_listed(end) = end;
  guard_unlock();
  *out = end;
  return 0;
}

struct brood_connection *end_find(const void *pointer) {
  guard_lock();
  struct brood_connection *end = *find_listed(pointer);
  guard_unlock();
  return end;
}

struct brood_connection *end_of(int fd) {
  struct brood_connection *end = NULL;
  if (fd < 0) return NULL; /* as closed ones have */
  guard_lock();
  for (int i = 0; i < NUM_LISTS && end == NULL; i++) {
    end = lists[i];
    while (end != NULL &&
           (atomic_load(&end->fd) != fd || !sys_kept_is_open(&end->file))) {
      end = end->next;
    }
  }
  guard_unlock();
  return end;
}

/* ---------------------------------------------------------------- Calls -- */

/* One call more, and perhaps closed. False, and nothing was touched, if it is
 * closed: the last call in it may be freeing it. But a fork's child closes its
 * copy once more. */
static bool add_call(struct brood_connection *end, uint64_t closed) {
  uint64_t before = atomic_load_explicit(&end->calls, memory_order_relaxed);
  uint64_t now, after;
  do {
    now = before;
    if (before >> 32 != num_forks) {
      now = (uint64_t)num_forks << 32 | (before & CLOSED);
    }
    if ((before & CLOSED) != 0 && (closed == 0 || now == before)) return false;
    after = (now + 1) | closed;
    /* Partner: the release in end_leave, before which others read fd. */
  } while (!atomic_compare_exchange_weak_explicit(
      &end->calls, &before, after, memory_order_acquire, memory_order_relaxed));
  return true;
}

bool end_enter(struct brood_connection *end) {
  return add_call(end, 0);
}

void end_leave(struct brood_connection *end) {
  uint64_t before =
      atomic_fetch_sub_explicit(&end->calls, 1, memory_order_acq_rel);
  if ((before & CLOSED) == 0 || (before & CALLS) != 1) return;
  if (atomic_exchange(&end->fd, -1) < 0) return; /* closed before */
  sys_kept_close(&end->file);
  message_drop_loans(end);
  end_release(share_block_of(end));
}

bool end_is_closed(const struct brood_connection *end) {
  return (atomic_load_explicit(&end->calls, memory_order_relaxed) & CLOSED) !=
         0;
}

void end_close(struct brood_connection *end) {
  if (add_call(end, CLOSED)) end_leave(end);
}

/* ------------------------------------------------------- Kept messages -- */

/* The oldest, off the list, with those of its descriptors that are still its
 * own. */
static struct end_packet *take_oldest(struct brood_connection *end) {
  struct end_packet *packet = end->kept;
  for (size_t i = 0; packet != NULL && i < packet->num_fds; i++) {
    if (!sys_kept_is_open(&packet->files[i])) packet->fds[i] = -1;
  }
  if (packet != NULL) end->kept = packet->next;
  return packet;
}

/* What another process will give to somebody; with the mutex. */
static void drop_inherited(struct brood_connection *end) {
  while (end->kept != NULL && end->kept->num_forks != num_forks) {
    end_packet_free(take_oldest(end));
  }
}

void end_keep(struct brood_connection *end, struct end_packet *packet) {
  for (size_t i = 0; i < packet->num_fds; i++) {
    packet->files[i] = sys_keep(packet->fds[i]);
  }
  packet->num_forks = num_forks;
  packet->next = NULL;
  guard_lock();
  drop_inherited(end);
  struct end_packet **at = &end->kept;
  while (*at != NULL) at = &(*at)->next;
  *at = packet;
  atomic_store(&end->has_kept, true);
  guard_unlock();
}

struct end_packet *end_kept(struct brood_connection *end, bool takes) {
  if (!atomic_load_explicit(&end->has_kept, memory_order_relaxed)) return NULL;
  guard_lock();
  drop_inherited(end);
  struct end_packet *packet = takes ? take_oldest(end) : end->kept;
  atomic_store(&end->has_kept, end->kept != NULL);
  guard_unlock();
  return packet;
}

/* --------------------------------------------------------------- Memory -- */

void end_release(struct share_block *block) {
  if (atomic_fetch_sub(&block->holds, 1) > 1) return;
  struct brood_connection *end = share_object_of(block);
  end_packet_free(atomic_load(&end->spare));
  while (end->kept != NULL) end_packet_free(take_oldest(end));
  free(block);
}

void end_free(struct brood_connection *end) {
  if (end->is_argument) {
    end_close(end);
    return;
  }
  guard_lock();
  struct brood_connection **at = find_listed(end);
  bool is_listed = *at != NULL;
  if (is_listed) *at = end->next;
  guard_unlock();
  if (!is_listed) return; /* another thread has freed it */
  struct share_block *block = share_block_of(end);
  atomic_store(&block->kind, SHARE_FREE); /* while others hold it */
  end_close(end);
  end_release(block);
}
