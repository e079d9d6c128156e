// See pools.h.
// SPDX-License-Identifier: MIT
#include "lib/test/pools.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cinttypes>

#include "lib/test/inside.h"

extern "C" {

int Echo(const brood_args *args) {
  if (brood_args_count(args) == 1)
    return brood_return(*brood_args_get(args, 0));
  return brood_return(
      brood_tuple(brood_args_get(args, 0), brood_args_count(args)));
}
BROOD_TASK(Echo);

int Square(const brood_args *args) {
  int64_t n;
  if (brood_value_int64(brood_args_get(args, 0), &n) < 0) return brood_error();
  if (n < 0) return brood_raise(BROOD_VALUE_ERROR, "negative: %" PRId64, n);
  return brood_return(brood_int64(n * n));
}
BROOD_TASK(Square);

int Begin(const brood_args *args) {
  void *array = brood_value_object(brood_args_get(args, 0), BROOD_KIND_ARRAY);
  int64_t index;
  if (brood_value_int64(brood_args_get(args, 1), &index) < 0) {
    return brood_error();
  }
  auto *counts = static_cast<std::atomic<int32_t> *>(
      brood_shared_array_get_obj(static_cast<brood_shared_array *>(array)));
  counts[index]++;
  return brood_return(brood_int64(index));
}
BROOD_TASK(Begin);

int Gate(const brood_args *args) {
  int fd;
  char byte;
  if (brood_value_descriptor(brood_args_get(args, 0), &fd) < 0) {
    return brood_error();
  }
  if (brood_args_count(args) > 1) {
    int told = brood_args_get(args, 1)->as.descriptor;
    if (write(told, "b", 1) != 1) return 1;
  }
  while (read(fd, &byte, 1) < 0 && errno == EINTR) continue;
  return brood_return(brood_int64(getpid()));
}
BROOD_TASK(Gate);

int Pid(const brood_args *) {
  return brood_return(brood_int64(getpid()));
}
BROOD_TASK(Pid);

int Die(const brood_args *args) {
  int64_t how;
  if (brood_value_int64(brood_args_get(args, 0), &how) < 0) {
    return brood_error();
  }
  if (how <= 0) brood_exit(static_cast<int>(-how));
  raise(static_cast<int>(how));
  return 0;
}
BROOD_TASK(Die);

int Deaf(const brood_args *args) {
  int fd;
  signal(SIGTERM, SIG_IGN);
  if (brood_value_descriptor(brood_args_get(args, 0), &fd) == 0) {
    if (write(fd, "d", 1) != 1) return 1;
  }
  for (;;) pause();
}
BROOD_TASK(Deaf);

int Patient(const brood_args *) {
  while (!brood_task_soft_limit()) usleep(1000);
  return BROOD_SOFT_TIME_LIMIT;
}
BROOD_TASK(Patient);
}

Pool::Pool(const char *method, brood_pool_options options)
    : pool_(brood_pool_new(brood_get_context(method), &options)) {
  EXPECT_NE(pool_, nullptr) << brood_error_message();
}

int64_t Pool::Apply(brood_task task, const Values &args) {
  brood_value value;
  int r = brood_pool_apply(pool_, task, brood_tuple(args.data(), args.size()),
                           &value, kLong);
  if (r < 0) return r;
  int64_t number = value.type == BROOD_TYPE_INT64 ? value.as.int64 : -1;
  brood_value_clear(&value);
  return number;
}

std::vector<int> Pool::Pids() const {
  std::vector<int> pids(BROOD_MAX_WORKERS);
  int count = brood_pool_worker_pids(pool_, pids.data(), pids.size());
  EXPECT_GE(count, 0) << brood_error_message();
  pids.resize(count);
  return pids;
}

int Pool::Supervisor() const {
  return inside_supervisor(pool_);
}

Result::Result(brood_pool *pool, brood_task task, const Values &args,
               brood_task_options options)
    : result_(brood_pool_apply_async(
          pool, task, brood_tuple(args.data(), args.size()), &options)) {
  EXPECT_NE(result_, nullptr) << brood_error_message();
}

int64_t Result::Get(int64_t timeout_ns) {
  brood_value value;
  int r = brood_async_result_get(result_, &value, timeout_ns);
  if (r < 0) return r;
  int64_t number = value.type == BROOD_TYPE_INT64 ? value.as.int64 : -1;
  brood_value_clear(&value);
  return number;
}
