/* SPDX-License-Identifier: MIT
 *
 * The last failure of each thread. No allocation: a message must be possible
 * when memory is not. Fork copies the calling thread's message to the child,
 * which is right: the child goes on where that thread was.
 */
#include "lib/error/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "brood.h"

static _Thread_local struct {
  int code;
  int os_errno;
  char message[512];
} last;

int brood_error(void) {
  return last.code;
}

int brood_errno(void) {
  return last.os_errno;
}

const char *brood_error_message(void) {
  return last.message;
}

const char *brood_error_name(int code) {
  switch (code) {
    case BROOD_OK: return "ok";
    case BROOD_VALUE_ERROR: return "ValueError";
    case BROOD_TYPE_ERROR: return "TypeError";
    case BROOD_RUNTIME_ERROR: return "RuntimeError";
    case BROOD_ASSERTION_ERROR: return "AssertionError";
    case BROOD_INDEX_ERROR: return "IndexError";
    case BROOD_ATTRIBUTE_ERROR: return "AttributeError";
    case BROOD_OS_ERROR: return "OSError";
    case BROOD_TIMEOUT: return "TimeoutError";
    case BROOD_OVERFLOW_ERROR: return "OverflowError";
    case BROOD_BROKEN_BARRIER: return "BrokenBarrierError";
    case BROOD_OWNER_DIED: return "OwnerDied";
    default: return "unknown error";
  }
}

static void format_message(const char *format, va_list values) {
  char text[sizeof last.message];
  /* Not straight into last.message: the values may point there. */
  vsnprintf(text, sizeof text, format, values);
  memcpy(last.message, text, sizeof text);
}

int error_set(int code, const char *format, ...) {
  va_list values;
  va_start(values, format);
  format_message(format, values);
  va_end(values);
  last.code = code;
  last.os_errno = 0;
  return code;
}

int error_set_os(int negative_errno, const char *format, ...) {
  va_list values;
  va_start(values, format);
  format_message(format, values);
  va_end(values);
  size_t used = strlen(last.message);
  snprintf(last.message + used, sizeof last.message - used, ": %s",
           strerrordesc_np(-negative_errno));
  last.code = BROOD_OS_ERROR;
  last.os_errno = -negative_errno;
  return BROOD_OS_ERROR;
}

void error_clear(void) {
  last.code = BROOD_OK;
  last.os_errno = 0;
  last.message[0] = '\0';
}
