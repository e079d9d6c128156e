// What the tests of the wire part share: JSON that frees itself, an actor's
// handles, and a call.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

extern "C" {
#include "conformance/adapter/call.h"
#include "conformance/adapter/handle.h"
#include "conformance/adapter/number.h"
#include "conformance/adapter/value.h"
}

struct Deleter {
  void operator()(void *memory) const {
    free(memory);
  }
  void operator()(cJSON *json) const {
    cJSON_Delete(json);
  }
};
using Text = std::unique_ptr<char, Deleter>;
using Json = std::unique_ptr<cJSON, Deleter>;

inline std::string Protect(const char *json) {
  return Text(number_protect(json)).get();
}

inline Json Parse(const char *json) {
  return Json(cJSON_Parse(Protect(json).c_str()));
}

inline std::string Print(const cJSON *json) {
  return Text(cJSON_PrintUnformatted(json)).get();
}

class Handles : public testing::Test {
 protected:
  Handles() {
    handles_init(&handles_);
  }
  ~Handles() override {
    handles_clear(&handles_);
  }
  std::string Encode(struct value value, const char *bind) {
    return Print(Json(handles_encode(&handles_, value, bind)).get());
  }

  struct handles handles_;
};

class Call : public Handles {
 protected:
  // An empty text, or the type of the error.
  std::string Bind(const char *signature, const char *args, const char *named) {
    args_ = Parse(args);
    named_ = Parse(named);
    call_ = {};
    call_.handles = &handles_;
    int r = call_bind(&call_, signature, args_.get(), named_.get());
    return r == 0 ? "" : call_.failure.type;
  }

  struct call call_ = {};
  Json args_, named_;
};
