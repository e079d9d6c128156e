// See connections.h.
// SPDX-License-Identifier: MIT
#include "lib/test/connections.h"

#include "lib/test/targets.h"

int Send(brood_connection *connection, const std::string &text,
         int64_t timeout_ns) {
  return brood_connection_send(connection, brood_string(text.c_str()),
                               timeout_ns);
}

std::string Receive(brood_connection *connection, int64_t timeout_ns) {
  brood_value value;
  int r = brood_connection_recv(connection, &value, timeout_ns);
  return r < 0 ? brood_error_name(r) : TextOf(&value);
}

std::string ReceiveBytes(brood_connection *connection, int64_t maxlength,
                         int64_t timeout_ns) {
  brood_value value;
  int r =
      brood_connection_recv_bytes(connection, &value, maxlength, timeout_ns);
  if (r < 0) return brood_error_name(r);
  EXPECT_EQ(value.type, BROOD_TYPE_BYTES);
  return TextOf(&value).substr(1);
}

int FillUp(brood_connection *connection, size_t size) {
  std::vector<char> bytes = Pattern(size, 0);
  int count = 0;
  while (brood_connection_send_bytes(connection, bytes.data(), size, 0,
                                     BROOD_ALL, 0) == 0) {
    count++;
  }
  EXPECT_EQ(brood_error(), BROOD_TIMEOUT) << brood_error_message();
  return count;
}

brood_connection *ConnectionAt(const brood_args *args, size_t index) {
  brood_connection *connection = nullptr;
  connection = ObjectAt<brood_connection>(args, index);
  return connection;
}
