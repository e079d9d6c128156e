// SPDX-License-Identifier: MIT
//
// Brood's pools.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "bench/clock.h"
#include "bench/pool_case.h"
#include "brood.h"

namespace bench {
namespace {

// Nobody waits longer for a task, nor for another of a pool that hung: those of
// three methods hang before //tools:compare ends the program, in 120 seconds.
constexpr int64_t kHungNs = BROOD_SECONDS(20);
// How long a task takes that says who performs it: the others come meanwhile.
constexpr int64_t kMeetUs = 1000;

int bench_perform(const brood_args *args) {
  int64_t order = 0;
  if (brood_value_int64(brood_args_get(args, 0), &order) < 0)
    return brood_error();
  return brood_return(brood_int64(Perform(order)));
}
BROOD_TASK(bench_perform);

int bench_who(const brood_args *) {
  usleep(kMeetUs);
  return brood_return(brood_int64(getpid()));
}
BROOD_TASK(bench_who);

int bench_die(const brood_args *args) {
  int fd = -1;
  if (brood_value_descriptor(brood_args_get(args, 0), &fd) < 0)
    return brood_error();
  DieAndSayWhen(fd);
}
BROOD_TASK(bench_die);

std::string Complaint(const char *what) {
  return std::string(what) + ": " + brood_error_message();
}

// A pool that is gone with it. What fails returns a reason, all else "".
class Pool {
 public:
  Pool(const char *context, int workers) {
    brood_pool_options options = {};
    options.processes = workers;
    options.max_restarts = INT_MAX;
    pool_ = brood_pool_new(brood_get_context(context), &options);
  }
  Pool(const Pool &) = delete;
  ~Pool() {
    brood_pool_free(pool_);
  }

  // Returns when each worker has performed a task.
  std::string AwaitAll(int workers);
  // One task, one map of what was prepared: the results must be what they
  // ought to be.
  std::string Apply(int64_t number);
  void Prepare(const PoolCase &one);
  std::string Map(int64_t chunksize);
  // A task whose worker dies: the call must say so.
  std::string Lose(const Stamp &stamp);

 private:
  brood_pool *pool_;
  std::vector<brood_value> items_, values_;
};

std::string Pool::AwaitAll(int workers) {
  std::set<int64_t> pids;
  std::vector<brood_value> items(workers, brood_tuple(nullptr, 0));
  std::vector<brood_value> values(workers);
  int64_t late_ns = bench_now_ns() + kHungNs;
  while (pids.size() < static_cast<size_t>(workers)) {
    if (pool_ == nullptr ||
        brood_pool_map(pool_, bench_who, items.data(), items.size(), 1,
                       values.data(), kHungNs) < 0)
      return Complaint("pool");
    for (const brood_value &value : values) pids.insert(value.as.int64);
    if (bench_now_ns() > late_ns) return "some worker performs nothing";
  }
  return "";
}

std::string Pool::Apply(int64_t number) {
  brood_value order = brood_int64(Order(number, 0));
  brood_value value = brood_none();
  if (pool_ == nullptr ||
      brood_pool_apply(pool_, bench_perform, brood_tuple(&order, 1), &value,
                       kHungNs) < 0)
    return Complaint("apply");
  return value.as.int64 == number ? "" : "a result that is not its task's";
}

void Pool::Prepare(const PoolCase &one) {
  for (int64_t i = 0; i < one.items; i++)
    items_.push_back(brood_int64(Order(i, one.task_us)));
  values_.resize(items_.size());
}

std::string Pool::Map(int64_t chunksize) {
  if (chunksize == kDefaultChunksize) chunksize = BROOD_ALL;
  if (brood_pool_map(pool_, bench_perform, items_.data(), items_.size(),
                     chunksize, values_.data(), kHungNs) < 0)
    return Complaint("map");
  int64_t sum = 0;
  for (const brood_value &value : values_) sum += value.as.int64;
  bool right = sum == SumOfNumbers(static_cast<int64_t>(items_.size()));
  return right ? "" : "results of another sum";
}

std::string Pool::Lose(const Stamp &stamp) {
  brood_value fd = brood_descriptor(stamp.fd());
  brood_value value = brood_none();
  if (pool_ == nullptr) return Complaint("pool");
  int error =
      brood_pool_apply(pool_, bench_die, brood_tuple(&fd, 1), &value, kHungNs);
  return error == BROOD_WORKER_LOST ? "" : Complaint("no worker was lost");
}

std::vector<double> Losses(Pool *pool, const PoolCase &one,
                           std::string *fault) {
  std::vector<double> us;
  Stamp stamp;
  for (int64_t i = 0; i < one.samples && fault->empty(); i++) {
    *fault = pool->Lose(stamp);
    us.push_back(stamp.AgeUs());
    if (fault->empty()) *fault = pool->AwaitAll(one.workers);
  }
  return us;
}

std::vector<double> Maps(Pool *pool, const PoolCase &one, std::string *fault) {
  std::vector<double> tasks_per_s;
  pool->Prepare(one);
  for (int64_t i = -kMapsUntimed; i < one.samples && fault->empty(); i++) {
    int64_t begin_ns = bench_now_ns();
    *fault = pool->Map(one.chunksize);
    int64_t end_ns = bench_now_ns();
    if (i >= 0) tasks_per_s.push_back(one.items * 1e9 / (end_ns - begin_ns));
  }
  return tasks_per_s;
}

std::vector<double> Applies(Pool *pool, const PoolCase &one,
                            std::string *fault) {
  std::vector<double> us;
  for (int64_t i = -kAppliesUntimed; i < one.samples && fault->empty(); i++) {
    int64_t begin_ns = bench_now_ns();
    *fault = pool->Apply(i + kAppliesUntimed);
    int64_t end_ns = bench_now_ns();
    if (i >= 0) us.push_back((end_ns - begin_ns) / 1e3);
  }
  return us;
}

class BroodPools : public PoolSubject {
 public:
  explicit BroodPools(const char *context) : context_(context) {
  }
  const char *impl() const override {
    return "brood";
  }
  const char *context() const override {
    return context_;
  }
  bool Has(const PoolCase &) const override {
    return true;
  }
  Measured Measure(const PoolCase &one) override {
    if (!hung_.empty()) return OfPool(one, hung_, {});
    int64_t begin_ns = bench_now_ns();
    Measured measured = MeasureOne(one);
    if (bench_now_ns() - begin_ns >= kHungNs) hung_ = measured.fault;
    return measured;
  }

 private:
  Measured MeasureOne(const PoolCase &one) const {
    std::string fault;
    if (one.bench == std::string(kNew)) {
      std::vector<double> us = News(one, &fault);
      return OfPool(one, fault, us);
    }
    Pool pool(context_, one.workers);
    fault = pool.AwaitAll(one.workers);
    auto measure = one.bench == std::string(kMap)    ? Maps
                   : one.bench == std::string(kLost) ? Losses
                                                     : Applies;
    std::vector<double> samples = measure(&pool, one, &fault);
    return OfPool(one, fault, samples);
  }

  // The first one of a forkserver makes the server.
  std::vector<double> News(const PoolCase &one, std::string *fault) const {
    std::vector<double> us;
    for (int64_t i = -1; i < one.samples && fault->empty(); i++) {
      int64_t begin_ns = bench_now_ns();
      {
        Pool pool(context_, one.workers);
        *fault = pool.Apply(0);
      }
      int64_t end_ns = bench_now_ns();
      if (i >= 0) us.push_back((end_ns - begin_ns) / 1e3);
    }
    return us;
  }

  const char *context_;
  std::string hung_;  // what was wrong then; "": it never did
};

// One process waits for another, which dies.
class RawDeath : public PoolSubject {
 public:
  const char *impl() const override {
    return "raw";
  }
  const char *context() const override {
    return "fork";
  }
  bool Has(const PoolCase &one) const override {
    return one.bench == std::string(kLost);
  }
  Measured Measure(const PoolCase &one) override {
    std::vector<double> us;
    Stamp stamp;
    std::string fault;
    for (int64_t i = 0; i < one.samples && fault.empty(); i++) {
      pid_t pid = fork();
      if (pid == 0) DieAndSayWhen(stamp.fd());
      int status = 0;
      bool died = pid > 0 && waitpid(pid, &status, 0) == pid;
      us.push_back(stamp.AgeUs());
      if (!died) fault = std::string("no death: ") + strerror(errno);
    }
    return OfPool(one, fault, us);
  }
};

}  // namespace

void AddRawDeath(PoolSubjects *subjects) {
  subjects->push_back(std::make_unique<RawDeath>());
}

void AddPools(PoolSubjects *subjects) {
  for (const char *context : {"fork", "forkserver", "spawn"})
    subjects->push_back(std::make_unique<BroodPools>(context));
}

}  // namespace bench
