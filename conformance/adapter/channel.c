/* SPDX-License-Identifier: MIT
 *
 * What carries values; see channel.h.
 */
#include "conformance/adapter/channel.h"

int channel_put(const struct value *value, brood_value item) {
  void *object = value->as.object;
  switch (value->kind) {
    case VALUE_CONNECTION:
      return brood_connection_send(object, item, BROOD_FOREVER);
    case VALUE_QUEUE:
    case VALUE_JOINABLE: return brood_queue_put(object, item, BROOD_FOREVER);
    case VALUE_SIMPLE_QUEUE: return brood_simple_queue_put(object, item);
    default: return BROOD_ATTRIBUTE_ERROR;
  }
}

int channel_get(const struct value *value, brood_value *out_item) {
  void *object = value->as.object;
  switch (value->kind) {
    case VALUE_CONNECTION:
      return brood_connection_recv(object, out_item, BROOD_FOREVER);
    case VALUE_QUEUE:
    case VALUE_JOINABLE:
      return brood_queue_get(object, out_item, BROOD_FOREVER);
    case VALUE_SIMPLE_QUEUE: return brood_simple_queue_get(object, out_item);
    default: return BROOD_ATTRIBUTE_ERROR;
  }
}
