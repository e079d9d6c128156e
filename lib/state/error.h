/* SPDX-License-Identifier: MIT
 *
 * This thread's last failure: a code and one sentence with the offending value.
 * Only the rooms with public functions set one.
 */
#pragma once

#include <stddef.h>

#include "brood.h"
#include "lib/names.h"

/* error_set records a failure and returns its code, so that callers write
 * `return error_set(BROOD_VALUE_ERROR, "…", value);`. */
__attribute__((format(printf, 2, 3))) int error_set(int code,
                                                    const char *format, ...);

/* error_set_os records BROOD_OS_ERROR for a negative errno value; the
 * sentence ends with the kernel's own words. */
__attribute__((format(printf, 2, 3))) int error_set_os(int negative_errno,
                                                       const char *format, ...);

/* error_set_data has the failure that was just set carry data from malloc,
 * which is freed at the thread's next failure, or at its end. */
void error_set_data(void *data, size_t size);

/* error_check_out returns BROOD_TYPE_ERROR, set, if an output is NULL. */
static inline int error_check_out(const void *out) {
  if (out != NULL) return 0;
  return error_set(BROOD_TYPE_ERROR, "no place for what is asked for: NULL");
}

/* error_check_array likewise, if there are more than `most` or any at NULL, in
 * words that say of what; error_check_flags, if any is not a known one. */
int error_check_array(const void *array, size_t count, size_t most,
                      const char *what);
int error_check_flags(unsigned flags, unsigned known);

/* error_clear says that the NULL about to be returned is no failure. */
void error_clear(void);
