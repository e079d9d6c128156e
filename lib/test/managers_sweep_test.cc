// Proves that no system call that fails in a client, or in its server, has a
// call wait for ever, changes a value, or leaves anything behind.
// SPDX-License-Identifier: MIT
#include "lib/test/faults.h"
#include "lib/test/managers.h"

namespace {

class ManagersSweep : public ObjectsTest {};

// The call worked, or told of a system call.
bool Worked(int64_t r) {
  if (r >= 0) return true;
  EXPECT_EQ(r, BROOD_OS_ERROR) << brood_error_message();
  return false;
}

void Use(brood_manager *manager) {
  brood_dict *dict = brood_manager_dict(manager, nullptr);
  if (dict == nullptr) {
    EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
    return;
  }
  brood_value got = brood_none();
  if (Worked(brood_dict_set(dict, brood_int64(1), Text("wren"))) &&
      Worked(brood_dict_get(dict, brood_int64(1), &got))) {
    EXPECT_EQ(TextOf(&got), "wren");
  }
  brood_list *list = brood_manager_list(manager, nullptr);
  if (list != nullptr) {
    if (Worked(brood_list_append(list, brood_object(dict))) &&
        Worked(brood_list_get(list, 0, &got))) {
      EXPECT_EQ(TextOf(&got), "object");
    }
    brood_list_free(list);
  }
  brood_dict_free(dict);
}

TEST_P(ManagersSweep, NothingIsLeftOrWrong) {
  ForEachFault([&](int) {
    brood_manager *manager =
        brood_manager_new(brood_get_context(GetParam()), nullptr);
    if (manager == nullptr) {
      EXPECT_TRUE(brood_error() == BROOD_OS_ERROR ||
                  brood_error() == BROOD_RUNTIME_ERROR)
          << brood_error_message();
      return;
    }
    Use(manager);
    brood_manager_free(manager);
  });
}

INSTANTIATE_METHODS(ManagersSweep);

}  // namespace
