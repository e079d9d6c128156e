/* SPDX-License-Identifier: MIT
 *
 * Event.
 */
#include <errno.h>

#include "lib/share/object.h"
#include "lib/state/error.h"
#include "lib/sync/words.h"
#include "lib/sys/clock.h"

struct brood_event {
  struct sync_event cell;
};

brood_event *brood_event_new(const brood_context *context) {
  return share_new(context, SHARE_EVENT, sizeof(brood_event));
}

brood_event *brood_event_free(brood_event *event) {
  return share_free(event, SHARE_EVENT);
}

int brood_event_is_set(brood_event *event) {
  int r = share_check(event, SHARE_EVENT);
  return r < 0 ? r : sync_event_is_set(&event->cell);
}

int brood_event_set(brood_event *event) {
  int r = share_check(event, SHARE_EVENT);
  if (r == 0) sync_event_set(&event->cell);
  return r;
}

int brood_event_clear(brood_event *event) {
  int r = share_check(event, SHARE_EVENT);
  if (r == 0) sync_event_clear(&event->cell);
  return r;
}

int brood_event_wait(brood_event *event, int64_t timeout_ns) {
  int r = share_check(event, SHARE_EVENT);
  if (r < 0) return r;
  r = sync_event_wait(&event->cell, sys_clock_deadline(timeout_ns));
  return r == 0 ? 0 : error_set(BROOD_TIMEOUT, "the event was not set in time");
}
