/* SPDX-License-Identifier: MIT
 *
 * What a program sets for all contexts at once: the executable, the preload
 * list, its own arguments, the log.
 */
#ifndef BROOD_START_SETTINGS_H
#define BROOD_START_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/names.h"

/* settings_executable writes the program that was set for fresh images to run,
 * and returns 0; 1 if none was, or -errno. */
int settings_executable(char *out_path, size_t capacity);

/* settings_preload returns a copy of the names, ended by NULL, in one block
 * for free(); NULL: out of memory. */
const char **settings_preload(void);

/* texts_copy copies a list, to its end or the maximum, into one block for
 * free(), as it is at one time: other threads may change it meanwhile. NULL:
 * out of memory. */
const char **texts_copy(const char *const *texts, size_t max_texts);

/* Set by brood_init and, in a child, by the record. */
void settings_set_argv(const char *const *argv, int argc);
bool settings_initialised(void);

/* The log, as the launch record carries it. */
void log_get(uint32_t *out_level, uint32_t *out_handlers);
void log_set(uint32_t level, uint32_t handlers);

/* log_info writes one record of level INFO, if anybody listens. */
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);

#endif /* BROOD_START_SETTINGS_H */
