/* SPDX-License-Identifier: MIT
 *
 * The last failure of each thread. No allocation: a message must be possible
 * when memory is not. Fork copies the calling thread's message, which is right:
 * the child goes on where that thread was.
 */
#include "lib/state/error.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sys/libc.h"

static _Thread_local struct {
  int code;
  int os_errno;
  char message[512];
  void *data;
  size_t data_size;
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

const void *brood_error_data(size_t *out_size_bytes) {
  if (out_size_bytes != NULL) *out_size_bytes = last.data_size;
  return last.data;
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
    case BROOD_EMPTY: return "Empty";
    case BROOD_FULL: return "Full";
    case BROOD_EOF: return "EOFError";
    case BROOD_BUFFER_TOO_SHORT: return "BufferTooShort";
    case BROOD_TASK_ERROR: return "TaskError";
    case BROOD_WORKER_LOST: return "WorkerLostError";
    case BROOD_TIME_LIMIT: return "TimeLimitExceeded";
    case BROOD_SOFT_TIME_LIMIT: return "SoftTimeLimitExceeded";
    case BROOD_TERMINATED: return "Terminated";
    case BROOD_CANCELLED: return "CancelledError";
    case BROOD_BROKEN_POOL: return "BrokenPool";
    case BROOD_ENCODING_ERROR: return "MaybeEncodingError";
    case BROOD_KEY_ERROR: return "KeyError";
    case BROOD_REMOTE_ERROR: return "RemoteError";
    case BROOD_AUTHENTICATION_ERROR: return "AuthenticationError";
    default: return "unknown error";
  }
}

/* By this the end of a thread finds its data. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

/* Destructors of other keys may fail after this one. */
static void free_data(void *data) {
  free(data);
  last.data = NULL;
  last.data_size = 0;
}

static void make_key(void) {
  has_key = pthread_key_create(&key, free_data) == 0;
}

void error_set_data(void *data, size_t size) {
  if (data == NULL && last.data == NULL) return;
  pthread_once(&once, make_key);
  if (has_key) pthread_setspecific(key, data);
  free(last.data);
  last.data = data;
  last.data_size = size;
}

/* os_errno is 0 if the kernel has no part in it. */
static void record_failure(int code, int os_errno, const char *format,
                           va_list values) {
  char text[sizeof last.message];
  /* Not straight into last.message: the values may point there. */
  vsnprintf(text, sizeof text, format, values);
  memcpy(last.message, text, sizeof text);
  if (os_errno != 0) {
    size_t used = strlen(text);
    snprintf(last.message + used, sizeof text - used, ": %s",
             sys_error_text(os_errno));
  }
  error_set_data(NULL, 0);
  last.code = code;
  last.os_errno = os_errno;
}

int error_set(int code, const char *format, ...) {
  va_list values;
  va_start(values, format);
  record_failure(code, 0, format, values);
  va_end(values);
  return code;
}

int error_set_os(int negative_errno, const char *format, ...) {
  va_list values;
  va_start(values, format);
  record_failure(BROOD_OS_ERROR, -negative_errno, format, values);
  va_end(values);
  return BROOD_OS_ERROR;
}

int error_check_array(const void *array, size_t count, size_t most,
                      const char *what) {
  if (count > most) {
    return error_set(BROOD_VALUE_ERROR, "%zu %s: at most %zu", count, what,
                     most);
  }
  if (array != NULL || count == 0) return 0;
  return error_set(BROOD_TYPE_ERROR, "%zu %s at NULL", count, what);
}

int error_check_flags(unsigned flags, unsigned known) {
  if ((flags & ~known) == 0) return 0;
  return error_set(BROOD_TYPE_ERROR, "unknown flags: 0x%x", flags);
}

void error_clear(void) {
  error_set_data(NULL, 0);
  last.code = BROOD_OK;
  last.os_errno = 0;
  last.message[0] = '\0';
}
