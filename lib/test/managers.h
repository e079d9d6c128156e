// What the tests of managers stand on, beside the fixture: a manager, and
// handles that are gone with their owners.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "lib/test/objects.h"
#include "lib/test/queues.h"

// A manager that is gone with it.
class Manager {
 public:
  explicit Manager(const char *method, brood_manager_options options = {})
      : manager_(brood_manager_new(brood_get_context(method), &options)) {
    EXPECT_NE(manager_, nullptr) << brood_error_message();
  }
  Manager(const Manager &) = delete;
  ~Manager() {
    brood_manager_free(manager_);
  }
  operator brood_manager *() const {
    return manager_;
  }
  int Pid() const {
    return brood_manager_pid(manager_);
  }
  int64_t Count() const {
    return brood_manager_number_of_objects(manager_);
  }
  // Waits until it has so many objects.
  bool Has(int64_t count) const {
    return WaitUntil([&] { return Count() == count; });
  }

 private:
  brood_manager *manager_;
};

// A handle that is given back with it.
template <typename T>
using Handle = std::unique_ptr<T, T *(*)(T *)>;

#define DEFINE_HANDLE(Name, noun)                          \
  inline Handle<brood_##noun> Name(brood_##noun *object) { \
    EXPECT_NE(object, nullptr) << brood_error_message();   \
    return {object, brood_##noun##_free};                  \
  }

DEFINE_HANDLE(Own, dict)
DEFINE_HANDLE(Own, list)
DEFINE_HANDLE(Own, namespace)
DEFINE_HANDLE(Own, managed_value)
DEFINE_HANDLE(Own, managed_array)
DEFINE_HANDLE(Own, proxy)
DEFINE_HANDLE(Own, lock)
DEFINE_HANDLE(Own, rlock)
DEFINE_HANDLE(Own, semaphore)
DEFINE_HANDLE(Own, condition)
DEFINE_HANDLE(Own, event)
DEFINE_HANDLE(Own, barrier)
DEFINE_HANDLE(Own, queue)

inline brood_value Text(const char *text) {
  return brood_string(text);
}

// What a call fetched, as text that tells its type, or the name of its error.
template <typename Call>
std::string Fetch(const Call &call) {
  brood_value value = brood_none();
  int r = call(&value);
  return r < 0 ? brood_error_name(r) : TextOf(&value);
}

inline std::string Get(const Handle<brood_dict> &dict, brood_value key) {
  return Fetch([&](auto *out) { return brood_dict_get(dict.get(), key, out); });
}

inline std::string Get(const Handle<brood_list> &list, int64_t index) {
  return Fetch(
      [&](auto *out) { return brood_list_get(list.get(), index, out); });
}

// All of a list.
inline std::string All(const Handle<brood_list> &list) {
  return Fetch([&](auto *out) {
    return brood_list_slice(list.get(), 0, BROOD_ALL, out);
  });
}
