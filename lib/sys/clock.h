/* SPDX-License-Identifier: MIT
 *
 * One clock, CLOCK_MONOTONIC, in nanoseconds; deadlines are points on it.
 */
#pragma once

#include <stdint.h>

#include "lib/names.h"

#define SYS_CLOCK_NEVER INT64_MAX

int64_t sys_clock_ns(void);

/* sys_clock_deadline turns a public timeout (BROOD_FOREVER, or relative) into
 * a deadline; zero and negative ones lie in the past. sys_clock_left turns it
 * back. */
int64_t sys_clock_deadline(int64_t timeout_ns);
int64_t sys_clock_left(int64_t deadline_ns);
