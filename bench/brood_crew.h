// SPDX-License-Identifier: MIT
//
// Crews of Brood's objects, in processes of each of Brood's contexts: an object
// goes to them as an argument, as in any program.
#pragma once

#include <cstddef>

#include "bench/board.h"
#include "bench/crew.h"
#include "brood.h"

namespace bench {

// Where a process of the crew finds what among its arguments.
enum { kArgBoard, kArgIndex, kArgRow, kArgObject };
constexpr int kMaxObjects = 2;

// What a crew works on, and how.
struct BroodRow {
  const char *bench;
  const char *object;
  // Makes at most so many, which find the task on the board; false, with a
  // failure of Brood's, if one cannot be made.
  bool (*make)(const brood_context *context, const Board *board,
               void *objects[kMaxObjects]);
  void (*free)(void *object);
  bool (*work)(const brood_args *args, int board_fd, int index);
};

// Each program has its own, the same in all of its processes: the number of a
// row travels.
struct BroodRows {
  const BroodRow *first;
  size_t num_rows;
};
BroodRows GetBroodRows();

// Adds a crew for each row and context; board_fd is what its processes attach.
void AddBroodCrews(const Board *board, int board_fd, Crews *crews);

// The start of a row's work. Ends the process on failure.
template <class AnyBoard>
AnyBoard *JoinBroodCrew(int board_fd, int index) {
  AnyBoard *board = AttachBoard<AnyBoard>(board_fd);
  if (board == nullptr || !JoinCrew(board, index))
    brood_fail("cannot join the crew");
  return board;
}

// An object among the arguments, by the function that reads such: likewise.
template <class Handle>
Handle *TakeObject(const brood_args *args, int which, brood_kind kind) {
  const brood_value *value = brood_args_get(args, kArgObject + which);
  void *handle = brood_value_object(value, kind);
  if (handle == nullptr) brood_fail(brood_error_message());
  return static_cast<Handle *>(handle);
}

}  // namespace bench
