/* SPDX-License-Identifier: MIT
 *
 * Iteration: a window of chunks, each a result of its own, that moves over the
 * source. Chunks are given, and the source is called, in the thread that asks
 * for a value; a mutex of the iterator's own has one such thread at a time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/state/error.h"
#include "lib/state/guard.h"
#include "lib/sys/clock.h"
#include "lib/work/pool.h"

/* A chunk that was given, and how much of it was returned; the error of the
 * source stands at its place. */
struct chunk {
  brood_async_result *result;
  size_t next;
  int error;
};

struct brood_imap {
  pthread_mutex_t mutex;
  brood_pool *pool;
  brood_task task;
  brood_imap_options options;
  size_t chunksize;
  size_t capacity; /* of chunks, */
  size_t count;    /* and how many there are, in order */
  size_t next;     /* of options.items */
  bool has_all;    /* of the source */
  brood_value *items;
  struct chunk chunks[];
};

/* ---------------------------------------------------------------- Giving -- */

static int next_item(brood_imap *imap, brood_value *out_item) {
  const brood_imap_options *options = &imap->options;
  if (options->source != NULL) {
    return options->source(options->argument, out_item);
  }
  if (imap->next == options->num_items) return 0;
  int r = brood_value_copy(&options->items[imap->next], out_item);
  imap->next += r == 0;
  return r < 0 ? r : 1;
}

static struct chunk *add_chunk(brood_imap *imap) {
  imap->chunks[imap->count] = (struct chunk){0};
  return &imap->chunks[imap->count++];
}

/* The failure of the source, or of a chunk that could not be given: in its
 * place, and the end. */
static void add_error(brood_imap *imap, int error) {
  add_chunk(imap)->error = error;
  imap->has_all = true;
}

static void give_chunk(brood_imap *imap) {
  size_t count = 0;
  int r = 1;
  while (count < imap->chunksize && r > 0) {
    imap->items[count] = brood_none();
    r = next_item(imap, &imap->items[count]);
    if (r > 0) count++;
  }
  imap->has_all = r <= 0;
  brood_async_result *result = NULL;
  if (count > 0) {
    result = brood_pool_map_async(imap->pool, imap->task, imap->items, count,
                                  (int64_t)count, NULL);
  }
  int error = result == NULL ? brood_error() : 0;
  for (size_t i = 0; i < count; i++) brood_value_clear(&imap->items[i]);
  if (result != NULL) add_chunk(imap)->result = result;
  if (count > 0 && result == NULL) add_error(imap, error);
  if (r < 0) add_error(imap, r);
}

/* One place stays free, for an error. */
static void give_chunks(brood_imap *imap) {
  while (!imap->has_all && imap->count + 1 < imap->capacity) give_chunk(imap);
}

/* ---------------------------------------------------------------- Asking -- */

static void drop_chunk(brood_imap *imap, size_t index) {
  brood_async_result_free(imap->chunks[index].result);
  imap->count--;
  for (size_t i = index; i < imap->count; i++) {
    imap->chunks[i] = imap->chunks[i + 1];
  }
}

/* The chunk whose turn it is, as soon as one is ready. */
static int await_chunk(brood_imap *imap, int64_t deadline_ns, size_t *out) {
  bool is_ordered = (imap->options.flags & BROOD_UNORDERED) == 0;
  size_t count = 0;
  *out = 0;
  if (imap->chunks[0].result == NULL) return 0;
  brood_async_result *results[imap->count];
  while (count < imap->count && imap->chunks[count].result != NULL) {
    results[count] = imap->chunks[count].result;
    count++;
  }
  size_t ready[count];
  int r = brood_async_result_wait_any(results, is_ordered ? 1 : count, ready,
                                      sys_clock_left(deadline_ns));
  if (r > 0) *out = ready[0];
  if (r == 0) r = error_set(BROOD_TIMEOUT, "the next value is not ready");
  return r < 0 ? r : 0;
}

static int take_value(brood_imap *imap, size_t index, brood_value *out_value) {
  struct chunk *chunk = &imap->chunks[index];
  const brood_value *value;
  int r = chunk->error;
  if (chunk->result == NULL) {
    error_set(r, "the source of items failed with %d", r);
  } else {
    r = brood_async_result_item(chunk->result, chunk->next++, &value);
    if (r == 0) r = brood_value_copy(value, out_value);
    if (r == 0) r = 1;
  }
  if (chunk->result == NULL || chunk->next == chunk->result->num_items) {
    drop_chunk(imap, index);
  }
  return r;
}

static int next_value(brood_imap *imap, brood_value *out_value,
                      int64_t deadline_ns) {
  size_t index;
  give_chunks(imap);
  if (imap->count == 0) return 0;
  int r = await_chunk(imap, deadline_ns, &index);
  return r < 0 ? r : take_value(imap, index, out_value);
}

int brood_imap_next(brood_imap *imap, brood_value *out_value,
                    int64_t timeout_ns) {
  int64_t deadline_ns = sys_clock_deadline(timeout_ns);
  int r = error_check_out(out_value);
  if (r < 0) return r;
  if (imap == NULL) {
    return error_set(BROOD_TYPE_ERROR, "expected an iterator, not NULL");
  }
  r = pool_enter(imap->pool);
  if (r < 0) return r;
  pool_leave(imap->pool);
  struct timespec end = {.tv_sec = deadline_ns / 1000000000,
                         .tv_nsec = deadline_ns % 1000000000};
  guard_shield();
  if (pthread_mutex_clocklock(&imap->mutex, CLOCK_MONOTONIC, &end) == 0) {
    r = next_value(imap, out_value, deadline_ns);
    pthread_mutex_unlock(&imap->mutex);
  } else {
    r = error_set(BROOD_TIMEOUT, "another thread waits for the next value");
  }
  guard_unshield();
  return r;
}

/* --------------------------------------------------------------- Making -- */

static int check_imap(const brood_imap_options *options) {
  if (options->chunksize < 0 || options->buffersize < 0) {
    return error_set(BROOD_VALUE_ERROR,
                     "Chunksize must be 1+, not %" PRId64
                     ", and buffersize too, not %" PRId64,
                     options->chunksize, options->buffersize);
  }
  if (options->items == NULL && options->num_items > 0) {
    return error_set(BROOD_TYPE_ERROR, "%zu items at NULL", options->num_items);
  }
  if (options->flags & ~(unsigned)BROOD_UNORDERED) {
    return error_set(BROOD_TYPE_ERROR, "unknown flags 0x%x", options->flags);
  }
  return 0;
}

static brood_imap *make_imap(brood_pool *pool, brood_task task,
                             const brood_imap_options *options) {
  size_t chunksize = options->chunksize > 0 ? (size_t)options->chunksize : 1;
  size_t capacity = 4 * (size_t)atomic_load(&pool->crew.board->wanted);
  if (options->buffersize > 0) {
    size_t buffersize = (size_t)options->buffersize;
    if (chunksize > buffersize) chunksize = buffersize;
    capacity = buffersize / chunksize;
  }
  brood_imap *imap =
      malloc(sizeof *imap + (capacity + 1) * sizeof *imap->chunks);
  brood_value *items = malloc(chunksize * sizeof *items);
  if (imap == NULL || items == NULL) {
    free(imap);
    free(items);
    error_set_os(-ENOMEM, "cannot iterate in chunks of %zu", chunksize);
    return NULL;
  }
  *imap = (struct brood_imap){.mutex = PTHREAD_MUTEX_INITIALIZER,
                              .pool = pool,
                              .task = task,
                              .options = *options,
                              .chunksize = chunksize,
                              .capacity = capacity + 1,
                              .items = items};
  pool->num_handles++;
  return imap;
}

brood_imap *brood_pool_imap(brood_pool *pool, brood_task task,
                            const brood_imap_options *options) {
  static const brood_imap_options nothing;
  if (options == NULL) options = &nothing;
  if (check_imap(options) < 0 || pool_enter(pool) < 0) return NULL;
  brood_imap *imap = NULL;
  /* An empty result refuses what the first chunk would be refused for. */
  brood_async_result *probe = result_give(pool, task, NULL, 0, 1, NULL);
  if (probe != NULL) {
    result_release(probe);
    imap = make_imap(pool, task, options);
  }
  pool_leave(pool);
  return imap;
}

brood_imap *brood_imap_free(brood_imap *imap) {
  if (imap == NULL) return NULL;
  while (imap->count > 0) {
    brood_async_result *result = imap->chunks[imap->count - 1].result;
    if (result != NULL) brood_async_result_cancel(result);
    drop_chunk(imap, imap->count - 1);
  }
  if (pool_enter(imap->pool) == 0) pool_release(imap->pool);
  pthread_mutex_destroy(&imap->mutex);
  free(imap->items);
  free(imap);
  return NULL;
}
