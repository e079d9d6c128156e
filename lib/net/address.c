/* SPDX-License-Identifier: MIT
 *
 * See address.h.
 */
#include "lib/net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state/error.h"

static bool read_port(struct address *out, const char *text) {
  size_t size = strlen(text);
  if (size == 0 || size >= sizeof out->port ||
      strspn(text, "0123456789") != size || atoi(text) > UINT16_MAX) {
    return false;
  }
  strcpy(out->port, text);
  return true;
}

/* "HOST:PORT" or "[HOST]:PORT". */
static bool read_host(struct address *out, const char *text) {
  out->has_brackets = text[0] == '[';
  const char *host = text + out->has_brackets;
  const char *end = strchr(host, out->has_brackets ? ']' : ':');
  const char *colon = end != NULL ? end + out->has_brackets : NULL;
  if (end == NULL || end == host || *colon != ':' ||
      (size_t)(end - host) >= sizeof out->host) {
    return false;
  }
  snprintf(out->host, sizeof out->host, "%.*s", (int)(end - host), host);
  return read_port(out, colon + 1);
}

int address_read(struct address *out, const char *text) {
  static const char unix_form[] = "unix:", tcp_form[] = "tcp://";
  *out = (struct address){0};
  bool is_right = strlen(text) < NET_ADDRESS;
  if (strncmp(text, unix_form, sizeof unix_form - 1) == 0) {
    out->is_unix = true;
    out->path = text + sizeof unix_form - 1;
    is_right = is_right && out->path[0] != '\0';
  } else {
    is_right = is_right && strncmp(text, tcp_form, sizeof tcp_form - 1) == 0 &&
               read_host(out, text + sizeof tcp_form - 1);
  }
  return is_right ? 0
                  : error_set(BROOD_VALUE_ERROR,
                              "'%.200s' is neither tcp://HOST:PORT nor "
                              "unix:PATH",
                              text);
}

void address_write(char out[NET_ADDRESS], const struct address *address,
                   int port) {
  bool is_ipv6 = address->has_brackets;
  snprintf(out, NET_ADDRESS, "tcp://%s%s%s:%d", is_ipv6 ? "[" : "",
           address->host, is_ipv6 ? "]" : "", port);
}
