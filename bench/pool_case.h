// SPDX-License-Identifier: MIT
//
// What //bench:pool measures: cases, the subjects that have them, and what a
// task is, the same whoever performs it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "bench/clock.h"
#include "bench/samples.h"

namespace bench {

// The names in the records of //tools:compare.
constexpr char kMap[] = "pool_map";
constexpr char kApply[] = "pool_apply";
constexpr char kNew[] = "pool_new";
constexpr char kLost[] = "pool_lost";

constexpr int64_t kDefaultChunksize = 0;
// How many results of apply, or maps, go before the first sample.
constexpr int64_t kAppliesUntimed = 20;
constexpr int64_t kMapsUntimed = 1;

// A case; chunksize, task_us and items are of a map.
struct PoolCase {
  const char *bench;
  int workers;
  int64_t chunksize;
  int64_t task_us;
  int64_t items;
  int64_t samples;
};

// What a task gets is its number and how long it works, what it returns is its
// number: one number there, one back.
constexpr int kOrderBits = 32;
inline int64_t Order(int64_t number, int64_t task_us) {
  return task_us << kOrderBits | number;
}

// Of this thread: two tasks that share a processor take twice as long.
inline int64_t ProcessorNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return INT64_C(1000000000) * now.tv_sec + now.tv_nsec;
}

inline int64_t Perform(int64_t order) {
  int64_t work_ns = (order >> kOrderBits) * 1000;
  if (work_ns > 0) {
    int64_t end_ns = ProcessorNs() + work_ns;
    while (ProcessorNs() < end_ns) continue;
  }
  return order & ((INT64_C(1) << kOrderBits) - 1);
}

// What all numbers of a map add up to.
inline int64_t SumOfNumbers(int64_t items) {
  return items * (items - 1) / 2;
}

// Whoever performs tasks.
class PoolSubject {
 public:
  virtual ~PoolSubject() = default;
  // The names in the records of //tools:compare.
  virtual const char *impl() const = 0;
  virtual const char *context() const = 0;

  virtual bool Has(const PoolCase &one) const = 0;
  // Rates are in tasks a second, times in microseconds.
  virtual Measured Measure(const PoolCase &one) = 0;
};

using PoolSubjects = std::vector<std::unique_ptr<PoolSubject>>;

// Where somebody who dies says when: in a file that others have too.
class Stamp {
 public:
  Stamp() : fd_(memfd_create("stamp", MFD_CLOEXEC)) {
  }
  Stamp(const Stamp &) = delete;
  ~Stamp() {
    close(fd_);
  }
  int fd() const {
    return fd_;
  }
  // Microseconds since then.
  double AgeUs() const {
    int64_t then_ns = 0, now_ns = bench_now_ns();
    bool read = pread(fd_, &then_ns, sizeof then_ns, 0) == sizeof then_ns;
    return read ? (now_ns - then_ns) / 1e3 : 0;
  }

 private:
  int fd_;
};

[[noreturn]] inline void DieAndSayWhen(int fd) {
  int64_t now_ns = bench_now_ns();
  if (pwrite(fd, &now_ns, sizeof now_ns, 0) == sizeof now_ns)
    kill(getpid(), SIGKILL);
  _exit(9);
}

inline Measured OfPool(const PoolCase &one, const std::string &fault,
                       const std::vector<double> &samples) {
  bool rate = one.bench == std::string(kMap);
  return {fault, {{rate ? "tasks_per_s" : "us", samples}}, rate ? 0 : 1e-6};
}

// Adds a pool of Brood's for each of its contexts, and what it is measured
// against: crews that do the same without a pool.
void AddPools(PoolSubjects *subjects);
void AddRawDeath(PoolSubjects *subjects);
std::string AddPoolCrews(PoolSubjects *subjects);

}  // namespace bench
