/* SPDX-License-Identifier: MIT
 *
 * Python's slices: which elements [start:stop:step] means.
 */
#pragma once

#include <stdint.h>

#include "conformance/adapter/call.h"

struct slice {
  int64_t start; /* an index, not negative, if count is not 0 */
  int64_t step;
  int64_t count;
};

/* slice_read takes three arguments, each null or not given for its default, for
 * an array of that length.
 *
 * TypeError   one is no integer
 * ValueError  the step is 0 */
int slice_read(struct call *call, int64_t length, struct slice *out_slice);
