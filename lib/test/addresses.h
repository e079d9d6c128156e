// What the tests of managers with an address have in common.
// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "lib/test/managers.h"

constexpr char kKey[] = "kestrel";

// A path for a socket that is there no more after the test.
class SocketPath {
 public:
  SocketPath() {
    char folder[] = "/tmp/brood-XXXXXX";  // an address is short
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/s";
  }
  SocketPath(const SocketPath &) = delete;
  ~SocketPath() {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }
  const std::string &path() const {
    return path_;
  }
  std::string Address() const {
    return "unix:" + path_;
  }
  bool Exists() const {
    return access(path_.c_str(), F_OK) == 0;
  }

 private:
  std::string folder_, path_;
};

inline brood_manager_options AtAddress(const std::string &address,
                                       const char *key = kKey) {
  brood_manager_options options = {};
  options.address = address.c_str();
  options.authkey = key;
  options.authkey_size = key == nullptr ? 0 : strlen(key);
  return options;
}

// A client of it.
inline brood_manager *Connect(const std::string &address,
                              const char *key = kKey,
                              const char *method = "fork") {
  brood_manager_options options = AtAddress(address, key);
  return brood_manager_connect(brood_get_context(method), &options);
}

// A client that is gone with it, and so is the relay that it had.
class Client {
 public:
  explicit Client(const std::string &address, const char *method = "fork")
      : num_children_(Inventory().num_children),
        manager_(Connect(address, kKey, method)) {
    EXPECT_NE(manager_, nullptr) << brood_error_message();
  }
  Client(const Client &) = delete;
  ~Client() {
    brood_manager_free(manager_);
    EXPECT_TRUE(WaitUntil([&] {
      brood_active_children(nullptr, 0);  // takes the ends of all
      return Inventory().num_children <= num_children_;
    }));
  }
  operator brood_manager *() const {
    return manager_;
  }

 private:
  int num_children_;
  brood_manager *manager_;
};

// Calls until one fails, and then again: it fails each time, at once.
inline void ExpectGone(brood_dict *dict) {
  EXPECT_TRUE(WaitUntil([&] { return brood_dict_length(dict) < 0; }));
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(brood_dict_length(dict), BROOD_OS_ERROR);
    EXPECT_TRUE(brood_errno() == ECONNRESET || brood_errno() == EPIPE)
        << brood_error_message();
  }
}
