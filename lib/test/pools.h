// What the tests of pools stand on, beside the fixture: a pool, results, and
// tasks.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/test/objects.h"

// Tasks, all of which are registered.
extern "C" {
int Echo(const brood_args *args);    // its argument, or a tuple of them
int Square(const brood_args *args);  // ValueError for negative numbers
int Begin(const brood_args *args);   // counts(array), index: counts, returns it
// Writes a byte to its second descriptor if there is one, reads one from its
// first, and returns its pid.
int Gate(const brood_args *args);
int Pid(const brood_args *args);      // of the worker
int Die(const brood_args *args);      // by this signal; or exits with -code
int Deaf(const brood_args *args);     // ignores SIGTERM, closes, sleeps
int Patient(const brood_args *args);  // until its soft limit
}

// Options, some of which are set.
template <typename Setter>
brood_pool_options With(const Setter &set) {
  brood_pool_options options = {};
  set(options);
  return options;
}

// A pool that is gone with it.
class Pool {
 public:
  explicit Pool(const char *method, brood_pool_options options = {});
  Pool(const char *method, int processes)
      : Pool(method, With([&](auto &o) { o.processes = processes; })) {
  }
  Pool(const Pool &) = delete;
  ~Pool() {
    brood_pool_free(pool_);
  }
  operator brood_pool *() const {
    return pool_;
  }

  // The number that a task returns, or its error.
  int64_t Apply(brood_task task, const Values &args = {});
  std::vector<int> Pids() const;

  // The process that looks after the workers.
  int Supervisor() const;

 private:
  brood_pool *pool_;
};

// A result that is gone with it.
class Result {
 public:
  Result(brood_pool *pool, brood_task task, const Values &args = {},
         brood_task_options options = {});
  explicit Result(brood_async_result *result) : result_(result) {
    EXPECT_NE(result_, nullptr) << brood_error_message();
  }
  Result(const Result &) = delete;
  ~Result() {
    brood_async_result_free(result_);
  }
  operator brood_async_result *() const {
    return result_;
  }

  // The number, or the error; -1 for another value.
  int64_t Get(int64_t timeout_ns = kLong);

 private:
  brood_async_result *result_;
};
