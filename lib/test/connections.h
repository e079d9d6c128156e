// What the tests of pipes stand on, beside the fixture.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/test/fixture.h"
#include "lib/test/process.h"
#include "lib/test/queues.h"

// Up to here bytes travel inside of their message.
constexpr size_t kLargestInside = 96 << 10;

// A pipe of Brood's that is gone with it.
class Connections {
 public:
  explicit Connections(unsigned flags = 0) {
    EXPECT_WORKS(brood_pipe_new(nullptr, flags, &first, &second));
  }
  Connections(const Connections &) = delete;
  ~Connections() {
    FreeFirst();
    FreeSecond();
  }

  void FreeFirst() {
    first = brood_connection_free(first);
  }
  void FreeSecond() {
    second = brood_connection_free(second);
  }

  brood_connection *first = nullptr;
  brood_connection *second = nullptr;
};

// Send sends a text. Receive returns what came as text, or the name of the
// error.
int Send(brood_connection *connection, const std::string &text,
         int64_t timeout_ns = kLong);
std::string Receive(brood_connection *connection, int64_t timeout_ns = kLong);

// ReceiveBytes likewise, by brood_connection_recv_bytes.
std::string ReceiveBytes(brood_connection *connection,
                         int64_t maxlength = BROOD_ALL,
                         int64_t timeout_ns = kLong);

// FillUp sends until there is no room; returns how many it sent.
int FillUp(brood_connection *connection, size_t size);

// The connection that a target received.
brood_connection *ConnectionAt(const brood_args *args, size_t index);

// EXPECT_OS_ERROR: likewise EXPECT_FAILS, of the kernel's reason.
#define EXPECT_OS_ERROR(call, number, text)   \
  do {                                        \
    EXPECT_FAILS(call, BROOD_OS_ERROR, text); \
    EXPECT_EQ(brood_errno(), (number));       \
  } while (0)
