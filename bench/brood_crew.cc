// SPDX-License-Identifier: MIT
//
// See brood_crew.h.
#include "bench/brood_crew.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {
namespace {

void bench_work(const brood_args *args) {
  int board_fd = -1;
  int64_t index = 0;
  int64_t row = 0;
  if (brood_value_descriptor(brood_args_get(args, kArgBoard), &board_fd) < 0 ||
      brood_value_int64(brood_args_get(args, kArgIndex), &index) < 0 ||
      brood_value_int64(brood_args_get(args, kArgRow), &row) < 0)
    brood_fail(brood_error_message());
  if (!GetBroodRows().first[row].work(args, board_fd, index))
    brood_fail(brood_error_message());
}
BROOD_TARGET(bench_work);

std::string Complaint(const char *what) {
  return std::string(what) + ": " + brood_error_message();
}

class BroodCrew : public Crew {
 public:
  BroodCrew(size_t row, const char *context, const Board *board, int board_fd)
      : row_(GetBroodRows().first[row]),
        row_number_(row),
        context_(context),
        board_(board),
        board_fd_(board_fd) {
  }
  const char *bench() const override {
    return row_.bench;
  }
  const char *impl() const override {
    return "brood";
  }
  const char *object() const override {
    return row_.object;
  }
  const char *context() const override {
    return context_;
  }
  std::string Make() override {
    if (!row_.make(brood_get_context(context_), board_, objects_))
      return Complaint(row_.object);
    return "";
  }
  std::string Start(int index) override;
  std::string Join() override;

 private:
  const BroodRow &row_;
  size_t row_number_;
  const char *context_;
  const Board *board_;
  int board_fd_;
  void *objects_[kMaxObjects] = {};
  std::vector<brood_process *> processes_;
};

std::string BroodCrew::Start(int index) {
  std::vector<brood_value> args = {
      brood_descriptor(board_fd_), brood_int64(index),
      brood_int64(static_cast<int64_t>(row_number_))};
  for (void *object : objects_) {
    if (object != nullptr) args.push_back(brood_object(object));
  }
  brood_process_options options = {};
  options.target = bench_work;
  options.args = args.data();
  options.num_args = args.size();
  brood_process *process =
      brood_process_new(brood_get_context(context_), &options);
  if (process == nullptr || brood_process_start(process) < 0) {
    brood_process_free(process);
    return Complaint("start");
  }
  processes_.push_back(process);
  return "";
}

std::string BroodCrew::Join() {
  std::string fault;
  for (brood_process *process : processes_) {
    int exitcode = -1;
    if (brood_process_join(process, BROOD_FOREVER) < 0)
      fault = Complaint("join");
    else if (brood_process_exitcode(process, &exitcode) != 1 || exitcode != 0)
      fault = "a process ended with exit code " + std::to_string(exitcode);
    brood_process_free(process);
  }
  processes_.clear();
  for (void *&object : objects_) {
    if (object != nullptr) row_.free(object);
    object = nullptr;
  }
  return fault;
}

}  // namespace

void AddBroodCrews(const Board *board, int board_fd, Crews *crews) {
  for (size_t row = 0; row < GetBroodRows().num_rows; row++) {
    for (const char *context : {"fork", "forkserver", "spawn"})
      crews->push_back(
          std::make_unique<BroodCrew>(row, context, board, board_fd));
  }
}

}  // namespace bench
