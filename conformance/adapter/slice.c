/* SPDX-License-Identifier: MIT
 *
 * Slices; see slice.h.
 */
#include "conformance/adapter/slice.h"

enum { START, STOP, STEP };

static int bound(struct call *call, int index, int64_t otherwise,
                 int64_t *out) {
  *out = otherwise;
  if (call->args[index] == NULL || cJSON_IsNull(call->args[index])) return 0;
  return call_int64(call, index, out);
}

/* Counted from the end if negative, and pushed into the array; backwards, one
 * before its beginning is still a place. */
static int64_t clip(int64_t place, int64_t length, bool backwards) {
  if (place < 0) place += length;
  int64_t low = backwards ? -1 : 0;
  int64_t high = backwards ? length - 1 : length;
  if (place < low) return low;
  return place > high ? high : place;
}

static bool given(const struct call *call, int index) {
  return call->args[index] != NULL && !cJSON_IsNull(call->args[index]);
}

int slice_read(struct call *call, int64_t length, struct slice *out_slice) {
  int64_t step = 1, start = 0, stop = 0;
  if (bound(call, STEP, 1, &step) < 0) return -1;
  if (step == 0) return call_fail(call, "ValueError", "the step is 0");
  bool backwards = step < 0;
  if (bound(call, START, 0, &start) < 0) return -1;
  if (bound(call, STOP, 0, &stop) < 0) return -1;
  start = given(call, START) ? clip(start, length, backwards)
                             : (backwards ? length - 1 : 0);
  stop = given(call, STOP) ? clip(stop, length, backwards)
                           : (backwards ? -1 : length);
  int64_t way = backwards ? start - stop : stop - start;
  int64_t stride = backwards ? -step : step;
  *out_slice = (struct slice){
      .start = start,
      .step = step,
      .count = way > 0 ? (way + stride - 1) / stride : 0,
  };
  return 0;
}
