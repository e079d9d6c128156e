/* SPDX-License-Identifier: MIT
 *
 * The log to standard error. Each call of brood_log_to_stderr adds a handler,
 * as in the field, so a record comes out as often as it was called. Fork
 * copies both numbers; the record carries them to fresh images.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "brood.h"
#include "lib/start/settings.h"
#include "lib/state/error.h"

static _Atomic uint32_t least_level;
static _Atomic uint32_t num_handlers;

int brood_log_to_stderr(int level) {
  if (level < 0) {
    return error_set(BROOD_VALUE_ERROR, "negative log level %d", level);
  }
  if (level != BROOD_LOG_UNCHANGED) {
    atomic_store(&least_level, (uint32_t)level);
  }
  atomic_fetch_add(&num_handlers, 1);
  return 0;
}

void log_get(uint32_t *out_level, uint32_t *out_handlers) {
  *out_level = atomic_load(&least_level);
  *out_handlers = atomic_load(&num_handlers);
}

void log_set(uint32_t level, uint32_t handlers) {
  atomic_store(&least_level, level);
  atomic_store(&num_handlers, handlers);
}

void log_info(const char *format, ...) {
  uint32_t level, handlers;
  log_get(&level, &handlers);
  /* An unset level is Python's: its root logger lets WARNING and above by. */
  if (handlers == 0 || level == 0 || level > BROOD_LOG_INFO) return;
  char text[256];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  const char *name = brood_process_name(brood_current_process());
  for (uint32_t i = 0; i < handlers; i++) {
    fprintf(stderr, "[INFO/%s] %s\n", name, text);
  }
}
