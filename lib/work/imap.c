/* SPDX-License-Identifier: MIT
 *
 * Iteration: a window of chunks, each a result of its own, that moves over the
 * source. Chunks are given, and the source is called, in the thread that asks
 * for a value, of which there is one at a time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/work/pool.h"

struct brood_imap {
  bool is_busy; /* a thread is in it; guarded by the pool's mutex */
  brood_pool *pool;
  brood_task task;
  brood_imap_options options;
  size_t chunksize;
  size_t capacity; /* of chunks, */
  size_t count;    /* and how many there are, in order */
  size_t next;     /* of options.items */
  size_t given;    /* items, in chunks */
  int more;        /* of the source: 1, 0, or the error that it ended with */
  size_t taken;    /* items that are to be given next: */
  brood_value *items;
  size_t ready; /* the first of the chunks that is */
  brood_async_result *chunks[];
};

/* ---------------------------------------------------------------- Giving -- */

static int next_item(brood_imap *imap, brood_value *out_item) {
  const brood_imap_options *options = &imap->options;
  if (options->source != NULL) {
    struct guard_state state = guard_open(false);
    int r = options->source(options->argument, out_item);
    guard_shut(state);
    return r;
  }
  if (imap->next == options->num_items) return 0;
  int r = brood_value_copy(&options->items[imap->next], out_item);
  imap->next += r == 0;
  return r < 0 ? r : 1;
}

/* The failure of the source, or of a chunk that could not be given, stands in
 * its place, and is the end if the pool takes no other. */
static void add_chunk(brood_imap *imap, brood_async_result *chunk, int error,
                      size_t num_items) {
  if (chunk == NULL && pool_enter(imap->pool) == 0) {
    chunk = result_of_error(imap->pool, error, num_items);
    bool is_over = chunk == NULL ||
                   atomic_load(&imap->pool->crew.board->state) > BOARD_RUNNING;
    if (is_over && imap->more > 0) imap->more = 0;
    pool_leave(imap->pool, 0);
  }
  if (chunk == NULL) return;
  chunk->first = imap->given;
  imap->given += chunk->num_items;
  imap->chunks[imap->count++] = chunk;
}

static void clear_items(brood_imap *imap) {
  while (imap->taken > 0) brood_value_clear(&imap->items[--imap->taken]);
}

/* False: there was no room in time. */
static bool give_chunk(brood_imap *imap, int64_t deadline_ns) {
  while (imap->taken < imap->chunksize && imap->more > 0) {
    brood_value *item = &imap->items[imap->taken];
    *item = brood_none();
    imap->more = next_item(imap, item);
    imap->taken += imap->more > 0;
  }
  if (imap->taken > 0) {
    brood_async_result *chunk =
        pool_give_all(imap->pool, imap->task, imap->items, imap->taken,
                      (int64_t)imap->taken, NULL, deadline_ns);
    if (chunk == NULL && brood_error() == BROOD_TIMEOUT) return false;
    add_chunk(imap, chunk, brood_error(), imap->taken);
    clear_items(imap);
  }
  if (imap->more < 0) {
    add_chunk(imap, NULL, imap->more, 0);
    imap->more = 0;
  }
  return true;
}

/* One place of the window stays free, for an error. A caller that has something
 * to wait for does not wait for room. */
static void give_chunks(brood_imap *imap, int64_t deadline_ns) {
  while ((imap->more > 0 || imap->taken > 0) &&
         imap->count + 1 < imap->capacity &&
         give_chunk(imap, imap->count > 0 ? 0 : deadline_ns)) {
    continue;
  }
}

/* ---------------------------------------------------------------- Asking -- */

static void drop_chunk(brood_imap *imap, size_t index) {
  brood_async_result_free(imap->chunks[index]);
  imap->count--;
  memmove(&imap->chunks[index], &imap->chunks[index + 1],
          (imap->count - index) * sizeof imap->chunks[0]);
}

/* The next value of a chunk that is ready. */
static int take_value(brood_imap *imap, size_t index, brood_value *out_value) {
  brood_async_result *chunk = imap->chunks[index];
  const brood_value *value;
  int r = brood_async_result_item(chunk, chunk->next, &value);
  if (r == 0 && brood_value_copy(value, out_value) < 0) return brood_error();
  chunk->next++;
  if (chunk->next == chunk->num_items) drop_chunk(imap, index);
  return r < 0 ? r : 1;
}

static bool is_idle(void *imap) {
  return !((const brood_imap *)imap)->is_busy;
}

static void become_idle(void *context) {
  brood_imap *imap = context;
  pthread_mutex_lock(&imap->pool->mutex);
  imap->is_busy = false;
  pthread_cond_broadcast(&imap->pool->changed);
  pthread_mutex_unlock(&imap->pool->mutex);
}

static bool has_value(void *context) {
  brood_imap *imap = context;
  bool is_ordered = (imap->options.flags & BROOD_UNORDERED) == 0;
  size_t count = is_ordered ? 1 : imap->count;
  for (imap->ready = 0; imap->ready < count; imap->ready++) {
    if (result_is_ready(imap->chunks[imap->ready])) return true;
  }
  return false;
}

/* The thread may be cancelled in the source, or while it waits; another one
 * asks then. */
static int next_value(brood_imap *imap, brood_value *out_value,
                      int64_t deadline_ns) {
  int r;
  pthread_cleanup_push(become_idle, imap);
  give_chunks(imap, deadline_ns);
  pthread_mutex_lock(&imap->pool->mutex);
  r = imap->taken > 0 ? BROOD_TIMEOUT : 0; /* there was no room */
  if (imap->count > 0) r = pool_wait(imap->pool, has_value, imap, deadline_ns);
  pthread_mutex_unlock(&imap->pool->mutex);
  pthread_cleanup_pop(0);
  if (r == 0 && imap->count == 0) return 0;
  if (r == 0) return take_value(imap, imap->ready, out_value);
  if (r != BROOD_TIMEOUT) return r;
  return error_set(r, "the next value is not ready");
}

int brood_imap_next(brood_imap *imap, brood_value *out_value,
                    int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = error_check_out(out_value);
  if (r == 0 && imap == NULL) r = error_check_out(NULL);
  if (r == 0) r = pool_enter(imap->pool);
  if (r < 0) return r;
  r = pool_wait(imap->pool, is_idle, imap, deadline_ns);
  if (r == 0) {
    imap->is_busy = true;
    pthread_mutex_unlock(&imap->pool->mutex); /* not to be cancelled yet */
    r = next_value(imap, out_value, deadline_ns);
    become_idle(imap);
    pthread_mutex_lock(&imap->pool->mutex);
  } else if (r == BROOD_TIMEOUT) {
    error_set(r, "another thread waits for the next value");
  }
  return pool_leave(imap->pool, r);
}

/* ---------------------------------------------------------------- Making -- */

static int check_imap(const brood_imap_options *options) {
  if (options->chunksize < 0 || options->buffersize < 0) {
    return error_set(BROOD_VALUE_ERROR,
                     "Chunksize must be 1+, not %" PRId64
                     ", and buffersize too, not %" PRId64,
                     options->chunksize, options->buffersize);
  }
  int r =
      error_check_array(options->items, options->num_items, SIZE_MAX, "items");
  return r < 0 ? r : error_check_flags(options->flags, BROOD_UNORDERED);
}

static brood_imap *make_imap(brood_pool *pool, brood_task task,
                             const brood_imap_options *options) {
  size_t chunksize = options->chunksize > 0 ? (size_t)options->chunksize : 1;
  if (options->source == NULL && chunksize > options->num_items) {
    chunksize = options->num_items > 0 ? options->num_items : 1;
  }
  size_t capacity = 4 * (size_t)atomic_load(&pool->crew.board->wanted);
  if (options->buffersize > 0) {
    size_t buffersize = (size_t)options->buffersize;
    if (chunksize > buffersize) chunksize = buffersize;
    capacity = buffersize / chunksize;
    if (capacity > BROOD_MAX_PENDING) capacity = BROOD_MAX_PENDING;
  }
  brood_imap *imap =
      malloc(sizeof *imap + (capacity + 1) * sizeof *imap->chunks);
  brood_value *items = calloc(chunksize, sizeof *items);
  if (imap == NULL || items == NULL) {
    free(imap);
    free(items);
    error_set_os(-ENOMEM, "cannot iterate in chunks of %zu", chunksize);
    return NULL;
  }
  *imap = (struct brood_imap){.pool = pool,
                              .task = task,
                              .options = *options,
                              .chunksize = chunksize,
                              .capacity = capacity + 1,
                              .more = 1,
                              .items = items};
  pool->num_handles++;
  return imap;
}

brood_imap *brood_pool_imap(brood_pool *pool, brood_task task,
                            const brood_imap_options *options) {
  static const brood_imap_options nothing;
  if (options == NULL) options = &nothing;
  if (check_imap(options) < 0) return NULL;
  /* An empty result refuses what the first chunk would be refused for. */
  brood_async_result *probe =
      brood_pool_map_async(pool, task, NULL, 0, 1, NULL);
  if (probe == NULL || pool_enter(pool) < 0) return NULL;
  brood_imap *imap = make_imap(pool, task, options);
  result_release(probe);
  pool_leave(pool, 0);
  if (imap != NULL) give_chunks(imap, SYS_CLOCK_NEVER);
  return imap;
}

brood_imap *brood_imap_free(brood_imap *imap) {
  if (imap == NULL) return NULL;
  while (imap->count > 0) {
    brood_async_result_cancel(imap->chunks[imap->count - 1]);
    drop_chunk(imap, imap->count - 1);
  }
  if (pool_enter(imap->pool) == 0) pool_release(imap->pool);
  clear_items(imap);
  free(imap->items);
  free(imap);
  return NULL;
}
